"""A plan made anew: the curve of value against changes, and what is different."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from pmo_optimizer.model import Portfolio
from pmo_optimizer.report.tables import section
from pmo_optimizer.report.words import ABSENT, clean, first_day, gap_text, heading, score

MOST_NAMES = 12
"""So many ids stand in one line; ``--all`` shows every one."""

COLUMNS = (
    ("most changes", "name"),
    ("changes", "number"),
    ("objective", "number"),
    ("at most", "number"),
    ("gap", "number"),
    ("lost", "number"),
    ("lost at least", "number"),
    ("lost at most", "number"),
    ("in", "number"),
    ("out", "number"),
    ("moved", "number"),
    ("", "text"),
)


def replan_report(
    portfolio: Portfolio, study: dict[str, Any], *, limit: int | None
) -> RenderableType:
    """Return a replan as sections that rich can print.

    Parameters
    ----------
    portfolio
        Dates and names.
    study
        Plain data, as `pmo_scenarios.Replan.to_data` returns them.
    limit
        Most rows of each table; None for all.
    """
    parts: list[RenderableType] = [heading(_title(portfolio, study))]
    if study["message"]:
        parts.append(Text(clean(study["message"])))
    rows = [_row(point, i == study["chosen"]) for i, point in enumerate(study["points"])]
    word = "at most" if study["maximised"] else "at least"
    columns = [(word if name == "at most" else name, kind) for name, kind in COLUMNS]
    parts += section("Objective against changes", columns, rows, limit, "points")
    if study["missing"]:
        parts.append(Text(f"Not solved: {', '.join(study['missing'])}", style="yellow"))
    if study["new"] is not None:
        parts += _changes(portfolio, study["new"], limit)
    return Group(*parts)


def _title(portfolio: Portfolio, study: dict[str, Any]) -> str:
    aim = "most" if study["maximised"] else "least"
    done = study["status"] if study["changes"] is None else f"{study['changes']} changes"
    return clean(
        f"{study['portfolio']}: {done}, at least {study['least_changes']} are needed; "
        f"as of {first_day(portfolio.calendar, study['now'])}, {aim} {study['term']}, "
        f"{study['seconds']:.0f} s of solving"
    )


def _row(point: dict[str, Any], chosen: bool) -> list[str]:
    lost = point["lost"] or {"value": None, "low": None, "high": None}
    return [
        "any" if point["limit"] is None else str(point["limit"]),
        str(point["changes"]),
        score(point["objective"]),
        ABSENT if point["bound"] is None else score(point["bound"]),
        gap_text(point["gap"]),
        *(ABSENT if lost[end] is None else score(lost[end]) for end in ("value", "low", "high")),
        *(str(len(point[name])) for name in ("enters", "leaves", "moves")),
        "new plan" if chosen else "",
    ]


def _changes(portfolio: Portfolio, new: dict[str, Any], limit: int | None) -> list[RenderableType]:
    """Return what is different in the new plan, line by line."""
    calendar = portfolio.calendar
    moved = [
        f"{m['project']} {first_day(calendar, m['start_before'])} to "
        f"{first_day(calendar, m['finish_before'])} → {first_day(calendar, m['start_after'])} to "
        f"{first_day(calendar, m['finish_after'])}"
        + (f" ({', '.join(m['modes'])} in another mode)" if m["modes"] else "")
        for m in new["moves"]
    ]
    work = [
        r["person"]
        + (f" joins {', '.join(r['joins'])}" if r["joins"] else "")
        + (f" leaves {', '.join(r['leaves'])}" if r["leaves"] else "")
        for r in new["reassigned"]
    ]
    lines = (("enters", new["enters"]), ("leaves", new["leaves"]))
    out: list[RenderableType] = [heading("The new plan against the old one")]
    for word, names in lines:
        if names:
            most = len(names) if limit is None else MOST_NAMES
            more = f" and {len(names) - most} more" if len(names) > most else ""
            out.append(Text(f"  {word}: {clean(', '.join(names[:most]))}{more}"))
    for word, rows in (("moves", moved), ("reassigned", work)):
        most = len(rows) if limit is None else limit
        out += [Text(f"  {word}: {clean(row)}") for row in rows[:most]]
        if len(rows) > most:
            out.append(Text(f"  and {len(rows) - most} more; --all shows them"))
    if len(out) == 1:
        out.append(Text("  the same projects at the same times"))
    return out
