"""Selection problems as portfolios: projects without phases on a grid of one period."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from benchmarks.network import FIRST_DAY
from pmo_optimizer import (
    Amounts,
    Calendar,
    CostLine,
    Excludes,
    Fund,
    Grain,
    Portfolio,
    Project,
    Requires,
)


def yes_or_no(name: str, value: Decimal, costs: Mapping[str, Decimal], label: str = "") -> Project:
    """Return a project that is a pure yes or no.

    Parameters
    ----------
    costs
        What it takes of each fund; zeros are left out.
    label
        Name for people.
    """
    lines = tuple(
        CostLine(id=fund, lump=amount, fund=fund) for fund, amount in costs.items() if amount
    )
    return Project(id=name, name=label, value=value, costs=lines)


def selection(
    name: str,
    projects: Iterable[Project],
    funds: Mapping[str, Decimal],
    *,
    requires: Iterable[Requires] = (),
    excludes: Iterable[Excludes] = (),
) -> Portfolio:
    """Return the portfolio in which the value of the selected projects is maximised.

    Parameters
    ----------
    funds
        Amount of each fund for the horizon.
    """
    return Portfolio(
        name=name,
        calendar=Calendar(start=FIRST_DAY, periods=1, grain=Grain.YEAR),
        funds=tuple(Fund(id=fund, amounts=Amounts(total=size)) for fund, size in funds.items()),
        projects=tuple(projects),
        requires=tuple(requires),
        excludes=tuple(excludes),
    )
