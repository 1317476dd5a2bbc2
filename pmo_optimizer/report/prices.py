"""Prices of limits: a table of plain rows, the highest first, and the first ones in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from pmo_optimizer.report.tables import section
from pmo_optimizer.report.words import ABSENT, clean, gap_text, heading, score

MOST_SENTENCES = 10
"""So many prices are said in words as well; ``--all`` says every one."""

MOST_NAMES = 12
"""So many paths stand in one line."""

COLUMNS = (
    ("one step", "name"),
    ("worth", "number"),
    ("at least", "number"),
    ("at most", "number"),
    ("proven", "text"),
    ("per unit", "number"),
    ("in", "number"),
    ("out", "number"),
)


def prices_report(prices: dict[str, Any], *, limit: int | None) -> RenderableType:
    """Return prices as sections that rich can print.

    Parameters
    ----------
    prices
        Plain data, as `pmo_scenarios.Prices.to_data` returns them.
    limit
        Most rows of each table; None for all.
    """
    rows: list[dict[str, Any]] = prices["prices"]
    parts: list[RenderableType] = [heading(_title(prices)), Text(f"  {_base(prices)}")]
    parts += section("What one step more is worth", COLUMNS, [_row(r) for r in rows], limit)
    parts += _words(rows, limit)
    parts += section(
        "Not priced", (("limit", "name"), ("why", "text")), _unpriced(prices), limit, "limits"
    )
    if prices["missing"]:
        parts.append(Text(f"\nNot solved: {_listed(prices['missing'], limit)}", style="yellow"))
    return Group(*parts)


def _title(prices: dict[str, Any]) -> str:
    aim = "most" if prices["maximised"] else "least"
    return clean(
        f"{prices['portfolio']}: {len(prices['prices'])} limits, {aim} {prices['term']}, "
        f"{prices['seconds']:.0f} s of solving"
    )


def _base(prices: dict[str, Any]) -> str:
    return (
        f"as it is: {prices['status']} {score(prices['objective'])}, bound "
        f"{score(prices['bound'])}, gap {gap_text(prices['gap'])}"
    ) + (f" ({clean(prices['message'])})" if prices["message"] else "")


def _row(row: dict[str, Any]) -> list[str]:
    price, per = row["price"], row["per_unit"]
    ends = [ABSENT] * 3 if price is None else [score(price[n]) for n in ("value", "low", "high")]
    if row["enables"]:
        ends[0] = "a plan"
    each = ABSENT if per is None else f"{per['value']:.3g}"
    numbers = [str(len(row[name])) for name in ("enters", "leaves")]
    return [row["words"], *ends, _proven(row), each, *numbers]


def _proven(row: dict[str, Any]) -> str:
    if row["worthless"]:
        return "nothing"
    return "yes" if row["enables"] or (row["price"] or {}).get("proven") else "no"


def _words(rows: Sequence[dict[str, Any]], limit: int | None) -> list[RenderableType]:
    """Return the first prices above 0, and what makes a plan possible, a sentence each."""
    worth = [row for row in rows if row["enables"] or (row["price"] or {}).get("value", 0) > 0]
    shown = worth if limit is None else worth[:MOST_SENTENCES]
    if not shown:
        return []
    return [heading("In words"), *(Text(f"  {clean(row['text'])}") for row in shown)]


def _unpriced(prices: dict[str, Any]) -> list[list[str]]:
    return [[row["path"], row["reason"]] for row in prices["unpriced"]]


def _listed(names: Sequence[str], limit: int | None) -> str:
    most = len(names) if limit is None else MOST_NAMES
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return clean(", ".join(names[:most])) + more
