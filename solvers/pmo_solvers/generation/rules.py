"""Priority rules: keys by which jobs are ordered, small ones first."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pmo_solvers.generation.judge import Judge
from pmo_solvers.generation.shop import Shop


class Rules:
    """Keys of jobs by several rules.

    Attributes
    ----------
    heads, tails
        Least start of each job, and least time from its start to the end of all work, in the
        shortest ways.
    several
        Whether there are several projects.
    all
        Keys by every rule, those that do well most often first.
    """

    def __init__(self, shop: Shop, judge: Judge) -> None:
        self.shop = shop
        self.heads = [min(way.first for way in job.ways) for job in shop.jobs]
        self.tails = [min(way.duration for way in job.ways) for job in shop.jobs]
        self._due = judge.goal.due if judge.delays else {}
        rank = {job: place for place, job in enumerate(shop.order)}
        least = {id(bond): bond.lag + min(bond.leave) - max(bond.reach) for bond in shop.bonds}
        for bond in sorted(shop.bonds, key=lambda bond: rank[bond.tail]):
            reach = self.heads[bond.tail] + least[id(bond)]
            self.heads[bond.head] = max(self.heads[bond.head], reach)
        for bond in sorted(shop.bonds, key=lambda bond: -rank[bond.head]):
            reach = self.tails[bond.head] + least[id(bond)]
            self.tails[bond.tail] = max(self.tails[bond.tail], reach)
        self.several = len({job.project for job in shop.jobs}) > 1
        self.all = self._all()

    def _all(self) -> list[list[float]]:
        found = [self.latest(), self.followers(), self.work(), self.earliest()]
        if self.several:
            found += [self.by_project(keys) for keys in found[:2]]
        return found

    def latest(self) -> list[float]:
        """Return how late each job may start: latest start time.

        Counted from the end of the longest path, or of the project when it is due.
        """
        length = max(map(int.__add__, self.heads, self.tails), default=0)
        ends = self._ends()
        due = self._due
        return [
            float(
                due[job.project] - self._within(number, ends)
                if job.project in due
                else length - self.tails[number]
            )
            for number, job in enumerate(self.shop.jobs)
        ]

    def _ends(self) -> dict[int, int]:
        ends: dict[int, int] = {}
        for number, job in enumerate(self.shop.jobs):
            ends[job.project] = min(ends.get(job.project, self.tails[number]), self.tails[number])
        return ends

    def _within(self, number: int, ends: dict[int, int]) -> int:
        """Return the tail of a job within its project."""
        return self.tails[number] - ends[self.shop.jobs[number].project]

    def earliest(self) -> list[float]:
        """Return the head of each job."""
        return [float(head) for head in self.heads]

    def followers(self) -> list[float]:
        """Return minus the number of all jobs that follow each job."""
        sets = [0] * len(self.shop.jobs)
        after: dict[int, list[int]] = {}
        for bond in self.shop.bonds:
            after.setdefault(bond.tail, []).append(bond.head)
        for job in reversed(self.shop.order):
            for head in after.get(job, ()):
                sets[job] |= sets[head] | 1 << head
        return [-float(each.bit_count()) for each in sets]

    def work(self) -> list[float]:
        """Return minus the work of each job and of those that follow it at once."""
        own = [min(way.share for way in job.ways) for job in self.shop.jobs]
        found = list(own)
        for bond in self.shop.bonds:
            found[bond.tail] += own[bond.head]
        return [-each for each in found]

    def by_project(self, keys: Sequence[float], random: Random | None = None) -> list[float]:
        """Return keys that finish one project before the next, those that end early first.

        With ``random`` each may pass some others.
        """
        lengths: dict[int, float] = {}
        for number, job in enumerate(self.shop.jobs):
            lengths[job.project] = max(
                lengths.get(job.project, 0.0),
                float(self._due.get(job.project, self.heads[number] + self.tails[number])),
            )
        if random is not None:
            spread = random.random() * max(lengths.values())
            lengths = {each: end + random.random() * spread for each, end in lengths.items()}
        ordered = sorted(lengths, key=lambda project: (lengths[project], project))
        span = max(keys, default=0.0) - min(keys, default=0.0) + 1
        place = {project: number for number, project in enumerate(ordered)}
        return [
            keys[number] + span * place[job.project] for number, job in enumerate(self.shop.jobs)
        ]
