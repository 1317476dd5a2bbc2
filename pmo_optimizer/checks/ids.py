"""Ids that stand twice, and ids that nothing carries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, cast

from pmo_optimizer.checks.facts import Facts, Hit, Path, listed
from pmo_optimizer.model import (
    AllOrNone,
    BaselinePhase,
    BaselineProject,
    Choose,
    Comparison,
    CostLine,
    Dedication,
    Excludes,
    Hire,
    Link,
    Need,
    Person,
    Pin,
    Pool,
    Preference,
    Project,
    Requires,
    Saving,
    State,
    Synergy,
)
from pmo_optimizer.model.base import Frozen
from pmo_optimizer.sequencing import split_reference


class Kind(NamedTuple):
    """What a reference may name: a word for it, and the lists that hold such objects."""

    word: str
    lists: tuple[str, ...]


CRITERION = Kind("criterion", ("criteria",))
FUND = Kind("fund", ("funds",))
PERSON = Kind("person", ("people",))
PERSON_OR_TEAM = Kind("person or team", ("people", "teams"))
PROJECT = Kind("project", ("projects",))
PROJECT_OR_GROUP = Kind("project or choose group", ("projects", "choose"))
SITE = Kind("site", ("sites",))
SKILL = Kind("skill", ("skills",))

REFERENCES: Mapping[type[Frozen], tuple[tuple[str, Kind], ...]] = MappingProxyType(
    {
        AllOrNone: (("projects", PROJECT),),
        BaselinePhase: (("people", PERSON),),
        BaselineProject: (("project", PROJECT),),
        Choose: (("projects", PROJECT), ("unselected", PROJECT)),
        Comparison: (("a", CRITERION), ("b", CRITERION)),
        CostLine: (("fund", FUND),),
        Dedication: (("project", PROJECT),),
        Excludes: (("projects", PROJECT),),
        Hire: (("skill", SKILL), ("fund", FUND)),
        Need: (
            ("skill", SKILL),
            ("charge_to", FUND),
            ("must", PERSON),
            ("must_not", PERSON),
            ("prefer", PERSON_OR_TEAM),
        ),
        Person: (("skills", SKILL), ("site", SITE)),
        Pin: (("people", PERSON),),
        Pool: (("skill", SKILL),),
        Preference: (("project", PROJECT),),
        Project: (("scores", CRITERION), ("exit_fund", FUND)),
        Requires: (("project", PROJECT), ("needs", PROJECT_OR_GROUP)),
        Saving: (("fund", FUND),),
        Synergy: (("projects", PROJECT),),
    }
)
"""Fields that name other objects; the keys of a mapping and the entries of a list count."""


def _ids(facts: Facts, kind: Kind) -> frozenset[str]:
    portfolio = facts.portfolio
    holders: Mapping[str, tuple[Frozen, ...]] = {
        "choose": portfolio.choose,
        "criteria": portfolio.criteria,
        "funds": portfolio.funds,
        "people": portfolio.people,
        "projects": portfolio.projects,
        "sites": portfolio.calendar.sites,
        "skills": portfolio.skills,
    }
    found = {item.__dict__["id"] for name in kind.lists for item in holders.get(name, ())}
    if "teams" in kind.lists:
        found |= {person.team for person in portfolio.people if person.team}
    return frozenset(found)


def unknown_ids(facts: Facts) -> Iterator[Hit]:
    """Find references to ids that nothing carries."""
    for node_type, fields in REFERENCES.items():
        for field, kind in fields:
            known = _ids(facts, kind)
            for path, node in facts.every(node_type):
                for name in _named(node.__dict__[field]):
                    if name not in known:
                        yield from _unknown(facts, (*path, field), name, kind, known)
    yield from _unknown_link_ends(facts)
    yield from _unknown_pins(facts)
    yield from _unknown_baseline_parts(facts)


def _named(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    return tuple(dict.fromkeys(value)) if isinstance(value, tuple | dict) else ()


def _unknown(
    facts: Facts, path: Path, name: str, kind: Kind, known: Iterable[str]
) -> Iterator[Hit]:
    """Yield the finding, unless the object stood in a part of the input that was not read."""
    if name in facts.withheld or facts.lost & set(kind.lists):
        return
    lists = " or ".join(f"`{text}`" for text in kind.lists if text != "teams")
    yield Hit(
        path,
        f"There is no {kind.word} {name}, which {_place(facts, path)}.",
        f"{facts.suggestion(name, known)}Correct the id, or add it to {lists}.",
    )


def _place(facts: Facts, path: Path) -> str:
    return f"{facts.say(path[:-1])} names under `{path[-1]}`"


def _unknown_link_ends(facts: Facts) -> Iterator[Hit]:
    known = facts.project_ids | facts.group_ids
    for path, link in facts.every(Link):
        for field, end in (("from", link.source), ("to", link.target)):
            if len(path) > 2:
                yield from _unknown_inner_end(facts, (*path, field), end)
                continue
            owner, phase = split_reference(end)
            if owner not in known:
                yield from _unknown(facts, (*path, field), owner, PROJECT_OR_GROUP, known)
            elif phase and owner not in facts.group_ids:
                yield from _unknown_phase(facts, (*path, field), owner, phase)


def _unknown_inner_end(facts: Facts, path: Path, phase: str) -> Iterator[Hit]:
    yield from _unknown_phase(facts, path, str(path[1]), phase)


def _unknown_phase(facts: Facts, path: Path, owner: str, phase: str) -> Iterator[Hit]:
    """Yield a finding where a project has no such phase; a done one need not list its phases."""
    project = facts.portfolio.project_by_id.get(owner)
    if project is None or project.state is State.DONE or owner in facts.withheld:
        return
    known = facts.phase_ids[owner]
    if phase not in known:
        yield Hit(
            path,
            f"Project {owner} has no phase {phase}, which {_place(facts, path)}.",
            f"{facts.suggestion(phase, known)}Its phases are: {listed(known) or 'none'}.",
        )


def _unknown_mode(facts: Facts, path: Path, owner: str, phase: str, mode: str) -> Iterator[Hit]:
    project = facts.portfolio.project_by_id.get(owner)
    if project is None or owner in facts.withheld:
        return
    known = [m.id for f in project.phases if f.id == phase for m in f.modes]
    if known and mode not in known:
        yield Hit(
            path,
            f"Phase {phase} of project {owner} has no mode {mode}, which {_place(facts, path)}.",
            f"{facts.suggestion(mode, known)}Its modes are: {listed(known)}.",
        )


def _unknown_pins(facts: Facts) -> Iterator[Hit]:
    for path, pin in facts.every(Pin):
        if pin.mode is not None:
            owner, phase = str(path[1]), str(path[3])
            yield from _unknown_mode(facts, (*path, "mode"), owner, phase, pin.mode)


def _unknown_baseline_parts(facts: Facts) -> Iterator[Hit]:
    for path, entry in facts.every(BaselineProject):
        for index, part in enumerate(entry.phases):
            here = (*path, "phases", index)
            yield from _unknown_phase(facts, (*here, "phase"), entry.project, part.phase)
            if part.mode is not None:
                yield from _unknown_mode(
                    facts, (*here, "mode"), entry.project, part.phase, part.mode
                )


def duplicate_ids(facts: Facts) -> Iterator[Hit]:
    """Find ids that stand twice in a list, or in two lists that share their names."""
    for path, items in facts.lists:
        if len(items) > 1:
            yield from _repeated(facts, path, [_name(item) for item in items])
    portfolio = facts.portfolio
    projects, people = facts.project_ids, {person.id for person in portfolio.people}
    yield from _shared("choose", "choose group", "project", facts.group_ids & projects)
    yield from _shared("pools", "pool", "person", people & {pool.id for pool in portfolio.pools})


NAMED_BY: Mapping[type[Frozen], str] = MappingProxyType(
    {BaselineProject: "project", BaselinePhase: "phase"}
)
"""Fields by which entries are known that have no id."""


def _name(item: Frozen) -> str | None:
    """Return what an entry is known by; baseline entries by what they are about."""
    field = NAMED_BY.get(type(item), "id")
    return cast("str | None", item.__dict__.get(field))


def _repeated(facts: Facts, path: Path, names: list[str | None]) -> Iterator[Hit]:
    if len(set(names)) == len(names):
        return
    for name, number in Counter(names).items():
        if name and number > 1:
            yield Hit(
                (*path, name),
                f"The id {name} stands {number} times: {facts.say((*path, name))}.",
                "Give each one an id of its own, or remove the copies.",
            )


def _shared(field: str, word: str, other: str, names: Iterable[str]) -> Iterator[Hit]:
    for name in names:
        yield Hit(
            (field, name),
            f"A {word} and a {other} are both called {name}, so it is unclear which is meant.",
            "Rename one of them.",
        )
