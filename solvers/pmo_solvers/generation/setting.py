"""Jobs with a way chosen for each: what one pass of schedule generation reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pmo_solvers.generation.shop import Shop, Way

Part = tuple[int, int, int]
"""(offset, length, packed rate)."""


@dataclass(frozen=True, slots=True)
class View:
    """Jobs in one direction of time.

    Attributes
    ----------
    before
        For each job those that must have ended when it starts.
    lags
        For each job (other job, least distance of the starts) pairs; empty where there are none
        at all.
    durations
        Periods of each job.
    rates
        Packed use in each of these periods; 0 where it varies.
    parts
        For jobs whose use varies or begins late.
    """

    before: Sequence[Sequence[int]]
    lags: Sequence[Sequence[tuple[int, int]]]
    durations: list[int]
    rates: list[int]
    parts: dict[int, tuple[Part, ...]]


@dataclass(frozen=True, slots=True)
class _Fact:
    """What a pass reads of a way."""

    duration: int
    rate: int
    parts: tuple[Part, ...]
    mirrored: tuple[Part, ...]


def _fact(way: Way) -> _Fact:
    if len(way.pieces) == 1 and way.pieces[0].length == way.duration:
        return _Fact(way.duration, way.pieces[0].rate, (), ())
    parts = tuple((p.offset, p.length, p.rate) for p in way.pieces)
    mirrored = tuple((way.duration - a - n, n, rate) for a, n, rate in reversed(parts))
    return _Fact(way.duration, 0, parts, mirrored)


class Setting:
    """A way for every job.

    Attributes
    ----------
    ahead, back
        The jobs as they are, and mirrored in time: the start of a mirrored job counts from
        the end of the schedule back to the job's end.
    first, last
        Window of each start.
    ties
        (tail, head, lag) with start(head) >= start(tail) + lag that passes do not look at.
    cost
        Money of all modes.
    """

    __slots__ = ("ahead", "back", "cost", "durations", "first", "last", "ties", "ways")

    def __init__(self, settings: Settings, ways: tuple[int, ...]) -> None:
        self.ways = ways
        facts = [own[way] for own, way in zip(settings.facts, ways, strict=True)]
        taken = [own[way] for own, way in zip(settings.windows, ways, strict=True)]
        self.durations = [fact.duration for fact in facts]
        self.first = [first for first, _, _ in taken]
        self.last = [last for _, last, _ in taken]
        self.cost = sum([cost for _, _, cost in taken])
        rates = [fact.rate for fact in facts]
        parts: dict[int, tuple[Part, ...]] = {}
        mirrored: dict[int, tuple[Part, ...]] = {}
        if settings.varied:
            parts = {job: fact.parts for job, fact in enumerate(facts) if fact.parts}
            mirrored = {job: fact.mirrored for job, fact in enumerate(facts) if fact.parts}
        ahead, back = settings.lags(ways, self.durations)
        self.ahead = View(settings.before, ahead, self.durations, rates, parts)
        self.back = View(settings.after, back, self.durations, rates, mirrored)
        self.ties = [
            (bond.tail, bond.head, bond.between(ways[bond.tail], ways[bond.head]))
            for bond in settings.shop.ties
        ]


class Settings:
    """What all settings of some jobs share.

    Attributes
    ----------
    before, after
        For each job those that end before it starts, and those that start after it has ended,
        whatever the ways.
    facts, windows
        For each job and way what a pass reads, and (first, last, cost).
    varied
        Whether some job's use of resources varies.
    """

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        count = len(shop.jobs)
        before: list[list[int]] = [[] for _ in range(count)]
        after: list[list[int]] = [[] for _ in range(count)]
        self._general = []
        for bond in shop.bonds:
            durations = tuple(way.duration for way in shop.jobs[bond.tail].ways)
            if bond.lag or bond.leave != durations or any(bond.reach):
                self._general.append(bond)
            else:
                before[bond.head].append(bond.tail)
                after[bond.tail].append(bond.head)
        self.before = tuple(map(tuple, before))
        self.after = tuple(map(tuple, after))
        self.facts = [[_fact(way) for way in job.ways] for job in shop.jobs]
        self.windows = [[(way.first, way.last, way.cost) for way in job.ways] for job in shop.jobs]
        self.varied = any(fact.parts for own in self.facts for fact in own)

    def lags(
        self, ways: Sequence[int], durations: Sequence[int]
    ) -> tuple[Sequence[Sequence[tuple[int, int]]], Sequence[Sequence[tuple[int, int]]]]:
        """Return the least distances of starts, as they are and mirrored."""
        if not self._general:
            return (), ()
        ahead: list[list[tuple[int, int]]] = [[] for _ in ways]
        back: list[list[tuple[int, int]]] = [[] for _ in ways]
        for bond in self._general:
            lag = bond.between(ways[bond.tail], ways[bond.head])
            ahead[bond.head].append((bond.tail, lag))
            mirrored = lag + durations[bond.head] - durations[bond.tail]
            back[bond.tail].append((bond.head, mirrored))
        return ahead, back
