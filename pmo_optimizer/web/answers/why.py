"""Why a project is in the best plan, or why not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pmo_optimizer.model import Portfolio
from pmo_optimizer.report.why import flip_words, headline, said
from pmo_optimizer.report.words import amount, gap_text, score
from pmo_optimizer.web.answers.answer import Answer, Cell, Grid
from pmo_optimizer.web.text import text

LISTS = {"fund": "funds", "cap": "caps", "skill": "skills"}


def answered(portfolio: Portfolio, result: dict[str, Any]) -> Answer:
    """Return the answer in words, the two plans, and the limits that stand in the way."""
    lines = [*said(portfolio, result, None), *_relations(result)]
    lines += [flip_words(flip) for flip in result["flips"]]
    if result["stopped"]:
        lines.append(text("why.stopped"))
    tables = [_plans(result)]
    if result["limits"]:
        tables.append(_limits(portfolio, result["limits"]))
    return Answer(
        headline(portfolio, result) + ".", tuple(_sentence(x) for x in lines), (), tuple(tables)
    )


def _sentence(line: str) -> str:
    """Return a line with a capital letter and a full stop."""
    return line[:1].upper() + line[1:] + ("" if line.endswith((".", "!", "?")) else ".")


def _relations(result: dict[str, Any]) -> Iterator[str]:
    for row in result["relations"]:
        values = {"kind": row["kind"].replace("_", " "), "id": row["id"]}
        yield text("why.relation", values | {"names": ", ".join(row["projects"])})


def _plans(result: dict[str, Any]) -> Grid:
    sides = [(text("why.asis"), result["base"]), (text("why.opposite"), result["opposite"])]
    columns = (
        text("why.plan"),
        text("why.project"),
        text("table.status"),
        text("table.objective"),
        text("table.gap"),
        text("table.cost", {"currency": result["currency"]}),
        text("table.selected"),
    )
    rows = tuple(_side(name, side) for name, side in sides if side is not None)
    return Grid(text("why.plans"), columns, rows)


def _side(name: str, side: dict[str, Any]) -> tuple[Cell, ...]:
    figures = side["figures"] or {}
    place = {True: text("why.in"), False: text("why.out"), None: None}[side["selected"]]
    objective = None if side["objective"] is None else score(side["objective"])
    return (
        name,
        place,
        side["status"].replace("_", " "),
        objective,
        gap_text(side["gap"]),
        figures.get("cost"),
        figures.get("selected"),
    )


def _limits(portfolio: Portfolio, limits: list[dict[str, Any]]) -> Grid:
    columns = ("limit", "kind", "where", "needed", "spare", "enough")
    return Grid(
        text("why.limits"),
        tuple(text(f"why.{name}") for name in columns),
        tuple(_limit(portfolio, limit) for limit in limits),
    )


def _limit(portfolio: Portfolio, limit: dict[str, Any]) -> tuple[Cell, ...]:
    items = getattr(portfolio, LISTS.get(limit["kind"], "rules"))
    names = {item.id: item.name for item in items}
    kind = ("soft " if limit["soft"] else "") + limit["kind"].replace("_", " ")
    enough = text("no") if limit["blocks"] else text("yes")
    if limit["holds"]:
        enough = text("why.holds")
    return (
        names.get(limit["id"]) or limit["id"],
        kind,
        limit["where"],
        amount(limit["needed"]),
        amount(limit["spare"]),
        enough,
    )
