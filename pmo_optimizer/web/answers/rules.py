"""What limits are worth, and which rules clash."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.model import Portfolio
from pmo_optimizer.report.conflicts import NAMES, answer_lines
from pmo_optimizer.report.words import amount, score
from pmo_optimizer.web.answers.answer import Answer, Cell, Grid
from pmo_optimizer.web.text import text

MOST_SENTENCES = 10


def prices(portfolio: Portfolio, result: dict[str, Any]) -> Answer:
    """Return what one step more of each limit is worth, the highest first."""
    del portfolio
    rows: list[dict[str, Any]] = result["prices"]
    worth = [row for row in rows if row["enables"] or (row["price"] or {}).get("value", 0) > 0]
    names = ("step", "worth", "low", "high", "proven")
    columns = tuple(text(f"prices.{name}") for name in names)
    tables = [Grid(text("prices.table"), columns, tuple(_price(row) for row in rows))]
    if result["unpriced"]:
        unpriced = tuple((row["path"], row["reason"]) for row in result["unpriced"])
        columns = (text("why.limit"), text("prices.why"))
        tables.append(Grid(text("prices.unpriced"), columns, unpriced))
    lines = tuple(row["text"] for row in worth[:MOST_SENTENCES])
    return Answer("", lines, (), tuple(tables))


def _price(row: dict[str, Any]) -> tuple[Cell, ...]:
    price = row["price"] or {}
    ends = [None if price.get(n) is None else score(price[n]) for n in ("value", "low", "high")]
    proven = bool(row["worthless"] or row["enables"] or price.get("proven"))
    return (row["words"], *ends, text("yes") if proven else text("no"))


def conflicts(portfolio: Portfolio, result: dict[str, Any]) -> Answer:
    """Return which rules have no plan together, and what would mend that."""
    del portfolio
    tables = [
        Grid(
            text("conflicts.conflict", {"n": number}),
            (text("conflicts.rule"), text("finding.place")),
            tuple((member["words"], member["path"]) for member in conflict["members"])
            or ((conflict["words"], ""),),
        )
        for number, conflict in enumerate(result["conflicts"], start=1)
    ]
    columns = tuple(text(f"conflicts.{name}") for name in ("what", "change", "by"))
    tables += [
        Grid(NAMES[repair["kind"]], columns, tuple(_step(step) for step in repair["steps"]))
        for repair in result["repairs"]
    ]
    head, *lines = answer_lines(result)
    return Answer(head, tuple(lines), (), tuple(tables))


def _step(step: dict[str, Any]) -> tuple[Cell, ...]:
    by = text("conflicts.all") if step["dropped"] else amount(step["amount"])
    return step["path"], step["words"], by
