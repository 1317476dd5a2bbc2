"""What a fate costs and earns, what hires cost, and what the funds make of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from pmo_optimizer.model import (
    Amounts,
    Anchor,
    Calendar,
    CostLine,
    Fund,
    Grain,
    Hire,
    Need,
    Portfolio,
    Project,
    Synergy,
)
from tests.brute.schedules import Option
from tests.brute.simplex import LinearProgram

PERIODS_A_YEAR = {Grain.DAY: 365, Grain.WEEK: 52, Grain.MONTH: 12, Grain.QUARTER: 4, Grain.YEAR: 1}

Bucket = tuple[Fraction, frozenset[int]]
"""An amount, and the periods for which it is meant."""


@dataclass(frozen=True, slots=True)
class Spend:
    """Money spent in one period; without a fund it is open. Savings are negative."""

    period: int
    amount: Fraction
    category: str
    fund: str | None
    exit: bool = False


def discounting(rate: Decimal, period: int, grain: Grain) -> float:
    """Return (1 + r)^(-t / m)."""
    return float((1 + float(rate)) ** (-period / PERIODS_A_YEAR[grain]))


def spends_of(portfolio: Portfolio, option: Option) -> tuple[Spend, ...]:
    """Return what one fate of a project spends, beyond the grid included."""
    project = option.project
    if option.stopped:
        exit_cost = Fraction(project.exit_cost)
        return (Spend(0, exit_cost, project.exit_category, project.exit_fund, exit=True),)
    if not option.active:
        return ()
    spends = list(_project_lines(project, option))
    for placed in option.placed:
        for line in placed.mode.costs:
            spends += _line(line, placed.start, placed.mode.duration, placed.mode.duration)
    spends += _charges(portfolio, option)
    return tuple(spend for spend in spends if spend.amount)


def _project_lines(project: Project, option: Option) -> Iterator[Spend]:
    length = option.finish - option.start
    paid_periods = length if project.phases else 1
    for line in project.costs:
        yield from _line(line, option.start, length, paid_periods)


def _line(line: CostLine, start: int, length: int, paid_periods: int) -> Iterator[Spend]:
    amounts: list[tuple[int, Decimal]] = []
    if line.per_period is not None:
        amounts = [(start + n, line.per_period) for n in range(paid_periods)]
    elif line.profile is not None:
        amounts = [(start + n, amount) for n, amount in enumerate(line.profile)]
    elif line.lump is not None:
        at_end = line.at is Anchor.FINISH and length > 0
        amounts = [(start + length - 1 if at_end else start, line.lump)]
    for period, amount in amounts:
        yield Spend(period, Fraction(amount), line.category, line.fund)


def _charges(portfolio: Portfolio, option: Option) -> Iterator[Spend]:
    skills = {skill.id: skill for skill in portfolio.skills}
    for placed in option.placed:
        for need in placed.mode.needs:
            if need.charge_to is None:
                continue
            skill = skills[need.skill]
            for offset, amount in enumerate(_charged(need, placed.mode.duration, skill.rate)):
                yield Spend(placed.start + offset, amount, skill.rate_category, need.charge_to)


def _charged(need: Need, duration: int, rate: Decimal) -> list[Fraction]:
    """Return what a need costs in each period; effort evenly, in cents but for the last."""
    if need.effort is None:
        return [Fraction(rate) * Fraction(need.rate(offset)) for offset in range(duration)]
    total = Fraction(rate) * Fraction(need.effort)
    even = Fraction(floor(total / max(duration, 1) * 100), 100)
    return [even] * (duration - 1) + [total - even * (duration - 1)] * (duration > 0)


def spends_of_head(hire: Hire, order: int, calendar: Calendar) -> tuple[Spend, ...]:
    """Return what one head ordered in a period costs, beyond the grid included."""
    first = order + hire.lead_time
    last = max(first, calendar.periods) if hire.term is None else first + hire.term
    once, running = Fraction(hire.cost_once), Fraction(hire.cost_per_period)
    amounts = [(order, once), *((period, running) for period in range(first, last))]
    spends = (Spend(period, amount, hire.cost_category, hire.fund) for period, amount in amounts)
    return tuple(spend for spend in spends if spend.amount)


def savings_of(synergies: Iterable[Synergy], calendar: Calendar) -> tuple[Spend, ...]:
    """Return the savings of synergies that apply, as negative spending of their funds."""
    return tuple(
        Spend(calendar.period_of(saving.period), -Fraction(saving.amount), "", saving.fund)
        for synergy in synergies
        for saving in synergy.savings
    )


def benefits_of(option: Option) -> tuple[tuple[int, Fraction], ...]:
    """Return (period, amount) of the benefit, neither discounted nor adjusted for risk."""
    benefit = option.project.benefit
    if benefit is None or not option.active:
        return ()
    first = option.start if benefit.anchor is Anchor.START else option.finish
    return tuple((first + n, Fraction(amount)) for n, amount in enumerate(benefit.profile))


def buckets(amounts: Amounts, calendar: Calendar, unlisted_year: int | None) -> list[Bucket]:
    """Return amounts with the periods they cover, in time order.

    ``unlisted_year`` is the amount of a fiscal year that is left out; None leaves it out.
    """
    grid = range(calendar.periods)
    if amounts.total is not None:
        return [(Fraction(amounts.total), frozenset(grid))]
    if amounts.periods is not None:
        return [(Fraction(amounts.periods[t]), frozenset({t})) for t in grid]
    found: list[Bucket] = []
    for year in sorted({calendar.fiscal_year(t) for t in grid}):
        amount = (amounts.years or {}).get(year, unlisted_year)
        if amount is not None:
            periods = frozenset(t for t in grid if calendar.fiscal_year(t) == year)
            found.append((Fraction(amount), periods))
    return found


class Treasury:
    """All funds: decides whether spending can be paid, at the least price of overspends."""

    def __init__(self, funds: Sequence[Fund], calendar: Calendar) -> None:
        self.funds = funds
        self.periods = calendar.periods
        self.buckets = {fund.id: buckets(fund.amounts, calendar, 0) for fund in funds}
        self.bucket_of = {
            fund.id: {t: k for k, (_, periods) in enumerate(self.buckets[fund.id]) for t in periods}
            for fund in funds
        }

    def penalty(self, spends: Iterable[Spend]) -> Fraction | None:
        """Return the least price of overspends, None where a hard fund cannot pay."""
        if not self.funds:
            return Fraction(0)
        named: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
        open_: dict[tuple[int, tuple[str, ...]], Fraction] = defaultdict(Fraction)
        for spend in spends:
            if spend.period >= self.periods or not spend.amount:
                continue
            payers = self._payers(spend)
            if len(payers) == 1:
                named[payers[0], spend.period] += spend.amount
            else:
                open_[spend.period, payers] += spend.amount
        if any(amount and not payers for (_, payers), amount in open_.items()):
            return None
        return self.split(named, open_) if open_ else self.settle(named)

    def _payers(self, spend: Spend) -> tuple[str, ...]:
        if spend.fund is not None:
            return (spend.fund,)
        return tuple(fund.id for fund in self.funds if fund.pays(spend.category))

    def settle(self, spent: dict[tuple[str, int], Fraction]) -> Fraction | None:
        """Walk through the buckets of each fund where nothing is left to decide."""
        total = Fraction(0)
        for fund in self.funds:
            carry = Fraction(0)
            for amount, periods in self.buckets[fund.id]:
                available = amount + carry
                used = sum((spent.get((fund.id, t), Fraction(0)) for t in periods), Fraction(0))
                if used > available and fund.price is None:
                    return None
                total += Fraction(fund.price or 0) * max(Fraction(0), used - available)
                left = available - used
                if fund.carry_limit is not None:
                    left = min(left, Fraction(fund.carry_limit))
                carry = max(Fraction(0), left)
        return total

    def split(
        self,
        named: dict[tuple[str, int], Fraction],
        open_: dict[tuple[int, tuple[str, ...]], Fraction],
    ) -> Fraction | None:
        """Split open spending over the funds by a linear program.

        Carrying less than is left and buying an overspend to carry it on never pay, so the
        relaxed carry of the program costs the same as the exact one.
        """
        lp = LinearProgram()
        paid: dict[tuple[str, int], list[Hashable]] = defaultdict(list)
        for (payers, cell), amount in self._cells(open_).items():
            parts: list[Hashable] = [("part", payers, cell, payer) for payer in payers]
            lp.add(dict.fromkeys(parts, 1), "=", amount)
            for part, payer, k in zip(parts, payers, cell, strict=True):
                paid[payer, k].append(part)
        for fund in self.funds:
            for k, (amount, periods) in enumerate(self.buckets[fund.id]):
                terms: dict[Hashable, Fraction | int] = dict.fromkeys(paid[fund.id, k], 1)
                terms[("carry", fund.id, k)] = 1
                if k:
                    terms[("carry", fund.id, k - 1)] = -1
                if fund.price is not None:
                    terms[("over", fund.id, k)] = -1
                    lp.price(("over", fund.id, k), Fraction(fund.price))
                used = sum((named.get((fund.id, t), Fraction(0)) for t in periods), Fraction(0))
                lp.add(terms, "<=", amount - used)
                if fund.carry_limit is not None:
                    lp.add({("carry", fund.id, k): 1}, "<=", Fraction(fund.carry_limit))
        return lp.minimum()

    def _cells(
        self, open_: dict[tuple[int, tuple[str, ...]], Fraction]
    ) -> dict[tuple[tuple[str, ...], tuple[int, ...]], Fraction]:
        """Add up open spending that has the same payers in the same buckets."""
        cells: dict[tuple[tuple[str, ...], tuple[int, ...]], Fraction] = defaultdict(Fraction)
        for (period, payers), amount in open_.items():
            cells[payers, tuple(self.bucket_of[payer][period] for payer in payers)] += amount
        return cells
