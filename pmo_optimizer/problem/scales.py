"""Exact integers: the common scale of money and of FTE."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from pmo_optimizer.model import Amounts, CostLine, Portfolio
from pmo_optimizer.model.base import decimal_places

HUNDREDTHS = 2
"""Decimals of an individual's availability."""

CENT_PLACES = 2
"""Decimals of the step in which charges of effort are spread."""


def decimals(numbers: Iterable[Decimal | None]) -> int:
    """Return the most decimal places that any of the numbers has."""
    return max((decimal_places(n) for n in set(numbers) if n is not None), default=0)


def whole(number: Decimal | Fraction | int, scale: int) -> int:
    """Return number x scale, which must be whole: the scale was made from the data.

    Raises
    ------
    ArithmeticError
        It is not whole.
    """
    numerator, denominator = number.as_integer_ratio()
    scaled, rest = divmod(numerator * scale, denominator)
    if rest:
        raise ArithmeticError(f"{number} is not a multiple of 1/{scale}")
    return scaled


def _line_numbers(lines: Iterable[CostLine]) -> Iterable[Decimal | None]:
    for line in lines:
        yield line.per_period
        yield line.lump
        yield from line.profile or ()


def _amount_numbers(amounts: Amounts) -> Iterable[Decimal | None]:
    yield amounts.total
    yield from (amounts.years or {}).values()
    yield from amounts.periods or ()


def _money(portfolio: Portfolio) -> Iterable[Decimal | None]:
    for project in portfolio.projects:
        yield project.exit_cost
        yield from _line_numbers(project.costs)
        for phase in project.phases:
            for mode in phase.modes:
                yield from _line_numbers(mode.costs)
    for fund in portfolio.funds:
        yield from _amount_numbers(fund.amounts)
        yield fund.carry_limit
    for cap in portfolio.caps:
        yield from _amount_numbers(cap.amounts)
    for hire in portfolio.hires:
        yield from (hire.cost_once, hire.cost_per_period)
    for synergy in portfolio.synergies:
        yield from (saving.amount for saving in synergy.savings)


def _need_rates(portfolio: Portfolio) -> Iterable[Decimal | None]:
    for project in portfolio.projects:
        for phase in project.phases:
            for mode in phase.modes:
                for need in mode.needs:
                    yield from (need.fte, need.effort, need.share)
                    yield from need.profile or ()


def _limits_of_shares(portfolio: Portfolio) -> Iterable[Decimal | None]:
    yield from (person.min_share for person in portfolio.people)
    for project in portfolio.projects:
        for phase in project.phases:
            for mode in phase.modes:
                for need in mode.needs:
                    yield from (need.min_fte, need.max_fte, need.min_share)


def _supplies(portfolio: Portfolio) -> Iterable[Decimal | None]:
    for pool in portfolio.pools:
        yield pool.fte
        yield from pool.profile or ()
    for group in portfolio.classes:
        yield from group.available


def money_scale(portfolio: Portfolio) -> int:
    """Return the power of ten that makes every amount of money whole, charges included."""
    places = decimals(_money(portfolio))
    charges = decimals(skill.rate for skill in portfolio.skills)
    spread = CENT_PLACES if _charges_effort(portfolio) else 0
    return int(10 ** max(places, spread, charges + decimals(_need_rates(portfolio))))


def _charges_effort(portfolio: Portfolio) -> bool:
    return any(
        need.effort is not None and need.charge_to is not None
        for project in portfolio.projects
        for phase in project.phases
        for mode in phase.modes
        for need in mode.needs
    )


def fte_scale(portfolio: Portfolio, *, named: bool = False) -> int:
    """Return the power of ten that makes every FTE whole, also availability x ceiling.

    Parameters
    ----------
    named
        Whether individuals count, whose availabilities are hundredths, and not only classes.
    """
    supplies = max(HUNDREDTHS if named else 0, decimals(_supplies(portfolio)))
    ceilings = decimals(getattr(rule, "ceiling", None) for rule in portfolio.rules)
    asked = max(decimals(_need_rates(portfolio)), decimals(_limits_of_shares(portfolio)))
    return int(10 ** max(2, asked, supplies + ceilings))
