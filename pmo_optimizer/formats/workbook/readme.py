"""What the sheet README says, made from the description of the sheets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from pmo_optimizer.formats.workbook import formulas
from pmo_optimizer.formats.workbook.layout import FORM_OF_KIND, MORE, Column, Setting, Sheet

LINES = (
    "Portfolio workbook of pmo-optimizer",
    "Fill the sheets, save, and run: pmo-optimizer validate book.xlsx, then solve book.xlsx",
    "One row is one thing; the first row names the columns, their units are in brackets. Empty "
    "rows and columns may stay empty: a field that is left out has its default.",
    "Yellow cells are still needed, red ones stand twice or name what is not there. Sheets and "
    "columns that nobody needs may be deleted; their order does not matter.",
    "Numbers are numbers, days are dates (2027-03-31). Lists in one cell have semicolons: a; b. "
    "A text that begins with a quote is read as JSON.",
    "Grey italic columns are computed and not read. The hidden sheet _meta holds the version.",
)

HEADINGS = ("Sheet", "Column", "Unit", "What it holds", "How it is written")

Named = Callable[[str, str], str]


def lines(
    settings: Sequence[Setting], sheets: Sequence[Sheet], named: Named
) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield a line for each setting, sheet and column."""
    yield "Settings", "", "", "The portfolio itself: a row for each field.", ""
    for setting in settings:
        yield _line("", setting.column, named, required=setting.required)
    for sheet in sheets:
        yield sheet.title, "", "", sheet.help, ""
        if sheet.kind_header:
            kinds = ", ".join(route.kind for route in sheet.routes)
            yield "", sheet.kind_header, "", sheet.kind_help, f"one of {kinds}; needed"
        for parent in sheet.parents:
            yield "", parent.header, "", parent.help, f"id on the sheet {parent.sheet}"
        for column in sheet.columns:
            yield _line("", column, named, required=column.required)
        if sheet.spill:
            yield "", MORE, "", "Fields that have no column of their own.", "YAML, as {name: value}"
        for formula in formulas.FORMULAS.get(sheet.title, ()):
            yield "", formula.header, _unit(named, formula.unit), formula.help, "computed"


def _unit(named: Named, unit: str) -> str:
    return named("", unit).strip(" []")


def _line(
    title: str, column: Column, named: Named, *, required: bool
) -> tuple[str, str, str, str, str]:
    form = FORM_OF_KIND[column.kind]
    if column.options:
        form += f" {', '.join(column.options)}"
    if column.refers:
        form += f"; id on the sheet {column.refers}"
    if column.null:
        form += f", or {column.null}"
    if required:
        form += "; needed"
    header = f"{column.header}: ..." if column.family else column.header
    return title, header, _unit(named, column.unit), column.help, form
