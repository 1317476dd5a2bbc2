"""Ways of jobs: what the funds allow, and changes to them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pmo_solvers.schedules.jobs import Jobs


class Ways:
    """Makes vectors of ways that the funds can pay."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs
        self.money = jobs.money
        self.spent = [[way.spent for way in job.ways] for job in jobs.jobs]
        self.free = [number for number, job in enumerate(jobs.jobs) if len(job.ways) > 1]
        self.single = not self.free
        self.shortest = [
            min(range(len(job.ways)), key=lambda w: (job.ways[w].duration, job.ways[w].cost))
            for job in jobs.jobs
        ]
        self.lightest = [
            min(range(len(job.ways)), key=lambda w: jobs.share(job.ways[w])) for job in jobs.jobs
        ]
        self.cheapest = [
            min(range(len(job.ways)), key=lambda w: (job.ways[w].cost, job.ways[w].duration))
            for job in jobs.jobs
        ]

    def drawn(self, random: Random) -> list[int] | None:
        """Return random ways that the funds can pay, None where that fails."""
        ways = list(random.choice((self.shortest, self.lightest, self.cheapest)))
        chance = random.random()
        self.change(ways, chance, random)
        return self.mended(ways, random)

    def change(self, ways: list[int], chance: float, random: Random) -> None:
        """Give jobs another way, each with that chance."""
        for job in self.free:
            if random.random() < chance:
                ways[job] = random.randrange(len(self.spent[job]))

    def mended(self, ways: list[int], random: Random) -> list[int] | None:
        """Return the ways, changed until the funds can pay them; None where that fails.

        Each step takes the change that lowers the excess most, as a share of the money, out of
        a random half of all jobs.
        """
        spent = [sum(column) for column in zip(*(self.spent[j][w] for j, w in enumerate(ways)), strict=True)]
        for _ in range(2 * len(self.free) + 1):
            over = self._over(spent)
            if not over:
                return ways
            best: tuple[float, int, int] | None = None
            for job in random.sample(self.free, -(-len(self.free) // 2)):
                old = self.spent[job][ways[job]]
                for way, new in enumerate(self.spent[job]):
                    after = self._over([s - a + b for s, a, b in zip(spent, old, new, strict=True)])
                    if after < over and (best is None or after < best[0]):
                        best = after, job, way
            if best is None:
                continue
            _, job, way = best
            old, new = self.spent[job][ways[job]], self.spent[job][way]
            spent = [s - a + b for s, a, b in zip(spent, old, new, strict=True)]
            ways[job] = way
        return None

    def _over(self, spent: Sequence[int]) -> float:
        """Return by how much money is short, as a sum of shares."""
        return sum(
            (use - most) / max(most, 1)
            for use, most in zip(spent, self.money, strict=True)
            if use > most
        )
