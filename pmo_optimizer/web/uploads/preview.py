"""The difference between two portfolios as a page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pmo_optimizer.formats.difference import Change, ChangeKind, difference, shown
from pmo_optimizer.model import Portfolio
from pmo_optimizer.web.text import text

MOST_ROWS = 300
"""Differences that a page lists."""

LONGEST = 200
"""Characters of a value in the list."""


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
    return DifferenceRow(
        change.kind,
        _section(change.section),
        change.id,
        "" if change.name == change.id else change.name,
        change.field,
        _short(change.before),
        _short(change.after),
    )


def _section(section: str) -> str:
    return text(f"difference.{section}")


def _short(value: object) -> str:
    said = shown(value)
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
