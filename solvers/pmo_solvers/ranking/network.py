"""Flows that grow: more and more is asked for, and what was promised is served otherwise."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from pmo_solvers.ranking.journal import Journal

NOISE = 1e-9
"""Amounts up to this size are what floats leave over."""


@dataclass(slots=True)
class Network:
    """Nodes that supply themselves, and arcs that carry ``gain`` times what they take.

    An amount is sent to a node along a path on which other flows may be led elsewhere. Where
    all gains are 1 a failure proves that there is no way; with other gains it says that no
    single path has any left.

    Attributes
    ----------
    tail, head, gain
        Of each arc.
    into, out
        Arcs of each node; the first ones are used first.
    supply
        The arc by which a node is supplied from outside, or -1.
    """

    tail: list[int] = field(default_factory=list)
    head: list[int] = field(default_factory=list)
    gain: list[float] = field(default_factory=list)
    into: list[list[int]] = field(default_factory=list)
    out: list[list[int]] = field(default_factory=list)
    supply: list[int] = field(default_factory=list)

    def node(self, *, supplied: bool = False) -> int:
        """Add a node and return its index."""
        self.into.append([])
        self.out.append([])
        self.supply.append(self._arc(-1, len(self.into) - 1, 1) if supplied else -1)
        return len(self.into) - 1

    def arc(self, tail: int, head: int, gain: float = 1) -> int:
        """Add an arc and return its index."""
        number = self._arc(tail, head, gain)
        self.into[head].append(number)
        self.out[tail].append(number)
        return number

    def _arc(self, tail: int, head: int, gain: float) -> int:
        self.tail.append(tail)
        self.head.append(head)
        self.gain.append(gain)
        return len(self.tail) - 1

    def send(
        self, capacity: list[float], flow: list[float], node: int, amount: float
    ) -> tuple[float, Iterable[int]]:
        """Bring an amount to a node; return what is missing and the nodes without any way.

        Parameters
        ----------
        capacity
            Of each arc, in units of its tail.
        flow
            Of each arc; changed in place.
        """
        amount = self._nearest(capacity, flow, node, amount)
        while amount > NOISE:
            path, seen = self._path(capacity, flow, node)
            if not path:
                return amount, seen
            most = amount
            factor = 1.0 if isinstance(amount, float) else 1
            for number, forward in path:
                if forward:
                    gain = self.gain[number]
                    factor = factor if gain == 1 else factor / gain
                    spare = capacity[number] - flow[number]
                else:
                    spare = flow[number]
                most = min(most, spare if factor == 1 else spare / factor)
                if not forward:
                    factor = factor if self.gain[number] == 1 else factor * self.gain[number]
            self._shift(flow, path, most)
            amount -= most
        return 0, ()

    def _nearest(self, capacity: list[float], flow: list[float], node: int, amount: float) -> float:
        """Use what neighbours have left; return what is missing still."""
        own = self.supply[node]
        if own >= 0 and capacity[own] > flow[own]:
            used = min(amount, capacity[own] - flow[own])
            flow[own] += used
            amount -= used
        for number in self.into[node]:
            if amount <= NOISE:
                return amount
            own = self.supply[self.tail[number]]
            if own < 0 or capacity[own] - flow[own] <= NOISE:
                continue
            gain = self.gain[number]
            spare = min(capacity[own] - flow[own], capacity[number] - flow[number])
            used = min(spare, amount if gain == 1 else amount / gain)
            flow[own] += used
            flow[number] += used
            amount -= used if gain == 1 else used * gain
        return amount

    def _shift(self, flow: list[float], path: list[tuple[int, bool]], amount: float) -> None:
        for number, forward in path:
            gain = self.gain[number]
            if forward:
                amount = amount if gain == 1 else amount / gain
                flow[number] += amount
            else:
                flow[number] -= amount
                amount = amount if gain == 1 else amount * gain

    def _path(
        self, capacity: list[float], flow: list[float], goal: int
    ) -> tuple[list[tuple[int, bool]], Iterable[int]]:
        """Return the shortest path from the goal back to a supply, and all nodes looked at."""
        came: dict[int, tuple[int, bool, int]] = {goal: (-1, True, -1)}
        waiting = deque([goal])
        tail, head, supply = self.tail, self.head, self.supply
        while waiting:
            node = waiting.popleft()
            own = supply[node]
            if own >= 0 and capacity[own] - flow[own] > NOISE:
                return self._steps(came, node, own), ()
            for number in self.into[node]:
                before = tail[number]
                if before not in came and capacity[number] - flow[number] > NOISE:
                    came[before] = number, True, node
                    waiting.append(before)
            for number in self.out[node]:
                after = head[number]
                if after not in came and flow[number] > NOISE:
                    came[after] = number, False, node
                    waiting.append(after)
        return [], came

    @staticmethod
    def _steps(
        came: dict[int, tuple[int, bool, int]], node: int, supply: int
    ) -> list[tuple[int, bool]]:
        steps = [(supply, True)]
        while came[node][2] >= 0:
            number, forward, node = came[node]
            steps.append((number, forward))
        return steps[::-1]


@dataclass(slots=True)
class _Refusal:
    """What could not be served; ``alone``: nothing had been sent before it."""

    node: int
    amount: float
    missing: float
    stuck: Iterable[int]
    alone: bool


class Pot:
    """What a network has sent so far, and what is known about how much more it can send."""

    def __init__(self, network: Network, capacity: list[float], journal: Journal) -> None:
        self.network = network
        self.capacity = capacity
        self.journal = journal
        self.room: dict[int, float] = {}
        self._flow: list[list[float]] = [[0] * len(capacity)]
        self._refusal: _Refusal | None = None

    def take(self, asked: Iterable[tuple[int, float]]) -> bool:
        """Send amounts to nodes; after a failure the caller takes everything back."""
        flow = list(self._flow[0])
        self.journal.set(self._flow, 0, flow)
        alone = True
        for node, amount in asked:
            missing, stuck = self.network.send(self.capacity, flow, node, amount)
            if missing:
                self._refusal = _Refusal(node, amount, missing, stuck, alone)
                return False
            alone = False
        return True

    def take_most(self, node: int, amount: float) -> float:
        """Send as much of an amount to a node as there is a way for; return how much it is."""
        flow = list(self._flow[0])
        self.journal.set(self._flow, 0, flow)
        missing, _ = self.network.send(self.capacity, flow, node, amount)
        return amount - missing

    def learn(self) -> None:
        """Note why `take` failed, once it has been taken back: from now on that is known."""
        refusal, self._refusal = self._refusal, None
        if refusal is None:
            return
        missing, stuck = refusal.missing, refusal.stuck
        if not refusal.alone:
            flow = list(self._flow[0])
            missing, stuck = self.network.send(self.capacity, flow, refusal.node, refusal.amount)
            if not missing:
                return
        sent = refusal.amount - missing
        self._note(refusal.node, sent)
        if sent <= NOISE:
            for node in stuck:
                self._note(node, 0)

    def _note(self, node: int, most: float) -> None:
        if most < self.room.get(node, inf):
            self.room.setdefault(node, inf)
            if self.journal.clean:
                self.room[node] = most
            else:
                self.journal.set(self.room, node, most)

    def forget(self) -> None:
        """Forget what is known: more has come in."""
        for node in list(self.room):
            self.journal.set(self.room, node, inf)
