"""From the plain data of a portfolio to the rows of its sheets; nothing is left behind."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pmo_optimizer.formats.workbook.cells import Written, written
from pmo_optimizer.formats.workbook.layout import (
    HEADER_KEY,
    Column,
    Kind,
    Parent,
    Route,
    Sheet,
    family_header,
)
from pmo_optimizer.formats.workbook.sheets import SETTINGS, SHEETS

MOST_KEYS = 200
"""A family has at most so many columns; further keys go to the column `More`."""

MISSING = object()

Data = dict[str, Any]


@dataclass
class Row:
    """One row: cells by header, without units, and what has no column."""

    cells: dict[str, Written] = field(default_factory=dict)
    more: Data = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A sheet with its rows, and the headers of its columns in order."""

    sheet: Sheet
    headers: tuple[tuple[str, Column | Parent | None], ...]
    rows: tuple[Row, ...]


def looked_up(data: Mapping[str, Any], path: str) -> object:
    """Return what is at a path of fields, `MISSING` where nothing is."""
    here: object = data
    for step in path.split("/"):
        if not isinstance(here, Mapping) or step not in here:
            return MISSING
        here = here[step]
    return here


def taken(data: Data, path: str) -> object:
    """Remove what is at a path of fields, and return it; mappings that get empty go as well."""
    first, _, rest = path.partition("/")
    if first not in data:
        return MISSING
    if not rest:
        return data.pop(first)
    inner = data[first]
    if not isinstance(inner, dict):
        return MISSING
    found = taken(inner, rest)
    if found is not MISSING and not inner:
        del data[first]
    return found


def put(data: Data, path: str, value: object) -> None:
    """Set what is at a path of fields."""
    first, _, rest = path.partition("/")
    if rest:
        inner = data.setdefault(first, {})
        if isinstance(inner, dict):
            put(inner, rest, value)
    else:
        data[first] = value


def children_of(lists: Sequence[str], sheets: Sequence[Sheet]) -> tuple[str, ...]:
    """Return the lists within objects that have sheets of their own.

    Parameters
    ----------
    lists
        The lists in which the object is, from the top: ``("projects", "phases")``.
    """
    found: dict[str, None] = {}
    for sheet in sheets:
        for route in sheet.routes:
            path = (*(parent.field for parent in route.parents), route.field)
            if len(path) > len(lists) and path[: len(lists)] == tuple(lists):
                found[path[len(lists)]] = None
    return tuple(found)


def tables_of(data: Mapping[str, Any], sheets: Sequence[Sheet] = SHEETS) -> tuple[Table, ...]:
    """Return the rows of every sheet for the plain data of a portfolio."""
    return tuple(_table(sheet, data, sheets) for sheet in sheets)


def settings_of(data: Mapping[str, Any]) -> tuple[dict[str, Written], Data]:
    """Return the fields of the portfolio itself by header, and what has no place anywhere."""
    rest = copy.deepcopy(dict(data))
    rest.pop("schema_version", None)
    for child in children_of((), SHEETS):
        if looked_up(rest, child):
            taken(rest, child)
    cells: dict[str, Written] = {}
    for setting in SETTINGS:
        _move(setting.column, rest, cells)
    return cells, rest


def _table(sheet: Sheet, data: Mapping[str, Any], sheets: Sequence[Sheet]) -> Table:
    keys = _family_keys(sheet, data)
    rows: list[Row] = []
    for route in sheet.routes:
        writer = _Route(sheet, route, keys, sheets)
        rows += writer.rows(data)
    return Table(sheet, tuple(_headers(sheet, keys)), tuple(rows))


def _headers(
    sheet: Sheet, keys: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, Column | Parent | None]]:
    """Yield the columns of a sheet in order; that of kinds has no description of its own."""
    if sheet.kind_header:
        yield sheet.kind_header, None
    for parent in sheet.parents:
        yield parent.header, parent
    for column in sheet.columns:
        if column.family:
            for key in keys[column.field]:
                yield family_header(column, key), column
        else:
            yield column.header, column


def _family_keys(sheet: Sheet, data: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the keys that get a column, by the field of the family."""
    found: dict[str, list[str]] = {}
    for column in sheet.columns:
        if not column.family:
            continue
        keys: dict[str, str] = {}
        for route in sheet.routes:
            for item in _items(data, [*(p.field for p in route.parents), route.field]):
                mapping = looked_up(item, column.field)
                for key in mapping if isinstance(mapping, Mapping) else ():
                    if HEADER_KEY.fullmatch(str(key)):
                        # Excel takes headers that differ in case only for the same.
                        keys.setdefault(str(key).casefold(), str(key))
        for name in _wanted_keys(column, data):
            keys.setdefault(name.casefold(), name)
        found[column.field] = list(keys.values())[:MOST_KEYS]
    return found


def _wanted_keys(column: Column, data: Mapping[str, Any]) -> list[str]:
    """Return the ids of the sheet that a family refers to, so that each has its column."""
    lists = {"Criteria": "criteria", "Skills": "skills"}
    items = data.get(lists.get(column.refers, ""), ())
    names = [item.get("id") for item in items if isinstance(item, Mapping)]
    return [name for name in names if isinstance(name, str) and HEADER_KEY.fullmatch(name)]


def _items(data: Mapping[str, Any], lists: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    inner = looked_up(data, lists[0])
    for item in inner if isinstance(inner, list | tuple) else ():
        if isinstance(item, Mapping):
            if len(lists) == 1:
                yield item
            else:
                yield from _items(item, lists[1:])


def _move(column: Column, rest: Data, cells: dict[str, Written]) -> None:
    """Move a field into its cell; what the cell cannot hold stays."""
    value = looked_up(rest, column.field)
    if value is MISSING:
        return
    cell = written(column, value)
    if cell is not None:
        taken(rest, column.field)
        cells[column.header] = cell


class _Route:
    """Writes the objects of one route of a sheet."""

    def __init__(
        self,
        sheet: Sheet,
        route: Route,
        keys: Mapping[str, Sequence[str]],
        sheets: Sequence[Sheet],
    ) -> None:
        self.sheet = sheet
        self.route = route
        self.keys = keys
        lists = [parent.field for parent in route.parents]
        self.children = children_of([*lists, route.field], sheets)
        self.outer_children = children_of(lists, sheets)
        self.inner = tuple(column for column in sheet.columns if not column.outer)
        self.outer = tuple(column for column in sheet.columns if column.outer)

    def rows(self, data: Mapping[str, Any]) -> list[Row]:
        """Return a row for each object."""
        start = {self.sheet.kind_header: self.route.kind} if self.sheet.kind_header else {}
        return list(self._below(data, self.route.parents, dict[str, Written](start)))

    def _below(
        self, around: Mapping[str, Any], parents: Sequence[Parent], given: dict[str, Written]
    ) -> Iterator[Row]:
        if not parents:
            yield from self._own(around, given)
            return
        parent = parents[0]
        entries = looked_up(around, parent.field)
        for entry in entries if isinstance(entries, list | tuple) else ():
            name = written(_key_column(parent), entry.get(parent.key))
            here = given if name is None else {**given, parent.header: name}
            if not parent.makes:
                yield from self._below(entry, parents[1:], here)
                continue
            rows = list(self._below(entry, parents[1:], here)) or [Row(dict(here))]
            self._add_outer(parent, entry, rows[0])
            yield from rows

    def _add_outer(self, parent: Parent, entry: Mapping[str, Any], row: Row) -> None:
        """Put what is said of the object around into its first row."""
        rest = self._without(entry, self.outer_children)
        rest.pop(parent.key, None)
        self._fill(rest, self.outer, row.cells)
        if rest and not self.sheet.spill_outer:
            raise ValueError(f"{self.sheet.title}: no column for {sorted(rest)} of a {parent.word}")
        row.more |= rest

    def _own(self, around: Mapping[str, Any], given: dict[str, Written]) -> Iterator[Row]:
        items = looked_up(around, self.route.field)
        for item in items if isinstance(items, list | tuple) else ():
            row = Row(dict(given))
            if self.sheet.scalar:
                column = self.inner[0]
                cell = written(column, item)
                if cell is not None:
                    row.cells[column.header] = cell
            else:
                rest = self._without(item, self.children)
                self._fill(rest, self.inner, row.cells)
                for name in self.sheet.implied:
                    if rest.get(name) == {}:
                        del rest[name]
                if rest and (self.sheet.spill_outer or not self.sheet.spill):
                    raise ValueError(f"{self.sheet.title}: no column for {sorted(rest)}")
                row.more |= rest
            yield row

    def _without(self, item: Mapping[str, Any], children: Sequence[str]) -> Data:
        """Return a copy without the lists that have sheets of their own, unless empty."""
        kept = {k: v for k, v in item.items() if k not in children or not v}
        return copy.deepcopy(kept)

    def _fill(self, rest: Data, columns: Sequence[Column], cells: dict[str, Written]) -> None:
        for column in columns:
            if not column.family:
                _move(column, rest, cells)
                continue
            mapping = looked_up(rest, column.field)
            if not isinstance(mapping, dict) or not mapping:
                continue
            known = set(self.keys[column.field])
            for key in [key for key in mapping if str(key) in known]:
                cell = written(column, mapping[key])
                if cell is not None:
                    cells[family_header(column, str(key))] = cell
                    del mapping[key]
            if not mapping:
                taken(rest, column.field)


def _key_column(parent: Parent) -> Column:
    return Column(parent.header, parent.key, Kind.ID, parent.help)
