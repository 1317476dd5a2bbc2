"""What one person does, period by period."""

from __future__ import annotations

import difflib
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from pmo_optimizer.model import InvalidInput, Person, Plan, Portfolio, Staffing, SupplierKind
from pmo_optimizer.model.calendar import ONE_DAY
from pmo_optimizer.people.roster import NONE, Roster, Work, exact, finding, require_decisions


@dataclass(frozen=True, slots=True)
class PersonalTask:
    """What an individual does on one need in one period.

    A period without work has one row, with empty project, phase, need and skill.

    Attributes
    ----------
    person
        The individual.
    period
        0-based.
    fte
        FTE of the person's time on this need.
    available
        FTE that absences and hard ceilings leave in the period.
    absent
        FTE of the contract that absences, holidays, and joining late or leaving early take.
    reason
        Why the person is absent, in words.
    """

    person: str
    period: int
    project: str
    phase: str
    need: str
    skill: str
    fte: Decimal
    available: Decimal
    absent: Decimal
    reason: str


def personal_plan(portfolio: Portfolio, plan: Plan, person_id: str) -> tuple[PersonalTask, ...]:
    """Return what one person does, by individual, period, project, phase and need.

    Parameters
    ----------
    portfolio
        A portfolio without errors.
    plan
        One of its plans, with named staffing.
    person_id
        An individual, as ``id`` or ``id#2``; the id of an entry stands for all its people.

    Raises
    ------
    InvalidInput
        There is no such person, the plan has no names or no decisions, or is not of this
        portfolio.
    """
    require_decisions(plan)
    if plan.staffing is not Staffing.NAMED:
        message = "It plans classes of people, not persons."
        fix = "Staff it by name first: `pmo_optimizer.staff`, or `pmo-optimizer staff`."
        raise InvalidInput((finding("plan-not-named", "staffing", message, fix),))
    entry, names = _individuals(portfolio, person_id)
    with exact():
        roster = Roster(portfolio, plan)
        return tuple(row for name in names for row in _rows(roster, entry, name))


def _individuals(portfolio: Portfolio, person_id: str) -> tuple[Person, tuple[str, ...]]:
    for person in portfolio.people:
        if person_id == person.id:
            return person, person.individuals
        if person_id in person.individuals:
            return person, (person_id,)
    known = [name for person in portfolio.people for name in (person.id, *person.individuals)]
    close = difflib.get_close_matches(person_id, known, n=1)
    message = f"There is no person {person_id}."
    fix = f"Did you mean {close[0]}?" if close else "Give the id of a person of the portfolio."
    raise InvalidInput((finding("unknown-person", "people", message, fix),))


def _rows(roster: Roster, entry: Person, name: str) -> list[PersonalTask]:
    supplier = roster.suppliers[SupplierKind.PERSON, name]
    available = supplier.available
    works: defaultdict[int, dict[tuple[str, str, str, str], Decimal]] = defaultdict(dict)
    for work in roster.work:
        if (work.allocation.kind, work.allocation.supplier) == (SupplierKind.PERSON, name):
            _add(works, work)
    rows = []
    for t, present in enumerate(supplier.present):
        absent = max(entry.fte - present, NONE)
        reason = why_absent(roster.portfolio, entry, t) if absent else ""
        for task, fte in sorted(works[t].items()) or [(("", "", "", ""), NONE)]:
            rows.append(PersonalTask(name, t, *task, fte, available[t], absent, reason))
    return rows


def _add(works: defaultdict[int, dict[tuple[str, str, str, str], Decimal]], work: Work) -> None:
    item = work.allocation
    task = (item.project, item.phase, item.need, work.need.skill)
    for t, share in enumerate(item.shares, item.start):
        if share:
            works[t][task] = works[t].get(task, NONE) + share


def why_absent(portfolio: Portfolio, person: Person, period: int) -> str:
    """Return why a person is not there all of a period (0-based), in words."""
    calendar = portfolio.calendar
    first, last = calendar.edge(period), calendar.edge(period + 1) - ONE_DAY
    reasons = []
    if person.available_from is not None and first < person.available_from:
        reasons.append(f"joins {person.available_from}")
    if person.available_until is not None and person.available_until < last:
        reasons.append(f"leaves {person.available_until}")
    reasons += [
        absence.reason or "absence"
        for absence in person.absences
        if absence.first <= last and first <= absence.last
    ]
    sites = {site.id: site.holidays for site in calendar.sites}
    off = {*person.holidays, *sites.get(person.site or "", ())}
    if off & set(calendar.working_dates(period)):
        reasons.append("holidays")
    return ", ".join(dict.fromkeys(reasons)) or "no working days"
