"""Rules that clash and what mends them, as people read it: plain data, whoever found them."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from pmo_optimizer.report.tables import section
from pmo_optimizer.report.words import amount, clean, heading

STEPS = (
    ("what", "name"),
    ("change", "text"),
    ("by", "number"),
    ("cost", "number"),
)


def conflicts_report(found: dict[str, Any], *, limit: int | None) -> RenderableType:
    """Return the conflicts of a portfolio as sections that rich can print.

    Parameters
    ----------
    found
        Plain data, as `pmo_scenarios.Conflicts.to_data` returns them.
    limit
        Most rows of each table; None for all.
    """
    parts: list[RenderableType] = [heading(clean(_title(found)))]
    parts += [Text(clean(line)) for line in answer_lines(found)]
    for number, conflict in enumerate(found["conflicts"], start=1):
        parts += _conflict(number, conflict, limit)
    for repair in found["repairs"]:
        parts += _repair(repair, limit)
    return Group(*parts)


def _title(found: dict[str, Any]) -> str:
    return (
        f"{found['portfolio']}: {found['rules']} rules, {found['solves']} tests, "
        f"{found['seconds']:.0f} s"
    )


def answer_lines(found: dict[str, Any]) -> list[str]:
    """Return whether there is a plan, and how many conflicts, as sentences."""
    if found["answer"] == "feasible":
        names = ", ".join(found["selected"]) or "nothing"
        return ["There is a plan that keeps every rule.", f"One selects {names}."]
    if found["answer"] == "unknown":
        return ["Whether there is a plan stays open within the limits."]
    number = len(found["conflicts"])
    there = "1 conflict" if number == 1 else f"{number} conflicts"
    rest = "there are no others" if found["complete"] else "there may be others"
    return [f"There is no plan, as is proved: {there}, {rest}."]


def _conflict(number: int, conflict: dict[str, Any], limit: int | None) -> list[RenderableType]:
    mark = "" if conflict["irreducible"] else ", maybe more than needed"
    members = conflict["members"]
    rows = [[member["words"], member["path"]] for member in members]
    columns = (("rule", "text"), ("path", "text"))
    title = f"Conflict {number}: {len(members)} that cannot hold together{mark}"
    if not members:
        return [heading(f"Conflict {number}"), Text(clean(conflict["words"]))]
    out = section(title, columns, rows, limit, "rules")
    return [*out, *(Text(clean(f"  {fact}"), style="dim") for fact in conflict["facts"])]


NAMES = {
    "cheapest": "The cheapest repair",
    "limits": "Repair by limits alone, every decision stays",
    "fewest": "Repair that touches the fewest rules",
}


def _repair(repair: dict[str, Any], limit: int | None) -> list[RenderableType]:
    proof = "proven" if repair["proven"] else "not proven"
    title = f"{NAMES[repair['kind']]}: costs {amount(repair['cost'])}, {proof}"
    rows = [
        [
            step["path"],
            step["words"],
            "all of it" if step["dropped"] else amount(step["amount"]),
            amount(step["cost"]),
        ]
        for step in repair["steps"]
    ]
    return section(title, STEPS, rows, limit, "changes")
