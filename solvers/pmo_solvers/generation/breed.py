"""Populations, one after the other, until the run is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random

from pmo_solvers.generation.judge import Judge, Key
from pmo_solvers.generation.maker import Maker
from pmo_solvers.generation.modes import Ways
from pmo_solvers.generation.orders import Orders
from pmo_solvers.generation.population import Population, Sink
from pmo_solvers.generation.rules import Rules
from pmo_solvers.generation.shop import Shop

PASSES_PER_MEMBER = 250
"""Passes of schedule generation that are worth one more member of a population."""

MEMBERS = (16, 120)
"""Least and most members of a population."""

PROJECT_SHARE = 0.5
"""Share of first orders in which projects come more or less one after the other."""

GOOD_RULES = 6
"""Results of rules from which first orders are drawn."""

MANY_JOBS = 200
"""Jobs from which on orders are drawn by noise."""

MOST_NOISE = 0.2
"""Greatest noise of keys, as a share of their spread."""

SAMPLE = 12
"""Passes by which their speed is measured."""

OVERHEAD = 1.4
"""Time of a child, in times of its pass."""

IDLE_SECONDS = 0.05
"""Pause where no schedule can be made."""


class Breeder:
    """All that breeding schedules of a shop needs."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.judge = Judge(shop)
        self.orders = Orders(shop)
        self.maker = Maker(shop, self.judge, self.orders)
        self.ways = Ways(shop)
        self.rules = Rules(shop, self.judge)
        self._found: list[tuple[Key, list[float]]] = []
        self.random = Random(seed)  # noqa: S311 - a search, not a secret

    def by_rules(self, sink: Sink) -> None:
        """Offer what priority rules give, in parallel and in series, justified."""
        chosen = [self.ways.lightest]
        if not self.ways.single:
            chosen += [self.ways.shortest, self.ways.cheapest]
        for own in chosen:
            ways = self.ways.mended(list(own), self.random)
            if ways is not None:
                self._by_rules(sink, ways)

    def _by_rules(self, sink: Sink, ways: list[int]) -> None:
        setting = self.maker.setting(ways)
        for keys in self.rules.all:
            for source in ("parallel rule", "serial rule"):
                if sink.over:
                    return
                if source == "serial rule":
                    starts = self.maker.forward(setting, self.orders.by_priority(keys))
                else:
                    starts = self.maker.at_once(setting, keys)
                if starts is not None:
                    moved, key = self.maker.improved(setting, starts)
                    sink.offer(setting.ways, moved, key, source)
                    self._found.append((key, keys))

    def follow(self, sink: Sink, ways: list[int], keys: list[float]) -> None:
        """Offer the schedule in which jobs come in the order of their keys, justified."""
        mended = self.ways.mended(ways, self.random)
        if mended is None:
            return
        setting = self.maker.setting(mended)
        starts = self.maker.forward(setting, self.orders.by_priority(keys))
        if starts is not None:
            moved, key = self.maker.improved(setting, starts)
            sink.offer(setting.ways, moved, key, "start")

    def breed(self, sink: Sink, left: Callable[[], float]) -> None:
        """Breed until the sink is over.

        Parameters
        ----------
        left
            Returns the seconds that are left, for the size of populations.
        """
        while not sink.over:
            members = int(left() / self._pass_seconds() / OVERHEAD / PASSES_PER_MEMBER)
            size = min(max(members, MEMBERS[0]), MEMBERS[1])
            population = Population(self.maker, self.ways, sink, self.seed, size, self.random)
            if not population.fill():
                time.sleep(IDLE_SECONDS)
                continue
            while not sink.over and population.generation():
                pass

    def seed(self) -> list[int]:
        """Return a random order for a first member, by a rule that did well.

        Orders of many jobs are those of the rule with noise, which is faster to draw and does
        not stray as far.
        """
        ranked = sorted(self._found, key=lambda pair: pair[0])[:GOOD_RULES]
        keys = self.random.choice(ranked)[1] if ranked else self.rules.all[0]
        if self.rules.several and self.random.random() < PROJECT_SHARE:
            keys = self.rules.by_project(keys, self.random)
        if len(keys) < MANY_JOBS:
            return self.orders.sampled(keys, self.random)
        noise = MOST_NOISE * self.random.random() * (max(keys) - min(keys))
        return self.orders.by_priority([key + noise * self.random.random() for key in keys])

    def _pass_seconds(self) -> float:
        setting = self.maker.setting(self.ways.shortest)
        begin = time.monotonic()
        for _ in range(SAMPLE):
            self.maker.forward(setting, self.orders.order)
        return (time.monotonic() - begin) / SAMPLE
