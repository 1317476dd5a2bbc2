"""Rows of people: in every period needs are served by a flow from who has the skills.

Where one supplier can serve a single kind of need in a period its availability is a constant
of that row; otherwise it has one column per kind of need that it can serve. Work that may be
spread over a phase has one column per period in which it may be done.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from pmo_optimizer.problem import Effort, Problem
from pmo_solvers.networks import FULL, Network, clusters, networks
from pmo_solvers.time_indexed.entries import Entries, Indices, Whole
from pmo_solvers.time_indexed.linear import LinearModel, LinearTerm
from pmo_solvers.time_indexed.schedule import Placed, Schedule

FINE = 10_000
"""Shares are counted in 1/FINE of an FTE unit in networks where fractions matter."""

TOLERANCE_DIVISOR = 10_000
"""A need may miss 1/10,000 FTE (formulation, section 4)."""


class Asked(NamedTuple):
    """What is asked of a bucket in a period.

    Attributes
    ----------
    columns
        Columns that bring needs, ascending.
    rates
        FTE units of the needs of each, added up.
    counts
        How many needs each brings, of which every one may miss a little.
    """

    columns: Indices
    rates: Whole
    counts: Whole


NOTHING = Asked(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))


class Spread(NamedTuple):
    """Work of one need that may be spread over its phase.

    Attributes
    ----------
    project
        Id of the project, for tags.
    covering
        Columns under which the phase is being done in each period in which it may be.
    placed
        All columns that do the phase in the mode of the need.
    """

    project: str
    bucket: int
    effort: Effort
    covering: dict[int, list[int]]
    placed: Placed


class Capacity:
    """Adds the rows of people and hires."""

    def __init__(
        self, problem: Problem, model: LinearModel, schedule: Schedule, penalty: LinearTerm
    ) -> None:
        self.problem = problem
        self.model = model
        self.schedule = schedule
        self.penalty = penalty
        self.frame = model.frame()
        self.heads = self._add_heads()
        self.demand = self._demand()
        self.spreads = self._spreads()
        self.spent: dict[tuple[int, int], list[int]] = defaultdict(list)

    def _add_heads(self) -> dict[tuple[int, int], int]:
        """Add the heads ordered of each hire in each period; their sum is limited."""
        columns: dict[tuple[int, int], int] = {}
        for index, hire in enumerate(self.problem.hires):
            own = [self.model.integer(hire.max_heads) for _ in hire.orders]
            columns |= {(index, t): c for t, c in zip(hire.orders, own, strict=True)}
            self.model.add(f"hire:{hire.id}", dict.fromkeys(own, 1), None, hire.max_heads)
        return columns

    def at_work(self, hire: int, period: int) -> list[int]:
        """Return the columns of heads that work in a period."""
        data = self.problem.hires[hire]
        pairs = zip(data.orders, data.work, strict=True)
        return [self.heads[hire, order] for order, work in pairs if period in work]

    def _demand(self) -> list[dict[int, Asked]]:
        """Return what is asked for per period and bucket."""
        buckets = len(self.problem.buckets)
        entries = Entries(_most_rates(self.problem))
        for project in self.problem.projects:
            for (phase, mode), placed in self.schedule.placed(project.index).items():
                needs = project.phases[phase].modes[mode].demands
                asked = [
                    (offset * buckets + need.bucket, rate)
                    for need in needs
                    for offset, rate in enumerate(need.rates)
                    if rate
                ]
                if asked:
                    places, rates = zip(*asked, strict=True)
                    keys = placed.starts[:, np.newaxis] * buckets + np.array(places)
                    entries.add(keys, placed.columns, rates)
        demand: list[dict[int, Asked]] = [{} for _ in range(self.problem.periods)]
        for key, *asked_for in entries.sums():
            demand[key // buckets][key % buckets] = Asked(*asked_for)
        return demand

    def _spreads(self) -> list[Spread]:
        """Return all work that may be spread."""
        spreads = []
        for project in self.problem.projects:
            for (phase, number), placed in self.schedule.placed(project.index).items():
                mode = project.phases[phase].modes[number]
                efforts = [(need.bucket, need.effort) for need in mode.demands if need.effort]
                if efforts:
                    covering: dict[int, list[int]] = defaultdict(list)
                    pairs = zip(placed.columns.tolist(), placed.starts.tolist(), strict=True)
                    for column, start in pairs:
                        for t in range(start, start + mode.duration):
                            covering[t].append(column)
                    spreads += [Spread(project.id, *e, covering, placed) for e in efforts]
        return spreads

    def add(self) -> None:
        """Add the rows of all periods."""
        asked = [set(buckets) for buckets in self.demand]
        for spread in self.spreads:
            for t in spread.covering:
                asked[t].add(spread.bucket)
        parts = [n for t, buckets in enumerate(asked) for n in networks(self.problem, t, buckets)]
        clusters(parts, ((s.bucket, s.covering) for s in self.spreads))
        part_of = {(n.period, b): n for n in parts for b in n.buckets}
        for spread in self.spreads:
            self._add_spread(spread, part_of[min(spread.covering), spread.bucket])
        for network in parts:
            self._add_network(network.period, network)
            for bucket in network.buckets:
                self.demand[network.period].pop(bucket, None)

    def _add_spread(self, spread: Spread, network: Network) -> None:
        """Least x <= e[t] <= most x (x: columns under which the phase is being done in t).

        Sum over t of e[t] >= work x (x: columns that do the phase); in fine networks without
        prices a part of the tolerance is taken off the work, which rounding may need.
        """
        fine = FINE if network.fine else 1
        exact = network.priced or not network.fine
        miss = 0 if exact else fine * self.problem.fte_scale // (2 * TOLERANCE_DIVISOR)
        effort, tag = spread.effort, f"effort:{spread.project}"
        total = dict.fromkeys(spread.placed.columns.tolist(), miss - effort.total * fine)
        for t, covering in sorted(spread.covering.items()):
            spent = self.model.continuous(effort.limit * fine, self.problem.fte_scale * fine)
            self.spent[t, spread.bucket].append(spent)
            total[spent] = 1
            doing = dict.fromkeys(covering, -effort.limit * fine)
            self.model.add(tag, doing | {spent: 1}, None, 0)
            if effort.least:
                doing = dict.fromkeys(covering, -effort.least * fine)
                self.model.add(tag, doing | {spent: 1}, 0, None)
        self.model.add(tag, total, 0, None)

    def _add_network(self, period: int, network: Network) -> None:
        """Sum of demands x + e <= sum of proficiency y + constants + overload, per bucket.

        Numbers of a fine network are in 1/(FINE x 100) of an FTE unit, else in FTE units.
        """
        fine = FINE if network.fine else 1
        level_unit = FULL if network.fine else 1
        factor = fine * level_unit
        exact = network.priced or not network.fine
        miss = 0 if exact else factor * self.problem.fte_scale // TOLERANCE_DIVISOR
        left: dict[int, dict[int, int]] = {b: {} for b in network.buckets}
        supply: dict[int, int] = dict.fromkeys(network.buckets, 0)
        for (kind, index), served in network.servers.items():
            if kind == "s":
                self._add_supplier(period, index, served, network, left, supply)
            else:
                self._add_hire(period, index, served, network, left)
        for bucket in network.buckets:
            data = self.problem.buckets[bucket]
            asked, limit = self.demand[period].get(bucket, NOTHING), supply[bucket]
            spent = self.spent.get((period, bucket), ())
            terms = left[bucket] | dict.fromkeys(spent, level_unit)
            coefs = asked.rates * factor - asked.counts * miss if miss else asked.rates * factor
            most = self.frame.most(asked.columns, coefs) + self.model.most(terms)
            if most <= limit:
                continue
            if data.overload_price is not None:
                units = self.problem.fte_scale * fine
                extra = self.model.continuous(-(-(most - limit) // level_unit), units)
                self.penalty.add(extra, data.overload_price / units)
                terms = terms | {extra: -level_unit}
            tag = f"capacity:{data.skill}:{period}"
            self.model.add_sorted(tag, asked.columns, coefs, terms, limit)

    def _add_supplier(
        self,
        period: int,
        index: int,
        served: list[int],
        network: Network,
        left: dict[int, dict[int, int]],
        supply: dict[int, int],
    ) -> None:
        """Sum over buckets of y <= availability; with a soft ceiling: <= ceiling + excess."""
        supplier = self.problem.suppliers[index]
        levels = {b: dict(self.problem.buckets[b].suppliers)[index] for b in served}
        fine = FINE if network.fine else 1
        available = supplier.available[period] * fine
        if len(served) == 1 and not supplier.soft_ceilings:
            bucket = served[0]
            supply[bucket] += available * (levels[bucket] if network.fine else 1)
            return
        units = self.problem.fte_scale * fine
        shares = {b: self.model.continuous(available, units) for b in served}
        for bucket, column in shares.items():
            left[bucket][column] = -(levels[bucket] if network.fine else 1)
        total = dict.fromkeys(shares.values(), 1)
        tag = f"availability:{supplier.id}:{period}"
        self.model.add(tag, total, None, available)
        for rule, limits in supplier.soft_ceilings:
            limit = limits[period] * fine
            ceiling = self.problem.ceilings[rule]
            excess = self.model.continuous(available - limit, units)
            self.penalty.add(excess, ceiling.price / units)
            tag = f"utilization:{ceiling.id}:{period}"
            self.model.add(tag, total | {excess: -1}, None, limit)

    def _add_hire(
        self,
        period: int,
        index: int,
        served: list[int],
        network: Network,
        left: dict[int, dict[int, int]],
    ) -> None:
        """Heads at work are 1 FTE each at proficiency 1, shared over the buckets they serve."""
        heads = self.at_work(index, period)
        fine = FINE if network.fine else 1
        level = FULL if network.fine else 1
        units = self.problem.fte_scale * fine
        if len(served) == 1:
            for column in heads:
                left[served[0]][column] = -units * level
            return
        most = self.problem.hires[index].max_heads * units
        shares = {b: self.model.continuous(most, units) for b in served}
        for bucket, column in shares.items():
            left[bucket][column] = -level
        terms = dict.fromkeys(shares.values(), 1) | dict.fromkeys(heads, -units)
        self.model.add(f"hire:{self.problem.hires[index].id}:{period}", terms, None, 0)


def _most_rates(problem: Problem) -> int:
    """Return what no coefficient of a demand exceeds in size, in the finest unit."""
    scale = problem.fte_scale
    return (
        FINE
        * FULL
        * max(
            (
                sum(
                    rate + scale
                    for f in p.phases
                    for m in f.modes
                    for d in m.demands
                    for rate in d.rates
                )
                for p in problem.projects
            ),
            default=0,
        )
    )
