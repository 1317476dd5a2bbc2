"""Workers at scale: runs as jobs of procrastinate on PostgreSQL, on any number of hosts.

The table of the runs is the truth. A job says only which attempt of which run is due; whoever
takes it claims the run, and an old job finds that its attempt is over. Jobs are made here alone,
by a sweep that each worker does: a run that was queued, or given back, gets its job within a
second, and a job that is lost with its worker is made again.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
from procrastinate import App, PsycopgConnector, exceptions
from procrastinate.jobs import Job, Status
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from pmo_optimizer.service.runs import child
from pmo_optimizer.service.runs.execute import execute
from pmo_optimizer.service.runs.process import Entry
from pmo_optimizer.service.runs.sweeper import Sweeper, worker_name
from pmo_optimizer.service.settings import Settings
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.errors import Fenced, LimitReached, StoreError, Unavailable
from pmo_optimizer.service.store.records import RunRecord

QUEUE = "runs"
TASK = "pmo_optimizer.run"

SWEEP_SECONDS = 1.0
"""How often runs without a job are looked for."""

POLL_SECONDS = 0.1
"""How soon a worker sees that it shall stop, or that a run has ended."""

MOST_WAITING = 1000
"""Runs without a job that one sweep looks at."""

SPARE_THREADS = 8
"""Threads of the loop beside those of the jobs: for sweeps and the making of jobs."""

AGAIN_SECONDS = 2.0
"""Pause before a worker begins anew that has lost its database."""

_log = logging.getLogger(__name__)


class Worker:
    """Does runs that it takes from the queue, several at a time, until it is told to stop.

    Parameters
    ----------
    store
        Open, on PostgreSQL, with current tables; it is not closed.
    settings
        Address of the database, limits and paces.
    concurrency
        How many runs go on at the same time here.
    entry
        What the children run.

    Raises
    ------
    ValueError
        The store is not on PostgreSQL.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        concurrency: int = 1,
        entry: Entry = child.main,
    ) -> None:
        if not store.postgres:
            raise ValueError("workers need PostgreSQL; on SQLite `serve` runs solves itself")
        self._store = store
        self._settings = settings
        self._concurrency = concurrency
        self._entry = entry
        self._name = worker_name()
        self._closing = threading.Event()
        self._sweeper = Sweeper(store, settings, self._held)
        self._doing: set[str] = set()
        self._doing_lock = threading.Lock()
        self._ended = threading.Event()

    def run(self, *, signals: bool = True) -> None:
        """Work until `stop` is called, or at SIGINT or SIGTERM, where these are listened to.

        Runs that go on then stop, and keep their best plan.
        """
        with asyncio.Runner() as runner:
            runner.run(self._work(signals=signals))

    def stop(self) -> None:
        """Take no more runs, and let those that go on stop; may be called from any thread."""
        self._closing.set()

    async def _work(self, *, signals: bool) -> None:
        loop = asyncio.get_running_loop()
        # Jobs and sweeps take threads of the loop, and a job keeps its thread for long: with the
        # few that a loop has by itself many jobs would leave none for the sweep.
        loop.set_default_executor(ThreadPoolExecutor(self._concurrency + SPARE_THREADS, "runs"))
        if signals:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self.stop)
        while not self._closing.is_set():
            try:
                await self._connected()
            except (exceptions.ConnectorException, psycopg.Error, OSError):
                _log.warning("no database", extra={"worker": self._name}, exc_info=True)
                await asyncio.sleep(AGAIN_SECONDS)

    async def _connected(self) -> None:
        """Work while there is a database."""
        app = self._app()
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    name=self._name,
                    concurrency=self._concurrency,
                    install_signal_handlers=False,
                    delete_jobs="always",
                    update_heartbeat_interval=self._settings.heartbeat_seconds,
                    stalled_worker_timeout=self._settings.stale_seconds,
                )
            )
            try:
                while not (self._closing.is_set() or worker.done()):
                    self._ended.clear()
                    await self._sweep(app)
                    await self._pause(worker)
            finally:
                # It takes no more jobs then, and waits for those that go on.
                worker.cancel()
                with suppress(asyncio.CancelledError):
                    await worker

    async def _pause(self, worker: asyncio.Task[None]) -> None:
        """Wait until the next sweep: for a while, or until a run has ended here."""
        end = time.monotonic() + SWEEP_SECONDS
        while time.monotonic() < end and not (self._ended.is_set() or self._closing.is_set()):
            done, _ = await asyncio.wait((worker,), timeout=POLL_SECONDS)
            if done:
                return

    def _app(self) -> App:
        url = make_url(self._settings.database_url).set(drivername="postgresql")
        conninfo = url.render_as_string(hide_password=False)
        app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4))
        app.task(name=TASK, queue=QUEUE)(self._do)
        return app

    def _do(self, run_id: str, attempt: int) -> None:
        """Do one attempt of a run; procrastinate calls this in a thread."""
        if self._closing.is_set():
            # Without a database the note stays; a new job is made after a while.
            with suppress(Unavailable):
                self._store.mark_deferred(run_id, attempt, deferred=False)
            return
        run = self._claimed(run_id, attempt)
        if run is not None:
            with self._doing_lock:
                self._doing.add(run.id)
            try:
                execute(self._store, run, self._settings, closing=self._closing, entry=self._entry)
            except (StoreError, SQLAlchemyError):
                # The run is taken back when it has been silent for long enough.
                _log.error("the store failed", extra={"run": run.id}, exc_info=True)
            finally:
                with self._doing_lock:
                    self._doing.discard(run.id)
            self._ended.set()

    def _held(self) -> list[str]:
        """Return the ids of the runs that go on here."""
        with self._doing_lock:
            return sorted(self._doing)

    def _claimed(self, run_id: str, attempt: int) -> RunRecord | None:
        """Return the run of a job; None where the job is old, or its tenant runs enough.

        A job must not end in an error: its run would wait for ever.
        """
        while not self._closing.is_set():
            try:
                return self._store.claim_run(run_id, attempt, self._name, self._settings.running)
            except Fenced:
                return None
            except LimitReached:
                with suppress(Unavailable):
                    self._store.mark_deferred(run_id, attempt, deferred=False)
                    return None
            except Unavailable:
                _log.warning("no database", extra={"worker": self._name})
            self._closing.wait(AGAIN_SECONDS)
        return None

    async def _sweep(self, app: App) -> None:
        """Make the jobs that are due, and take back what lost workers hold."""
        try:
            await asyncio.to_thread(self._sweeper.sweep)
            for run_id, attempt in await asyncio.to_thread(self._due):
                await self._defer(app, run_id, attempt)
            stalled = await app.job_manager.get_stalled_jobs(
                queue=QUEUE, seconds_since_heartbeat=self._settings.stale_seconds
            )
            await self._drop(app, stalled)
        except (Unavailable, exceptions.ConnectorException):
            _log.warning("no database", extra={"worker": self._name})
        except (StoreError, SQLAlchemyError):
            _log.error("the store failed", extra={"worker": self._name}, exc_info=True)

    def _due(self) -> list[tuple[str, int]]:
        """Return the runs that get a job now: of each tenant no more than it may run.

        The others would only find that there is no room.
        """
        found: dict[str, list[tuple[str, int]]] = {}
        again = self._settings.stale_seconds
        for run in self._store.undeferred(0.0, limit=MOST_WAITING, again_after=again):
            found.setdefault(run.tenant, []).append((run.id, run.attempt))
        return [due for runs in found.values() for due in runs[: self._settings.running]]

    async def _defer(self, app: App, run_id: str, attempt: int) -> None:
        """Note that there is a job, and make it, unless another worker has just done so.

        In this order, as whoever takes the job may take the note back at once. A job that is
        noted and never made is made after a while.
        """
        await asyncio.to_thread(self._store.mark_deferred, run_id, attempt)
        task = app.configure_task(TASK, queue=QUEUE, queueing_lock=f"{run_id}:{attempt}")
        with suppress(exceptions.AlreadyEnqueued):
            await task.defer_async(run_id=run_id, attempt=attempt)

    async def _drop(self, app: App, jobs: Iterable[Job]) -> None:
        """Drop jobs whose worker is lost; what they were for gets a new one where it waits."""
        for job in jobs:
            if job.id is None:
                continue
            run_id, attempt = str(job.task_kwargs["run_id"]), int(str(job.task_kwargs["attempt"]))
            with suppress(exceptions.ConnectorException):  # another worker has dropped it
                await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
            await asyncio.to_thread(self._store.mark_deferred, run_id, attempt, deferred=False)
