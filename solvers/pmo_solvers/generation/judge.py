"""What a schedule of jobs is worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from pmo_solvers.generation.setting import Setting
from pmo_solvers.generation.shop import Shop

Key = tuple[int, ...]
"""The whole sum of every stage, in order; less is better."""


class Judge:
    """Keys of schedules.

    Attributes
    ----------
    shortens
        Whether the first stage is the makespan alone.
    delays
        Whether any stage counts delay.
    """

    def __init__(self, shop: Shop) -> None:
        self.goal = shop.goal
        self._members: dict[int, list[int]] = defaultdict(list)
        for number, job in enumerate(shop.jobs):
            if job.project in self.goal.due:
                self._members[job.project].append(number)
        length, delay, cost = self.goal.forms[0]
        self.shortens = length > 0 and not delay and not cost
        self.delays = any(form[1] for form in self.goal.forms)
        self._only_length = self.goal.forms == ((1, 0, 0),)

    def key(self, setting: Setting, starts: Sequence[int]) -> Key:
        """Return the key of a schedule."""
        length = max(map(int.__add__, starts, setting.durations), default=0)
        length = max(length, self.goal.length)
        if self._only_length:
            return (length,)
        return self.whole(length, self._delay(setting, starts), setting.cost)

    def whole(self, length: int, delay: int, cost: int) -> Key:
        """Return the key of a makespan, a delay, and the cost of all modes."""
        cost += self.goal.cost
        return tuple(a * length + b * delay + c * cost for a, b, c in self.goal.forms)

    def _delay(self, setting: Setting, starts: Sequence[int]) -> int:
        late = self.goal.delay
        if self.delays:
            durations = setting.durations
            for project, members in self._members.items():
                finish = max([starts[job] + durations[job] for job in members])
                late += max(0, finish - self.goal.due[project])
        return late

    def spare(self, ends: Sequence[int], length: int) -> list[int]:
        """Return the least mirrored starts with which no project ends later than it does.

        A project that is early may end when it is due. Only where delay counts.
        """
        first = [0] * len(ends)
        if not self.delays:
            return first
        for project, members in self._members.items():
            finish = max([ends[job] for job in members])
            spare = max(0, length - max(finish, self.goal.due[project]))
            for job in members:
                first[job] = spare
        return first
