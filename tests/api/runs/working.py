"""Workers in threads of a test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pmo_optimizer.service.runs import child
from pmo_optimizer.service.runs.process import Entry
from pmo_optimizer.service.runs.procrastination import Worker
from tests.api.runs.world import World


@contextmanager
def working(
    world: World,
    *,
    number: int = 1,
    concurrency: int = 1,
    entry: Entry = child.main,
    **changes: Any,
) -> Iterator[list[Worker]]:
    """Run workers in threads."""
    settings = world.settings(**changes)
    workers = [
        Worker(world.store, settings, concurrency=concurrency, entry=entry) for _ in range(number)
    ]
    threads = [threading.Thread(target=worker.run, kwargs={"signals": False}) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield workers
    finally:
        for worker in workers:
            worker.stop()
        for thread in threads:
            thread.join()
