"""A process that waits, loaded, for the next run: what a run needs takes seconds to import."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from pmo_optimizer.service.runs import child
from pmo_optimizer.service.runs.process import Process

WANTED_SECONDS = 900.0
"""How long a process is kept ready after somebody last asked for it."""

AFTER_RUN_SECONDS = 3.0
"""How long after it was taken the next one is begun: the run needs the processors first."""

_log = logging.getLogger(__name__)


class Spares:
    """Keeps one process ready while somebody wants it. Any thread may call it.

    Parameters
    ----------
    allowed
        Whether there may be one at all.
    clock
        Seconds that go on.
    begin
        Starts a process.
    """

    def __init__(
        self,
        *,
        allowed: bool,
        clock: Callable[[], float] = time.monotonic,
        begin: Callable[[], Process] = lambda: Process(child.waiting),
    ) -> None:
        self._allowed = allowed
        self._clock = clock
        self._begin = begin
        self._lock = threading.Lock()
        self._process: Process | None = None
        self._wanted_until = 0.0
        self._not_before = 0.0
        self._closed = False

    def want(self) -> None:
        """Say that a run will come soon."""
        with self._lock:
            self._wanted_until = self._clock() + WANTED_SECONDS

    def tend(self) -> None:
        """Begin a process where one is wanted and there is none; end one that nobody wants."""
        with self._lock:
            now = self._clock()
            wanted = self._allowed and not self._closed and now < self._wanted_until
            if self._process is not None and not (wanted and self._process.process.is_alive()):
                self._end()
            if wanted and self._process is None and now >= self._not_before:
                try:
                    self._process = self._begin()
                except OSError:
                    _log.warning("no process could be started ahead of a run")
                    self._not_before = now + WANTED_SECONDS

    def take(self) -> Process | None:
        """Return the process that waits, which is the caller's from now on; None without one."""
        with self._lock:
            found, self._process = self._process, None
            self._not_before = self._clock() + AFTER_RUN_SECONDS
        if found is not None and not found.process.is_alive():
            found.close()
            return None
        return found

    def close(self) -> None:
        """End the process that waits; there will be no other."""
        with self._lock:
            self._closed = True
            self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None
