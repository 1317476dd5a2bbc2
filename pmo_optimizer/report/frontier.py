"""A frontier as people read it: a curve, a table of points, and the steps between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from pmo_optimizer.model import Portfolio
from pmo_optimizer.report.tables import section
from pmo_optimizer.report.words import ABSENT, amount, clean, gap_text, heading, score

CURVE = 48
"""Columns of the curve."""

MOST_NAMES = 12
"""So many ids stand in one line; ``--all`` shows every one."""

VALUE, RANKING, BOUND = "●", "r", "|"
"""Marks of the curve."""

POINTS = (
    ("level", "number"),
    ("amount", "number"),
    ("status", "text"),
    ("value", "number"),
    ("bound", "number"),
    ("gap", "number"),
    ("ranking", "number"),
    ("left", "number"),
    ("projects", "number"),
    ("", "text"),
)

STEPS = (
    ("to", "number"),
    ("gained", "number"),
    ("at least", "number"),
    ("at most", "number"),
    ("per unit", "number"),
    ("at least", "number"),
    ("at most", "number"),
)


def frontier_report(
    portfolio: Portfolio, frontier: dict[str, Any], *, limit: int | None
) -> RenderableType:
    """Return a frontier as sections that rich can print.

    Parameters
    ----------
    portfolio
        The base: names of what is varied.
    frontier
        Plain data, as `pmo_scenarios.Frontier.to_data` returns them.
    limit
        Most rows of each table; None for all.
    """
    points: list[dict[str, Any]] = frontier["points"]
    every = [*points, *frontier["scenarios"]]
    unit = frontier["axis"]["unit"]
    parts: list[RenderableType] = [heading(_title(portfolio, frontier))]
    parts += section("Points", POINTS, [_row(point, unit) for point in every], limit, "points")
    if frontier["missing"]:
        names = ", ".join(frontier["missing"])
        parts.append(Text(f"Not solved: {clean(names)}", style="yellow"))
    curve = _curve(every, unit)
    if curve:
        marks = f"{RANKING} ranking, {VALUE} value, {BOUND} bound"
        parts += section(f"Curve ({marks})", (("", "number"), ("", "text")), curve, limit, "points")
    steps = [_step(point, unit) for point in every if point["gained"] is not None]
    parts += section("Gained by each step", STEPS, steps, limit, "steps")
    changes = [line for point in every for line in _changes(point, unit, limit)]
    if changes:
        parts += [heading("What enters and leaves"), *changes]
    notes = [
        _note(point, unit, field)
        for point in every
        for field in ("message", "contradiction")
        if point[field]
    ]
    if notes:
        parts += [heading("Notes"), *notes]
    return Group(*parts)


def _title(portfolio: Portfolio, frontier: dict[str, Any]) -> str:
    axis = frontier["axis"]
    names = {fund.id: fund.name for fund in portfolio.funds}
    names |= {skill.id: skill.name for skill in portfolio.skills}
    targets = ", ".join(names.get(name) or name for name in axis["targets"])
    field = f" ({axis['field']})" if axis["field"] else ""
    aim = "most" if frontier["maximised"] else "least"
    return clean(
        f"{frontier['portfolio']}: {aim} {frontier['term']} against {axis['kind']} of {targets}"
        f"{field}, money in {frontier['currency']}, {frontier['seconds']:.0f} s of solving"
    )


def _label(point: dict[str, Any], unit: str) -> str:
    """Return a point's level, or what a scenario is called."""
    if point["scenario"]:
        return str(point["scenario"])
    level = f"{point['level']:,.6f}".rstrip("0").rstrip(".")
    return f"{level} %" if unit == "percent" else level


def _row(point: dict[str, Any], unit: str) -> list[str]:
    figures, left = point["figures"], point["left"]
    marks = ["today"] if point["current"] else []
    if point["scenario"] and point["level"] is not None:
        marks.append("at " + _label({**point, "scenario": ""}, unit))
    if point["source"] != "solve":
        marks.append("by ranking" if point["source"] == "ranking" else "tighter plan")
    return [
        _label(point, unit),
        amount(point["amount"]),
        point["status"],
        score(point["value"]),
        score(point["bound"]),
        gap_text(point["gap"]),
        score(point["ranking"]),
        score(None if left is None else left["value"]),
        ABSENT if figures is None else str(figures["selected"]),
        ", ".join(marks),
    ]


def _curve(points: Sequence[dict[str, Any]], unit: str) -> list[list[str]]:
    """Return one line per point that has a plan, with its marks where the numbers are."""
    shown = [point for point in points if point["value"] is not None]
    names = ("ranking", "value", "bound")
    numbers = [point[name] for point in shown for name in names if point[name] is not None]
    if not numbers or min(numbers) == max(numbers):
        return []
    low, high = min(0.0, *numbers), max(0.0, *numbers)
    rows = []
    for point in shown:
        line = [" "] * (CURVE + 1)
        for name, mark in (("bound", BOUND), ("ranking", RANKING), ("value", VALUE)):
            if point[name] is not None:
                line[round((point[name] - low) / (high - low) * CURVE)] = mark
        rows.append([_label(point, unit), "".join(line).rstrip()])
    return rows


def _step(point: dict[str, Any], unit: str) -> list[str]:
    per = point["per_unit"]
    name = f"{_label(point, unit)} from today" if point["scenario"] else _label(point, unit)
    return [
        name,
        *(score(point["gained"][end]) for end in ("value", "low", "high")),
        *(_ratio(None if per is None else per[end]) for end in ("value", "low", "high")),
    ]


def _ratio(number: float | None) -> str:
    return ABSENT if number is None else f"{number:.3g}"


def _changes(point: dict[str, Any], unit: str, limit: int | None) -> list[Text]:
    """Return what enters, leaves and moves at a point, in one line; none where nothing does."""
    parts = []
    for word in ("enters", "leaves"):
        names = point[word]
        if names:
            most = len(names) if limit is None else MOST_NAMES
            more = f" and {len(names) - most} more" if len(names) > most else ""
            parts.append(f"{word} {', '.join(names[:most])}{more}")
    if point["moves"]:
        parts.append(f"{len(point['moves'])} moved")
    return [Text(clean(f"  {_label(point, unit)}: {'; '.join(parts)}"))] if parts else []


def _note(point: dict[str, Any], unit: str, field: str) -> Text:
    return Text(clean(f"  {_label(point, unit)}: {point[field]}"))
