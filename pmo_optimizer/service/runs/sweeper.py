"""Looking after the store: lost runs go back to the queue, and what is too old ends.

A heartbeat that is old says that its runner is lost, unless nobody could write one: the database
was away, or this machine slept. So whoever sweeps lets the others beat first after such a time.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Collection
from pathlib import Path

from pmo_optimizer.service.settings import Settings
from pmo_optimizer.service.store import Store

BEATS = 2
"""Heartbeats that runners are given after an outage before anyone sweeps."""

PROC = Path("/proc")

_log = logging.getLogger(__name__)


def worker_name() -> str:
    """Return a name for this process: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


def sweep(store: Store, settings: Settings, held: Collection[str] = ()) -> None:
    """Give runs that a lost process held back to the queue, and end what is too old.

    Runs that waited too long fail, and answers kept for repeated requests are forgotten.

    Parameters
    ----------
    held
        Ids of runs that this process does, which it knows to be alive.

    Raises
    ------
    Unavailable
        The database refuses now.
    """
    taken = store.requeue_stale(settings.stale_seconds, settings.max_attempts, spare=held)
    _tell(taken)
    late = store.expire_queued(settings.queue_timeout)
    if late:
        _log.warning("runs waited too long", extra={"count": len(late)})
    store.forget_replies()


def take_back(store: Store, settings: Settings) -> None:
    """Give runs that were left running back to the queue at once, as the service begins.

    For a store that one service at a time uses: nobody else does runs there. A service that is
    still alive on this machine keeps its runs.

    Raises
    ------
    Unavailable
        The database refuses now.
    """
    spare = [run.id for run in store.active() if _lives(run.worker)]
    _tell(store.requeue_stale(None, settings.max_attempts, spare=spare))


def _tell(taken: Collection[str]) -> None:
    if taken:
        _log.warning("lost runs were taken back", extra={"count": len(taken)})


def _lives(worker: str | None) -> bool:
    """Return whether a worker is another process of this machine that is alive."""
    host, _, pid = (worker or "").rpartition(":")
    if host != socket.gethostname() or worker == worker_name() or not pid.isdigit():
        return False
    return (PROC / pid).exists()


class Sweeper:
    """Sweeps now and then, and not before runners could beat.

    Parameters
    ----------
    held
        Returns the ids of the runs that this process does.
    """

    def __init__(
        self, store: Store, settings: Settings, held: Callable[[], Collection[str]]
    ) -> None:
        self._store = store
        self._settings = settings
        self._held = held
        self._due = 0.0
        self._expected = 0.0
        # What was before the start, nobody here knows.
        self._rests = True

    def sweep(self) -> None:
        """Sweep if it is time.

        Raises
        ------
        Unavailable
            The database refuses now.
        """
        if time.monotonic() < self._due:
            return
        rests = self._rests or self._late
        # Until it is done: an error on the way is an outage.
        self._rests = True
        self._wait(1)
        if rests:
            self._store.ping()
            self._wait(BEATS)
        else:
            sweep(self._store, self._settings, self._held())
        self._rests = False

    @property
    def _late(self) -> bool:
        """Whether this sweep comes so late that runners may have been kept from beating.

        By the clock on the wall, as the other one stands still while the machine sleeps.
        """
        allowed = self._settings.stale_seconds - 2 * self._settings.heartbeat_seconds
        return time.time() - self._expected > max(allowed, self._settings.heartbeat_seconds)

    def _wait(self, beats: int) -> None:
        """Sweep again after so many heartbeats."""
        seconds = beats * self._settings.heartbeat_seconds
        self._due = time.monotonic() + seconds
        self._expected = time.time() + seconds
