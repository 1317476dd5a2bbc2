"""Who works on what by name: unmet needs, teams, loads, and one person's own plan."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

from rich.console import RenderableType
from rich.text import Text

from pmo_optimizer import people
from pmo_optimizer.model import (
    FTE_STEP,
    InvalidInput,
    Plan,
    Portfolio,
    Staffing,
    SupplierKind,
    UnmetNeed,
)
from pmo_optimizer.people import PersonalTask, TeamMember
from pmo_optimizer.report.resources import use_table
from pmo_optimizer.report.tables import Cell, section
from pmo_optimizer.report.words import (
    ABSENT,
    amount,
    clean,
    first_day,
    heading,
    last_day,
    more,
    title_of,
)

KINDS = {
    SupplierKind.POOL: "pool",
    SupplierKind.HIRE: "hired",
    SupplierKind.OVERLOAD: "extra supply",
}
"""What is said of those who are no people."""


def unmet(portfolio: Portfolio, plan: Plan, limit: int | None) -> list[RenderableType]:
    """Return what named staffing leaves open, a line for each run of periods, with the reason."""
    if not plan.unmet:
        return []
    runs = _runs(plan.unmet)
    shown = runs if limit is None else runs[:limit]
    total = sum(float(item.fte) for item in plan.unmet)
    out: list[RenderableType] = [heading(f"Unmet needs ({amount(total)} FTE-periods)")]
    out += [Text(clean(_unmet_line(portfolio, run)), style="yellow") for run in shown]
    if len(shown) < len(runs):
        out.append(more(len(runs) - len(shown), "unmet needs"))
    return out


def _runs(items: Sequence[UnmetNeed]) -> list[list[UnmetNeed]]:
    """Return runs of periods in which the same is open of a need for the same reason."""
    runs: list[list[UnmetNeed]] = []
    for item in items:
        last = runs[-1][-1] if runs else None
        if last is not None and last.period is not None:
            following = last.model_copy(update={"period": last.period + 1})
            if following == item:
                runs[-1].append(item)
                continue
        runs.append([item])
    return runs


def _unmet_line(portfolio: Portfolio, run: list[UnmetNeed]) -> str:
    first, last = run[0], run[-1]
    where = f"{first.project}/{first.phase}/{first.need}"
    skill = "" if first.need == first.skill else f" ({first.skill})"
    why = first.message or first.reason.value.replace("_", " ")
    fte = _fte(first.fte)
    if first.period is None or last.period is None:
        return f"{where}{skill}: {fte} FTE-periods over the phase: {why}"
    since = first_day(portfolio.calendar, first.period)
    if first.period < 0:  # a plan file may say anything
        return f"{where}{skill}: {fte} FTE in {since}: {why}"
    until = last_day(portfolio.calendar, first.period, last.period + 1)
    return f"{where}{skill}: {fte} FTE from {since} to {until}: {why}"


def teams(portfolio: Portfolio, plan: Plan, limit: int | None) -> list[RenderableType]:
    """Return the team of each project of a named plan; nothing for a capacity plan."""
    if plan.staffing is not Staffing.NAMED or not (plan.found or plan.short):
        return []
    try:
        rows = people.teams(portfolio, plan)
    except InvalidInput:  # reports show plans of other portfolios as far as they can
        return [heading("Teams"), Text("The allocations are not of this portfolio.")]
    shown = rows if limit is None else rows[:limit]
    names = {p.id: p.name for p in portfolio.people if p.name}
    out: list[RenderableType] = []
    for project, members in groupby(shown, key=lambda row: row.project):
        whole = [row for row in rows if row.project == project]
        out += _team(portfolio, project, list(members), whole, names)
    if len(shown) < len(rows):
        out.append(more(len(rows) - len(shown), "lines of teams"))
    return out


def _team(
    portfolio: Portfolio,
    project: str,
    members: list[TeamMember],
    whole: list[TeamMember],
    names: dict[str, str],
) -> list[RenderableType]:
    """Return the lines of one project; the title counts all of its team."""
    columns = [
        ("phase", "name"),
        ("who", "name"),
        ("skill", "name"),
        ("first day", "text"),
        ("last day", "text"),
        ("FTE", "number"),
        ("FTE-periods", "number"),
        (f"cost {portfolio.currency}".strip(), "number"),
    ]
    calendar = portfolio.calendar
    lines = [
        (
            row.phase,
            _who(row, names),
            row.skill,
            first_day(calendar, row.start),
            last_day(calendar, row.start, row.end),
            _range(row.shares),
            _fte(row.total),
            amount(None if row.cost is None else float(row.cost)),
        )
        for row in members
    ]
    count = len({row.who for row in whole if row.kind is SupplierKind.PERSON})
    total = _fte(sum((row.total for row in whole), Decimal(0)))
    word = "person" if count == 1 else "people"
    title = f"Team of {title_of(portfolio, project)} ({count} {word}, {total} FTE-periods)"
    return section(title, columns, lines, None)


def _who(row: TeamMember, names: dict[str, str]) -> str:
    if row.kind is SupplierKind.OVERLOAD:
        return KINDS[row.kind]
    if row.kind in KINDS:
        return f"{row.who} ({KINDS[row.kind]})"
    return _called(row.who, names)


def _called(individual: str, names: dict[str, str]) -> str:
    """Return an individual's id, followed by the entry's name where it has one."""
    name = names.get(individual.split("#")[0], "")
    return f"{individual} {name}" if name and name != individual else individual


def _fte(value: Decimal) -> str:
    """Return FTE with two decimals; what is more than nothing never reads 0."""
    return f"<{FTE_STEP}" if 0 < value < FTE_STEP else amount(float(value))


def _range(shares: Sequence[Decimal]) -> str:
    """Return the share of a run of periods, or the smallest and the largest."""
    low, high = _fte(min(shares)), _fte(max(shares))
    return low if low == high else f"{low}–{high}"


def person_loads(
    portfolio: Portfolio, plan: Plan, width: int, limit: int | None
) -> list[RenderableType]:
    """Return each person's use in percent of what is there, over time; classes by capacity."""
    rows: dict[str, list[tuple[float, float]]] = {}
    for row in people.person_loads(portfolio, plan):
        rows.setdefault(row.person, []).append((float(row.used), float(row.available)))
    names = {p.id: p.name for p in portfolio.people if p.name}
    named = [(_called(person, names), pairs) for person, pairs in rows.items()]
    what = "person" if plan.staffing is Staffing.NAMED else "class of people"
    title = "Use of people (mean FTE a period; use by {})"
    return use_table(portfolio.calendar, (title, what, "people"), named, width, limit)


def personal(
    portfolio: Portfolio, plan: Plan, person: str, limit: int | None
) -> list[RenderableType]:
    """Return the own plan of an individual, or of each individual of an entry.

    Raises
    ------
    InvalidInput
        There is no such person, or the plan has no names.
    """
    names = {p.id: p.name for p in portfolio.people if p.name}
    out: list[RenderableType] = []
    rows = people.personal_plan(portfolio, plan, person)
    for name, tasks in groupby(rows, key=lambda row: row.person):
        out += _personal(portfolio, _called(name, names), list(tasks), limit)
    return out


def _personal(
    portfolio: Portfolio, title: str, tasks: list[PersonalTask], limit: int | None
) -> list[RenderableType]:
    columns = [
        ("period", "text"),
        ("there", "number"),
        ("project", "name"),
        ("phase", "name"),
        ("need", "name"),
        ("FTE", "number"),
        ("absence", "name"),
    ]
    lines: list[tuple[Cell, ...]] = []
    for _, rows in groupby(tasks, key=lambda task: task.period):
        lines += [_task(portfolio, task, number) for number, task in enumerate(rows)]
    return section(f"Plan of {clean(title)}", columns, lines, limit, "lines")


def _task(portfolio: Portfolio, task: PersonalTask, number: int) -> tuple[Cell, ...]:
    """Return one line; what holds for the whole period stands on its first line only."""
    free = not task.project
    away = f"{amount(float(task.absent))} FTE: {task.reason}" if task.absent else ""
    return (
        "" if number else portfolio.calendar.label(task.period),
        "" if number else amount(float(task.available)),
        "" if free else title_of(portfolio, task.project),
        task.phase,
        task.need,
        ABSENT if free else _fte(task.fte),
        "" if number else away,
    )
