"""Who serves what in a schedule that is given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Set

from ortools.sat.python import cp_model

from pmo_optimizer.backend import Clock, Decisions, Options, Share
from pmo_optimizer.model import SupplierKind
from pmo_solvers.cp_sat.engine import StopWatcher
from pmo_solvers.unary.crew import Ask, Crew
from pmo_solvers.unary.model import Counts

Assignment = dict[int, tuple[int, ...]]
"""Indices of the people who serve each ask that happens, by the ask's index."""

MOST_WORK = 10.0
"""Deterministic seconds that the search for an assignment may take."""


def staffed(crew: Crew, decisions: Decisions, clock: Clock, options: Options) -> Counts | None:
    """Return how many people of each group serve each ask of a schedule, or None.

    None where no assignment was found: there is none, or the time is over.
    """
    made = _Fixed(crew, decisions, None)
    solver, status = _solved(made, clock, options)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return None
    found = {place: solver.value(count) for place, count in made.counts.items()}
    return {place: count for place, count in found.items() if count}


def never_staffed(
    crew: Crew, decisions: Decisions, places: Set[tuple[int, int]], clock: Clock, options: Options
) -> bool:
    """Return whether it is proven that no people serve these phases of a schedule.

    CP-SAT has to say so with its presolve and without.
    """
    made = _Fixed(crew, decisions, places)
    return all(
        _solved(made, clock, options, presolve=presolve)[1] == cp_model.INFEASIBLE
        for presolve in (True, False)
    )


def _solved(
    made: _Fixed, clock: Clock, options: Options, *, presolve: bool = True
) -> tuple[cp_model.CpSolver, cp_model.CpSolverStatus]:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = options.seed
    solver.parameters.cp_model_presolve = presolve
    solver.parameters.max_deterministic_time = MOST_WORK
    solver.parameters.max_time_in_seconds = min(clock.left, 1e9)
    solver.parameters.catch_sigint_signal = False
    with StopWatcher(solver, clock):
        return solver, solver.solve(made.cp)


def known_people(crew: Crew, decisions: Decisions, shares: Iterable[Share]) -> Assignment:
    """Return who serves each ask that happens, by the shares of a plan to begin with."""
    numbers = {person.id: index for index, person in enumerate(crew.problem.people)}
    found: dict[tuple[int, int, str], set[int]] = defaultdict(set)
    for share in shares:
        if share.kind is SupplierKind.PERSON and share.supplier in numbers:
            found[share.project, share.phase, share.need].add(numbers[share.supplier])
    return {
        index: tuple(sorted(found[ask.project, ask.phase, ask.need]))
        for index, ask in enumerate(crew.asks)
        if happens(ask, decisions)
    }


def individuals(crew: Crew, decisions: Decisions, counts: Counts) -> Assignment | None:
    """Return single people for counts of groups, or None where a group does not suffice.

    Taken in order of their starts, intervals need no more people than overlap at any time.
    """
    free_from = {person: 0 for group in crew.groups for person in group.members}
    people: dict[int, list[int]] = defaultdict(list)
    happening = [index for index, ask in enumerate(crew.asks) if happens(ask, decisions)]
    for index in sorted(happening, key=lambda i: (start_of(crew.asks[i], decisions), i)):
        ask = crew.asks[index]
        start = start_of(ask, decisions)
        for g in crew.able[index]:
            members = [p for p in crew.groups[g].members if free_from[p] <= start]
            wanted = counts.get((index, g), 0)
            if len(members) < wanted:
                return None
            for person in members[:wanted]:
                free_from[person] = start + ask.duration
                people[index].append(person)
    return {index: tuple(sorted(people[index])) for index in happening}


def counted(crew: Crew, people: Assignment) -> Counts:
    """Return how many people of each group serve each ask of an assignment."""
    group_of = {person: g for g, group in enumerate(crew.groups) for person in group.members}
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for index, chosen in people.items():
        for person in chosen:
            counts[index, group_of[person]] += 1
    return dict(counts)


def happens(ask: Ask, decisions: Decisions) -> bool:
    """Return whether the mode of an ask is chosen."""
    return decisions.phases[ask.project][ask.phase].mode == ask.mode


def start_of(ask: Ask, decisions: Decisions) -> int:
    """Return the first period of an ask."""
    return decisions.phases[ask.project][ask.phase].start


class _Fixed:
    """Counts of people for every ask of a schedule, or of some phases of it."""

    def __init__(
        self, crew: Crew, decisions: Decisions, places: Set[tuple[int, int]] | None
    ) -> None:
        self.cp = cp_model.CpModel()
        self.crew = crew
        self.decisions = decisions
        self.counts: dict[tuple[int, int], cp_model.IntVar] = {}
        self._asks = [
            index
            for index, ask in enumerate(crew.asks)
            if happens(ask, decisions) and (places is None or ask.place in places)
        ]
        for index in self._asks:
            self._add_cover(index, crew.asks[index])
        for g in range(len(crew.groups)):
            self._add_group(g)
        self._add_named()

    def _add_cover(self, index: int, ask: Ask) -> None:
        """Sum of counts over the groups that are there = heads."""
        start = start_of(ask, self.decisions)
        for g in self.crew.able[index]:
            group = self.crew.groups[g]
            if min(group.available[start : start + ask.duration]) >= ask.share:
                most = min(ask.heads, group.size)
                self.counts[index, g] = self.cp.new_int_var(0, most, "")
        row = [self.counts[index, g] for g in self.crew.able[index] if (index, g) in self.counts]
        self.cp.add(cp_model.LinearExpr.sum(row) == ask.heads)

    def _add_group(self, g: int) -> None:
        """Sum of counts of what runs <= people of the group, in the first period of each ask."""
        own = [(i, self.crew.asks[i]) for i in self._asks if (i, g) in self.counts]
        spans = {i: (start_of(ask, self.decisions), ask.duration) for i, ask in own}
        for moment in sorted({start for start, _ in spans.values()}):
            row = [
                self.counts[i, g]
                for i, (start, duration) in spans.items()
                if start <= moment < start + duration
            ]
            self.cp.add(cp_model.LinearExpr.sum(row) <= self.crew.groups[g].size)

    def _add_named(self) -> None:
        """Sum of counts over the groups of an entry >= 1, where ``must`` or a pin names it."""
        by_place: dict[tuple[int, int], list[int]] = defaultdict(list)
        for index in self._asks:
            by_place[self.crew.asks[index].place].append(index)
            for entry in self.crew.asks[index].must:
                self._somebody(entry, [index])
        for place, entries in self.crew.pinned.items():
            for entry in entries if place in by_place else ():
                self._somebody(entry, by_place[place])

    def _somebody(self, entry: str, asks: list[int]) -> None:
        row = [
            self.counts[index, g]
            for index in asks
            for g in self.crew.of_entry(entry)
            if (index, g) in self.counts
        ]
        self.cp.add(cp_model.LinearExpr.sum(row) >= 1)
