"""What a study found, ready for a page."""

from __future__ import annotations

from dataclasses import dataclass

from pmo_optimizer.report.charts import Chart

Cell = str | float | int | None


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes
    ----------
    title
        What it shows.
    columns
        Headers, with units.
    rows
        Cells: texts, numbers, or None where there is nothing to say.
    figures
        Whether all columns but the first hold figures, also those that are texts.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    figures: bool = False


@dataclass(frozen=True)
class Answer:
    """What a study found.

    Attributes
    ----------
    headline
        The answer in one sentence; may be empty.
    lines
        More sentences.
    charts, tables
        What there is to look at.
    """

    headline: str = ""
    lines: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Grid, ...] = ()
