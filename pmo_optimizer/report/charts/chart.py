"""What a chart is: a Vega-Lite specification, the table behind it, and one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from pmo_optimizer.report.words import ABSENT

if TYPE_CHECKING:
    import altair
    import pandas

Cell = str | int | float | None

MIME = "application/vnd.vegalite.v6+json"


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a chart.

    Attributes
    ----------
    columns
        Headers, with units.
    rows
        A cell for each column: text, a number, or None where there is nothing to say.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Whether each column holds numbers, so that it is set flush right."""
        return tuple(
            any(isinstance(row[i], int | float) for row in self.rows)
            and not any(isinstance(row[i], str) for row in self.rows)
            for i in range(len(self.columns))
        )

    def texts(self) -> tuple[tuple[str, ...], ...]:
        """Return the rows as people read them: numbers with separators, a dash for nothing.

        Numbers of a column have the same decimals, as many as they need, at most four.
        """
        decimals = [_decimals([row[i] for row in self.rows]) for i in range(len(self.columns))]
        return tuple(
            tuple(_text(cell, places) for cell, places in zip(row, decimals, strict=True))
            for row in self.rows
        )

    def to_frame(self) -> pandas.DataFrame:
        """Return the table as a data frame, numbers as they are."""
        import pandas as pd

        return pd.DataFrame(list(self.rows), columns=list(self.columns))

    def to_html(self, caption: str = "") -> str:
        """Return the table as HTML; every text is escaped."""
        numeric = self.numeric
        head = "".join(
            f'<th scope="col"{_align(right)}>{escape(name)}</th>'
            for name, right in zip(self.columns, numeric, strict=True)
        )
        body = "".join(_row(row, numeric) for row in self.texts())
        title = f"<caption>{escape(caption)}</caption>" if caption else ""
        return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _align(right: bool) -> str:
    return ' class="number"' if right else ""


def _row(cells: Iterable[str], numeric: tuple[bool, ...]) -> str:
    out = []
    for number, (cell, right) in enumerate(zip(cells, numeric, strict=True)):
        tag = 'th scope="row"' if number == 0 else "td"
        out.append(f"<{tag}{_align(right)}>{escape(cell)}</{tag.split()[0]}>")
    return f"<tr>{''.join(out)}</tr>"


def _decimals(cells: Sequence[Cell]) -> int:
    """Return how many decimals tell the numbers of a column apart."""
    numbers = [cell for cell in cells if isinstance(cell, float)]
    largest = max((abs(number) for number in numbers), default=0.0)
    most = 0 if largest >= 1000 else 2 if largest >= 10 else 4
    for places in range(most):
        if all(abs(number - round(number, places)) < 0.5 * 10**-most for number in numbers):
            return places
    return most


def _text(cell: Cell, places: int) -> str:
    if cell is None:
        return ABSENT
    if isinstance(cell, str):
        return cell
    text = f"{cell:,.{places}f}" if isinstance(cell, float) else f"{cell:,}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that pages, notebooks and files show.

    Attributes
    ----------
    name
        Short and stable, for file names and anchors: ``roadmap``.
    title
        For people: ``Roadmap``.
    spec
        Vega-Lite 6, data and theme inlined; nothing is fetched, and it works with the
        interpreter of expressions. Replace ``config`` by `theme` for dark pages, and ``width``
        for other sizes.
    table
        The numbers behind it.
    summary
        One sentence with the main facts and their units.
    note
        What was left out or put together so that the chart stays readable; else empty.
    """

    name: str
    title: str
    spec: dict[str, Any]
    table: Table
    summary: str
    note: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw; the summary says why."""
        return not self.table.rows

    def to_altair(self) -> altair.TopLevelMixin:
        """Return the chart as an Altair chart (extra ``notebook``), to change it or save it."""
        import altair

        return altair.Chart.from_dict(self.spec)

    def to_html(self) -> str:
        """Return title, summary and table as HTML, for those who cannot see the chart."""
        note = f"<p>{escape(self.note)}</p>" if self.note else ""
        return (
            f"<figure><figcaption><strong>{escape(self.title)}</strong>: "
            f"{escape(self.summary)}</figcaption>{self.table.to_html()}{note}</figure>"
        )

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, Any] | tuple[dict[str, Any], dict[str, Any]]:
        """Return what notebooks show: Altair's form where it is installed, else the table too."""
        own = {MIME: self.spec, "text/html": self.to_html(), "text/plain": self.summary}
        try:
            bundle = self.to_altair()._repr_mimebundle_()
        except ImportError:
            return own
        if isinstance(bundle, tuple):
            return {**bundle[0], "text/plain": self.summary}, bundle[1]
        return own if bundle is None else {**bundle, "text/plain": self.summary}
