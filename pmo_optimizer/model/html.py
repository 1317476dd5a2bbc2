"""A plan as HTML, as notebooks show it: everything that comes from a file is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmo_optimizer.model.plan import Plan

MOST_ROWS = 200
"""Decisions that are listed; ``Plan.to_frame`` has all."""

SMALL = 10

ABSENT = "–"


def plan_html(plan: Plan) -> str:
    """Return status, objective, bound and gap of a plan, and its decisions as a table."""
    status = plan.status.value.replace("_", " ")
    figures = [
        ("status", status),
        ("termination", plan.termination.value.replace("_", " ")),
        ("objective", _number(plan.objective)),
        ("bound", _number(plan.bound)),
        ("gap", ABSENT if plan.gap is None else f"{100 * plan.gap:.2f} %"),
        ("selected", f"{len(plan.selected)} of {len(plan.projects)} projects"),
        ("seconds", f"{plan.seconds:.1f}"),
    ]
    if plan.violations:
        figures.append(("rules broken", str(len(plan.violations))))
    head = table(("", plan.portfolio or "plan"), figures)
    message = f"<p>{escape(plan.message)}</p>" if plan.message else ""
    return f"<div>{head}{message}{_decisions(plan)}</div>"


def _decisions(plan: Plan) -> str:
    if not plan.projects:
        return ""
    kpis = {kpi.project: kpi for kpi in plan.kpis.projects}
    ordered = sorted(
        plan.projects, key=lambda p: (not p.selected, p.start is None, p.start or 0, p.project)
    )
    rows = []
    for entry in ordered[:MOST_ROWS]:
        kpi = kpis.get(entry.project)
        rows.append(
            (
                entry.project,
                "yes" if entry.selected else "no",
                ABSENT if entry.start is None else str(entry.start),
                ABSENT if entry.finish is None else str(entry.finish),
                ", ".join(f"{phase.phase} {phase.mode}" for phase in entry.phases) or ABSENT,
                _number(None if kpi is None else kpi.cost),
                _number(None if kpi is None else kpi.value),
            )
        )
    columns = ("project", "selected", "start (period)", "end (exclusive)", "modes", "cost", "value")
    hidden = len(plan.projects) - len(rows)
    more = f"<p>{hidden:,} more projects: see to_frame().</p>" if hidden else ""
    return table(columns, rows) + more


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an HTML table whose first column heads its rows; every text is escaped."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _number(value: float | None) -> str:
    if value is None:
        return ABSENT
    return f"{value:,.4f}" if abs(value) < SMALL else f"{value:,.2f}"
