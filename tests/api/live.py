"""A live service on a free port of this machine, for tests that go through the network."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pmo_optimizer.service import Settings, create_app
from pmo_optimizer.service.server import bind, make_server

START_SECONDS = 60.0
"""How long a service may take to start on a busy machine."""


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """Serve the application from a thread; gives its address. At the end its runs stop."""
    listening = bind(settings)
    server = make_server(create_app(settings))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        end = time.monotonic() + START_SECONDS
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            assert time.monotonic() < end, "the service takes too long to start"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Return settings of a service whose database is a file in a folder, on a free port."""
    chosen = {"database_url": f"sqlite:///{folder / 'service.db'}", "port": 0, **changes}
    return Settings.model_validate(chosen)
