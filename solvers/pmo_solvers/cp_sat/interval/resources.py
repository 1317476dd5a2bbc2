"""Renewable capacity: how phases use it, and which of it can ever bind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from math import gcd

from pmo_optimizer.problem import ModeData, PhaseData, Problem
from pmo_solvers.cp_sat.interval.constants import selected
from pmo_solvers.cp_sat.interval.network import Event, Load


@dataclass(frozen=True, slots=True)
class Piece:
    """A constant rate over some periods of a phase in a mode.

    Attributes
    ----------
    offset, length
        Periods from the start of the phase, and how many.
    rate
        Units of the resource in each of them.
    """

    project: int
    phase: int
    mode: int
    offset: int
    length: int
    rate: int


@dataclass(frozen=True, slots=True)
class Resource:
    """A bucket that can bind, in units of the greatest common divisor of its rates.

    Attributes
    ----------
    capacity
        Units per period; never more than can be asked for at once.
    energy
        For each phase that uses it: units x periods in each of its modes.
    """

    bucket: int
    capacity: tuple[int, ...]
    pieces: tuple[Piece, ...]
    energy: dict[tuple[int, int], tuple[int, ...]]

    @property
    def most(self) -> int:
        """The greatest capacity of all periods."""
        return max(self.capacity, default=0)

    @property
    def unary(self) -> bool:
        """Whether no two pieces can ever be done at once."""
        return 2 * min(piece.rate for piece in self.pieces) > self.most

    def gaps(self) -> Iterator[tuple[int, int, int]]:
        """Yield (first period, periods, missing units) where there is less than the most."""
        start = 0
        for units, run in groupby(self.capacity):
            length = len(list(run))
            if units < self.most:
                yield start, length, self.most - units
            start += length

    def loads(self, problem: Problem, after: dict[Event, int]) -> list[Load]:
        """Return the least work of every phase that must use it."""
        return [
            Load(
                problem.projects[project].phases[phase].first_start,
                after[Event(project, phase, True)],
                min(energy),
            )
            for (project, phase), energy in self.energy.items()
        ]


def rates(mode: ModeData, bucket: int) -> list[int]:
    """Return what a mode asks of a bucket in each of its periods."""
    own = [demand.rates for demand in mode.demands if demand.bucket == bucket]
    return [sum(column) for column in zip(*own, strict=True)] or [0] * mode.duration


def binding_resources(problem: Problem) -> list[Resource]:
    """Return the buckets in which some period can be asked for more than it has."""
    users: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for project in selected(problem):
        for number, phase in enumerate(project.phases):
            for bucket in {demand.bucket for mode in phase.modes for demand in mode.demands}:
                users[bucket].append((project.index, number))
    found = (_resource(problem, bucket, users[bucket]) for bucket in sorted(users))
    return [resource for resource in found if resource is not None]


def _resource(problem: Problem, bucket: int, users: list[tuple[int, int]]) -> Resource | None:
    pieces: list[Piece] = []
    energy: dict[tuple[int, int], tuple[int, ...]] = {}
    for project, number in users:
        phase = problem.projects[project].phases[number]
        asked = [rates(mode, bucket) for mode in phase.modes]
        energy[project, number] = tuple(sum(rate) for rate in asked)
        for mode, rate in enumerate(asked):
            pieces += _pieces(project, number, mode, rate)
    unit = gcd(*(piece.rate for piece in pieces))
    available = [units // unit for units in _available(problem, bucket)]
    peak = [units // unit for units in _peak(problem, pieces)]
    if all(asked <= units for asked, units in zip(peak, available, strict=True)):
        return None
    most = max(peak)
    return Resource(
        bucket,
        tuple(min(units, most) for units in available),
        tuple(_divided(piece, unit) for piece in pieces),
        {user: tuple(units // unit for units in used) for user, used in energy.items()},
    )


def _divided(piece: Piece, unit: int) -> Piece:
    place = (piece.project, piece.phase, piece.mode, piece.offset, piece.length)
    return Piece(*place, piece.rate // unit)


def _pieces(project: int, phase: int, mode: int, rate: Sequence[int]) -> Iterator[Piece]:
    """Yield the runs of one rate above 0."""
    offset = 0
    for units, run in groupby(rate):
        length = len(list(run))
        if units:
            yield Piece(project, phase, mode, offset, length, units)
        offset += length


def _available(problem: Problem, bucket: int) -> list[int]:
    suppliers = [problem.suppliers[s].available for s, _ in problem.buckets[bucket].suppliers]
    return [sum(column) for column in zip(*suppliers, strict=True)] or [0] * problem.periods


def _peak(problem: Problem, pieces: Sequence[Piece]) -> list[int]:
    """Return the most that can be asked for in each period, by windows alone."""
    most: dict[tuple[int, int], int] = defaultdict(int)
    for piece in pieces:
        user = piece.project, piece.phase
        most[user] = max(most[user], piece.rate)
    steps = [0] * (problem.periods + 1)
    for (project, number), rate in most.items():
        first, last = _reach(problem.projects[project].phases[number], problem.periods)
        steps[first] += rate
        steps[last] -= rate
    return list(accumulate(steps))[:-1]


def _reach(phase: PhaseData, periods: int) -> tuple[int, int]:
    """Return the first period of a phase's window and its exclusive end, within the grid."""
    first = min(max(phase.first_start, 0), periods)
    return first, min(max(phase.last_end, first), periods)
