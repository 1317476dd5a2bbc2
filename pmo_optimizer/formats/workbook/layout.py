"""What a sheet is: which objects its rows are, and which field each column holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from types import MappingProxyType

HEADER_KEY = re.compile(r"^(?!.*  )\w(?:[\w .+@#-]{0,58}\w)?$")
"""Names that can be part of a header; others go to the column `More`.

Two spaces in a row would come back as one.
"""

UNIT = re.compile(r"\s*\[[^\[\]]*\]\s*$")
"""The unit at the end of a header."""

MORE = "More (YAML)"
"""Header of the column for what has no column of its own."""

LISTS = ";"
"""What stands between the entries of a list in a cell."""


class Kind(StrEnum):
    """What a cell holds."""

    TEXT = "text"
    ID = "id"
    NUMBER = "number"
    WHOLE = "whole number"
    YES_NO = "yes or no"
    DATE = "date"
    WHEN = "date or period"
    CHOICE = "one of a list"
    WORD_OR_NUMBER = "word or number"
    TEXTS = "texts"
    NUMBERS = "numbers"
    DATES = "dates"
    SCALAR = "text, number, yes or no"
    SCALARS = "names with values"


FORM_OF_KIND: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.TEXT: "text",
        Kind.ID: "name",
        Kind.NUMBER: "number",
        Kind.WHOLE: "whole number",
        Kind.YES_NO: "yes or no",
        Kind.DATE: "date",
        Kind.WHEN: "date, or number of a period (0 is the first)",
        Kind.CHOICE: "one of",
        Kind.WORD_OR_NUMBER: "number, or one of",
        Kind.TEXTS: "names, as a; b",
        Kind.NUMBERS: "numbers, as 10; 20; 3*30",
        Kind.DATES: "dates, as 2027-01-01; 2027-05-01",
        Kind.SCALAR: "text, number, TRUE or FALSE",
        Kind.SCALARS: "names with values, as region=north; risk=3",
    }
)
"""How a cell of each kind is written."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column, and the field of an object that it holds.

    Attributes
    ----------
    header
        Text in the first row, without unit. A family has one column for each key, whose
        headers are the header, a colon and the key: ``Score: risk``.
    field
        Path of the field within the object, with slashes.
    unit
        What the numbers count; ``{currency}`` and ``{period}`` stand for the portfolio's.
    options
        Values of a drop-down list.
    refers
        Title of the sheet whose ids may stand here.
    null
        Word for "no limit", where that is not the same as an empty cell.
    family
        Whether the field is a mapping with a column for each key.
    outer
        Whether it belongs to the object around the row's own (the phase of a mode).
    required
        Whether a row needs it.
    """

    header: str
    field: str
    kind: Kind
    help: str
    _: KW_ONLY
    unit: str = ""
    options: tuple[str, ...] = ()
    refers: str = ""
    null: str = ""
    family: bool = False
    outer: bool = False
    required: bool = False
    width: int = 10

    @property
    def steps(self) -> tuple[str, ...]:
        """The path of the field, step by step."""
        return tuple(self.field.split("/"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """An object around the rows' own, which a column names.

    Attributes
    ----------
    header
        The column.
    field
        List that holds such objects.
    key
        Field by which they are named.
    word
        What one is called.
    sheet
        Title of the sheet where they are.
    makes
        Whether the rows themselves make them.
    alone
        Whether the cell may be empty where there is only one.
    """

    header: str
    field: str
    word: str
    sheet: str
    help: str
    key: str = "id"
    makes: bool = False
    alone: bool = False
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where the rows' objects are in a portfolio: in lists of parents, or at its top.

    Attributes
    ----------
    kind
        Value of the sheet's ``kind_header`` column by which rows take this route.
    """

    field: str
    parents: tuple[Parent, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet of rows.

    Attributes
    ----------
    routes
        The first whose parents are all named takes a row.
    kind_header
        Header of the column that tells which route a row takes, if any.
    implied
        Fields that every object has, if only empty.
    spill
        Whether there is a column for what has no other.
    scalar
        Whether the objects are plain values, in the one column.
    """

    title: str
    help: str
    routes: tuple[Route, ...]
    columns: tuple[Column, ...]
    kind_header: str = ""
    kind_help: str = ""
    implied: tuple[str, ...] = ()
    spill: bool = True
    spill_outer: bool = False
    scalar: bool = False

    @property
    def parents(self) -> tuple[Parent, ...]:
        """Parents of all routes, each column once."""
        found = {parent.header: parent for route in self.routes for parent in route.parents}
        return tuple(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the sheet `Settings`: a field of the portfolio itself."""

    column: Column
    required: bool = False


def family_header(column: Column, key: str) -> str:
    """Return the header of a key of a family: ``Score: risk``."""
    return f"{column.header}: {key}"


def plain_header(text: str) -> str:
    """Return a header without its unit, with single spaces."""
    return " ".join(UNIT.sub("", text).split())


def key_of_header(column: Column, header: str) -> str | None:
    """Return the key that a header names in a family, None where it is no such header."""
    begin, colon, key = header.partition(":")
    if not colon or begin.strip().casefold() != column.header.casefold():
        return None
    return key.strip()


def with_units(unit: str, currency: str, period: str) -> str:
    """Return a unit with the words of a portfolio."""
    return unit.replace("{currency}", currency).replace("{period}", period)


UNSAFE_BEGIN = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of texts that a program may take for a formula; they are marked as texts."""
