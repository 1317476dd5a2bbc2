"""Who works on what, as rows: loads by person and period, teams, and one person's own plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from pmo_optimizer import people
from pmo_optimizer.model import Person, Plan, Portfolio, Staffing, SupplierKind
from pmo_optimizer.people import PersonalTask, TeamMember
from pmo_optimizer.report.charts.theme import listed
from pmo_optimizer.report.words import first_day, last_day
from pmo_optimizer.web.text import text

LEVELS = ((0.0, 0), (0.5, 1), (0.9, 2), (1.0005, 3))
"""Upper ends of use, and the class of each; above the last is class 4, over capacity."""

OVER = 4

MOST_NAMES = 3
"""Members of a class that are named; the others are counted."""


@dataclass(frozen=True)
class Use:
    """Use of one person in one period: percent in words, and its class from 0 to 4."""

    words: str
    level: int


@dataclass(frozen=True)
class PersonRow:
    """One person (a class of people in a capacity plan): mean use, peak, and each period."""

    id: str
    name: str
    team: str
    mean: float
    peak: float
    uses: tuple[Use, ...]


@dataclass(frozen=True)
class Team:
    """Who works on one project."""

    project: str
    name: str
    rows: tuple[tuple[object, ...], ...]


def load_rows(portfolio: Portfolio, plan: Plan) -> list[PersonRow]:
    """Return the load of each person in each period.

    Raises
    ------
    InvalidInput
        The plan has no decisions, or is not of this portfolio.
    """
    names = Names(portfolio)
    rows = []
    loads = people.person_loads(portfolio, plan)
    for id, group in groupby(loads, key=lambda load: load.person):
        parts = [(float(load.used), float(load.available)) for load in group]
        there = sum(available for _, available in parts)
        person = names.person(id)
        rows.append(
            PersonRow(
                id=id,
                name=names.of(id),
                team=(person.team or "") if person is not None else "",
                mean=sum(used for used, _ in parts) / there if there else 0.0,
                peak=max((_ratio(*part) for part in parts), default=0.0),
                uses=tuple(_use(*part) for part in parts),
            )
        )
    return rows


def _ratio(used: float, available: float) -> float:
    if available > 0:
        return used / available
    return 0.0 if used <= 0 else float("inf")


def _use(used: float, available: float) -> Use:
    ratio = _ratio(used, available)
    if available <= 0 and used <= 0:
        return Use(text("people.away"), 0)
    if ratio == float("inf"):
        return Use(text("people.over"), OVER)
    level = next((level for most, level in LEVELS if ratio <= most), OVER)
    return Use(f"{100 * ratio:.0f}" if used else "", level)


class Names:
    """What the individuals and the classes of people of a portfolio are called."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.people = {person.id: person for person in portfolio.people}
        self.classes = {group.id: group.members for group in portfolio.classes}
        self.shared = Counter(person.name for person in portfolio.people)

    def person(self, individual: str) -> Person | None:
        """Return the entry of an individual."""
        return self.people.get(individual.split("#")[0])

    def of(self, individual: str) -> str:
        """Return a name, with the id where several have it; of a class, its members."""
        members = self.classes.get(individual)
        if members is not None:
            return listed([self.of(member) for member in members], MOST_NAMES)
        entry = self.person(individual)
        if entry is None or not entry.name or entry.name == individual:
            return individual
        alone = entry.count == 1 and self.shared[entry.name] == 1
        return entry.name if alone else f"{entry.name} ({individual})"


def team_rows(portfolio: Portfolio, plan: Plan) -> list[Team]:
    """Return the team of each selected project.

    Raises
    ------
    InvalidInput
        The plan has no decisions, or is not of this portfolio.
    """
    known = portfolio.project_by_id
    names = Names(portfolio)
    rows = []
    for id, group in groupby(people.teams(portfolio, plan), key=lambda member: member.project):
        name = known[id].name or id if id in known else id
        rows.append(Team(id, name, tuple(_member(portfolio, names, member) for member in group)))
    return rows


def _member(portfolio: Portfolio, names: Names, member: TeamMember) -> tuple[object, ...]:
    kinds = {
        SupplierKind.POOL: text("people.pool"),
        SupplierKind.HIRE: text("people.hire"),
        SupplierKind.OVERLOAD: text("people.overload"),
    }
    who = names.of(member.who)
    if member.kind in kinds:
        who = f"{who} ({kinds[member.kind]})"
    low, high = min(member.shares), max(member.shares)
    calendar = portfolio.calendar
    return (
        who,
        member.phase,
        member.skill,
        first_day(calendar, member.start),
        last_day(calendar, member.start, member.end),
        _fte(low) if low == high else f"{_fte(low)}–{_fte(high)}",
        float(member.total),
        None if member.cost is None else float(member.cost),
    )


def _fte(value: Decimal) -> str:
    return f"{float(value):.2f}".rstrip("0").rstrip(".")


def own_rows(portfolio: Portfolio, plan: Plan, person: str) -> list[tuple[object, ...]]:
    """Return what one person does: period, project, phase, skill, FTE, FTE there, why away.

    Raises
    ------
    InvalidInput
        There is no such person, or the plan is not by name or not of this portfolio.
    """
    return [_task(portfolio, task) for task in people.personal_plan(portfolio, plan, person)]


def _task(portfolio: Portfolio, task: PersonalTask) -> tuple[object, ...]:
    project = portfolio.project_by_id.get(task.project)
    name = "" if project is None else project.name or project.id
    return (
        portfolio.calendar.label(task.period),
        name,
        task.phase,
        task.skill,
        float(task.fte) if task.project else None,
        float(task.available),
        task.reason,
    )


def by_name(plan: Plan) -> bool:
    """Return whether a plan names persons, not classes of people."""
    return plan.staffing is Staffing.NAMED


def labels(portfolio: Portfolio) -> Sequence[str]:
    """Return the names of the periods."""
    return [portfolio.calendar.label(t) for t in range(portfolio.calendar.periods)]
