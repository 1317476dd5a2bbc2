"""What names something that a scenario removes, and the same portfolio without that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from pmo_optimizer import Choose, Need, Phase, Pin, Portfolio, Project
from pmo_scenarios.changes.draft import Draft

FEWEST = 2
"""An exclusion or all-or-none rule of fewer projects says nothing."""

MOST_SHOWN = 8
"""So many places are listed in a message."""


class References(StrEnum):
    """What happens with what names a removed object."""

    REFUSE = "refuse"
    DROP = "drop"


def settle(
    draft: Draft,
    dropped: Portfolio,
    places: Sequence[str],
    wanted: References,
    field: str,
    word: str,
    gone: Sequence[str],
) -> None:
    """Go on with the portfolio in which nothing names what is gone, or note what names it.

    Also where references are refused the draft goes on without them, so that later changes
    are judged for themselves.
    """
    draft.portfolio = dropped
    if not places or wanted is References.DROP:
        return
    shown = ", ".join(places[:MOST_SHOWN])
    more = f" and {len(places) - MOST_SHOWN} more" if len(places) > MOST_SHOWN else ""
    draft.error(
        "dangling-reference",
        field,
        f"{', '.join(gone)} would be gone, and is still named as {word} by {shown}{more}.",
        "Set `references: drop` to remove that too, or change it before.",
    )


def drop_projects(portfolio: Portfolio, gone: frozenset[str]) -> tuple[Portfolio, list[str]]:
    """Return the portfolio without these projects and what names them, and where that was.

    Links, requirements of them, and synergies go; a requirement that needs one of them needs
    the others; exclusions, all-or-none rules and choose groups keep their other members, as
    long as they still say something. What the baseline and people say about them goes as
    well, which is no reason to refuse.
    """
    places: list[str] = []
    choose = [_without(group, "projects", gone, "choose", places) for group in portfolio.choose]
    choose = [_without(group, "unselected", gone, "choose", places) for group in choose]
    empty = frozenset(group.id for group in choose if not (group.projects or group.unselected))
    lost = gone | empty

    def stays(field: str, item: Any, named: Sequence[str]) -> bool:  # noqa: ANN401 - any relation
        if lost.isdisjoint(named):
            return True
        places.append(f"{field}/{item.id}")
        return False

    def members(field: str) -> tuple[Any, ...]:
        items = [_without(x, "projects", gone, field, places) for x in getattr(portfolio, field)]
        old = getattr(portfolio, field)
        return tuple(
            x for x, was in zip(items, old, strict=True) if x is was or len(x.projects) >= FEWEST
        )

    requires = [r for r in portfolio.requires if stays("requires", r, [r.project])]
    needing = [(r, _without(r, "needs", lost, "requires", places)) for r in requires]
    update: dict[str, object] = {
        "projects": tuple(p for p in portfolio.projects if p.id not in gone),
        "choose": tuple(_ranged(g) for g in choose if g.id not in empty),
        "links": tuple(
            x
            for x in portfolio.links
            if stays("links", x, [x.source.split("/")[0], x.target.split("/")[0]])
        ),
        "requires": tuple(new for old, new in needing if new.needs or new is old),
        "excludes": members("excludes"),
        "all_or_none": members("all_or_none"),
        "synergies": tuple(s for s in portfolio.synergies if stays("synergies", s, s.projects)),
        "baseline": tuple(b for b in portfolio.baseline if b.project not in gone),
        "people": tuple(_forget(person, gone) for person in portfolio.people),
    }
    return portfolio.model_copy(update=update), places


def _without(item: Any, name: str, gone: frozenset[str], field: str, places: list[str]) -> Any:  # noqa: ANN401 - any relation
    members = getattr(item, name)
    kept = tuple(x for x in members if x not in gone)
    if len(kept) == len(members):
        return item
    places.append(f"{field}/{item.id}")
    return item.model_copy(update={name: kept})


def _ranged(group: Choose) -> Choose:
    """Return a group that asks for no more members than it has."""
    least = min(group.min, len(group.projects) + len(group.unselected))
    return group if least == group.min else group.model_copy(update={"min": least})


def _forget(person: Any, gone: frozenset[str]) -> Any:  # noqa: ANN401 - keeps the type
    lists = ("preferences", "dedications")
    if all(x.project not in gone for name in lists for x in getattr(person, name)):
        return person
    kept = {
        name: tuple(x for x in getattr(person, name) if x.project not in gone) for name in lists
    }
    return person.model_copy(update=kept)


def drop_people(portfolio: Portfolio, gone: frozenset[str]) -> tuple[Portfolio, list[str]]:
    """Return the portfolio in which needs and pins name none of these people, and where they did.

    What the baseline says about them stays out of it, and goes as well.
    """
    places: list[str] = []
    projects = tuple(_project(project, gone, places) for project in portfolio.projects)
    baseline = tuple(
        entry.model_copy(
            update={
                "phases": tuple(
                    f.model_copy(update={"people": tuple(x for x in f.people if x not in gone)})
                    for f in entry.phases
                )
            }
        )
        for entry in portfolio.baseline
    )
    return portfolio.model_copy(update={"projects": projects, "baseline": baseline}), places


def _project(project: Project, gone: frozenset[str], places: list[str]) -> Project:
    def phase_of(phase: Phase) -> Phase:
        place = f"projects/{project.id}/phases/{phase.id}"
        update: dict[str, object] = {}
        if phase.pin is not None and not gone.isdisjoint(phase.pin.people):
            places.append(f"{place}/pin")
            update["pin"] = _unpinned(phase.pin, gone)
        modes = tuple(
            mode
            if (needs := _each(mode.needs, lambda n, m=mode: need_of(n, f"{place}/modes/{m.id}")))
            is mode.needs
            else mode.model_copy(update={"needs": needs})
            for mode in phase.modes
        )
        if any(new is not old for new, old in zip(modes, phase.modes, strict=True)):
            update["modes"] = modes
        return phase.model_copy(update=update) if update else phase

    def need_of(need: Need, place: str) -> Need:
        lists = {name: getattr(need, name) for name in ("must", "must_not", "prefer")}
        kept = {name: tuple(x for x in names if x not in gone) for name, names in lists.items()}
        if kept == lists:
            return need
        places.append(f"{place}/needs/{need.id}")
        return need.model_copy(update=kept)

    phases = _each(project.phases, phase_of)
    return project if phases is project.phases else project.model_copy(update={"phases": phases})


def _unpinned(pin: Pin, gone: frozenset[str]) -> Pin | None:
    people = tuple(x for x in pin.people if x not in gone)
    left = pin.model_copy(update={"people": people})
    return left if people or pin.start is not None or pin.mode is not None else None


def _each(items: tuple[Any, ...], change: Callable[..., Any]) -> tuple[Any, ...]:
    """Return changed items; the very same tuple where none has changed."""
    new = tuple(change(item) for item in items)
    return items if all(a is b for a, b in zip(new, items, strict=True)) else new
