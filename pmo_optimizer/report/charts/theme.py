"""How all charts look: one set of colours, shapes and fonts, for light and for dark pages.

The colours of marks are those of Okabe and Ito that keep a contrast of 3 to 1 on white and on
black; colour is never the only sign: shapes, dashes, outlines or texts say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
"""Says which language it is; nothing fetches it."""

BLUE, RED, GREEN, PINK, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#767676"

PALE = "#6FB1DA"
"""A lighter blue, for what is beside something blue."""

WIDTH = 920
"""Pixels of a chart with its axes, unless the page says otherwise."""

NARROW = 560
"""Below so many pixels of the inner plot texts inside it are left out."""

NARROWEST, NARROWEST_WITH_TEXT = 340, 480
"""Least pixels of a chart, and of one with texts behind its bars."""

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"

MOST_MARKS = 2000
"""So many marks a page draws at once without delay; with more, a chart puts rows together."""

Spec = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]


def theme(*, dark: bool = False, narrow: bool = False) -> Spec:
    """Return the ``config`` of every chart.

    Parameters
    ----------
    dark
        For pages with a dark background. The charts' own background is transparent.
    narrow
        For pages of a phone's width: long names of rows are cut; the tables have them whole.
    """
    ink, quiet, lines = (
        ("#f0f0f0", "#b8b8b8", "#444444") if dark else ("#1a1a1a", "#595959", "#d9d9d9")
    )
    text = {"labelColor": ink, "titleColor": ink, "labelFontSize": 12, "titleFontSize": 12}
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            **text,
            "titleFontWeight": "normal",
            "tickCount": 8,
            "labelLimit": 110 if narrow else 360,
            "gridColor": lines,
            "domainColor": quiet,
            "tickColor": quiet,
        },
        "legend": {
            **text,
            "titleFontWeight": "normal",
            "orient": "top",
            "columns": 1 if narrow else 6,
            "symbolSize": 110,
            "symbolBaseFillColor": GREY,
            "symbolBaseStrokeColor": GREY,
            "labelLimit": 260,
        },
        "point": {"opacity": 1},
        "text": {"color": ink, "fontSize": 11},
        "style": {
            "ink": {"fill": ink},
            "quiet": {"fill": quiet},
            "edge": {"stroke": quiet},
            "frame": {"stroke": quiet, "fill": "transparent"},
        },
    }


def figure(
    description: str, layers: Sequence[Spec], height: int, *, narrowest: int = NARROWEST
) -> Spec:
    """Return a specification of layers in one plot, as wide as the page makes it.

    Parameters
    ----------
    narrowest
        Pixels below which the chart should rather be scrolled; ``usermeta`` says it to pages.
    """
    return {
        "$schema": SCHEMA,
        "description": description,
        "width": WIDTH,
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        # Scales of layers without rows would have no extent.
        "layer": [one for one in layers if one["data"]["values"]] or list(layers[:1]),
        "config": theme(),
        "usermeta": {"narrowest": narrowest},
    }


def layer(mark: Spec, encoding: Spec, values: Rows) -> Spec:
    """Return one layer with its own data."""
    return {"data": {"values": [dict(row) for row in values]}, "mark": mark, "encoding": encoding}


def told(encoding: Spec) -> Spec:
    """Return an encoding whose marks say the column ``words``, on hover and to screen readers."""
    words = {"field": "words", "type": "nominal"}
    return {**encoding, "tooltip": words, "description": words}


def scale(names: Sequence[str], looks: Sequence[Any]) -> Spec:
    """Return a scale that gives each name its look."""
    return {"domain": list(names), "range": list(looks)}


def number_axis(title: str) -> Spec:
    """Return an axis of plain numbers with separators."""
    return {"title": title, "format": ",~r"}


def rows_axis(names: Sequence[str]) -> Spec:
    """Return the vertical channel of one row per name, in this order."""
    return {
        "field": "row",
        "type": "nominal",
        "sort": None,
        "scale": {"domain": list(names)},
        "axis": {"title": None, "ticks": False, "domain": False, "labelPadding": 6},
    }


def wide_only(mark: Spec) -> Spec:
    """Return a mark that is not shown where the plot is too narrow for it."""
    return {**mark, "opacity": {"expr": f"width < {NARROW} ? 0 : 1"}}


def counted(number: int, word: str, many: str = "") -> str:
    """Return ``1 project`` or ``2 projects``.

    Examples
    --------
    >>> counted(1, "project"), counted(2000, "project"), counted(2, "person", "people")
    ('1 project', '2,000 projects', '2 people')
    """
    return f"{number:,} {word if number == 1 else many or word + 's'}"


def listed(names: Sequence[str], most: int = 4) -> str:
    """Return names in a row, and how many more there are.

    Examples
    --------
    >>> listed(["a", "b"]), listed(["a", "b", "c"], most=1)
    ('a, b', 'a and 2 more')
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
