"""What offices do today, one step after the other: select, then schedule, then staff."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.knapsack import knapsack
from benchmarks.pooled import pooled
from pmo_optimizer import (
    Decision,
    IfUnselected,
    Plan,
    Portfolio,
    Project,
    ProjectPlan,
    State,
    Status,
    Termination,
    TermResult,
    optimize,
    referee,
    staff,
)

SELECTION_SHARE = 0.25
"""Most of the time that selecting takes; it rarely needs more than a second."""

SCHEDULE_SHARE = 0.5
"""Part of the time left then that scheduling may take; staffing has the rest."""

END_SHARE = 0.05
"""Part of the time that stays for judging the last plans."""

RESERVE_SHARE = 0.15
"""Part of the time that is kept for staffing what must be done when others have gone."""

LEAST_SECONDS = 0.5
"""Less time than this is not worth another staffing."""


@dataclass(frozen=True, slots=True)
class Clock:
    """When the time of all steps ends, in seconds of the monotonic clock.

    Attributes
    ----------
    reserve
        Seconds before the end from which on projects are dropped all at once.
    """

    end: float
    workers: int
    reserve: float = LEAST_SECONDS

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.end - time.monotonic()


def solve(portfolio: Portfolio, time_limit: float, workers: int) -> tuple[Portfolio, Plan]:
    """Return the portfolio, and the plan of the three steps within that many seconds in all.

    Select by value under money and total effort, schedule what is selected under capacities
    per skill, find people for these dates, and drop what cannot be staffed.
    """
    end = time.monotonic() + (1 - END_SHARE) * time_limit
    clock = Clock(end, workers, RESERVE_SHARE * time_limit)
    chosen = optimize(knapsack(portfolio), time_limit=SELECTION_SHARE * time_limit, workers=workers)
    if not chosen.found:
        return portfolio, _nothing(f"Selecting found no plan: {chosen.status}.")
    dates = optimize(
        pooled(portfolio, chosen.selected),
        time_limit=max(SCHEDULE_SHARE * clock.left, LEAST_SECONDS),
        workers=workers,
    )
    if not dates.found:
        return portfolio, _nothing(f"Scheduling found no plan: {dates.status}.")
    bare = _unclaimed(portfolio, dates.model_copy(update={"allocations": ()}))
    plan, dropped = fully_staffed(portfolio, bare, clock)
    if plan is None:
        return portfolio, _nothing("What must be done cannot be staffed at its dates.")
    again = _put_back(portfolio, bare, plan, dropped, clock)
    steps = (len(chosen.selected), len(dates.selected), len(again.selected))
    said = "{} selected, {} scheduled, {} staffed".format(*steps)
    return portfolio, _claimed(portfolio, again).model_copy(update={"message": said})


def fully_staffed(
    portfolio: Portfolio, plan: Plan, clock: Clock
) -> tuple[Plan | None, tuple[str, ...]]:
    """Return the plan with people, and what was dropped until all needs are served.

    Each time the least valuable project that is short of people goes, and the rest is staffed
    anew; where only what must be done is short, the least valuable of those that take its
    people goes. When little time is left, everything that is short goes at once: the others
    have their people. None where something short must be done.
    """
    dropped: set[str] = set()
    fixed = {project.id for project in portfolio.projects if is_fixed(project)}
    values = {p.project: p.value for p in referee.check(portfolio, plan).kpis.projects}
    named = _staffed(portfolio, plan, clock, len(values))
    while named.unmet:
        less = _dropped(portfolio, named, _candidates(named, fixed, clock, values), values)
        if less is None:
            return None, ()
        dropped |= set(named.selected) - set(less.selected)
        short = {item.project for item in less.unmet}
        urgent = bool(short) and short <= fixed
        named = less
        if clock.left > (LEAST_SECONDS if urgent else clock.reserve):
            named = _staffed(portfolio, less, clock, len(short))
    return _unclaimed(portfolio, named), tuple(sorted(dropped, key=lambda p: (-values[p], p)))


def _candidates(plan: Plan, fixed: set[str], clock: Clock, values: dict[str, float]) -> list[str]:
    """Return what may be dropped next, the least valuable first.

    What is short; where all of that must be done and there is time to staff anew, what takes
    its people, as far as the staffing says that, else anything.
    """
    able = {item.project for item in plan.unmet} - fixed
    if not able and clock.left > LEAST_SECONDS:
        rivals = {project for item in plan.unmet for project in item.busy_on} - fixed
        able = rivals or set(plan.selected) - fixed
    return sorted(able, key=lambda p: (values.get(p, 0.0), p))


def _staffed(portfolio: Portfolio, plan: Plan, clock: Clock, rounds: int) -> Plan:
    """Return the plan with people, in the time of one round of those that may follow."""
    seconds = max(clock.left / (1 + rounds**0.5), LEAST_SECONDS)
    return staff(portfolio, plan, time_limit=seconds, workers=clock.workers)


def _put_back(
    portfolio: Portfolio, dates: Plan, plan: Plan, dropped: Sequence[str], clock: Clock
) -> Plan:
    """Return the plan with dropped projects back at their dates, where people are found now."""
    for project in dropped:
        if clock.left <= LEAST_SECONDS:
            break
        out = set(dates.selected) - set(plan.selected) - {project}
        trial = without(portfolio, dates, out)
        if trial is None or project not in trial.selected or broken(portfolio, trial):
            continue
        trial = trial.model_copy(update={"allocations": plan.allocations})
        named = _staffed(portfolio, trial, clock, len(dropped))
        if named.fully_staffed:
            plan = _unclaimed(portfolio, named)
    return plan


def _dropped(
    portfolio: Portfolio, plan: Plan, short: Sequence[str], values: dict[str, float]
) -> Plan | None:
    """Return the plan without one of the projects that are short, and what goes with it.

    The first one whose absence breaks no rule; where there is none, the first that may go, and
    others with it until the rules hold. None where nothing can go.
    """
    able = [less for p in short if (less := without(portfolio, plan, {p})) is not None]
    clean = next((less for less in able if not broken(portfolio, less)), None)
    return _repaired(portfolio, able[0], values) if able and clean is None else clean


def _repaired(portfolio: Portfolio, plan: Plan, values: dict[str, float]) -> Plan | None:
    """Return the plan without the least valuable project whose absence mends the rules.

    Where no single one does, the least valuable goes, and so on; None where none is left.
    """
    while broken(portfolio, plan):
        order = sorted(plan.selected, key=lambda p: (values.get(p, 0.0), p))
        able = [less for p in order if (less := without(portfolio, plan, {p})) is not None]
        if not able:
            return None
        plan = next((less for less in able if not broken(portfolio, less)), able[0])
    return plan


def broken(portfolio: Portfolio, plan: Plan) -> bool:
    """Return whether a plan breaks a rule, people left aside."""
    dates = plan.model_copy(update={"allocations": (), "staffing": "capacity"})
    bare = _unclaimed(portfolio, dates)
    report = referee.check(portfolio, bare)
    rules = {v.rule for v in report.violations} - referee.OPEN_NEEDS
    return any("claim" not in rule for rule in rules)


def without(portfolio: Portfolio, plan: Plan, projects: Iterable[str]) -> Plan | None:
    """Return a plan without some projects and all that cannot be without them.

    None where one of these must be done, or goes on.
    """
    gone = _closed(portfolio, set(plan.selected), set(projects))
    kept = portfolio.project_by_id
    if any(is_fixed(kept[project]) for project in gone):
        return None
    return _unclaimed(
        portfolio,
        plan.model_copy(
            update={
                "projects": tuple(
                    ProjectPlan(project=p.project, selected=False) if p.project in gone else p
                    for p in plan.projects
                ),
                "allocations": tuple(a for a in plan.allocations if a.project not in gone),
                "unmet": tuple(u for u in plan.unmet if u.project not in gone),
                "fund_splits": tuple(
                    s for s in plan.fund_splits if s.line.partition("/")[0] not in gone
                ),
            }
        ),
    )


def is_fixed(project: Project) -> bool:
    """Return whether a project is in every plan."""
    running = project.state is State.RUNNING and not project.stoppable
    return running or project.state is State.DONE or project.decision is Decision.MUST


def _closed(portfolio: Portfolio, selected: set[str], gone: set[str]) -> set[str]:
    """Return the selected projects that go with some: successors, those that need them, sets."""
    asks = [(rule.project, need) for rule in portfolio.requires for need in rule.needs]
    asks += [
        (target, link.source.partition("/")[0])
        for link in portfolio.links
        if link.if_unselected is IfUnselected.BLOCK
        for target in portfolio.members(link.target.partition("/")[0])
    ]
    gone = gone & selected
    while True:
        left = selected - gone
        more = {p for p, need in asks if p in left and not left & set(portfolio.members(need))}
        for rule in portfolio.all_or_none:
            if not set(rule.projects) <= left:
                more |= left & set(rule.projects)
        if not more:
            return gone
        gone |= more


def _unclaimed(portfolio: Portfolio, plan: Plan) -> Plan:
    """Return decisions alone, as a plan of this portfolio that says nothing of its figures."""
    return Plan(
        portfolio=portfolio.name,
        digest=portfolio.digest(),
        status=Status.FEASIBLE,
        termination=Termination.TIME_LIMIT,
        projects=plan.projects,
        allocations=plan.allocations,
        hires=plan.hires,
        fund_splits=plan.fund_splits,
        staffing=plan.staffing,
        unmet=plan.unmet,
        fully_staffed=None if plan.staffing == "capacity" else not plan.unmet,
    )


def _claimed(portfolio: Portfolio, plan: Plan) -> Plan:
    """Return the plan with its figures, as the referee computes them."""
    kpis = referee.check(portfolio, plan).kpis
    terms = tuple(
        TermResult(term=term.term, value=kpis.terms[term.term])
        for term in portfolio.objective.terms
    )
    return plan.model_copy(update={"objective": kpis.objective, "kpis": kpis, "terms": terms})


def _nothing(message: str) -> Plan:
    return Plan(status=Status.NO_PLAN_FOUND, termination=Termination.TIME_LIMIT, message=message)
