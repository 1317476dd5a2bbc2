"""Compile people: suppliers, buckets of needs, hires."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from pmo_optimizer.model import Need, Person, Pool, Portfolio, SupplierKind, UtilizationRule
from pmo_optimizer.model.people import attendance
from pmo_optimizer.problem.data import (
    Bucket,
    Ceiling,
    DedicationData,
    HireData,
    PersonData,
    Supplier,
)
from pmo_optimizer.problem.scales import whole

PROFICIENCY_SCALE = 100
"""Proficiencies are whole hundredths."""


class People:
    """Suppliers and buckets of a portfolio, in canonical order."""

    def __init__(self, portfolio: Portfolio, scale: int) -> None:
        self.portfolio = portfolio
        self.scale = scale
        rules = sorted(
            (r for r in portfolio.rules if isinstance(r, UtilizationRule)), key=lambda r: r.id
        )
        self.hard = {r.id: r.ceiling for r in rules if r.price is None}
        self.soft = {r.id: r.ceiling for r in rules if r.price is not None}
        self.ceilings = tuple(Ceiling(r.id, float(r.price)) for r in rules if r.price is not None)
        self.pools = sorted(portfolio.pools, key=lambda p: p.id)
        self.hires = sorted(portfolio.hires, key=lambda h: h.id)
        self.suppliers = self._suppliers()
        keys = sorted(
            {
                bucket_key(need)
                for project in portfolio.projects
                for phase in project.phases
                for mode in phase.modes
                for need in mode.needs
            }
        )
        self.bucket_index = {key: i for i, key in enumerate(keys)}
        self.buckets = tuple(self._bucket(*key) for key in keys)

    def _suppliers(self) -> tuple[Supplier, ...]:
        out = [
            self._supplier(SupplierKind.CLASS, group.id, group.available, group.ceilings)
            for group in self.portfolio.classes
        ]
        for pool in self.pools:
            limits = tuple(rule for rule, members in self.portfolio.ceilings if pool.id in members)
            out.append(self._supplier(SupplierKind.POOL, pool.id, self._profile(pool), limits))
        return tuple(out)

    def _profile(self, pool: Pool) -> tuple[Decimal, ...]:
        return tuple(pool.capacity(t) for t in range(self.portfolio.calendar.periods))

    def _supplier(
        self, kind: SupplierKind, name: str, fte: tuple[Decimal, ...], rules: tuple[str, ...]
    ) -> Supplier:
        """Apply the least hard ceiling and note the soft ones."""
        factor = min((self.hard[r] for r in rules if r in self.hard), default=Decimal(1))

        def units(ceiling: Decimal) -> tuple[int, ...]:
            part = Fraction(ceiling)
            known = {f: whole(Fraction(f) * part, self.scale) for f in set(fte)}
            return tuple(known[f] for f in fte)

        order = {ceiling.id: i for i, ceiling in enumerate(self.ceilings)}
        soft = tuple(
            (order[r], units(self.soft[r]))
            for r in rules
            if r in self.soft and self.soft[r] < factor
        )
        return Supplier(kind, name, units(min(factor, Decimal(1))), soft)

    def _bucket(self, skill: str, least: Fraction, heads: bool) -> Bucket:
        able: list[tuple[int, int]] = []
        for index, group in enumerate(self.portfolio.classes):
            level = dict(group.skills).get(skill, Decimal(0))
            if level > 0 and level >= least:
                able.append((index, whole(Decimal(1) if heads else level, PROFICIENCY_SCALE)))
        first_pool = len(self.portfolio.classes)
        if least <= 1:
            able += [
                (first_pool + i, PROFICIENCY_SCALE)
                for i, pool in enumerate(self.pools)
                if pool.skill == skill
            ]
        hires = tuple(i for i, h in enumerate(self.hires) if h.skill == skill and least <= 1)
        prices = {s.id: s.overload_price for s in self.portfolio.skills}
        price = prices.get(skill)
        overload = None if price is None else float(price)
        return Bucket(skill, least, tuple(able), hires, overload, heads)

    def individuals(self, index: dict[str, int]) -> tuple[PersonData, ...]:
        """Return every individual, sorted by id; ``index`` gives the projects' positions."""
        class_of = {
            member: number
            for number, group in enumerate(self.portfolio.classes)
            for member in group.members
        }
        limits = {
            member: group.ceilings for group in self.portfolio.classes for member in group.members
        }
        out = []
        for person, fte in attendance(self.portfolio.people, self.portfolio.calendar):
            if person.id not in class_of:
                continue
            supplier = self._supplier(SupplierKind.PERSON, person.id, fte, limits[person.id])
            likes = sorted(
                (index[p.project], float(p.score)) for p in person.preferences if p.project in index
            )
            out += [
                PersonData(
                    id=name,
                    entry=person.id,
                    supplier=class_of[person.id],
                    available=supplier.available,
                    soft_ceilings=supplier.soft_ceilings,
                    max_projects=person.max_projects,
                    min_share=whole(person.min_share or Decimal(0), self.scale),
                    cost_rate=Fraction(person.cost_rate or 0),
                    team=person.team or "",
                    likes=tuple(likes),
                    dedications=self._dedications(person, index),
                )
                for name in person.individuals
            ]
        return tuple(sorted(out, key=lambda p: p.id))

    def _dedications(self, person: Person, index: dict[str, int]) -> tuple[DedicationData, ...]:
        """Return the dedications that speak of open projects and of periods of the grid."""
        calendar = self.portfolio.calendar
        found = (
            DedicationData(
                index[d.project], d.span(calendar), Fraction(d.fte) * len(d.span(calendar))
            )
            for d in person.dedications
            if d.project in index and d.span(calendar)
        )
        return tuple(
            sorted(found, key=lambda d: (d.project, d.periods.start, d.periods.stop, d.most))
        )

    def hire_data(
        self, payers: dict[str, tuple[int, ...]], money_scale: int
    ) -> tuple[HireData, ...]:
        """Return the hire options; ``payers`` gives the funds that may pay each."""
        calendar = self.portfolio.calendar
        return tuple(
            HireData(
                id=hire.id,
                orders=hire.order_window(calendar),
                work=tuple(hire.work(t, calendar) for t in hire.order_window(calendar)),
                max_heads=hire.max_heads,
                payers=payers[hire.id],
                line="" if hire.fund is not None else f"hire/{hire.id}",
                cost_once=whole(hire.cost_once, money_scale),
                cost_per_period=whole(hire.cost_per_period, money_scale),
            )
            for hire in self.hires
        )


def bucket_key(need: Need) -> tuple[str, Fraction, bool]:
    """Return skill, least proficiency and whether heads count: what share their suppliers."""
    return need.skill, Fraction(need.min_proficiency or 0), need.heads is not None
