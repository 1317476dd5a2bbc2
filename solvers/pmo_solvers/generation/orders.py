"""Orders of jobs: by priority rules, by a schedule, or at random."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from random import Random

from pmo_solvers.generation.shop import Bond, Shop


class Orders:
    """Makes orders in which the tail of every bond comes before its head.

    Parameters
    ----------
    jobs
        The jobs and their bonds.
    """

    def __init__(self, shop: Shop) -> None:
        self.count = len(shop.jobs)
        self.order = list(shop.order)
        self.backward = self.order[::-1]
        self._heads: list[list[int]] = [[] for _ in shop.jobs]
        self._tails: list[list[int]] = [[] for _ in shop.jobs]
        for bond in shop.bonds:
            self._heads[bond.tail].append(bond.head)
            self._tails[bond.head].append(bond.tail)
        # Sorting by time keeps bonds only where no distance can be negative.
        self._sorts = all(bond.lag + min(bond.leave) >= max(bond.reach) for bond in shop.bonds)
        self._sorts_back = all(_ends_later(shop, bond) for bond in shop.bonds)

    def by_start(self, starts: Sequence[int]) -> list[int]:
        """Return all jobs by increasing start."""
        if self._sorts:
            return sorted(self.order, key=starts.__getitem__)
        return self.by_priority(starts)

    def by_end(self, starts: Sequence[int], durations: Sequence[int]) -> list[int]:
        """Return all jobs by decreasing end: an order for the mirrored jobs."""
        keys = [-start - length for start, length in zip(starts, durations, strict=True)]
        if self._sorts_back:
            return sorted(self.backward, key=keys.__getitem__)
        return self.by_priority(keys, back=True)

    def by_priority(self, keys: Sequence[float], *, back: bool = False) -> list[int]:
        """Return all jobs: of those whose predecessors are done the one with the least key."""
        before, after = (self._heads, self._tails) if back else (self._tails, self._heads)
        rank = self.backward if back else self.order
        place = {job: number for number, job in enumerate(rank)}
        waiting = [len(each) for each in before]
        ready = [(keys[job], place[job], job) for job in rank if not waiting[job]]
        heapify(ready)
        found = []
        while ready:
            job = heappop(ready)[2]
            found.append(job)
            for other in after[job]:
                waiting[other] -= 1
                if not waiting[other]:
                    heappush(ready, (keys[other], place[other], other))
        return found

    def sampled(self, keys: Sequence[float], random: Random) -> list[int]:
        """Return a random order that favours small keys.

        A ready job is drawn with a weight of (1 + most - key)^2, most the greatest key that is
        ready: regret-based biased random sampling.
        """
        waiting = [len(each) for each in self._tails]
        ready = [job for job in self.order if not waiting[job]]
        found = []
        while ready:
            most = max(keys[job] for job in ready)
            weights = [(1 + most - keys[job]) ** 2 for job in ready]
            job = random.choices(ready, weights)[0]
            ready.remove(job)
            found.append(job)
            for other in self._heads[job]:
                waiting[other] -= 1
                if not waiting[other]:
                    ready.append(other)
        return found

    def shaken(self, order: list[int], chance: float, random: Random, *, back: bool) -> None:
        """Swap neighbours of an order, that part of all, where no bond forbids it."""
        before = self._heads if back else self._tails
        pairs = len(order) - 1
        swaps = pairs * chance
        for _ in range(int(swaps) + (random.random() < swaps % 1)):
            place = int(random.random() * pairs)
            job, other = order[place], order[place + 1]
            if job not in before[other]:
                order[place], order[place + 1] = other, job


def _ends_later(shop: Shop, bond: Bond) -> bool:
    """Return whether a bond makes its head end no earlier than its tail, in all ways."""
    tails, heads = shop.jobs[bond.tail].ways, shop.jobs[bond.head].ways
    left = min(time - way.duration for time, way in zip(bond.leave, tails, strict=True))
    right = min(way.duration - time for time, way in zip(bond.reach, heads, strict=True))
    return bond.lag + left + right >= 0
