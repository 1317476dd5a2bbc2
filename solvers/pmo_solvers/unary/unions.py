"""Capacity of sets of people: what nobody else can do, they must do (Hall's condition)."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

from pmo_optimizer.model import SupplierKind
from pmo_optimizer.problem import Problem
from pmo_solvers.cp_sat.interval.resources import Piece, Resource, binding_resources
from pmo_solvers.unary.crew import Ask, Crew

MOST_UNITED = 3
"""Most kinds of asks whose people are united."""

MOST_KINDS = 24
"""With more kinds of asks only pairs are united: their number grows with the third power."""

NO_BUCKET = -1
"""Bucket of a resource that is made of several."""


def joint_resources(crew: Crew) -> list[Resource]:
    """Return the capacity of sets of people that can bind, in heads.

    For a set U of groups, in every period: sum of heads of the asks that only U can serve, over
    what runs <= number of people in U who are there. The sets are unions of the people who can
    serve up to `MOST_UNITED` kinds of asks, and everybody.
    """
    masks = [sum(1 << g for g in groups) for groups in crew.able]
    kinds = sorted({mask for mask in masks if mask})
    everybody = (1 << len(crew.groups)) - 1
    united = {everybody}
    for size in range(1, (MOST_UNITED if len(kinds) <= MOST_KINDS else 2) + 1):
        for chosen in combinations(kinds, size):
            union = 0
            for mask in chosen:
                union |= mask
            united.add(union)
    found = [_resource(crew, masks, union) for union in sorted(united)]
    return _without_weaker([resource for resource in found if resource is not None])


def pool_resources(problem: Problem) -> list[Resource]:
    """Return the capacity of needs that pools serve."""
    return [
        resource
        for resource in binding_resources(problem)
        if any(
            problem.suppliers[s].kind is SupplierKind.POOL
            for s, _ in problem.buckets[resource.bucket].suppliers
        )
    ]


def _resource(crew: Crew, masks: list[int], union: int) -> Resource | None:
    """Return the capacity of a set of groups, None where it never binds."""
    inside = [ask for ask, mask in zip(crew.asks, masks, strict=True) if not mask & ~union]
    if not inside:
        return None
    rates: dict[tuple[int, int, int], int] = defaultdict(int)
    length: dict[tuple[int, int, int], int] = {}
    for ask in inside:
        rates[ask.project, ask.phase, ask.mode] += ask.heads
        length[ask.project, ask.phase, ask.mode] = ask.duration
    least = min(ask.share for ask in inside)
    capacity = _capacity(crew, union, least)
    if _peak(inside, rates) <= min(capacity, default=0):
        return None
    return Resource(
        NO_BUCKET,
        capacity,
        tuple(Piece(*place, 0, length[place], rate) for place, rate in sorted(rates.items())),
        _energy(crew, rates, length),
    )


def _capacity(crew: Crew, union: int, share: int) -> tuple[int, ...]:
    """Return how many people of the set offer the share in each period."""
    heads = [0] * crew.problem.periods
    for index, group in enumerate(crew.groups):
        if union >> index & 1:
            for t, units in enumerate(group.available):
                heads[t] += group.size * (units >= share)
    return tuple(heads)


def _peak(inside: list[Ask], rates: dict[tuple[int, int, int], int]) -> int:
    """Return the heads that are asked for if every phase runs at once."""
    most: dict[tuple[int, int], int] = defaultdict(int)
    for ask in inside:
        most[ask.place] = max(most[ask.place], rates[ask.project, ask.phase, ask.mode])
    return sum(most.values())


def _energy(
    crew: Crew, rates: dict[tuple[int, int, int], int], length: dict[tuple[int, int, int], int]
) -> dict[tuple[int, int], tuple[int, ...]]:
    """Return heads x periods of every mode of the phases that use a set of people."""
    energy = {}
    for project, phase in sorted({place[:2] for place in rates}):
        modes = range(len(crew.problem.projects[project].phases[phase].modes))
        places = [(project, phase, mode) for mode in modes]
        energy[project, phase] = tuple(rates.get(p, 0) * length.get(p, 0) for p in places)
    return energy


def _without_weaker(resources: list[Resource]) -> list[Resource]:
    """Return the resources without those that ask no more of as much, or of more, people."""
    kept: dict[tuple[Piece, ...], Resource] = {}
    for resource in resources:
        other = kept.get(resource.pieces)
        if other is None or sum(resource.capacity) < sum(other.capacity):
            kept[resource.pieces] = resource
    return list(kept.values())
