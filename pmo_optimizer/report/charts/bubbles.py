"""Value against cost of every project, with its risk and whether it is selected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Any

from pmo_optimizer.model import Decision, Plan, Portfolio, Project, State
from pmo_optimizer.report.charts.chart import Chart, Table
from pmo_optimizer.report.charts.labels import Spot, placed
from pmo_optimizer.report.charts.theme import (
    BLUE,
    GREEN,
    GREY,
    MOST_MARKS,
    RED,
    WIDTH,
    Spec,
    counted,
    figure,
    layer,
    number_axis,
    scale,
    told,
    wide_only,
)
from pmo_optimizer.report.projects import least_cost
from pmo_optimizer.report.words import amount, score, title_of

HEIGHT = 420

MOST_LABELS = 40
"""Bubbles that get their id beside them, if there is room."""

SPREAD = 8
"""Largest cost, in medians, from which on the axis of cost is logarithmic."""

KINDS = ("selected", "selected: must or running", "not selected", "never", "candidate")
COLOURS = (BLUE, GREEN, RED, GREY, BLUE)
SHAPES = ("circle", "diamond", "square", "cross", "circle")
FILLED = (0.75, 0.75, 0.0, 0.0, 0.4)


def bubbles(portfolio: Portfolio, plan: Plan | None = None) -> Chart:
    """Return value against cost: a bubble for each project, larger with the risk of failure.

    Parameters
    ----------
    portfolio
        Projects that are done are left out.
    plan
        Says which projects are selected and what they cost; without one, or for projects that
        it does not select, the cost is the least one.
    """
    chosen = {} if plan is None else {p.project: p.selected for p in plan.projects}
    costs = {} if plan is None else {kpi.project: kpi.cost for kpi in plan.kpis.projects}
    money = not any(portfolio.raw_value(project) for project in portfolio.projects)
    unit = f"benefit, {portfolio.currency}".rstrip(", ") if money else "value, points"
    rows = [
        _row(portfolio, project, chosen.get(project.id), costs.get(project.id), unit)
        for project in portfolio.projects
        if project.state is not State.DONE
    ]
    rows.sort(key=lambda row: (-row["worth"], row["id"]))
    shown = rows[: MOST_MARKS // 2]
    note = ""
    if len(shown) < len(rows):
        note = f"The chart has the {len(shown):,} of {len(rows):,} projects with most value."
    summary = _summary(portfolio, rows, unit)
    if plan is not None and chosen:
        summary += _left_out(len(portfolio.projects) - len(rows), hires=bool(plan.hires))
    cost = f"cost, {portfolio.currency}".rstrip(", ")
    spec = figure(summary, _layers(shown, unit, cost), HEIGHT)
    columns = ("project", "decision", cost, unit, "risk of failure, %")
    table = Table(
        columns, tuple((r["name"], r["kind"], r["cost"], r["worth"], r["risk"]) for r in rows)
    )
    return Chart("bubbles", "Value against cost", spec, table, summary, note)


def _row(
    portfolio: Portfolio, project: Project, selected: bool | None, cost: float | None, unit: str
) -> dict[str, Any]:
    name = title_of(portfolio, project.id)
    spent = float(least_cost(portfolio, project)) if cost is None else cost
    worth = float(portfolio.raw_value(project))
    if not unit.startswith("value"):
        worth = float(sum(project.benefit.profile)) if project.benefit else 0.0
    risk = round(100 * (1 - float(project.probability)), 2)
    kind = _kind(project, selected)
    least = "" if selected else " at least"
    words = (
        f"{name}, {kind}: costs{least} {amount(spent)} {portfolio.currency}, "
        f"{unit.split(',')[0]} {score(worth)}, risk of failure {amount(risk)} %"
    )
    return {
        "id": project.id,
        "name": name,
        "kind": kind,
        "cost": spent,
        "worth": worth,
        "risk": risk,
        "filled": FILLED[KINDS.index(kind)],
        "words": words,
    }


def _kind(project: Project, selected: bool | None) -> str:
    if selected is None:
        return "never" if project.decision is Decision.NEVER else "candidate"
    if not selected:
        return "never" if project.decision is Decision.NEVER else "not selected"
    bound = project.decision is Decision.MUST or project.state is State.RUNNING
    return KINDS[1] if bound else KINDS[0]


def _summary(portfolio: Portfolio, rows: Sequence[dict[str, Any]], unit: str) -> str:
    if not rows:
        return "There are no projects."
    selected = [row for row in rows if row["kind"].startswith("selected")]
    word, measure = unit.split(",")[0], "points" if unit.startswith("value") else portfolio.currency
    whole = sum(row["worth"] for row in rows)
    cost = sum(row["cost"] for row in rows)
    if not any(row["kind"] in {*KINDS[:3]} for row in rows):
        return (
            f"{counted(len(rows), 'candidate')} with {amount(whole)} {measure} of {word}, before "
            f"risk and time, cost at least {amount(cost)} {portfolio.currency}."
        )
    part = sum(row["worth"] for row in selected)
    spent = sum(row["cost"] for row in selected)
    share = f" ({100 * part / whole:.0f} %)" if whole > 0 else ""
    return (
        f"{len(selected):,} of {counted(len(rows), 'project')} are selected: {amount(part)} of "
        f"{amount(whole)} {measure} of {word}{share}, before risk and "
        f"time, for {amount(spent)} {portfolio.currency}."
    )


def _left_out(done: int, *, hires: bool) -> str:
    """Return what the title page counts and this chart does not."""
    parts = [f"{counted(done, 'project')} done before"] if done else []
    parts += ["the cost of hires"] if hires else []
    return f" Not counted: {' and '.join(parts)}." if parts else ""


def _layers(rows: list[dict[str, Any]], unit: str, cost: str) -> list[Spec]:
    costs = [row["cost"] for row in rows] or [0.0]
    wide = min(costs) > 0 and max(costs) > SPREAD * median(costs)
    kinds = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)]
    look = {kind: i for i, kind in enumerate(KINDS)}

    def of(looks: Sequence[Any], legend: Spec | None) -> Spec:
        chosen = scale(kinds, [looks[look[kind]] for kind in kinds])
        return {"field": "kind", "type": "nominal", "scale": chosen, "legend": legend}

    x: Spec = {"field": "cost", "type": "quantitative", "axis": number_axis(cost)}
    x["scale"] = {"type": "log" if wide else "linear", "nice": True}
    if wide:
        x["axis"] = {**number_axis(f"{cost} (logarithmic)"), "tickCount": 6, "labelOverlap": True}
    at = {"x": x, "y": {"field": "worth", "type": "quantitative", "axis": number_axis(unit)}}
    encoding = {
        **at,
        "stroke": of(COLOURS, {"title": None}),
        "fill": of(COLOURS, {"title": None}),
        "shape": of(SHAPES, {"title": None}),
        "fillOpacity": {"field": "filled", "type": "quantitative", "scale": None, "legend": None},
    }
    risks = {row["risk"] for row in rows}
    if len(risks) > 1:
        encoding["size"] = {
            "field": "risk",
            "type": "quantitative",
            "scale": {"domain": [0, max(risks)], "range": [50, 500]},
            "legend": {"title": "risk of failure, %", "values": _legend(max(risks))},
        }
    points = layer({"type": "point", "strokeWidth": 1.8}, told(encoding), rows)
    return [points, *_labels(rows, at, wide)]


def _legend(top: float) -> list[float]:
    """Return three sizes to explain: nothing, about half and the most."""
    return [0, round(top / 2), round(top)] if top >= 2 else [0, top]


def _labels(rows: Sequence[dict[str, Any]], at: Spec, wide: bool) -> list[Spec]:
    """Return the ids beside the bubbles, as far as they do not run into each other."""
    if not rows:
        return []
    xs = [math.log(row["cost"]) if wide else row["cost"] for row in rows]
    low, high = (min(xs) if wide else min(0.0, *xs)), max(xs)
    bottom, top = min(0.0, *(r["worth"] for r in rows)), max(r["worth"] for r in rows)
    spots = [
        Spot(
            (x - low) / ((high - low) or 1) * (WIDTH - 80),
            (top - row["worth"]) / ((top - bottom) or 1) * HEIGHT,
            row["id"],
        )
        for x, row in zip(xs, rows, strict=True)
    ]
    sides = placed(spots, MOST_LABELS, WIDTH, HEIGHT)
    out = []
    for side, mark in LABELS.items():
        inside = [
            {"cost": row["cost"], "worth": row["worth"], "id": row["id"]}
            for row, where in zip(rows, sides, strict=True)
            if where == side
        ]
        if inside:
            text = {**at, "text": {"field": "id", "type": "nominal"}}
            out.append(layer(wide_only({"type": "text", "aria": False, **mark}), text, inside))
    return out


LABELS: dict[str, Spec] = {
    "right": {"align": "left", "dx": 15, "baseline": "middle"},
    "left": {"align": "right", "dx": -15, "baseline": "middle"},
    "above": {"align": "center", "dy": -16},
    "below": {"align": "center", "dy": 18},
}
