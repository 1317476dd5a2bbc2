"""Which skills have time left, and which hold everything up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from pmo_optimizer.model import Finding, InvalidInput, Plan, Portfolio, UnmetNeed
from pmo_optimizer.model.plan import usable
from pmo_optimizer.people.roster import NONE, ONE, Roster, exact, finding

TIGHT = Decimal("0.95")
"""Part of the capacity from which on a skill counts as fully loaded."""

RATIO_STEP = Decimal("0.000001")
"""Ratios are rounded to this."""


@dataclass(frozen=True, slots=True)
class SkillSpare:
    """What is left of a skill in one period.

    Attributes
    ----------
    period
        0-based.
    capacity
        FTE that could be delivered if all who have the skill did nothing else.
    spare
        FTE of time that those who have the skill still have.
    deliverable
        Spare time x proficiency, in FTE.
    """

    skill: str
    period: int
    capacity: Decimal
    spare: Decimal
    deliverable: Decimal


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """How scarce a skill is.

    Attributes
    ----------
    tight
        Part of the periods in which its own work takes at least 95 % of its capacity.
    taken
        Part of the periods in which at least 95 % of it is taken by any work: those who have
        several skills may be busy with another one.
    peak
        Largest load / capacity of a period; 1 where there is work without any capacity.
    mean
        Load / capacity over all periods together.
    unmet
        What named staffing leaves open, in FTE-periods.
    """

    skill: str
    tight: Decimal
    taken: Decimal
    peak: Decimal
    mean: Decimal
    unmet: Decimal


def spare_capacity(portfolio: Portfolio, plan: Plan) -> tuple[SkillSpare, ...]:
    """Return what people, pools and hired heads have left of each skill, by skill and period.

    A person with several skills counts in each of them, so spare time must not be added up
    over skills. Hard ceilings are kept; extra supply at a price is not counted.

    Parameters
    ----------
    portfolio
        A portfolio without errors.
    plan
        One of its plans, by name or by capacity.

    Raises
    ------
    InvalidInput
        The plan has no decisions, or is not of this portfolio.
    """
    with exact():
        roster = Roster(portfolio, plan)
        return tuple(row for skill in _skills(portfolio) for row in _spare(roster, skill))


def _skills(portfolio: Portfolio) -> list[str]:
    return sorted(skill.id for skill in portfolio.skills)


def _spare(roster: Roster, skill: str) -> list[SkillSpare]:
    rows = [[NONE] * roster.periods for _ in range(3)]
    capacity, spare, deliverable = rows
    for key, supplier, level in roster.with_skill(skill):
        used = roster.used[key]
        for t, fte in enumerate(supplier.available):
            left = max(fte - used[t], NONE)
            capacity[t] += fte * level
            spare[t] += left
            deliverable[t] += left * level
    columns = enumerate(zip(capacity, spare, deliverable, strict=True))
    return [SkillSpare(skill, t, *column) for t, column in columns]


def bottlenecks(portfolio: Portfolio, plan: Plan) -> tuple[Bottleneck, ...]:
    """Return the skills, the scarcest first.

    By what is unmet, then by the part of periods in which the skill is tight, then taken, then
    by peak and mean load. Load and capacity are those of ``Plan.kpis``: work delivered, against
    what all who have the skill could deliver under every ceiling if they did nothing else.

    Parameters
    ----------
    portfolio
        A portfolio without errors.
    plan
        One of its plans, by name or by capacity.

    Raises
    ------
    InvalidInput
        The plan has no decisions, or is not of this portfolio.
    """
    with exact():
        roster = Roster(portfolio, plan)
        loads = _loads(roster)
        unmet: defaultdict[str, Decimal] = defaultdict(Decimal)
        for item in plan.unmet:
            if not usable(item.fte):
                raise InvalidInput((_absurd(item),))
            unmet[item.skill] += item.fte
        rows = [_scarcity(roster, s, loads[s], unmet[s]) for s in _skills(portfolio)]
    return tuple(
        sorted(rows, key=lambda r: (-r.unmet, -r.tight, -r.taken, -r.peak, -r.mean, r.skill))
    )


def _absurd(item: UnmetNeed) -> Finding:
    path = f"unmet/{item.project}/{item.phase}/{item.need}"
    message = "What is unmet is no number to reckon with."
    return finding("plan-foreign", path, message, "Staff the plan again.")


def _loads(roster: Roster) -> defaultdict[str, list[Decimal]]:
    """Return what is delivered to the needs of each skill per period, in FTE."""
    loads: defaultdict[str, list[Decimal]] = defaultdict(lambda: [NONE] * roster.periods)
    for work in roster.work:
        for t, share in enumerate(work.allocation.shares, work.allocation.start):
            loads[work.need.skill][t] += share * work.level
    return loads


def _scarcity(roster: Roster, skill: str, load: list[Decimal], unmet: Decimal) -> Bottleneck:
    capacity = [NONE] * roster.periods
    there, gone = list(capacity), list(capacity)
    for key, supplier, level in roster.with_skill(skill):
        used = roster.used[key]
        for t, fte in enumerate(supplier.present):
            capacity[t] += fte * supplier.planned * level
            there[t] += fte * supplier.hard * level
            gone[t] += used[t] * level
    ratios = [_part(a, b) for a, b in zip(load, capacity, strict=True)]
    taken = [_part(a, b) for a, b in zip(gone, there, strict=True)]
    return Bottleneck(
        skill=skill,
        tight=_rounded(_full(ratios)),
        taken=_rounded(_full(taken)),
        peak=_rounded(max(ratios, default=NONE)),
        mean=_rounded(_part(sum(load, NONE), sum(capacity, NONE))),
        unmet=unmet,
    )


def _part(part: Decimal, whole: Decimal) -> Decimal:
    if whole > 0:
        return part / whole
    return ONE if part > 0 else NONE


def _full(ratios: list[Decimal]) -> Decimal:
    return _part(Decimal(sum(ratio >= TIGHT for ratio in ratios)), Decimal(len(ratios)))


def _rounded(ratio: Decimal) -> Decimal:
    return ratio.quantize(RATIO_STEP)
