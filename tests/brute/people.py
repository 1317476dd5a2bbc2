"""Whether people, pools and hired heads can serve what is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pmo_optimizer.model import Hire, Need, Person, Pool, Portfolio, UtilizationRule
from pmo_optimizer.model.people import availability
from tests.brute.schedules import Option
from tests.brute.simplex import LinearProgram

Kind = tuple[str, Fraction] | tuple[str, Fraction, bool]
"""A skill, the least proficiency at which it is wanted, and whether people count by the head."""

Demand = Mapping[Kind, Fraction]
"""FTE asked for in one period."""


@dataclass(frozen=True, slots=True)
class Work:
    """FTE-periods of one need that may be spread over some periods, within limits of each."""

    kind: Kind
    total: Fraction
    least: Fraction
    most: Fraction | None
    periods: range


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
                asked[_kind(need)] += rate
    return dict(asked)


def _kind(need: Need) -> Kind:
    least = Fraction(need.min_proficiency or 0)
    return (need.skill, least) if need.heads is None else (need.skill, least, True)


def works_of(option: Option) -> tuple[Work, ...]:
    """Return all work of one fate of a project that may be spread."""
    return tuple(
        Work(
            kind=_kind(need),
            total=Fraction(need.effort),
            least=Fraction(need.min_fte or 0),
            most=None if need.max_fte is None else Fraction(need.max_fte),
            periods=range(placed.start, placed.end),
        )
        for placed in (option.placed if option.active else ())
        for need in placed.mode.needs
        if need.effort is not None and placed.end > placed.start
    )


def effort_of(option: Option) -> Fraction:
    """Return the FTE-periods of all needs of one fate."""
    rates = (
        Fraction(need.rate(offset))
        for placed in option.placed
        for need in placed.mode.needs
        for offset in range(placed.mode.duration)
    )
    spread = (
        Fraction(need.effort)
        for placed in option.placed
        for need in placed.mode.needs
        if need.effort is not None
    )
    return sum(rates, Fraction(0)) + sum(spread, Fraction(0))


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
    """All supply; decides what serving a demand costs in prices.

    Periods are looked at one by one, but all together where work may be spread over several.

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
        return self.penalty_of_all({period: demand}, (), {period: heads})

    def penalty_of_all(
        self,
        demands: Mapping[int, Demand],
        works: Sequence[Work],
        heads: Mapping[int, Mapping[str, int]],
    ) -> Fraction | None:
        """Return the least price of serving demands of several periods and work between them.

        Parameters
        ----------
        heads
            Working heads by period and hire id.
        """
        if not works and not any(demands.values()):
            return Fraction(0)
        if not self._hopeful(demands, works, heads):
            return None
        lp = LinearProgram()
        spent: dict[tuple[int, Kind], dict[Hashable, Fraction]] = defaultdict(dict)
        for number, work in enumerate(works):
            names = {period: ("spent", number, period) for period in work.periods}
            lp.add(dict.fromkeys(names.values(), 1), ">=", work.total)
            for period, name in names.items():
                spent[period, work.kind][name] = Fraction(-1)
                lp.add({name: 1}, ">=", work.least)
                if work.most is not None:
                    lp.add({name: 1}, "<=", work.most)
        for period in sorted({*demands, *(period for period, _ in spent)}):
            asked = dict.fromkeys((k for t, k in spent if t == period), Fraction(0))
            asked |= demands.get(period, {})
            delivered: dict[Kind, dict[Hashable, Fraction]] = {
                kind: dict(spent.get((period, kind), {})) for kind in asked
            }
            self._supply(lp, period, delivered, heads[period])
            for kind, fte in asked.items():
                lp.add(delivered[kind], ">=", fte)
        return lp.minimum()

    def _hopeful(
        self,
        demands: Mapping[int, Demand],
        works: Sequence[Work],
        heads: Mapping[int, Mapping[str, int]],
    ) -> bool:
        """Return whether everybody's time would be enough if everybody could do everything."""
        if self.overload:
            return True
        asked = sum((fte for demand in demands.values() for fte in demand.values()), Fraction(0))
        asked += sum((work.total for work in works), Fraction(0))
        time = sum((s.usable * s.available[t] for s in self.suppliers for t in heads), Fraction(0))
        return asked <= time + sum(sum(counts.values()) for counts in heads.values())

    def _supply(
        self,
        lp: LinearProgram,
        period: int,
        delivered: dict[Kind, dict[Hashable, Fraction]],
        heads: Mapping[str, int],
    ) -> None:
        """Add what everybody can give in a period."""
        for number, supplier in enumerate(self.suppliers):
            self._serve(lp, number, supplier, period, delivered)
        for hire, count in heads.items():
            levels = {self.hires[hire].skill: Fraction(1)}
            shares = self._shares(("hire", hire, period), levels, delivered)
            lp.add(dict.fromkeys(shares, 1), "<=", count)
        for kind, parts in delivered.items():
            if kind[0] in self.overload:
                parts["extra", kind, period] = Fraction(1)
                lp.price(("extra", kind, period), self.overload[kind[0]])

    def _serve(
        self,
        lp: LinearProgram,
        number: int,
        supplier: Supplier,
        period: int,
        delivered: dict[Kind, dict[Hashable, Fraction]],
    ) -> None:
        shares = self._shares((number, period), supplier.levels, delivered)
        if not shares:
            return
        available = supplier.available[period]
        lp.add(dict.fromkeys(shares, 1), "<=", supplier.usable * available)
        for rule, (ceiling, price) in enumerate(supplier.prices):
            above = "above", number, rule, period
            excess: dict[Hashable, int] = {**dict.fromkeys(shares, 1), above: -1}
            lp.add(excess, "<=", ceiling * available)
            lp.price(above, price)

    def _shares(
        self,
        name: Hashable,
        levels: Mapping[str, Fraction],
        delivered: dict[Kind, dict[Hashable, Fraction]],
    ) -> list[Hashable]:
        """Name the shares of a supplier, one for each kind of demand that it can serve."""
        shares: list[Hashable] = []
        for kind, parts in delivered.items():
            level = levels.get(kind[0], Fraction(0))
            if level > 0 and level >= kind[1]:
                shares.append(("share", name, *kind))
                parts[shares[-1]] = Fraction(1) if len(kind) > 2 else level
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
