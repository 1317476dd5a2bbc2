"""What named staffing looks at: needs with their dates, and who could serve them.

Shares are whole units of 1 / `STEP` FTE; what is delivered is in units of 1 / (`STEP` x 100) FTE,
share times proficiency in hundredths. Times are 0-based periods of the grid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import gcd

import numpy as np
from numpy.typing import NDArray

from pmo_optimizer.backend import Decisions, PhaseDecision
from pmo_optimizer.model import SupplierKind
from pmo_optimizer.problem import Demand, PersonData, Problem
from pmo_solvers.completion import heads_at_work
from pmo_solvers.named.limits import SHARE_UNITS, Limits, is_limited, limits_of

STEP = SHARE_UNITS
"""Units of an FTE; shares are multiples of one (formulation, section 13)."""

FULL = 100
"""Proficiencies are hundredths."""

MISS = FULL
"""Delivered units, 0.0001 FTE, by which a need may be missed (formulation, section 4)."""

Units = NDArray[np.int64]
"""Shape (individuals, periods)."""

Server = tuple[str, int]
"""("p", individual), ("s", supplier index of a pool), ("h", hire) or ("o", bucket)."""

Given = dict[tuple[Server, int], dict[int, int]]
"""Share units by server and task, and by period; positive ones only."""


@dataclass(frozen=True, eq=False)
class Crowd:
    """Individuals who may serve a kind of need, sorted, and their proficiencies in hundredths."""

    people: tuple[int, ...]
    levels: tuple[int, ...]

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """The individuals as an array."""
        return np.array(self.people, dtype=np.int64)

    @cached_property
    def percents(self) -> NDArray[np.int64]:
        """The proficiencies as an array."""
        return np.array(self.levels, dtype=np.int64)

    @cached_property
    def level_of(self) -> dict[int, int]:
        """Proficiency by individual."""
        return dict(zip(self.people, self.levels, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A need of a placed phase.

    Attributes
    ----------
    index
        Position in `Work.tasks`.
    rates
        Delivered units asked for in each period of the phase; the heads' number times their
        share; for effort what is asked for at least.
    total
        Delivered units of effort in all; 0 where the need has rates.
    most
        Delivered units of effort in a period at most; None: any number.
    crowd
        Who may serve it; heads at proficiency 100.
    anonymous
        Pools, hires and extra supply that may serve it.
    musts
        For every entry that must work on it, the individuals of the entry.
    pinned
        For every entry to which the phase is pinned, the individuals of the entry.
    """

    index: int
    project: int
    phase: int
    demand: Demand
    start: int
    rates: tuple[int, ...]
    total: int
    most: int | None
    crowd: Crowd
    anonymous: tuple[Server, ...]
    musts: tuple[tuple[int, ...], ...] = ()
    pinned: tuple[tuple[int, ...], ...] = ()

    @property
    def people(self) -> tuple[int, ...]:
        """Individuals who may serve it."""
        return self.crowd.people

    @property
    def levels(self) -> tuple[int, ...]:
        """Their proficiencies in hundredths."""
        return self.crowd.levels

    @property
    def end(self) -> int:
        """Exclusive end."""
        return self.start + len(self.rates)

    @property
    def periods(self) -> tuple[int, ...]:
        """Periods in which the need asks for work, or somebody may work who must."""
        names = self.demand.names
        everywhere = self.demand.effort is not None
        if (self.musts or self.pinned) and not names.continuous:
            everywhere = True
        return tuple(t for t, rate in enumerate(self.rates, self.start) if rate or everywhere)

    @property
    def heads(self) -> int:
        """Number of different people; 0 where the need is given in FTE."""
        return self.demand.names.heads

    @property
    def asked(self) -> int:
        """Delivered units asked for in all."""
        return self.total or sum(self.rates)


@dataclass(frozen=True, slots=True)
class Team:
    """A phase whose pin names people: each works on some task of it.

    Attributes
    ----------
    tasks
        Tasks of the phase.
    entries
        For every entry the individuals that it stands for.
    """

    tasks: tuple[int, ...]
    entries: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Work:
    """Everything that is to be staffed; in plans that grow, tasks and teams do too.

    Attributes
    ----------
    available
        Units of every individual in every period.
    heads
        Hired heads at work: by period, then by hire; hires without heads are left out.
    least
        Smallest useful share of every individual.
    grain
        Units of which all shares may be multiples without loss; see `grain_of`.
    limits
        Sums of shares that dedications and staff budgets limit.
    """

    problem: Problem
    tasks: Sequence[Task]
    teams: Sequence[Team]
    available: Units
    heads: Sequence[Mapping[int, int]]
    least: tuple[int, ...]
    grain: int
    limits: Limits

    def capacity(self, server: Server, period: int) -> int | None:
        """Return the units that a server has in a period; None: no limit."""
        kind, index = server
        if kind == "p":
            return int(self.available[index, period])
        if kind == "s":
            return self.problem.suppliers[index].available[period] * STEP // self.problem.fte_scale
        if kind == "h":
            return self.heads[period].get(index, 0) * STEP
        return None

    def least_share(self, person: int, task: Task) -> int:
        """Return the smallest useful share of an individual on a task, at least one unit."""
        names = task.demand.names
        if names.heads:
            return self.unit(names.share)
        return max(1, self.least[person], self.unit(names.min_share))

    def head_limit(self, server: Server, period: int) -> int:
        """Return how many different heads a pool, hire or extra supply has for one need."""
        kind, index = server
        return self.heads[period].get(index, 0) if kind == "h" else STEP

    def could(self, person: int, task: Task) -> bool:
        """Return whether an individual could work on a task if they did nothing else."""
        if person not in task.crowd.level_of:
            return False
        least = self.least_share(person, task)
        there = [int(self.available[person, t]) >= least for t in task.periods]
        return all(there) if task.demand.names.continuous else any(there)

    def unit(self, fte: int) -> int:
        """Return FTE units of the problem as share units, rounded up."""
        return -(-fte * STEP // self.problem.fte_scale)


def grain_of(problem: Problem) -> int:
    """Return units of which all shares may be multiples without loss, 1 in general.

    Where everybody serves at proficiency 1 the shares are flows in a network of whole capacities
    and demands, which are whole multiples of the common divisor of these. Dedications and staff
    budgets are no capacities of a network.
    """
    scale = problem.fte_scale
    if (
        is_limited(problem)
        or STEP % scale
        or any(level != FULL for bucket in problem.buckets for _, level in bucket.suppliers)
    ):
        return 1
    found = scale if problem.hires else 0
    supplies = [p.available for p in problem.people] + [s.available for s in problem.suppliers]
    for available in supplies:
        found = gcd(found, *available)
    found = gcd(found, *(person.min_share for person in problem.people))
    for project in problem.projects:
        for phase in project.phases:
            for mode in phase.modes:
                for demand in mode.demands:
                    found = gcd(found, *demand.rates, *_limits(demand))
    return (found or 1) * (STEP // scale)


def _limits(demand: Demand) -> tuple[int, ...]:
    effort, names = demand.effort, demand.names
    spread = () if effort is None else (effort.total, effort.least, effort.most or 0)
    return *spread, names.share, names.min_share


def moved(old: Work, new: Work, given: Given) -> Given:
    """Return shares under the numbers that their tasks have in other work, where they have one.

    What is the same need at the same dates counts as the same task: in another mode it may ask
    for other people, or last for another time.
    """
    places = {(t.project, t.phase, t.demand.need, t.start): t.index for t in new.tasks}
    out: Given = {}
    for (server, index), shares in given.items():
        task = old.tasks[index]
        place = places.get((task.project, task.phase, task.demand.need, task.start))
        if place is None:
            continue
        other = new.tasks[place]
        if other.demand == task.demand and len(other.rates) == len(task.rates):
            out[server, place] = dict(shares)
    return out


class Reader:
    """Turns placed phases into tasks; what depends on the problem alone is worked out once."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.members: dict[int, list[int]] = defaultdict(list)
        self.entries: dict[str, tuple[int, ...]] = {}
        for index, person in enumerate(problem.people):
            self.members[person.supplier].append(index)
            self.entries[person.entry] = (*self.entries.get(person.entry, ()), index)
        self._crowds: dict[tuple[int, tuple[str, ...], tuple[str, ...]], Crowd] = {}

    def work_of(self, decisions: Decisions) -> Work:
        """Return the needs of a plan's decisions, and who could serve them."""
        tasks: list[Task] = []
        teams: list[Team] = []
        for project in self.problem.projects:
            index = project.index
            if decisions.selected[index]:
                own, groups = self.tasks(index, decisions.phases[index], len(tasks))
                tasks += own
                teams += groups
        return self.work(tuple(tasks), tuple(teams), heads_at_work(self.problem, decisions))

    def work(
        self, tasks: Sequence[Task], teams: Sequence[Team], heads: Sequence[Mapping[int, int]]
    ) -> Work:
        """Return tasks as work, with what everybody has; ``heads`` as in `Work`."""
        return Work(
            problem=self.problem,
            tasks=tasks,
            teams=teams,
            available=self._available,
            heads=heads,
            least=self._least,
            grain=self._grain,
            limits=self._limits,
        )

    @cached_property
    def _available(self) -> Units:
        people, problem = self.problem.people, self.problem
        available = np.zeros((len(people), problem.periods), dtype=np.int64)
        for index, person in enumerate(people):
            available[index] = np.array(person.available) * STEP // problem.fte_scale
        return available

    @cached_property
    def _least(self) -> tuple[int, ...]:
        problem = self.problem
        return tuple(-(-p.min_share * STEP // problem.fte_scale) for p in problem.people)

    @cached_property
    def _grain(self) -> int:
        return grain_of(self.problem)

    @cached_property
    def _limits(self) -> Limits:
        return limits_of(self.problem)

    def tasks(
        self, project: int, places: Sequence[PhaseDecision], first: int
    ) -> tuple[list[Task], list[Team]]:
        """Return the tasks of a placed project, numbered from ``first``, and its pinned teams."""
        tasks: list[Task] = []
        teams: list[Team] = []
        for number, place in enumerate(places):
            phase = self.problem.projects[project].phases[number]
            mode = phase.modes[place.mode]
            own = [
                self._task(first + len(tasks) + k, project, number, demand, place)
                for k, demand in enumerate(mode.demands)
            ]
            tasks += own
            if phase.people and own:
                entries = tuple(self.entries.get(entry, ()) for entry in phase.people)
                teams.append(Team(tuple(task.index for task in own), entries))
        return tasks, teams

    def _task(
        self, index: int, project: int, phase: int, demand: Demand, place: PhaseDecision
    ) -> Task:
        problem = self.problem
        scale = STEP * FULL
        data = problem.projects[project].phases[phase]
        duration = data.modes[place.mode].duration
        effort = demand.effort
        bucket = problem.buckets[demand.bucket]
        anonymous: list[Server] = [
            ("s", s) for s, _ in bucket.suppliers if problem.suppliers[s].kind is SupplierKind.POOL
        ]
        anonymous += [("h", hire) for hire in bucket.hires]
        if bucket.overload_price is not None:
            anonymous.append(("o", demand.bucket))
        rates = (effort.least,) * duration if effort else demand.rates
        return Task(
            index=index,
            project=project,
            phase=phase,
            demand=demand,
            start=place.start,
            rates=tuple(-(-rate * scale // problem.fte_scale) for rate in rates),
            total=-(-effort.total * scale // problem.fte_scale) if effort else 0,
            most=None
            if effort is None or effort.most is None
            else effort.most * scale // problem.fte_scale,
            crowd=self._crowd(demand, data.people),
            anonymous=tuple(anonymous),
            musts=tuple(self.entries.get(entry, ()) for entry in demand.names.must),
            pinned=tuple(self.entries.get(entry, ()) for entry in data.people),
        )

    def _crowd(self, demand: Demand, pinned: tuple[str, ...]) -> Crowd:
        """Return who has the skill and is not barred."""
        key = demand.bucket, demand.names.must_not, pinned
        if key not in self._crowds:
            pairs = sorted(
                (person, level)
                for supplier, level in self.problem.buckets[demand.bucket].suppliers
                for person in self.members.get(supplier, ())
                if self._welcome(self.problem.people[person], demand.names.must_not, pinned)
            )
            self._crowds[key] = Crowd(tuple(p for p, _ in pairs), tuple(v for _, v in pairs))
        return self._crowds[key]

    @staticmethod
    def _welcome(person: PersonData, barred: Sequence[str], pinned: Sequence[str]) -> bool:
        return person.entry not in barred and (not pinned or person.entry in pinned)
