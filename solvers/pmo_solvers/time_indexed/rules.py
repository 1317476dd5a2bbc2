"""Rows of the portfolio's rules: measures, counts, starts."""

from __future__ import annotations

from fractions import Fraction
from math import lcm

from pmo_optimizer.problem import CountRow, MeasureRow, Problem
from pmo_solvers.time_indexed.linear import LinearModel, LinearTerm
from pmo_solvers.time_indexed.schedule import Schedule


class Rules:
    """Adds share, average, count and starts rules, hard or priced."""

    def __init__(
        self,
        problem: Problem,
        model: LinearModel,
        schedule: Schedule,
        project_cost: list[dict[int, int]],
        penalty: LinearTerm,
    ) -> None:
        self.problem = problem
        self.model = model
        self.schedule = schedule
        self.project_cost = project_cost
        self.penalty = penalty

    def add(self) -> None:
        """Add every rule."""
        for measure in self.problem.measures:
            self._add_measure(measure)
        for count in self.problem.counts:
            if count.periods is None:
                chosen = {self.schedule.selected[p]: 1 for p in count.projects}
                self._add_count(count, chosen)
            else:
                self._add_starts(count)

    def _add_measure(self, rule: MeasureRow) -> None:
        """Lower - breach <= sum of weight x measure <= upper + breach, at its least multiplier."""
        terms: dict[int, Fraction] = {}
        for project, weight in rule.weights.items():
            for column, amount in self._measure(rule.measure, project).items():
                terms[column] = terms.get(column, Fraction(0)) + weight * amount
        tag = f"rule:{rule.id}"
        if rule.price is None:
            self.model.add_exact(tag, terms, rule.lower, rule.upper)
            return
        self._add_soft(tag, terms, rule.lower, rule.upper, rule.price)

    def _measure(self, measure: str, project: int) -> dict[int, Fraction]:
        """Return the measure of each column of a project, in natural units."""
        column = self.schedule.selected[project]
        data = self.problem.projects[project]
        if measure == "count":
            return {column: Fraction(1)}
        if measure == "value":
            return {column: data.raw_value}
        if measure == "cost":
            money = self.problem.money_scale
            return {c: Fraction(a, money) for c, a in self.project_cost[project].items() if a}
        out: dict[int, Fraction] = {}
        for work in self.schedule.works[project]:
            mode = data.phases[work.phase].modes[work.mode]
            rates = sum(demand.units for demand in mode.demands)
            effort = Fraction(rates, self.problem.fte_scale)
            out[work.column] = out.get(work.column, Fraction(0)) + effort
        return out

    def _add_soft(
        self,
        tag: str,
        terms: dict[int, Fraction],
        lower: Fraction | None,
        upper: Fraction | None,
        price: float,
    ) -> None:
        """Add a row for each side with a breach column that costs its price per natural unit."""
        for limit, sign in ((upper, 1), (lower, -1)):
            if limit is None:
                continue
            side = {column: sign * coef for column, coef in terms.items()}
            scale = lcm(limit.denominator, *(c.denominator for c in side.values()))
            whole = {column: int(coef * scale) for column, coef in side.items()}
            bound = int(sign * limit * scale)
            excess = self.model.most(whole) - bound
            if excess > 0:
                breach = self.model.continuous(excess, scale)
                whole[breach] = -1
                self.penalty.add(breach, price / scale)
            self.model.add(tag, whole, None, bound)

    def _add_count(self, rule: CountRow, terms: dict[int, int]) -> None:
        """Lower - breach <= sum x <= upper + breach."""
        tag = f"rule:{rule.id}"
        if rule.price is None:
            self.model.add(tag, terms, rule.lower, rule.upper)
            return
        exact = {column: Fraction(coef) for column, coef in terms.items()}
        lower = None if rule.lower is None else Fraction(rule.lower)
        upper = None if rule.upper is None else Fraction(rule.upper)
        self._add_soft(tag, exact, lower, upper, rule.price)

    def _add_starts(self, rule: CountRow) -> None:
        """Limit the starts in each period of the rule's range."""
        by_period: dict[int, dict[int, int]] = {t: {} for t in rule.periods or ()}
        for project in rule.projects:
            for t, columns in self.schedule.event(project, -1, finish=False).items():
                if t in by_period:
                    for column in columns:
                        by_period[t][column] = by_period[t].get(column, 0) + 1
        for terms in by_period.values():
            self._add_count(rule, terms)
