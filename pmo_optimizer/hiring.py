"""What the hires of a plan are worth: the portfolio without each, solved again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container
from dataclasses import dataclass

from pmo_optimizer.model import (
    Decision,
    Finding,
    InvalidInput,
    Phase,
    Plan,
    Portfolio,
    Project,
    Severity,
    Status,
    Termination,
)
from pmo_optimizer.optimize import AUTO, optimize
from pmo_optimizer.sequencing import certain_projects

FOREIGN = Finding(
    severity=Severity.ERROR,
    rule="plan-foreign",
    path="digest",
    message="The plan is of another portfolio.",
    fix="Solve this portfolio first, and give its plan.",
)


NOTHING = Plan(status=Status.INFEASIBLE, termination=Termination.PROVED)
"""What is left where something that must be done can never be staffed."""

UNSERVABLE = "need-unservable"
PROOFS = ("must-need-too-large", "must-unschedulable")
"""Checks that refuse needs which nobody can ever serve, and projects that must be done but can
never be staffed, or not in time."""


@dataclass(frozen=True, slots=True)
class HireWorth:
    """What one hire option adds to the objective.

    Attributes
    ----------
    heads
        Heads that the plan orders, over all periods.
    first_work
        First period (0-based) in which one of them works.
    estimate
        Objective of the plan less that of the best plan found without the option, its sign
        turned where less is better; null where none was found without it.
    low, high
        Proven limits of the true difference; null where a bound is missing.
    indispensable
        Whether there is no plan without it: proved, or a mandatory project needs it.
    """

    hire: str
    skill: str
    heads: int
    first_work: int
    estimate: float | None
    low: float | None
    high: float | None
    indispensable: bool = False

    @property
    def proven(self) -> bool:
        """Whether it is proved that the option is worth something."""
        return self.indispensable or (self.low is not None and self.low > 0)


def hire_worth(
    portfolio: Portfolio,
    plan: Plan,
    *,
    time_limit: float = 30.0,
    backend: str = AUTO,
    workers: int | None = None,
    seed: int = 0,
    stop: threading.Event | None = None,
) -> tuple[HireWorth, ...]:
    """Return what each hire option that a plan uses is worth, the most valuable first.

    For every option the portfolio is solved again without it, beginning with the plan, by
    capacity or by name as the plan was. The difference of the true optima lies between the
    plan's value less the bound without the option, and the plan's bound less the value without
    it.

    Parameters
    ----------
    plan
        A plan of this portfolio with an objective.
    time_limit
        Seconds for each option.
    backend, workers, seed, stop
        As in `pmo_optimizer.optimize`; a stop ends the rest quickly.

    Raises
    ------
    ValueError
        The plan has no objective.
    InvalidInput
        The plan is of another portfolio.
    Unsupported, EngineError
        As in `pmo_optimizer.optimize`.
    """
    if plan.objective is None:
        raise ValueError("the plan has no objective: there is nothing to compare with")
    if plan.digest != portfolio.digest():
        raise InvalidInput((FOREIGN,))

    def solved(without: Portfolio) -> Plan:
        return optimize(
            without,
            time_limit=time_limit,
            backend=backend,
            workers=workers,
            seed=seed,
            staffing=plan.staffing.value,
            start=plan,
            stop=stop,
        )

    found = []
    for name in sorted({order.hire for order in plan.hires if order.heads}):
        other = _best(_without(portfolio, name), solved)
        found.append(_worth(portfolio, plan, other, name))
    return tuple(sorted(found, key=_rank))


def _best(portfolio: Portfolio, solved: Callable[[Portfolio], Plan]) -> Plan:
    """Return the plan of a portfolio that the checks may refuse for want of people.

    What nobody can ever serve is left out then; where that must be done there is no plan.
    """
    try:
        return solved(portfolio)
    except InvalidInput as refused:
        bad = {f.path.split("/needs/")[0] for f in refused.findings if f.rule == UNSERVABLE}
        less = _servable(portfolio, bad)
        proved = any(finding.rule in PROOFS for finding in refused.findings)
        if less is None or (proved and not bad):
            return NOTHING
        if less == portfolio:
            raise
    # There may be more than one error lists.
    return _best(less, solved)


def _rank(worth: HireWorth) -> tuple[bool, float, str]:
    return not worth.indispensable, -(worth.estimate or 0.0), worth.hire


def _without(portfolio: Portfolio, name: str) -> Portfolio:
    data = portfolio.to_data()
    data["hires"] = [hire for hire in data["hires"] if hire["id"] != name]
    return Portfolio.parse(data)


def _servable(portfolio: Portfolio, bad: Container[str]) -> Portfolio | None:
    """Return the portfolio without modes that nobody can ever serve; None where one must be done.

    Projects with a phase that has no other mode are left out: no plan has them.

    Parameters
    ----------
    bad
        Paths of these modes.
    """
    certain = certain_projects(portfolio)
    projects = []
    for project in portfolio.projects:
        phases = [_left(project, phase, bad) for phase in project.phases]
        if all(phase.modes for phase in phases):
            projects.append(project.model_copy(update={"phases": tuple(phases)}))
        elif project.id in certain:
            return None
        else:
            projects.append(project.model_copy(update={"decision": Decision.NEVER}))
    return portfolio.model_copy(update={"projects": tuple(projects)})


def _left(project: Project, phase: Phase, bad: Container[str]) -> Phase:
    """Return a phase with those of its modes that somebody can serve."""
    path = f"projects/{project.id}/phases/{phase.id}/modes"
    kept = tuple(m for m in project.allowed_modes(phase) if f"{path}/{m.id}" not in bad)
    return phase.model_copy(update={"modes": kept})


def _worth(portfolio: Portfolio, plan: Plan, other: Plan, name: str) -> HireWorth:
    hire = next(h for h in portfolio.hires if h.id == name)
    orders = [order for order in plan.hires if order.hire == name]
    sign = 1.0 if portfolio.objective.maximised else -1.0
    low = _difference(plan.objective, other.bound, sign)
    return HireWorth(
        hire=name,
        skill=hire.skill,
        heads=sum(order.heads for order in orders),
        first_work=min(order.period for order in orders) + hire.lead_time,
        estimate=_difference(plan.objective, other.objective, sign),
        low=None if low is None else max(low, 0.0),
        high=_difference(plan.bound, other.objective, sign),
        indispensable=other.status is Status.INFEASIBLE,
    )


def _difference(left: float | None, right: float | None, sign: float) -> float | None:
    return None if left is None or right is None else sign * (left - right)
