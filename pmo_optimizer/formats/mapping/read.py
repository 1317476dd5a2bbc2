"""Tables and a profile make a portfolio, with every finding at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pmo_optimizer.formats.clock import Clock
from pmo_optimizer.formats.imported import Imported, imported
from pmo_optimizer.formats.mapping.profile import (
    Condition,
    Into,
    Profile,
    RecordRule,
    Source,
    TableRule,
)
from pmo_optimizer.formats.mapping.table import Row, Sheet, read_sheet
from pmo_optimizer.formats.mapping.values import CellError, Reader
from pmo_optimizer.model import Calendar, Finding, InvalidInput, Severity
from pmo_optimizer.model.form import form_findings

Data = dict[str, Any]

MOST_NAMES = 12
MOST_ROWS = 8


def read_tables(files: Sequence[str | Path], profile: Profile) -> Imported:
    """Read tables as a portfolio.

    Parameters
    ----------
    files
        The files; each must match the pattern of a table of the profile.
    profile
        What the columns mean.

    Returns
    -------
    Imported
        Findings name file, row and column; warnings say which columns and rows were not read.
    """
    calendar, findings = _calendar(profile)
    builder = _Builder(profile, calendar, findings)
    for rule, path in _assigned([Path(file) for file in files], profile, findings):
        try:
            builder.add(read_sheet(path, rule), rule)
        except InvalidInput as error:
            findings += error.findings
    found = imported(builder.data(), findings)
    return replace(found, findings=tuple(builder.placed(f) for f in found.findings))


def _calendar(profile: Profile) -> tuple[Calendar, list[Finding]]:
    data = profile.portfolio.get("calendar", {})
    try:
        return Calendar.model_validate(data), []
    except ValidationError as error:
        whole = data if isinstance(data, Mapping) else {}
        found = form_findings(error, whole, Calendar)
        placed = [replace(f, path=f"profile/portfolio/calendar/{f.path}") for f in found]
        return Calendar.model_validate({"start": "2000-01-01", "periods": 1}), placed


def _assigned(
    files: list[Path], profile: Profile, findings: list[Finding]
) -> list[tuple[TableRule, Path]]:
    """Return which file is which table; files and tables that are left over are findings."""
    pairs = []
    used: set[Path] = set()
    for number, rule in enumerate(profile.tables):
        matching = [path for path in files if fnmatchcase(path.name.lower(), rule.file.lower())]
        used |= set(matching)
        pairs += [(rule, path) for path in matching]
        if not matching and not rule.optional:
            findings.append(
                _error(
                    "mapping-file",
                    f"profile/tables/{number}",
                    f"No file is called {rule.file}.",
                    "Give the file as well, or correct `file` in the profile.",
                )
            )
    findings += [
        _error(
            "mapping-file",
            path.name,
            f"The profile {profile.name} has no table for this file.",
            "Leave it out, or correct `file` in the profile.",
        )
        for path in files
        if path not in used
    ]
    return pairs


@dataclass(frozen=True, slots=True)
class _Entry:
    """One object: to what it belongs, its fields, and the place of its first row."""

    owners: tuple[str, ...]
    values: Data
    place: str


class _Builder:
    """Collects objects by their keys, with the rows that they come from."""

    def __init__(self, profile: Profile, calendar: Calendar, findings: list[Finding]) -> None:
        self.profile = profile
        self.calendar = calendar
        self.clock = Clock(calendar)
        self.findings = findings
        self._entries: dict[Into, list[_Entry]] = {into: [] for into in Into}
        self._known: dict[tuple[str, ...], _Entry] = {}
        self._origin: dict[str, str] = {}

    def add(self, sheet: Sheet, rule: TableRule) -> None:
        """Read every row of a table."""
        records = self._usable(sheet, rule)
        if records is None:
            return
        reader = Reader(self.profile, sheet, self.calendar, self.clock)
        unread: list[int] = []
        for row in sheet.rows:
            hit = False
            for record in records:
                if all(self._holds(reader, row, condition) for condition in record.when):
                    hit |= self._record(reader, row, record)
            if not hit:
                unread.append(row.number)
        self._tell(sheet, rule, unread)

    def _usable(self, sheet: Sheet, rule: TableRule) -> list[RecordRule] | None:
        """Return the records whose columns are there, None where some lack that must be."""
        usable = []
        complete = True
        for record in rule.records:
            missing = sorted(_columns([record]) - set(sheet.headers))
            if not missing:
                usable.append(record)
                continue
            complete &= record.optional
            for name in missing:
                finding = _missing_column(sheet, rule, name, optional=record.optional)
                if finding not in self.findings:
                    self.findings.append(finding)
        return usable if complete else None

    def _holds(self, reader: Reader, row: Row, condition: Condition) -> bool:
        try:
            text = reader.text(condition.column, row)
        except CellError as error:
            self._fault(reader.sheet, row, condition.column, error)
            return False
        if condition.any_of and text not in condition.any_of:
            return False
        if condition.none_of and text in condition.none_of:
            return False
        if condition.filled is not None and bool(text) is not condition.filled:
            return False
        if condition.above is None:
            return True
        try:
            number = reader.number(condition.column, row)
        except CellError as error:
            self._fault(reader.sheet, row, condition.column, error)
            return False
        return number is not None and number > condition.above

    def _record(self, reader: Reader, row: Row, record: RecordRule) -> bool:
        """Make one object of a row, lists of ids in a link make one link each.

        Returns whether the row is accounted for: it made something, or a finding says why not.
        """
        good = True
        values: Data = {}
        owners: list[Any] = []
        if record.project is None and record.phase is not None:
            owners.append("")
        parts = {"project": record.project, "phase": record.phase}
        for name, source in parts.items():
            if source is not None:
                found, fine = self._value(reader, row, source, name)
                good &= fine
                owners.append(found)
        for name, source in record.fields.items():
            found, fine = self._value(reader, row, source, name)
            good &= fine
            if found is not None:
                _set(values, name, found)
        if not good:
            return True
        if any(owner is None for owner in owners):
            self.findings.append(
                _error(
                    "mapping-owner",
                    reader.sheet.place(row.number),
                    f"One of the {record.into.value} does not say to which project or phase it "
                    "belongs.",
                    "Fill the column, or leave such rows out (`when`).",
                )
            )
            return True
        keys = [str(owner) for owner in owners]
        if record.into in {Into.LINKS, Into.REQUIRES}:
            return self._links(reader.sheet, row, record, values)
        self._keep(reader.sheet, row, record, keys, values)
        return True

    def _value(self, reader: Reader, row: Row, source: Source, name: str) -> tuple[Any, bool]:
        try:
            return reader.read(source, row, name.rsplit(".", 1)[-1]), True
        except CellError as error:
            self._fault(reader.sheet, row, source.column or "", error)
            return None, False

    def _fault(self, sheet: Sheet, row: Row, column: str, error: CellError) -> None:
        place = sheet.place(row.number, error.column or column)
        finding = _error(error.rule, place, error.message, error.fix)
        if finding not in self.findings[-50:]:
            self.findings.append(finding)

    def _links(self, sheet: Sheet, row: Row, record: RecordRule, values: Data) -> bool:
        """Keep a link for each pair of a source and a target; return whether there is one."""
        if record.into is Into.REQUIRES:
            needs = values.get("needs")
            if needs and values.get("project"):
                values["needs"] = needs if isinstance(needs, list) else [needs]
                self._keep(sheet, row, record, [], values)
                return True
            return False
        sources, targets = (_as_list(values.get(name)) for name in ("from", "to"))
        for source in sources:
            for target in targets:
                pair = values | {"from": source, "to": target}
                self._keep(sheet, row, record, [], pair)
        return bool(sources and targets)

    def _keep(
        self, sheet: Sheet, row: Row, record: RecordRule, owners: list[str], values: Data
    ) -> None:
        name = _key_of(record.into, values)
        key = (record.into.value, *owners, name or "")
        place = sheet.place(row.number)
        earlier = self._known.get(key) if name is not None else None
        if earlier is None:
            entry = _Entry(tuple(owners), values, place)
            self._entries[record.into].append(entry)
            self._known[key] = entry
            self._origin.setdefault(_path(record.into, owners, name), place)
            return
        old = earlier.values
        for field, value in values.items():
            if field in record.sum and field in old:
                old[field] = _sum(old[field], value)
            elif field not in old:
                old[field] = value
            elif old[field] != value:
                self.findings.append(
                    _error(
                        "mapping-conflict",
                        place,
                        f"{record.into.value} {name!r} stands in {earlier.place} with another "
                        f"{field}: {old[field]} there, {value} here.",
                        "Correct one of them, or add the field up (`sum`).",
                    )
                )

    def _tell(self, sheet: Sheet, rule: TableRule, unread: list[int]) -> None:
        """Say which columns and rows of a table were not read."""
        ignored = set(rule.ignore)
        used = _columns(rule.records)
        left = [h for h in dict.fromkeys(sheet.headers) if h and h not in used | ignored]
        if left and "*" not in ignored:
            more = f" and {len(left) - MOST_NAMES} more" if len(left) > MOST_NAMES else ""
            self.findings.append(
                Finding(
                    Severity.WARNING,
                    "mapping-columns-unread",
                    sheet.name,
                    f"Columns that are not read: {', '.join(left[:MOST_NAMES])}{more}.",
                    "Nothing, or add them to the profile.",
                )
            )
        if unread:
            rows = ", ".join(map(str, unread[:MOST_ROWS]))
            more = f" and {len(unread) - MOST_ROWS} more" if len(unread) > MOST_ROWS else ""
            self.findings.append(
                Finding(
                    Severity.WARNING,
                    "mapping-rows-unread",
                    sheet.name,
                    f"{len(unread)} of {len(sheet.rows)} rows are not read: rows {rows}{more}.",
                    "Nothing, or change the conditions (`when`) of the profile.",
                )
            )

    def data(self) -> Data:
        """Return everything as the plain data of a portfolio, on top of the constants."""
        data = dict(self.profile.portfolio)
        projects: dict[str, Data] = {}
        for entry in self._entries[Into.PROJECTS]:
            projects.setdefault(str(entry.values.get("id", "")), dict(entry.values))
        phases: dict[tuple[str, str], Data] = {}
        for into in (Into.PHASES, Into.NEEDS, Into.COSTS):
            for entry in self._entries[into]:
                self._hang(projects, phases, into, entry)
        data["projects"] = [*self._constants("projects"), *projects.values()]
        for into in (Into.LINKS, Into.REQUIRES, Into.PEOPLE, Into.POOLS, Into.SKILLS, Into.FUNDS):
            rows = [entry.values for entry in self._entries[into]]
            if into is Into.LINKS:
                rows = self._within(self._entries[into], projects, phases)
            if rows:
                data[into.value] = [*self._constants(into.value), *rows]
        if self.profile.skills:
            data["skills"] = _with_skills(data)
        return data

    def _constants(self, name: str) -> list[Any]:
        """Return what the profile itself has in a list; an error where that is no list."""
        found = self.profile.portfolio.get(name, [])
        if isinstance(found, list):
            return found
        self.findings.append(
            _error(
                "wrong-type",
                f"profile/portfolio/{name}",
                f"`{name}` in the profile's `portfolio` is no list.",
                "Write one entry per line, each behind a dash.",
            )
        )
        return []

    def _hang(
        self,
        projects: dict[str, Data],
        phases: dict[tuple[str, str], Data],
        into: Into,
        entry: _Entry,
    ) -> None:
        """Put a phase, need or cost line where it belongs, or say that there is no such place."""
        project, *rest = entry.owners
        if rest and not project:
            places = [a for a, b in phases if b == rest[0]]
            project = places[0] if len(places) == 1 else ""
        owner = phases.get((project, rest[0])) if rest else projects.get(project)
        if owner is None:
            self.findings.append(
                _error(
                    "mapping-owner",
                    entry.place,
                    f"One of the {into.value} belongs to {'/'.join(filter(None, entry.owners))!r}, "
                    "which no row makes, or several do.",
                    "Export that row as well, correct the reference, or leave it out (`when`).",
                )
            )
            return
        values = dict(entry.values)
        owner.setdefault(into.value, []).append(values)
        if into is Into.PHASES:
            phases[project, str(values.get("id", ""))] = values

    def _within(
        self,
        entries: list[_Entry],
        projects: dict[str, Data],
        phases: dict[tuple[str, str], Data],
    ) -> list[Data]:
        """Give links between ids of phases their project, and put inner ones into it.

        A source that was not exported is a warning: the work may be done, or elsewhere.
        """
        place: dict[str, list[str]] = {}
        for owner, phase in phases:
            place.setdefault(phase, []).append(owner)
        outer = []
        for entry in entries:
            row = entry.values
            ends = [self._end(str(row[side]), projects, place) for side in ("from", "to")]
            if any(end is None for end in ends):
                name = str(row["from"] if ends[0] is None else row["to"])
                self.findings.append(
                    Finding(
                        Severity.WARNING,
                        "mapping-link",
                        entry.place,
                        f"The link names {name!r}, which no row makes, or several do: left out.",
                        "Export that row as well, or correct the reference.",
                    )
                )
                continue
            (a, first), (b, second) = (end or ("", "") for end in ends)
            if a == b and first and second:
                inner = row | {"from": first, "to": second}
                projects[a].setdefault("links", []).append(inner)
            elif a != b:
                start = f"{a}/{first}" if first else a
                outer.append(row | {"from": start, "to": f"{b}/{second}" if second else b})
        return outer

    def _end(
        self, name: str, projects: dict[str, Data], place: dict[str, list[str]]
    ) -> tuple[str, str] | None:
        if name in projects:
            return name, ""
        owners = place.get(name, [])
        if len(owners) == 1:
            return owners[0], name
        project, _, phase = name.partition("/")
        return (project, phase) if project in place.get(phase, []) or project in projects else None

    def placed(self, finding: Finding) -> Finding:
        """Return a finding about the portfolio with the row that its object comes from."""
        parts = finding.path.split("/")
        for length in range(len(parts), 1, -1):
            origin = self._origin.get("/".join(parts[:length]))
            if origin is not None:
                return replace(finding, path=f"{finding.path} ({origin})")
        return finding


def _missing_column(sheet: Sheet, rule: TableRule, name: str, *, optional: bool) -> Finding:
    near = [header for header in sheet.headers if header.lower() == name.lower()]
    fix = "Export the column as well, or take it out of the profile."
    return Finding(
        Severity.WARNING if optional else Severity.ERROR,
        "mapping-column",
        f"{sheet.name} row {rule.header_row}",
        f"There is no column {name!r}" + (", and what needs it is left out." if optional else "."),
        f"Write {near[0]!r} in the profile." if near else fix,
    )


def _columns(records: Sequence[RecordRule]) -> set[str]:
    """Return every column that records name."""
    names: set[str] = set()
    for record in records:
        names |= {condition.column for condition in record.when}
        for source in (*record.fields.values(), record.project, record.phase):
            if source is not None and source.column is not None:
                names.add(source.column)
            if source is not None and source.span is not None:
                names |= {source.span.first, source.span.last}
    return names


def _key_of(into: Into, values: Data) -> str | None:
    """Return what makes an object the same as one of an earlier row; None for always new."""
    if into is Into.LINKS:
        return f"{values.get('type', 'FS')}:{values.get('from')}>{values.get('to')}"
    name = values.get("id", values.get("skill") if into is Into.NEEDS else None)
    return None if name is None else str(name)


def _path(into: Into, owners: list[str], name: str | None) -> str:
    """Return the path that findings about an object begin with."""
    if into is Into.PHASES:
        return f"projects/{owners[0]}/phases/{name}"
    if into is Into.NEEDS:
        return f"projects/{owners[0]}/phases/{owners[1]}/modes/normal/needs/{name}"
    if into is Into.COSTS:
        return "/".join(["projects", owners[0], *(["phases", owners[1]] if owners[1:] else [])])
    return f"{into.value}/{name}"


def _set(target: Data, name: str, value: object) -> None:
    """Set a field; a point in its name reaches inside."""
    *outer, last = name.split(".")
    for part in outer:
        target = target.setdefault(part, {})
    target[last] = value


def _as_list(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _sum(old: Any, new: Any) -> Any:  # noqa: ANN401 - numbers or lists of them
    if isinstance(old, list) and isinstance(new, list):
        return old + [x for x in new if x not in old]
    return Decimal(old) + Decimal(new)


def _with_skills(data: Data) -> Any:  # noqa: ANN401 - what the profile has there, if no list
    """Return the skills with those that needs, people and pools name besides."""
    skills = data.get("skills", [])
    if not isinstance(skills, list):
        return skills
    known = {str(skill.get("id")) for skill in _objects(skills)}
    named: set[str] = set()
    for project in _objects(data["projects"]):
        for phase in _objects(project.get("phases")):
            for need in _objects(phase.get("needs")):
                named.add(str(need.get("skill")))
    for person in _objects(data.get("people")):
        found = person.get("skills")
        named |= {str(skill) for skill in found} if isinstance(found, Mapping) else set()
    named |= {str(p["skill"]) for p in _objects(data.get("pools")) if "skill" in p}
    return [*skills, *({"id": name} for name in sorted(named - known) if name != "None")]


def _objects(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list; nothing where there is none, which the checks find."""
    found = value if isinstance(value, list) else []
    return [entry for entry in found if isinstance(entry, Mapping)]


def _error(rule: str, path: str, message: str, fix: str) -> Finding:
    return Finding(Severity.ERROR, rule, path, message, fix)
