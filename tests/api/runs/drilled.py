"""A supervisor in a process of its own, to be killed: ``python -m tests.api.runs.drilled``."""

from __future__ import annotations

import signal
import threading
from contextlib import closing

from pmo_optimizer.service import Settings
from pmo_optimizer.service.runs.supervisor import Supervisor
from pmo_optimizer.service.store import open_store


def main() -> None:
    """Run a supervisor with the settings of the environment until SIGTERM."""
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: over.set())
    settings = Settings()
    with closing(open_store(settings.database_url)) as store:
        supervisor = Supervisor(store, settings)
        supervisor.start()
        over.wait()
        supervisor.stop()


if __name__ == "__main__":
    main()
