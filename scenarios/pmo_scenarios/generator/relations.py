"""Links, requires, excludes, all-or-none sets, choose-one groups and synergies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from pmo_optimizer import (
    AllOrNone,
    Choose,
    Excludes,
    IfUnselected,
    Link,
    LinkType,
    Requires,
    Saving,
    Synergy,
)
from pmo_scenarios.generator.drafts import ProjectDraft
from pmo_scenarios.generator.money import OPEX
from pmo_scenarios.generator.options import Options
from pmo_scenarios.generator.timing import last_start

LINK_TYPES = (LinkType.FS, LinkType.SS, LinkType.FF, LinkType.SF)
LINK_FREQUENCIES = (12, 4, 3, 1)
"""How often each type of link is drawn, in the order above."""

PHASE_NAMES = (
    (),
    ("delivery",),
    ("design", "build"),
    ("design", "build", "roll-out"),
    ("analysis", "design", "build", "roll-out"),
)
"""Names of the phases, by their number."""


@dataclass(frozen=True, slots=True)
class Relations:
    """Everything that ties projects to one another."""

    links: tuple[Link, ...] = ()
    requires: tuple[Requires, ...] = ()
    excludes: tuple[Excludes, ...] = ()
    all_or_none: tuple[AllOrNone, ...] = ()
    choose: tuple[Choose, ...] = ()
    synergies: tuple[Synergy, ...] = ()


def draw_relations(rng: Random, options: Options, projects: list[ProjectDraft]) -> Relations:
    """Return relations that leave every project a chance to be selected.

    Projects that exclude one another have no other relation, and nothing waits for a
    project that may come too late.
    """
    choose = _choose_groups(projects)
    members = {member for group in choose for member in group.projects}
    single = [p for p in projects if p.id not in members]
    excludes = _excludes(rng, options, single)
    apart = {member for rule in excludes for member in rule.projects}
    others = [p for p in single if p.id not in apart]
    links = _Linker(rng, options, others).draw() + _group_links(rng, options, choose, others)
    return Relations(
        links=tuple(links),
        requires=_requires(rng, options, links, choose, others),
        excludes=excludes,
        all_or_none=_all_or_none(rng, options, others),
        choose=choose,
        synergies=_synergies(rng, options, others),
    )


def _at_least_one(number: int, projects: Sequence[ProjectDraft]) -> int:
    """Return the number, at least 1 where there are enough projects to choose from."""
    return max(number, 1) if len(projects) >= 8 else 0


def _choose_groups(projects: list[ProjectDraft]) -> tuple[Choose, ...]:
    groups: dict[int, list[str]] = {}
    for project in projects:
        if project.variant_of is not None:
            full = projects[project.variant_of]  # the list is in the order of the indices
            groups.setdefault(full.index, [full.id]).append(project.id)
    return tuple(Choose(id=f"variants-of-{ids[0]}", projects=tuple(ids)) for ids in groups.values())


def _free(projects: Sequence[ProjectDraft]) -> list[ProjectDraft]:
    return [project for project in projects if project.free]


def _excludes(rng: Random, options: Options, single: list[ProjectDraft]) -> tuple[Excludes, ...]:
    free = _free(single)
    pairs = _at_least_one(options.projects // 25, free)
    drawn = rng.sample(free, 2 * pairs)
    return tuple(
        Excludes(projects=(a.id, b.id)) for a, b in zip(drawn[::2], drawn[1::2], strict=True)
    )


class _Linker:
    """Draws links from earlier to later projects, so that there is no cycle.

    The order is that of the windows; projects without one come anywhere.
    ``earliest`` and ``latest`` are start windows by project, tightened by the links so far;
    a link that leaves a target less than a few periods is not drawn.
    """

    def __init__(self, rng: Random, options: Options, projects: list[ProjectDraft]) -> None:
        self.rng = rng
        self.options = options
        self.order = sorted(projects, key=self._wish)
        self.earliest = {p.id: p.earliest_start or 0 for p in projects}
        self.latest = {p.id: last_start(p, options) for p in projects}

    def _wish(self, project: ProjectDraft) -> tuple[bool, float]:
        """Return when a project would start; the fixed ones come first."""
        window = (project.earliest_start or 0, last_start(project, self.options))
        return project.free, self.rng.uniform(*window)

    def draw(self) -> list[Link]:
        """Return links until enough projects have one."""
        wanted = math.ceil(self.options.share_linked * self.options.projects)
        linked: set[str] = set()
        links: dict[tuple[int, int], Link] = {}
        for _ in range(20 * len(self.order)):
            if len(linked) >= wanted:
                break
            pair = self._pair()
            if pair is None or pair in links:
                continue
            link = self._link(self.order[pair[0]], self.order[pair[1]])
            if link is not None:
                links[pair] = link
                linked |= {self.order[pair[0]].id, self.order[pair[1]].id}
        return list(links.values())

    def _pair(self) -> tuple[int, int] | None:
        """Return positions in the order of a source and a free target after it."""
        if len(self.order) < 2:
            return None
        target = self.rng.randrange(1, len(self.order))
        source = self.rng.randrange(target)
        return (source, target) if self.order[target].free else None

    def _link(self, source: ProjectDraft, target: ProjectDraft) -> Link | None:
        kind = self.rng.choices(LINK_TYPES, LINK_FREQUENCIES)[0]
        begin, from_text = self._event(source, kind in {LinkType.FS, LinkType.FF})
        end, to_text = self._event(target, kind in {LinkType.FF, LinkType.SF})
        lag = self.rng.choice((0, 0, 0, 1, 2, -1))
        longest = lag + self.rng.randint(3, 8) if self.rng.random() < 0.12 else None
        first = self.earliest[source.id] + begin + lag - end
        if not self._possible(source, target, first, begin, end, longest):
            return None
        self.earliest[target.id] = max(self.earliest[target.id], first)
        if longest is not None:
            last = self.latest[source.id] + begin + longest - end
            self.latest[target.id] = min(self.latest[target.id], last)
        ignore = self.rng.random() < 0.2
        return Link(
            source=from_text,
            target=to_text,
            type=kind,
            min_lag=lag,
            max_lag=longest,
            if_unselected=IfUnselected.IGNORE if ignore else IfUnselected.BLOCK,
        )

    def _event(self, project: ProjectDraft, finish: bool) -> tuple[int, str]:
        """Return an event's offset from the project's start, and what it is called."""
        if len(project.phases) > 1 and self.rng.random() < 0.3:
            number = self.rng.randrange(len(project.phases))
            offset = project.offsets[number] + finish * project.phases[number].duration
            return offset, f"{project.id}/{PHASE_NAMES[len(project.phases)][number]}"
        return finish * project.length, project.id

    def _possible(
        self,
        source: ProjectDraft,
        target: ProjectDraft,
        first: int,
        begin: int,
        end: int,
        longest: int | None,
    ) -> bool:
        spare = self.options.periods // 8
        start = max(first, self.earliest[target.id])
        if start > self.latest[target.id] - spare:
            return False
        return longest is None or start + end - begin - longest <= self.latest[source.id]


def _group_links(
    rng: Random, options: Options, choose: tuple[Choose, ...], others: list[ProjectDraft]
) -> list[Link]:
    """Let a project that comes late anyway wait for the chosen variant of another."""
    late = [p for p in _free(others) if last_start(p, options) >= options.periods // 2]
    if not late:
        return []
    return [
        Link(source=group.id, target=rng.choice(late).id, type=LinkType.SS)
        for group in choose[: len(choose) // 2 + 1]
    ]


def _requires(
    rng: Random,
    options: Options,
    links: list[Link],
    choose: tuple[Choose, ...],
    others: list[ProjectDraft],
) -> tuple[Requires, ...]:
    """Draw requires that point to earlier projects only, and one that names a group."""
    free = _free(others)
    sources = {link.source.split("/")[0] for link in links}
    rules = []
    for project in rng.sample(free, min(len(free), _at_least_one(options.projects // 20, free))):
        needed = [p for p in others if p.index < project.index and p.id not in sources]
        if needed:
            rules.append(Requires(project=project.id, needs=(rng.choice(needed).id,)))
    if choose and free:
        rules.append(Requires(project=rng.choice(free).id, needs=(choose[0].id,)))
    return tuple({rule.made_id(): rule for rule in rules}.values())


def _all_or_none(
    rng: Random, options: Options, others: list[ProjectDraft]
) -> tuple[AllOrNone, ...]:
    free = _free(others)
    sets = _at_least_one(options.projects // 40, free)
    drawn = rng.sample(free, min(len(free), 2 * sets))
    return tuple(
        AllOrNone(projects=(a.id, b.id)) for a, b in zip(drawn[::2], drawn[1::2], strict=False)
    )


def _synergies(rng: Random, options: Options, others: list[ProjectDraft]) -> tuple[Synergy, ...]:
    """Draw extra value and savings, and a penalty for about one pair in five."""
    made = {}
    for number in range(_at_least_one(options.projects // 12, others)):
        members = rng.sample(others, rng.choice((2, 2, 3)))
        worth = sum(member.value for member in members)
        factor = -0.1 if number % 5 == 4 else rng.uniform(0.1, 0.25)
        value = Decimal(round(1000 * worth * factor)) / 1000
        amount = Decimal(1000 * rng.randint(5, 40))
        saving = Saving(fund=OPEX, period=rng.randrange(options.periods), amount=amount)
        synergy = Synergy(
            projects=tuple(member.id for member in members),
            value=value,
            savings=(saving,) if number % 3 == 1 else (),
        )
        made[synergy.made_id()] = synergy
    return tuple(made.values())
