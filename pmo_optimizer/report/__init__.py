"""A plan as people read it: tables and a Gantt chart, for a terminal or as plain text.

Every function is pure: it takes a portfolio and a plan and returns what rich can print.
"""

from __future__ import annotations

import io

from rich.console import Console, Group, RenderableType

from pmo_optimizer.model import Plan, Portfolio
from pmo_optimizer.report.gantt import gantt
from pmo_optimizer.report.header import header, terms, violations
from pmo_optimizer.report.projects import rejected, selected
from pmo_optimizer.report.resources import alignment, breaches, funds, hires, load
from pmo_optimizer.report.tables import table
from pmo_optimizer.report.words import clean, gap_text, relative_gap, score

__all__ = [
    "DEFAULT_LIMIT",
    "DEFAULT_WIDTH",
    "clean",
    "gap_text",
    "plan_report",
    "plan_text",
    "relative_gap",
    "score",
    "table",
]

DEFAULT_WIDTH = 100
"""Columns of a report where the terminal says nothing."""

DEFAULT_LIMIT = 40
"""Rows of a table before the rest is only counted."""


def plan_report(
    portfolio: Portfolio,
    plan: Plan,
    *,
    width: int = DEFAULT_WIDTH,
    limit: int | None = DEFAULT_LIMIT,
) -> RenderableType:
    """Return a plan as sections that rich can print.

    Parameters
    ----------
    portfolio
        What the plan was made from: names, dates, scores.
    plan
        The plan; without one (infeasible, nothing found) only the header and the reason.
    width
        Columns to fill; the chart and the load table are scaled to it.
    limit
        Most rows of each table; None for all.
    """
    parts = [*header(portfolio, plan), *violations(plan.violations, limit)]
    if plan.found or plan.projects:
        parts += [
            *terms(plan, limit),
            *selected(portfolio, plan, limit),
            *gantt(portfolio, plan, width, limit),
            *rejected(portfolio, plan, limit),
            *load(portfolio, plan, width, limit),
            *funds(portfolio, plan, limit),
            *breaches(plan, limit),
            *hires(portfolio, plan, limit),
            *alignment(portfolio, plan, limit),
        ]
    return Group(*parts)


def plan_text(
    portfolio: Portfolio,
    plan: Plan,
    *,
    width: int = DEFAULT_WIDTH,
    limit: int | None = DEFAULT_LIMIT,
) -> str:
    """Return the report as plain text; parameters as for `plan_report`."""
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, legacy_windows=False)
    console.print(plan_report(portfolio, plan, width=width, limit=limit))
    lines = (line.rstrip() for line in out.getvalue().splitlines())
    return "\n".join(lines) + "\n"
