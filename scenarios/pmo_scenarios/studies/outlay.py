"""What single projects of a plan spend and ask for, period by period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pmo_optimizer import (
    Amounts,
    Anchor,
    Calendar,
    CostLine,
    Mode,
    PhasePlan,
    Plan,
    Portfolio,
    Project,
    ProjectPlan,
    State,
)

TOTAL = "total"
"""Bucket of an amount for the whole horizon, as plans call it."""


@dataclass(frozen=True, slots=True)
class Outlay:
    """Money of one line in one period.

    Attributes
    ----------
    line
        As plans name it: ``project/costs/line`` and the like.
    fund
        That pays; null where the plan splits the line.
    """

    line: str
    category: str
    period: int
    amount: Decimal
    fund: str | None


def outlays(portfolio: Portfolio, project: Project, placed: ProjectPlan) -> Iterator[Outlay]:
    """Yield what a project spends where a plan selects it and places it so."""
    start = 0 if placed.start is None else placed.start
    finish = start if placed.finish is None else placed.finish
    duration = finish - start if project.phases else 1
    for line in project.costs:
        yield from _line(f"{project.id}/costs/{line.id}", line, start, duration)
    rates = {skill.id: skill for skill in portfolio.skills}
    for part, mode in modes_of(project, placed):
        path = f"{project.id}/{part.phase}/{mode.id}"
        for line in mode.costs:
            yield from _line(f"{path}/costs/{line.id}", line, part.start, mode.duration)
        for need in mode.needs:
            skill = rates[need.skill]
            for offset in range(mode.duration if need.charge_to is not None else 0):
                amount = need.charge(offset, mode.duration, skill.rate)
                name = f"{path}/needs/{need.id}"
                period = part.start + offset
                yield Outlay(name, skill.rate_category, period, amount, need.charge_to)


def _line(name: str, line: CostLine, start: int, duration: int) -> Iterator[Outlay]:
    for period, amount in amounts(line, start, start + duration):
        yield Outlay(name, line.category, period, amount, line.fund)


def amounts(line: CostLine, start: int, end: int) -> Iterator[tuple[int, Decimal]]:
    """Yield when a line is due and how much, where its work is from a period up to another."""
    if line.per_period is not None:
        yield from ((period, line.per_period) for period in range(start, end))
    if line.profile is not None:
        yield from enumerate(line.profile, start)
    if line.lump is not None:
        yield max(start, end - 1) if line.at is Anchor.FINISH else start, line.lump


def modes_of(project: Project, placed: ProjectPlan) -> Iterator[tuple[PhasePlan, Mode]]:
    """Yield the placed phases of a project with their modes."""
    for part in placed.phases:
        yield part, project.phase(part.phase).mode(part.mode)


def demand(project: Project, placed: ProjectPlan) -> dict[tuple[str, int], float]:
    """Return the FTE that a project asks for by skill and period; effort is spread evenly."""
    out: dict[tuple[str, int], float] = {}
    for part, mode in modes_of(project, placed):
        for need in mode.needs:
            for offset in range(mode.duration):
                even = None if need.effort is None else need.effort / mode.duration
                key = need.skill, part.start + offset
                out[key] = out.get(key, 0.0) + float(need.rate(offset) if even is None else even)
    return out


def placement(portfolio: Portfolio, name: str, plan: Plan | None) -> ProjectPlan:
    """Return where a plan places a project, or else as early as it may be, phase after phase."""
    if plan is not None and plan.found:
        own = next((p for p in plan.projects if p.project == name and p.selected), None)
        if own is not None:
            return own
    project = portfolio.project_by_id[name]
    start = time = project.first_start(portfolio.calendar)
    phases = []
    for phase in project.phases:
        mode = project.allowed_modes(phase)[0]
        pinned = project.pinned_start(phase, portfolio.calendar)
        time = time if pinned is None else pinned
        end = time + mode.duration
        phases.append(PhasePlan(phase=phase.id, mode=mode.id, start=time, end=end))
        time = end
    return ProjectPlan(project=name, selected=True, start=start, finish=time, phases=tuple(phases))


def selected_of(portfolio: Portfolio, plan: Plan) -> Iterator[tuple[Project, ProjectPlan]]:
    """Yield the projects that a plan selects and that are not done, with their places."""
    for placed in plan.projects:
        project = portfolio.project_by_id[placed.project]
        if placed.selected and project.state is not State.DONE:
            yield project, placed


def bucket_of(amounts: Amounts, calendar: Calendar, period: int) -> str | None:
    """Return the bucket of a period, as plans call it; None outside the grid."""
    if not 0 <= period < calendar.periods:
        return None
    if amounts.years is not None:
        return str(calendar.fiscal_year(period))
    return calendar.label(period) if amounts.periods is not None else TOTAL


def amount_in(amounts: Amounts, calendar: Calendar) -> dict[str, Decimal]:
    """Return the amount of each bucket of the grid that has one."""
    if amounts.years is not None:
        return {str(y): amounts.years[y] for y in calendar.fiscal_years() if y in amounts.years}
    if amounts.periods is not None:
        given = amounts.periods[: calendar.periods]
        return {calendar.label(t): amount for t, amount in enumerate(given)}
    return {TOTAL: amounts.total or Decimal(0)}
