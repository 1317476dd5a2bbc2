"""Names for a plan whose dates are fixed: decode -> staff -> referee -> plan."""

from __future__ import annotations

import os
import threading

from pmo_optimizer import referee
from pmo_optimizer.backend import Clock, Options, load_staffer, relative_gap
from pmo_optimizer.checks import require_valid
from pmo_optimizer.decode import plan_parts, shares_of, start_of
from pmo_optimizer.judge import check_shape, judged
from pmo_optimizer.model import (
    EngineInfo,
    Finding,
    InvalidInput,
    Plan,
    Portfolio,
    Severity,
    Staffing,
    StaffingGoals,
    Status,
    Violation,
)
from pmo_optimizer.optimize import LAST_SECONDS, LAST_SHARE, WALL_FACTOR, check_options
from pmo_optimizer.problem import compile_problem


def staff(
    portfolio: Portfolio,
    plan: Plan,
    *,
    goals: StaffingGoals | None = None,
    time_limit: float = 60.0,
    workers: int | None = None,
    seed: int = 0,
    reproducible: bool = False,
    stop: threading.Event | None = None,
) -> Plan:
    """Return the plan with names: its projects, dates, modes and hires stay as they are.

    Parameters
    ----------
    portfolio
        What the plan plans; it is checked first.
    plan
        Its dates are fixed. Where it names people already, they are kept as far as possible.
    goals
        What staffing aims at once every need is served; all alike by default.
    time_limit, workers, seed, reproducible, stop
        As in `pmo_optimizer.optimize`.

    Returns
    -------
    Plan
        In named form. Where needs cannot all be served its status is ``no_plan_found``,
        ``fully_staffed`` is false, and ``unmet`` lists each with the reason; termination
        ``proved`` then says that no staffing leaves less unmet.

    Raises
    ------
    InvalidInput
        The portfolio has errors, or the plan is none of this portfolio's; every finding is in
        the exception.
    Unsupported
        Nothing is installed that staffs plans by name.
    EngineError
        It failed, or the referee refused its plan.
    ValueError
        An option is out of range.
    """
    check_options(time_limit, 0.0, workers, seed)
    clock = Clock(time_limit * WALL_FACTOR if reproducible else time_limit, stop)
    require_valid(portfolio)
    problem = compile_problem(portfolio, named=True)
    _require_plan(portfolio, plan)
    decisions = start_of(problem, plan)
    if decisions is None:
        raise InvalidInput((_finding("plan", "It plans nothing.", "plan-empty"),))
    compiled = clock.elapsed
    if not reproducible:
        clock.limit -= min(LAST_SHARE * time_limit, LAST_SECONDS + compiled)
    staffer = load_staffer()
    options = Options(
        clock=clock,
        work_limit=time_limit,
        workers=workers or os.cpu_count() or 1,
        seed=seed,
        reproducible=reproducible,
        goals=goals or StaffingGoals(),
        start_shares=shares_of(problem, plan),
    )
    outcome = staffer.staff(problem, decisions, options)
    check_shape(problem, outcome)
    named = plan_parts(portfolio, problem, outcome)
    named = named.model_copy(update={"staffing": Staffing.NAMED})
    named = judged(portfolio, problem, outcome, named)
    named = _with_bound(portfolio, named, plan)
    info = EngineInfo(
        name=staffer.name,
        versions=staffer.versions(),
        word=outcome.word,
        workers=options.workers,
        seed=seed,
        reproducible=outcome.reproducible,
    )
    return named.model_copy(
        update={"engine": info, "build_seconds": compiled, "seconds": clock.elapsed}
    )


def _require_plan(portfolio: Portfolio, plan: Plan) -> None:
    """Refuse a plan whose projects and dates break rules of the portfolio.

    Raises
    ------
    InvalidInput
        With every broken rule but those about who works.
    """
    if not plan.projects:
        return
    dates = plan.model_copy(
        update={
            "status": Status.FEASIBLE,
            "staffing": Staffing.CAPACITY,
            "allocations": (),
            "digest": portfolio.digest(),
        }
    )
    broken = referee.check(portfolio, dates).violations
    findings = tuple(_of_violation(v) for v in broken if v.rule not in referee.OPEN_NEEDS)
    if findings:
        raise InvalidInput(findings)


def _of_violation(violation: Violation) -> Finding:
    return _finding(violation.path, violation.message, violation.rule)


def _finding(path: str, message: str, rule: str) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.ERROR,
        path=path,
        message=message,
        fix="Give a plan of this portfolio, with dates that its rules allow.",
    )


def _with_bound(portfolio: Portfolio, named: Plan, plan: Plan) -> Plan:
    """Return a staffed plan with the bound of the plan before it, if that is still one.

    No named plan is better than the best plan by capacity, of the same portfolio.
    """
    if not named.found or plan.digest != portfolio.digest() or plan.bound is None:
        return named
    gap = relative_gap(named.objective, plan.bound)
    return named.model_copy(update={"bound": plan.bound, "gap": gap})
