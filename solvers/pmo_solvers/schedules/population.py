"""Two populations of schedules, one of them mirrored, that breed each other.

Children of schedules are mirrored schedules and the other way round, so that each generation
justifies the last one (Debels and Vanhoucke 2005, a bi-population genetic algorithm). Where
delay or cost come first, children are justified one by one instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from pmo_solvers.schedules.board import Board
from pmo_solvers.schedules.maker import Maker
from pmo_solvers.schedules.modes import Ways
from pmo_solvers.schedules.score import Key
from pmo_solvers.schedules.setting import Setting

LEAST_PART, MOST_PART = 0.25, 0.75
"""Part of an order that a child takes from its second parent."""

SWAP = 0.05
"""Chance of a swap of neighbours in an order."""

OTHER_WAY = 0.03
"""Chance that a job is done another way."""


@dataclass(frozen=True, slots=True)
class Member:
    """A schedule: its key, and jobs in the order for the opposite direction of time."""

    key: Key
    order: list[int]
    setting: Setting


class Population:
    """Breeds schedules.

    Parameters
    ----------
    seeds
        Keys of jobs, by which the first orders are drawn; small ones first.
    size
        Members of each population.
    """

    def __init__(
        self,
        maker: Maker,
        ways: Ways,
        board: Board,
        seeds: Sequence[Sequence[float]],
        size: int,
        random: Random,
    ) -> None:
        self.maker = maker
        self.ways = ways
        self.board = board
        self.seeds = seeds
        self.size = size
        self.random = random
        self.members: list[Member] = []
        self.mirrored = False

    def fill(self, over: Callable[[], bool]) -> bool:
        """Draw the first members; return whether there are at least two."""
        self.members = []
        self.mirrored = False
        return self.more(over)

    def more(self, over: Callable[[], bool]) -> bool:
        """Draw members until there are enough; return whether there are at least two."""
        for number in range(4 * self.size):
            if over() or len(self.members) >= self.size:
                break
            setting = self._setting()
            if setting is None:
                continue
            keys = self.seeds[number % len(self.seeds)]
            order = self.maker.orders.sampled(keys, self.random)
            self._add(self._forward(order, setting, "search"), self.members)
        return len(self.members) > 1

    def _setting(self) -> Setting | None:
        ways = self.ways
        chosen = list(ways.shortest) if ways.single else ways.drawn(self.random)
        return None if chosen is None else self.maker.setting(chosen)

    @staticmethod
    def _add(member: Member | None, members: list[Member]) -> None:
        if member is not None:
            members.append(member)

    # -- schedules -------------------------------------------------------------------------

    def _forward(self, order: Sequence[int], setting: Setting, source: str) -> Member | None:
        maker = self.maker
        starts = maker.forward(setting, order)
        if starts is None:
            return None
        key = maker.score.key(setting, starts)
        if not maker.score.shortens:
            starts, key = maker.improved(setting, starts)
        self._offer(setting, starts, key, source)
        if maker.score.shortens:
            return Member(key, maker.orders.by_end(starts, setting.durations), setting)
        return Member(key, maker.orders.by_start(starts), setting)

    def _offer(self, setting: Setting, starts: list[int], key: Key, source: str) -> None:
        if self.board.better(key):
            starts, key = self.maker.improved(setting, starts)
            self.board.offer(setting.ways, starts, key, source)

    def _backward(self, order: Sequence[int], setting: Setting) -> Member | None:
        """Return a mirrored child; its key is that of the schedule moved back into its windows."""
        maker, best = self.maker, self.board.best
        length = len(maker.jobs.used) if best is None else maker.room(self._length(best.starts, best.ways))
        mirrored = maker.backward(setting, order, [0] * len(order), length)
        if mirrored is None:
            return None
        reach = [
            t + d + f for t, d, f in zip(mirrored, setting.durations, setting.first, strict=True)
        ]
        key = maker.score.whole(max(reach, default=0), 0, setting.cost)
        starts = [-t - d for t, d in zip(mirrored, setting.durations, strict=True)]
        following = maker.orders.by_start(starts)
        if self.board.better(key):
            self._forward(following, setting, "search")
        return Member(key, following, setting)

    def _length(self, starts: Sequence[int], ways: Sequence[int]) -> int:
        return max(map(int.__add__, starts, self.maker.setting(ways).durations), default=0)

    # -- breeding --------------------------------------------------------------------------

    def generation(self, over: Callable[[], bool]) -> None:
        """Replace all members by children."""
        children: list[Member] = []
        mirrored = self.maker.score.shortens and not self.mirrored
        for member in self.members:
            if over():
                return
            one, two = (self.random.choice(self.members) for _ in range(2))
            other = one if one.key <= two.key else two
            born = [self._child(member, other), self._child(other, member)]
            alive = [child for child in born if child is not None]
            if not self.maker.score.shortens:
                alive.append(member)
            if alive:
                children.append(min(alive, key=lambda child: child.key))
        if len(children) > 1:
            self.members, self.mirrored = children, mirrored
        elif self.mirrored:
            self.fill(over)

    def _child(self, member: Member, other: Member) -> Member | None:
        """Return a child: the member's order and ways, but for a part as in the other's."""
        random, back = self.random, self.maker.score.shortens and not self.mirrored
        count = len(member.order)
        size = int(count * random.uniform(LEAST_PART, MOST_PART))
        begin = random.randrange(count - size + 1)
        rank = [0] * count
        for place, job in enumerate(other.order):
            rank[job] = place
        part = member.order[begin : begin + size]
        order = member.order[:begin] + sorted(part, key=rank.__getitem__) + member.order[begin + size :]
        self.maker.orders.shaken(order, SWAP, random, back=back)
        setting = member.setting
        if not self.ways.single:
            chosen = self._mixed(setting, other.setting, part)
            if chosen is None:
                return None
            setting = chosen
        return self._backward(order, setting) if back else self._forward(order, setting, "search")

    def _mixed(self, setting: Setting, other: Setting, part: Sequence[int]) -> Setting | None:
        ways = list(setting.ways)
        for job in part:
            ways[job] = other.ways[job]
        self.ways.change(ways, OTHER_WAY, self.random)
        mended = self.ways.mended(ways, self.random)
        return None if mended is None else self.maker.setting(mended)

    def welcome(self, ways: Sequence[int], starts: Sequence[int]) -> None:
        """Put a schedule from elsewhere in the place of the worst member, if unmirrored."""
        if self.mirrored or not self.members:
            return
        setting = self.maker.setting(ways)
        key = self.maker.score.key(setting, starts)
        orders = self.maker.orders
        shortens = self.maker.score.shortens
        order = orders.by_end(starts, setting.durations) if shortens else orders.by_start(starts)
        worst = max(range(len(self.members)), key=lambda i: self.members[i].key)
        if key < self.members[worst].key:
            self.members[worst] = Member(key, order, setting)
