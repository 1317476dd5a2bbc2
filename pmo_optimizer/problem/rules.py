"""Compile rules and selection logic into rows over projects."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from pmo_optimizer.model import (
    AverageRule,
    Choose,
    CountRule,
    Measure,
    Portfolio,
    Project,
    Sense,
    ShareRule,
    StartsRule,
    State,
)
from pmo_optimizer.problem.data import CountRow, MeasureRow, SelectionRow
from pmo_optimizer.problem.money import period_range


class Rules:
    """Rows of the rules, over the indices of projects that are not done."""

    def __init__(self, portfolio: Portfolio, index: dict[str, int], budget: Fraction) -> None:
        self.portfolio = portfolio
        self.index = index
        self.budget = budget
        self.open = [portfolio.project_by_id[p] for p in sorted(index)]
        self.rules = sorted(portfolio.rules, key=lambda r: r.id)

    def measures(self) -> tuple[MeasureRow, ...]:
        """Return share and average rules."""
        out = []
        for rule in self.rules:
            if isinstance(rule, ShareRule):
                out.append(self._share(rule))
            elif isinstance(rule, AverageRule):
                out.append(self._average(rule))
        return tuple(out)

    def _share(self, rule: ShareRule) -> MeasureRow:
        share = Fraction(rule.share)
        weights: dict[int, Fraction] = {}
        relative = rule.of == "selected"
        for project in self.open:
            inside = 1 if project.matches(rule.where) else 0
            weight = inside - share if relative else Fraction(inside)
            if weight:
                weights[self.index[project.id]] = weight
        total = Fraction(0)
        if rule.of == "budget":
            total = self.budget
        elif isinstance(rule.of, Decimal):
            total = Fraction(rule.of)
        least = rule.sense is Sense.AT_LEAST
        return self._row(rule, rule.measure.value, weights, share * total, least=least)

    def _average(self, rule: AverageRule) -> MeasureRow:
        named = {measure.value for measure in Measure}
        measure = rule.weight if rule.weight in named else Measure.COUNT.value
        weights = {}
        for project in self.open:
            if not project.matches(rule.where):
                continue
            weight = _attribute(project, rule.attribute) - Fraction(rule.limit)
            if rule.weight not in named:
                weight *= _attribute(project, rule.weight)
            weights[self.index[project.id]] = weight
        least = rule.sense is Sense.AT_LEAST
        return self._row(rule, measure, weights, Fraction(0), least=least)

    @staticmethod
    def _row(
        rule: ShareRule | AverageRule,
        measure: str,
        weights: dict[int, Fraction],
        limit: Fraction,
        *,
        least: bool,
    ) -> MeasureRow:
        return MeasureRow(
            id=rule.id,
            measure=measure,
            weights=weights,
            lower=limit if least else None,
            upper=None if least else limit,
            price=None if rule.price is None else float(rule.price),
        )

    def counts(self) -> tuple[CountRow, ...]:
        """Return count and starts rules."""
        out = []
        for rule in self.rules:
            if not isinstance(rule, CountRule | StartsRule):
                continue
            starts = isinstance(rule, StartsRule)
            members = tuple(
                self.index[p.id]
                for p in self.open
                if p.matches(rule.where) and not (starts and p.state is State.RUNNING)
            )
            periods = None
            if isinstance(rule, StartsRule):
                first, last = period_range(self.portfolio.calendar, rule.first, rule.last)
                periods = range(first, last + 1)
            price = None if rule.price is None else float(rule.price)
            out.append(CountRow(rule.id, members, periods, rule.min, rule.max, price))
        return tuple(out)

    def selection(self) -> tuple[SelectionRow, ...]:
        """Return requires, excludes, all-or-none and choose as rows over selected projects."""
        portfolio = self.portfolio
        requires = [
            self._logic(
                f"{rule.id}>{needed}",
                [(m, 1) for m in portfolio.members(needed)] + [(rule.project, -1)],
                0,
                None,
            )
            for rule in portfolio.requires
            for needed in sorted(set(rule.needs))
        ]
        excludes = [self._logic(x.id, _ones(x.projects), None, 1) for x in portfolio.excludes]
        choose = [self._choose(group) for group in portfolio.choose]
        together = [
            self._logic(f"{rule.id}>{b}", [(a, 1), (b, -1)], 0, 0)
            for rule in portfolio.all_or_none
            for a, b in pairwise(sorted(set(rule.projects)))
        ]
        rows = (*requires, *excludes, *choose, *together)
        return tuple(sorted(rows, key=lambda row: row.id))

    def _choose(self, group: Choose) -> SelectionRow:
        """Return min <= sum x + sum (1 - x of the unselected) <= max as a row over x."""
        out = set(group.unselected)
        terms = [*_ones(group.projects), *((project, -1) for project in sorted(out))]
        return self._logic(group.id, terms, group.min - len(out), group.max - len(out))

    def _logic(
        self, name: str, terms: Iterable[tuple[str, int]], lower: int | None, upper: int | None
    ) -> SelectionRow:
        """Return a row; done projects are constants 1 and move to the limits."""
        total: dict[int, int] = {}
        constant = 0
        for project, factor in terms:
            if project in self.index:
                index = self.index[project]
                total[index] = total.get(index, 0) + factor
            else:
                constant += factor
        return SelectionRow(
            id=name,
            terms=tuple(sorted((p, f) for p, f in total.items() if f)),
            lower=None if lower is None else lower - constant,
            upper=None if upper is None else upper - constant,
        )


def _ones(projects: Iterable[str]) -> list[tuple[str, int]]:
    return [(project, 1) for project in sorted(set(projects))]


def _attribute(project: Project, name: str) -> Fraction:
    """Return a numeric attribute; checks have made sure that it is one."""
    value = project.attributes[name]
    if not isinstance(value, Decimal):
        raise TypeError(f"attribute {name!r} of project {project.id} is not a number")
    return Fraction(value)
