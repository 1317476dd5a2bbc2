"""Who works on which need in which period, and who could (formulation, section 13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from pmo_optimizer.model import SupplierKind
from pmo_optimizer.referee.demand import Demand, NeedKey
from pmo_optimizer.referee.supply import Key, Supplier, Supply

STEP = Decimal("0.0001")
"""Shares of individuals are multiples of this, in FTE."""

Hours = dict[int, Decimal]
"""FTE by period (0-based), where there is any."""


class Crew:
    """The time that suppliers give to needs, and what the rules would let them give.

    Parameters
    ----------
    supply
        Individuals, pools and hired heads.
    """

    def __init__(self, supply: Supply) -> None:
        self.supply = supply
        self._workers: defaultdict[NeedKey, dict[Key, Hours]] = defaultdict(dict)
        self._needs: defaultdict[Key, dict[NeedKey, Hours]] = defaultdict(dict)

    def book(self, key: Key, demand: Demand, period: int, share: Decimal) -> None:
        """Note time of a supplier on a need; several notes of one period add up."""
        hours = self._workers[demand.key].setdefault(key, {})
        hours[period] = hours.get(period, Decimal(0)) + share
        self._needs[key][demand.key] = hours

    def workers(self, demand: Demand) -> dict[Key, Hours]:
        """Return who works on a need, and when."""
        return self._workers.get(demand.key, {})

    def persons(self, demand: Demand) -> Iterator[tuple[str, Supplier, Hours]]:
        """Yield the individuals who work on a need."""
        for key, hours in self.workers(demand).items():
            supplier = self.supply.find(*key)
            if supplier is not None and supplier.person is not None:
                yield key[1], supplier, hours

    def everybody(self) -> Iterator[tuple[str, Supplier]]:
        """Yield every individual who works at all."""
        for key in self._needs:
            supplier = self.supply.find(*key)
            if supplier is not None and supplier.person is not None:
                yield key[1], supplier

    def hours(self, key: Key, demand: Demand, period: int) -> Decimal:
        """Return the FTE of a supplier on a need in a period."""
        return self.workers(demand).get(key, {}).get(period, Decimal(0))

    def projects(self, key: Key, period: int) -> frozenset[str]:
        """Return the projects that a supplier works on in a period."""
        needs = self._needs.get(key, {}).items()
        return frozenset(need[0] for need, hours in needs if hours.get(period))

    def given(self, key: Key, project: str, periods: Iterable[int]) -> Decimal:
        """Return the FTE-periods that a supplier gives to a project in some periods."""
        own = [hours for need, hours in self._needs.get(key, {}).items() if need[0] == project]
        nothing = Decimal(0)
        return sum((hours.get(t, nothing) for hours in own for t in periods), nothing)

    def cost(self, project: str) -> Decimal:
        """Return the money for individuals on a project: their shares x `cost_rate`."""
        total = Decimal(0)
        for (kind, name), needs in self._needs.items():
            supplier = self.supply.find(kind, name)
            if supplier is not None and supplier.person is not None:
                own = (hours.values() for need, hours in needs.items() if need[0] == project)
                shares = sum((share for values in own for share in values), Decimal(0))
                total += shares * (supplier.person.cost_rate or 0)
        return total

    def periods(self, key: Key) -> tuple[int, ...]:
        """Return the periods in which a supplier works."""
        return tuple(sorted({t for hours in self._needs.get(key, {}).values() for t in hours}))

    def left(self, key: Key, supplier: Supplier, period: int) -> Decimal:
        """Return the FTE that a supplier still has in a period under its hard ceilings."""
        used = (hours.get(period, Decimal(0)) for hours in self._needs.get(key, {}).values())
        return supplier.usable(period) - sum(used, Decimal(0))

    def skilled(self, demand: Demand) -> dict[Key, Supplier]:
        """Return who has the skill of a need at its least proficiency; hires if heads work."""
        least = demand.need.min_proficiency or Decimal(0)
        return {
            key: supplier
            for key, supplier in self.supply.serving(demand.need.skill).items()
            if supplier.skills[demand.need.skill] >= least
            and (key[0] is not SupplierKind.HIRE or any(supplier.available))
        }

    def able(self, demand: Demand, entry: str) -> bool:
        """Return whether any individual of an entry could work on a need, if on nothing else."""
        asked = self.on_grid(demand.asked)
        for supplier in self.skilled(demand).values():
            person = supplier.person
            if person is None or person.id != entry or barred(supplier, demand):
                continue
            enough = [supplier.usable(t) >= smallest(supplier, demand) for t in asked]
            if enough and (all(enough) if demand.need.continuous else any(enough)):
                return True
        return False

    def on_grid(self, periods: Iterable[int]) -> tuple[int, ...]:
        """Return those of some periods that lie within the grid."""
        last = self.supply.portfolio.calendar.periods
        return tuple(t for t in periods if 0 <= t < last)


def barred(supplier: Supplier, demand: Demand) -> bool:
    """Return whether ``must_not`` or the phase's pin keeps a person off a need."""
    if supplier.person is None:
        return False
    entry = supplier.person.id
    return entry in demand.need.must_not or bool(demand.pinned and entry not in demand.pinned)


def smallest(supplier: Supplier, demand: Demand) -> Decimal:
    """Return the smallest share above 0 that a supplier may give to a need in a period."""
    if demand.need.heads is not None:
        return max(demand.need.head_share, STEP)
    if supplier.person is None:
        return STEP
    return max(supplier.person.min_share or STEP, demand.need.min_share or STEP, STEP)
