"""Plans near the best one."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.model import Portfolio
from pmo_optimizer.report.alternatives import ENDS
from pmo_optimizer.report.words import percent, score, title_of
from pmo_optimizer.web.answers.answer import Answer, Cell, Grid
from pmo_optimizer.web.text import text


def alternatives(portfolio: Portfolio, result: dict[str, Any]) -> Answer:
    """Return the plans, what all of them select, and what only some do."""
    plans: list[dict[str, Any]] = result["plans"]
    head = text("alternatives.lead", {"n": len(plans), "end": ENDS[result["ended"]]})
    core = ", ".join(title_of(portfolio, name) for name in result["core"])
    lines = (text("alternatives.core", {"names": core}),) if core and len(plans) > 1 else ()
    columns = (
        text("why.plan"),
        text("table.status"),
        text("table.objective"),
        text("alternatives.behind"),
        text("table.cost", {"currency": portfolio.currency}),
        text("table.selected"),
        text("table.enters"),
        text("table.leaves"),
    )
    tables = [Grid(text("alternatives.plans"), columns, tuple(_row(plan) for plan in plans))]
    if result["optional"]:
        tables.append(_choices(portfolio, result))
    return Answer(head, lines, (), tuple(tables))


def _row(plan: dict[str, Any]) -> tuple[Cell, ...]:
    figures = plan["figures"]
    return (
        plan["id"],
        plan["status"].replace("_", " "),
        score(plan["objective"]),
        score(plan["behind"]),
        figures["cost"],
        figures["selected"],
        ", ".join(plan["enters"]),
        ", ".join(plan["leaves"]),
    )


def _choices(portfolio: Portfolio, result: dict[str, Any]) -> Grid:
    plans = result["plans"]
    rows = tuple(
        (
            title_of(portfolio, choice["project"]),
            *("✓" if choice["project"] in plan["selected"] else "" for plan in plans),
            percent(choice["plans"], len(plans)),
        )
        for choice in result["optional"]
    )
    columns = (text("workshop.project"), *(plan["id"] for plan in plans), text("why.in"))
    return Grid(text("alternatives.some"), columns, rows)
