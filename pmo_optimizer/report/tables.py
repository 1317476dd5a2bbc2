"""Tables without frames, whose cells are never read as markup."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pmo_optimizer.report.words import clean, heading, more

Cell = str | Text

MAX_NAME = 40
"""Widest column of names."""


def table(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Cell]]) -> Table:
    """Return a table.

    Parameters
    ----------
    columns
        Header and kind of each column: ``name`` (may be cut), ``text`` (left), or ``number``
        (right).
    rows
        One cell for each column; texts are shown as they are, without markup.
    """
    out = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for header, kind in columns:
        out.add_column(
            Text(header),
            justify="right" if kind == "number" else "left",
            # Only columns that may wrap are narrowed; the cells of names are cut instead.
            no_wrap=kind != "name",
            max_width=MAX_NAME if kind == "name" else None,
        )
    for row in rows:
        out.add_row(*(_cell(cell) for cell in row))
    return out


def _cell(cell: Cell) -> Text:
    text = cell if isinstance(cell, Text) else Text(clean(cell))
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def section(
    title: str,
    columns: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[Cell]],
    limit: int | None,
    what: str = "rows",
) -> list[RenderableType]:
    """Return a heading, a table of at most ``limit`` rows, and how many are left out.

    Nothing at all where there are no rows.
    """
    if not rows:
        return []
    shown = rows if limit is None else rows[:limit]
    out: list[RenderableType] = [heading(title), table(columns, shown)]
    if len(shown) < len(rows):
        out.append(more(len(rows) - len(shown), what))
    return out
