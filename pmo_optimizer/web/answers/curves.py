"""Studies whose answer is a curve: the frontier, and plans with so many changes."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.model import Portfolio
from pmo_optimizer.report import charts
from pmo_optimizer.web.answers.answer import Answer
from pmo_optimizer.web.answers.generic import plain_answer
from pmo_optimizer.web.text import text


def frontier(portfolio: Portfolio, result: dict[str, Any]) -> Answer:
    """Return the frontier: its chart has the table of all levels."""
    chart = charts.frontier_chart(result, portfolio=portfolio)
    lines = (text("study.solved", {"n": f"{result['seconds']:.0f}"}) + ".",)
    return Answer("", lines, (chart,))


def replanned(portfolio: Portfolio, result: dict[str, Any]) -> Answer:
    """Return the curve of value against changes, and the rows of the result."""
    rest = plain_answer(portfolio, result)
    chart = charts.changes_curve(result)
    return Answer("", (), (chart,), rest.tables)
