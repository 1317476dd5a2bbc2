"""The difference between two portfolios as a page shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pmo_optimizer.formats.difference import Change, ChangeKind, difference, shown
from pmo_optimizer.model import Portfolio
from pmo_optimizer.report.words import ABSENT
from pmo_optimizer.web.text import text

MOST_ROWS = 300
"""Differences that a page lists."""

LONGEST = 200
"""Characters of a value in the list."""


CELL = re.compile(r"(?P<cell>[^/!]+![A-Z]{1,3}[0-9]{1,7})(?: \((?P<path>.*)\))?")
"""Place of a finding about a workbook."""


@dataclass(frozen=True)
class FindingRow:
    """A finding with the cell apart from its path, which are empty where there is none."""

    severity: str
    cell: str
    path: str
    message: str
    fix: str


@dataclass(frozen=True)
class Counts:
    """How many objects of a kind are added, removed and changed."""

    label: str
    added: int
    removed: int
    changed: int


@dataclass(frozen=True)
class DifferenceRow:
    """One difference, as texts."""

    kind: ChangeKind
    section: str
    id: str
    name: str
    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Preview:
    """What a new revision would change.

    Attributes
    ----------
    counts
        By kind of object.
    rows
        The first differences.
    more
        How many differences are not listed.
    """

    counts: tuple[Counts, ...]
    rows: tuple[DifferenceRow, ...]
    more: int


def finding_rows(findings: Sequence[Mapping[str, str]]) -> list[FindingRow]:
    """Return stored findings as a table shows them."""
    rows = []
    for finding in findings:
        found = CELL.fullmatch(finding["path"])
        cell, path = (found["cell"], found["path"] or "") if found else ("", finding["path"])
        path = "" if path == "." else path
        rows.append(FindingRow(finding["severity"], cell, path, finding["message"], finding["fix"]))
    return rows


def preview(old: Portfolio, new: Portfolio) -> Preview:
    """Return what differs between two portfolios, as texts."""
    changes = difference(old, new)
    # What comes and goes first: it is most of what somebody must know.
    listed = sorted(changes, key=lambda change: change.kind is ChangeKind.CHANGED)[:MOST_ROWS]
    rows = tuple(_row(change) for change in listed)
    return Preview(_counts(changes), rows, len(changes) - len(rows))


def _counts(changes: Sequence[Change]) -> tuple[Counts, ...]:
    found: dict[str, dict[ChangeKind, set[tuple[str, int]]]] = {}
    for number, change in enumerate(changes):
        kinds = found.setdefault(change.section, {kind: set() for kind in ChangeKind})
        # Objects without an id count one by one, and so do fields of the whole portfolio.
        kinds[change.kind].add((change.id, 0 if change.id else number))
    return tuple(
        Counts(_section(section), *(len(kinds[kind]) for kind in ChangeKind))
        for section, kinds in found.items()
    )


def _row(change: Change) -> DifferenceRow:
    absent = ABSENT if change.kind is ChangeKind.CHANGED else ""
    return DifferenceRow(
        change.kind,
        _section(change.section),
        change.id,
        "" if change.name == change.id else change.name,
        change.field,
        _short(change.before) or absent,
        _short(change.after) or absent,
    )


def _section(section: str) -> str:
    return text(f"difference.{section}")


def _short(value: object) -> str:
    said = shown(value)
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
