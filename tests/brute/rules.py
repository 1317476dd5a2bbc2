"""Caps and portfolio rules: how far a choice of fates breaches each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pmo_optimizer.model import (
    AverageRule,
    Calendar,
    Cap,
    CountRule,
    Filter,
    Measure,
    Portfolio,
    ProjectYears,
    Sense,
    ShareRule,
    StartsRule,
    State,
    UtilizationRule,
)
from pmo_optimizer.model.base import When
from tests.brute.money import PERIODS_A_YEAR, Spend, buckets
from tests.brute.people import effort_of
from tests.brute.schedules import Option

NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class Fate:
    """An option of a project with its money and its measures, worked out once."""

    option: Option
    spends: tuple[Spend, ...]
    measures: Mapping[str, Fraction]

    def matches(self, where: Filter) -> bool:
        """Return whether the project is meant by a filter."""
        return self.option.project.matches(where)


def raw_value(portfolio: Portfolio, option: Option) -> Fraction:
    """Return the weighted utility of a project, or its value where that is given."""
    project = option.project
    if project.value is not None:
        return Fraction(project.value)
    total = NOTHING
    for criterion in portfolio.criteria:
        if criterion.id in project.scores:
            score, worst = Fraction(project.scores[criterion.id]), Fraction(criterion.worst)
            weight = Fraction(portfolio.criteria_weights[criterion.id])
            total += weight * (score - worst) / (Fraction(criterion.best) - worst)
    return total


def measures_of(
    portfolio: Portfolio, option: Option, spends: Sequence[Spend]
) -> dict[str, Fraction]:
    """Return the measures of an active option; all are 0 for any other."""
    if not option.active:
        return dict.fromkeys(Measure, NOTHING)
    return {
        Measure.VALUE: raw_value(portfolio, option),
        Measure.COST: sum((s.amount for s in spends if not s.exit), NOTHING),
        Measure.EFFORT: effort_of(option),
        Measure.COUNT: Fraction(1),
    }


def price_of_breaches(portfolio: Portfolio, fates: Sequence[Fate]) -> Fraction | None:
    """Return the price of all breaches of rules and caps; None where a hard one is broken."""
    total = NOTHING
    for rule in portfolio.rules:
        if isinstance(rule, UtilizationRule):
            continue
        if isinstance(rule, ShareRule):
            breach = _share(rule, portfolio, fates)
        elif isinstance(rule, CountRule):
            count = sum(fate.option.active and fate.matches(rule.where) for fate in fates)
            breach = _outside(count, rule.min, rule.max)
        elif isinstance(rule, StartsRule):
            breach = _starts(rule, portfolio.calendar, fates)
        else:
            breach = _average(rule, fates)
        if breach > 0 and rule.price is None:
            return None
        total += Fraction(rule.price or 0) * breach
    for cap in portfolio.caps:
        breach = cap_breach(cap, portfolio.calendar, fates)
        if breach > 0 and cap.price is None:
            return None
        total += Fraction(cap.price or 0) * breach
    return total


def _share(rule: ShareRule, portfolio: Portfolio, fates: Sequence[Fate]) -> Fraction:
    part = sum((f.measures[rule.measure] for f in fates if f.matches(rule.where)), NOTHING)
    if rule.of == "selected":
        whole = sum((f.measures[rule.measure] for f in fates), NOTHING)
    elif rule.of == "budget":
        whole = sum(
            (
                amount
                for fund in portfolio.funds
                for amount, _ in buckets(fund.amounts, portfolio.calendar, 0)
            ),
            NOTHING,
        )
    else:
        whole = Fraction(rule.of)
    return _wrong_side(rule.sense, part - Fraction(rule.share) * whole)


def _wrong_side(sense: Sense, surplus: Fraction) -> Fraction:
    return max(NOTHING, -surplus if sense is Sense.AT_LEAST else surplus)


def _outside(count: int, least: int | None, most: int | None) -> Fraction:
    missing = 0 if least is None else max(0, least - count)
    excess = 0 if most is None else max(0, count - most)
    return Fraction(missing + excess)


def _starts(rule: StartsRule, calendar: Calendar, fates: Sequence[Fate]) -> Fraction:
    starts = [
        fate.option.start
        for fate in fates
        if fate.option.active
        and fate.option.project.state is not State.RUNNING
        and fate.matches(rule.where)
    ]
    periods = _range(rule.first, rule.last, calendar)
    return sum((_outside(starts.count(t), rule.min, rule.max) for t in periods), NOTHING)


def _range(first: When | None, last: When | None, calendar: Calendar) -> range:
    low = 0 if first is None else max(0, calendar.not_before(first))
    high = calendar.periods - 1 if last is None else calendar.start_not_after(last)
    return range(low, min(high, calendar.periods - 1) + 1)


def _average(rule: AverageRule, fates: Sequence[Fate]) -> Fraction:
    surplus = NOTHING
    for fate in fates:
        if not fate.option.active or not fate.matches(rule.where):
            continue
        attributes = fate.option.project.attributes
        if rule.weight in fate.measures:
            weight = fate.measures[rule.weight]
        else:
            weight = _number(attributes[rule.weight])
        surplus += weight * (_number(attributes[rule.attribute]) - Fraction(rule.limit))
    return _wrong_side(rule.sense, surplus)


def _number(value: bool | Decimal | str) -> Fraction:
    if isinstance(value, Decimal):
        return Fraction(value)
    raise TypeError(f"{value!r} is not a number")


def cap_breach(cap: Cap, calendar: Calendar, fates: Sequence[Fate]) -> Fraction:
    """Return by how much matching cost exceeds a cap, added up over its buckets."""
    periods = _range(cap.first, cap.last, calendar)
    total = NOTHING
    for amount, bucket in buckets(cap.amounts, calendar, None):
        cost = sum(
            (
                spend.amount
                for fate in fates
                if fate.matches(cap.where)
                for spend in fate.spends
                if spend.period in bucket
                and spend.period in periods
                and _counts(cap, calendar, fate.option, spend)
            ),
            NOTHING,
        )
        total += max(NOTHING, cost - amount)
    return total


def _counts(cap: Cap, calendar: Calendar, option: Option, spend: Spend) -> bool:
    if cap.cost_categories and spend.category not in cap.cost_categories:
        return False
    if cap.project_years is None:
        return True
    if spend.exit:
        return False
    young = spend.period < option.start + PERIODS_A_YEAR[calendar.grain]
    return young == (cap.project_years is ProjectYears.FIRST)
