"""Why a need is short in named staffing, from the plan alone (formulation, section 13)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from functools import cached_property

from pmo_optimizer.model import (
    NEED_TOLERANCE,
    Dedication,
    SupplierKind,
    UnmetNeed,
    UnmetReason,
)
from pmo_optimizer.referee.crew import STEP, Crew, barred, smallest
from pmo_optimizer.referee.demand import Gap
from pmo_optimizer.referee.report import plain
from pmo_optimizer.referee.supply import Key, Supplier

Slot = tuple[Key, Supplier, int]
"""A supplier in a period (0-based) in which it could give the need some time."""

Why = tuple[UnmetReason, str, tuple[str, ...]]
"""Reason, the same in words, and the projects that keep people busy."""


def explain(gaps: Iterable[Gap], crew: Crew) -> tuple[UnmetNeed, ...]:
    """Return what is short with its reasons, sorted by project, phase, need and period."""
    found = [_item(gap, crew) for gap in gaps]
    return tuple(sorted(found, key=unmet_key))


def unmet_key(item: UnmetNeed) -> tuple[str, str, str, int]:
    """Return what an item is about, in the order of lists: project, phase, need, period."""
    return item.project, item.phase, item.need, -1 if item.period is None else item.period


def _item(gap: Gap, crew: Crew) -> UnmetNeed:
    project, phase, need = gap.demand.key
    reason, message, busy_on = _Inquiry(gap, crew).why()
    return UnmetNeed(
        project=project,
        phase=phase,
        need=need,
        skill=gap.demand.need.skill,
        period=gap.period,
        fte=gap.fte,
        reason=reason,
        busy_on=busy_on,
        message=message,
    )


class _Inquiry:
    """Looks for the first reason that holds for one gap.

    Persons, pools and hired heads are asked alike; of priced extra supply there is always some.
    """

    def __init__(self, gap: Gap, crew: Crew) -> None:
        self.demand = gap.demand
        self.need = gap.demand.need
        self.crew = crew
        self.periods = (gap.period,) if gap.period is not None else self._open_periods()

    def _open_periods(self) -> tuple[int, ...]:
        """Return where an effort could get more: below its least rate, or its greatest."""
        demand = self.demand
        every = {t: t - demand.start for t in self.crew.on_grid(demand.asked)}
        below = tuple(t for t, offset in every.items() if demand.missing(offset))
        most = self.need.max_fte
        room = (t for t, offset in every.items() if most is None or demand.delivered[offset] < most)
        return below or tuple(room)

    def why(self) -> Why:
        """Return the first reason that holds."""
        if self._buyable():
            return UnmetReason.UNPLANNED, "extra supply could be bought, the plan has none", ()
        skilled = self.crew.skilled(self.demand)
        if not skilled:
            return UnmetReason.NO_SKILL, f"no one has {self._wanted()}", ()
        allowed = {key: s for key, s in skilled.items() if not barred(s, self.demand)}
        if not allowed:
            return UnmetReason.BARRED, f"{_all(skilled)} may not, by must_not or a pin", ()
        slots = [(key, s, t) for key, s in allowed.items() for t in self.periods]
        there = [slot for slot in slots if slot[1].usable(slot[2]) > 0]
        if not there:
            return UnmetReason.ABSENT, f"{_all(allowed)} {_are(allowed)} away", ()
        free = [slot for slot in there if self.crew.left(*slot) >= STEP]
        return self._limited(free) if free else self._busy(there)

    def _buyable(self) -> bool:
        skills = self.crew.supply.portfolio.skills
        return any(s.id == self.need.skill and s.overload_price is not None for s in skills)

    def _wanted(self) -> str:
        least = self.need.min_proficiency
        return self.need.skill if not least else f"{self.need.skill} at {plain(least)} or more"

    def _busy(self, there: list[Slot]) -> Why:
        projects = {project for key, _, t in there for project in self.crew.projects(key, t)}
        busy_on = tuple(sorted(projects))
        who = {slot[0] for slot in there}
        return UnmetReason.BUSY, f"{_all(who)} {_are(who)} busy on {', '.join(busy_on)}", busy_on

    def _limited(self, free: list[Slot]) -> Why:
        """Return what keeps those who have time left from giving it."""
        fitting = [slot for slot in free if self._fits(slot)]
        if not fitting:
            least = min(smallest(supplier, self.demand) for _, supplier, _ in free)
            message = f"what is free is less than the smallest useful share of {plain(least)}"
            return UnmetReason.SHARE_TOO_SMALL, message, ()
        useful = [slot for slot in fitting if self._useful(slot)]
        if not useful:
            message = (
                f"the smallest useful share of everybody who is free is more than the "
                f"{plain(self.need.max_fte or Decimal(0))} FTE that the need takes in a period"
            )
            return UnmetReason.LIMITS, message, ()
        new = [slot for slot in useful if self._another_head(slot)]
        if not new:
            return UnmetReason.LIMITS, "each head has to be somebody else", ()
        below = [slot for slot in new if self._below_most_projects(*slot)]
        if not below:
            who = {slot[0] for slot in new}
            message = f"{_all(who)} {_are(who)} on the most projects at once"
            return UnmetReason.LIMITS, message, ()
        return self._summed(below)

    def _summed(self, free: list[Slot]) -> Why:
        """Return what keeps those who could work in a period, counted over many of them."""
        project = self.demand.key[0]
        open_ = [slot for slot in free if not self._dedicated(*slot)]
        if not open_:
            limit = next(d for slot in free for d in self._dedicated(*slot))
            who = {slot[0] for slot in free}
            message = (
                f"{_all(who)} {_are(who)} at the most that dedications to {project} allow, "
                f"for instance {self._in_words(limit)}"
            )
            return UnmetReason.LIMITS, message, ()
        paid = [slot for slot in open_ if self._affordable(*slot)]
        if not paid:
            budget = self.crew.supply.portfolio.project_by_id[project].staff_budget
            message = f"the staff budget of {project}, {plain(budget or Decimal(0))}, is used up"
            return UnmetReason.LIMITS, message, ()
        if not any(self._whole_phase(key, supplier) for key, supplier, _ in paid):
            return UnmetReason.LIMITS, "no one is free for the whole phase", ()
        names = ", ".join(sorted({key[1] for key, _, _ in paid}))
        return UnmetReason.UNPLANNED, f"not planned, though {names} had time left", ()

    def _fits(self, slot: Slot) -> bool:
        """Return whether what is left is enough to begin with; who works there may add any."""
        key, supplier, period = slot
        return self.crew.left(key, supplier, period) >= self._least(slot)

    def _least(self, slot: Slot) -> Decimal:
        """Return the least that a supplier could add in a period."""
        key, supplier, period = slot
        counted = self.need.heads is not None
        at_work = not counted and self.crew.hours(key, self.demand, period) > 0
        return STEP if at_work else smallest(supplier, self.demand)

    def _useful(self, slot: Slot) -> bool:
        """Return whether the need takes the least that a supplier could add in a period."""
        most = self.need.max_fte if self.need.effort is not None else None
        if most is None:
            return True
        _, supplier, period = slot
        level = supplier.skills[self.need.skill]
        got = self.demand.delivered[period - self.demand.start]
        return got + self._least(slot) * level <= most + NEED_TOLERANCE

    def _another_head(self, slot: Slot) -> bool:
        """Return whether a supplier could give a head that is not yet counted."""
        key, supplier, period = slot
        hours = self.crew.hours(key, self.demand, period)
        if self.need.heads is None or not hours or key[0] is SupplierKind.POOL:
            return True
        hired = key[0] is SupplierKind.HIRE
        return hired and hours < supplier.available[period] * self.need.head_share

    def _below_most_projects(self, key: Key, supplier: Supplier, period: int) -> bool:
        most = None if supplier.person is None else supplier.person.max_projects
        projects = self.crew.projects(key, period)
        return most is None or self.demand.key[0] in projects or len(projects) < most

    def _more(self, key: Key, supplier: Supplier, period: int) -> dict[int, Decimal]:
        """Return the least that a supplier would have to add, by period, to give more in one."""
        times: tuple[int, ...] = (period,)
        if self.need.continuous and supplier.person is not None:
            times = self.crew.on_grid(self.demand.asked)
        idle = [t for t in times if not self.crew.hours(key, self.demand, t)]
        least = smallest(supplier, self.demand)
        return dict.fromkeys(idle, least) if idle else {period: STEP}

    def _dedicated(self, key: Key, supplier: Supplier, period: int) -> list[Dedication]:
        """Return the dedications that leave too little for a supplier to give more."""
        more = self._more(key, supplier, period)
        calendar = self.crew.supply.portfolio.calendar
        own = () if supplier.person is None else supplier.person.dedications
        found = []
        for limit in own:
            span = limit.span(calendar)
            added = sum((share for t, share in more.items() if t in span), Decimal(0))
            if limit.project != self.demand.key[0] or not added:
                continue
            given = self.crew.given(key, limit.project, span)
            if given + added > limit.most(calendar):
                found.append(limit)
        return found

    @cached_property
    def _cost(self) -> Decimal:
        """Money for individuals on the project."""
        return self.crew.cost(self.demand.key[0])

    def _affordable(self, key: Key, supplier: Supplier, period: int) -> bool:
        """Return whether the staff budget leaves enough for a supplier to give more."""
        project = self.demand.key[0]
        budget = self.crew.supply.portfolio.project_by_id[project].staff_budget
        rate = None if supplier.person is None else supplier.person.cost_rate
        if budget is None or not rate:
            return True
        added = sum(self._more(key, supplier, period).values(), Decimal(0))
        return self._cost + added * rate <= budget

    def _in_words(self, limit: Dedication) -> str:
        span = limit.span(self.crew.supply.portfolio.calendar)
        return f"{plain(limit.fte)} x {len(span)} from period {span.start} to {span.stop - 1}"

    def _whole_phase(self, key: Key, supplier: Supplier) -> bool:
        """Return whether a person could work in every period of a continuous need."""
        if not self.need.continuous or supplier.person is None:
            return True
        least = smallest(supplier, self.demand)
        return all(
            self.crew.hours(key, self.demand, t) > 0
            or (
                self.crew.left(key, supplier, t) >= least
                and self._below_most_projects(key, supplier, t)
            )
            for t in self.crew.on_grid(self.demand.asked)
        )


def _all(who: Collection[Key]) -> str:
    return "the only one who could" if len(who) == 1 else f"all {len(who)} who could"


def _are(who: Collection[Key]) -> str:
    return "is" if len(who) == 1 else "are"
