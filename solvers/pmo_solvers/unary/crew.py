"""Who can serve which need, and which people are alike, where nobody does two things at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pmo_optimizer.model import SupplierKind
from pmo_optimizer.problem import Demand, PersonData, PhaseData, Problem
from pmo_solvers.cp_sat.interval.constants import selected


@dataclass(frozen=True, slots=True)
class Ask:
    """A need that people serve, by the head.

    Attributes
    ----------
    project, phase, mode
        Indices.
    need
        Id of the need.
    heads
        Number of different people.
    share
        FTE units of each.
    duration
        Periods, at least 1.
    must
        Person entries of which somebody must be among them.
    """

    project: int
    phase: int
    mode: int
    need: str
    heads: int
    share: int
    duration: int
    must: tuple[str, ...]

    @property
    def place(self) -> tuple[int, int]:
        """Project and phase."""
        return self.project, self.phase


@dataclass(frozen=True, slots=True)
class Group:
    """People who are alike for every need: same asks, same availability.

    Attributes
    ----------
    members
        Indices in `Problem.people`, in increasing order.
    entry
        The person entry of all members, where some rule names it; else empty.
    available
        FTE units of each member per period.
    """

    members: tuple[int, ...]
    entry: str
    available: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of members."""
        return len(self.members)

    def starts(self, phase: PhaseData, duration: int, share: int) -> list[int]:
        """Return the starts of a phase's window in which every period offers the share."""
        missing = [0]
        for units in self.available:
            missing.append(missing[-1] + (units < share))
        last = min(phase.last_start, phase.last_end - duration)
        return [
            start
            for start in range(phase.first_start, last + 1)
            if missing[start] == missing[start + duration]
        ]


class Crew:
    """People and what is asked of them.

    Attributes
    ----------
    asks
        All needs of selected projects that people serve, by phase and mode.
    groups
        People who are alike.
    able
        For each ask the groups that can serve it, by index.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.asks: list[Ask] = []
        rows: list[frozenset[int]] = []
        for ask, people in _asks(problem):
            self.asks.append(ask)
            rows.append(people)
        self.groups = _groups(problem, rows)
        self.able = [
            tuple(g for g, group in enumerate(self.groups) if group.members[0] in people)
            for people in rows
        ]

    @cached_property
    def pinned(self) -> dict[tuple[int, int], tuple[str, ...]]:
        """Person entries to which phases are pinned."""
        return {
            (project.index, number): phase.people
            for project in selected(self.problem)
            for number, phase in enumerate(project.phases)
            if phase.people
        }

    def of_entry(self, entry: str) -> list[int]:
        """Return the groups of a person entry that some rule names."""
        return [g for g, group in enumerate(self.groups) if group.entry == entry]


def by_people(problem: Problem, demand: Demand) -> bool:
    """Return whether a need is one of people: no pool can serve it."""
    suppliers = problem.buckets[demand.bucket].suppliers
    return not any(problem.suppliers[s].kind is SupplierKind.POOL for s, _ in suppliers)


def demands(problem: Problem) -> Iterator[tuple[tuple[int, int, int], int, Demand]]:
    """Yield (project, phase, mode), duration and need of everything that is asked for."""
    for project in selected(problem):
        for number, phase in enumerate(project.phases):
            for index, mode in enumerate(phase.modes):
                for demand in mode.demands:
                    yield (project.index, number, index), mode.duration, demand


def _asks(problem: Problem) -> Iterator[tuple[Ask, frozenset[int]]]:
    """Yield every need that people serve, with those who can."""
    for (project, phase, mode), duration, demand in demands(problem):
        if by_people(problem, demand):
            names = demand.names
            own = names.heads, names.share, duration, names.must
            ask = Ask(project, phase, mode, demand.need, *own)
            pinned = problem.projects[project].phases[phase].people
            yield (
                ask,
                frozenset(
                    index
                    for index, person in enumerate(problem.people)
                    if can_serve(problem, person, demand, pinned)
                ),
            )


def can_serve(
    problem: Problem, person: PersonData, demand: Demand, pinned: tuple[str, ...]
) -> bool:
    """Return whether skill, proficiency, exclusions and pins let a person serve a need."""
    classes = {supplier for supplier, _ in problem.buckets[demand.bucket].suppliers}
    barred = person.entry in demand.names.must_not or person.max_projects == 0
    return person.supplier in classes and not barred and (not pinned or person.entry in pinned)


def _groups(problem: Problem, rows: list[frozenset[int]]) -> tuple[Group, ...]:
    named = {entry for _, _, demand in demands(problem) for entry in demand.names.must}
    for project in selected(problem):
        named |= {entry for phase in project.phases for entry in phase.people}
    served: dict[int, list[int]] = defaultdict(list)
    for number, people in enumerate(rows):
        for index in people:
            served[index].append(number)
    alike: dict[object, list[int]] = defaultdict(list)
    for index, numbers in served.items():
        person = problem.people[index]
        entry = person.entry if person.entry in named else ""
        alike[tuple(numbers), entry, person.available].append(index)
    groups = []
    for members in sorted(sorted(members) for members in alike.values()):
        first = problem.people[members[0]]
        entry = first.entry if first.entry in named else ""
        groups.append(Group(tuple(members), entry, first.available))
    return tuple(groups)
