"""Runs inside the service itself: a few threads that take runs from the store and do them."""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from pmo_optimizer.service.runs import child
from pmo_optimizer.service.runs.execute import execute
from pmo_optimizer.service.runs.process import Entry
from pmo_optimizer.service.runs.spares import Spares
from pmo_optimizer.service.runs.sweeper import Sweeper, take_back, worker_name
from pmo_optimizer.service.settings import Settings
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.errors import StoreError, Unavailable
from pmo_optimizer.service.store.records import Failure, FailureCode, RunRecord

POLL_SECONDS = 0.2
"""How often the queue is looked at."""

AFTER_FAILURE_SECONDS = 2.0
"""Pause after an error of the store that no second try mends."""

_log = logging.getLogger(__name__)


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
        self._closing = threading.Event()
        self._news = threading.Event()
        self._busy: list[threading.Thread] = []
        self._thread: threading.Thread | None = None
        self._sweeper = Sweeper(store, settings, self._held)
        self._took_back = False
        own = entry is child.main
        self._spares = Spares(allowed=own and settings.spares > 0)

    @property
    def alive(self) -> bool:
        """Whether runs are taken: it has begun, and has neither ended nor broken."""
        return self._thread is not None and self._thread.is_alive()

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

    def warm(self) -> None:
        """Have a process ready: a run will come soon, and somebody waits for its first plan."""
        self._spares.want()
        self._news.set()

    def stop(self) -> None:
        """Take no more runs, let those that go on stop with their best plan, and wait for them."""
        self._closing.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()
        for thread in self._busy:
            thread.join()
        self._spares.close()

    def _supervise(self) -> None:
        while not self._closing.is_set():
            pause = POLL_SECONDS
            try:
                if not self._took_back:
                    take_back(self._store, self._settings)
                    self._took_back = True
                self._sweeper.sweep()
                self._fill()
                self._spares.tend()
            except Unavailable:
                _log.warning("no database", extra={"worker": self._name})
            except (StoreError, SQLAlchemyError):
                # Whatever the database said: it may be mended while the service goes on.
                _log.error("the store failed", extra={"worker": self._name}, exc_info=True)
                pause = AFTER_FAILURE_SECONDS
            self._news.wait(pause)
            self._news.clear()

    def _held(self) -> list[str]:
        """Return the ids of the runs that go on here."""
        return [thread.name for thread in self._busy if thread.is_alive()]

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
            try:
                thread.start()
            except RuntimeError:
                # The system has no room for a thread now.
                _log.warning("no thread could be started", extra={"run": run.id})
                self._store.give_back(run.id, run.attempt)
                return
            self._busy.append(thread)

    def _do(self, run: RunRecord) -> None:
        try:
            execute(
                self._store,
                run,
                self._settings,
                closing=self._closing,
                entry=self._entry,
                waiting=self._spares.take,
            )
        except (StoreError, SQLAlchemyError):
            _log.error("the store failed", extra={"run": run.id}, exc_info=True)
            # The run is nobody's now; the next sweep would find that out much later.
            with suppress(StoreError, SQLAlchemyError):
                failure = Failure(FailureCode.LOST, "the database failed while it ran")
                most = self._settings.max_attempts
                self._store.retry(run.id, run.attempt, most, failure)
        self._news.set()
