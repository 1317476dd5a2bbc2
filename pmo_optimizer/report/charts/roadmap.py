"""When each selected project runs: a Gantt chart with links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from pmo_optimizer.model import Calendar, Plan, Portfolio, ProjectPlan, State
from pmo_optimizer.report.charts.chart import Chart, Table
from pmo_optimizer.report.charts.theme import (
    BLUE,
    GREEN,
    GREY,
    PALE,
    RED,
    Spec,
    counted,
    figure,
    layer,
    listed,
    rows_axis,
    scale,
    told,
)
from pmo_optimizer.report.words import first_day, last_day, title_of

MOST_ROWS = 120
"""Projects of one chart; later ones are in the table."""

STEP = 22
"""Pixels of a row."""

FORMATS = {
    "day": "%d %b %Y",
    "week": "%d %b %Y",
    "month": "%b %Y",
    "quarter": "%b %Y",
    "year": "%Y",
}

KINDS = ("phase", "next phase")

LOOKS: dict[str, tuple[str, str, int]] = {
    "milestone": (GREEN, "diamond", 110),
    "due date": (RED, "M-0.25,-1H0.25V1H-0.25Z", 260),
    "link": (GREY, "triangle-right", 50),
}
"""Colour, shape and area of what is not a bar."""

SIZE: Spec = {"field": "size", "type": "quantitative", "scale": None, "legend": None}


def roadmap(portfolio: Portfolio, plan: Plan, *, only: Sequence[str] = ()) -> Chart:
    """Return the roadmap: a bar for each phase, with links, milestones and due dates.

    Parameters
    ----------
    portfolio, plan
        A portfolio and a plan of it.
    only
        Ids of the projects to show, for pages of a long list; all selected ones by default.
    """
    dated = [
        entry
        for entry in plan.projects
        if entry.selected and entry.start is not None and (not only or entry.project in only)
    ]
    dated.sort(key=lambda p: (p.start or 0, p.finish or 0, p.project))
    shown = dated[:MOST_ROWS]
    summary = _summary(portfolio, dated)
    note = ""
    if len(dated) > len(shown):
        note = f"The chart has the first {MOST_ROWS} of {len(dated):,} projects; the table all."
    spec = figure(summary, _layers(portfolio, shown), STEP * max(1, len(shown)))
    return Chart("roadmap", "Roadmap", spec, _table(portfolio, dated), summary, note)


def late_by(portfolio: Portfolio, entry: ProjectPlan) -> int:
    """Return by how many periods a project ends after its due date; 0 where it does not."""
    project = portfolio.project_by_id.get(entry.project)
    due = None if project is None else project.due_period(portfolio.calendar)
    if due is None or entry.finish is None:
        return 0
    return max(0, entry.finish - due)


def _summary(portfolio: Portfolio, dated: Sequence[ProjectPlan]) -> str:
    if not dated:
        return "No selected project has dates."
    calendar = portfolio.calendar
    first = min(entry.start or 0 for entry in dated)
    last = max(entry.finish or 0 for entry in dated)
    begins = first_day(calendar, first)
    ends = last_day(calendar, first, last)
    late = [entry.project for entry in dated if late_by(portfolio, entry)]
    due = f"{listed(late)} after the due date" if late else "none after its due date"
    return f"{counted(len(dated), 'project')} from {begins} to {ends}, {due}."


def _table(portfolio: Portfolio, dated: Sequence[ProjectPlan]) -> Table:
    calendar = portfolio.calendar
    grain = calendar.grain.value
    rows = [
        (
            title_of(portfolio, entry.project),
            phase,
            mode,
            first_day(calendar, start),
            last_day(calendar, start, end),
            end - start,
            late_by(portfolio, entry) or None,
        )
        for entry in dated
        for phase, mode, start, end in _phases(entry)
    ]
    columns = (
        "project",
        "phase",
        "mode",
        "first day",
        "last day",
        f"{grain}s",
        f"late by ({grain}s)",
    )
    return Table(columns, tuple(rows))


def _phases(entry: ProjectPlan) -> Iterator[tuple[str, str, int, int]]:
    for phase in sorted(entry.phases, key=lambda p: (p.start, p.end)):
        yield phase.phase, phase.mode, phase.start, phase.end
    if not entry.phases and entry.start is not None:
        yield "", "", entry.start, entry.finish or entry.start


def _layers(portfolio: Portfolio, shown: Sequence[ProjectPlan]) -> list[Spec]:
    calendar = portfolio.calendar
    names = [title_of(portfolio, entry.project) for entry in shown]
    rows = rows_axis(names)
    axis = {
        "title": None,
        "orient": "top",
        "format": FORMATS[calendar.grain.value],
        "labelFlush": True,
    }
    # Lines where the horizon begins and ends, so that the axis has all of it.
    ends = [{"from": _day(calendar, 0)}, {"from": _day(calendar, calendar.periods)}]
    time = {
        "field": "from",
        "type": "temporal",
        "axis": {**axis, "tickCount": 8, "labelOverlap": True},
        "scale": {"type": "utc", "nice": False},
    }
    bars, points = [], []
    for entry, name in zip(shown, names, strict=True):
        for number, (phase, mode, start, end) in enumerate(_phases(entry)):
            row = _row(portfolio, entry, name, (phase, mode, start, end))
            if end > start:
                bars.append({**row, "kind": KINDS[number % 2]})
            else:
                points.append({**row, "kind": "milestone"})
    dues = [
        row
        for entry, name in zip(shown, names, strict=True)
        for row in _due(portfolio, entry, name)
    ]
    kinds = [*KINDS, *LOOKS]
    colours = scale(kinds, [BLUE, PALE, *(look[0] for look in LOOKS.values())])
    shapes = scale(kinds, ["square", "square", *(look[1] for look in LOOKS.values())])
    colour = {"field": "kind", "type": "nominal", "scale": colours, "legend": {"title": None}}
    shape = {**colour, "scale": shapes}
    to = {"field": "to"}
    at = {"x": time, "y": rows, "color": colour}
    links, heads = _links(
        portfolio, shown, dict(zip((e.project for e in shown), names, strict=True))
    )
    signs = [{**row, "size": LOOKS[row["kind"]][2]} for row in (*heads, *points, *dues)]
    return [
        layer(
            {"type": "rule", "style": "edge", "strokeOpacity": 0.5, "aria": False},
            {"x": time},
            ends,
        ),
        layer(
            {"type": "bar", "height": {"band": 0.62}, "cornerRadius": 2},
            told({**at, "x2": to}),
            bars,
        ),
        layer(
            {
                "type": "line",
                "strokeWidth": 1.2,
                "strokeDash": [4, 2],
                "aria": False,
                "interpolate": "linear",
            },
            {
                **at,
                "detail": {"field": "link", "type": "nominal"},
                "order": {"field": "order", "type": "quantitative"},
            },
            links,
        ),
        layer(
            {"type": "point", "filled": True, "opacity": 1},
            told({**at, "shape": shape, "size": SIZE}),
            signs,
        ),
    ]


def _row(
    portfolio: Portfolio, entry: ProjectPlan, name: str, phase: tuple[str, str, int, int]
) -> dict[str, Any]:
    calendar = portfolio.calendar
    label, mode, start, end = phase
    words = f"{name}, {label or 'decision'}: {first_day(calendar, start)}"
    if end > start:
        words += f" to {last_day(calendar, start, end)}"
    project = portfolio.project_by_id.get(entry.project)
    known = None if project is None else next((p for p in project.phases if p.id == label), None)
    if known is not None and len(known.modes) > 1:
        words += f", mode {mode}"
    if project is not None and project.state is State.RUNNING:
        words += ", running"
    return {"row": name, "from": _day(calendar, start), "to": _day(calendar, end), "words": words}


def _day(calendar: Calendar, period: int) -> int:
    """Return the first moment of a period in milliseconds since 1970, as Vega counts time."""
    return (calendar.edge(period) - date(1970, 1, 1)).days * 86_400_000


def _due(portfolio: Portfolio, entry: ProjectPlan, name: str) -> list[dict[str, Any]]:
    project = portfolio.project_by_id.get(entry.project)
    due = None if project is None else project.due_period(portfolio.calendar)
    if due is None or not 0 <= due <= portfolio.calendar.periods:
        return []
    late = late_by(portfolio, entry)
    words = f"{name} is due by {last_day(portfolio.calendar, 0, due)}"
    words += f", and ends {counted(late, portfolio.calendar.grain.value)} later" if late else ""
    return [
        {"row": name, "from": _day(portfolio.calendar, due), "kind": "due date", "words": words}
    ]


def _links(
    portfolio: Portfolio, shown: Sequence[ProjectPlan], names: dict[str, str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the corners of each link between two shown projects, and its arrow head."""
    entries = {entry.project: entry for entry in shown}
    corners: list[dict[str, Any]] = []
    heads: list[dict[str, Any]] = []
    for link in portfolio.links:
        for source in portfolio.members(link.source):
            for target in portfolio.members(link.target):
                a, b = (entries.get(x.partition("/")[0]) for x in (source, target))
                if a is None or b is None or a is b:
                    continue
                left = _edge(portfolio.calendar, a, source, end=link.type.value[0] == "F")
                right = _edge(portfolio.calendar, b, target, end=link.type.value[1] == "F")
                if left is None or right is None:
                    continue
                name = f"{link.id}:{source}>{target}"
                spots = ((left, a), (left, b), (right, b))
                corners += [
                    {"row": names[e.project], "from": day, "link": name, "order": i, "kind": "link"}
                    for i, (day, e) in enumerate(spots)
                ]
                words = f"Link {link.type.value}: {names[b.project]} waits for {names[a.project]}"
                heads.append(
                    {"row": names[b.project], "from": right, "kind": "link", "words": words}
                )
    return corners, heads


def _edge(calendar: Calendar, entry: ProjectPlan, reference: str, *, end: bool) -> int | None:
    """Return the day of a link's end at a project or phase; None where it has none."""
    _, _, phase = reference.partition("/")
    if phase:
        part = next((p for p in entry.phases if p.phase == phase), None)
        if part is None:
            return None
        return _day(calendar, part.end if end else part.start)
    period = entry.finish if end else entry.start
    return None if period is None else _day(calendar, period)
