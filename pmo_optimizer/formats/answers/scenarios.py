"""The tables of a comparison of scenarios, read from its JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from pmo_optimizer.formats.answers.table import Cell, Column, Kind, Table
from pmo_optimizer.formats.answers.tables import first_day
from pmo_optimizer.model import Finding, InvalidInput, Portfolio, Severity


class _Loose(BaseModel):
    """A part of the document; what is not shown here is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Interval(_Loose):
    value: float
    low: float | None = None
    high: float | None = None
    proven: bool = False


class _Use(_Loose):
    fund: str
    bucket: str
    available: float
    spent: float


class _Figures(_Loose):
    value: float
    benefit: float
    npv: float
    cost: float
    effort: float
    selected: int
    funds: tuple[_Use, ...] = ()


class _Move(_Loose):
    project: str
    start_before: int | None = None
    start_after: int | None = None


class _Case(_Loose):
    id: str
    name: str = ""
    status: str
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    figures: _Figures | None = None
    enters: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    moves: tuple[_Move, ...] = ()
    gained: _Interval | None = None


class _Comparison(_Loose):
    digest: str = ""
    currency: str = ""
    cases: tuple[_Case, ...]
    missing: tuple[str, ...] = ()


def _read(data: Mapping[str, Any]) -> _Comparison:
    try:
        found = _Comparison.model_validate(data)
    except ValidationError as error:
        findings = tuple(
            Finding(
                Severity.ERROR,
                "comparison-form",
                "/".join(str(part) for part in item["loc"]) or ".",
                f"This is not the result of a comparison: {item['msg']}.",
                "Give the file that `pmo-optimizer compare --json` wrote.",
            )
            for item in error.errors()
        )
        raise InvalidInput(findings) from error
    names = [case.id for case in found.cases]
    again = sorted({name for name in names if names.count(name) > 1})
    if again or not names:
        what = f"cases stand twice: {', '.join(again[:5])}" if again else "it has no cases"
        raise InvalidInput(
            (
                Finding(
                    Severity.ERROR,
                    "comparison-form",
                    "cases",
                    f"This is not the result of a comparison: {what}.",
                    "Give the file that `pmo-optimizer compare --json` wrote.",
                ),
            )
        )
    return found


def comparison_findings(portfolio: Portfolio, data: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return a warning where a comparison is of another portfolio, or not complete.

    Raises
    ------
    InvalidInput
        It is not the result of a comparison.
    """
    found = _read(data)
    out = []
    if found.digest and found.digest != portfolio.digest():
        out.append(
            Finding(
                Severity.WARNING,
                "comparison-foreign",
                "digest",
                "The comparison was made from another portfolio, or this one was changed since.",
                "Compare the scenarios of this portfolio again.",
            )
        )
    if found.missing:
        out.append(
            Finding(
                Severity.WARNING,
                "comparison-missing",
                "missing",
                f"Not solved, and left out: {', '.join(found.missing)}.",
                "Let the comparison run to its end.",
            )
        )
    return tuple(out)


def comparison_tables(portfolio: Portfolio, data: Mapping[str, Any]) -> tuple[Table, ...]:
    """Return the cases, what changes in them, and how they use the funds, as tables.

    Parameters
    ----------
    portfolio
        The base: dates of moved projects.
    data
        The JSON document of a comparison.

    Raises
    ------
    InvalidInput
        It is not the result of a comparison.
    """
    found = _read(data)
    return _cases(found), _changes(portfolio, found), _funds(found)


def _cases(found: _Comparison) -> Table:
    money = found.currency
    columns = (
        Column("case", "Case", Kind.TEXT, "base, or the id of the scenario."),
        Column("name", "Name", Kind.TEXT, "Its name."),
        Column("status", "Status", Kind.TEXT, "What is known about its plan."),
        Column("objective", "Objective", Kind.NUMBER, "First term after prices."),
        Column("bound", "Bound", Kind.NUMBER, "No plan can be better."),
        Column("gap", "Gap", Kind.SHARE, "Relative gap, as a part."),
        Column("value", "Value", Kind.NUMBER, "Strategic value."),
        Column("cost", f"Cost {money}", Kind.NUMBER, "Of the plan."),
        Column("npv", f"NPV {money}", Kind.NUMBER, "Net present value."),
        Column("effort", "Effort FTE-periods", Kind.NUMBER, "Of the selected projects."),
        Column("projects", "Projects", Kind.INTEGER, "Number of selected projects."),
        Column("gained", "Gained", Kind.NUMBER, "Objective against the base."),
        Column("gained_low", "Gained at least", Kind.NUMBER, "Whatever the searches missed."),
        Column("gained_high", "Gained at most", Kind.NUMBER, "Whatever the searches missed."),
        Column("proven", "Proven", Kind.BOOLEAN, "Whether the two ends exclude 0."),
        Column("enters", "Enter", Kind.INTEGER, "Projects that are selected here only."),
        Column("leaves", "Leave", Kind.INTEGER, "Projects that are selected in the base only."),
        Column("moves", "Move", Kind.INTEGER, "Projects at other times or in other modes."),
    )
    rows = tuple(_case(case) for case in found.cases)
    return Table("scenarios", "Scenarios", "One row per case.", columns, rows)


def _case(case: _Case) -> tuple[Cell, ...]:
    figures, gained = case.figures, case.gained
    return (
        case.id,
        case.name,
        case.status.replace("_", " "),
        case.objective,
        case.bound,
        case.gap,
        *(
            (None,) * 5
            if figures is None
            else (figures.value, figures.cost, figures.npv, figures.effort, figures.selected)
        ),
        *(
            (None,) * 4
            if gained is None
            else (gained.value, gained.low, gained.high, gained.proven)
        ),
        len(case.enters),
        len(case.leaves),
        len(case.moves),
    )


def _changes(portfolio: Portfolio, found: _Comparison) -> Table:
    columns = (
        Column("case", "Case", Kind.TEXT, "Id of the scenario."),
        Column("change", "Change", Kind.TEXT, "enters, leaves or moves."),
        Column("project", "Project", Kind.TEXT, "Id of the project."),
        Column("name", "Name", Kind.TEXT, "Its name."),
        Column("before", "First day in base", Kind.DATE, "Where it moves."),
        Column("after", "First day here", Kind.DATE, "Where it moves."),
    )
    calendar = portfolio.calendar
    names = {project.id: project.name for project in portfolio.projects}
    rows: list[tuple[Cell, ...]] = []
    for case in found.cases:
        for word, ids in (("enters", case.enters), ("leaves", case.leaves)):
            rows += [(case.id, word, name, names.get(name, ""), None, None) for name in ids]
        rows += [
            (
                case.id,
                "moves",
                move.project,
                names.get(move.project, ""),
                first_day(calendar, move.start_before),
                first_day(calendar, move.start_after),
            )
            for move in case.moves
        ]
    title = "One row per project that is different from the base."
    return Table("scenario_changes", "Scenario changes", title, columns, tuple(rows))


def _funds(found: _Comparison) -> Table:
    money = found.currency
    columns = (
        Column("case", "Case", Kind.TEXT, "base, or the id of the scenario."),
        Column("fund", "Fund", Kind.TEXT, "Id of the fund."),
        Column("bucket", "Year", Kind.TEXT, "Fiscal year, period, or the whole horizon."),
        Column("available", f"Available {money}", Kind.NUMBER, "With what is carried over."),
        Column("spent", f"Spent {money}", Kind.NUMBER, "What the plan spends."),
    )
    rows = tuple(
        (case.id, use.fund, use.bucket or "all", use.available, use.spent)
        for case in found.cases
        if case.figures is not None
        for use in case.figures.funds
    )
    title = "One row per case, fund and year."
    return Table("scenario_funds", "Scenario spend", title, columns, rows)
