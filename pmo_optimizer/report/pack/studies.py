"""Tables of studies: scenarios side by side, prices of limits, a plan made anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pmo_optimizer.model import Portfolio
from pmo_optimizer.report.charts import Cell, Table
from pmo_optimizer.report.charts.theme import counted
from pmo_optimizer.report.words import ABSENT, amount, first_day, gap_text, score, title_of

Tables = tuple[tuple[str, Table], ...]

MOST_PRICES = 40
"""Limits in the pack; the JSON of the study has all."""


def compared(portfolio: Portfolio, comparison: Mapping[str, Any]) -> tuple[str, Tables]:
    """Return a sentence about a comparison, its cases with differences, and what changes."""
    cases: Sequence[Mapping[str, Any]] = comparison["cases"]
    money = comparison["currency"]
    base = cases[0]["figures"]
    columns = (
        "case",
        "status",
        f"{comparison['term']} (objective)",
        "gained",
        "proven",
        "gap",
        f"cost {money}".strip(),
        "cost difference",
        "projects",
        "in",
        "out",
        "moved",
    )
    rows = tuple(_case(case, base) for case in cases)
    changes = tuple(
        (
            _named(case),
            _projects(portfolio, case["enters"]),
            _projects(portfolio, case["leaves"]),
            _moves(portfolio, case["moves"]),
        )
        for case in cases[1:]
    )
    tables: Tables = (
        ("Figures and differences from the base", Table(columns, rows)),
        ("What enters, leaves and moves", Table(("case", "in", "out", "moved"), changes)),
    )
    best = [c for c in cases[1:] if c["gained"] is not None]
    lead = f"{counted(len(cases) - 1, 'scenario')} beside the base."
    if best:
        top = max(best, key=lambda c: c["gained"]["value"])
        sure = "proven" if top["gained"]["proven"] else "not proven"
        lead = (
            f"{lead[:-1]}; the largest gain is {_signed(top['gained']['value'])} "
            f"({comparison['term']}) in {top['id']}, {sure}."
        )
    if comparison["missing"]:
        lead += f" Not solved: {', '.join(comparison['missing'])}."
    return lead, tables


def _named(case: Mapping[str, Any]) -> str:
    return f"{case['id']}: {case['name']}" if case["name"] else str(case["id"])


def _case(case: Mapping[str, Any], base: Mapping[str, Any] | None) -> tuple[str, ...]:
    figures, gained = case["figures"], case["gained"]
    cost = None if figures is None else figures["cost"]
    more = ABSENT
    if cost is not None and base is not None and figures is not base:
        more = _signed(cost - base["cost"], money=True)
    interval = ABSENT
    if gained is not None:
        ends = f" ({score(gained['low'])} to {score(gained['high'])})"
        interval = _signed(gained["value"]) + ends
    return (
        _named(case),
        str(case["status"]).replace("_", " "),
        score(case["objective"]),
        interval,
        ABSENT if gained is None else "yes" if gained["proven"] else "no",
        gap_text(case["gap"]),
        amount(cost),
        more,
        ABSENT if figures is None else str(figures["selected"]),
        *(str(len(case[side])) for side in ("enters", "leaves", "moves")),
    )


def _signed(value: float, *, money: bool = False) -> str:
    """Return a difference with its sign."""
    text = amount(abs(value)) if money else score(abs(value))
    if float(text.replace(",", "")) == 0:
        return "0"
    return f"{'+' if value > 0 else '−'}{text}"


def _projects(portfolio: Portfolio, names: Sequence[str]) -> str:
    return ", ".join(title_of(portfolio, name) for name in names) or ABSENT


def _moves(portfolio: Portfolio, moves: Sequence[Mapping[str, Any]]) -> str:
    calendar = portfolio.calendar
    return (
        ", ".join(
            f"{m['project']} {first_day(calendar, m['start_before'])} → "
            f"{first_day(calendar, m['start_after'])}" + (" (another mode)" if m["modes"] else "")
            for m in moves
        )
        or ABSENT
    )


def priced(prices: Mapping[str, Any]) -> tuple[str, Tables]:
    """Return a sentence about prices of limits, and their table, the highest first."""
    found: Sequence[Mapping[str, Any]] = prices["prices"]
    columns = ("one step", "worth", "at least", "at most", "proven", "per unit", "in", "out")
    rows = tuple(_price(row) for row in found[:MOST_PRICES])
    worth = [row for row in found if (row["price"] or {}).get("value", 0) > 0]
    lead = f"{counted(len(found), 'limit')}, {len(worth):,} of which are worth something"
    lead += f": {worth[0]['text'].rstrip('.')}." if worth else "."
    if len(found) > len(rows):
        lead += f" The table has the first {len(rows)}."
    return lead, (("", Table(columns, rows)),)


def _price(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    price, per = row["price"], row["per_unit"]
    ends: list[Cell] = [None] * 3
    if price is not None:
        ends = [None if price[n] is None else float(price[n]) for n in ("value", "low", "high")]
    sure = "yes" if row["enables"] or (price or {}).get("proven") else "no"
    words = f"{row['words']} (makes a plan possible)" if row["enables"] else str(row["words"])
    return (
        words,
        *ends,
        "nothing" if row["worthless"] else sure,
        None if per is None else float(per["value"]),
        *(len(row[side]) for side in ("enters", "leaves")),
    )


def replanned(portfolio: Portfolio, replan: Mapping[str, Any]) -> tuple[str, Tables]:
    """Return what is different in a plan made anew; no tables where nothing is."""
    new = replan["new"]
    if new is None:
        return str(replan["message"]), ()

    def day(period: int | None) -> str:
        return first_day(portfolio.calendar, period)

    rows = [(title_of(portfolio, name), "enters", "", "") for name in new["enters"]]
    rows += [(title_of(portfolio, name), "leaves", "", "") for name in new["leaves"]]
    rows += [
        (
            title_of(portfolio, m["project"]),
            "moves" if not m["modes"] else "moves, another mode",
            f"{day(m['start_before'])} to {day(m['finish_before'])}",
            f"{day(m['start_after'])} to {day(m['finish_after'])}",
        )
        for m in new["moves"]
    ]
    lead = (
        f"As of {day(replan['now'])}: {counted(new['changes'], 'changed project')}, "
        f"at least {replan['least_changes']} are needed."
    )
    columns = ("project", "change", "old: first day to end", "new: first day to end")
    return lead, (("", Table(columns, tuple(rows))),) if rows else ()
