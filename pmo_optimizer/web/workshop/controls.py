"""What can be changed in the workshop: budgets, skills, weights of criteria, decisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pmo_optimizer.model import Fund, Portfolio, State
from pmo_optimizer.web.text import text

CENT, TENTH = Decimal("0.01"), Decimal("0.1")

STEPS = 40
"""Steps of a slider from nothing to twice of what there is."""

DIGITS = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
"""Steps are one of these times a power of ten."""


class Kind(StrEnum):
    """What a slider changes."""

    BUDGET = "budget"
    CAPACITY = "capacity"
    WEIGHT = "weight"


@dataclass(frozen=True)
class Slider:
    """A number that can be changed.

    Attributes
    ----------
    key
        Name of its field.
    target
        Id of the fund, skill or criterion.
    year
        Fiscal year of a budget that has one.
    periods
        Of a fund with amounts per period: how many of them are in the year; 0 otherwise.
    label, unit
        For people.
    base
        What it is without a change.
    high, step
        Of the slider, which begins at 0; the number field takes any number.
    """

    key: str
    kind: Kind
    target: str
    label: str
    unit: str
    base: Decimal
    high: Decimal
    step: Decimal
    year: int | None = None
    periods: int = 0


@dataclass(frozen=True)
class Choice:
    """A project about which can be decided; attributes as in `Slider`."""

    key: str
    project: str
    label: str
    category: str
    base: str
    value: float
    running: bool


@dataclass(frozen=True)
class Controls:
    """Every control of a portfolio."""

    budgets: tuple[Slider, ...]
    capacities: tuple[Slider, ...]
    weights: tuple[Slider, ...]
    choices: tuple[Choice, ...]

    @property
    def sliders(self) -> tuple[Slider, ...]:
        """The controls that are numbers."""
        return (*self.budgets, *self.capacities, *self.weights)


def controls_of(portfolio: Portfolio) -> Controls:
    """Return the controls of a portfolio."""
    return Controls(
        budgets=tuple(_budgets(portfolio)),
        capacities=tuple(_capacities(portfolio)),
        weights=tuple(_weights(portfolio)),
        choices=tuple(_choices(portfolio)),
    )


def plain(number: Decimal) -> str:
    """Return a number as fields hold it: digits only, no zeros at the end.

    Examples
    --------
    >>> plain(Decimal("180.00")), plain(Decimal("1E+3"))
    ('180', '1000')
    """
    written = f"{number:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _budgets(portfolio: Portfolio) -> Iterator[Slider]:
    number = 0
    for fund in portfolio.funds:
        for year, base, periods in _buckets(portfolio, fund):
            bucket = text("portfolio.total") if year is None else str(year)
            # A slider ends at twice of what there is, or of the fund's most where that is nothing.
            most = base or max(amount for _, amount, _ in _buckets(portfolio, fund))
            step = _nice(2 * most / STEPS) if most else Decimal(1)
            yield Slider(
                key=f"b{number}",
                kind=Kind.BUDGET,
                target=fund.id,
                label=text("workshop.fund", {"fund": fund.name or fund.id, "bucket": bucket}),
                unit=portfolio.currency,
                base=base,
                high=max(2 * most, STEPS * step),
                step=step,
                year=year,
                periods=periods,
            )
            number += 1


def _buckets(portfolio: Portfolio, fund: Fund) -> list[tuple[int | None, Decimal, int]]:
    """Return fiscal year, amount, and number of periods of a fund with amounts per period."""
    given = fund.amounts
    if given.total is not None:
        return [(None, given.total, 0)]
    if given.years is not None:
        return [(year, amount, 0) for year, amount in sorted(given.years.items())]
    years: dict[int, list[Decimal]] = {}
    for period, amount in enumerate(given.periods or ()):
        years.setdefault(portfolio.calendar.fiscal_year(period), []).append(amount)
    return [(year, sum(row, Decimal(0)), len(row)) for year, row in years.items()]


def _nice(size: Decimal) -> Decimal:
    """Return the step of one digit that is next to a size.

    Examples
    --------
    >>> _nice(Decimal(9)), _nice(Decimal("0.03")), _nice(Decimal(72))
    (Decimal('10'), Decimal('0.02'), Decimal('50'))
    """
    power = Decimal(1).scaleb(size.adjusted())
    step = min(DIGITS, key=lambda digit: abs(digit * power - size)) * power
    return step.quantize(Decimal(1)) if step == step.to_integral_value() else step.normalize()


def offered(portfolio: Portfolio, skill: str) -> Decimal:
    """Return the mean FTE that people and pools with a skill offer if they do nothing else."""
    periods = portfolio.calendar.periods
    whole = Decimal(0)
    for group in portfolio.classes:
        level = dict(group.skills).get(skill)
        if level:
            whole += level * sum(group.available, Decimal(0))
    for pool in portfolio.pools:
        if pool.skill == skill:
            whole += sum((pool.capacity(t) for t in range(periods)), Decimal(0))
    return (whole / periods).quantize(CENT)


def _capacities(portfolio: Portfolio) -> Iterator[Slider]:
    for number, skill in enumerate(portfolio.skills):
        base = offered(portfolio, skill.id)
        yield Slider(
            key=f"c{number}",
            kind=Kind.CAPACITY,
            target=skill.id,
            label=skill.name or skill.id,
            unit=text("workshop.fte"),
            base=base,
            high=max(2 * base, base + 2).quantize(TENTH),
            step=TENTH if base < 20 else _nice(2 * base / STEPS),
        )


def _weights(portfolio: Portfolio) -> Iterator[Slider]:
    if all(project.value is not None for project in portfolio.projects):
        return
    for number, criterion in enumerate(portfolio.criteria):
        weight = portfolio.criteria_weights[criterion.id]
        yield Slider(
            key=f"w{number}",
            kind=Kind.WEIGHT,
            target=criterion.id,
            label=criterion.name or criterion.id,
            unit=text("workshop.points"),
            base=(100 * weight).quantize(TENTH),
            high=Decimal(100),
            step=Decimal(1),
        )


def _choices(portfolio: Portfolio) -> Iterator[Choice]:
    rows = [project for project in portfolio.projects if project.state is not State.DONE]
    worth = {project.id: float(portfolio.raw_value(project)) for project in rows}
    for number, project in enumerate(sorted(rows, key=lambda p: (-worth[p.id], p.id))):
        yield Choice(
            key=f"d{number}",
            project=project.id,
            label=project.name or project.id,
            category=project.category or "",
            base=project.decision.value,
            value=worth[project.id],
            running=project.state is State.RUNNING,
        )
