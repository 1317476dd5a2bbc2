"""Incumbent and bound over time: how the plan was found and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pmo_optimizer.model import Incumbent, Plan
from pmo_optimizer.report.charts.chart import Chart, Table
from pmo_optimizer.report.charts.theme import (
    BLUE,
    RED,
    Spec,
    figure,
    layer,
    number_axis,
    scale,
    told,
)
from pmo_optimizer.report.words import gap_text, relative_gap, score

MOST_STEPS = 400
"""Lines of a log that are drawn; of a longer one, evenly chosen ones and the last."""

KINDS = ("incumbent (best plan so far)", "bound (no plan is better)")

Log = Sequence[Incumbent] | Sequence[Mapping[str, Any]]


def progress(source: Plan | Log) -> Chart:
    """Return incumbent and bound against time.

    Parameters
    ----------
    source
        A plan, or a log: incumbents, or mappings with ``seconds``, ``value`` and ``bound``.
    """
    raw = source.incumbents if isinstance(source, Plan) else source
    lines = [_line(entry) for entry in raw]
    summary = _summary(source, lines)
    if isinstance(source, Plan) and lines:
        lines.append((max(source.seconds, lines[-1][0]), source.objective, source.bound))
    shown = _thinned(lines)
    note = ""
    if len(shown) < len(lines):
        note = f"The chart has {len(shown):,} of {len(lines):,} steps; the table all."
    spec = figure(summary, _layers(shown), 320)
    rows = tuple((t, value, bound, _percent(value, bound)) for t, value, bound in lines)
    table = Table(("seconds", "incumbent", "bound", "gap %"), rows)
    return Chart("progress", "Incumbent and bound over time", spec, table, summary, note)


Line = tuple[float, float | None, float | None]


def _line(entry: Incumbent | Mapping[str, Any]) -> Line:
    if isinstance(entry, Incumbent):
        return entry.seconds, entry.value, entry.bound
    return entry["seconds"], entry.get("value"), entry.get("bound")


def _percent(value: float | None, bound: float | None) -> float | None:
    gap = relative_gap(value, bound)
    return None if gap is None else 100 * gap


def _thinned(lines: list[Line]) -> list[Line]:
    if len(lines) <= MOST_STEPS:
        return lines
    each = len(lines) / MOST_STEPS
    return [*(lines[int(i * each)] for i in range(MOST_STEPS)), lines[-1]]


def _summary(source: Plan | Log, lines: Sequence[Line]) -> str:
    if not lines:
        return "The plan has no log of its search."
    end, value, bound = lines[-1]
    bound = next((line[2] for line in reversed(lines) if line[2] is not None), bound)
    if isinstance(source, Plan):
        end, value = max(end, source.seconds), source.objective
        bound = bound if source.bound is None else source.bound
    valued = [line for line in lines if line[1] is not None]
    if not valued or value is None:
        return f"No plan was found in {end:.1f} s; the bound is {score(bound)}."
    values = list(dict.fromkeys(line[1] for line in valued))
    last = next(line[0] for line in valued if line[1] == values[-1])
    more = f" and the last of {len(values):,} after {last:.1f} s" if len(values) > 1 else ""
    sure = "no bound is known"
    if bound is not None:
        sure = f"the bound is {score(bound)}, a gap of {gap_text(relative_gap(value, bound))}"
    return (
        f"The first plan came after {valued[0][0]:.1f} s{more}; after {end:.1f} s the plan is "
        f"worth {score(value)} and {sure}."
    )


def _layers(lines: Sequence[Line]) -> list[Spec]:
    rows = []
    for place, kind in zip((1, 2), KINDS, strict=True):
        before: float | None = None
        for number, line in enumerate(lines):
            value = line[1] if place == 1 else line[2]
            if value is None or (value == before and number < len(lines) - 1):
                continue
            before = value
            words = f"{line[0]:.1f} s: {kind.split(' ')[0]} {score(value)}"
            rows.append({"seconds": line[0], "value": value, "kind": kind, "words": words})
    at: Spec = {
        "x": {
            "field": "seconds",
            "type": "quantitative",
            "axis": number_axis("seconds since the start"),
            "scale": {"zero": True},
        },
        "y": {
            "field": "value",
            "type": "quantitative",
            "axis": number_axis("objective"),
            "scale": {"zero": False},
        },
    }
    colour = {"field": "kind", "type": "nominal", "scale": scale(KINDS, [BLUE, RED])}
    legend = {"title": None}
    dash = {
        "field": "kind",
        "type": "nominal",
        "scale": scale(KINDS, [[1, 0], [6, 3]]),
        "legend": legend,
    }
    shape = {"field": "kind", "type": "nominal", "scale": scale(KINDS, ["circle", "triangle-down"])}
    steps = {"type": "line", "interpolate": "step-after", "strokeWidth": 2, "aria": False}
    return [
        layer(steps, {**at, "color": {**colour, "legend": legend}, "strokeDash": dash}, rows),
        layer(
            {"type": "point", "filled": True, "size": 45},
            told(
                {**at, "color": {**colour, "legend": legend}, "shape": {**shape, "legend": legend}}
            ),
            rows,
        ),
    ]
