"""Schedules from orders, in both directions of time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from pmo_solvers.generation.judge import Judge, Key
from pmo_solvers.generation.orders import Orders
from pmo_solvers.generation.passes import parallel, serial
from pmo_solvers.generation.setting import Setting, Settings
from pmo_solvers.generation.shop import Shop

REPAIRS = 12
"""Most passes in which jobs are held back until maximum lags hold."""

SETTINGS = 2000
"""Most settings that are kept."""

SLACK = 8
"""Mirrored schedules on a grid of changing capacity may be longer by one part in so many."""


class Maker:
    """Makes schedules of jobs.

    Attributes
    ----------
    passes
        How many have been made.
    horizon
        Periods of the grid.
    nothing
        0 for every job.
    """

    def __init__(self, shop: Shop, judge: Judge, orders: Orders) -> None:
        self.shop = shop
        self.judge = judge
        self.orders = orders
        self.passes = 0
        self.horizon = len(shop.used)
        self.nothing = [0] * len(shop.jobs)
        self._flat = len(set(shop.used)) <= 1
        self.settings = Settings(shop)
        self._settings: OrderedDict[tuple[int, ...], Setting] = OrderedDict()

    def setting(self, ways: Sequence[int]) -> Setting:
        """Return the jobs with these ways."""
        key = tuple(ways)
        found = self._settings.get(key)
        if found is None:
            found = Setting(self.settings, key)
            self._settings[key] = found
            if len(self._settings) > SETTINGS:
                self._settings.popitem(last=False)
        return found

    def forward(self, setting: Setting, order: Sequence[int]) -> list[int] | None:
        """Return the serial schedule of an order, or None where it breaks a window or lag."""
        shop = self.shop
        first = setting.first
        for _ in range(REPAIRS):
            self.passes += 1
            starts = serial(setting.ahead, order, first, shop.used, shop.guard)
            if starts is None:
                return None
            held = self._held(setting, starts, first)
            if held is None:
                return starts if self._in_time(setting, starts) else None
            first = held
        return None

    def at_once(self, setting: Setting, keys: Sequence[float]) -> list[int] | None:
        """Return the parallel schedule of priorities; smaller keys first."""
        self.passes += 1
        shop = self.shop
        starts = parallel(setting.ahead, keys, setting.first, shop.used, shop.guard)
        return starts if starts is not None and self._fits(setting, starts) else None

    def _held(self, setting: Setting, starts: Sequence[int], first: list[int]) -> list[int] | None:
        """Return first starts that keep back what starts too early, None where nothing does."""
        held = None
        for tail, head, lag in setting.ties:
            if starts[head] < starts[tail] + lag:
                held = held or list(first)
                held[head] = max(held[head], starts[tail] + lag)
        return held

    def _fits(self, setting: Setting, starts: Sequence[int]) -> bool:
        return self._held(setting, starts, setting.first) is None and self._in_time(setting, starts)

    def _in_time(self, setting: Setting, starts: Sequence[int]) -> bool:
        return all(map(int.__le__, starts, setting.last))

    # -- mirrored --------------------------------------------------------------------------

    def backward(
        self, setting: Setting, order: Sequence[int], first: Sequence[int], length: int
    ) -> list[int] | None:
        """Return mirrored starts of an order of the mirrored jobs.

        Parameters
        ----------
        first
            Least mirrored start of each job.
        length
            End of the schedule, from which time counts back.
        """
        self.passes += 1
        shop = self.shop
        used = shop.used if self._flat else shop.used[length - 1 :: -1]
        return serial(setting.back, order, first, used, shop.guard)

    def room(self, length: int) -> int:
        """Return from where time should count back for a schedule of about this length."""
        return min(length + length // SLACK + 1, self.horizon)

    def length(self, setting: Setting, starts: Sequence[int]) -> int:
        """Return the latest end."""
        return max(map(int.__add__, starts, setting.durations), default=0)

    def improved(self, setting: Setting, starts: list[int]) -> tuple[list[int], Key]:
        """Return a schedule after passes back and forth, while they make it better.

        Every job moves right as far as the end of all work, or of its project's work where
        delay counts, allows, the last ones first; then left, the first ones first.
        """
        key = self.judge.key(setting, starts)
        while True:
            moved = self.justified(setting, starts)
            if moved is None:
                return starts, key
            found = self.judge.key(setting, moved)
            if found >= key:
                return (moved, found) if found == key else (starts, key)
            starts, key = moved, found

    def justified(self, setting: Setting, starts: Sequence[int]) -> list[int] | None:
        """Return a schedule after one pass back and one pass forth."""
        durations = setting.durations
        ends = list(map(int.__add__, starts, durations))
        length = max(ends, default=0)
        order = self.orders.by_end(starts, durations)
        first = self.judge.spare(ends, length)
        mirrored = self.backward(setting, order, first, length)
        if mirrored is None:
            return None
        right = [length - t - d for t, d in zip(mirrored, durations, strict=True)]
        return self.forward(setting, self.orders.by_start(right))
