"""What a plan made anew is worth against how much it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pmo_optimizer.report.charts.chart import Cell, Chart, Table
from pmo_optimizer.report.charts.theme import (
    BLUE,
    GREEN,
    RED,
    Spec,
    counted,
    figure,
    layer,
    number_axis,
    scale,
    told,
)
from pmo_optimizer.report.words import gap_text, score

KINDS = ("best plan found", "bound (no plan is better)", "new plan")


def changes_curve(replan: Mapping[str, Any]) -> Chart:
    """Return value against the number of changed projects, with the plan that was chosen.

    Parameters
    ----------
    replan
        Plain data, as `pmo_scenarios.Replan.to_data` returns them.
    """
    points: list[dict[str, Any]] = list(replan["points"])
    summary = _summary(replan, points)
    term = str(replan["term"])
    spec = figure(summary, _layers(points, replan["chosen"], term), 360)
    columns = (
        "most changes",
        "changed projects",
        term,
        "bound",
        "gap",
        "lost",
        "enter",
        "leave",
        "moved",
        "new plan",
    )
    rows = tuple(_row(point, i == replan["chosen"]) for i, point in enumerate(points))
    return Chart("changes", "Value against changes", spec, Table(columns, rows), summary)


def _row(point: Mapping[str, Any], chosen: bool) -> tuple[Cell, ...]:
    lost = point["lost"]
    return (
        "any" if point["limit"] is None else str(point["limit"]),
        point["changes"],
        point["objective"],
        point["bound"],
        gap_text(point["gap"]),
        None if lost is None else lost["value"],
        ", ".join(point["enters"]),
        ", ".join(point["leaves"]),
        len(point["moves"]),
        "yes" if chosen else "",
    )


def _summary(replan: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> str:
    if not points:
        return str(replan["message"]) or "There is no plan to make anew."
    first, last = points[0], points[-1]
    text = (
        f"{_changed(first)} is worth {score(first['objective'])} ({replan['term']})"
        if len(points) == 1
        else f"With {_changed(first)} the plan is worth {score(first['objective'])} "
        f"({replan['term']}), with {_changed(last)} {score(last['objective'])}"
    )
    if replan["chosen"] is not None:
        chosen = points[replan["chosen"]]
        text += f"; the new plan has {_changed(chosen)} and {score(chosen['objective'])}"
    return text + "."


def _changed(point: Mapping[str, Any]) -> str:
    return counted(point["changes"], "changed project")


def _layers(points: Sequence[Mapping[str, Any]], chosen: int | None, term: str) -> list[Spec]:
    rows: list[dict[str, Any]] = []
    for kind, number in ((KINDS[0], "objective"), (KINDS[1], "bound")):
        rows += [_mark(p, kind, p[number]) for p in points if p[number] is not None]
    new = [] if chosen is None else [_mark(points[chosen], KINDS[2], points[chosen]["objective"])]
    at: Spec = {
        "x": {
            "field": "changes",
            "type": "quantitative",
            "axis": {**number_axis("changed projects"), "tickMinStep": 1},
            "scale": {"zero": True},
        },
        "y": {
            "field": "number",
            "type": "quantitative",
            "axis": number_axis(term),
            "scale": {"zero": False},
        },
    }
    colours = scale(KINDS, [BLUE, RED, GREEN])
    colour = {"field": "kind", "type": "nominal", "scale": colours, "legend": {"title": None}}
    shape = {**colour, "scale": scale(KINDS, ["circle", "triangle-down", "diamond"])}
    dash = {**colour, "scale": scale(KINDS[:2], [[1, 0], [6, 3]]), "legend": None}
    return [
        layer(
            {"type": "line", "interpolate": "step-after", "strokeWidth": 2, "aria": False},
            {**at, "color": colour, "strokeDash": dash},
            rows,
        ),
        layer(
            {"type": "point", "filled": True, "size": 70, "opacity": 1},
            told({**at, "color": colour, "shape": shape}),
            rows,
        ),
        layer(
            {"type": "point", "filled": False, "size": 320, "strokeWidth": 2.5},
            told({**at, "color": colour, "shape": shape}),
            new,
        ),
    ]


def _mark(point: Mapping[str, Any], kind: str, number: float) -> dict[str, Any]:
    words = f"{_changed(point)}, {kind}: {score(number)}"
    return {"changes": point["changes"], "number": number, "kind": kind, "words": words}
