"""Who is still free: in each period, needs are served by who has the skill."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from math import inf

from pmo_optimizer.problem import Effort, Problem
from pmo_solvers.networks import FULL
from pmo_solvers.ranking.journal import Journal
from pmo_solvers.ranking.network import NOISE, Network, Pot
from pmo_solvers.ranking.shapes import Candidate


class People:
    """The flow from people to needs of every period, in FTE units of time.

    Buckets with a price for extra supply have no limit, and nobody is hired.
    """

    def __init__(self, problem: Problem, journal: Journal) -> None:
        network = Network()
        suppliers = [network.node(supplied=True) for _ in problem.suppliers]
        skills: dict[int, int] = defaultdict(int)
        for bucket in problem.buckets:
            for supplier, _ in bucket.suppliers:
                skills[supplier] += 1
        self.limited = [bucket.overload_price is None for bucket in problem.buckets]
        self.nodes = [network.node() for _ in problem.buckets]
        for node, bucket in zip(self.nodes, problem.buckets, strict=True):
            # Who can do little else comes first.
            for supplier, level in sorted(
                bucket.suppliers, key=lambda pair: (skills[pair[0]], -pair[1], pair[0])
            ):
                network.arc(suppliers[supplier], node, 1 if level == FULL else level / FULL)
        self.pots: list[Pot] = []
        for period in range(problem.periods):
            capacity: list[float] = [inf] * len(network.tail)
            for node, data in zip(suppliers, problem.suppliers, strict=True):
                capacity[network.supply[node]] = data.available[period]
            self.pots.append(Pot(network, capacity, journal))
        self.rooms = [pot.room for pot in self.pots]
        self._failed: Pot | None = None

    def hopeless(self, candidate: Candidate) -> bool:
        """Return whether some need is known to be more than what is left."""
        start, rooms, nodes = candidate.start, self.rooms, self.nodes
        for t, bucket, rate in candidate.shape.demands:
            room = rooms[start + t]
            if room and room.get(nodes[bucket], inf) + NOISE < rate:
                return True
        return False

    def take(self, candidate: Candidate) -> bool:
        """Serve the needs of a candidate; after a failure the caller takes everything back."""
        for offset, demands in groupby(candidate.shape.demands, key=lambda demand: demand[0]):
            pot = self.pots[candidate.start + offset]
            asked = [(self.nodes[b], rate) for _, b, rate in demands if self.limited[b]]
            if not pot.take(asked):
                self._failed = pot
                return False
        return all(
            self._spread(candidate.start + offset, length, self.nodes[bucket], work)
            for offset, length, bucket, work in candidate.shape.spreads
            if self.limited[bucket]
        )

    def _spread(self, start: int, length: int, node: int, work: Effort) -> bool:
        """Serve work: its least in every period, then evenly, then whatever is free."""
        pots = self.pots[start : start + length]
        if work.least and not all(pot.take([(node, work.least)]) for pot in pots):
            return False
        room: list[float] = [work.limit - work.least] * length
        missing: float = max(work.total - work.least * length, 0)
        for even in (True, False):
            for number, pot in enumerate(pots):
                if missing <= NOISE:
                    return True
                share = -(-missing // (length - number)) if even else missing
                sent = pot.take_most(node, min(share, missing, room[number]))
                room[number] -= sent
                missing -= sent
        return missing <= NOISE

    def learn(self) -> None:
        """Note why `take` failed, once it has been taken back."""
        if self._failed is not None:
            self._failed.learn()
            self._failed = None
