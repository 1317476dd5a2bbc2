"""What a table is: named and described columns, and rows of plain cells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

Cell = str | int | float | Decimal | date | bool | None


class Kind(StrEnum):
    """What the cells of a column hold, by the names that a data package uses."""

    TEXT = "string"
    INTEGER = "integer"
    NUMBER = "number"
    SHARE = "share"
    DATE = "date"
    BOOLEAN = "boolean"
    ANY = "any"

    @property
    def type(self) -> str:
        """Type in a data package: a share is a number."""
        return "number" if self is Kind.SHARE else self.value


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    name
        For programs, in snake case.
    title
        For people, with the unit where there is one.
    kind
        What its cells hold; a missing value is None.
    description
        What it says, in one sentence.
    summed
        Whether a total over all rows means something.
    """

    name: str
    title: str
    kind: Kind = Kind.TEXT
    description: str = ""
    summed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns.

    Attributes
    ----------
    name
        For files and programs, in snake case.
    title
        For people; at most 31 characters, so that it can name a sheet.
    description
        What a row is.
    """

    name: str
    title: str
    description: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def index(self, name: str) -> int:
        """Return the position of a column; KeyError where there is none."""
        for position, column in enumerate(self.columns):
            if column.name == name:
                return position
        raise KeyError(name)
