"""Value against a budget, a capacity or a limit: what each level buys, and where today stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pmo_optimizer.model import Portfolio
from pmo_optimizer.report.charts.chart import Cell, Chart, Table
from pmo_optimizer.report.charts.theme import (
    BLUE,
    GREEN,
    PINK,
    RED,
    Spec,
    figure,
    layer,
    listed,
    number_axis,
    scale,
    told,
)
from pmo_optimizer.report.words import amount, gap_text, score

KINDS = ("best plan found", "bound (no plan is better)", "ranking list", "scenario", "today")
COLOURS = (BLUE, RED, PINK, GREEN, BLUE)
SHAPES = ("circle", "triangle-down", "square", "diamond", "M-1,-1H1V1H-1Z")

CURVES = {KINDS[0]: ("value", [1, 0]), KINDS[1]: ("bound", [6, 3]), KINDS[2]: ("ranking", [2, 2])}
"""Which number each curve shows, and its dashes."""


def frontier_chart(frontier: Mapping[str, Any], *, portfolio: Portfolio | None = None) -> Chart:
    """Return the efficient frontier with today, the scenarios and the curve of ranking lists.

    Parameters
    ----------
    frontier
        Plain data, as `pmo_scenarios.Frontier.to_data` returns them.
    portfolio
        The base, for names of what is varied.
    """
    points: list[dict[str, Any]] = list(frontier["points"])
    scenarios: list[dict[str, Any]] = list(frontier["scenarios"])
    axis = frontier["axis"]
    across = _across(frontier, portfolio)
    summary = _summary(frontier, points, across)
    term = str(frontier["term"])
    spec = figure(summary, _layers(points, scenarios, across, term), 380)
    columns = (
        "level" + (" %" if axis["unit"] == "percent" else ""),
        across,
        "scenario",
        "status",
        term,
        "bound",
        "gap",
        "ranking list",
        "projects",
        "enter",
        "leave",
    )
    rows = tuple(_row(point) for point in (*points, *scenarios))
    off = [p["scenario"] for p in scenarios if p["amount"] is None or p["value"] is None]
    note = f"Not on the curve: {listed(off)}." if off else ""
    if frontier["missing"]:
        note = f"{note} Not solved: {listed(list(frontier['missing']))}.".strip()
    return Chart("frontier", "Efficient frontier", spec, Table(columns, rows), summary, note)


def _across(frontier: Mapping[str, Any], portfolio: Portfolio | None) -> str:
    axis = frontier["axis"]
    names: dict[str, str] = {}
    if portfolio is not None:
        names |= {fund.id: fund.name for fund in portfolio.funds if fund.name}
        names |= {skill.id: skill.name for skill in portfolio.skills if skill.name}
    targets = [names.get(target, target) for target in axis["targets"]]
    unit = {"budget": frontier["currency"], "capacity": "FTE"}.get(str(axis["kind"]), "")
    words = f"{axis['kind']} of {listed(targets, 3)}"
    return f"{words}, {unit}" if unit else words


def _row(point: Mapping[str, Any]) -> tuple[Cell, ...]:
    figures = point["figures"]
    name = point["scenario"] or ("today" if point["current"] else "")
    return (
        point["level"],
        point["amount"],
        name,
        point["status"].replace("_", " "),
        point["value"],
        point["bound"],
        gap_text(point["gap"]),
        point["ranking"],
        None if figures is None else figures["selected"],
        ", ".join(point["enters"]),
        ", ".join(point["leaves"]),
    )


def _summary(frontier: Mapping[str, Any], points: Sequence[Mapping[str, Any]], unit: str) -> str:
    found = [point for point in points if point["value"] is not None]
    if not found:
        return "No level of the frontier has a plan."
    low, high = found[0], found[-1]
    term = frontier["term"]
    text = (
        f"From {amount(low['amount'])} to {amount(high['amount'])} ({unit}) the best {term} found "
        f"goes from {score(low['value'])} to {score(high['value'])}"
    )
    today = next((point for point in found if point["current"]), None)
    if today is not None:
        text += f"; today {amount(today['amount'])} gives {score(today['value'])}"
        if today["ranking"] is not None:
            text += f", where a ranking list gives {score(today['ranking'])}"
    return text + "."


def _layers(
    points: Sequence[Mapping[str, Any]],
    scenarios: Sequence[Mapping[str, Any]],
    across: str,
    term: str,
) -> list[Spec]:
    curves = [
        _mark(point, kind, point[number])
        for kind, (number, _) in CURVES.items()
        for point in points
        if point[number] is not None and point["amount"] is not None
    ]
    placed = [p for p in scenarios if p["amount"] is not None and p["value"] is not None]
    signs = [*curves, *(_mark(p, KINDS[3], p["value"]) for p in placed)]
    today = [
        _mark(p, KINDS[4], p["value"]) for p in points if p["current"] and p["value"] is not None
    ]
    at: Spec = {
        "x": {
            "field": "amount",
            "type": "quantitative",
            "axis": number_axis(across),
            "scale": {"zero": False, "nice": True},
        },
        "y": {
            "field": "number",
            "type": "quantitative",
            "axis": number_axis(term),
            "scale": {"zero": False},
        },
    }
    legend = {"title": None}
    colour = {"field": "kind", "type": "nominal", "scale": scale(KINDS, COLOURS), "legend": legend}
    shape = {**colour, "scale": scale(KINDS, SHAPES)}
    dashes = {
        "field": "kind",
        "type": "nominal",
        "scale": scale(list(CURVES), [dash for _, dash in CURVES.values()]),
        "legend": None,
    }
    above = [{"amount": p["amount"], "number": p["value"], "text": p["scenario"]} for p in placed]
    beside = [{"amount": p["amount"], "number": p["number"], "text": "today"} for p in today]
    return [
        layer(
            {"type": "line", "strokeWidth": 2, "aria": False},
            {**at, "color": colour, "strokeDash": dashes},
            curves,
        ),
        layer(
            {"type": "point", "filled": True, "size": 95, "opacity": 1},
            told({**at, "color": colour, "shape": shape}),
            signs,
        ),
        layer(
            {"type": "point", "filled": False, "size": 260, "strokeWidth": 2},
            told({**at, "color": colour, "shape": shape}),
            today,
        ),
        *(
            layer(
                {"type": "text", "aria": False, **place},
                {**at, "text": {"field": "text", "type": "nominal"}},
                texts,
            )
            for place, texts in (
                ({"align": "center", "dy": -14}, above),
                ({"align": "right", "dx": -12, "dy": -8}, beside),
            )
        ),
    ]


def _mark(point: Mapping[str, Any], kind: str, number: float) -> dict[str, Any]:
    name = point["scenario"] or ("today" if point["current"] else "")
    words = f"{name}, {kind}" if name and name != kind else kind
    words = f"{words}: {score(number)} at {amount(point['amount'])}"
    return {"amount": point["amount"], "number": number, "kind": kind, "words": words}
