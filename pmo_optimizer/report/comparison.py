"""Plans side by side: tables of plain rows, whoever compared them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from pmo_optimizer.model import Portfolio
from pmo_optimizer.report.tables import section
from pmo_optimizer.report.words import ABSENT, amount, clean, first_day, gap_text, heading, score

MOST_FUNDS = 5
"""Cases whose use of funds fits side by side."""

MOST_NAMES = 12
"""So many ids stand in one line; ``--all`` shows every one."""


def comparison_report(
    portfolio: Portfolio, comparison: dict[str, Any], *, limit: int | None
) -> RenderableType:
    """Return a comparison as sections that rich can print.

    Parameters
    ----------
    portfolio
        The base: dates and names.
    comparison
        Plain data, as `pmo_scenarios.Comparison.to_data` returns them.
    limit
        Most rows of each table; None for all.
    """
    cases: list[dict[str, Any]] = comparison["cases"]
    parts: list[RenderableType] = [heading(_title(comparison))]
    parts += section("Cases", COLUMNS, [_row(case) for case in cases], limit, "cases")
    if comparison["missing"]:
        parts.append(Text(f"Not solved: {', '.join(comparison['missing'])}", style="yellow"))
    parts += section("Gained against the base", GAINS, _gains(cases), limit, "cases")
    parts += _funds(cases, limit)
    for case in cases[1:]:
        parts += _changes(portfolio, case, limit)
    return Group(*parts)


COLUMNS = (
    ("case", "name"),
    ("status", "text"),
    ("objective", "number"),
    ("gap", "number"),
    ("value", "number"),
    ("cost", "number"),
    ("npv", "number"),
    ("effort", "number"),
    ("projects", "number"),
)

GAINS = (
    ("case", "name"),
    ("gained", "number"),
    ("at least", "number"),
    ("at most", "number"),
    ("proven", "text"),
    ("per money", "number"),
    ("per FTE-period", "number"),
    ("in", "number"),
    ("out", "number"),
    ("moved", "number"),
)


def _title(comparison: dict[str, Any]) -> str:
    aim = "most" if comparison["maximised"] else "least"
    return clean(
        f"{comparison['portfolio']}: {len(comparison['cases'])} cases, {aim} "
        f"{comparison['term']}, money in {comparison['currency']}, "
        f"{comparison['seconds']:.0f} s of solving"
    )


def _row(case: dict[str, Any]) -> list[str]:
    figures = case["figures"]
    numbers = [ABSENT] * 5
    if figures is not None:
        numbers = [score(figures["value"]), amount(figures["cost"]), amount(figures["npv"])]
        numbers += [amount(figures["effort"]), str(figures["selected"])]
    return [case["id"], case["status"], score(case["objective"]), gap_text(case["gap"]), *numbers]


def _gains(cases: Sequence[dict[str, Any]]) -> list[list[str]]:
    rows = []
    for case in cases[1:]:
        gained = case["gained"]
        if gained is not None:
            per = [_ratio(case[name]) for name in ("per_money", "per_effort")]
            numbers = [str(len(case[name])) for name in ("enters", "leaves", "moves")]
            ends = [score(gained[name]) for name in ("value", "low", "high")]
            rows.append([case["id"], *ends, "yes" if gained["proven"] else "no", *per, *numbers])
    return rows


def _ratio(interval: dict[str, Any] | None) -> str:
    return ABSENT if interval is None else f"{interval['value']:.3g}"


def _funds(cases: Sequence[dict[str, Any]], limit: int | None) -> list[RenderableType]:
    """Return what each fund spends in each case, of what it has."""
    shown = [case for case in cases if case["figures"] is not None]
    hidden = 0 if limit is None else max(0, len(shown) - MOST_FUNDS)
    shown = shown[: len(shown) - hidden]
    use = [{(f["fund"], f["bucket"]): f for f in case["figures"]["funds"]} for case in shown]
    buckets = sorted({bucket for one in use for bucket in one})
    rows = [
        [
            f"{fund} {bucket}".strip(),
            *(_spent(one.get((fund, bucket))) for one in use),
        ]
        for fund, bucket in buckets
    ]
    columns = [("fund", "name"), *((case["id"], "number") for case in shown)]
    more = f", {hidden} more cases in --json" if hidden else ""
    return section(f"Spent / available of each fund{more}", columns, rows, limit, "rows")


def _spent(use: dict[str, Any] | None) -> str:
    return ABSENT if use is None else f"{amount(use['spent'])} / {amount(use['available'])}"


def _changes(portfolio: Portfolio, case: dict[str, Any], limit: int | None) -> list[RenderableType]:
    """Return what is different in a case, line by line."""
    lines = [("enters", case["enters"]), ("leaves", case["leaves"])]
    moved = [
        f"{m['project']} {first_day(portfolio.calendar, m['start_before'])}"
        f" → {first_day(portfolio.calendar, m['start_after'])}"
        + (f" ({', '.join(m['modes'])} in another mode)" if m["modes"] else "")
        for m in case["moves"]
    ]
    lines.append(("moves", moved))
    lines.append(("reassigned", [r["person"] for r in case["reassigned"]]))
    out: list[RenderableType] = []
    for word, names in lines:
        if names:
            most = len(names) if limit is None else MOST_NAMES
            more = f" and {len(names) - most} more" if len(names) > most else ""
            out.append(Text(f"  {word}: {clean(', '.join(names[:most]))}{more}"))
    if not out:
        text = case["message"] or (
            "the same projects at the same times" if case["figures"] else case["status"]
        )
        out.append(Text(f"  {clean(text)}"))
    name = f": {case['name']}" if case["name"] else ""
    return [heading(clean(f"{case['id']}{name}")), *out]
