"""Formulas of the workbook: totals that planners see, which reading leaves alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmo_optimizer.formats.workbook.compact import read_numbers
from pmo_optimizer.formats.workbook.rows import Row, Table

if TYPE_CHECKING:
    from pmo_optimizer.formats.workbook.writer import Book

LONGEST_COMPARED = 200
"""Longer texts cannot stand in a formula."""

Value = str | float | int
Make = Callable[["Book", Row, int], tuple[str, Value]]


@dataclass(frozen=True, slots=True)
class Formula:
    """A computed column.

    Attributes
    ----------
    make
        Returns the formula for a row, by its number in the sheet, and its present value.
    """

    header: str
    unit: str
    help: str
    make: Make


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the sheet README.

    Attributes
    ----------
    wrong
        Formula by which it is shown in red; ``{cell}`` stands for the cell.
    """

    name: str
    help: str
    formula: str
    value: Value
    wrong: str = ""


NAMED = ("Project", "Phase", "Mode")


def rows_of(tables: Iterable[Table], title: str) -> tuple[Row, ...]:
    """Return the rows of a sheet."""
    return next(table.rows for table in tables if table.sheet.title == title)


@dataclass(frozen=True)
class Sums:
    """What cost lines come to: each of them by its place in memory, and all of a project."""

    lines: Mapping[int, Value]
    projects: Mapping[object, float]

    @classmethod
    def of(cls, tables: Sequence[Table]) -> Sums:
        """Add up the cost lines of a portfolio."""
        durations: dict[tuple[object, ...], Decimal] = {}
        for row in rows_of(tables, "Phases"):
            found = row.cells.get("Duration")
            if isinstance(found, int | Decimal):
                durations[tuple(map(row.cells.get, NAMED))] = Decimal(found)
        lines: dict[int, Value] = {}
        projects: dict[object, float] = {}
        for row in rows_of(tables, "Costs"):
            value = _line_value(row, durations)
            lines[id(row)] = value
            if isinstance(value, float | int):
                name = row.cells.get("Project")
                projects[name] = projects.get(name, 0.0) + value
        return cls(lines, projects)


def _line_value(row: Row, durations: Mapping[tuple[object, ...], Decimal]) -> Value:
    lump, each = row.cells.get("Lump"), row.cells.get("Each period")
    profile = row.cells.get("Profile")
    if isinstance(lump, Decimal):
        return float(lump)
    if isinstance(each, Decimal):
        if "Phase" not in row.cells:
            return "by plan"
        duration = durations.get(tuple(map(row.cells.get, NAMED)))
        return float(each * duration) if duration is not None else 0
    if isinstance(profile, str):
        return float(sum(read_numbers(profile))) if len(profile) <= LONGEST_COMPARED else "long"
    return ""


def _line_total(book: Book, row: Row, number: int) -> tuple[str, Value]:
    """Return the formula of a cost line's total.

    A list of numbers in a cell cannot be added up by a formula that every program knows: the
    sum is written beside the text it is of, and is shown only as long as that is unchanged.
    """
    place, phases = book.places["Costs"], book.places["Phases"]
    cell = {name: f"{letter}{number}" for name, letter in place.letters.items()}
    named = f"{phases.column('Project')},{cell['Project']},{phases.column('Phase')},{cell['Phase']}"
    moded = f"{named},{phases.column('Mode')},{cell['Mode']}"
    duration = phases.column("Duration")
    value = book.sums.lines[id(row)]
    profile = row.cells.get("Profile")
    summed = isinstance(profile, str) and isinstance(value, float)
    known, total = (f'"{profile}"', value) if summed else ('""', 0)
    text = (
        f'=IF({cell["Lump"]}<>"",{cell["Lump"]},IF({cell["Each period"]}<>"",'
        f'IF({cell["Phase"]}="","by plan",{cell["Each period"]}*IF({cell["Mode"]}="",'
        f"SUMIFS({duration},{named}),SUMIFS({duration},{moded}))),"
        f'IF({cell["Profile"]}="","",IF({cell["Profile"]}={known},'
        f'{total},"edited"))))'
    )
    return text, "edited" if value == "long" else value


def _project_total(book: Book, row: Row, number: int) -> tuple[str, Value]:
    costs, place = book.places["Costs"], book.places["Projects"]
    total = book.sums.projects.get(row.cells.get("Id"), 0)
    own = f"{place.letters['Id']}{number}"
    return f"=SUMIFS({costs.column(LINE_TOTAL)},{costs.column('Project')},{own})", total


LINE_TOTAL = "Line total"

FORMULAS: Mapping[str, tuple[Formula, ...]] = MappingProxyType(
    {
        "Costs": (
            Formula(
                LINE_TOTAL,
                "{currency}",
                "Computed, not read: what the line comes to. `by plan`: it depends on how long "
                "the project takes; `edited`: save with pmo-optimizer to see the sum again.",
                _line_total,
            ),
        ),
        "Projects": (
            Formula(
                "Cost lines",
                "{currency}",
                "Computed, not read: the totals of all cost lines, those of every mode.",
                _project_total,
            ),
        ),
    }
)
"""Computed columns by sheet; they stand behind all others."""


def figures(book: Book) -> Iterator[Figure]:
    """Yield what the sheet README counts and adds up."""
    for title, header, what in (
        ("Projects", "Id", "Number of projects."),
        ("People", "Id", "Rows of people; each may stand for several."),
        ("Skills", "Id", "Number of skills."),
        ("Funds", "Id", "Number of funds."),
    ):
        count = sum(1 for row in rows_of(book.tables, title) if header in row.cells)
        yield Figure(title, what, f"=COUNTA({book.places[title].column(header)})", count)
    yield _summed(book, "Sum of weights", "Criteria", "Weight", "1 where weights are given.")
    yield _summed(book, "People [FTE]", "People", "FTE", "Where it is given; 1 by default.")
    yield Figure(
        book.words.header("Cost lines", "{currency}"),
        "Totals of all cost lines, those of every mode.",
        f"=SUM({book.places['Costs'].column(LINE_TOTAL)})",
        sum(book.sums.projects.values()),
    )


def _summed(book: Book, name: str, title: str, header: str, what: str) -> Figure:
    values = [row.cells.get(header) for row in rows_of(book.tables, title)]
    total = sum((value for value in values if isinstance(value, Decimal)), Decimal(0))
    wrong = "=AND({cell}<>0,ABS({cell}-1)>0.000001)" if header == "Weight" else ""
    formula = f"=SUM({book.places[title].column(header)})"
    return Figure(name, what, formula, float(total), wrong)
