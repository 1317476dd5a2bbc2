"""Formulas of the workbook: totals that planners see, which reading leaves alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmo_optimizer.formats.workbook.compact import read_numbers
from pmo_optimizer.formats.workbook.rows import Row

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


def _duration(book: Book, row: Row) -> Decimal | None:
    """Return the duration of the phase and mode of a cost line."""
    names = [row.cells.get(name) for name in ("Project", "Phase", "Mode")]
    for other in _rows(book, "Phases"):
        if [other.cells.get(name) for name in ("Project", "Phase", "Mode")] == names:
            found = other.cells.get("Duration")
            return Decimal(found) if isinstance(found, int | Decimal) else None
    return None


def _rows(book: Book, title: str) -> tuple[Row, ...]:
    return next(table.rows for table in book.tables if table.sheet.title == title)


def _line_value(book: Book, row: Row) -> Value:
    lump, each = row.cells.get("Lump"), row.cells.get("Each period")
    profile = row.cells.get("Profile")
    if isinstance(lump, Decimal):
        return float(lump)
    if isinstance(each, Decimal):
        if "Phase" not in row.cells:
            return "by plan"
        duration = _duration(book, row)
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
    value = _line_value(book, row)
    profile = row.cells.get("Profile")
    known = f'"{profile}"' if isinstance(profile, str) and value != "long" else '""'
    text = (
        f'=IF({cell["Lump"]}<>"",{cell["Lump"]},IF({cell["Each period"]}<>"",'
        f'IF({cell["Phase"]}="","by plan",{cell["Each period"]}*IF({cell["Mode"]}="",'
        f"SUMIFS({duration},{named}),SUMIFS({duration},{moded}))),"
        f'IF({cell["Profile"]}="","",IF({cell["Profile"]}={known},'
        f'{value if isinstance(value, float) else 0},"edited"))))'
    )
    return text, "edited" if value == "long" else value


def _project_total(book: Book, row: Row, number: int) -> tuple[str, Value]:
    costs, place = book.places["Costs"], book.places["Projects"]
    name = row.cells.get("Id")
    values = [_line_value(book, r) for r in _rows(book, "Costs") if r.cells.get("Project") == name]
    total = sum(value for value in values if isinstance(value, float | int))
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
        count = sum(1 for row in _rows(book, title) if header in row.cells)
        yield Figure(title, what, f"=COUNTA({book.places[title].column(header)})", count)
    yield _summed(book, "Sum of weights", "Criteria", "Weight", "1 where weights are given.")
    yield _summed(book, "People [FTE]", "People", "FTE", "Where it is given; 1 by default.")
    costs = [_line_value(book, row) for row in _rows(book, "Costs")]
    total = sum(value for value in costs if isinstance(value, float | int))
    yield Figure(
        book.words.header("Cost lines", "{currency}"),
        "Totals of all cost lines, those of every mode.",
        f"=SUM({book.places['Costs'].column(LINE_TOTAL)})",
        total,
    )


def _summed(book: Book, name: str, title: str, header: str, what: str) -> Figure:
    values = [row.cells.get(header) for row in _rows(book, title)]
    total = sum((value for value in values if isinstance(value, Decimal)), Decimal(0))
    wrong = "=AND({cell}<>0,ABS({cell}-1)>0.000001)" if header == "Weight" else ""
    formula = f"=SUM({book.places[title].column(header)})"
    return Figure(name, what, formula, float(total), wrong)
