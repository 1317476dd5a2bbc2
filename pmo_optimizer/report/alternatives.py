"""Plans near the best one as tables: what they are worth, and what they select."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from pmo_optimizer.model import Portfolio
from pmo_optimizer.report.tables import section
from pmo_optimizer.report.words import ABSENT, amount, clean, heading, percent, score, title_of

MOST_PLANS = 10
"""Plans whose selections fit side by side."""

PLANS = (
    ("plan", "name"),
    ("status", "text"),
    ("objective", "number"),
    ("behind", "number"),
    ("at most", "number"),
    ("value", "number"),
    ("cost", "number"),
    ("projects", "number"),
    ("in", "number"),
    ("out", "number"),
)

ENDS = {
    "enough": "As many plans as were wanted.",
    "proved": "Proved: no further plan exists.",
    "limit": "Time or work ran out before a further plan was found or excluded.",
    "open": "No further plan was found; that none exists is not proved.",
    "stopped": "Stopped before the end.",
    "no_best": "There is no plan to compare with.",
}


def alternatives_report(
    portfolio: Portfolio, result: dict[str, Any], *, limit: int | None
) -> RenderableType:
    """Return alternatives as sections that rich can print.

    Parameters
    ----------
    portfolio
        Names.
    result
        Plain data, as `pmo_scenarios.Alternatives.to_data` returns them.
    limit
        Most rows of each table; None for all.
    """
    plans: list[dict[str, Any]] = result["plans"]
    parts: list[RenderableType] = [heading(_title(result))]
    parts += section("Plans", PLANS, [_row(plan) for plan in plans], limit, "plans")
    parts += _choices(portfolio, result, limit)
    if len(plans) > 1:
        core = [title_of(portfolio, name) for name in result["core"]]
        most = len(core) if limit is None else limit
        more = f" and {len(core) - most} more" if len(core) > most else ""
        parts.append(heading("In every plan"))
        parts.append(Text(f"  {', '.join(core[:most]) or ABSENT}{more}"))
        parts += _distances(result, limit)
    reason = f" ({result['reason']})" if result["reason"] else ""
    parts.append(Text(f"\n{clean(ENDS[result['ended']] + reason)}"))
    return Group(*parts)


def _title(result: dict[str, Any]) -> str:
    aim = "most" if result["maximised"] else "least"
    floor = "" if result["floor"] is None else f", {score(result['floor'])} or better"
    return clean(
        f"{result['portfolio']}: {len(result['plans'])} plans, {aim} {result['term']}{floor}, "
        f"at least {result['differences']} projects different, {result['seconds']:.0f} s of solving"
    )


def _row(plan: dict[str, Any]) -> list[str]:
    figures = plan["figures"]
    numbers = [score(plan[name]) for name in ("objective", "behind", "behind_at_most")]
    numbers += [score(figures["value"]), amount(figures["cost"]), str(figures["selected"])]
    sides = [str(len(plan[name])) for name in ("enters", "leaves")]
    return [plan["id"], plan["status"], *numbers, *sides]


def _choices(
    portfolio: Portfolio, result: dict[str, Any], limit: int | None
) -> list[RenderableType]:
    """Return which of the plans select each project that not all of them select."""
    plans = result["plans"][:MOST_PLANS]
    rows = [
        [
            title_of(portfolio, choice["project"]),
            *("x" if choice["project"] in plan["selected"] else "" for plan in plans),
            percent(choice["plans"], len(result["plans"])),
        ]
        for choice in result["optional"]
    ]
    columns = [("project", "name"), *((plan["id"], "text") for plan in plans), ("in", "number")]
    hidden = len(result["plans"]) - len(plans)
    more = f", {hidden} more plans in --json" if hidden else ""
    return section(f"In some plans{more}", columns, rows, limit, "projects")


def _distances(result: dict[str, Any], limit: int | None) -> list[RenderableType]:
    plans = result["plans"][:MOST_PLANS]
    rows = [
        [plan["id"], *(str(n) for n in row[: len(plans)])]
        for plan, row in zip(plans, result["distances"], strict=False)
    ]
    columns = [("", "name"), *((plan["id"], "number") for plan in plans)]
    return section("Projects that differ", columns, rows, limit, "plans")
