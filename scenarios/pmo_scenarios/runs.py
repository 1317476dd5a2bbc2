"""Many solves at once: on any executor, with starts, progress and partial results."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Executor,
    Future,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pmo_optimizer import EngineError, Plan, Portfolio, Status, Termination, Unsupported, optimize
from pmo_scenarios.bounds import KnownBound
from pmo_scenarios.pools import Pool, deaths

POLL_SECONDS = 0.2
"""How often a batch looks for a wish to stop, and a solve for the batch's."""

THREADS = 2
"""Threads of each solve, unless asked otherwise: with one, CP-SAT searches no neighbourhoods."""

MOST_ATTEMPTS = 2
"""A solve whose process dies is tried so often, the last time with no other beside it."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to solve; meaning and units are those of `pmo_optimizer.optimize`."""

    time_limit: float = 60.0
    gap: float = 0.0
    workers: int = THREADS
    backend: str = "auto"
    seed: int = 0
    reproducible: bool = False
    staffing: Literal["capacity", "named"] = "capacity"


@dataclass(frozen=True, slots=True)
class Job:
    """One solve of a batch.

    Attributes
    ----------
    key
        Its name in the batch.
    portfolio
        What is solved, valid.
    options
        How.
    start
        Plan to begin with; or the key of another job, which is then waited for, and whose
        plan is taken if it found one; or the keys of several, of whose plans the one with the
        best objective is taken.
    bound
        A bound on the objective that is proven elsewhere, such as that of a portfolio of
        which this one is a tighter version; or the key of another job whose bound holds here
        too. The solve ends once its gap to the better of the two bounds is small enough.
    """

    key: str
    portfolio: Portfolio
    options: Options
    start: Plan | str | tuple[str, ...] | None = None
    bound: float | str | None = None

    @property
    def awaited(self) -> tuple[str, ...]:
        """Keys of the jobs that this one waits for."""
        starts = self.start if isinstance(self.start, tuple) else (self.start,)
        return tuple(name for name in (*starts, self.bound) if isinstance(name, str))


@dataclass(frozen=True, slots=True)
class Step:
    """News of a batch: a solve has ended.

    Attributes
    ----------
    key
        Of the job.
    plan
        Its answer, whatever the status.
    done, total
        How many solves have ended, and how many there are.
    """

    key: str
    plan: Plan
    done: int
    total: int


def shares(solves: int, workers: int | None = None) -> tuple[int, int]:
    """Return how many solves run side by side, and how many threads each has.

    Parameters
    ----------
    solves
        How many there are.
    workers
        Threads in all; as many as there are processors by default.

    Examples
    --------
    >>> shares(5, workers=8), shares(1, workers=8), shares(5, workers=2), shares(5, workers=1)
    ((4, 2), (1, 8), (1, 2), (1, 1))
    """
    workers = workers or os.cpu_count() or 1
    processes = max(1, min(solves, workers // THREADS))
    return processes, max(1, workers // processes)


def run_jobs(
    jobs: Sequence[Job],
    *,
    executor: Executor | Pool | None = None,
    processes: int = 1,
    on_progress: Callable[[Step], None] | None = None,
    stop: threading.Event | None = None,
    answered: AbstractSet[str] = frozenset(),
) -> dict[str, Plan]:
    """Solve every job and return the plans by key, in the order of the jobs.

    A solve that ends in an error, whatever it is, gives a plan with status ``failed`` that
    names the error; the others go on, and what they found is kept. Only where every solve of
    an engine ended so, the first of these errors is raised in the end: then it is the call,
    or the code, that is wrong, not a single portfolio. That an engine fails on its own words
    (`EngineError`), that its process dies or that memory is short is always a failed plan.
    Where ``stop`` is set, or at Ctrl-C, what runs returns its best plan so far (as long as it
    sees the temporary folder of this machine), and what has not begun is left out.

    Parameters
    ----------
    jobs
        With different keys; a start or a bound names a job of the batch, and no circle.
    executor
        Where they run; it is not shut down. By default processes on this machine: they import
        the main module again, so that scripts need ``if __name__ == "__main__":``. A `Pool`
        serves several batches.
    processes
        How many solves run side by side without an executor.
    on_progress
        Called in this thread after every solve.
    stop
        Set it to end the batch soon; Ctrl-C sets it, so that later batches know.
    answered
        Engines of which earlier solves, in other batches, ended without such errors.

    Raises
    ------
    Unsupported
        An engine does not exist or does nothing of what its portfolios ask for.
    ValueError
        An option is out of range, or a start or a bound names no job.
    """
    keys = {job.key for job in jobs}
    named = {name for job in jobs for name in job.awaited}
    if named - keys or len(keys) < len(jobs):
        lost = f"unknown starts or bounds {sorted(named - keys)}"
        raise ValueError(lost if named - keys else "two jobs have one key")
    pool = executor if isinstance(executor, Pool) else Pool(executor, processes)
    with stop_flag() as flag:
        batch = _Batch(jobs, pool, flag, on_progress)
        try:
            batch.run(stop or threading.Event())
        finally:
            batch.close()
            if pool is not executor:
                pool.close()
    for backend, error in batch.errors.items():
        if backend not in answered | batch.answered:
            raise error
    return {job.key: batch.plans[job.key] for job in jobs if job.key in batch.plans}


@contextmanager
def stop_flag() -> Iterator[Path]:
    """Return the path of a file that, once it is there, asks every solve to stop.

    Unlike events and pipes, a path reaches the solves of every executor on this machine.
    """
    with tempfile.TemporaryDirectory(prefix="pmo-runs-") as folder:
        yield Path(folder) / "stop"


class _Batch:
    """What waits, what runs, and what is done.

    Attributes
    ----------
    plans
        By key.
    errors
        By engine, the first one that nobody foresaw.
    answered
        Engines of which some solve ended without such an error.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        pool: Pool,
        flag: Path,
        on_progress: Callable[[Step], None] | None,
    ) -> None:
        self.plans: dict[str, Plan] = {}
        self.errors: dict[str, BaseException] = {}
        self.answered: set[str] = set()
        self._total = len(jobs)
        self._waiting = list(jobs)
        self._running: dict[Future[Plan | None], tuple[Job, Executor]] = {}
        self._attempts: dict[str, int] = {}
        self._pool = pool
        self._flag = flag
        self._on_progress = on_progress

    def run(self, stop: threading.Event) -> None:
        """Work until all is done, or somebody wants to stop."""
        while self._waiting or self._running:
            try:
                if stop.is_set() and not self._flag.exists():
                    self._stop()
                self._submit()
                if not self._running:
                    break
                done = wait(self._running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED).done
                for future in done:
                    self._take(future, *self._running.pop(future))
            except KeyboardInterrupt:
                if stop.is_set():
                    raise
                stop.set()

    def close(self) -> None:
        """Let nothing run on."""
        self._flag.touch()
        for future in self._running:
            future.cancel()

    def _stop(self) -> None:
        """Ask what runs for its best plan, and leave out what has not begun.

        Futures of Dask do not say whether they run: there what has not begun says so itself.
        """
        self._flag.touch()
        self._waiting.clear()
        for future in list(self._running):
            if self._pool.tells_what_runs and future.cancel():
                del self._running[future]

    def _submit(self) -> None:
        """Hand over what can begin: all of it, or after a death one after the other."""
        careful = any(number > 0 for number in self._attempts.values())
        for job in list(self._waiting):
            if careful and self._running:
                return
            if any(key not in self.plans for key in job.awaited):
                continue
            start = self._start_of(job)
            bound = self.plans[job.bound].bound if isinstance(job.bound, str) else job.bound
            self._waiting.remove(job)
            flag, executor = str(self._flag), self._pool.executor
            try:
                call = executor.submit(solve_job, job.portfolio, job.options, start, bound, flag)
            except deaths() as error:
                self._died(job, executor, error)
                return
            self._running[call] = job, executor

    def _start_of(self, job: Job) -> Plan | None:
        """Return the plan with which a job begins, if there is one."""
        starts = job.start if isinstance(job.start, tuple) else (job.start,)
        plans = [self.plans[one] if isinstance(one, str) else one for one in starts]
        sign = 1 if job.portfolio.objective.maximised else -1
        found = [plan for plan in plans if plan is not None and plan.found]
        return max(found, key=lambda plan: sign * (plan.objective or 0.0), default=None)

    def _take(self, future: Future[Plan | None], job: Job, executor: Executor) -> None:
        try:
            error = future.exception()
        except CancelledError:
            if not self._flag.exists():
                self._keep(job, _failed(job.portfolio, "The executor cancelled the solve."))
            return
        if isinstance(error, deaths()):
            self._died(job, executor, error)
        elif isinstance(error, KeyboardInterrupt):
            raise error
        elif error is not None:
            self._erred(job, error)
        elif (plan := future.result()) is not None:
            self.answered.add(job.options.backend)
            self._keep(job, plan)

    def _erred(self, job: Job, error: BaseException) -> None:
        """Keep an error as the answer of its solve."""
        if isinstance(error, MemoryError):
            self.answered.add(job.options.backend)
        else:
            self.errors.setdefault(job.options.backend, error)
        text = f"The solve ended in an error, {type(error).__name__}: {error}"
        self._keep(job, _failed(job.portfolio, text))

    def _died(self, job: Job, executor: Executor, error: BaseException) -> None:
        """Try a solve again whose process died; with processes of others it has failed."""
        self._attempts[job.key] = self._attempts.get(job.key, 0) + 1
        self._pool.leave(executor)
        again = self._attempts[job.key] < MOST_ATTEMPTS and not self._flag.exists()
        if again and not self._pool.given:
            self._waiting.append(job)
            return
        self.answered.add(job.options.backend)
        self._keep(job, _failed(job.portfolio, f"The process of the solve died: {error}"))

    def _keep(self, job: Job, plan: Plan) -> None:
        self._attempts.pop(job.key, None)
        self.plans[job.key] = plan
        if self._on_progress is not None:
            self._on_progress(Step(job.key, plan, len(self.plans), self._total))


def solve_job(
    portfolio: Portfolio, options: Options, start: Plan | None, bound: float | None, flag: str
) -> Plan | None:
    """Return the plan of one job, in whatever process; ends soon once the flag file is there.

    None where it was there before the solve began.
    """
    if Path(flag).exists():
        return None
    stop, over = threading.Event(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(Path(flag), stop, over), daemon=True)
    watcher.start()
    known = None if bound is None else KnownBound(portfolio, bound, options.gap, stop)
    try:
        plan = optimize(
            portfolio,
            time_limit=options.time_limit,
            gap=options.gap,
            backend=options.backend,
            workers=options.workers,
            seed=options.seed,
            reproducible=options.reproducible,
            staffing=options.staffing,
            start=start,
            on_progress=None if known is None or options.reproducible else known.watch,
            stop=stop,
        )
        return plan if known is None else known.told(plan)
    except Unsupported:
        raise
    except EngineError as error:
        return _failed(portfolio, str(error))
    finally:
        over.set()
        watcher.join()


def _watch(flag: Path, stop: threading.Event, over: threading.Event) -> None:
    there = flag.parent.exists()  # on other machines it never is
    while not over.is_set():
        if flag.exists() or (there and not flag.parent.exists()):
            stop.set()
            return
        over.wait(POLL_SECONDS)


def _failed(portfolio: Portfolio, message: str) -> Plan:
    return Plan(
        portfolio=portfolio.name,
        digest=portfolio.digest(),
        status=Status.FAILED,
        termination=Termination.CRASH,
        message=message,
    )
