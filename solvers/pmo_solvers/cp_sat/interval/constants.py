"""What a fixed selection decides at once: who is in, what is paid, which rows hold."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from pmo_optimizer.problem import (
    Flow,
    MeasureRow,
    ModeData,
    Problem,
    ProjectData,
    ProjectLink,
)


def selected(problem: Problem) -> tuple[ProjectData, ...]:
    """Return the projects that every plan selects."""
    return tuple(project for project in problem.projects if project.fixed == 1)


def sources(problem: Problem, link: ProjectLink) -> list[tuple[int, int]]:
    """Return the (project, phase) sources of a link whose project is selected."""
    return [source for source in link.sources if problem.projects[source[0]].fixed == 1]


def constant_flows(problem: Problem) -> Iterator[Flow]:
    """Yield what is paid whatever modes are chosen: lines of projects, and exit costs."""
    for project in problem.projects:
        if project.fixed == 1:
            yield from project.flows
        elif project.exit is not None:
            yield project.exit


def total(flow: Flow) -> int:
    """Return all money of a flow that does not depend on how long anything takes."""
    return sum(amount for _, amount in flow.amounts)


def mode_cost(mode: ModeData) -> int:
    """Return all money of a mode."""
    return sum(total(flow) for flow in mode.flows)


def constant_cost(problem: Problem) -> int:
    """Return all money that is paid whatever modes are chosen."""
    return sum(total(flow) for flow in constant_flows(problem))


def measure(problem: Problem, project: ProjectData, name: str) -> Fraction | None:
    """Return a measure of a project in natural units, or None where it depends on modes."""
    if project.fixed != 1:
        return Fraction(0)
    if name == "count":
        return Fraction(1)
    if name == "value":
        return project.raw_value
    if name == "cost":
        amounts = [{mode_cost(mode) for mode in phase.modes} for phase in project.phases]
        own = sum(total(flow) for flow in project.flows)
        unit = problem.money_scale
    else:
        amounts = [{_effort(mode) for mode in phase.modes} for phase in project.phases]
        own, unit = 0, problem.fte_scale
    if any(len(amount) != 1 for amount in amounts):
        return None
    return Fraction(own + sum(next(iter(amount)) for amount in amounts), unit)


def _effort(mode: ModeData) -> int:
    return sum(demand.units for demand in mode.demands)


def measured(problem: Problem, row: MeasureRow) -> Fraction | None:
    """Return the left side of a share or average rule, or None where it is no constant."""
    parts = [
        (weight, measure(problem, problem.projects[index], row.measure))
        for index, weight in row.weights.items()
    ]
    if any(amount is None for _, amount in parts):
        return None
    return sum((weight * (amount or 0) for weight, amount in parts), Fraction(0))


def broken_row(problem: Problem) -> str:
    """Return the name of a constant row that does not hold, or nothing.

    Selection logic, counts and measures are constants here, and so is whether a link that
    blocks its target finds its source selected.
    """
    chosen = [project.fixed or 0 for project in problem.projects]
    for logic in problem.selection:
        if not _within(sum(coef * chosen[p] for p, coef in logic.terms), logic.lower, logic.upper):
            return f"selection:{logic.id}"
    for count in problem.counts:
        if not _within(sum(chosen[p] for p in count.projects), count.lower, count.upper):
            return f"rule:{count.id}"
    for row in problem.measures:
        if not _within(measured(problem, row) or Fraction(0), row.lower, row.upper):
            return f"rule:{row.id}"
    for link in problem.links:
        if link.block and chosen[link.target[0]] and not sources(problem, link):
            return f"link:{link.id}"
    return ""


def _within(
    amount: int | Fraction, lower: int | Fraction | None, upper: int | Fraction | None
) -> bool:
    return (lower is None or lower <= amount) and (upper is None or amount <= upper)
