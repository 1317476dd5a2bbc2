"""Why a project is in the best plan, or why not, in words and tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from pmo_optimizer.model import Portfolio
from pmo_optimizer.report.tables import section
from pmo_optimizer.report.words import (
    ABSENT,
    amount,
    clean,
    first_day,
    gap_text,
    heading,
    score,
    title_of,
)

SIDES = (
    ("plan", "name"),
    ("project", "text"),
    ("status", "text"),
    ("objective", "number"),
    ("gap", "number"),
    ("value", "number"),
    ("cost", "number"),
    ("npv", "number"),
    ("projects", "number"),
)

LIMITS = (
    ("limit", "name"),
    ("", "text"),
    ("where", "text"),
    ("needed", "number"),
    ("spare", "number"),
    ("enough", "text"),
)

REASONS = {
    "must": "it is set to must",
    "never": "it is set to never",
    "running": "it is running and cannot be stopped",
    "better": "the opposite decision is proven to be worse",
    "equal": "the opposite decision is proven to be as good",
    "impossible": "the opposite decision is proven to leave no plan",
    "open": "that this is better than the opposite decision is not proven",
    "no_plan": "the portfolio is proven to have no plan",
}

NOUNS = {"value": "Value", "cost": "Cost"}


def why_report(portfolio: Portfolio, why: dict[str, Any], *, limit: int | None) -> RenderableType:
    """Return an answer as sections that rich can print.

    Parameters
    ----------
    portfolio
        Names and dates.
    why
        Plain data, as `pmo_scenarios.Why.to_data` returns them.
    limit
        Most rows of each table; None for all.
    """
    parts: list[RenderableType] = [heading(clean(headline(portfolio, why)))]
    parts += [Text(f"  {clean(line)}") for line in said(portfolio, why, limit)]
    sides = [("as it is", why["base"]), ("the opposite", why["opposite"])]
    rows = [_side(name, side) for name, side in sides if side is not None]
    parts += section("The two plans", SIDES, rows, limit, "plans")
    parts += section(
        "Limits that it takes from", LIMITS, [_limit(x) for x in why["limits"]], limit, "limits"
    )
    named = [f"{x['kind']} {x['id']} ({', '.join(x['projects'])})" for x in why["relations"]]
    if named:
        parts.append(heading("Rules and links that name it"))
        parts += [Text(f"  {clean(text)}") for text in named[:limit]]
    if why["flips"]:
        parts.append(heading("Where the decision turns"))
        parts += [Text(f"  {clean(flip_words(flip))}") for flip in why["flips"]]
    if why["stopped"]:
        parts.append(Text("\nStopped before the end.", style="yellow"))
    return Group(*parts)


def headline(portfolio: Portfolio, why: dict[str, Any]) -> str:
    """Return whether the project is in or out, and why, as one sentence without its full stop."""
    title = title_of(portfolio, why["project"])
    if why["selected"] is None:
        return f"{title}: {REASONS[why['reason']]}"
    return f"{title} is {'in' if why['selected'] else 'out'}: {REASONS[why['reason']]}"


def said(portfolio: Portfolio, why: dict[str, Any], limit: int | None) -> Iterator[str]:
    """Yield what the opposite decision loses and changes, line by line."""
    loss, opposite = why["loss"], why["opposite"]
    if opposite is not None and opposite["message"]:
        yield opposite["message"]
    if loss is not None:
        ends = f"at least {score(loss['low'])}, at most {score(loss['high'])}"
        yield f"the opposite decision loses {score(loss['value'])} ({ends})"
    moved = [
        f"{m['project']} {first_day(portfolio.calendar, m['start_before'])}"
        f" → {first_day(portfolio.calendar, m['start_after'])}"
        for m in why["moves"]
    ]
    lines = (
        ("enters instead", [title_of(portfolio, name) for name in why["enters"]]),
        ("leaves with that", [title_of(portfolio, name) for name in why["leaves"]]),
        ("moves", moved),
    )
    for word, names in lines:
        if names:
            shown = names[:limit]
            more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
            yield f"{word}: {', '.join(shown)}{more}"


def _side(name: str, side: dict[str, Any]) -> list[str]:
    figures = side["figures"]
    numbers = [ABSENT] * 4
    if figures is not None:
        numbers = [score(figures["value"]), amount(figures["cost"]), amount(figures["npv"])]
        numbers.append(str(figures["selected"]))
    place = ABSENT if side["selected"] is None else "in" if side["selected"] else "out"
    return [name, place, side["status"], score(side["objective"]), gap_text(side["gap"]), *numbers]


def _limit(limit: dict[str, Any]) -> list[str]:
    word = "no" if limit["blocks"] else "yes"
    if limit["times"] > 1:
        word += f", {limit['times']} times"
    if limit["holds"]:
        word = "needs it"
    kind = f"soft {limit['kind']}" if limit["soft"] else limit["kind"]
    numbers = [amount(limit["needed"]), amount(limit["spare"])]
    return [limit["id"], kind, limit["where"], *numbers, word]


def flip_words(flip: dict[str, Any]) -> str:
    """Return where the decision turns, as one sentence without its full stop."""
    noun, reason = NOUNS[flip["lever"]], flip["reason"]
    more = f" ({reason})" if reason else ""
    if flip["status"] == "found":
        ends = [(flip["inside"], flip["inside_amount"]), (flip["outside"], flip["outside_amount"])]
        inside, outside = (
            f"{100 * factor:.4g} %" + ("" if x is None else f", {amount(x)}") for factor, x in ends
        )
        return f"{noun}: in at {inside}; out at {outside}; both proven{more}"
    if flip["status"] == "none" and not reason:
        low, high = (f"{100 * flip[name]:.4g} %" for name in ("low", "high"))
        looked = f"from {low} to {high}" if flip["only"] else f"at {low} and {high}"
        return f"{noun}: the same {looked}, proven"
    return f"{noun}: {'not proven' if flip['status'] == 'open' else 'no flip'}{more}"
