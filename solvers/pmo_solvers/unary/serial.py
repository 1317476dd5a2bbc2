"""First plans: phase after phase, each as early as people for it are free together."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence

from pmo_optimizer.backend import Decisions, PhaseDecision
from pmo_solvers.cp_sat.interval.constants import selected
from pmo_solvers.cp_sat.interval.network import Event, heads, links, tails
from pmo_solvers.unary.assign import Assignment
from pmo_solvers.unary.crew import Crew

Place = tuple[int, int]
"""Project and phase."""

ORDERS = 40
"""Orders that are tried: longest tail first, and around it at random."""

MOST_ORDERS = 400
"""Orders that are tried where those before led to no plan within the windows."""

NOISE = 0.4
"""Part by which random orders change a tail."""


class Serial:
    """Serial schedules of phases in their first modes that can be had.

    Minimum lags between phases decide what waits for what. Whatever else there is (maximum
    lags, pools, musts) is for the check of the whole plan to find broken.
    """

    def __init__(self, crew: Crew, seed: int) -> None:
        self.crew = crew
        self.problem = crew.problem
        self._random = random.Random(seed)  # noqa: S311 - no secret is made of it
        self._tail = tails(crew.problem)
        self._head = heads(crew.problem)
        self._mode: dict[Place, int] = {}
        for project in selected(crew.problem):
            for number, phase in enumerate(project.phases):
                modes = [m for m, mode in enumerate(phase.modes) if len(phase.starts(mode))]
                self._mode[project.index, number] = modes[0]
        self._before: dict[Place, list[tuple[Event, bool, int]]] = defaultdict(list)
        for source, target, least, _ in links(crew.problem):
            if least is not None and source.phase >= 0 and target.phase >= 0:
                self._before[target[:2]].append((source, target.finish, least))
        self._asks: dict[Place, list[int]] = defaultdict(list)
        for index, ask in enumerate(crew.asks):
            if self._mode[ask.place] == ask.mode:
                self._asks[ask.place].append(index)
        # Who can do least goes first, so that those who can do more stay free for it.
        load = [sum(g in able for able in crew.able) for g in range(len(crew.groups))]
        self._groups = sorted(range(len(crew.groups)), key=lambda g: (load[g], g))

    def plans(self) -> Iterator[tuple[Decisions, Assignment] | None]:
        """Yield the schedule of every order, with its people; None where it reaches no end."""
        for number in range(MOST_ORDERS):
            noise = NOISE if number else 0.0
            yield _Schedule(self).filled(self._order(noise))

    def _order(self, noise: float) -> list[Place]:
        """Return the phases, each after those that it waits for, longest tail first."""
        worth = {
            place: self._tail.get(Event(*place, False), 0)
            * (1 + noise * self._random.uniform(-1, 1))
            for place in self._mode
        }
        rest = set(self._mode)
        order: list[Place] = []
        while rest:
            ready = [p for p in rest if not any(s[:2] in rest for s, _, _ in self._before[p])]
            # On a cycle of lags there is no order; the check of the plan says whether it holds.
            chosen = max(ready or rest, key=lambda p: (worth[p], -self._first(p), p))
            order.append(chosen)
            rest.remove(chosen)
        return order

    def _first(self, place: Place) -> int:
        return self._head.get(Event(*place, False), 0)

    def duration(self, place: Place) -> int:
        """Return the periods of a phase."""
        return self.problem.projects[place[0]].phases[place[1]].modes[self._mode[place]].duration

    def earliest(self, place: Place, starts: dict[Place, int]) -> int:
        """Return the first start that the window and phases that are placed allow."""
        first = self.problem.projects[place[0]].phases[place[1]].first_start
        for source, to_finish, lag in self._before[place]:
            if source[:2] in starts:
                time = starts[source[:2]] + (self.duration(source[:2]) if source.finish else 0)
                first = max(first, time + lag - (self.duration(place) if to_finish else 0))
        return first

    def asks(self, place: Place) -> list[int]:
        """Return the indices of what a phase asks of people."""
        return self._asks[place]

    @property
    def groups(self) -> Sequence[int]:
        """Groups, those who can do least first."""
        return self._groups

    def decisions(self, starts: dict[Place, int]) -> Decisions:
        """Return decisions for the start of every phase."""
        projects = self.problem.projects
        return Decisions(
            tuple(project.fixed == 1 for project in projects),
            tuple(
                tuple(
                    PhaseDecision(self._mode[project.index, f], starts[project.index, f])
                    for f in range(len(project.phases))
                )
                if project.fixed == 1
                else ()
                for project in projects
            ),
        )


class _Schedule:
    """One schedule in the making."""

    def __init__(self, serial: Serial) -> None:
        self.serial = serial
        self.crew = serial.crew
        self.starts: dict[Place, int] = {}
        self.people: dict[int, tuple[int, ...]] = {}
        self._busy: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def filled(self, order: Sequence[Place]) -> tuple[Decisions, Assignment] | None:
        """Place all phases in order; None where one finds no place within its window."""
        if not all(self._place(place) for place in order):
            return None
        return self.serial.decisions(self.starts), self.people

    def _place(self, place: Place) -> bool:
        """Give a phase its first start with people; return whether there is one.

        People get free where others end or where an absence ends, so that the starts in between
        need not be looked at, but absences are few and starts cheap: all of them are.
        """
        phase = self.crew.problem.projects[place[0]].phases[place[1]]
        duration = self.serial.duration(place)
        last = min(phase.last_start, phase.last_end - duration)
        for start in range(self.serial.earliest(place, self.starts), last + 1):
            chosen = self._matched(self.serial.asks(place), start, start + duration)
            if chosen is not None:
                self.starts[place] = start
                for index, people in chosen.items():
                    self.people[index] = tuple(sorted(people))
                    for person in people:
                        self._busy[person].append((start, start + duration))
                return True
        return False

    def _matched(self, asks: list[int], start: int, end: int) -> dict[int, list[int]] | None:
        """Return free people for each ask, or None where they do not suffice."""
        free = [
            (g, person)
            for g in self.serial.groups
            for person in self.crew.groups[g].members
            if all(end <= a or b <= start for a, b in self._busy[person])
        ]
        able = {index: self._able(index, free, start, end) for index in asks}
        places = [index for index in asks for _ in range(self.crew.asks[index].heads)]
        taken: dict[int, int] = {}
        for number in range(len(places)):
            if not _augmented(places, able, number, taken, set()):
                return None
        chosen: dict[int, list[int]] = {index: [] for index in asks}
        for person, number in taken.items():
            chosen[places[number]].append(person)
        return chosen

    def _able(self, index: int, free: list[tuple[int, int]], start: int, end: int) -> list[int]:
        """Return the free people who can serve an ask and are there in all its periods."""
        ask, groups = self.crew.asks[index], self.crew.able[index]
        there = {g for g in groups if min(self.crew.groups[g].available[start:end]) >= ask.share}
        return [person for g, person in free if g in there]


def _augmented(
    places: list[int],
    able: dict[int, list[int]],
    number: int,
    taken: dict[int, int],
    tried: set[int],
) -> bool:
    """Give a place a person, moving others to further places where that is needed."""
    for person in able[places[number]]:
        if person not in tried:
            tried.add(person)
            if person not in taken or _augmented(places, able, taken[person], taken, tried):
                taken[person] = number
                return True
    return False
