"""The sheets of a workbook as rows of cells, read with openpyxl."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from pmo_optimizer.formats.workbook.cells import Found
from pmo_optimizer.formats.workbook.container import LIMITS, Limits, Scan, broken, inspect

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

BROKEN: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    NotImplementedError,
    OSError,
    ParseError,
    RuntimeError,
    struct.error,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What openpyxl raises for damaged workbooks: whatever the content happens to hit."""


@dataclass
class Grid:
    """One sheet.

    Attributes
    ----------
    rows
        Rows with content: number (from 1) and cells, of which the first is in column 1.
    merged
        Ranges of merged cells.
    far
        A cell with content beyond what is read.
    """

    title: str
    rows: list[tuple[int, tuple[Found, ...]]] = field(default_factory=list)
    merged: tuple[str, ...] = ()
    far: str = ""
    hidden: bool = False


def read_grids(content: bytes, limits: Limits = LIMITS) -> tuple[Grid, ...]:
    """Return the sheets of a workbook.

    Raises
    ------
    InvalidInput
        The file cannot be read, or must not be.
    """
    scans = inspect(content, limits)
    try:
        with warnings.catch_warnings():
            # Of parts that are of no use here: styles, extensions, headers of pages.
            warnings.simplefilter("ignore")
            return tuple(_grids(content, scans, limits))
    except MemoryError as error:
        raise broken("it needs more memory than there is") from error
    except RecursionError as error:
        raise broken("it is nested too deeply") from error
    except BROKEN as error:
        raise broken(f"{type(error).__name__}: {str(error).strip()[:100]}") from error


def _grids(content: bytes, scans: Mapping[str, Scan], limits: Limits) -> Iterator[Grid]:
    values = _opened(content, data_only=True)
    formulas = None
    if any(scan.formulas for scan in scans.values()):
        formulas = _opened(content, data_only=False)
    for sheet in values.worksheets:
        scan = scans.get(_part_of(sheet), Scan())
        grid = Grid(
            sheet.title,
            merged=tuple(scan.merged),
            far=scan.far,
            hidden=sheet.sheet_state != "visible",
        )
        stale: frozenset[tuple[int, int]] = frozenset()
        if formulas is not None and scan.formulas:
            stale = _formula_places(formulas[sheet.title], scan, limits)
        for number, cells in _rows(sheet, scan, limits):
            found = [
                EMPTY if cell.value is None else Found(cell.value, cell.data_type == "e")
                for cell in cells
            ]
            for column in range(1, len(found) + 1) if stale else ():
                if found[column - 1].value is None and (number, column) in stale:
                    found[column - 1] = STALE
            while found and found[-1] is EMPTY:
                found.pop()
            if found:
                grid.rows.append((number, tuple(found)))
        yield grid


EMPTY = Found(None)
STALE = Found(None, is_stale=True)


def _opened(content: bytes, *, data_only: bool) -> Workbook:
    from openpyxl import load_workbook

    return load_workbook(io.BytesIO(content), read_only=True, data_only=data_only, keep_links=False)


def _part_of(sheet: Any) -> str:  # noqa: ANN401 - what openpyxl keeps to itself
    return str(getattr(sheet, "_worksheet_path", ""))


def _rows(
    sheet: Any,  # noqa: ANN401
    scan: Scan,
    limits: Limits,
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield the rows of a sheet with their numbers.

    What a sheet says of its own size is often wrong; rows are as long as the last content.
    """
    sheet.reset_dimensions()
    last_row = limits.rows if scan.unplaced else max(scan.last_row, 1)
    last_column = limits.columns if scan.unplaced else max(scan.last_column, 1)
    yield from enumerate(sheet.iter_rows(max_row=last_row, max_col=last_column), start=1)


def _formula_places(
    sheet: Any,  # noqa: ANN401
    scan: Scan,
    limits: Limits,
) -> frozenset[tuple[int, int]]:
    return frozenset(
        (number, column)
        for number, cells in _rows(sheet, scan, limits)
        for column, cell in enumerate(cells, start=1)
        if cell.data_type == "f"
    )
