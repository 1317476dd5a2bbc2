"""Simple lower bounds: heads and tails, paths, and work in windows of resources."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import accumulate

from pmo_optimizer.model import TermName
from pmo_optimizer.problem import Problem
from pmo_solvers.cp_sat.interval.constants import constant_cost, mode_cost, selected
from pmo_solvers.cp_sat.interval.network import (
    Event,
    energy_bound,
    heads,
    path_bound,
    tails,
)
from pmo_solvers.cp_sat.interval.resources import Resource
from pmo_solvers.schedules.score import Score


def first_bound(problem: Problem, resources: list[Resource], score: Score) -> int | None:
    """Return a proven bound of the first stage's whole sum, by paths and energy.

    None where a figure counts negatively.
    """
    form = score.forms[0]
    if any(coef < 0 for coef in form.coefs.values()):
        return None
    figures = {
        TermName.MAKESPAN: _length(problem, resources),
        TermName.DELAY: _delay(problem, resources),
        TermName.COST: _cost(problem),
    }
    return form.whole(figures)


def _length(problem: Problem, resources: list[Resource]) -> int:
    after = tails(problem)
    energy = (
        energy_bound(resource.capacity, resource.loads(problem, after)) for resource in resources
    )
    return max([path_bound(problem, after), *energy])


def _delay(problem: Problem, resources: list[Resource]) -> int:
    """Return the greatest of the bounds that paths and every resource give.

    The k-th project to finish does so no sooner than the k-th least path, and no sooner than
    the k-th completion of the projects' work on a resource; then it is matched with the k-th
    due date, which no other pairing beats.
    """
    before = heads(problem)
    ends: list[int] = []
    due: list[int] = []
    for project in selected(problem):
        if project.due is not None:
            phases = range(len(project.phases))
            own = [before[Event(project.index, number, True)] for number in phases]
            ends.append(max(own, default=project.first_start))
            due.append(project.due)
    alone = sum(max(0, end - day) for end, day in zip(ends, due, strict=True))
    ends.sort()
    due.sort()
    least = [alone]
    for resource in resources:
        busy = completions(resource.capacity, _shares(problem, resource, before))
        latest = [
            max(pair) for pair in zip(ends, [0] * (len(ends) - len(busy)) + busy, strict=True)
        ]
        least.append(sum(max(0, end - day) for end, day in zip(latest, due, strict=True)))
    return max(least)


def _shares(
    problem: Problem, resource: Resource, before: dict[Event, int]
) -> list[tuple[int, int]]:
    """Return (first period, least work) on a resource of every project that has a due date."""
    work: dict[int, int] = defaultdict(int)
    first: dict[int, int] = {}
    for (index, number), energy in resource.energy.items():
        if problem.projects[index].due is not None and min(energy):
            head = before[Event(index, number, False)]
            work[index] += min(energy)
            first[index] = min(first.get(index, head), head)
    return [(first[index], amount) for index, amount in work.items()]


def completions(capacity: Sequence[int], works: Sequence[tuple[int, int]]) -> list[int]:
    """Return the least k-th completion, for every k, of works on one resource.

    Parameters
    ----------
    capacity
        Units per period; beyond the last one a work ends after it.
    works
        (first period, units x periods).

    Returns
    -------
    list[int]
        Exclusive ends in increasing order. Work that may be interrupted, shortest remaining
        work first, has completed at any time as many as any order can (Schrage 1968).
    """
    supplied = [0, *accumulate(capacity)]
    coming = sorted(works, reverse=True)
    open_: list[int] = []
    ends: list[int] = []
    done = 0
    while coming or open_:
        if not open_:
            done = max(done, supplied[min(coming[-1][0], len(capacity))])
        while coming and supplied[min(coming[-1][0], len(capacity))] <= done:
            heappush(open_, coming.pop()[1])
        left = heappop(open_)
        until = supplied[min(coming[-1][0], len(capacity))] if coming else done + left
        if done + left <= until:
            done += left
            ends.append(bisect_left(supplied, done))
        else:
            heappush(open_, left - (until - done))
            done = until
    return ends


def _cost(problem: Problem) -> int:
    """Return the money of the cheapest mode of every phase, and what is paid anyway."""
    return constant_cost(problem) + sum(
        min((mode_cost(mode) for mode in phase.modes), default=0)
        for project in selected(problem)
        for phase in project.phases
    )
