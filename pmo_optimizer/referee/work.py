"""Allocations against needs and suppliers: all work is served, and nobody is used twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from pmo_optimizer.model import Allocation, Plan, SkillLoad, SupplierKind, UtilizationRule
from pmo_optimizer.model.plan import usable
from pmo_optimizer.referee.crew import Crew
from pmo_optimizer.referee.demand import Demand, Demands, Gap
from pmo_optimizer.referee.named import NamedCheck
from pmo_optimizer.referee.report import Code, Log, plain
from pmo_optimizer.referee.schedule import Schedule
from pmo_optimizer.referee.supply import FULL, Key, Order, Supplier, Supply


class WorkCheck:
    """The work of a plan: needs, suppliers, and the use that allocations make of them.

    Parameters
    ----------
    schedule
        The decisions about projects.
    orders
        The plan's hire orders.
    log
        Where violations and breaches go.
    named
        Whether individuals serve instead of classes (formulation, section 13).
    """

    def __init__(
        self, schedule: Schedule, orders: tuple[Order, ...], log: Log, *, named: bool
    ) -> None:
        self._schedule = schedule
        self._log = log
        self._named = named
        self._supply = Supply(schedule.portfolio, orders, named=named)
        self._demands = Demands(schedule, log)
        self.crew = Crew(self._supply)
        self._skills = {skill.id: skill for skill in schedule.portfolio.skills}
        self._used: defaultdict[Key, list[Decimal]] = defaultdict(self._row)

    def _row(self) -> list[Decimal]:
        return [Decimal(0)] * self._schedule.periods

    def check(self, plan: Plan) -> None:
        """Note every fault of the allocations, unmet need, overuse and broken ceiling."""
        for allocation in plan.allocations:
            self._read(allocation)
        if self._named:
            NamedCheck(self._demands, self.crew, self._log).check()
        self._demands.check()
        for key, used in self._used.items():
            if key[0] is SupplierKind.OVERLOAD:
                self._price("overload", key[1], used, self._skills[key[1]].overload_price)
            else:
                self._check_use(key, used)
        self._check_ceilings()

    def gaps(self) -> tuple[Gap, ...]:
        """Return what the needs lack."""
        return tuple(self._demands.gaps())

    def loads(self) -> tuple[SkillLoad, ...]:
        """Return what is delivered to the needs of each skill, and what could be, per period."""
        loads = {skill: self._row() for skill in sorted(self._skills)}
        for demand in self._demands:
            row = loads.setdefault(demand.need.skill, self._row())
            for period, delivered in enumerate(demand.delivered, demand.start):
                if delivered:
                    row[period] += delivered
        return tuple(
            SkillLoad(
                skill=skill,
                load=tuple(map(float, row)),
                capacity=tuple(map(float, self._supply.capacity(skill))),
            )
            for skill, row in loads.items()
        )

    def _read(self, allocation: Allocation) -> None:
        """Book the shares of one allocation, on the supplier and, if it can serve, on the need."""
        path = f"allocations/{allocation.project}/{allocation.phase}/{allocation.need}"
        path = f"{path}/{allocation.supplier}"
        skills = self._skills_of(allocation, path)
        demand = self._demands.of(allocation, path)
        level = None
        if skills is not None and demand is not None:
            level = self._level(allocation, skills, demand, path)
        for period, share in enumerate(allocation.shares, allocation.start):
            if not share or not self._sound(share, period, path):
                continue
            if skills is not None:
                self._use((allocation.kind, allocation.supplier), period, share)
            delivered = share * (level or 0)
            if demand is None:
                continue
            if not self._demands.deliver(demand, period, delivered):
                message = f"{allocation.supplier} works in period {period}, outside the phase."
                self._log.broken(Code.ALLOCATION_PERIOD, path, message)
            elif self._named and level is not None:
                self.crew.book((allocation.kind, allocation.supplier), demand, period, share)

    def _skills_of(self, allocation: Allocation, path: str) -> Mapping[str, Decimal] | None:
        """Return the supplier's proficiencies; None, with a violation, where there is none."""
        known: Mapping[str, Decimal] | None
        if self._named and allocation.kind is SupplierKind.CLASS:
            message = f"Individuals serve by name, not the class {allocation.supplier}."
            self._log.broken(Code.CLASS_IN_NAMED, path, message)
            return None
        if allocation.kind is SupplierKind.OVERLOAD:
            skill = self._skills.get(allocation.supplier)
            if skill is not None and skill.overload_price is None:
                message = f"Extra supply of {skill.id} has no price: its capacity is hard."
                self._log.broken(Code.OVERLOAD_UNPRICED, path, message)
                return None
            known = None if skill is None else {skill.id: FULL}
        else:
            supplier = self._supply.find(allocation.kind, allocation.supplier)
            known = None if supplier is None else supplier.skills
        if known is None:
            message = f"There is no {allocation.kind.value} {allocation.supplier}."
            self._log.broken(Code.UNKNOWN_SUPPLIER, path, message)
        return known

    def _level(
        self, allocation: Allocation, skills: Mapping[str, Decimal], demand: Demand, path: str
    ) -> Decimal | None:
        """Return what one FTE of the supplier counts for; None where it cannot serve the need."""
        level = skills.get(demand.need.skill)
        if level is None:
            message = f"{allocation.supplier} has no {demand.need.skill}."
            self._log.broken(Code.SUPPLIER_LACKS_SKILL, path, message)
            return None
        least = demand.need.min_proficiency
        anonymous = allocation.kind is SupplierKind.OVERLOAD
        if least is not None and level < least and not anonymous:
            message = f"{allocation.supplier} has {plain(level)} of {plain(least)} proficiency."
            self._log.broken(Code.BELOW_PROFICIENCY, path, message)
            return None
        return demand.level(level)

    def _sound(self, share: Decimal, period: int, path: str) -> bool:
        """Return whether a share is a positive number that can be added up exactly."""
        if not usable(share):
            message = f"The share {share} in period {period} is no number to reckon with."
            self._log.broken(Code.ABSURD_NUMBER, path, message)
        elif share < 0:
            message = f"The share in period {period} is negative: {plain(share)}."
            self._log.broken(Code.NEGATIVE_SHARE, path, message)
        else:
            return True
        return False

    def _use(self, key: Key, period: int, share: Decimal) -> None:
        """Book time on a supplier; a person's time is time of the person's class as well."""
        if not 0 <= period < self._schedule.periods:
            return
        self._used[key][period] += share
        supplier = self._supply.suppliers.get(key)
        if supplier is not None and supplier.part_of:
            self._used[SupplierKind.CLASS, supplier.part_of][period] += share

    def _check_use(self, key: Key, used: list[Decimal]) -> None:
        supplier = self._supply.suppliers[key]
        hired = key[0] is SupplierKind.HIRE
        code = Code.HIRE_OVERUSED if hired else Code.SUPPLIER_OVERUSED
        for period, (use, available) in enumerate(zip(used, supplier.available, strict=True)):
            if use > available:
                message = (
                    f"{plain(use)} FTE of {key[1]} are used in period {period}, "
                    f"{plain(available)} are there."
                )
                self._log.broken(code, f"{supplier.path}/{period}", message)

    def _check_ceilings(self) -> None:
        """Hold each supplier's use against each of its ceilings.

        In capacity mode the breach of a soft ceiling is that of classes and pools: persons are in
        their class.
        """
        soft: defaultdict[str, list[Decimal]] = defaultdict(self._row)
        for key, used in self._used.items():
            supplier = self._supply.suppliers.get(key)
            if supplier is None:
                continue
            for rule in supplier.ceilings:
                limits = [rule.ceiling * fte for fte in supplier.available]
                excess = [max(u - limit, Decimal(0)) for u, limit in zip(used, limits, strict=True)]
                if rule.price is None:
                    self._note_ceiling(rule, supplier, excess)
                elif self._named or key[0] is not SupplierKind.PERSON:
                    soft[rule.id] = [a + b for a, b in zip(soft[rule.id], excess, strict=True)]
        for rule in self._supply.ceilings:
            self._price("utilization", rule.id, soft.get(rule.id, []), rule.price)

    def _note_ceiling(
        self, rule: UtilizationRule, supplier: Supplier, excess: list[Decimal]
    ) -> None:
        for period, amount in enumerate(excess):
            if amount:
                message = (
                    f"{supplier.path} is used {plain(amount)} FTE beyond {plain(rule.ceiling)} "
                    f"of its availability in period {period}."
                )
                self._log.broken(
                    Code.UTILIZATION, f"rules/{rule.id}/{supplier.path}/{period}", message
                )

    def _price(self, kind: str, name: str, amounts: list[Decimal], price: Decimal | None) -> None:
        """Note a soft breach in every period with an amount."""
        for period, amount in enumerate(amounts):
            if amount and price is not None:
                label = self._schedule.portfolio.calendar.label(period)
                self._log.breach(kind, name, label, amount, price)
