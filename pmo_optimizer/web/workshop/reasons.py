"""Why a project enters the plan or leaves it, as far as two plans tell without another solve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field

from pmo_optimizer.model import Plan, Portfolio
from pmo_optimizer.report.words import amount, title_of
from pmo_optimizer.web.text import text
from pmo_scenarios import Limit, Relation
from pmo_scenarios.studies.binding import limits_of, relations_of

MOST = 24
"""Projects for which limits are looked at: each takes a few milliseconds."""

SHOWN = 2
"""Limits that one reason names."""

LISTS = {"fund": "funds", "cap": "caps", "skill": "skills"}
"""Where the names of limits are; others are rules."""

MONEY = {"fund", "cap"}


@dataclass
class Reasons:
    """Finds reasons for what enters and leaves between two plans.

    Attributes
    ----------
    before, after
        Portfolio and plan of the base, and of the scenario.
    enters, leaves
        Ids of the projects that only the second, or only the first plan selects.
    """

    before: tuple[Portfolio, Plan]
    after: tuple[Portfolio, Plan]
    enters: Set[str]
    leaves: Set[str]
    _looked: int = field(default=0, init=False)

    def of(self, project: str) -> str:
        """Return the reason for one project that enters or leaves, as sentences."""
        enters = project in self.enters
        decided = self._decided(project)
        if decided:
            return decided
        found = list(self._relations(project, enters=enters)) or list(
            self._limits(project, enters=enters)
        )
        if found:
            return " ".join(found)
        return text("reason.worth.enters" if enters else "reason.worth")

    def _decided(self, project: str) -> str:
        old = self.before[0].project_by_id.get(project)
        new = self.after[0].project_by_id.get(project)
        if old is None or new is None or old.decision is new.decision:
            return ""
        if new.decision.value == "free":
            return text("reason.free.never" if old.decision.value == "never" else "reason.free")
        return text(f"reason.{new.decision.value}")

    def _relations(self, project: str, *, enters: bool) -> Iterator[str]:
        """Yield the rules of the selection and links that explain it."""
        for relation in relations_of(self.after[0], project):
            same = sorted(set(relation.projects) & (self.enters if enters else self.leaves))
            other = sorted(set(relation.projects) & (self.leaves if enters else self.enters))
            key = _key(relation, project, self.after[0], same, other, enters=enters)
            if key:
                names = other if key.startswith(("choose", "excludes")) else same
                yield text(f"reason.{key}", {"names": self._named(names)})
                return

    def _named(self, projects: list[str]) -> str:
        return ", ".join(title_of(self.after[0], name) for name in projects)

    def _limits(self, project: str, *, enters: bool) -> Iterator[str]:
        """Yield the limits that leave too little for the project in the plan without it."""
        self._looked += 1
        if self._looked > MOST:
            return
        portfolio, without = self.before if enters else self.after
        inside = self.after[1] if enters else self.before[1]
        if project not in portfolio.project_by_id:
            return
        found = [x for x in limits_of(portfolio, project, inside, without) if x.blocks]
        for limit in sorted(found, key=lambda x: x.soft)[:SHOWN]:
            if limit.kind in LISTS:
                key = "reason.enters.limit" if enters else "reason.leaves.limit"
                yield text(key, _said(portfolio, limit))


def _key(
    relation: Relation,
    project: str,
    portfolio: Portfolio,
    same: list[str],
    other: list[str],
    *,
    enters: bool,
) -> str:
    """Return which text says what a relation does; empty where it does nothing here."""
    if relation.kind == "requires" and same:
        needs = next((r for r in portfolio.requires if r.id == relation.id), None)
        mine = needs is not None and needs.project == project
        if mine:
            return "" if enters else "requires"
        return "required" if enters else ""
    if relation.kind == "excludes" and other:
        return "" if enters else "excludes"
    if relation.kind == "choose" and other:
        return "choose.left" if enters else "choose"
    if relation.kind == "all_or_none" and same:
        return "all_or_none"
    return ""


def _said(portfolio: Portfolio, limit: Limit) -> Mapping[str, str]:
    items = {item.id: item.name for item in getattr(portfolio, LISTS[limit.kind])}
    unit = portfolio.currency if limit.kind in MONEY else text("workshop.fte")
    return {
        "needed": f"{amount(limit.needed)} {unit}",
        "spare": f"{amount(limit.spare)} {unit}",
        "limit": items.get(limit.id) or limit.id,
        "where": text("reason.where", {"where": limit.where}) if limit.where else "",
    }
