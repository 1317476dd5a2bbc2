"""Schedules of one project: shapes that move along the grid, earliest finish first."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, product
from math import prod

from pmo_optimizer.backend import PhaseDecision
from pmo_optimizer.model import LinkType
from pmo_optimizer.problem import Effort, ModeData, Precedence, Problem, ProjectData

MAX_COMBINATIONS = 128
"""Above this many combinations of modes only those with one unusual mode are tried."""

NEAR = 3
"""Periods around a wanted start in which schedules count as near."""

Window = tuple[int, int, int]
"""First and last period (included) of a run of periods with the same bucket, and the bucket."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A shape from a period on; sorted by finish, then start, then order of modes."""

    finish: int
    start: int
    order: int
    shape: Shape

    def __lt__(self, other: Candidate) -> bool:
        mine = self.finish, self.start, self.order
        return mine < (other.finish, other.start, other.order)

    def decisions(self) -> tuple[PhaseDecision, ...]:
        """Return mode and start of each phase."""
        pairs = zip(self.shape.modes, self.shape.offsets, strict=True)
        return tuple(PhaseDecision(mode, self.start + offset) for mode, offset in pairs)

    def event(self, phase: int, *, finish: bool) -> int:
        """Return when a phase, or (-1) the project, starts or finishes."""
        if phase < 0:
            return self.finish if finish else self.start
        return self.start + self.shape.offsets[phase] + finish * self.shape.lengths[phase]


class Shape:
    """Modes and offsets of a project's phases, and all that follows whatever the start.

    Attributes
    ----------
    modes, offsets, lengths
        Mode index, first period after the project's start, and duration of each phase.
    length
        Periods from start to finish.
    money
        (payers, caps that count it, amounts by offset) of everything that is paid.
    cost
        All money, in money units.
    demands
        (offset, bucket, FTE units) of every need with a rate.
    spreads
        (offset, periods, bucket, work) of every need whose work may be spread.
    """

    def __init__(
        self, problem: Problem, project: ProjectData, modes: tuple[int, ...], offsets: list[int]
    ) -> None:
        self.problem = problem
        self.project = project
        self.modes = modes
        self.offsets = tuple(offsets)
        self.chosen = [f.modes[m] for f, m in zip(project.phases, modes, strict=True)]
        self.lengths = tuple(mode.duration for mode in self.chosen)
        self.length = max((o + n for o, n in zip(offsets, self.lengths, strict=True)), default=0)

    @cached_property
    def demands(self) -> list[tuple[int, int, int]]:
        """(offset, bucket, FTE units), one for each bucket and period, rarely empty."""
        total: dict[tuple[int, int], int] = defaultdict(int)
        for mode, begin in zip(self.chosen, self.offsets, strict=True):
            for demand in mode.demands:
                for offset, rate in enumerate(demand.rates):
                    total[begin + offset, demand.bucket] += rate
        return [(t, bucket, rate) for (t, bucket), rate in sorted(total.items()) if rate]

    @cached_property
    def spreads(self) -> list[tuple[int, int, int, Effort]]:
        """(offset, periods, bucket, work), the least freedom first."""
        found = [
            (begin, mode.duration, demand.bucket, demand.effort)
            for mode, begin in zip(self.chosen, self.offsets, strict=True)
            for demand in mode.demands
            if demand.effort is not None
        ]
        return sorted(found, key=lambda s: (s[1], -s[3].total, s[0], s[2]))

    @cached_property
    def effort(self) -> int:
        """FTE units times periods of all needs."""
        return sum(demand.units for mode in self.chosen for demand in mode.demands)

    @cached_property
    def money(self) -> list[tuple[tuple[int, ...], tuple[int, ...], dict[int, int]]]:
        """What is paid by whom, counted by which caps, at which offset."""
        paid: dict[tuple[tuple[int, ...], tuple[int, ...]], dict[int, int]] = {}
        for mode, begin in zip(self.chosen, self.offsets, strict=True):
            for flow in mode.flows:
                own = paid.setdefault((flow.payers, flow.caps), defaultdict(int))
                for offset, amount in flow.amounts:
                    own[begin + offset] += amount
        for flow in self.project.flows:
            own = paid.setdefault((flow.payers, flow.caps), defaultdict(int))
            if flow.kind == "start":
                for offset, amount in flow.amounts:
                    own[offset] += amount
                continue
            last = max(self.length - 1, 0)
            for offset in range(self.length) if flow.kind == "running" else (last,):
                own[offset] += flow.amounts[0][1]
        return [(*key, amounts) for key, amounts in paid.items()]

    @cached_property
    def cost(self) -> int:
        """All money, beyond the grid included."""
        return sum(sum(amounts.values()) for _, _, amounts in self.money)

    @cached_property
    def payments(self) -> list[tuple[tuple[int, ...], list[int]]]:
        """Running totals by offset (entry k: before offset k) of what the same funds pay."""
        total: dict[tuple[int, ...], dict[int, int]] = {}
        for payers, _, amounts in self.money:
            if payers:
                own = total.setdefault(payers, defaultdict(int))
                for offset, amount in amounts.items():
                    own[offset] += amount
        return [(payers, running_total(amounts)) for payers, amounts in total.items()]

    @cached_property
    def capped(self) -> list[tuple[int, list[int]]]:
        """Running totals by offset of what each cap counts."""
        total: dict[int, dict[int, int]] = {}
        year = self.problem.periods_a_year
        for _, caps, amounts in self.money:
            for cap in caps:
                own = total.setdefault(cap, defaultdict(int))
                years = self.problem.caps[cap].years
                for offset, amount in amounts.items():
                    if years is None or (offset < year) == (years == "first"):
                        own[offset] += amount
        return [(cap, running_total(amounts)) for cap, amounts in sorted(total.items())]


def running_total(amounts: dict[int, int]) -> list[int]:
    """Return sums over the first 0, 1, 2, ... offsets."""
    length = max(amounts, default=-1) + 1
    return list(accumulate((amounts.get(k, 0) for k in range(length)), initial=0))


def windows(buckets: tuple[int, ...]) -> list[Window]:
    """Return the runs of equal buckets; those of bucket -1 are left out."""
    out: list[Window] = []
    for t, bucket in enumerate(buckets):
        if out and out[-1][2] == bucket and out[-1][1] == t - 1:
            out[-1] = out[-1][0], t, bucket
        elif bucket >= 0:
            out.append((t, t, bucket))
    return out


def by_bucket(totals: list[int], start: int, runs: list[Window]) -> Iterator[tuple[int, int]]:
    """Yield (bucket, amount) of running totals that begin in a period."""
    length = len(totals) - 1
    for first, last, bucket in runs:
        if first >= start + length:
            break
        if last >= start:
            amount = totals[min(last + 1 - start, length)] - totals[max(first - start, 0)]
            if amount:
                yield bucket, amount


class Schedules:
    """Candidates of every project, made when they are first asked for."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._made: dict[tuple[int, bool], list[Candidate]] = {}
        self._rest: dict[tuple[int, bool], Iterator[Candidate]] = {}
        self._shapes: dict[tuple[int, tuple[int, ...], tuple[int, ...]], Shape] = {}

    def candidates(self, project: ProjectData, *, usual: bool) -> Iterator[Candidate]:
        """Yield schedules by finish; with ``usual`` those in the first modes come first."""
        key = project.index, usual
        if key not in self._made:
            self._made[key], self._rest[key] = [], self._sorted(project, usual=usual)
        made, rest = self._made[key], self._rest[key]
        position = 0
        while True:
            if position == len(made):
                following = next(rest, None)
                if following is None:
                    return
                made.append(following)
            yield made[position]
            position += 1

    def wanted(
        self, project: ProjectData, decisions: tuple[PhaseDecision, ...]
    ) -> Candidate | None:
        """Return the schedule of given modes and starts, or None where it breaks a rule."""
        known = len(decisions) == len(project.phases) > 0 and all(
            decision.mode < len(phase.modes)
            for phase, decision in zip(project.phases, decisions, strict=True)
        )
        if not known:
            return None
        modes = tuple(decision.mode for decision in decisions)
        starts = [decision.start for decision in decisions]
        begin = min(starts)
        if not project.first_start <= begin <= project.last_start:
            return None
        chosen = [f.modes[m] for f, m in zip(project.phases, modes, strict=True)]
        if project.chain:
            fits = starts == list(accumulate((m.duration for m in chosen), initial=begin))[:-1]
        else:
            fits = not any(_push(link, chosen, starts.copy()) for link in project.inner)
        if not (fits and _in_windows(project, chosen, starts)):
            return None
        shape = self._shape(project, modes, [start - begin for start in starts])
        if begin + shape.length > project.last_finish:
            return None
        return Candidate(begin + shape.length, begin, 0, shape)

    def _shape(self, project: ProjectData, modes: tuple[int, ...], offsets: list[int]) -> Shape:
        key = project.index, modes, tuple(offsets)
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = Shape(self.problem, project, modes, offsets)
        return shape

    def near(self, project: ProjectData, aim: int) -> Iterator[Candidate]:
        """Yield schedules that start within `NEAR` periods of a period, the nearest first."""
        combinations = _combinations(project)
        for distance in range(NEAR + 1):
            for begin in dict.fromkeys((aim + distance, aim - distance)):
                if project.first_start <= begin <= project.last_start:
                    for order, modes in enumerate(combinations):
                        found = self._from(project, modes, order, begin)
                        if found is not None and found.start == begin:
                            yield found

    def _sorted(self, project: ProjectData, *, usual: bool) -> Iterator[Candidate]:
        first, *others = _combinations(project)
        own = self._along(project, first, 0)
        rest = [self._along(project, modes, k) for k, modes in enumerate(others, 1)]
        if usual:
            yield from own
            yield from heapq.merge(*rest)
        else:
            yield from heapq.merge(own, *rest)

    def _along(
        self, project: ProjectData, modes: tuple[int, ...], order: int
    ) -> Iterator[Candidate]:
        """Yield the earliest schedule from every period on."""
        last = -1
        for begin in range(project.first_start, project.last_start + 1):
            if begin <= last:
                continue
            found = self._from(project, modes, order, begin)
            if found is None or found.start <= last:
                continue
            last = found.start
            yield found
            if not project.phases:
                return

    def _from(
        self, project: ProjectData, modes: tuple[int, ...], order: int, begin: int
    ) -> Candidate | None:
        """Return the earliest schedule from a period on, or None where there is none."""
        chosen = [f.modes[m] for f, m in zip(project.phases, modes, strict=True)]
        starts = _early(project, chosen, begin)
        if starts is None:
            return None
        start = min(starts, default=begin)
        if start > project.last_start:
            return None
        shape = self._shape(project, modes, [s - start for s in starts])
        if start + shape.length > project.last_finish and starts:
            return None
        return Candidate(start + shape.length, start, order, shape)


def _combinations(project: ProjectData) -> list[tuple[int, ...]]:
    """Return combinations of modes that differ, the first modes of all phases first."""
    options = [_different(phase.modes) for phase in project.phases]
    if prod(len(numbers) for numbers in options) <= MAX_COMBINATIONS:
        return list(product(*options))
    first = tuple(numbers[0] for numbers in options)
    single = [
        (*first[:f], number, *first[f + 1 :])
        for f, numbers in enumerate(options)
        for number in numbers[1:]
    ]
    return [first, *single[: MAX_COMBINATIONS - 1]]


def _different(modes: tuple[ModeData, ...]) -> list[int]:
    """Return the first of all modes that only their names tell apart."""
    found: dict[object, int] = {}
    for number, mode in enumerate(modes):
        needs = tuple(
            sorted(
                (d.bucket, d.rates, () if d.effort is None else d.effort.key) for d in mode.demands
            )
        )
        flows = tuple(sorted((f.payers, f.caps, f.kind, f.amounts) for f in mode.flows))
        found.setdefault((mode.duration, needs, flows), number)
    return list(found.values())


def _early(project: ProjectData, modes: list[ModeData], begin: int) -> list[int] | None:
    """Return the earliest starts of all phases from a period on, or None if there are none."""
    if project.chain:
        starts = list(accumulate((m.duration for m in modes), initial=begin))[:-1]
    else:
        starts = [max(begin, phase.first_start) for phase in project.phases]
        for _ in range(len(starts) + 1):
            moved = [link for link in project.inner if _push(link, modes, starts)]
            if not moved:
                break
        else:
            return None  # lags that chase each other
    return starts if _in_windows(project, modes, starts) else None


def _in_windows(project: ProjectData, modes: list[ModeData], starts: list[int]) -> bool:
    """Return whether all phases keep their own windows."""
    return all(
        phase.first_start <= start <= phase.last_start and start + mode.duration <= phase.last_end
        for phase, mode, start in zip(project.phases, modes, starts, strict=True)
    )


def _push(link: Precedence, modes: list[ModeData], starts: list[int]) -> bool:
    """Start the later phase of a broken link later; return whether it was broken."""
    before = starts[link.source]
    if link.type in {LinkType.FS, LinkType.FF}:
        before += modes[link.source].duration
    after = starts[link.target]
    if link.type in {LinkType.FF, LinkType.SF}:
        after += modes[link.target].duration
    if link.min_lag is not None and after - before < link.min_lag:
        starts[link.target] += link.min_lag - (after - before)
        return True
    if link.max_lag is not None and after - before > link.max_lag:
        starts[link.source] += after - before - link.max_lag
        return True
    return False
