"""Whether people, pools and hired heads can serve what is asked for in a period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from pmo_optimizer.model import Hire, Person, Pool, Portfolio, UtilizationRule
from pmo_optimizer.model.people import availability
from tests.brute.schedules import Option
from tests.brute.simplex import LinearProgram

Kind = tuple[str, Fraction]
"""A skill and the least proficiency at which it is wanted."""

Demand = Mapping[Kind, Fraction]
"""FTE asked for in one period."""


def demand_of(option: Option, period: int) -> dict[Kind, Fraction]:
    """Return what one fate of a project asks for in a period (0-based)."""
    asked: dict[Kind, Fraction] = defaultdict(Fraction)
    if not option.active:
        return asked
    for placed in option.placed:
        if not placed.start <= period < placed.end:
            continue
        for need in placed.mode.needs:
            rate = Fraction(need.rate(period - placed.start))
            if rate:
                asked[need.skill, Fraction(need.min_proficiency or 0)] += rate
    return dict(asked)


def effort_of(option: Option) -> Fraction:
    """Return the FTE-periods of all needs of one fate."""
    return sum(
        (
            Fraction(need.rate(offset))
            for placed in option.placed
            for need in placed.mode.needs
            for offset in range(placed.mode.duration)
        ),
        Fraction(0),
    )


def working_heads(hire: Hire, orders: Mapping[int, int], period: int) -> int:
    """Return how many heads of a hire work in a period, given the heads ordered per period."""
    return sum(
        heads
        for order, heads in orders.items()
        if order + hire.lead_time <= period
        and (hire.term is None or period < order + hire.lead_time + hire.term)
    )


@dataclass(frozen=True, slots=True)
class Supplier:
    """Somebody or something that serves needs.

    Attributes
    ----------
    levels
        Proficiency by skill.
    available
        FTE per period.
    usable
        Part of it that hard ceilings leave.
    prices
        Soft ceilings: part of the availability, and price per FTE-period above it.
    """

    levels: Mapping[str, Fraction]
    available: tuple[Fraction, ...]
    usable: Fraction
    prices: tuple[tuple[Fraction, Fraction], ...]


class Staffing:
    """All supply; decides period by period what serving a demand costs in prices.

    A need counts as served only if it is delivered in full; the tolerance of the vocabulary
    is for certificates with rounded shares, not for the optimum.
    """

    def __init__(self, portfolio: Portfolio) -> None:
        self.suppliers = [
            *(_person(portfolio, person) for person in portfolio.people),
            *(_pool(portfolio, pool) for pool in portfolio.pools),
        ]
        self.hires = {hire.id: hire for hire in portfolio.hires}
        self.overload = {
            skill.id: Fraction(skill.overload_price)
            for skill in portfolio.skills
            if skill.overload_price is not None
        }

    def penalty(self, period: int, demand: Demand, heads: Mapping[str, int]) -> Fraction | None:
        """Return the least price of serving a demand; None where it cannot be served.

        Parameters
        ----------
        heads
            Working heads by hire id.
        """
        if not demand:
            return Fraction(0)
        lp = LinearProgram()
        delivered: dict[Kind, dict[Hashable, Fraction]] = {kind: {} for kind in demand}
        for number, supplier in enumerate(self.suppliers):
            self._serve(lp, number, supplier, period, delivered)
        for hire, count in heads.items():
            shares = self._shares(("hire", hire), {self.hires[hire].skill: Fraction(1)}, delivered)
            lp.add(dict.fromkeys(shares, 1), "<=", count)
        for kind, asked in demand.items():
            if kind[0] in self.overload:
                delivered[kind]["extra", kind] = Fraction(1)
                lp.price(("extra", kind), self.overload[kind[0]])
            lp.add(delivered[kind], ">=", asked)
        return lp.minimum()

    def _serve(
        self,
        lp: LinearProgram,
        number: int,
        supplier: Supplier,
        period: int,
        delivered: dict[Kind, dict[Hashable, Fraction]],
    ) -> None:
        shares = self._shares(number, supplier.levels, delivered)
        if not shares:
            return
        available = supplier.available[period]
        lp.add(dict.fromkeys(shares, 1), "<=", supplier.usable * available)
        for rule, (ceiling, price) in enumerate(supplier.prices):
            excess: dict[Hashable, int] = {**dict.fromkeys(shares, 1), ("above", number, rule): -1}
            lp.add(excess, "<=", ceiling * available)
            lp.price(("above", number, rule), price)

    def _shares(
        self,
        name: Hashable,
        levels: Mapping[str, Fraction],
        delivered: dict[Kind, dict[Hashable, Fraction]],
    ) -> list[Hashable]:
        """Name the shares of a supplier, one for each kind of demand that it can serve."""
        shares: list[Hashable] = []
        for (skill, least), parts in delivered.items():
            level = levels.get(skill, Fraction(0))
            if level > 0 and level >= least:
                shares.append(("share", name, skill, least))
                parts[shares[-1]] = level
        return shares


def _person(portfolio: Portfolio, person: Person) -> Supplier:
    free = availability(person, portfolio.calendar)
    levels = {skill: Fraction(level) for skill, level in person.skills.items()}
    available = tuple(Fraction(fte) * person.count for fte in free)
    return Supplier(levels, available, *_ceilings(portfolio, person))


def _pool(portfolio: Portfolio, pool: Pool) -> Supplier:
    grid = range(portfolio.calendar.periods)
    available = tuple(Fraction(pool.capacity(t)) for t in grid)
    return Supplier({pool.skill: Fraction(1)}, available, *_ceilings(portfolio, pool))


def _ceilings(
    portfolio: Portfolio, who: Person | Pool
) -> tuple[Fraction, tuple[tuple[Fraction, Fraction], ...]]:
    usable = Fraction(1)
    prices: list[tuple[Fraction, Fraction]] = []
    for rule in portfolio.rules:
        if not isinstance(rule, UtilizationRule) or not who.matches(rule.where):
            continue
        if rule.price is None:
            usable = min(usable, Fraction(rule.ceiling))
        else:
            prices.append((Fraction(rule.ceiling), Fraction(rule.price)))
    return usable, tuple(prices)
