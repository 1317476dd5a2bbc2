"""Jobs with a way chosen for each: what one pass of schedule generation reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pmo_solvers.schedules.jobs import Jobs

Pred = tuple[int, int]
"""(job, least distance of the starts)."""


@dataclass(frozen=True, slots=True)
class View:
    """Jobs in one direction of time.

    Attributes
    ----------
    preds
        For each job what must start before it, and by how much.
    lengths
        Periods that the use of resources lasts; 0 for jobs without any.
    rates
        Packed use in each of these periods; 0 where it varies.
    parts
        For jobs whose use varies or begins late: (offset, length, packed rate) triples.
    """

    preds: tuple[tuple[Pred, ...], ...]
    lengths: list[int]
    rates: list[int]
    parts: dict[int, tuple[tuple[int, int, int], ...]]


class Setting:
    """A way for every job.

    Attributes
    ----------
    ahead, back
        The jobs as they are, and mirrored in time: the start of a mirrored job counts from
        the end of the schedule back to the job's end.
    """

    def __init__(self, jobs: Jobs, ways: Sequence[int]) -> None:
        self.ways = tuple(ways)
        taken = [job.ways[number] for job, number in zip(jobs.jobs, ways, strict=True)]
        self.durations = [way.duration for way in taken]
        self.first = [way.first for way in taken]
        self.last = [way.last for way in taken]
        self.cost = sum(way.cost for way in taken)
        before: list[list[Pred]] = [[] for _ in taken]
        after: list[list[Pred]] = [[] for _ in taken]
        for bond in jobs.bonds:
            lag = bond.between(ways[bond.tail], ways[bond.head])
            before[bond.head].append((bond.tail, lag))
            mirrored = lag + self.durations[bond.head] - self.durations[bond.tail]
            after[bond.tail].append((bond.head, mirrored))
        self.ties = [
            (bond.tail, bond.head, bond.between(ways[bond.tail], ways[bond.head]))
            for bond in jobs.ties
        ]
        lengths = [0] * len(taken)
        rates = [0] * len(taken)
        parts: dict[int, tuple[tuple[int, int, int], ...]] = {}
        mirrored_parts: dict[int, tuple[tuple[int, int, int], ...]] = {}
        for number, way in enumerate(taken):
            if not way.pieces:
                continue
            piece = way.pieces[0]
            if len(way.pieces) == 1 and piece.length == way.duration:
                lengths[number], rates[number] = piece.length, piece.rate
                continue
            parts[number] = tuple((p.offset, p.length, p.rate) for p in way.pieces)
            mirrored_parts[number] = tuple(
                (way.duration - p.offset - p.length, p.length, p.rate)
                for p in reversed(way.pieces)
            )
        self.ahead = View(tuple(map(tuple, before)), lengths, rates, parts)
        self.back = View(tuple(map(tuple, after)), lengths, rates, mirrored_parts)
