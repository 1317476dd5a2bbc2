"""Rows of CSV files and workbooks, with limits, each cell with its place."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from pmo_optimizer.formats.mapping.profile import TableRule
from pmo_optimizer.formats.workbook.cells import Found
from pmo_optimizer.formats.workbook.grids import read_grids
from pmo_optimizer.model import Finding, InvalidInput, Severity
from pmo_optimizer.model.files import refused, require_file, unreadable

MAX_BYTES = 50 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 1_000
MAX_CELL = 32_767

Value = str | Decimal | bool | date | None


class Unread(str):
    """What stands in a cell of a workbook instead of a value: who reads the cell says so."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes
    ----------
    number
        1-based, as spreadsheets count.
    cells
        Values by the position of the column; missing ones are empty.
    """

    number: int
    cells: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its name in messages, its headers and its rows."""

    name: str
    headers: tuple[str, ...]
    rows: tuple[Row, ...]

    def positions(self, header: str) -> tuple[int, ...]:
        """Return where a header stands, which may be several times or nowhere."""
        return tuple(i for i, name in enumerate(self.headers) if name == header)

    def place(self, row: int, column: str = "") -> str:
        """Return a place as messages name it."""
        return f"{self.name} row {row}" + (f" column {column}" if column else "")


def read_sheet(path: Path, rule: TableRule) -> Sheet:
    """Return the table of a file.

    Raises
    ------
    InvalidInput
        The file is missing, too large, of an unknown kind, damaged, or without headers.
    """
    require_file(path, MAX_BYTES, "Export fewer rows or columns.")
    kind = path.suffix.lower()
    if kind in {".csv", ".tsv", ".txt"}:
        return _sheet(path.name, rule, _csv_rows(path, rule))
    if kind == ".xlsx":
        return _sheet(path.name, rule, _xlsx_rows(path, rule))
    raise refused(
        "mapping-file",
        path.name,
        f"Files that end in {kind or 'nothing'} are not read with a profile.",
        "Save the table as CSV or XLSX.",
    )


def _sheet(name: str, rule: TableRule, rows: Iterator[tuple[int, Sequence[Value]]]) -> Sheet:
    headers: tuple[str, ...] = ()
    kept: list[Row] = []
    astray: list[Finding] = []
    for number, cells in rows:
        if len(cells) > MAX_COLUMNS:
            raise _too_large(name, f"It has more than {MAX_COLUMNS:,} columns")
        if number < rule.header_row:
            continue
        if number == rule.header_row:
            headers = tuple("" if cell is None else str(cell).strip() for cell in cells)
            continue
        if len(kept) >= MAX_ROWS:
            raise _too_large(name, f"It has more than {MAX_ROWS:,} rows")
        if any(cell not in {None, ""} for cell in cells):
            kept.append(Row(number, tuple(cells)))
            astray += _astray(name, number, cells, headers)
    if not any(headers):
        raise refused(
            "mapping-headers",
            name,
            f"Row {rule.header_row} has no headers.",
            "Say in the profile in which row they are (`header_row`).",
        )
    if astray:
        raise InvalidInput(tuple(astray))
    return Sheet(name, headers, tuple(kept))


def _astray(
    name: str, number: int, cells: Sequence[Value], headers: Sequence[str]
) -> Iterator[Finding]:
    """Yield an error for a row with a value in a column without a header.

    Such a value is mostly the rest of another one: a thousands separator that is also the
    delimiter moves every cell after it into the wrong column.
    """
    for position, cell in enumerate(cells):
        named = position < len(headers) and headers[position]
        if cell is not None and cell != "" and not named:
            yield Finding(
                Severity.ERROR,
                "mapping-no-header",
                f"{name} row {number} column {position + 1}",
                f"{str(cell)[:40]!r} stands in a column without a header; there are "
                f"{sum(map(bool, headers))} headers.",
                "Put values with the delimiter in them into quotes, or give the column a header.",
            )
            return


def _csv_rows(path: Path, rule: TableRule) -> Iterator[tuple[int, Sequence[Value]]]:
    try:
        text = path.read_bytes().decode(rule.encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise refused(
            "file-not-text",
            path.name,
            f"The file cannot be read as {rule.encoding}.",
            "Say its encoding in the profile (`encoding: cp1252` for old Excel files).",
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=rule.delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, [_short(path.name, number, cell) for cell in cells]
    except csv.Error as error:
        raise refused(
            "file-syntax",
            path.name,
            f"Not valid CSV near line {reader.line_num}: {error}.",
            "Export the file again, and check the delimiter in the profile.",
        ) from error


def _short(name: str, number: int, cell: str) -> str:
    if len(cell) > MAX_CELL:
        raise _too_large(name, f"A cell in row {number} has more than {MAX_CELL:,} characters")
    return cell.strip()


def _too_large(name: str, message: str) -> Exception:
    return refused("file-too-large", name, f"{message}.", "Export fewer rows or columns.")


def _xlsx_rows(path: Path, rule: TableRule) -> Iterator[tuple[int, Sequence[Value]]]:
    """Yield the rows of a workbook, values only, which are what formulas had when it was saved."""
    try:
        grids = read_grids(path.read_bytes())
    except InvalidInput as error:
        named = (replace(f, path=path.name) for f in error.findings)
        raise InvalidInput(tuple(named)) from error
    except OSError as error:
        raise unreadable(path, error) from error
    by_title = {grid.title: grid for grid in grids}
    if not by_title or (rule.sheet is not None and rule.sheet not in by_title):
        names = list(by_title)
        raise refused(
            "mapping-sheet",
            path.name,
            f"There is no sheet {rule.sheet!r}; there are: {', '.join(names[:20])}.",
            "Correct `sheet` in the profile.",
        )
    grid = grids[0] if rule.sheet is None else by_title[rule.sheet]
    if grid.far:
        raise _too_large(path.name, f"Something stands in {grid.far}, far away from the table")
    for number, cells in grid.rows:
        yield number, [_value(path.name, number, cell) for cell in cells]


def _value(name: str, number: int, found: Found) -> Value:
    cell = found.value
    if found.is_stale:
        return Unread("a formula without a result")
    if found.is_error:
        return Unread(f"the error {cell}")
    if cell is None or isinstance(cell, bool):
        return cell
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float):
        return Decimal(repr(cell))
    return _short(name, number, str(cell))
