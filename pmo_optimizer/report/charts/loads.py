"""Load against capacity of each skill over time, as a heat map with numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pmo_optimizer.model import Plan, Portfolio
from pmo_optimizer.report.charts.chart import Cell, Chart, Table
from pmo_optimizer.report.charts.theme import (
    MOST_MARKS,
    Spec,
    figure,
    layer,
    rows_axis,
    scale,
    told,
)
from pmo_optimizer.report.resources import buckets
from pmo_optimizer.report.words import amount, percent

MOST_COLUMNS = 26
"""Cells side by side that have room for a number."""

FLAT = 16
"""So many names of columns have room beside each other."""

FULL = 1.0005
"""Use above this is more than there is."""

CLASSES = ("no work", "up to 50 %", "50 to 90 %", "90 to 100 %", "▲ over 100 %")
FILLS = ("#EDEDED", "#CFE3F3", "#7FB6DE", "#1F6FA8", "#8C2D04")
INKS = ("#1a1a1a", "#1a1a1a", "#1a1a1a", "#ffffff", "#ffffff")
"""Texts on these fills have a contrast above 4.5 to 1, on light and dark pages alike."""


def load_map(portfolio: Portfolio, plan: Plan) -> Chart:
    """Return a heat map: a row for each skill, in each cell the load in percent of capacity.

    Where there are too many periods the cells are fiscal quarters or years; a cell in which a
    single period is over capacity is marked as such.
    """
    names = {skill.id: skill.name or skill.id for skill in portfolio.skills}
    skills = [s for s in plan.kpis.skills if s.load]
    periods = max((len(s.load) for s in skills), default=0)
    columns = min(MOST_COLUMNS, max(1, MOST_MARKS // (2 * max(1, len(skills)))))
    word, groups = buckets(portfolio.calendar, periods, columns)
    cells: list[dict[str, Any]] = []
    rows: list[tuple[Cell, ...]] = []
    for skill in skills:
        pairs = list(zip(skill.load, skill.capacity, strict=False))
        for label, inside in groups:
            part = [pairs[t] for t in inside if t < len(pairs)]
            cell = _cell(names.get(skill.skill, skill.skill), label, part)
            cells.append(cell)
            rows.append((cell["row"], label, cell["load"], cell["capacity"], cell["percent"]))
    summary = _summary(cells, word)
    note = ""
    if word != "period":
        note = f"Each cell is a {word}; ▲ stands where a single period in it is over capacity."
    shown = [names.get(s.skill, s.skill) for s in skills]
    spec = figure(
        summary, _layers(cells, shown, [label for label, _ in groups]), 26 * max(1, len(shown))
    )
    table = Table(("skill", word, "load FTE", "capacity FTE", "use %"), tuple(rows))
    return Chart("loads", "Load against capacity", spec, table, summary, note)


def _cell(name: str, label: str, pairs: Sequence[tuple[float, float]]) -> dict[str, Any]:
    used = sum(a for a, _ in pairs) / max(1, len(pairs))
    there = sum(b for _, b in pairs) / max(1, len(pairs))
    over = any(a > b * FULL + 1e-9 for a, b in pairs)
    kind = CLASSES[_class(used, there, over)]
    share = round(100 * used / there) if there > 0 else None
    mark = "▲" if over else ""
    text = "" if used <= 0 else f"{mark}{share}" if share is not None else mark
    words = f"{name}, {label}: {amount(used)} of {amount(there)} FTE ({percent(used, there)})"
    words += ", over capacity" if over else ""
    return {
        "row": name,
        "when": label,
        "load": round(used, 4),
        "capacity": round(there, 4),
        "percent": share,
        "kind": kind,
        "text": text,
        "words": words,
    }


def _class(used: float, there: float, over: bool) -> int:
    if over:
        return 4
    if used <= 0:
        return 0
    share = used / there
    return 3 if share >= 0.9 else 2 if share >= 0.5 else 1


def _summary(cells: Sequence[dict[str, Any]], word: str) -> str:
    busy = [cell for cell in cells if cell["capacity"] > 0]
    if not busy:
        return "The plan says nothing about the load of skills."
    top = max(busy, key=lambda cell: cell["load"] / cell["capacity"])
    over = sum(cell["kind"] == CLASSES[4] for cell in cells)
    tight = sum(cell["kind"] == CLASSES[3] for cell in cells)
    return (
        f"The most used skill is {top['row']}: {top['percent']} % of {amount(top['capacity'])} "
        f"FTE in {top['when']}; of {len(cells):,} cells (skill and {word}) {over:,} are over "
        f"capacity and {tight:,} at 90 to 100 %."
    )


def _layers(cells: list[dict[str, Any]], names: list[str], labels: list[str]) -> list[Spec]:
    at = {
        "x": {
            "field": "when",
            "type": "nominal",
            "sort": None,
            "scale": {"domain": labels},
            "axis": {
                "title": None,
                "orient": "top",
                "labelAngle": 0 if len(labels) <= FLAT else -90,
                "labelOverlap": True,
                "ticks": False,
                "domain": False,
            },
        },
        "y": rows_axis(names),
    }
    fill = {
        "field": "kind",
        "type": "nominal",
        "scale": scale(CLASSES, FILLS),
        "legend": {"title": "load in % of capacity"},
    }
    number = {"type": "text", "aria": False}
    number["opacity"] = {"expr": f"width < {24 * max(1, len(labels))} ? 0 : 1"}
    text = {**at, "text": {"field": "text", "type": "nominal"}}
    rect = {"type": "rect", "cornerRadius": 2, "stroke": "#808080", "strokeOpacity": 0.4}
    return [
        layer(rect, told({**at, "color": fill}), _part(cells, ("row", "when", "kind", "words"))),
        *(layer({**number, "color": ink}, text, _texts(cells, ink)) for ink in dict.fromkeys(INKS)),
    ]


def _texts(cells: Sequence[dict[str, Any]], ink: str) -> list[dict[str, Any]]:
    """Return the numbers that are written in one colour."""
    kinds = {kind for kind, other in zip(CLASSES, INKS, strict=True) if other == ink}
    inside = [cell for cell in cells if cell["text"] and cell["kind"] in kinds]
    return _part(inside, ("row", "when", "text"))


def _part(cells: Sequence[dict[str, Any]], names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{name: cell[name] for name in names} for cell in cells]
