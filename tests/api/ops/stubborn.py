"""A service whose solvers heed no stop: ``python -m tests.api.ops.stubborn --port 8765``."""

from __future__ import annotations

import signal
import sys
from contextlib import closing

from pmo_optimizer.service import Settings, create_app
from pmo_optimizer.service.runs.supervisor import Supervisor
from pmo_optimizer.service.server import bind, make_server
from pmo_optimizer.service.store import open_store
from tests.api.runs import entries


def main() -> None:
    """Serve on a port with the settings of the environment until SIGTERM."""
    settings = Settings(port=int(sys.argv[-1]))
    with closing(open_store(settings.database_url)) as store:
        store.upgrade()
        supervisor = Supervisor(store, settings, entry=entries.hang)
        supervisor.start()
        listening = bind(settings)
        # The server ends by itself, and then hands the signal on to whoever was there.
        signal.signal(signal.SIGTERM, lambda number, frame: None)
        make_server(create_app(settings, store)).run([listening])
        supervisor.stop()


if __name__ == "__main__":
    main()
