"""Results of studies as HTML, as notebooks show them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmo_scenarios.studies.compare import Case, Comparison

ABSENT = "–"

SMALL = 10

COLUMNS = (
    "case",
    "status",
    "objective",
    "gained",
    "gained at least",
    "gained at most",
    "gap",
    "value",
    "cost",
    "cost difference",
    "projects",
    "in",
    "out",
    "moved",
)


def comparison_html(comparison: Comparison) -> str:
    """Return a comparison as a table: a row for each case, with differences from the base."""
    base = comparison.cases[0] if comparison.cases else None
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    body = "".join(_row(case, base) for case in comparison.cases)
    aim = "most" if comparison.maximised else "least"
    caption = escape(
        f"{comparison.portfolio}: {aim} {comparison.term}, money in {comparison.currency}"
    )
    missing = ", ".join(comparison.missing)
    note = f"<p>Not solved: {escape(missing)}</p>" if missing else ""
    return (
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{note}"
    )


def _row(case: Case, base: Case | None) -> str:
    figures, gained = case.figures, case.gained
    past = None if base is None else base.figures
    more = None
    if figures is not None and past is not None and case is not base:
        more = figures.cost - past.cost
    cells = [
        str(case.status.value).replace("_", " "),
        _number(case.objective),
        _signed(None if gained is None else gained.value),
        _signed(None if gained is None else gained.low),
        _signed(None if gained is None else gained.high),
        ABSENT if case.gap is None else f"{100 * case.gap:.2f} %",
        _number(None if figures is None else figures.value),
        _number(None if figures is None else figures.cost),
        _signed(more),
        ABSENT if figures is None else str(figures.selected),
        *_changes((case.enters, case.leaves)),
        str(len(case.moves)),
    ]
    name = f"{case.id}: {case.name}" if case.name else case.id
    tail = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr><th scope="row">{escape(name)}</th>{tail}</tr>'


def _changes(sides: Sequence[Sequence[str]]) -> list[str]:
    """Return how many projects there are on each side, and which."""
    return [f"{len(names)}: {', '.join(names)}" if names else "0" for names in sides]


def _number(value: float | None) -> str:
    if value is None:
        return ABSENT
    return f"{value:,.4f}" if abs(value) < SMALL else f"{value:,.2f}"


def _signed(value: float | None) -> str:
    if value is None:
        return ABSENT
    return f"+{_number(value)}" if value > 0 else _number(value)
