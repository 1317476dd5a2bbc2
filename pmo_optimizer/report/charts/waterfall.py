"""From the base to a scenario: which projects make the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pmo_optimizer.model import Portfolio
from pmo_optimizer.report.charts.chart import Chart, Table
from pmo_optimizer.report.charts.theme import (
    BLUE,
    GREEN,
    NARROWEST_WITH_TEXT,
    RED,
    Spec,
    figure,
    layer,
    number_axis,
    rows_axis,
    scale,
    told,
)
from pmo_optimizer.report.words import amount, score, title_of

Measure = Literal["value", "cost", "benefit"]

MOST_STEPS = 18
"""Bars between the base and the scenario; smaller ones are put together."""

SMALL = 1e-9

KINDS = ("in all", "more", "less")
SIDES = (("enters", "in"), ("leaves", "out"), ("moves", "moved"))
SIGNS = {"more": "+", "less": "−"}


@dataclass(frozen=True, slots=True)
class Step:
    """One bar: what changes, from where to where."""

    name: str
    why: str
    change: float


def waterfall(
    comparison: Mapping[str, Any],
    scenario: str,
    *,
    measure: Measure = "value",
    portfolio: Portfolio | None = None,
) -> Chart:
    """Return the way from the base's value (cost, benefit) to that of a scenario.

    Parameters
    ----------
    comparison
        Plain data, as `pmo_scenarios.Comparison.to_data` returns them.
    scenario
        Id of a case of it.
    measure
        Which figure: value in points, or cost or benefit in money, as in `Plan.kpis`.
    portfolio
        The base, for names of projects.

    Raises
    ------
    KeyError
        The comparison has no such case.
    """
    cases = {case["id"]: case for case in comparison["cases"]}
    case = cases[scenario]
    base = comparison["cases"][0]
    unit = "points" if measure == "value" else str(comparison["currency"])
    title = f"From the base to {scenario}: {measure}"
    if case["figures"] is None or base["figures"] is None:
        summary = f"{scenario}: {case['status'].replace('_', ' ')}; there is nothing to compare."
        empty = Table(("step", "why", f"{measure}, {unit}", "sum"), ())
        return Chart(
            f"waterfall-{scenario}", title, figure(summary, [_nothing()], 40), empty, summary
        )
    start, end = base["figures"][measure], case["figures"][measure]
    steps = _steps(base, case, measure, portfolio)
    shown = _grouped(steps)
    summary = _summary(scenario, case, (start, end), measure, unit)
    note = ""
    if len(shown) < len(steps):
        note = f"Bars below the {MOST_STEPS - 2} largest are put together; the table has all."
    if measure == "value" and case["figures"]["penalty"] != base["figures"]["penalty"]:
        note += " Value is before prices of soft limits, which the objective takes off."
    spec = figure(
        *_drawing(summary, shown, start, (scenario, end), f"{measure}, {unit}"),
        narrowest=NARROWEST_WITH_TEXT,
    )
    total = start
    rows: list[tuple[str, str, float | None, float]] = [("base", "", None, start)]
    for step in steps:
        total += step.change
        rows.append((step.name, step.why, step.change, total))
    rows.append((scenario, "", None, end))
    columns = ("step", "why", f"change of {measure}, {unit}", f"{measure} after it, {unit}")
    return Chart(
        f"waterfall-{scenario}", title, spec, Table(columns, tuple(rows)), summary, note.strip()
    )


def _nothing() -> Spec:
    return layer({"type": "point"}, {"x": {"field": "none", "type": "quantitative"}}, [])


def _steps(
    base: Mapping[str, Any], case: Mapping[str, Any], measure: Measure, portfolio: Portfolio | None
) -> list[Step]:
    """Return what each project adds or takes, the largest first of each kind, and the rest."""
    old, new = (
        {part["project"]: part[measure] for part in x.get("parts", ())} for x in (base, case)
    )
    total = case["figures"][measure] - base["figures"][measure]

    def name(project: str) -> str:
        return project if portfolio is None else title_of(portfolio, project)

    moved = {move["project"] for move in case["moves"]}
    changes = {p: new.get(p, 0.0) - old.get(p, 0.0) for p in {*old, *new}}
    found = []
    for why, projects in (
        ("leaves", set(old) - set(new)),
        ("enters", set(new) - set(old)),
        ("moves", set(old) & set(new) & moved),
        ("differs", (set(old) & set(new)) - moved),
    ):
        mine = [Step(name(p), why, changes[p]) for p in projects if abs(changes[p]) > SMALL]
        found += sorted(mine, key=lambda s: (-abs(s.change), s.name))
    rest = total - sum(step.change for step in found)
    if abs(rest) > SMALL * max(1.0, abs(total)):
        words = "synergies and rest" if old or new else "projects and rest"
        found.append(Step(words, "", rest))
    return found


def _grouped(steps: Sequence[Step]) -> list[Step]:
    """Put the smallest steps of each kind together where there are too many."""
    if len(steps) <= MOST_STEPS:
        return list(steps)
    large = sorted(steps, key=lambda s: -abs(s.change))[: MOST_STEPS - 4]
    out = [step for step in steps if step in large]
    for why in dict.fromkeys(step.why for step in steps):
        small = [step for step in steps if step not in large and step.why == why]
        if small:
            words = f"{len(small)} smaller ones"
            out.append(Step(words, why, sum(step.change for step in small)))
    return out


def _summary(
    scenario: str, case: Mapping[str, Any], ends: tuple[float, float], measure: str, unit: str
) -> str:
    show = score if measure == "value" else amount
    start, end = ends
    change = end - start
    words = f"{'more' if change > 0 else 'less'} by {show(abs(change))}" if change else "the same"
    sides = ", ".join(f"{len(case[side])} {word}" for side, word in SIDES)
    return (
        f"{scenario} has {measure} {show(end)} {unit} against {show(start)} in the base, {words}; "
        f"projects: {sides}."
    )


def _drawing(
    summary: str, steps: Sequence[Step], start: float, last: tuple[str, float], title: str
) -> tuple[str, list[Spec], int]:
    bars: list[dict[str, Any]] = [
        _bar("base", 0.0, start, "in all", f"base: {score(start)}", score(start))
    ]
    ties: list[dict[str, Any]] = []
    total = start
    for step in steps:
        kind = "more" if step.change > 0 else "less"
        text = f"{SIGNS[kind]}{score(abs(step.change))}"
        row = f"{step.why}: {step.name}" if step.why else step.name
        words = f"{row}: {text}, {score(total + step.change)} after it"
        ties.append({"row": bars[-1]["row"], "next": row, "at": total})
        bars.append(_bar(row, total, total + step.change, kind, words, text))
        total += step.change
    name, end = last
    ties.append({"row": bars[-1]["row"], "next": name, "at": total})
    bars.append(_bar(name, 0.0, end, "in all", f"{name}: {score(end)}", score(end)))
    ends = [x for bar in bars for x in (bar["from"], bar["to"])]
    low, high = min(ends), max(ends)
    moving = [x for bar in bars[1:-1] for x in (bar["from"], bar["to"])] or ends
    room = (max(*moving, start, end) - min(*moving, start, end)) or abs(high) or 1.0
    # Small changes of a large total are shown from near the total on; the axis says so.
    cut = low >= 0 and min(*moving, start, end) > 4 * room
    left = min(*moving, start, end) - 0.5 * room if cut else min(0.0, low)
    for bar in bars:
        bar["from"] = max(bar["from"], left) if cut else bar["from"]
        bar["end"] = max(bar["from"], bar["to"])
    x: Spec = {
        "field": "from",
        "type": "quantitative",
        "axis": number_axis(f"{title} (axis begins at {score(left)})" if cut else title),
        "scale": {"domain": [left, high + 0.18 * (high - left)], "nice": False, "zero": False},
    }
    rows = [bar["row"] for bar in bars]
    at = {"x": x, "y": rows_axis(rows)}
    colours = scale(KINDS, [BLUE, GREEN, RED])
    colour = {"field": "kind", "type": "nominal", "scale": colours, "legend": {"title": None}}
    layers = [
        layer(
            {"type": "bar", "height": {"band": 0.66}},
            told({**at, "x2": {"field": "to"}, "color": colour}),
            bars,
        ),
        layer(
            {"type": "rule", "style": "edge", "strokeDash": [2, 2], "aria": False},
            {
                "x": {**x, "field": "at"},
                "y": {**at["y"], "bandPosition": 0.83},
                "y2": {"field": "next", "bandPosition": 0.17},
            },
            ties,
        ),
        layer(
            {"type": "text", "align": "left", "dx": 5, "aria": False},
            {**at, "x": {**x, "field": "end"}, "text": {"field": "text", "type": "nominal"}},
            bars,
        ),
    ]
    return summary, layers, 24 * len(bars)


def _bar(row: str, a: float, b: float, kind: str, words: str, text: str) -> dict[str, Any]:
    return {"row": row, "from": a, "to": b, "kind": kind, "words": words, "text": text}
