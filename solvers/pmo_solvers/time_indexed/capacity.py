"""Rows of people: in every period needs are served by a flow from who has the skills.

Where one supplier can serve a single kind of need in a period its availability is a constant
of that row; otherwise it has one column per kind of need that it can serve.
"""

from __future__ import annotations

from collections import defaultdict

from pmo_optimizer.problem import Problem
from pmo_solvers.networks import FULL, Network, networks
from pmo_solvers.time_indexed.linear import LinearModel, LinearTerm
from pmo_solvers.time_indexed.schedule import Schedule

FINE = 10_000
"""Shares are counted in 1/FINE of an FTE unit in networks where fractions matter."""

TOLERANCE_DIVISOR = 10_000
"""A need may miss 1/10,000 FTE (MODEL 16)."""


class Capacity:
    """Adds the rows of people and hires."""

    def __init__(
        self, problem: Problem, model: LinearModel, schedule: Schedule, penalty: LinearTerm
    ) -> None:
        self.problem = problem
        self.model = model
        self.schedule = schedule
        self.penalty = penalty
        self.heads = self._add_heads()
        self.demand = self._demand()

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

    def _demand(self) -> list[dict[int, dict[int, list[int]]]]:
        """Return, per period and bucket, the rates of the needs that each column brings."""
        demand: list[dict[int, dict[int, list[int]]]] = [
            defaultdict(dict) for _ in range(self.problem.periods)
        ]
        for project in self.problem.projects:
            for work in self.schedule.works[project.index]:
                mode = project.phases[work.phase].modes[work.mode]
                for need in mode.demands:
                    for offset, rate in enumerate(need.rates):
                        if rate:
                            at = demand[work.start + offset][need.bucket]
                            at.setdefault(work.column, []).append(rate)
        return demand

    def add(self) -> None:
        """Add the rows of all periods."""
        for period, buckets in enumerate(self.demand):
            for network in networks(self.problem, period, set(buckets)):
                self._add_network(period, network)

    def _add_network(self, period: int, network: Network) -> None:
        """Sum of demands x <= sum of proficiency y + constants + overload, per bucket.

        Numbers of a fine network are in 1/(FINE x 100) of an FTE unit, else in FTE units.
        """
        fine = FINE if network.fine else 1
        level_unit = FULL if network.fine else 1
        factor = fine * level_unit
        exact = network.priced or not network.fine
        miss = 0 if exact else factor * self.problem.fte_scale // TOLERANCE_DIVISOR
        left = {b: self._demand_terms(period, b, factor, miss) for b in network.buckets}
        supply: dict[int, int] = dict.fromkeys(network.buckets, 0)
        for (kind, index), served in network.servers.items():
            if kind == "s":
                self._add_supplier(period, index, served, network, left, supply)
            else:
                self._add_hire(period, index, served, network, left)
        for bucket in network.buckets:
            data = self.problem.buckets[bucket]
            terms, limit = left[bucket], supply[bucket]
            most = self.model.most(terms)
            if most <= limit:
                continue
            if data.overload_price is not None:
                units = self.problem.fte_scale * fine
                extra = self.model.continuous(-(-(most - limit) // level_unit), units)
                self.penalty.add(extra, data.overload_price / units)
                terms = terms | {extra: -level_unit}
            self.model.add(f"capacity:{data.skill}:{period}", terms, None, limit)

    def _demand_terms(self, period: int, bucket: int, factor: int, miss: int) -> dict[int, int]:
        """Return the demand of each column, of which each need may miss a little."""
        return {
            column: sum(rate * factor - miss for rate in rates)
            for column, rates in self.demand[period][bucket].items()
        }

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
