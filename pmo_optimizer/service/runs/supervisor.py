"""Runs inside the service itself: a few threads that take runs from the store and do them."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time

from pmo_optimizer.service.runs import child
from pmo_optimizer.service.runs.execute import execute
from pmo_optimizer.service.runs.process import Entry
from pmo_optimizer.service.settings import Settings
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.errors import Unavailable
from pmo_optimizer.service.store.records import RunRecord

POLL_SECONDS = 0.2
"""How often the queue is looked at."""

_log = logging.getLogger(__name__)


def worker_name() -> str:
    """Return a name for this process: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Sweeper:
    """Looks after the runs of all: takes back those of lost runners, and ends what is too old.

    Once the database was away, nothing is taken back for as long as a runner may be silent:
    those that live could not say so.

    Parameters
    ----------
    store
        Open.
    settings
        Limits and paces.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._heard_from = 0.0

    def absent(self) -> None:
        """Note that the database does not answer now; may be called from any thread."""
        self._heard_from = time.monotonic() + self._settings.stale_seconds

    def sweep(self) -> None:
        """Give runs that a lost process held back to the queue, and end what is too old.

        Runs that waited too long fail, and answers kept for repeated requests are forgotten.

        Raises
        ------
        Unavailable
            The database refuses now.
        """
        store, settings = self._store, self._settings
        if time.monotonic() >= self._heard_from:
            taken = store.requeue_stale(settings.stale_seconds, settings.max_attempts)
            if taken:
                _log.warning("lost runs were taken back", extra={"count": len(taken)})
        late = store.expire_queued(settings.queue_timeout)
        if late:
            _log.warning("runs waited too long", extra={"count": len(late)})
        store.forget_replies()


class Supervisor:
    """Takes runs from the queue and does each in a child process, several at a time.

    Parameters
    ----------
    store
        Open; it is not closed.
    settings
        Limits and paces.
    slots
        How many runs go on at the same time, of all tenants together; by default as many as a
        tenant may have, or one per processor where that is more.
    entry
        What the children run.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        slots: int | None = None,
        entry: Entry = child.main,
    ) -> None:
        self._store = store
        self._settings = settings
        self._slots = slots or max(settings.running, os.cpu_count() or 1)
        self._entry = entry
        self._name = worker_name()
        self._sweeper = Sweeper(store, settings)
        self._closing = threading.Event()
        self._news = threading.Event()
        self._busy: list[threading.Thread] = []
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to take runs.

        Raises
        ------
        RuntimeError
            It has begun before.
        """
        if self._thread is not None:
            raise RuntimeError("a supervisor begins once")
        self._thread = threading.Thread(target=self._supervise, name="runs")
        self._thread.start()

    def wake(self) -> None:
        """Look at the queue now: something was put into it."""
        self._news.set()

    def stop(self) -> None:
        """Take no more runs, let those that go on stop with their best plan, and wait for them."""
        self._closing.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()
        for thread in self._busy:
            thread.join()

    def _supervise(self) -> None:
        sweep_due = 0.0
        while not self._closing.is_set():
            try:
                if time.monotonic() >= sweep_due:
                    sweep_due = time.monotonic() + self._settings.heartbeat_seconds
                    self._sweeper.sweep()
                self._fill()
            except Unavailable:
                self._sweeper.absent()
                _log.warning("no database", extra={"worker": self._name})
            self._news.wait(POLL_SECONDS)
            self._news.clear()

    def _fill(self) -> None:
        """Take as many runs as there are free slots."""
        self._busy = [thread for thread in self._busy if thread.is_alive()]
        while len(self._busy) < self._slots and not self._closing.is_set():
            # Reading first: a claim locks the whole of SQLite, also where nothing waits.
            if not self._store.undeferred(0.0, limit=1):
                return
            run = self._store.claim(self._name, self._settings.running)
            if run is None:
                return
            thread = threading.Thread(target=self._do, args=(run,), name=run.id)
            self._busy.append(thread)
            thread.start()

    def _do(self, run: RunRecord) -> None:
        execute(self._store, run, self._settings, closing=self._closing, entry=self._entry)
        self._news.set()
