"""A portfolio that is being changed, and what was found on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from pmo_optimizer import (
    Criterion,
    Finding,
    Frozen,
    Fund,
    Person,
    Pool,
    Portfolio,
    Project,
    Severity,
    Skill,
    suggestion,
)

Item = TypeVar("Item", bound=Frozen)

MOST_SUGGESTIONS = 20
"""So many unknown names at most come with a similar one: comparing takes long."""


class Kind(NamedTuple, Generic[Item]):
    """A list of the portfolio whose entries a change may name.

    Attributes
    ----------
    field
        Name of the list.
    word
        What one entry is called.
    model
        Type of the entries.
    """

    field: str
    word: str
    model: type[Item]


CRITERIA = Kind("criteria", "criterion", Criterion)
FUNDS = Kind("funds", "fund", Fund)
PEOPLE = Kind("people", "person", Person)
POOLS = Kind("pools", "pool", Pool)
PROJECTS = Kind("projects", "project", Project)
SKILLS = Kind("skills", "skill", Skill)

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "all_or_none": "all-or-none rule",
        "caps": "cap",
        "choose": "choose group",
        "excludes": "exclusion",
        "funds": "fund",
        "links": "link",
        "projects": "project",
        "requires": "requirement",
        "rules": "rule",
        "skills": "skill",
        "synergies": "synergy",
    }
)
"""What one entry is called, of the lists that `Draft.targets` looks into."""


class Target(NamedTuple):
    """An object of any kind that a change names.

    Attributes
    ----------
    field
        The list that holds it.
    item
        The object.
    owner
        The project whose own link it is; empty otherwise.
    """

    field: str
    item: Any
    owner: str = ""

    @property
    def path(self) -> str:
        """Where it is in the portfolio; a change may name it so as well."""
        inside = f"projects/{self.owner}/" if self.owner else ""
        return f"{inside}{self.field}/{self.item.id}"


class Draft:
    """A portfolio under change.

    Attributes
    ----------
    portfolio
        As it is after the changes so far; every step makes a new one.
    findings
        What is wrong with the changes so far, or odd about them.
    """

    def __init__(self, portfolio: Portfolio, path: str) -> None:
        self.portfolio = portfolio
        self.findings: list[Finding] = []
        self._path = path
        self._number = 0
        self._unknown = 0

    def begin(self, number: int) -> None:
        """Take up a change; findings name its 0-based number from now on."""
        self._number = number

    def error(self, rule: str, field: str, message: str, fix: str) -> None:
        """Note an error of the change."""
        self._note(Severity.ERROR, rule, field, message, fix)

    def warn(self, rule: str, field: str, message: str, fix: str) -> None:
        """Note a warning about the change."""
        self._note(Severity.WARNING, rule, field, message, fix)

    def idle(self, field: str, message: str) -> None:
        """Note that a change, or a part of it, has no effect."""
        self.warn("change-without-effect", field, message, "Remove it, or correct what it says.")

    def _note(self, severity: Severity, rule: str, field: str, message: str, fix: str) -> None:
        path = f"{self._path}/changes/{self._number}{f'/{field}' if field else ''}"
        self.findings.append(Finding(severity, rule, path, message, fix))

    def items(self, kind: Kind[Item]) -> tuple[Item, ...]:
        """Return the entries of a list as they are now."""
        entries: tuple[Item, ...] = getattr(self.portfolio, kind.field)
        return entries

    def find(self, kind: Kind[Item], name: str, field: str) -> Item | None:
        """Return the entry of that id; None, and a finding, where there is none."""
        known = {item.__dict__["id"]: item for item in self.items(kind)}
        if name not in known:
            self.unknown(kind.word, name, known, field)
        return known.get(name)

    def find_each(self, kind: Kind[Item], names: Iterable[str], field: str) -> list[Item]:
        """Return the entries of these ids, each once, with a finding for each unknown one."""
        found = (self.find(kind, name, field) for name in dict.fromkeys(names))
        return [item for item in found if item is not None]

    def unknown(self, word: str, name: str, known: Iterable[str], field: str) -> None:
        """Note that nothing carries a name, with a similar one that something does."""
        self._unknown += 1
        near = suggestion(name, known) if self._unknown <= MOST_SUGGESTIONS else ""
        self.error(
            "unknown-target",
            field,
            f"There is no {word} {name} in the portfolio.",
            f"{near}Correct the id, or remove the change.",
        )

    def put(self, kind: Kind[Item], old: Item, new: Item) -> None:
        """Replace an entry."""
        self.replace(kind.field, old, new)

    def replace(self, field: str, old: object, new: object) -> None:
        """Replace an entry of a list by another."""
        entries = getattr(self.portfolio, field)
        self.set(field, tuple(new if entry is old else entry for entry in entries))

    def edit(self, kind: Kind[Item], old: Item, update: Mapping[str, Any], field: str) -> None:
        """Set fields of an entry; a warning where they say so already."""
        if all(getattr(old, name) == value for name, value in update.items()):
            said = ", ".join(f"`{name}`" for name in update)
            self.idle(field, f"Of {kind.word} {old.__dict__['id']} it leaves {said} as it was.")
        else:
            self.put(kind, old, old.model_copy(update=update))

    def set(self, field: str, entries: object) -> None:
        """Replace a field of the portfolio."""
        self.portfolio = self.portfolio.model_copy(update={field: entries})

    def targets(self, fields: Iterable[str], name: str, field: str) -> Target | None:
        """Return the one object that a name means: an id, or a path such as ``caps/cloud``.

        Where there is none, or where several lists have one, this is a finding.
        """
        every = [t for f in fields for t in self._all_of(f)]
        found = [t for t in every if name in (t.item.id, t.path)]
        if len(found) == 1:
            return found[0]
        if found:
            paths = " or ".join(t.path for t in found)
            self.error(
                "ambiguous-target",
                field,
                f"{name} may be {' or '.join(WORDS[t.field] for t in found)}.",
                f"Say which one: {paths}.",
            )
        else:
            *most, last = [WORDS[f] for f in fields]
            word = f"{', '.join(most)} or {last}"
            self.unknown(word, name, [t.item.id for t in every], field)
        return None

    def _all_of(self, field: str) -> list[Target]:
        found = [Target(field, item) for item in getattr(self.portfolio, field)]
        if field == "links":
            for project in self.portfolio.projects:
                found += [Target(field, link, project.id) for link in project.links]
        return found
