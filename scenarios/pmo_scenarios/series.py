"""Solves of which later ones depend on what earlier ones found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from types import TracebackType

from pmo_optimizer import Plan, Portfolio, Termination
from pmo_scenarios.pools import Pool
from pmo_scenarios.runs import THREADS, Job, Options, Step, run_jobs, shares

SIDE_BY_SIDE = 2
"""Most solves of a series that run at the same time."""


class Batches:
    """Batches of solves, one after the other, on one pool; a context manager.

    Parameters
    ----------
    executor
        Where the solves run; it is not shut down. By default processes on this machine.
    processes
        How many solves run side by side without an executor.
    on_progress
        Called after every solve; what is done and the total are those of all batches.
    stop
        Set it, or press Ctrl-C, to end soon.
    expected
        How many solves there will be, as far as that is known.

    Attributes
    ----------
    over
        Whether somebody asked to stop: nothing more is solved.
    expected
        As above; may be raised on the way.
    """

    def __init__(
        self,
        executor: Executor | None = None,
        processes: int = 1,
        on_progress: Callable[[Step], None] | None = None,
        stop: threading.Event | None = None,
        expected: int = 0,
    ) -> None:
        self.over = False
        self.expected = expected
        self._pool = Pool(executor, processes)
        self._on_progress = on_progress
        self._stop = stop or threading.Event()
        self._done = 0
        self._answered: set[str] = set()

    def __enter__(self) -> Batches:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.close()

    def run(self, jobs: Sequence[Job]) -> dict[str, Plan]:
        """Return the plans by key; those that a stop left unsolved are missing.

        Errors are kept as failed plans, as `run_jobs` says, but where no solve of an engine
        in this or an earlier batch ended otherwise.
        """
        if self.over or not jobs:
            return {}
        self.expected = max(self.expected, self._done + len(jobs))
        plans = run_jobs(
            jobs,
            executor=self._pool,
            on_progress=self._told,
            stop=self._stop,
            answered=self._answered,
        )
        self._answered |= {job.options.backend for job in jobs if job.key in plans}
        cut = any(plan.termination is Termination.STOPPED for plan in plans.values())
        self.over = self._stop.is_set() or cut or len(plans) < len(jobs)
        return plans

    def _told(self, step: Step) -> None:
        self._done += 1
        if self._on_progress is not None:
            total = max(self.expected, self._done)
            self._on_progress(Step(step.key, step.plan, self._done, total))


@dataclass(frozen=True, slots=True)
class Request:
    """One solve of a series.

    Attributes
    ----------
    key, portfolio, bound
        As in `Job`; the bound is a number.
    start
        Plan to begin with; not used where the series is reproducible.
    """

    key: str
    portfolio: Portfolio
    start: Plan | None = None
    bound: float | None = None


class Series(Batches):
    """Small batches whose solves share the threads; a context manager.

    Parameters
    ----------
    options
        How to solve; the threads of each solve follow from ``workers``.
    workers
        Threads on this machine, which the solves of a batch share; all cores by default.
        With an executor: threads of each solve, 2 by default.
    executor, on_progress, stop
        As in `Batches`.
    """

    def __init__(
        self,
        options: Options,
        *,
        workers: int | None = None,
        executor: Executor | None = None,
        on_progress: Callable[[Step], None] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        super().__init__(executor, shares(SIDE_BY_SIDE, workers)[0], on_progress, stop)
        self._options = options
        self._workers = workers
        self._given = executor is not None

    def __enter__(self) -> Series:
        return self

    def solve(self, requests: Sequence[Request]) -> dict[str, Plan]:
        """Return the plans by key; those that a stop left unsolved are missing."""
        _, threads = shares(max(1, min(len(requests), SIDE_BY_SIDE)), self._workers)
        if self._given:
            threads = self._workers or THREADS
        options = replace(self._options, workers=threads)
        return self.run(
            [
                Job(r.key, r.portfolio, options, None if options.reproducible else r.start, r.bound)
                for r in requests
            ]
        )
