"""Whom a plan could use and whom it does use: suppliers, and the work given to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

from pmo_optimizer.model import (
    Allocation,
    Finding,
    Hire,
    InvalidInput,
    Need,
    Person,
    PhasePlan,
    Plan,
    Portfolio,
    Severity,
    Staffing,
    SupplierKind,
    UtilizationRule,
)
from pmo_optimizer.model.people import attendance
from pmo_optimizer.model.plan import usable

PRECISION = 400
"""Digits of the arithmetic: sums and products of numbers that `usable` lets pass are exact."""

ONE, NONE = Decimal(1), Decimal(0)

Key = tuple[SupplierKind, str]


@contextmanager
def exact() -> Iterator[None]:
    """Compute without rounding inside; quotients have hundreds of digits."""
    with localcontext(Context(prec=PRECISION)):
        yield


@dataclass(frozen=True, slots=True)
class Supplier:
    """Somebody whose time can be planned.

    Attributes
    ----------
    skills
        Proficiency by skill, positive ones only.
    present
        FTE of each period of the grid, before ceilings.
    hard
        Part of it that hard ceilings leave.
    planned
        Part of it that all ceilings leave, those with a price included.
    person
        For an individual: the entry.
    part_of
        In a capacity plan, the class that bears a person's time as well.
    """

    skills: Mapping[str, Decimal]
    present: tuple[Decimal, ...]
    hard: Decimal = ONE
    planned: Decimal = ONE
    person: Person | None = None
    part_of: str = ""

    @property
    def available(self) -> tuple[Decimal, ...]:
        """FTE of each period that hard ceilings leave."""
        return tuple(fte * self.hard for fte in self.present)


@dataclass(frozen=True, slots=True)
class Work:
    """One allocation, the need it serves, and what one FTE of it counts for."""

    allocation: Allocation
    need: Need
    phase: PhasePlan
    level: Decimal
    person: Person | None


class Roster:
    """The suppliers of a portfolio, and what a plan gives each of them to do.

    Attributes
    ----------
    suppliers
        Individuals (named staffing) or classes, pools and hires; time is counted on these.
    work
        The allocations with shares above 0.
    used
        FTE of each period by supplier.
    projects
        Projects worked on in each period by supplier.

    Raises
    ------
    InvalidInput
        The plan plans nothing, or its allocations are not of this portfolio.
    """

    def __init__(self, portfolio: Portfolio, plan: Plan) -> None:
        require_decisions(plan)
        self.portfolio = portfolio
        self.plan = plan
        self.periods = portfolio.calendar.periods
        self.named = plan.staffing is Staffing.NAMED
        self._ceilings = {r.id: r for r in portfolio.rules if isinstance(r, UtilizationRule)}
        self._entries: dict[Key, Supplier] = {}
        self.suppliers: dict[Key, Supplier] = self._people()
        self.suppliers |= self._others()
        self.used: defaultdict[Key, list[Decimal]] = defaultdict(lambda: [NONE] * self.periods)
        self.projects: defaultdict[Key, list[set[str]]] = defaultdict(
            lambda: [set() for _ in range(self.periods)]
        )
        self.work: list[Work] = []
        self._read_work()

    def with_skill(self, skill: str) -> Iterator[tuple[Key, Supplier, Decimal]]:
        """Yield who has a skill, with the proficiency."""
        for key, supplier in self.suppliers.items():
            level = supplier.skills.get(skill)
            if level is not None:
                yield key, supplier, level

    def _people(self) -> dict[Key, Supplier]:
        if not self.named:
            return {
                (SupplierKind.CLASS, group.id): Supplier(
                    dict(group.skills), group.available, *self._limits(group.ceilings)
                )
                for group in self.portfolio.classes
            }
        found: dict[Key, Supplier] = {}
        for person, fte in attendance(self.portfolio.people, self.portfolio.calendar):
            supplier = self._entry(person, fte)
            found |= {(SupplierKind.PERSON, name): supplier for name in person.individuals}
        return dict(sorted(found.items()))

    def _entry(self, person: Person, fte: tuple[Decimal, ...], part_of: str = "") -> Supplier:
        rules = tuple(name for name, ids in self.portfolio.ceilings if person.id in ids)
        skills = {skill: level for skill, level in person.skills.items() if level > 0}
        return Supplier(skills, fte, *self._limits(rules), person, part_of)

    def _limits(self, rules: tuple[str, ...]) -> tuple[Decimal, Decimal]:
        """Return the parts of the time that hard ceilings, and that all ceilings leave."""
        known = [self._ceilings[name] for name in rules]
        hard = min([ONE, *(rule.ceiling for rule in known if rule.price is None)])
        return hard, min([ONE, *(rule.ceiling for rule in known)])

    def _others(self) -> dict[Key, Supplier]:
        """Return pools, and hires with the heads that the plan orders."""
        found: dict[Key, Supplier] = {}
        for pool in sorted(self.portfolio.pools, key=lambda p: p.id):
            rules = tuple(name for name, ids in self.portfolio.ceilings if pool.id in ids)
            fte = tuple(pool.capacity(t) for t in range(self.periods))
            found[SupplierKind.POOL, pool.id] = Supplier(
                {pool.skill: ONE}, fte, *self._limits(rules)
            )
        for hire in sorted(self.portfolio.hires, key=lambda h: h.id):
            found[SupplierKind.HIRE, hire.id] = Supplier({hire.skill: ONE}, self._heads(hire))
        return found

    def _heads(self, hire: Hire) -> tuple[Decimal, ...]:
        heads = [0] * self.periods
        for order in self.plan.hires:
            if order.hire == hire.id:
                work = hire.work(order.period, self.portfolio.calendar)
                for t in range(max(work.start, 0), min(work.stop, self.periods)):
                    heads[t] += order.heads
        return tuple(map(Decimal, heads))

    def _read_work(self) -> None:
        phases = {(p.project, f.phase): f for p in self.plan.projects for f in p.phases}
        needs = {
            (project.id, phase.id, mode.id, need.id): need
            for project in self.portfolio.projects
            for phase in project.phases
            for mode in phase.modes
            for need in mode.needs
        }
        findings = []
        for item in self.plan.allocations:
            phase = phases.get((item.project, item.phase))
            mode = "" if phase is None else phase.mode
            need = needs.get((item.project, item.phase, mode, item.need))
            wrong = self._fault(item, need)
            if wrong or phase is None or need is None:
                findings.append(_foreign(item, wrong))
            else:
                self._book(item, need, phase)
        if findings:
            raise InvalidInput(tuple(findings))

    def _fault(self, item: Allocation, need: Need | None) -> str:
        """Return why an allocation cannot be counted; nothing where it can."""
        if need is None:
            return "The plan and the portfolio have no such need."
        if item.kind is not SupplierKind.OVERLOAD and self._find(item) is None:
            return f"There is no {item.kind.value} {item.supplier}."
        if not all(usable(share) for share in item.shares):
            return "A share is no number to reckon with."
        if item.start < 0 or item.start + len(item.shares) > self.periods:
            return f"Its periods lie outside of the {self.periods} of the calendar."
        return ""

    def _find(self, item: Allocation) -> Supplier | None:
        key = (item.kind, item.supplier)
        if item.kind is SupplierKind.PERSON and not self.named and not self._entries:
            self._entries = self._of_classes()
        return self.suppliers.get(key) or self._entries.get(key)

    def _of_classes(self) -> dict[Key, Supplier]:
        """Return the person entries, which may stand in capacity plans beside their classes."""
        group_of = {name: group.id for group in self.portfolio.classes for name in group.members}
        return {
            (SupplierKind.PERSON, person.id): self._entry(person, fte, group_of.get(person.id, ""))
            for person, fte in attendance(self.portfolio.people, self.portfolio.calendar)
        }

    def _book(self, item: Allocation, need: Need, phase: PhasePlan) -> None:
        supplier = None if item.kind is SupplierKind.OVERLOAD else self._find(item)
        level = ONE if supplier is None else supplier.skills.get(need.skill, NONE)
        if need.heads is not None:  # they count by the head, whatever their proficiency
            level = ONE
        person = None if supplier is None else supplier.person
        self.work.append(Work(item, need, phase, level, person))
        keys = [(item.kind, item.supplier)]
        if supplier is not None and supplier.part_of:
            keys.append((SupplierKind.CLASS, supplier.part_of))
        for key in keys:
            for t, share in enumerate(item.shares, item.start):
                if share:
                    self.used[key][t] += share
                    self.projects[key][t].add(item.project)


def require_decisions(plan: Plan) -> None:
    """Raise InvalidInput where a plan has no decisions: it says nothing about people."""
    if not (plan.found or plan.short):
        message = f"It has no decisions: its status is {plan.status.value}."
        fix = "Give a plan that was found, or one that says what is unmet."
        raise InvalidInput((finding("plan-empty", "plan", message, fix),))


def finding(rule: str, path: str, message: str, fix: str) -> Finding:
    """Return an error about a plan or what is asked of it."""
    return Finding(Severity.ERROR, rule, path, message, fix)


def _foreign(item: Allocation, message: str) -> Finding:
    path = f"allocations/{item.project}/{item.phase}/{item.need}/{item.supplier}"
    return finding("plan-foreign", path, message, "Give the portfolio that the plan was made of.")
