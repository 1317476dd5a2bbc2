"""What studies say of plans and of the differences between two: frozen models."""

from __future__ import annotations

from pmo_optimizer import Frozen, FundUse, Plan, Portfolio, SupplierKind, TermName
from pmo_scenarios.bounds import FUZZ


class Interval(Frozen):
    """A difference between two plans, and what it can be at least and at most.

    Attributes
    ----------
    value
        Between the two plans.
    low, high
        Between the two best possible plans, from values and bounds; null where a bound is
        missing.
    proven
        Whether the interval excludes 0.
    """

    value: float
    low: float | None = None
    high: float | None = None
    proven: bool = False

    def per(self, units: float) -> Interval | None:
        """Return the difference per unit of something; None where there is none of it."""
        if abs(units) <= FUZZ:
            return None
        ends = [None if x is None else x / units for x in (self.low, self.high)]
        low, high = ends if units > 0 else reversed(ends)
        return Interval(value=self.value / units, low=low, high=high, proven=self.proven)


class Figures(Frozen):
    """Key figures of one plan, as the referee recomputed them.

    Attributes
    ----------
    value, benefit, npv, cost
        The terms of the objective of that name, without prices.
    penalty
        Prices of soft breaches.
    effort
        FTE-periods of the selected projects' needs.
    selected
        Number of selected projects.
    funds
        Use of each fund.
    """

    value: float
    benefit: float
    npv: float
    cost: float
    penalty: float
    effort: float
    selected: int
    funds: tuple[FundUse, ...] = ()


class Move(Frozen):
    """A project that is selected in two plans, at other times or in other modes.

    Attributes
    ----------
    start_before, start_after, finish_before, finish_after
        0-based periods, finishes exclusive.
    modes
        Phases that are done in another mode.
    """

    project: str
    start_before: int | None
    start_after: int | None
    finish_before: int | None
    finish_after: int | None
    modes: tuple[str, ...] = ()


class Reassignment(Frozen):
    """What somebody does in one plan by name and not in another.

    Attributes
    ----------
    person
        An individual, as ``id`` or ``id#2``.
    joins, leaves
        Phases as ``project/phase``, of projects that both plans select.
    """

    person: str
    joins: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()


def figures_of(plan: Plan) -> Figures | None:
    """Return the key figures of a plan; None where there is none."""
    if not plan.found:
        return None
    kpis = plan.kpis
    terms = {name: kpis.terms.get(name, 0.0) for name in TermName}
    return Figures(
        value=terms[TermName.VALUE],
        benefit=terms[TermName.BENEFIT],
        npv=terms[TermName.NPV],
        cost=terms[TermName.COST],
        penalty=kpis.penalty,
        effort=sum(project.effort for project in kpis.projects),
        selected=kpis.selected,
        funds=kpis.funds,
    )


def gain(portfolio: Portfolio, before: Plan, after: Plan) -> Interval | None:
    """Return how much better the second plan is in the objective; None without two plans.

    Better is positive, also where the objective is minimised. The best possible plans differ
    by at least the second value less the first bound, and at most the second bound less the
    first value.

    Parameters
    ----------
    portfolio
        Either's; both have the same objective.
    """
    if not (before.found and after.found):
        return None
    if before.objective is None or after.objective is None:
        return None
    sign = 1 if portfolio.objective.maximised else -1
    low = None if before.bound is None else sign * (after.objective - before.bound)
    high = None if after.bound is None else sign * (after.bound - before.objective)
    fuzz = FUZZ * max(1.0, abs(before.objective), abs(after.objective))
    proven = (low is not None and low > fuzz) or (high is not None and high < -fuzz)
    value = sign * (after.objective - before.objective)
    return Interval(value=value, low=low, high=high, proven=proven)


def moves(before: Plan, after: Plan) -> tuple[Move, ...]:
    """Return the projects of both plans whose phases start elsewhere or have other modes."""
    old = {project.project: project for project in before.projects if project.selected}
    found = []
    for new in sorted(after.projects, key=lambda p: p.project):
        was = old.get(new.project)
        if was is None or not new.selected:
            continue
        then = {phase.phase: phase for phase in was.phases}
        shared = [(then[phase.phase], phase) for phase in new.phases if phase.phase in then]
        modes = tuple(sorted(b.phase for a, b in shared if a.mode != b.mode))
        if modes or was.start != new.start or any(a.start != b.start for a, b in shared):
            found.append(
                Move(
                    project=new.project,
                    start_before=was.start,
                    start_after=new.start,
                    finish_before=was.finish,
                    finish_after=new.finish,
                    modes=modes,
                )
            )
    return tuple(found)


def reassigned(before: Plan, after: Plan) -> tuple[Reassignment, ...]:
    """Return who works on other phases of the projects that both plans by name select."""
    both = set(before.selected) & set(after.selected)
    old, new = (_work(plan, both) for plan in (before, after))
    return tuple(
        Reassignment(
            person=person,
            joins=tuple(sorted(new.get(person, set()) - old.get(person, set()))),
            leaves=tuple(sorted(old.get(person, set()) - new.get(person, set()))),
        )
        for person in sorted({*old, *new})
        if old.get(person, set()) != new.get(person, set())
    )


def _work(plan: Plan, projects: set[str]) -> dict[str, set[str]]:
    """Return the phases on which each individual works."""
    work: dict[str, set[str]] = {}
    for item in plan.allocations:
        if item.kind is SupplierKind.PERSON and item.project in projects:
            work.setdefault(item.supplier, set()).add(f"{item.project}/{item.phase}")
    return work
