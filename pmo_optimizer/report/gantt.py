"""A Gantt chart in characters, scaled to the width."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from pmo_optimizer.model import Calendar, Plan, Portfolio, ProjectPlan
from pmo_optimizer.report.words import clip, heading, more, title_of

LABEL_WIDTH = 30
MAX_SCALE = 4
"""Most characters for one period."""
PHASE_MARKS = (("█", "cyan"), ("▓", "blue"))
MILESTONE, TICK = "◆", "·"


@dataclass(frozen=True, slots=True)
class Scale:
    """How 0-based periods become columns.

    Attributes
    ----------
    periods
        Periods of the grid.
    columns
        Characters for the whole grid.
    """

    periods: int
    columns: int

    def column(self, period: int) -> int:
        """Return the column in which a period begins, within the chart."""
        inside = min(max(period, 0), self.periods)
        return inside * self.columns // self.periods

    @classmethod
    def fitting(cls, periods: int, room: int) -> Scale:
        """Return the largest scale in ``room`` characters, whole characters a period if it can."""
        periods, room = max(periods, 1), max(room, 10)
        each = min(room // periods, MAX_SCALE)
        return cls(periods, periods * each if each else room)


def gantt(portfolio: Portfolio, plan: Plan, width: int, limit: int | None) -> list[RenderableType]:
    """Return one line for each selected project that has dates, by start."""
    dated = [p for p in plan.projects if p.selected and p.start is not None]
    dated.sort(key=lambda p: (p.start or 0, p.finish or 0, p.project))
    if not dated:
        return []
    shown = dated if limit is None else dated[:limit]
    titles = [clip(title_of(portfolio, p.project), LABEL_WIDTH) for p in shown]
    label = max(map(len, titles))
    scale = Scale.fitting(portfolio.calendar.periods, width - label - 2)
    ticks = ticks_of(portfolio.calendar, scale)
    out: list[RenderableType] = [heading("Gantt"), _axis(ticks, label, scale)]
    for title, entry in zip(titles, shown, strict=True):
        out.append(Text(f"{title:<{label}}  ") + chart_row(entry, scale, [c for c, _ in ticks]))
    if len(shown) < len(dated):
        out.append(more(len(dated) - len(shown), "bars"))
    out.append(Text(f"{_legend(portfolio.calendar, scale)}", style="dim"))
    return out


def chart_row(entry: ProjectPlan, scale: Scale, ticks: list[int]) -> Text:
    """Return the bar of a project: phases in turn light and dark, milestones as diamonds."""
    cells = [(TICK, "dim") if column in ticks else (" ", "") for column in range(scale.columns)]
    milestones = []
    for number, phase in enumerate(sorted(entry.phases, key=lambda p: (p.start, p.end))):
        if phase.end <= phase.start:
            milestones.append(phase.start)
            continue
        first = min(scale.column(phase.start), scale.columns - 1)
        for column in range(first, max(scale.column(phase.end), first + 1)):
            cells[column] = PHASE_MARKS[number % len(PHASE_MARKS)]
    if not entry.phases and entry.start is not None:
        milestones.append(entry.start)
    for period in milestones:
        cells[min(scale.column(period), scale.columns - 1)] = (MILESTONE, "magenta")
    return Text.assemble(*cells)


def ticks_of(calendar: Calendar, scale: Scale) -> list[tuple[int, str]]:
    """Return column and text of the marks on the axis: years, or months where it is short."""
    edges = [(t, calendar.edge(t)) for t in range(scale.periods)]
    for style in ("%Y", "%Y-%m"):
        marks: dict[str, int] = {}
        for t, day in edges:
            marks.setdefault(day.strftime(style), t)
        if len(marks) > 1:
            break
    return _apart([(scale.column(t), text) for text, t in marks.items()])


def _apart(marks: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Leave out marks whose text would run into the one before."""
    kept: list[tuple[int, str]] = []
    free = 0
    for column, text in marks:
        if column >= free:
            kept.append((column, text))
            free = column + len(text) + 1
    return kept


def _axis(ticks: list[tuple[int, str]], label: int, scale: Scale) -> Text:
    line = [" "] * (scale.columns + 8)
    for column, text in ticks:
        line[column : column + len(text)] = text
    return Text(" " * (label + 2) + "".join(line).rstrip(), style="dim")


def _legend(calendar: Calendar, scale: Scale) -> str:
    marks = f"{PHASE_MARKS[0][0]} {PHASE_MARKS[1][0]} phases in turn, {MILESTONE} milestone or date"
    grain = calendar.grain.value
    if scale.columns >= scale.periods:
        each = scale.columns // scale.periods
        return f"{marks}; {each} character{'s' if each > 1 else ''} a {grain}"
    return f"{marks}; a character is about {scale.periods / scale.columns:.1f} {grain}s"
