"""Which phases can run at once, and what follows for the time that all of them take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from ortools.linear_solver.pywraplp import Solver

from pmo_solvers.cp_sat.interval.network import Event, heads, tails
from pmo_solvers.cp_sat.interval.resources import Piece, Resource
from pmo_solvers.unary.crew import Ask, Crew
from pmo_solvers.unary.disjunct import MOST_PHASES, Place, augmented, modes_of, ordered
from pmo_solvers.unary.unions import NO_BUCKET

MOST_SETS = 10_000
"""With more sets of phases that can run at once none are used."""

MOST_WINDOWS = 12
"""Of how many windows of time the phases are weighed."""

FINEST = 60
"""Greatest number of parts into which a weight of 1 is split."""

EXACT = 1e-6
"""By how much a weight of the linear program may miss a whole number of parts."""

Members = tuple[int, ...]
"""Numbers of phases, in increasing order."""


@dataclass(frozen=True, slots=True)
class Parallel:
    """Phases of one mode that need people, and which of them can run at once.

    Attributes
    ----------
    places, lengths
        The phases and their durations.
    possible
        All sets of two or more phases, and each phase alone, that people can serve at once.
    forbidden
        Sets that cannot run at once although any part of them can.
    ordered
        Pairs, in increasing order, of which one waits for the other by links.
    """

    places: tuple[Place, ...]
    lengths: tuple[int, ...]
    possible: tuple[Members, ...]
    forbidden: tuple[Members, ...]
    ordered: frozenset[Members]

    def greatest(self) -> list[Members]:
        """Return the possible sets to which no phase can be added."""
        inside: set[Members] = set()
        for members in self.possible:
            inside.update(combinations(members, len(members) - 1))
        return [members for members in self.possible if members not in inside]


def parallel_phases(crew: Crew) -> Parallel | None:
    """Return which phases can run at once.

    None where there are too many sets of them, or nobody can serve some phase even alone.
    """
    plain = {place: own[0] for place, own in modes_of(crew).items() if set(own) == {0}}
    if not 1 < len(plain) <= MOST_PHASES:
        return None
    places = tuple(plain)
    number = {place: index for index, place in enumerate(places)}
    apart = frozenset(
        (min(number[a], number[b]), max(number[a], number[b])) for a, b in ordered(crew, plain)
    )
    search = _Search(crew, list(plain.values()), apart)
    if not search.complete():
        return None
    lengths = tuple(asks[0][1].duration for asks in plain.values())
    forbidden = tuple(search.forbidden())
    if any(len(members) == 1 for members in forbidden):
        return None
    return Parallel(places, lengths, tuple(search.possible), forbidden, apart)


class _Search:
    """The sets of phases that people can serve at once, each from those without its last."""

    def __init__(
        self, crew: Crew, asks: list[Sequence[tuple[int, Ask]]], apart: frozenset[Members]
    ) -> None:
        self.crew = crew
        self.asks = asks
        self.apart = apart
        self.possible: list[Members] = []
        self._failed: list[Members] = []

    def complete(self) -> bool:
        """Look for all sets; return whether there are no more than `MOST_SETS`."""
        nobody: list[dict[int, int]] = [{} for _ in self.crew.groups]
        return self._extend((), [], nobody)

    def forbidden(self) -> Iterator[Members]:
        """Yield the sets that failed although all parts are possible."""
        known = {(), *self.possible}
        for members in self._failed:
            if all(part in known for part in combinations(members, len(members) - 1)):
                yield members

    def _extend(
        self, members: Members, rows: list[tuple[int, Ask]], taken: list[dict[int, int]]
    ) -> bool:
        for phase in range(members[-1] + 1 if members else 0, len(self.asks)):
            if any((other, phase) in self.apart for other in members):
                continue
            wider = (*members, phase)
            more = [*rows, *self.asks[phase]]
            served = self._served(more, len(rows), taken)
            if served is None:
                self._failed.append(wider)
                continue
            self.possible.append(wider)
            if len(self.possible) > MOST_SETS or not self._extend(wider, more, served):
                return False
        return True

    def _served(
        self, rows: list[tuple[int, Ask]], first: int, taken: list[dict[int, int]]
    ) -> list[dict[int, int]] | None:
        """Return who serves the rows when those from ``first`` on are added, None if nobody."""
        own: dict[int, dict[int, int]] = {g: defaultdict(int, row) for g, row in enumerate(taken)}
        for row in range(first, len(rows)):
            for _ in range(rows[row][1].heads):
                if not augmented(self.crew, rows, own, row, set()):
                    return None
        return [own[g] for g in range(len(taken))]


def weighted_resources(crew: Crew, parallel: Parallel) -> list[Resource]:
    """Return weights of phases such that what runs at once never weighs more than a capacity.

    At any time, sum of w over what runs <= W, the most that a possible set weighs. The weights
    are greatest for the work of a window of time: those of

        maximise sum of d w over the phases of the window
        where sum of w over every possible set <= 1, w >= 0

    in whole parts, so that W is exact. By duality the work of the window, at W, takes as long
    as the best mixture of possible sets would need for it.
    """
    program = _Program(parallel)
    found: dict[Members, Resource] = {}
    for window in _windows(crew, parallel, program):
        parts = program.parts(window)
        if any(parts) and parts not in found:
            found[parts] = _resource(crew, parallel, parts, program.most(parts))
    return list(found.values())


class _Program:
    """The linear program of the weights."""

    def __init__(self, parallel: Parallel) -> None:
        self.lengths = parallel.lengths
        self.sets = parallel.greatest()
        self.solver = Solver.CreateSolver("GLOP")
        self.weights = [self.solver.NumVar(0, 1, "") for _ in self.lengths]
        for members in self.sets:
            self.solver.Add(self.solver.Sum([self.weights[i] for i in members]) <= 1)

    def parts(self, phases: Sequence[int]) -> Members:
        """Return the best weights for the work of some phases in whole parts."""
        work = [self.lengths[i] * self.weights[i] for i in phases]
        self.solver.Maximize(self.solver.Sum(work))
        if self.solver.Solve() != Solver.OPTIMAL:
            return ()
        values = [weight.solution_value() for weight in self.weights]
        for scale in range(1, FINEST):
            parts = tuple(round(scale * value) for value in values)
            if all(abs(scale * v - p) <= EXACT for v, p in zip(values, parts, strict=True)):
                return parts
        return tuple(max(0, int(FINEST * value + EXACT)) for value in values)

    def most(self, parts: Members) -> int:
        """Return the most that a possible set weighs."""
        return max(sum(parts[i] for i in members) for members in self.sets)


def _windows(crew: Crew, parallel: Parallel, program: _Program) -> list[list[int]]:
    """Return all phases, and those of windows in which the work is longest.

    A window holds the phases with at least a head and at least a tail. Its length is judged by
    the weights of all phases: head + sum of d w / W + tail.
    """
    everything = list(range(len(parallel.places)))
    parts = program.parts(everything)
    if not any(parts):
        return []
    before, after = heads(crew.problem), tails(crew.problem)
    head = [before[Event(*place, False)] for place in parallel.places]
    tail = [after[Event(*place, True)] for place in parallel.places]
    most = program.most(parts)
    judged: dict[Members, float] = {}
    for h in sorted(set(head)):
        for q in sorted(set(tail)):
            inside = tuple(i for i in everything if head[i] >= h and tail[i] >= q)
            work = sum(parallel.lengths[i] * parts[i] for i in inside)
            if len(inside) > 1:
                judged[inside] = max(judged.get(inside, 0), h + work / most + q)
    best = sorted(judged, key=lambda inside: (-judged[inside], inside))[:MOST_WINDOWS]
    return [everything, *(list(inside) for inside in best)]


def _resource(crew: Crew, parallel: Parallel, parts: Members, most: int) -> Resource:
    """Return weights and their capacity as a resource."""
    rows = [row for row in zip(parallel.places, parallel.lengths, parts, strict=True) if row[2]]
    return Resource(
        NO_BUCKET,
        (most,) * crew.problem.periods,
        tuple(Piece(*place, 0, 0, length, part) for place, length, part in rows),
        {place: (length * part,) for place, length, part in rows},
    )
