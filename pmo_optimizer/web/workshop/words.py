"""Changes of scenarios for people, where no control of the workshop says them."""

from __future__ import annotations

from typing import Any

from pmo_optimizer.model import Portfolio
from pmo_optimizer.web.text import catalogue, text

LISTS = {"fund": "funds", "skill": "skills", "project": "projects", "projects": "projects"}
"""Fields whose ids have names, and where these are."""

ABOUT = ("fund", "skill", "project", "projects", "people", "pools", "target", "targets")
"""Fields that say what is changed; they come first."""

MOST = 400
"""Characters of one change."""


def words_of(portfolio: Portfolio, change: dict[str, Any]) -> str:
    """Return a change in words: what it is, and what it says.

    Parameters
    ----------
    portfolio
        For names.
    change
        As a scenario file has it.
    """
    kind = str(change.get("change", ""))
    key = f"change.{kind}"
    title = text(key) if key in catalogue() else kind
    said = [
        f"{name.replace('_', ' ')} {_value(portfolio, name, value)}"
        for name, value in sorted(change.items(), key=lambda item: item[0] not in ABOUT)
        if name != "change"
    ]
    whole = f"{title}: {', '.join(said)}" if said else title
    return whole if len(whole) <= MOST else whole[: MOST - 1] + "…"


def _value(portfolio: Portfolio, name: str, value: Any) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, list):
        return ", ".join(_value(portfolio, name, item) for item in value)
    if isinstance(value, dict):
        if "id" in value:
            return str(value.get("name") or value["id"])
        return ", ".join(f"{key} {_value(portfolio, key, item)}" for key, item in value.items())
    items = getattr(portfolio, LISTS[name]) if name in LISTS else ()
    names = {item.id: item.name for item in items}
    return names.get(str(value)) or str(value)
