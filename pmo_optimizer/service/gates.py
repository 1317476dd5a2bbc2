"""Limits on what is done at the same time: checks that take long, large bodies, open streams."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from pmo_optimizer.service.problems import ProblemError

RETRY_SECONDS = "1"
"""When to try again what was one too many."""

WAIT_SECONDS = 5.0
"""How long somebody waits for a place before being refused."""


def too_many(what: str) -> ProblemError:
    """Return the problem of one more than the limit; nothing of the request was done."""
    detail = f"Too many {what} at the same time; try again in {RETRY_SECONDS} s."
    return ProblemError(429, "limit-reached", detail, (), {"Retry-After": RETRY_SECONDS})


class Gate:
    """Lets so many threads in at the same time; as many again wait, and others are refused.

    Parameters
    ----------
    what
        What is limited, for the problem that says so.
    places
        How many at the same time.
    """

    def __init__(self, what: str, places: int) -> None:
        self.what = what
        self._places = threading.Semaphore(places)
        # Those who wait hold a thread each, of which there must be some for everything else.
        self._queue = threading.Semaphore(places)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place for the time of the block.

        Raises
        ------
        ProblemError
            429 where there is none, and none becomes free in time.
        """
        self._take()
        try:
            yield
        finally:
            self._places.release()

    def _take(self) -> None:
        if self._places.acquire(blocking=False):
            return
        if not self._queue.acquire(blocking=False):
            raise too_many(self.what)
        try:
            if not self._places.acquire(timeout=WAIT_SECONDS):
                raise too_many(self.what)
        finally:
            self._queue.release()


class Counted:
    """Counts what each name has open; used within one event loop only.

    Parameters
    ----------
    most
        How many of each name.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._open: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """How many are open, of all names."""
        return self._open.total()

    def full(self, name: str) -> bool:
        """Return whether a name has as many open as it may."""
        return self._open[name] >= self.most

    @contextmanager
    def one(self, name: str) -> Iterator[None]:
        """Count one more of a name for the time of the block."""
        self._open[name] += 1
        try:
            yield
        finally:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]
