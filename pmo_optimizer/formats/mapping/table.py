"""Rows of CSV files and workbooks, with limits, each cell with its place."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zipfile import BadZipFile

from pmo_optimizer.formats.mapping.profile import TableRule
from pmo_optimizer.formats.workbook.container import inspect
from pmo_optimizer.model import InvalidInput
from pmo_optimizer.model.files import refused

MAX_BYTES = 50 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 2_000
MAX_CELL = 32_767

DAMAGE = (LookupError, ValueError, TypeError, AttributeError, EOFError, OSError, SyntaxError)
"""What the reader of workbooks raises for damaged ones."""

Value = str | Decimal | bool | date | None


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
    if not path.is_file():
        raise refused("file-missing", path.name, f"There is no file {path}.", "Check the path.")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise refused(
            "file-too-large",
            path.name,
            f"The file has {size:,} bytes; at most {MAX_BYTES:,} are read.",
            "Export fewer rows or columns.",
        )
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
    if not any(headers):
        raise refused(
            "mapping-headers",
            name,
            f"Row {rule.header_row} has no headers.",
            "Say in the profile in which row they are (`header_row`).",
        )
    return Sheet(name, headers, tuple(kept))


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
        raise refused(
            "file-unreadable", path.name, f"{path}: {error.strerror}.", "Check its rights."
        ) from error
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
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException
    from openpyxl.xml import DEFUSEDXML

    if not DEFUSEDXML:
        raise RuntimeError("defusedxml is missing; workbooks cannot be read safely")
    try:
        content = path.read_bytes()
        inspect(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that are not read anyway
            book = load_workbook(
                io.BytesIO(content), read_only=True, data_only=True, keep_links=False
            )
        names = book.sheetnames
        if rule.sheet is not None and rule.sheet not in names:
            raise refused(
                "mapping-sheet",
                path.name,
                f"There is no sheet {rule.sheet!r}; there are: {', '.join(names[:20])}.",
                "Correct `sheet` in the profile.",
            )
        sheet = book[rule.sheet or names[0]]
        limit = {"max_row": MAX_ROWS + rule.header_row + 1, "max_col": MAX_COLUMNS}
        for number, cells in enumerate(sheet.iter_rows(values_only=True, **limit), start=1):
            yield number, [_value(path.name, number, cell) for cell in cells]
        book.close()
    except InvalidInput as error:
        named = (replace(f, path=path.name) for f in error.findings)
        raise InvalidInput(tuple(named)) from error
    except (BadZipFile, InvalidFileException, *DAMAGE) as error:
        raise refused(
            "file-syntax",
            path.name,
            "The workbook is damaged, or not what it says it is.",
            "Open it in a spreadsheet program and save it again as .xlsx.",
        ) from error


def _value(name: str, number: int, cell: object) -> Value:
    if cell is None or isinstance(cell, bool):
        return cell
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float):
        return Decimal(repr(cell))
    return _short(name, number, str(cell))
