"""A plan as people read it: tables and a Gantt chart, for a terminal or as plain text.

Every function is pure: it takes a portfolio and a plan and returns what rich can print.
"""

from __future__ import annotations

import io

from rich.console import Console, Group, RenderableType

from pmo_optimizer.model import Plan, Portfolio
from pmo_optimizer.report.alternatives import alternatives_report
from pmo_optimizer.report.comparison import comparison_report
from pmo_optimizer.report.conflicts import conflicts_report
from pmo_optimizer.report.frontier import frontier_report
from pmo_optimizer.report.gantt import gantt
from pmo_optimizer.report.header import broken, header, terms, violations
from pmo_optimizer.report.people import person_loads, personal, teams, unmet
from pmo_optimizer.report.prices import prices_report
from pmo_optimizer.report.projects import rejected, selected
from pmo_optimizer.report.replan import replan_report
from pmo_optimizer.report.resources import alignment, breaches, funds, hires, load
from pmo_optimizer.report.robustness import robust_report, robustness_report
from pmo_optimizer.report.tables import table
from pmo_optimizer.report.why import why_report
from pmo_optimizer.report.words import bar, clean, gap_text, relative_gap, score

__all__ = [
    "DEFAULT_LIMIT",
    "DEFAULT_WIDTH",
    "alternatives_report",
    "bar",
    "clean",
    "comparison_report",
    "conflicts_report",
    "frontier_report",
    "gap_text",
    "person_report",
    "plan_report",
    "plan_text",
    "prices_report",
    "relative_gap",
    "replan_report",
    "robust_report",
    "robustness_report",
    "score",
    "table",
    "why_report",
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
    loads: bool = False,
) -> RenderableType:
    """Return a plan as sections that rich can print.

    A plan by name has a team list for each project, and lists what it leaves unmet.

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
    loads
        Whether to list the load of each person; of a plan of this portfolio only.

    Raises
    ------
    InvalidInput
        Loads are asked for, and the plan has no decisions or is not of this portfolio.
    """
    parts = [
        *header(portfolio, plan),
        *violations(broken(plan), limit),
        *unmet(portfolio, plan, limit),
    ]
    if plan.found or plan.projects:
        parts += [
            *terms(plan, limit),
            *selected(portfolio, plan, limit),
            *gantt(portfolio, plan, width, limit),
            *rejected(portfolio, plan, limit),
            *teams(portfolio, plan, limit),
            *load(portfolio, plan, width, limit),
            *funds(portfolio, plan, limit),
            *breaches(plan, limit),
            *hires(portfolio, plan, limit),
            *alignment(portfolio, plan, limit),
        ]
    if loads:
        parts += person_loads(portfolio, plan, width, limit)
    return Group(*parts)


def person_report(
    portfolio: Portfolio, plan: Plan, person: str, *, limit: int | None = DEFAULT_LIMIT
) -> RenderableType:
    """Return what one person does, period by period, as a table that rich can print.

    Parameters
    ----------
    portfolio, plan
        A portfolio and a plan of it by name.
    person
        An individual, as ``id`` or ``id#2``, or an entry for all its people.
    limit
        Most rows of each table; None for all.

    Raises
    ------
    InvalidInput
        There is no such person, or the plan is not by name or not of this portfolio.
    """
    return Group(*personal(portfolio, plan, person, limit))


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
