"""Which column of a sheet is which: its headers against the description of the sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pmo_optimizer.formats.workbook.formulas import FORMULAS
from pmo_optimizer.formats.workbook.grids import Grid
from pmo_optimizer.formats.workbook.layout import (
    MORE,
    Column,
    Parent,
    Sheet,
    key_of_header,
    plain_header,
)
from pmo_optimizer.model.form import meant

FISCAL_YEAR = "FY"
YEAR = re.compile(r"[12]\d{3}", re.ASCII)

HEADER_ROWS = 10
"""The headers are in one of so many first rows."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column that is read.

    Attributes
    ----------
    name
        Header as the description has it, with the key of a family.
    number
        Of the column, 1 for A.
    column
        None for parents, kinds and `More`.
    """

    name: str
    number: int
    column: Column | None = None
    key: str = ""


@dataclass
class Headings:
    """The columns of a sheet.

    Attributes
    ----------
    row
        Number of the row with the headers, 0 where there is none.
    unknown, repeated
        Columns that cannot be read: number and header.
    unnamed
        Columns with something in them but without a header: number, and the first row of it.
    absent
        Headers without which no row can be read.
    """

    row: int = 0
    known: list[Heading] = field(default_factory=list)
    unknown: list[tuple[int, str]] = field(default_factory=list)
    repeated: list[tuple[int, str]] = field(default_factory=list)
    unnamed: list[tuple[int, int]] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)


def headings_of(grid: Grid, spec: Sheet) -> Headings:
    """Return which column of a sheet is which."""
    best = Headings()
    for number, cells in grid.rows:
        if number > HEADER_ROWS:
            break
        texts = [
            (column, plain_header(found.value))
            for column, found in enumerate(cells, start=1)
            if isinstance(found.value, str) and found.value.strip()
        ]
        headings = _matched(number, texts, spec)
        if len(headings.known) > len(best.known):
            best = headings
    _judge_odd(best, grid)
    best.absent = [name for name in _needed(spec) if name not in best.numbers]
    return best


def _judge_odd(headings: Headings, grid: Grid) -> None:
    """Note headers that are no texts, and columns that have content but no header."""
    headers = next((cells for number, cells in grid.rows if number == headings.row), ())
    named = set()
    for column, found in enumerate(headers, start=1):
        if found.value is None or not str(found.value).strip():
            continue
        named.add(column)
        if not isinstance(found.value, str):
            value = found.value
            whole = isinstance(value, float) and value.is_integer()
            headings.unknown.append((column, f"{value:.0f}" if whole else str(value)))
    if not headings.known:
        return
    first: dict[int, int] = {}
    for number, cells in grid.rows:
        if number <= headings.row:
            continue
        for column, found in enumerate(cells, start=1):
            filled = found.value is not None and str(found.value).strip()
            if filled and column not in named:
                first.setdefault(column, number)
    headings.unnamed += sorted(first.items())


def _matched(row: int, texts: list[tuple[int, str]], spec: Sheet) -> Headings:
    headings = Headings(row)
    plain = {name.casefold(): (name, column) for name, column in _names(spec)}
    computed = {formula.header.casefold() for formula in FORMULAS.get(spec.title, ())}
    seen: set[str] = set()
    for number, text in texts:
        folded = text.casefold()
        if folded in computed:
            continue
        heading = None
        if folded in plain:
            name, column = plain[folded]
            heading = Heading(name, number, column)
        else:
            for column in spec.columns:
                key = key_of_header(column, text) if column.family else None
                if key:
                    heading = Heading(f"{column.header}: {key}", number, column, key)
        if heading is None:
            headings.unknown.append((number, text))
        elif heading.name in seen:
            headings.repeated.append((number, text))
        else:
            seen.add(heading.name)
            headings.known.append(heading)
            headings.numbers[heading.name] = number
    return headings


def _names(spec: Sheet) -> Iterator[tuple[str, Column | None]]:
    if spec.kind_header:
        yield spec.kind_header, None
    if spec.spill:
        yield MORE, None
    for parent in spec.parents:
        yield parent.header, None
    for column in spec.columns:
        if not column.family:
            yield column.header, column


def _needed(spec: Sheet) -> Iterator[str]:
    """Yield the headers without which no row can be read."""
    if spec.kind_header:
        yield spec.kind_header
    parents: tuple[Parent, ...] = spec.routes[-1].parents
    for parent in parents:
        if not parent.alone:
            yield parent.header
    for column in spec.columns:
        if column.required and not column.family:
            yield column.header


def close_header(text: str, spec: Sheet) -> str:
    """Return the header that an unknown one is probably meant to be, or nothing."""
    return meant(text, [name for name, _ in _names(spec)])


def year_header(text: str, spec: Sheet) -> str:
    """Return the header of a year in a sheet with a column for each, or nothing."""
    if YEAR.fullmatch(text) and any(c.family and c.header == FISCAL_YEAR for c in spec.columns):
        return f"{FISCAL_YEAR}: {text}"
    return ""
