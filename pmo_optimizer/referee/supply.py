"""Who could serve needs: classes, persons, pools and hired heads, period by period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pmo_optimizer.model import (
    Hire,
    HireOrder,
    Person,
    Plan,
    Pool,
    Portfolio,
    SupplierKind,
    UtilizationRule,
)
from pmo_optimizer.model.people import availability
from pmo_optimizer.model.plan import usable
from pmo_optimizer.referee.report import Code, Log

FULL = Decimal(1)
"""Proficiency of pools, hires and extra supply."""


@dataclass(frozen=True, slots=True)
class Supplier:
    """Somebody who can serve needs.

    Attributes
    ----------
    path
        Where in the portfolio, for messages.
    skills
        Proficiency by skill.
    available
        FTE of every period of the grid.
    ceilings
        Utilization rules that apply.
    part_of
        For a person in capacity mode: id of the class that also bears the use.
    person
        For a person: the entry.
    """

    path: str
    skills: Mapping[str, Decimal]
    available: tuple[Decimal, ...]
    ceilings: tuple[UtilizationRule, ...] = ()
    part_of: str = ""
    person: Person | None = None

    def usable(self, period: int) -> Decimal:
        """Return the FTE of a period (0-based) that the hard ceilings leave."""
        hard = (rule.ceiling for rule in self.ceilings if rule.price is None)
        return min([FULL, *hard]) * self.available[period]


@dataclass(frozen=True, slots=True)
class Order:
    """A hire order that can be read: heads ordered in a period of the grid."""

    hire: Hire
    period: int
    heads: int


Key = tuple[SupplierKind, str]


class Supply:
    """The suppliers of a portfolio, by kind and id.

    Persons are looked at only if a plan names them: their availability takes time to work out.

    Parameters
    ----------
    portfolio
        Whose people, pools and hires.
    orders
        The plan's hire orders.
    named
        Whether persons are individuals, ``count`` of each entry, instead of entries.
    """

    def __init__(self, portfolio: Portfolio, orders: tuple[Order, ...], *, named: bool) -> None:
        self.portfolio = portfolio
        self.named = named
        self.ceilings = tuple(r for r in portfolio.rules if isinstance(r, UtilizationRule))
        self.suppliers: dict[Key, Supplier] = {}
        self._people = {
            name: person
            for person in portfolio.people
            for name in (person.individuals if named else (person.id,))
        }
        self._known: dict[str, tuple[Decimal, ...]] = {}
        self._class_of: dict[str, str] = {}
        self._add_classes()
        for pool in portfolio.pools:
            self.suppliers[SupplierKind.POOL, pool.id] = self._pool(pool)
        for hire in portfolio.hires:
            self.suppliers[SupplierKind.HIRE, hire.id] = self._hire(hire, orders)

    def find(self, kind: SupplierKind, name: str) -> Supplier | None:
        """Return the supplier of a kind and id, or None where there is none."""
        known = self.suppliers.get((kind, name))
        if known is None and kind is SupplierKind.PERSON and name in self._people:
            known = self.suppliers[kind, name] = self._person(name, self._people[name])
        return known

    def serving(self, skill: str) -> dict[Key, Supplier]:
        """Return who has a skill at some proficiency: persons, pools, and hired heads."""
        for name, person in self._people.items():
            if person.skills.get(skill, 0) > 0:
                self.find(SupplierKind.PERSON, name)
        return {
            key: supplier
            for key, supplier in self.suppliers.items()
            if key[0] is not SupplierKind.CLASS and skill in supplier.skills
        }

    def capacity(self, skill: str) -> list[Decimal]:
        """Return the FTE of a skill that could be delivered in each period, ceilings included.

        As if everyone with the skill did nothing else; persons are counted in their class.
        """
        total = [Decimal(0)] * self.portfolio.calendar.periods
        for (kind, _), supplier in self.suppliers.items():
            level = supplier.skills.get(skill)
            if level is None or kind is SupplierKind.PERSON:
                continue
            part = min([FULL, *(rule.ceiling for rule in supplier.ceilings)]) * level
            for period, fte in enumerate(supplier.available):
                total[period] += part * fte
        return total

    def _add_classes(self) -> None:
        rules = {rule.id: rule for rule in self.ceilings}
        for group in self.portfolio.classes:
            self._class_of |= dict.fromkeys(group.members, group.id)
            self.suppliers[SupplierKind.CLASS, group.id] = Supplier(
                path=f"people/{group.id}",
                skills=dict(group.skills),
                available=group.available,
                ceilings=tuple(rules[name] for name in group.ceilings),
            )

    def _person(self, name: str, person: Person) -> Supplier:
        heads = 1 if self.named else person.count
        return Supplier(
            path=f"people/{name}",
            skills={skill: level for skill, level in person.skills.items() if level > 0},
            available=tuple(fte * heads for fte in self._attendance(person)),
            ceilings=tuple(r for r in self.ceilings if person.matches(r.where)),
            part_of="" if self.named else self._class_of.get(person.id, ""),
            person=person,
        )

    def _attendance(self, person: Person) -> tuple[Decimal, ...]:
        """Return the FTE of one head of an entry in every period; worked out once."""
        if person.id not in self._known:
            self._known[person.id] = availability(person, self.portfolio.calendar)
        return self._known[person.id]

    def _pool(self, pool: Pool) -> Supplier:
        periods = range(self.portfolio.calendar.periods)
        return Supplier(
            path=f"pools/{pool.id}",
            skills={pool.skill: FULL},
            available=tuple(pool.capacity(t) for t in periods),
            ceilings=tuple(r for r in self.ceilings if pool.matches(r.where)),
        )

    def _hire(self, hire: Hire, orders: tuple[Order, ...]) -> Supplier:
        heads = [0] * self.portfolio.calendar.periods
        for order in orders:
            if order.hire is hire:
                work = hire.work(order.period, self.portfolio.calendar)
                for period in range(max(work.start, 0), min(work.stop, len(heads))):
                    heads[period] += order.heads
        return Supplier(
            path=f"hires/{hire.id}",
            skills={hire.skill: FULL},
            available=tuple(Decimal(number) for number in heads),
        )


def read_orders(portfolio: Portfolio, plan: Plan, log: Log) -> tuple[Order, ...]:
    """Return the hire orders that can be read and note what is wrong with the others.

    Orders outside the order window are noted, and work from the period they name all the same.
    """
    hires = {hire.id: hire for hire in portfolio.hires}
    orders: list[Order] = []
    for item in plan.hires:
        hire, path = hires.get(item.hire), f"hires/{item.hire}"
        if hire is None:
            log.broken(Code.UNKNOWN_HIRE, path, f"There is no hire {item.hire}.")
        elif not usable(Decimal(item.heads)):
            message = f"The plan orders {item.heads} heads, which is no number to reckon with."
            log.broken(Code.ABSURD_NUMBER, path, message)
        elif item.heads < 0 or item.heads != int(item.heads):
            message = f"{item.heads} heads of {item.hire} are ordered; a whole number is asked."
            log.broken(Code.HIRE_HEADS, path, message)
        else:
            orders.append(_order(portfolio, hire, item, log))
    for hire in portfolio.hires:
        heads = sum(order.heads for order in orders if order.hire is hire)
        if heads > hire.max_heads:
            message = f"{heads} heads of {hire.id} are ordered, at most {hire.max_heads}."
            log.broken(Code.HIRE_MAX, f"hires/{hire.id}", message)
    return tuple(orders)


def _order(portfolio: Portfolio, hire: Hire, item: HireOrder, log: Log) -> Order:
    window = hire.order_window(portfolio.calendar)
    if item.heads and item.period not in window:
        message = (
            f"{hire.id} is ordered in period {item.period}, "
            f"possible is {window.start} to {window.stop - 1}."
        )
        log.broken(Code.HIRE_WINDOW, f"hires/{hire.id}", message)
    period = min(max(item.period, 0), portfolio.calendar.periods)
    return Order(hire, period, int(item.heads))
