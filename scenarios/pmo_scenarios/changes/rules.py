"""Links and rules on or off; limits hard or soft, and their prices."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from pmo_optimizer import (
    AllOrNone,
    Cap,
    Choose,
    Excludes,
    Link,
    Number,
    Requires,
    Rule,
    Synergy,
)
from pmo_scenarios.changes.amounts import BaseChange
from pmo_scenarios.changes.draft import PROJECTS, WORDS, Draft, Target

RELATIONS = (
    "links",
    "requires",
    "excludes",
    "all_or_none",
    "choose",
    "synergies",
    "caps",
    "rules",
)
"""Lists of what can be on or off."""

PRICES: Mapping[str, str] = MappingProxyType(
    {
        "caps": "price",
        "funds": "price",
        "projects": "late_price",
        "rules": "price",
        "skills": "overload_price",
    }
)
"""Lists of what can be soft, and the field that holds the price."""


class Off(BaseChange):
    """Links and rules that hold no longer.

    Attributes
    ----------
    targets
        Ids of links (also between phases of a project), requirements, exclusions, all-or-none
        rules, choose groups, synergies, caps and rules; or paths such as ``caps/cloud``.
    """

    change: Literal["off"] = "off"
    targets: tuple[str, ...]

    def apply_to(self, draft: Draft) -> None:
        """Remove them."""
        if not self.targets:
            draft.idle("targets", "It switches nothing off.")
        for name in dict.fromkeys(self.targets):
            target = draft.targets(RELATIONS, name, "targets")
            if target is not None:
                _remove(draft, target)


def _remove(draft: Draft, target: Target) -> None:
    if not target.owner:
        entries = getattr(draft.portfolio, target.field)
        draft.set(target.field, tuple(entry for entry in entries if entry is not target.item))
        return
    project = draft.portfolio.project_by_id[target.owner]
    links = tuple(link for link in project.links if link is not target.item)
    draft.put(PROJECTS, project, project.model_copy(update={"links": links}))


class On(BaseChange):
    """Links and rules that hold as well, written as in a portfolio."""

    change: Literal["on"] = "on"
    links: tuple[Link, ...] = ()
    requires: tuple[Requires, ...] = ()
    excludes: tuple[Excludes, ...] = ()
    all_or_none: tuple[AllOrNone, ...] = ()
    choose: tuple[Choose, ...] = ()
    synergies: tuple[Synergy, ...] = ()
    caps: tuple[Cap, ...] = ()
    rules: tuple[Rule, ...] = ()

    def apply_to(self, draft: Draft) -> None:
        """Add them."""
        added = {name: getattr(self, name) for name in RELATIONS if getattr(self, name)}
        if not added:
            draft.idle("", "It switches nothing on.")
        for field, entries in added.items():
            there = getattr(draft.portfolio, field)
            known = {entry.id for entry in there}
            for entry in entries:
                if entry.id and entry.id in known:
                    draft.error(
                        "duplicate-id",
                        f"{field}/{entry.id}",
                        f"There is a {WORDS[field]} {entry.id} already.",
                        "Choose another id, or switch the other one off before.",
                    )
            draft.set(field, (*there, *entries))


class Priced(BaseChange):
    """A change of limits that can be soft.

    Attributes
    ----------
    targets
        Ids of funds, caps, rules, skills (their capacity) or projects (their due dates); or
        paths such as ``skills/tester``.
    """

    targets: tuple[str, ...]

    def set_price(self, draft: Draft, price: Number | None, *, needs_price: bool) -> None:
        """Set the price of each target; None makes it hard."""
        if not self.targets:
            draft.idle("targets", "It names nothing.")
        for name in dict.fromkeys(self.targets):
            target = draft.targets(tuple(PRICES), name, "targets")
            if target is None:
                continue
            word, field = WORDS[target.field], PRICES[target.field]
            old = getattr(target.item, field)
            if target.field == "projects" and target.item.due is None:
                draft.error(
                    "change-outside",
                    "targets",
                    f"Project {target.item.id} has no due date, which could have a price.",
                    "Give it one before, with a change `dates`.",
                )
            elif needs_price and old is None:
                draft.error(
                    "change-conflict",
                    "targets",
                    f"The {word} {target.item.id} is hard, so that it has no price to change.",
                    "Use `change: soft`.",
                )
            elif old == price:
                said = "hard" if price is None else f"soft at {price}"
                draft.idle("targets", f"The {word} {target.item.id} is {said} already.")
            else:
                new = target.item.model_copy(update={field: price})
                draft.replace(target.field, target.item, new)


class Soft(Priced):
    """Limits that may be exceeded at a price per unit, in the unit of the first term."""

    change: Literal["soft"] = "soft"
    price: Number

    def apply_to(self, draft: Draft) -> None:
        """Give each a price."""
        self.set_price(draft, self.price, needs_price=False)


class Price(Priced):
    """Another price of limits that are soft already."""

    change: Literal["price"] = "price"
    price: Number

    def apply_to(self, draft: Draft) -> None:
        """Change the price of each."""
        self.set_price(draft, self.price, needs_price=True)


class Hard(Priced):
    """Limits that hold from now on, whatever that costs."""

    change: Literal["hard"] = "hard"

    def apply_to(self, draft: Draft) -> None:
        """Take the price from each."""
        self.set_price(draft, None, needs_price=False)
