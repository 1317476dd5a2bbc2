"""The workbook itself, and the sheets that are one table."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from pmo_optimizer.formats.answers import Cell, Column, Kind, Table

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

LONGEST_TEXT = 32_767
"""Characters of a cell at most, as Excel has it."""

FIRST_YEAR = 1901
"""Earlier days are written as texts: Excel's calendar is wrong before 1 March 1900."""

TITLE_ROW, NOTE_ROW, TOTAL_ROW, HEADER_ROW = 0, 1, 2, 3
"""Rows (0-based) of every sheet: what it is, how to read it, totals, header of the table."""

FIRST_ROW = HEADER_ROW + 1

WIDTHS = MappingProxyType(
    {
        Kind.TEXT: 18,
        Kind.INTEGER: 11,
        Kind.NUMBER: 14,
        Kind.SHARE: 10,
        Kind.DATE: 12,
        Kind.BOOLEAN: 10,
        Kind.ANY: 24,
    }
)
"""Width of columns in characters."""

WIDE = MappingProxyType({"name": 32, "reason": 60, "message": 60, "path": 40, "who": 24})
"""Columns that need more than their kind."""

FORMATS: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {
        "title": {"bold": True, "font_size": 14},
        "note": {"font_color": "#595959", "italic": True},
        "head": {"bold": True, "bg_color": "#1F3864", "font_color": "#FFFFFF", "text_wrap": True},
        "label": {"bold": True},
        "total": {"bold": True, "num_format": "#,##0.00", "top": 1},
        "number": {"num_format": "#,##0.00##"},
        "integer": {"num_format": "#,##0"},
        "plain": {"num_format": "0"},
        "share": {"num_format": "0.00 %"},
        "percent": {"num_format": "0 %", "align": "center", "font_size": 9},
        "fte": {"num_format": "0.00;-0.00;;@", "align": "center", "font_size": 9},
        "date": {"num_format": "yyyy-mm-dd", "align": "left"},
        "text": {"valign": "top"},
        "wrap": {"text_wrap": True, "valign": "top"},
        "period": {"bold": True, "align": "center", "rotation": 90, "font_size": 9},
        "number_of_period": {"align": "center", "font_size": 8, "font_color": "#7F7F7F"},
        "bar": {"align": "center", "font_color": "#2F5597", "font_size": 9},
        "bar_on": {"bg_color": "#2F5597", "font_color": "#2F5597"},
        "milestone_on": {"bg_color": "#FCE4D6", "font_color": "#C00000", "bold": True},
        "good": {"bg_color": "#E2EFDA", "font_color": "#375623"},
        "bad": {"bg_color": "#F8CBAD", "font_color": "#9C0006", "bold": True},
        "faint": {"font_color": "#7F7F7F"},
    }
)


class Book:
    """A workbook that is being written, with its formats by name.

    Texts are never taken for formulas, links or numbers.
    """

    def __init__(self, path: Path, title: str) -> None:
        self._workbook = Workbook(
            str(path),
            {
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "nan_inf_to_errors": True,
            },
        )
        self._workbook.set_properties({"title": title[:255], "comments": "Made by pmo-optimizer."})
        self._formats = {
            name: self._workbook.add_format(options) for name, options in FORMATS.items()
        }
        self._tables = 0

    def __enter__(self) -> Book:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._workbook.close()

    def format(self, name: str) -> Format:
        """Return a format by its name in `FORMATS`."""
        return self._formats[name]

    def sheet(self, title: str, note: str = "") -> Worksheet:
        """Return a new sheet, set up to be printed on landscape pages, one wide."""
        sheet = self._workbook.add_worksheet(title)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&F&C&A&RPage &P of &N")
        if note:
            self.text(sheet, TITLE_ROW, 0, title, "title")
            self.text(sheet, NOTE_ROW, 0, note, "note")
        return sheet

    def text(self, sheet: Worksheet, row: int, column: int, text: str, name: str = "text") -> None:
        """Write a text as a text; what is too long for a cell ends with an ellipsis."""
        if len(text) > LONGEST_TEXT:
            text = text[: LONGEST_TEXT - 1] + "…"
        sheet.write_string(row, column, text, self.format(name))

    def cell(self, sheet: Worksheet, row: int, column: int, cell: Cell, name: str = "") -> None:
        """Write a cell by its type, in the format of that type unless one is named."""
        if cell is None:
            return
        if isinstance(cell, bool):
            sheet.write_boolean(row, column, cell, self.format(name or "text"))
        elif isinstance(cell, str):
            self.text(sheet, row, column, cell, name or "text")
        elif isinstance(cell, date):
            if cell.year < FIRST_YEAR:
                self.text(sheet, row, column, cell.isoformat())
            else:
                sheet.write_datetime(row, column, cell, self.format(name or "date"))
        else:
            self.number(sheet, row, column, cell, name)

    def number(
        self, sheet: Worksheet, row: int, column: int, value: float | Decimal, name: str = ""
    ) -> None:
        """Write a number; what is not finite is written as a text."""
        if not math.isfinite(value):
            self.text(sheet, row, column, str(value))
            return
        default = "plain" if isinstance(value, int) else "number"
        sheet.write_number(row, column, float(value), self.format(name or default))

    def formula(
        self,
        sheet: Worksheet,
        row: int,
        column: int,
        formula: str,
        value: float | str | bool,
        name: str,
    ) -> None:
        """Write a formula with its value, for readers that do not compute."""
        sheet.write_formula(row, column, formula, self.format(name), value)

    def table_name(self, name: str) -> str:
        """Return a name for an Excel table that no other one has."""
        self._tables += 1
        return f"t{self._tables}_{name}"


def header_text(column: Column) -> str:
    """Return the header of a column: brackets and the like would break references to it."""
    return "".join(" " if char in "[]#'@" else char for char in column.title).strip()


def table_sheet(book: Book, table: Table) -> Worksheet:
    """Write a table on a sheet of its own: totals above, filters, frozen panes."""
    sheet = book.sheet(table.title, table.description)
    fill_table(book, sheet, table)
    return sheet


def fill_table(book: Book, sheet: Worksheet, table: Table) -> None:
    """Write a table below the title of a sheet."""
    last_row = FIRST_ROW + max(len(table.rows), 1) - 1
    for number, column in enumerate(table.columns):
        width = WIDE.get(column.name, WIDTHS[column.kind])
        sheet.set_column(number, number, width)
        if column.summed and table.rows:
            total = sum(finite(row[number]) for row in table.rows)
            cells = span(number, FIRST_ROW, last_row)
            formula = f"=SUBTOTAL(109,{cells})"
            book.formula(sheet, TOTAL_ROW, number, formula, total, "total")
    if any(column.summed for column in table.columns) and table.rows:
        book.text(sheet, TOTAL_ROW, 0, "Total of the rows shown", "label")
    sheet.add_table(
        HEADER_ROW,
        0,
        last_row,
        len(table.columns) - 1,
        {
            "name": book.table_name(table.name),
            "style": "Table Style Light 9",
            "columns": [
                {"header": header_text(column), "header_format": book.format("head")}
                for column in table.columns
            ],
        },
    )
    for offset, row in enumerate(table.rows):
        for number, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
            book.cell(sheet, FIRST_ROW + offset, number, cell, _format_of(column, cell))
    sheet.freeze_panes(FIRST_ROW, 1)
    sheet.repeat_rows(HEADER_ROW)


def _format_of(column: Column, cell: Cell) -> str:
    if column.kind is Kind.SHARE:
        return "share"
    if column.kind is Kind.TEXT and column.name in {"reason", "message"}:
        return "wrap"
    if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        return "plain" if column.kind is Kind.INTEGER else "number"
    return ""


def finite(cell: Cell) -> float:
    """Return a cell as a number, 0 where it is none."""
    if isinstance(cell, int | float | Decimal) and math.isfinite(cell):
        return float(cell)
    return 0.0


def span(column: int, first: int, last: int) -> str:
    """Return the reference of cells of one column, rows 0-based, both included."""
    name = xl_col_to_name(column)
    return f"{name}{first + 1}:{name}{last + 1}"


def decisions_sheet(book: Book, table: Table) -> str:
    """Write the decisions, selected ones green; return the reference of their costs."""
    sheet = table_sheet(book, table)
    last = FIRST_ROW + max(len(table.rows), 1) - 1
    chosen = xl_col_to_name(table.index("selected"))
    for value, name in (("TRUE", "good"), ("FALSE", "faint")):
        sheet.conditional_format(
            FIRST_ROW,
            0,
            last,
            len(table.columns) - 1,
            {
                "type": "formula",
                "criteria": f"=${chosen}{FIRST_ROW + 1}={value}",
                "format": book.format(name),
            },
        )
    return f"Decisions!{span(table.index('cost'), FIRST_ROW, last)}"


def funds_sheet(book: Book, table: Table) -> str:
    """Write spend against budget with what is left and used as formulas.

    Returns the reference of the amounts spent.
    """
    sheet = table_sheet(book, table)
    last = FIRST_ROW + max(len(table.rows), 1) - 1
    there, spent = table.index("available"), table.index("spent")
    left, used = len(table.columns), len(table.columns) + 1
    for number, title in ((left, "Left"), (used, "Used")):
        book.text(sheet, HEADER_ROW, number, title, "head")
        sheet.set_column(number, number, 14)
    for offset, row in enumerate(table.rows):
        line = FIRST_ROW + offset
        a, s = f"{xl_col_to_name(there)}{line + 1}", f"{xl_col_to_name(spent)}{line + 1}"
        available, amount = finite(row[there]), finite(row[spent])
        book.formula(sheet, line, left, f"={a}-{s}", available - amount, "number")
        share: float | str = amount / available if available > 0 else ""
        book.formula(sheet, line, used, f'=IF({a}>0,{s}/{a},"")', share, "percent")
    if table.rows:
        bars = {"type": "data_bar", "min_type": "num", "min_value": 0, "max_type": "num"}
        sheet.conditional_format(
            FIRST_ROW, used, last, used, bars | {"max_value": 1, "bar_color": "#8FAADC"}
        )
        a, s = xl_col_to_name(there), xl_col_to_name(spent)
        over = f"=${s}{FIRST_ROW + 1}>${a}{FIRST_ROW + 1}+0.000001"
        sheet.conditional_format(
            FIRST_ROW,
            0,
            last,
            left,
            {"type": "formula", "criteria": over, "format": book.format("bad")},
        )
    return f"Spend!{span(spent, FIRST_ROW, last)}"


def alignment_sheet(book: Book, table: Table) -> None:
    """Write how much of the value serves each criterion, with bars."""
    if not table.rows:
        return
    sheet = table_sheet(book, table)
    share = table.index("share")
    bars = {"type": "data_bar", "bar_color": "#A9D08E", "min_type": "num", "min_value": 0}
    sheet.conditional_format(FIRST_ROW, share, FIRST_ROW + len(table.rows) - 1, share, bars)


def summary_sheet(
    book: Book, sheet: Worksheet, tables: dict[str, Table], costs: str, spent: str
) -> None:
    """Write status, bound and gap, totals over the other sheets, terms and violations."""
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 26)
    sheet.set_column(2, 5, 16)
    summary = tables["summary"]
    book.text(sheet, TITLE_ROW, 0, f"Plan of {summary.rows[0][1]}", "title")
    row = 2
    for figure, value, note in summary.rows:
        book.text(sheet, row, 0, str(figure).replace("_", " "), "label")
        share = "share" if figure == "gap" and isinstance(value, float) else ""
        book.cell(sheet, row, 1, "–" if value is None else value, share)
        book.text(sheet, row, 2, str(note), "note")
        row += 1
    decisions, funds = tables["decisions"], tables["funds"]
    totals = (
        ("cost of selected", f"=SUM({costs})", _sum(decisions, "cost"), "sum of sheet Decisions"),
        ("spent from funds", f"=SUM({spent})", _sum(funds, "spent"), "sum of sheet Spend"),
    )
    for label, formula, value, note in totals:
        book.text(sheet, row, 0, label, "label")
        book.formula(sheet, row, 1, formula, value, "number")
        book.text(sheet, row, 2, note, "note")
        row += 1
    for name in ("terms", "violations"):
        row = _block(book, sheet, tables[name], row + 1)
    sheet.activate()


def _sum(table: Table, column: str) -> float:
    position = table.index(column)
    return sum(finite(row[position]) for row in table.rows)


def _block(book: Book, sheet: Worksheet, table: Table, row: int) -> int:
    """Write a small table below others, and return the row after it."""
    book.text(sheet, row, 0, f"{table.title} ({len(table.rows)})", "title")
    row += 1
    for number, column in enumerate(table.columns):
        book.text(sheet, row, number, header_text(column), "head")
    for cells in table.rows:
        row += 1
        for number, (column, cell) in enumerate(zip(table.columns, cells, strict=True)):
            book.cell(sheet, row, number, cell, "share" if column.kind is Kind.SHARE else "")
    return row + 2
