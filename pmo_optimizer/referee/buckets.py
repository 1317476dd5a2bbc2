"""Amounts per fiscal year, per period or in total, as a row of buckets in time order."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pmo_optimizer.model import Amounts, Calendar

TOTAL = "total"
"""Label of the one bucket of an amount for the whole horizon."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """Amounts in time order.

    Attributes
    ----------
    labels
        The fiscal year, the period's label, or ``total``.
    amounts
        One per label; None where a cap says nothing about a fiscal year.
    of_period
        Position of the bucket of each period of the grid.
    """

    labels: tuple[str, ...]
    amounts: tuple[Decimal | None, ...]
    of_period: tuple[int, ...]


def buckets(amounts: Amounts, calendar: Calendar) -> Buckets:
    """Return the buckets of a fund or a cap that lie within the grid."""
    periods = range(calendar.periods)
    if amounts.years is not None:
        years = calendar.fiscal_years()
        position = {year: k for k, year in enumerate(years)}
        return Buckets(
            labels=tuple(str(year) for year in years),
            amounts=tuple(amounts.years.get(year) for year in years),
            of_period=tuple(position[calendar.fiscal_year(t)] for t in periods),
        )
    if amounts.periods is not None:
        labels = tuple(calendar.label(t) for t in periods)
        return Buckets(labels, amounts.periods[: len(labels)], tuple(periods))
    return Buckets((TOTAL,), (amounts.total,), (0,) * len(periods))


def total_budget(amounts: Amounts, calendar: Calendar) -> Decimal:
    """Return the sum of all amounts of a fund within the grid."""
    return sum((a for a in buckets(amounts, calendar).amounts if a is not None), Decimal(0))
