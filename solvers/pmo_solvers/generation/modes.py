"""Ways of jobs: what the funds allow, and changes to them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pmo_solvers.generation.shop import Shop

STEPS = 4
"""Most changes per job until ways are given up that the funds cannot pay."""

MOST_CHANGE = 0.4
"""Greatest chance that a job of a random vector is done another way."""

SAMPLE = 8
"""Jobs that are looked at for a change."""


class Ways:
    """Makes vectors of ways that the funds can pay."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.money = shop.money
        self.spent = [
            [tuple((f, amount) for f, amount in enumerate(way.spent) if amount) for way in job.ways]
            for job in shop.jobs
        ]
        self.spenders = [job for job, ways in enumerate(self.spent) if any(ways)]
        self.users: list[list[int]] = [[] for _ in shop.money]
        self.free = [number for number, job in enumerate(shop.jobs) if len(job.ways) > 1]
        self.single = not self.free
        for job in self.free:
            for fund in {fund for way in self.spent[job] for fund, _ in way}:
                self.users[fund].append(job)
        self.shortest = [
            min(range(len(job.ways)), key=lambda w: (job.ways[w].duration, job.ways[w].cost))
            for job in shop.jobs
        ]
        self.lightest = [
            min(range(len(job.ways)), key=lambda w: job.ways[w].share) for job in shop.jobs
        ]
        self.cheapest = [
            min(range(len(job.ways)), key=lambda w: (job.ways[w].cost, job.ways[w].duration))
            for job in shop.jobs
        ]

    def drawn(self, random: Random) -> list[int] | None:
        """Return random ways that the funds can pay, None where that fails.

        Most of them are the lightest ways, which is what resources that are short ask for.
        """
        ways = list(random.choices((self.lightest, self.shortest, self.cheapest), (4, 1, 1))[0])
        self.change(ways, MOST_CHANGE * random.random(), random)
        return self.mended(ways, random)

    def change(self, ways: list[int], chance: float, random: Random) -> None:
        """Give jobs another way, each with that chance."""
        for job in self.free:
            if random.random() < chance:
                ways[job] = random.randrange(len(self.spent[job]))

    def mended(self, ways: list[int], random: Random) -> list[int] | None:
        """Return the ways, changed until the funds can pay them; None where that fails.

        Each step takes the change that lowers the excess most, as a share of the money, out of
        those of a few jobs that spend on the fund which is shortest.
        """
        money = self.money
        if not money:
            return ways
        spent = [0] * len(money)
        for job in self.spenders:
            for fund, amount in self.spent[job][ways[job]]:
                spent[fund] += amount
        for _ in range(STEPS * len(self.free) + 1):
            over, fund = max(
                ((use - most) / max(most, 1), fund)
                for fund, (use, most) in enumerate(zip(spent, money, strict=True))
            )
            if over <= 0:
                return ways
            users = self.users[fund]
            best: tuple[float, int, int] | None = None
            for job in random.sample(users, min(SAMPLE, len(users))):
                for way in range(len(self.spent[job])):
                    change = self._change(spent, job, ways[job], way)
                    if way != ways[job] and (best is None or change < best[0]):
                        best = change, job, way
            if best is None or best[0] >= 0:
                continue
            _, job, way = best
            for paid, amount in self.spent[job][ways[job]]:
                spent[paid] -= amount
            for paid, amount in self.spent[job][way]:
                spent[paid] += amount
            ways[job] = way
        return None

    def _change(self, spent: Sequence[int], job: int, old: int, new: int) -> float:
        """Return by how much a change of a way raises the excess, as a sum of shares."""
        moved = dict(self.spent[job][new])
        for fund, amount in self.spent[job][old]:
            moved[fund] = moved.get(fund, 0) - amount
        return sum(
            (max(0, spent[fund] + amount - most) - max(0, spent[fund] - most)) / max(most, 1)
            for fund, amount in moved.items()
            for most in (self.money[fund],)
        )
