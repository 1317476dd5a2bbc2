"""Rules about what is selected: shares, counts, starts per period, averages."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from pmo_optimizer.model import (
    AverageRule,
    CountRule,
    Filter,
    Measure,
    Portfolio,
    Project,
    Sense,
    ShareRule,
    StartsRule,
    State,
)
from pmo_optimizer.referee.buckets import total_budget
from pmo_optimizer.referee.ledger import Ledger
from pmo_optimizer.referee.report import Code, Exact, Log, plain
from pmo_optimizer.referee.schedule import Active


class Measures:
    """Raw measures of the selected projects, undiscounted and unadjusted (formulation, section 6).

    Parameters
    ----------
    ledger
        The books of the plan.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._active = ledger.schedule.active

    @cached_property
    def value(self) -> dict[str, Fraction]:
        """Weighted utility, or the value given directly, by project."""
        portfolio = self._ledger.schedule.portfolio
        return {name: portfolio.raw_value(a.project) for name, a in self._active.items()}

    @cached_property
    def cost(self) -> dict[str, Fraction]:
        """All lines and charges, by project."""
        return {name: Fraction(self._ledger.project_cost(name)) for name in self._active}

    @cached_property
    def effort(self) -> dict[str, Fraction]:
        """FTE-periods of all needs, by project."""
        return {name: Fraction(_effort(active)) for name, active in self._active.items()}

    @cached_property
    def count(self) -> dict[str, Fraction]:
        """1 for each project."""
        return dict.fromkeys(self._active, Fraction(1))

    def of(self, measure: Measure) -> dict[str, Fraction]:
        """Return a measure by project."""
        return {
            Measure.VALUE: lambda: self.value,
            Measure.COST: lambda: self.cost,
            Measure.EFFORT: lambda: self.effort,
            Measure.COUNT: lambda: self.count,
        }[measure]()


def _effort(active: Active) -> Decimal:
    total = Decimal(0)
    for placed in active.phases.values():
        for need in placed.mode.needs:
            duration = placed.mode.duration
            if need.effort is not None:
                total += need.effort
            elif need.heads is not None:
                total += need.heads * (Decimal(1) if need.share is None else need.share) * duration
            else:
                total += sum((need.rate(offset) for offset in range(duration)), Decimal(0))
    return total


class RuleCheck:
    """Holds a selection against the rules of its portfolio.

    Parameters
    ----------
    ledger
        The books of the plan.
    measures
        The measures of its selected projects.
    log
        Where violations and breaches go.
    """

    def __init__(self, ledger: Ledger, measures: Measures, log: Log) -> None:
        self._schedule = ledger.schedule
        self._measures = measures
        self._log = log

    @property
    def _portfolio(self) -> Portfolio:
        return self._schedule.portfolio

    def check(self) -> None:
        """Note every broken rule; utilization ceilings are checked with the staffing."""
        for rule in self._portfolio.rules:
            if isinstance(rule, ShareRule):
                self._check_share(rule)
            elif isinstance(rule, CountRule):
                self._check_count(rule)
            elif isinstance(rule, StartsRule):
                self._check_starts(rule)
            elif isinstance(rule, AverageRule):
                self._check_average(rule)

    def _matching(self, where: Filter) -> dict[str, Active]:
        chosen = self._schedule.active.items()
        return {name: active for name, active in chosen if active.project.matches(where)}

    def _check_share(self, rule: ShareRule) -> None:
        """Hold N >= s D, or N <= s D."""
        measured = self._measures.of(rule.measure)
        part = sum((measured[name] for name in self._matching(rule.where)), Fraction(0))
        limit = Fraction(rule.share) * self._base(rule, measured)
        word = "least" if rule.sense is Sense.AT_LEAST else "most"
        message = f"The {rule.measure} is {plain(part)}, at {word} {plain(limit)} is asked."
        self._limit(rule, Code.RULE_SHARE, _excess(part - limit, rule.sense), message)

    def _base(self, rule: ShareRule, measured: dict[str, Fraction]) -> Fraction:
        """Return D: the selected total, the budget within the grid, or a constant."""
        if isinstance(rule.of, Decimal):
            return Fraction(rule.of)
        if rule.of == "selected":
            return sum(measured.values(), Fraction(0))
        calendar = self._portfolio.calendar
        return Fraction(sum(total_budget(fund.amounts, calendar) for fund in self._portfolio.funds))

    def _check_count(self, rule: CountRule) -> None:
        number = len(self._matching(rule.where))
        message = f"{number} are selected, {_range(rule.min, rule.max)} are asked."
        self._limit(rule, Code.RULE_COUNT, _outside(number, rule.min, rule.max), message)

    def _check_starts(self, rule: StartsRule) -> None:
        calendar = self._portfolio.calendar
        starts = Counter(
            active.start
            for active in self._matching(rule.where).values()
            if active.project.state is not State.RUNNING
        )
        first = 0 if rule.first is None else max(0, calendar.not_before(rule.first))
        last = calendar.periods - 1
        if rule.last is not None:
            last = min(last, calendar.start_not_after(rule.last))
        for period in range(first, last + 1):
            number = starts[period]
            message = f"{number} start in {period}, {_range(rule.min, rule.max)} are asked."
            excess = _outside(number, rule.min, rule.max)
            self._limit(rule, Code.RULE_STARTS, excess, message, period)

    def _check_average(self, rule: AverageRule) -> None:
        """Hold sum of w (a - limit) <= 0, or >= 0; projects without the numbers are left out."""
        total = Fraction(0)
        for name, active in self._matching(rule.where).items():
            value = _number(active.project, rule.attribute)
            weight = self._weight(rule, name, active.project)
            if value is not None and weight is not None:
                total += weight * Fraction(value - rule.limit)
        message = (
            f"The weighted sum of {rule.attribute} - {plain(rule.limit)} is {plain(total)}, "
            f"{rule.sense.replace('_', ' ')} 0 is asked."
        )
        self._limit(rule, Code.RULE_AVERAGE, _excess(total, rule.sense), message)

    def _weight(self, rule: AverageRule, name: str, project: Project) -> Fraction | None:
        if rule.weight in set(Measure):
            return self._measures.of(Measure(rule.weight))[name]
        number = _number(project, rule.weight)
        return None if number is None else Fraction(number)

    def _limit(
        self,
        rule: ShareRule | CountRule | StartsRule | AverageRule,
        code: Code,
        excess: Exact,
        message: str,
        period: int | None = None,
    ) -> None:
        """Note an excess, where there is one, as a violation or as a breach with its price."""
        if not excess:
            return
        if rule.price is not None:
            label = "" if period is None else self._portfolio.calendar.label(period)
            self._log.breach(rule.type, rule.id, label, excess, rule.price)
            return
        path = f"rules/{rule.id}" if period is None else f"rules/{rule.id}/{period}"
        self._log.broken(code, path, message)


def _excess(difference: Fraction, sense: Sense) -> Fraction:
    """Return how far a sum is on the wrong side of 0."""
    return max(difference if sense is Sense.AT_MOST else -difference, Fraction(0))


def _outside(number: int, least: int | None, most: int | None) -> int:
    """Return by how much a number misses its range."""
    too_few = 0 if least is None else max(least - number, 0)
    too_many = 0 if most is None else max(number - most, 0)
    return too_few + too_many


def _range(least: int | None, most: int | None) -> str:
    parts = [f"at least {least}"] if least is not None else []
    if most is not None:
        parts.append(f"at most {most}")
    return " and ".join(parts)


def _number(project: Project, attribute: str) -> Decimal | None:
    value = project.attributes.get(attribute)
    return value if isinstance(value, Decimal) else None
