"""Simple lower bounds: heads and tails, paths, and work in windows of resources."""

from __future__ import annotations

from collections import defaultdict, deque

from pmo_optimizer.model import TermName
from pmo_optimizer.problem import Problem
from pmo_solvers.cp_sat.interval.constants import constant_cost, mode_cost, selected
from pmo_solvers.cp_sat.interval.network import (
    Arc,
    Event,
    arcs,
    energy_bound,
    path_bound,
    tails,
)
from pmo_solvers.cp_sat.interval.resources import Resource
from pmo_solvers.schedules.score import Score


def heads(problem: Problem) -> dict[Event, int]:
    """Return the least period of each event: windows, links and shortest modes.

    They stop growing at the length of the grid, also on a cycle that cannot hold.
    """
    leaving: dict[Event, list[Arc]] = defaultdict(list)
    for arc in arcs(problem):
        leaving[arc.tail].append(arc)
    found: dict[Event, int] = {}
    for project in selected(problem):
        found[Event(project.index, -1, False)] = project.first_start
        for number, phase in enumerate(project.phases):
            found[Event(project.index, number, False)] = phase.first_start
    queue = deque(found)
    while queue:
        event = queue.popleft()
        for arc in leaving[event]:
            head = min(found[event] + arc.lag, problem.periods)
            if found.get(arc.head, head - 1) < head:
                found[arc.head] = head
                queue.append(arc.head)
    return found


def first_bound(problem: Problem, resources: list[Resource], score: Score) -> int | None:
    """Return a proven bound of the first stage's whole sum, by paths and energy.

    None where a figure counts negatively.
    """
    form = score.forms[0]
    if any(coef < 0 for coef in form.coefs.values()):
        return None
    figures = {
        TermName.MAKESPAN: _length(problem, resources),
        TermName.DELAY: _delay(problem),
        TermName.COST: _cost(problem),
    }
    return form.whole(figures)


def _length(problem: Problem, resources: list[Resource]) -> int:
    after = tails(problem)
    energy = (
        energy_bound(resource.capacity, resource.loads(problem, after)) for resource in resources
    )
    return max([path_bound(problem, after), *energy])


def _delay(problem: Problem) -> int:
    """Return the sum over projects of how late each is if it were alone."""
    before = heads(problem)
    late = 0
    for project in selected(problem):
        if project.due is not None:
            phases = range(len(project.phases))
            ends = [before[Event(project.index, number, True)] for number in phases]
            late += max(0, max(ends, default=project.first_start) - project.due)
    return late


def _cost(problem: Problem) -> int:
    """Return the money of the cheapest mode of every phase, and what is paid anyway."""
    return constant_cost(problem) + sum(
        min((mode_cost(mode) for mode in phase.modes), default=0)
        for project in selected(problem)
        for phase in project.phases
    )
