"""The one orchestration: check -> compile -> solve -> decode -> referee -> plan."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from math import isclose, isfinite
from typing import Literal

from pmo_optimizer.auto import AutoBackend
from pmo_optimizer.backend import (
    Backend,
    Clock,
    Options,
    Outcome,
    collector_paused,
    load_backend,
    load_staffer,
    require_capable,
)
from pmo_optimizer.checks import require_valid
from pmo_optimizer.decode import plan_parts, shares_of, start_of
from pmo_optimizer.judge import check_shape, judged
from pmo_optimizer.model import EngineInfo, Incumbent, Plan, Portfolio, Staffing, StaffingGoals
from pmo_optimizer.problem import Feature, Problem, compile_problem
from pmo_optimizer.underway import PlansUnderWay

WALL_FACTOR = 30.0
"""In reproducible mode the clock ends a search only after so many times the limit."""

LAST_SECONDS = 0.05
LAST_SHARE = 0.2
"""Seconds that stay for the end: for stopping, and as much again as checks and compiling took
for the plan and the referee; at most that part of the limit."""

AUTO = "auto"
"""Name of the backend that chooses by the portfolio."""


def optimize(
    portfolio: Portfolio,
    *,
    time_limit: float = 60.0,
    gap: float = 0.0,
    backend: str = AUTO,
    workers: int | None = None,
    seed: int = 0,
    reproducible: bool = False,
    staffing: Literal["capacity", "named"] = "capacity",
    goals: StaffingGoals | None = None,
    start: Plan | None = None,
    on_progress: Callable[[Incumbent], None] | None = None,
    on_plan: Callable[[Plan], None] | None = None,
    stop: threading.Event | None = None,
) -> Plan:
    """Return the best plan found for a portfolio, with a proven bound.

    Parameters
    ----------
    portfolio
        What to plan; it is checked first.
    time_limit
        Seconds of wall clock from this call to the refereed plan; infinite for no limit. A
        solver may take a little longer to stop, on very large models about 1 %. In
        ``reproducible`` mode the same number budgets work instead.
    gap
        Relative gap at which the search may end; 0 by default.
    backend
        Name of an engine (see `engines`), or ``auto``.
    workers
        Threads; all cores by default. Where all projects must be done and 41 to 150 jobs have
        several modes, CP-SAT has four threads for each worker: on the same cores it proves and
        finds more by that.
    seed
        Of the engine's random choices.
    reproducible
        The same input gives the same plan for a given engine, version and worker count,
        also with its rows shuffled.
    staffing
        ``capacity``: needs are served by classes of people; ``named``: by individuals, and
        what is asked of single people binds (formulation, section 13). A named plan whose
        needs cannot all be served has status ``no_plan_found`` and lists what is unmet.
    goals
        What named staffing aims at once every need is served; all alike by default.
    start
        Plan to begin with, of this portfolio or of one like it.
    on_progress
        Called with every new incumbent and bound, possibly from another thread.
    on_plan
        Called now and then, from another thread, with a refereed plan of status ``feasible``
        that is better in the first term than all before and carries the bound so far. What it
        raises is raised here once the search has ended.
    stop
        Set it to end the search soon and get the best plan so far.

    Returns
    -------
    Plan
        For every outcome: also where the portfolio is proved infeasible or no plan was
        found in time.

    Raises
    ------
    InvalidInput
        The portfolio has errors; every finding is in the exception.
    Unsupported
        The engine does not exist or does not support what the portfolio asks for.
    EngineError
        The engine failed, or the referee refused its plan.
    ValueError
        An option is out of range.
    """
    check_options(time_limit, gap, workers, seed)
    clock = Clock(time_limit * WALL_FACTOR if reproducible else time_limit, stop)
    named = Staffing(staffing) is Staffing.NAMED
    with collector_paused():
        require_valid(portfolio)
        engine = AutoBackend() if backend == AUTO else load_backend(backend)
        problem = compile_problem(portfolio, named=named)
    require_capable(engine, replace(problem, features=problem.features - {Feature.NAMED}))
    compiled = clock.elapsed
    if not reproducible:
        clock.limit -= min(LAST_SHARE * time_limit, LAST_SECONDS + compiled)
    log = _Log(on_progress)
    options = Options(
        clock=clock,
        work_limit=time_limit,
        gap=gap,
        workers=workers or os.cpu_count() or 1,
        seed=seed,
        reproducible=reproducible,
        start=start_of(problem, start),
        on_progress=log.add,
        goals=goals or StaffingGoals(),
        start_shares=shares_of(problem, start) if named else (),
    )
    with _plans(portfolio, problem, Staffing(staffing), log, on_plan) as plans:
        if plans is not None:
            options = replace(options, on_offer=plans.offer)
        if named:
            outcome = load_staffer().solve(problem, options, engine)
        else:
            outcome = engine.solve(problem, options)
    if plans is not None:
        plans.require_well()
    check_shape(problem, outcome)
    with collector_paused():
        plan = plan_parts(portfolio, problem, outcome).model_copy(
            update={"staffing": Staffing(staffing)}
        )
        plan = judged(portfolio, problem, outcome, plan)
    if plans is not None and plans.refused:
        word = f"{outcome.word}; the referee refused {plans.refused} plans on the way"
        outcome = replace(outcome, word=word)
    log.end(plan, clock.elapsed)
    return plan.model_copy(
        update={
            "engine": _info(engine, outcome, options),
            "incumbents": tuple(log.lines),
            "build_seconds": outcome.build_seconds + compiled,
            "seconds": clock.elapsed,
        }
    )


def _plans(
    portfolio: Portfolio,
    problem: Problem,
    staffing: Staffing,
    log: _Log,
    on_plan: Callable[[Plan], None] | None,
) -> AbstractContextManager[PlansUnderWay | None]:
    """Return what hands on plans before the end, if anyone wants them."""
    if on_plan is None:
        return nullcontext()
    return PlansUnderWay(portfolio, problem, staffing, lambda: log.bound, on_plan)


def check_options(time_limit: float, gap: float, workers: int | None, seed: int) -> None:
    """Raise ValueError where an option is out of range."""
    if not time_limit > 0:
        raise ValueError(f"time_limit must be positive seconds, not {time_limit}")
    if not (isfinite(gap) and 0 <= gap < 1):
        raise ValueError(f"gap must be at least 0 and below 1, not {gap}")
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    if not 0 <= seed < 2**31:
        raise ValueError(f"seed must be between 0 and 2^31 - 1, not {seed}")


class _Log:
    """Keeps every line of progress and hands it on; lines may come from any thread."""

    def __init__(self, on_progress: Callable[[Incumbent], None] | None) -> None:
        self.lines: list[Incumbent] = []
        self.bound: float | None = None
        self._on_progress = on_progress
        self._lock = threading.Lock()

    def add(self, line: Incumbent) -> None:
        with self._lock:
            self.lines.append(line)
            self.bound = line.bound if line.bound is not None else self.bound
            if self._on_progress is not None:
                self._on_progress(line)

    def end(self, plan: Plan, seconds: float) -> None:
        """Add the judged plan where the last line, which engines stream, says something else."""
        if not plan.found or not self.lines:
            return
        last = self.lines[-1]
        if not (_same(last.value, plan.objective) and _same(last.bound, plan.bound)):
            self.add(
                Incumbent(seconds=seconds, value=plan.objective, bound=plan.bound, source="end")
            )


def _same(left: float | None, right: float | None) -> bool:
    if left is None or right is None:
        return left is right
    return isclose(left, right, rel_tol=1e-6, abs_tol=1e-9)


def _info(engine: Backend, outcome: Outcome, options: Options) -> EngineInfo:
    return EngineInfo(
        name=engine.name,
        versions=engine.versions(),
        word=outcome.word,
        workers=options.workers,
        seed=options.seed,
        reproducible=outcome.reproducible,
        columns=outcome.columns,
        rows=outcome.rows,
    )
