"""From the path of a finding back to the cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pmo_optimizer.formats.workbook.layout import MORE, Column, Sheet
from pmo_optimizer.formats.workbook.sheets import SCENARIOS, SHEETS

START = "A1"

INNER_LISTS = frozenset(
    route.field for sheet in (*SHEETS, SCENARIOS) for route in sheet.routes if route.parents
) | {parent.field for sheet in SHEETS for parent in sheet.parents}
"""Lists within objects that have sheets of their own."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an object is: a row of a sheet.

    Attributes
    ----------
    outer
        Whether it is the object around the row's own.
    key
        Header of the column that names it.
    field
        Field that holds this name, where no column says so.
    """

    sheet: Sheet
    row: int
    outer: bool = False
    key: str = ""
    field: str = ""


@dataclass
class Places:
    """Where every object of a portfolio stands in a workbook.

    Attributes
    ----------
    columns
        Letters of the columns by header, by sheet.
    settings
        Cells of the portfolio's own fields, by path.
    spots
        Rows of objects, by path; several where an id stands twice.
    lists
        Titles of the sheets by the list that they hold.
    """

    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    spots: dict[str, list[Spot]] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    settings_title: str = ""

    def add(self, path: str, spot: Spot) -> None:
        """Note where an object is."""
        self.spots.setdefault(path, []).append(spot)

    def cell_of(self, path: str, *, second: bool = False) -> tuple[str, str]:
        """Return sheet and cell of a path; empty texts where the workbook has no place for it.

        Parameters
        ----------
        second
            Whether the second of two objects of the same name is meant.
        """
        begin, rest = path, ""
        while begin:
            if begin in self.spots:
                spots = self.spots[begin]
                spot = spots[1] if second and len(spots) > 1 else spots[0]
                return spot.sheet.title, self._cell(spot, rest)
            if begin in self.settings:
                return self.settings_title, self.settings[begin]
            if begin in self.lists:
                return self.lists[begin], START
            begin, _, step = begin.rpartition("/")
            rest = f"{step}/{rest}" if rest else step
        inner = [cell for field_, cell in self.settings.items() if field_.startswith(f"{path}/")]
        if path and inner:
            return self.settings_title, inner[0]
        return (self.settings_title, START) if self.settings_title else ("", "")

    def _cell(self, spot: Spot, rest: str) -> str:
        letters = self.columns.get(spot.sheet.title, {})
        first = rest.partition("/")[0]
        header = spot.key
        if rest and rest != spot.field and first not in INNER_LISTS:
            header = _header(spot, rest, letters) or MORE
        letter = letters.get(header) or letters.get(spot.key) or "A"
        return f"{letter}{spot.row}"


def _header(spot: Spot, rest: str, letters: Mapping[str, str]) -> str:
    """Return the header of the column that holds a field, or nothing."""
    best, length = "", 0
    for column in spot.sheet.columns:
        if column.outer is not spot.outer:
            continue
        for header, field_ in _fields(column, rest, letters):
            within = rest == field_ or rest.startswith(f"{field_}/")
            around = field_.startswith(f"{rest}/")
            size = len(field_) + 1 if within else 1
            if (within or around) and header in letters and size > length:
                best, length = header, size
    if spot.sheet.scalar:
        return spot.sheet.columns[0].header
    return best


def _fields(column: Column, rest: str, letters: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the headers of a column with their fields; a family has one for each key."""
    if not column.family:
        return [(column.header, column.field)]
    begin = f"{column.header}: "
    keys = [header for header in letters if header.startswith(begin)]
    found = [(header, f"{column.field}/{header.removeprefix(begin)}") for header in keys]
    # An error about the mapping as a whole is shown at its first column.
    if rest.split("/")[: len(column.steps)] == list(column.steps)[: len(rest.split("/"))]:
        found += [(header, column.field) for header in keys[:1]]
    return found
