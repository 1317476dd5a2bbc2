"""Solves of which later ones depend on what earlier ones found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from types import TracebackType

from pmo_optimizer import Plan, Portfolio, Status, Termination
from pmo_scenarios.runs import THREADS, Job, Options, Step, own_processes, run_jobs, shares

SIDE_BY_SIDE = 2
"""Most solves of a series that run at the same time."""


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


class Series:
    """Batches of solves, one after the other, on one executor; a context manager.

    Parameters
    ----------
    options
        How to solve; the threads of each solve follow from ``workers``.
    workers
        Threads on this machine, which the solves of a batch share; all cores by default.
        With an executor: threads of each solve, 2 by default.
    executor
        Where the solves run; it is not shut down. By default processes on this machine.
    on_progress
        Called after every solve; the total is what is known to come.
    stop
        Set it to end the series soon.

    Attributes
    ----------
    over
        Whether somebody asked to stop: nothing more is solved.
    expected
        How many solves there will be, as far as that is known.
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
        self.over = False
        self.expected = 0
        self._options = options
        self._workers = workers
        self._given = executor
        self._own: Executor | None = None
        self._on_progress = on_progress
        self._stop = stop
        self._done = 0

    def __enter__(self) -> Series:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._own is not None:
            self._own.shutdown(cancel_futures=True)
            self._own = None

    def solve(self, requests: Sequence[Request]) -> dict[str, Plan]:
        """Return the plans by key; those that a stop left unsolved are missing."""
        if self.over or not requests:
            return {}
        _, threads = shares(min(len(requests), SIDE_BY_SIDE), self._workers)
        if self._given is not None:
            threads = self._workers or THREADS
        options = replace(self._options, workers=threads)
        jobs = [
            Job(r.key, r.portfolio, options, None if options.reproducible else r.start, r.bound)
            for r in requests
        ]
        if self._given is None and self._own is None:
            self._own = own_processes(SIDE_BY_SIDE)
        self.expected = max(self.expected, self._done + len(jobs))
        plans = run_jobs(
            jobs, executor=self._given or self._own, on_progress=self._told, stop=self._stop
        )
        asked = self._stop is not None and self._stop.is_set()
        cut = any(plan.termination is Termination.STOPPED for plan in plans.values())
        self.over = asked or cut or len(plans) < len(jobs)
        if any(plan.status is Status.FAILED for plan in plans.values()):
            self._close()  # its processes may be dead; the next batch has new ones
        return plans

    def _told(self, step: Step) -> None:
        self._done += 1
        if self._on_progress is not None:
            total = max(self.expected, self._done)
            self._on_progress(Step(step.key, step.plan, self._done, total))
