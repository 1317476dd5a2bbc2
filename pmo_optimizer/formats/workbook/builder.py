"""From the sheets of a workbook to the plain data of a portfolio, as a file would hold it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pmo_optimizer.formats.workbook.cells import Found, Unreadable, is_blank, read
from pmo_optimizer.formats.workbook.columns import Headings
from pmo_optimizer.formats.workbook.generated import made_id
from pmo_optimizer.formats.workbook.grids import EMPTY, Grid
from pmo_optimizer.formats.workbook.layout import (
    MORE,
    Column,
    Kind,
    Parent,
    Route,
    Setting,
    Sheet,
    plain_header,
)
from pmo_optimizer.formats.workbook.places import Places, Spot
from pmo_optimizer.formats.workbook.reading import Located
from pmo_optimizer.formats.workbook.rows import MISSING, looked_up, put
from pmo_optimizer.model import Finding, InvalidInput, Severity
from pmo_optimizer.model.files import parse_yaml
from pmo_optimizer.model.form import meant, spoken

Data = dict[str, Any]

SETTING_COLUMNS = 3
"""Name, value and explanation."""

MOST_ENTRIES = 2_000_000
"""Entries of all lists in cells at most: `19999*1` in each of them would fill the memory."""

MOST_SKIPPED = 50
"""So many rows of a sheet that cannot be used are listed."""


def letter_of(number: int) -> str:
    """Return the letters of a column, A for 1."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


@dataclass
class Builder:
    """Puts together what the sheets say, and notes what is wrong at which cell.

    Attributes
    ----------
    data
        Of the portfolio, or of scenarios.
    flagged
        Cells that have an error already.
    names
        Objects by name, by the object around and the list in it.
    paths
        Paths of objects, by their place in memory.
    withheld
        Words and names of objects whose rows could not be read: that they are not there is no
        news.
    incomplete
        Titles of sheets with objects whose names could not be read; the same holds.
    unnamed
        Paths of objects that have a number instead of a name.
    entries
        Number of entries of all lists in cells.
    """

    data: Data = field(default_factory=dict)
    places: Places = field(default_factory=Places)
    located: list[Located] = field(default_factory=list)
    flagged: set[tuple[str, str]] = field(default_factory=set)
    names: dict[tuple[int, str], dict[str, Data]] = field(default_factory=dict)
    paths: dict[int, str] = field(default_factory=dict)
    withheld: set[tuple[str, str]] = field(default_factory=set)
    incomplete: set[str] = field(default_factory=set)
    unnamed: set[str] = field(default_factory=set)
    entries: int = 0

    def note(
        self,
        sheet: str,
        cell: str,
        rule: str,
        message: str,
        fix: str,
        *,
        severity: Severity = Severity.ERROR,
        path: str = ".",
    ) -> None:
        """Note what is wrong at a cell."""
        self.located.append(Located(Finding(severity, rule, path, message, fix), sheet, cell))
        if severity is Severity.ERROR:
            self.flagged.add((sheet, cell))

    def words(self, path: str) -> str:
        """Return a path of an object in words."""
        steps: list[str | int] = list(path.split("/"))
        begin = ""
        for number, step in enumerate(steps):
            begin = f"{begin}/{step}" if begin else str(step)
            if begin in self.unnamed:
                steps[number] = int(step)
        return spoken(tuple(steps))

    # -- settings -------------------------------------------------------------------------------

    def settings(self, grid: Grid, settings: Sequence[Setting]) -> None:
        """Read the sheet with a field of the portfolio in each row."""
        self.places.settings_title = grid.title
        known = {setting.column.header.casefold(): setting.column for setting in settings}
        seen: dict[str, int] = {}
        for number, cells in grid.rows:
            name = "" if cells[0].value is None else str(cells[0].value)
            if number == 1 and name.strip() == "Setting":
                continue
            self._judge_beside(grid.title, number, cells, named=bool(name.strip()))
            if not name.strip():
                continue
            header = plain_header(name)
            found = cells[1] if len(cells) > 1 else EMPTY
            cell = f"B{number}"
            if header.casefold() == MORE.casefold():
                self._more(self.data, found, grid.title, cell, ".")
                continue
            column = known.get(header.casefold())
            if column is None:
                close = meant(header, [setting.column.header for setting in settings])
                self.note(
                    grid.title,
                    f"A{number}",
                    "unknown-setting",
                    f"There is no setting {header[:40]!r}; its value is not read.",
                    f"Did you mean {close!r}?" if close else "Remove the row.",
                    severity=Severity.WARNING,
                )
                continue
            if header.casefold() in seen:
                first = seen[header.casefold()]
                self.note(
                    grid.title,
                    cell,
                    "row-repeated",
                    f"The setting {header!r} stands in row {first} already.",
                    "Leave one of the two rows out.",
                )
                continue
            seen[header.casefold()] = number
            self.places.settings[column.field] = cell
            self._field(self.data, column, column.field, found, (grid.title, cell), "")

    def _judge_beside(
        self, title: str, number: int, cells: Sequence[Found], *, named: bool
    ) -> None:
        """Note what stands in a row of the settings where nothing is read."""
        for column, found in enumerate(cells, start=1):
            read = column == 1 or (column <= SETTING_COLUMNS and named)
            if read or found.value is None or not str(found.value).strip():
                continue
            self.note(
                title,
                f"{letter_of(column)}{number}",
                "unknown-setting",
                "What stands in this cell is not read: "
                + ("settings have one value." if named else "the row names no setting."),
                "Move it into column B of the row of its setting, or clear it.",
                severity=Severity.WARNING,
            )
            return

    # -- rows -----------------------------------------------------------------------------------

    def sheet(self, grid: Grid, spec: Sheet, headings: Headings) -> None:
        """Read a sheet of rows."""
        letters = {heading.name: letter_of(heading.number) for heading in headings.known}
        self.places.columns[spec.title] = letters
        skipped = 0
        for number, cells in grid.rows:
            if number <= headings.row:
                continue
            row = _Row(grid.title, number, cells, headings)
            if row.is_blank():
                continue
            found = len(self.located)
            if not self._row(spec, row):
                self._withhold(spec, row)
                skipped += len(self.located) > found
                if skipped > MOST_SKIPPED:
                    del self.located[found:]
        if skipped > MOST_SKIPPED:
            self.note(
                spec.title,
                "A1",
                "more-findings",
                f"{skipped - MOST_SKIPPED} more rows cannot be used, for similar reasons.",
                "Mend those that are listed first.",
            )

    def _withhold(self, spec: Sheet, row: _Row) -> None:
        """Note which objects a row would have made, had it been read."""
        for parent in spec.parents:
            if parent.makes:
                self.withheld.add((parent.word, str(row.value(parent.header))))

    def _row(self, spec: Sheet, row: _Row) -> bool:
        """Read one row; return whether it could be used."""
        route = self._route(spec, row)
        if route is None:
            return False
        around, path, makes = self.data, "", None
        for parent in route.parents:
            found = self._parent(spec, parent, around, path, row)
            if found is None:
                return False
            around, path = found
            makes = parent if parent.makes else makes
        if makes is not None:
            outer = Spot(spec, row.number, outer=True, key=makes.header)
            self._columns(spec, row, around, path, outer)
            if not row.has_any(spec, outer=False):
                return True
        self._own(spec, route, row, around, path)
        return True

    def _route(self, spec: Sheet, row: _Row) -> Route | None:
        """Return the route that a row takes."""
        if spec.kind_header:
            word = str(row.value(spec.kind_header) or "").strip().casefold()
            for route in spec.routes:
                if word == route.kind:
                    return route
            kinds = [route.kind for route in spec.routes]
            close = meant(word, kinds)
            self.note(
                spec.title,
                row.cell(spec.kind_header),
                "wrong-value" if word else "missing-field",
                f"The row has the kind {word[:40]!r}; one of {', '.join(kinds)} is expected."
                if word
                else f"The row has no kind; one of {', '.join(kinds)} is expected.",
                f"Did you mean {close}?" if close else f"Write for instance {kinds[0]}.",
            )
            return None
        for route in spec.routes[:-1]:
            needed = [parent for parent in route.parents if not row.is_empty(parent.header)]
            if len(needed) > len(spec.routes[-1].parents):
                return route
        return spec.routes[-1]

    def _parent(
        self, spec: Sheet, parent: Parent, around: Data, path: str, row: _Row
    ) -> tuple[Data, str] | None:
        """Return the object around a row's own, and its path; make it where rows do so."""
        cell = row.cell(parent.header)
        if row.is_empty(parent.header):
            return self._unnamed(spec, parent, around, path, row)
        column = Column(parent.header, parent.key, Kind.ID, parent.help)
        name = read(column, row.found(parent.header))
        if isinstance(name, Unreadable):
            self._unreadable(name, f"The {parent.word} of the row", spec.title, cell, ".")
            return None
        names = self.names.setdefault((id(around), parent.field), {})
        known = names.get(str(name))
        if known is None and parent.makes:
            known = {parent.key: name}
            return self._made(spec, parent, around, path, row, known, str(name))
        gone = (parent.word, str(name)) in self.withheld or parent.sheet in self.incomplete
        if known is None and gone:
            return None
        if known is None:
            close = meant(str(name), names)
            whose = f" of {self.words(path)}" if path else ""
            self.note(
                spec.title,
                cell,
                "unknown-id",
                f"There is no {parent.word} {str(name)[:60]!r}{whose} on the sheet "
                f"{parent.sheet}; the row is not read.",
                f"Did you mean {close!r}?"
                if close
                else f"Add it to the sheet {parent.sheet}, or remove the row.",
            )
            return None
        return known, self.paths[id(known)]

    def _unnamed(
        self, spec: Sheet, parent: Parent, around: Data, path: str, row: _Row
    ) -> tuple[Data, str] | None:
        """Return the object around a row that does not name it."""
        entries = _entries(around, parent.field)
        if parent.alone and len(entries) == 1 and isinstance(entries[0], dict):
            return entries[0], self.paths[id(entries[0])]
        if parent.makes and parent.field == "phases":
            # Phases without a name are numbered, as in a file.
            number = len(entries) + 1
            name = f"phase-{number}"
            return self._made(spec, parent, around, path, row, {parent.key: name}, name)
        why = "several to choose from" if len(entries) > 1 else "none"
        where = f"; there are {why}" if parent.alone else ""
        self.note(
            spec.title,
            row.cell(parent.header),
            "missing-field",
            f"The row does not say which {parent.word} it is about{where}.",
            f"Write the id of a {parent.word} into the column {parent.header}.",
        )
        return None

    def _made(
        self,
        spec: Sheet,
        parent: Parent,
        around: Data,
        path: str,
        row: _Row,
        entry: Data,
        name: str,
    ) -> tuple[Data, str]:
        entries = _entries(around, parent.field)
        step: str | int = name if parent.key == "id" else len(entries)
        entries.append(entry)
        own = _joined(path, parent.field, step)
        self.paths[id(entry)] = own
        self.names.setdefault((id(around), parent.field), {})[name] = entry
        spot = Spot(spec, row.number, outer=True, key=parent.header, field=parent.key)
        self.places.add(own, spot)
        return entry, own

    def _own(self, spec: Sheet, route: Route, row: _Row, around: Data, path: str) -> None:
        """Add the object of a row."""
        entries = _entries(around, route.field)
        if spec.scalar:
            column = spec.columns[0]
            value = read(column, row.found(column.header))
            own = _joined(path, route.field, len(entries))
            self.places.add(own, Spot(spec, row.number, key=column.header))
            if isinstance(value, Unreadable):
                cell = row.cell(column.header)
                self._unreadable(value, f"The {column.header.lower()}", spec.title, cell, own)
            entries.append(value)
            return
        entry: Data = {}
        name = self._name(spec, row)
        own = _joined(path, route.field, name or len(entries))
        key = self._first_header(spec, row) if name is None else _id_header(spec)
        spot = Spot(spec, row.number, key=key)
        entries.append(entry)
        self.paths[id(entry)] = own
        if name is None:
            self.unnamed.add(own)
        else:
            self.names.setdefault((id(around), route.field), {}).setdefault(name, entry)
        self.places.add(own, spot)
        self._columns(spec, row, entry, own, spot)
        for implied in spec.implied:
            entry.setdefault(implied, {})
        if name is None and any(c.field == "id" and c.required for c in spec.columns):
            self.incomplete.add(spec.title)
        made = made_id(route.field, entry) if name is None else ""
        if made:
            self.places.spots.setdefault(_joined(path, route.field, made), [spot])
            names = self.names.setdefault((id(around), route.field), {})
            names.setdefault(made, entry)

    @staticmethod
    def _first_header(spec: Sheet, row: _Row) -> str:
        """Return the header of the first own column of a row that has something."""
        for column in spec.columns:
            if not column.outer and not column.family and not row.is_empty(column.header):
                return column.header
        return spec.parents[0].header if spec.parents else spec.columns[0].header

    @staticmethod
    def _name(spec: Sheet, row: _Row) -> str | None:
        """Return the id that a row gives its object, None where there is none to be read."""
        header = _id_header(spec)
        if not header or row.is_empty(header):
            return None
        column = next(c for c in spec.columns if c.header == header)
        value = read(column, row.found(header))
        return value if isinstance(value, str) and value else None

    # -- fields ---------------------------------------------------------------------------------

    def _columns(self, spec: Sheet, row: _Row, entry: Data, path: str, spot: Spot) -> None:
        """Read the columns of a row into its object, or into the one around."""
        for heading in row.headings.known:
            column = heading.column
            if column is None or column.outer is not spot.outer:
                continue
            found = row.found(heading.name)
            if found is EMPTY or is_blank(found):
                continue
            place = (spec.title, row.cell(heading.name))
            steps = column.field if not heading.key else f"{column.field}/{heading.key}"
            before = looked_up(entry, steps) if spot.outer else MISSING
            if before is not MISSING and before != read(column, found):
                self.note(
                    *place,
                    "contradiction",
                    f"The {column.header} of {self.words(path)} is said twice, and not the same.",
                    "Say it in the first row only.",
                    path=f"{path}/{steps}",
                )
                continue
            self._field(entry, column, steps, found, place, path, key=heading.key)
        if spec.spill and spec.spill_outer is spot.outer and MORE in row.headings.numbers:
            self._more(entry, row.found(MORE), spec.title, row.cell(MORE), path)

    def _field(
        self,
        entry: Data,
        column: Column,
        steps: str,
        found: Found,
        place: tuple[str, str],
        path: str,
        *,
        key: str = "",
    ) -> None:
        if is_blank(found):
            return
        value = read(column, found)
        if isinstance(value, list):
            self.entries += len(value)
            if self.entries > MOST_ENTRIES:
                value = Unreadable("makes the lists of the workbook too long", "Shorten them.")
        if isinstance(value, Unreadable):
            where = _joined(path, steps)
            whose = f" of {self.words(path)}" if path else ""
            name = f"{column.header}: {key}" if key else column.header
            self._unreadable(value, f"{name}{whose}", *place, where)
        if key:
            mapping = entry
            for step in column.steps:
                mapping = mapping.setdefault(step, {})
            mapping[key] = value
        else:
            put(entry, steps, value)

    def _unreadable(
        self, value: Unreadable, subject: str, sheet: str, cell: str, path: str
    ) -> None:
        text = f"{subject[0].upper()}{subject[1:]} {value.message}."
        self.note(sheet, cell, value.rule, text, value.fix, path=path)

    def _more(self, entry: Data, found: Found, sheet: str, cell: str, path: str) -> None:
        """Read the fields that have no column of their own."""
        if is_blank(found):
            return
        try:
            more = parse_yaml(str(found.value), f"{sheet}!{cell}")
        except InvalidInput as error:
            first = error.findings[0]
            self.note(sheet, cell, first.rule, first.message, first.fix, path=path)
            return
        if not isinstance(more, dict):
            self.note(
                sheet,
                cell,
                "file-shape",
                f"The column {MORE} holds {str(found.value)[:40]!r}, where fields are expected.",
                "Write fields as {name: value}, or leave it empty.",
                path=path,
            )
            return
        for name in _merged(entry, more):
            self.note(
                sheet,
                cell,
                "contradiction",
                f"The column {MORE} says `{name}`, which has a column of its own.",
                "Say it in one of the two places.",
                path=path,
            )


def _merged(entry: Data, more: Mapping[Any, Any]) -> Iterator[str]:
    """Add fields to an object; yield the names of those that it has already."""
    for name, value in more.items():
        if name not in entry:
            entry[name] = value
        elif isinstance(entry[name], dict) and isinstance(value, dict):
            yield from _merged(entry[name], value)
        elif entry[name] != value:
            yield str(name)


def _entries(around: Data, path: str) -> list[Any]:
    """Return a list within an object, which is made where it is not there."""
    here = around
    *steps, last = path.split("/")
    for step in steps:
        inner = here.setdefault(step, {})
        if not isinstance(inner, dict):
            return []
        here = inner
    entries = here.setdefault(last, [])
    return entries if isinstance(entries, list) else []


def _joined(*steps: str | int) -> str:
    return "/".join(str(step) for step in steps if step != "")


def _id_header(spec: Sheet) -> str:
    """Return the header of the column with the id of a row's own object, if there is one."""
    for column in spec.columns:
        if column.field == "id" and not column.outer:
            return column.header
    return ""


@dataclass(frozen=True)
class _Row:
    """A row of a sheet, by header."""

    title: str
    number: int
    cells: tuple[Found, ...]
    headings: Headings

    def found(self, header: str) -> Found:
        """Return the cell of a column; an empty one where there is no such column."""
        number = self.headings.numbers.get(header, 0)
        return self.cells[number - 1] if 0 < number <= len(self.cells) else EMPTY

    def value(self, header: str) -> object:
        """Return what stands in the cell of a column."""
        return self.found(header).value

    def is_empty(self, header: str) -> bool:
        """Return whether nothing stands in the cell of a column."""
        return is_blank(self.found(header))

    def cell(self, header: str) -> str:
        """Return the name of the cell of a column, as ``B7``; A where there is no such column."""
        return f"{letter_of(self.headings.numbers.get(header, 1))}{self.number}"

    def is_blank(self) -> bool:
        """Return whether nothing stands in any column that is read."""
        return all(
            is_blank(self.cells[heading.number - 1])
            for heading in self.headings.known
            if heading.number <= len(self.cells)
        )

    def has_any(self, spec: Sheet, *, outer: bool) -> bool:
        """Return whether something stands in a column of the row's own object."""
        own = [h.name for h in self.headings.known if h.column and h.column.outer is outer]
        if spec.spill and spec.spill_outer is outer:
            own.append(MORE)
        return any(not self.is_empty(name) for name in own)
