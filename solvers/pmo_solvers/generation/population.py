"""Two populations of schedules, one of them mirrored, that breed each other.

Children of schedules are mirrored schedules and the other way round, so that each generation
justifies the last one (Debels and Vanhoucke 2005, a bi-population genetic algorithm). Where
delay or cost come first, children are justified one by one instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from pmo_solvers.generation.judge import Key
from pmo_solvers.generation.maker import Maker
from pmo_solvers.generation.modes import Ways
from pmo_solvers.generation.setting import Setting

LEAST_PART, MOST_PART = 0.25, 0.75
"""Part of an order that a child takes from its second parent."""

SWAP = 0.05
"""Chance of a swap of neighbours in an order."""

OTHER_WAY = 0.03
"""Chance that a job is done another way."""

TRIALS = 4
"""Most orders that are drawn for a member until one gives a schedule."""


class Sink(Protocol):
    """Takes schedules, and says when to end."""

    @property
    def over(self) -> bool:
        """Whether the run is to end."""
        ...

    def better(self, key: Key) -> bool:
        """Return whether a schedule of that key would be the best."""
        ...

    def offer(self, ways: Sequence[int], starts: Sequence[int], key: Key, source: str) -> bool:
        """Take a schedule; return whether it is the best now."""
        ...

    def news(self) -> tuple[Sequence[int], Sequence[int]] | None:
        """Return ways and starts of a best schedule that others have found since the last call."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """A schedule: its key, and jobs in the order for what its children are."""

    key: Key
    order: list[int]
    setting: Setting


class Population:
    """Breeds schedules.

    Parameters
    ----------
    seed
        Draws the order of a first member.
    size
        Members of each population.
    """

    def __init__(
        self,
        maker: Maker,
        ways: Ways,
        sink: Sink,
        seed: Callable[[], list[int]],
        size: int,
        random: Random,
    ) -> None:
        self.maker = maker
        self.ways = ways
        self.sink = sink
        self.seed = seed
        self.size = size
        self.random = random
        self.members: list[Member] = []
        self.mirrored = False
        self._shortens = maker.judge.shortens
        self._length = maker.horizon

    def fill(self) -> bool:
        """Draw the first members; return whether there are at least two."""
        self.members = []
        self.mirrored = False
        for _ in range(TRIALS * self.size):
            if self.sink.over or len(self.members) >= self.size:
                break
            setting = self._setting()
            if setting is None:
                continue
            member = self._forward(self.seed(), setting)
            if member is not None:
                self.members.append(member)
        return len(self.members) > 1

    def _setting(self) -> Setting | None:
        ways = self.ways
        chosen = ways.shortest if ways.single else ways.drawn(self.random)
        return None if chosen is None else self.maker.setting(chosen)

    # -- schedules -------------------------------------------------------------------------

    def _forward(self, order: Sequence[int], setting: Setting) -> Member | None:
        starts = self.maker.forward(setting, order)
        if starts is None:
            return None
        key = self.maker.judge.key(setting, starts)
        if not self._shortens:
            starts, key = self.maker.improved(setting, starts)
        if self.sink.better(key):
            starts, key = self.maker.improved(setting, starts)
            self.sink.offer(setting.ways, starts, key, "population")
        return self._member(setting, starts, key)

    def _member(self, setting: Setting, starts: Sequence[int], key: Key) -> Member:
        orders = self.maker.orders
        if not self._shortens:
            return Member(key, orders.by_start(starts), setting)
        self._length = self.maker.length(setting, starts)
        return Member(key, orders.by_end(starts, setting.durations), setting)

    def _backward(self, order: Sequence[int], setting: Setting) -> Member | None:
        """Return a mirrored child; its key is that of the schedule moved into its windows."""
        maker = self.maker
        mirrored = maker.backward(setting, order, maker.nothing, maker.room(self._length))
        if mirrored is None:
            return None
        reach = list(map(int.__add__, mirrored, setting.durations))
        length = max(map(int.__add__, reach, setting.first), default=0)
        key = maker.judge.whole(length, 0, setting.cost)
        following = maker.orders.by_start([-end for end in reach])
        if self.sink.better(key):
            self._forward(following, setting)
        return Member(key, following, setting)

    # -- breeding --------------------------------------------------------------------------

    def generation(self) -> bool:
        """Replace all members by children; return whether there are enough of them."""
        self._welcome()
        children: list[Member] = []
        for member in self.members:
            if self.sink.over:
                return True
            one, two = self.random.choice(self.members), self.random.choice(self.members)
            other = one if one.key <= two.key else two
            born = [self._child(member, other), self._child(other, member)]
            if not self._shortens:
                born.append(member)
            alive = [child for child in born if child is not None]
            if alive:
                children.append(min(alive, key=lambda child: child.key))
        self.members = children
        self.mirrored = self._shortens and not self.mirrored
        return len(children) > 1

    def _child(self, member: Member, other: Member) -> Member | None:
        """Return a child: the member's order and ways, but for a part as in the other's."""
        random, back = self.random, self._shortens and not self.mirrored
        order = member.order
        count = len(order)
        size = int(count * random.uniform(LEAST_PART, MOST_PART))
        begin = random.randrange(count - size + 1)
        rank = [0] * count
        for place, job in enumerate(other.order):
            rank[job] = place
        part = order[begin : begin + size]
        mixed = [*order[:begin], *sorted(part, key=rank.__getitem__), *order[begin + size :]]
        self.maker.orders.shaken(mixed, SWAP, random, back=back)
        setting = member.setting
        if not self.ways.single:
            chosen = self._mixed(setting, other.setting, part)
            if chosen is None:
                return None
            setting = chosen
        return self._backward(mixed, setting) if back else self._forward(mixed, setting)

    def _mixed(self, setting: Setting, other: Setting, part: Sequence[int]) -> Setting | None:
        ways = list(setting.ways)
        for job in part:
            ways[job] = other.ways[job]
        self.ways.change(ways, OTHER_WAY, self.random)
        mended = self.ways.mended(ways, self.random)
        return None if mended is None else self.maker.setting(mended)

    def _welcome(self) -> None:
        """Put a schedule from elsewhere in the place of the worst member."""
        if self.mirrored:
            return
        found = self.sink.news()
        if found is not None:
            setting = self.maker.setting(found[0])
            key = self.maker.judge.key(setting, found[1])
            worst = max(range(len(self.members)), key=lambda i: self.members[i].key)
            self.members[worst] = self._member(setting, found[1], key)
