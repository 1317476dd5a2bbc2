"""A part of a schedule as a small CP-SAT model; everything else stays or moves as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import groupby

from ortools.sat.python import cp_model

from pmo_solvers.generation.shop import Bond, Job
from pmo_solvers.schedules.compile import Compiled

Amount = cp_model.LinearExpr | int
"""A sum of variables, or a number."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is free, and what moves.

    Attributes
    ----------
    free
        Jobs whose start and way are open.
    moving
        Jobs that start one period earlier, all of them.
    low, high
        Free jobs start at ``low`` or later and end at ``high`` or earlier.
    """

    free: Set[int]
    moving: Set[int]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class _Choice:
    """Variables of a free job."""

    start: cp_model.IntVar
    ways: tuple[cp_model.IntVar, ...]


class WindowModel:
    """The free jobs of a part, within the room that the others leave.

    Attributes
    ----------
    possible
        False where the others alone break a rule.
    """

    def __init__(
        self, compiled: Compiled, ways: Sequence[int], starts: Sequence[int], part: Part
    ) -> None:
        self.shop = compiled.shop
        self.fields = compiled.fields
        self.ways = ways
        self.part = part
        self.before = starts
        self.starts = [t - (job in part.moving) for job, t in enumerate(starts)]
        self.cp = cp_model.CpModel()
        self.choices: dict[int, _Choice] = {}
        self.possible = True
        self._jobs = [self.shop.jobs[job] for job in range(len(starts))]
        self.load = self._load()
        if self.possible:
            self._add_jobs()
            self._add_bonds()
        if self.possible:
            self._add_resources()
            self._add_funds()

    def _end(self, job: int) -> int:
        """Return the end of a job that is not free, or the old one of a free job."""
        return self.starts[job] + self._jobs[job].ways[self.ways[job]].duration

    def _load(self) -> list[int]:
        """Return the packed use of all jobs that are not free."""
        load = list(self.shop.used)
        guard = self.shop.guard
        for number, job in enumerate(self._jobs):
            if number in self.part.free:
                continue
            way = job.ways[self.ways[number]]
            start = self.starts[number]
            if not way.first <= start <= way.last:
                self.possible = False
            for piece in way.pieces:
                for t in range(start + piece.offset, start + piece.offset + piece.length):
                    load[t] += piece.rate
                    if load[t] & guard:
                        self.possible = False
        return load

    # -- jobs ------------------------------------------------------------------------------

    def _add_jobs(self) -> None:
        for job in sorted(self.part.free):
            self._add_job(job, self._jobs[job])

    def _add_job(self, number: int, job: Job) -> None:
        """Add a start and, for several ways, exactly one of their variables."""
        windows = [
            (max(way.first, self.part.low), min(way.last, self.part.high - way.duration))
            for way in job.ways
        ]
        first = min(a for a, _ in windows)
        last = max(b for _, b in windows)
        if first > last:
            self.possible = False
            last = first
        start = self.cp.new_int_var(first, last, "")
        self.cp.add_hint(start, min(max(self.before[number], first), last))
        chosen: tuple[cp_model.IntVar, ...] = ()
        if len(job.ways) > 1:
            chosen = tuple(self.cp.new_bool_var("") for _ in job.ways)
            self.cp.add_exactly_one(chosen)
            for way, variable in enumerate(chosen):
                self.cp.add_hint(variable, int(way == self.ways[number]))
                a, b = windows[way]
                if a > b:
                    self.cp.add(variable == 0)
                elif (a, b) != (first, last):
                    self.cp.add_linear_constraint(start, a, b).only_enforce_if(variable)
        self.choices[number] = _Choice(start, chosen)

    def _sum(self, number: int, amounts: Sequence[int]) -> Amount:
        """Return the amount of the way of a job."""
        choice = self.choices.get(number)
        if choice is None or not choice.ways:
            return amounts[self.ways[number]]
        if len(set(amounts)) == 1:
            return amounts[0]
        return cp_model.LinearExpr.weighted_sum(list(choice.ways), list(amounts))

    def start(self, number: int) -> Amount:
        """Return the start of a job."""
        choice = self.choices.get(number)
        return self.starts[number] if choice is None else choice.start

    def end(self, number: int) -> Amount:
        """Return the end of a job."""
        durations = [way.duration for way in self._jobs[number].ways]
        return self.start(number) + self._sum(number, durations)

    def _add_bonds(self) -> None:
        for bond in (*self.shop.bonds, *self.shop.ties):
            if bond.tail in self.choices or bond.head in self.choices:
                self._add_bond(bond)
            elif (bond.tail in self.part.moving) != (bond.head in self.part.moving):
                lag = bond.between(self.ways[bond.tail], self.ways[bond.head])
                if self.starts[bond.head] < self.starts[bond.tail] + lag:
                    self.possible = False

    def _add_bond(self, bond: Bond) -> None:
        """start(head) + reach >= start(tail) + leave + lag."""
        head = self.start(bond.head) + self._sum(bond.head, bond.reach)
        tail = self.start(bond.tail) + self._sum(bond.tail, bond.leave)
        self.cp.add(head >= tail + bond.lag)

    # -- resources -------------------------------------------------------------------------

    def _add_resources(self) -> None:
        """Per resource: what the free jobs use and what is gone stay within the field."""
        pieces = [
            (number, way, piece, self._interval(number, way, piece.offset, piece.length))
            for number in self.choices
            for way, data in enumerate(self._jobs[number].ways)
            for piece in data.pieces
        ]
        for shift, full in self.fields:
            intervals, demands = [], []
            for _, _, piece, interval in pieces:
                rate = (piece.rate >> shift) & full
                if rate:
                    intervals.append(interval)
                    demands.append(rate)
            if not intervals:
                continue
            level = [(self.load[t] >> shift) & full for t in range(self.part.low, self.part.high)]
            time = self.part.low
            for taken, run in groupby(level):
                length = len(list(run))
                if taken:
                    intervals.append(self.cp.new_fixed_size_interval_var(time, length, ""))
                    demands.append(taken)
                time += length
            self.cp.add_cumulative(intervals, demands, full)

    def _interval(self, number: int, way: int, offset: int, length: int) -> cp_model.IntervalVar:
        choice = self.choices[number]
        if not choice.ways:
            return self.cp.new_fixed_size_interval_var(choice.start + offset, length, "")
        return self.cp.new_optional_fixed_size_interval_var(
            choice.start + offset, length, choice.ways[way], ""
        )

    def _add_funds(self) -> None:
        for fund, most in enumerate(self.shop.money):
            parts = [
                self._sum(number, [way.spent[fund] for way in job.ways])
                for number, job in enumerate(self._jobs)
            ]
            fixed = sum(part for part in parts if isinstance(part, int))
            moving = [part for part in parts if not isinstance(part, int)]
            if moving:
                self.cp.add(cp_model.LinearExpr.sum(moving) <= most - fixed)

    # -- objective -------------------------------------------------------------------------

    def improve(self, whole: int) -> None:
        """Ask for less than this whole sum of the first stage, as little as possible."""
        length, delay, cost = self.shop.goal.forms[0]
        total: list[Amount] = []
        if length:
            total.append(length * self._length())
        if delay:
            total.append(delay * self._delay())
        if cost:
            amounts = [
                self._sum(number, [way.cost for way in job.ways])
                for number, job in enumerate(self._jobs)
            ]
            total.append(cost * (cp_model.LinearExpr.sum(amounts) + self.shop.goal.cost))
        aim = cp_model.LinearExpr.sum(total)
        self.cp.add(aim <= whole - 1)
        self.cp.minimize(aim)

    def _length(self) -> cp_model.IntVar:
        fixed = [self._end(job) for job in range(len(self._jobs)) if job not in self.choices]
        least = max([self.shop.goal.length, *fixed])
        length = self.cp.new_int_var(least, max(least, self.part.high), "")
        for number in self.choices:
            self.cp.add(length >= self.end(number))
        return length

    def _delay(self) -> Amount:
        """Sum over projects of how late they are; only those with free jobs can change."""
        ends: dict[int, list[int]] = defaultdict(list)
        for number, job in enumerate(self._jobs):
            ends[job.project].append(number)
        total: list[Amount] = [self.shop.goal.delay]
        for project, due in self.shop.goal.due.items():
            fixed = [self._end(job) for job in ends[project] if job not in self.choices]
            least = max([0, *(end - due for end in fixed)])
            free = [job for job in ends[project] if job in self.choices]
            if not free:
                total.append(least)
                continue
            late = self.cp.new_int_var(least, max(least, self.part.high - due), "")
            for number in free:
                self.cp.add(late >= self.end(number) - due)
            total.append(late)
        return cp_model.LinearExpr.sum(total)

    # -- back ------------------------------------------------------------------------------

    def schedule(self, solver: cp_model.CpSolver) -> tuple[list[int], list[int]]:
        """Return ways and starts of a solution."""
        ways, starts = list(self.ways), list(self.starts)
        for number, choice in self.choices.items():
            starts[number] = solver.value(choice.start)
            for way, variable in enumerate(choice.ways):
                if solver.boolean_value(variable):
                    ways[number] = way
        return ways, starts
