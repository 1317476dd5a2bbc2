"""The precedence network: events, arcs, and which projects every plan selects."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import NamedTuple

from pmo_optimizer.model import (
    Decision,
    IfUnselected,
    Link,
    LinkType,
    Phase,
    Portfolio,
    Project,
    State,
)


class Event(NamedTuple):
    """Start or finish of a project (``phase`` empty) or of one of its phases."""

    project: str
    phase: str
    finish: bool

    def __str__(self) -> str:
        owner = f"{self.project}/{self.phase}" if self.phase else self.project
        return f"{'finish' if self.finish else 'start'} of {owner}"


class Arc(NamedTuple):
    """``target >= source + lag`` in periods.

    Attributes
    ----------
    forward
        The source's earliest time may raise the target's: the target needs the source.
    backward
        The target's latest time may lower the source's: the source needs the target.
    """

    source: Event
    target: Event
    lag: int
    forward: bool
    backward: bool


START_OF = {LinkType.FS: True, LinkType.SS: False, LinkType.FF: True, LinkType.SF: False}
"""Whether the source's event of a link type is its finish."""

END_OF = {LinkType.FS: False, LinkType.SS: False, LinkType.FF: True, LinkType.SF: True}
"""Whether the target's event of a link type is its finish."""


def split_reference(reference: str) -> tuple[str, str]:
    """Return project (or group) id and phase id; the phase is empty for ``P``."""
    project, _, phase = reference.partition("/")
    return project, phase


def durations(project: Project, phase: Phase) -> tuple[int, int]:
    """Return the least and greatest duration over the modes that the pin leaves."""
    modes = phase.modes if phase.pin is None else project.allowed_modes(phase)
    if len(modes) == 1:
        return modes[0].duration, modes[0].duration
    found = [mode.duration for mode in modes] or [0]
    return min(found), max(found)


def inner_arcs(project: Project) -> list[Arc]:
    """Return the arcs inside one project: durations, its links, first start and last finish."""
    whole_start, whole_finish = Event(project.id, "", False), Event(project.id, "", True)
    arcs: list[Arc] = []
    if not project.phases:
        arcs += [
            Arc(whole_start, whole_finish, 0, True, True),
            Arc(whole_finish, whole_start, 0, True, True),
        ]
    for phase in project.phases:
        start, finish = Event(project.id, phase.id, False), Event(project.id, phase.id, True)
        shortest, longest = durations(project, phase)
        arcs += [
            Arc(start, finish, shortest, True, True),
            Arc(finish, start, -longest, True, True),
            Arc(whole_start, start, 0, True, True),
            Arc(finish, whole_finish, 0, True, True),
        ]
    for link in project.links:
        source = Event(project.id, link.source, START_OF[link.type])
        target = Event(project.id, link.target, END_OF[link.type])
        arcs += link_arcs(link, source, target, True, True)
    if project.phases and not project.links:
        arcs += _chain_arcs(project)
        first = Event(project.id, project.phases[0].id, False)
        last = Event(project.id, project.phases[-1].id, True)
        arcs += [Arc(first, whole_start, 0, True, True), Arc(whole_finish, last, 0, True, True)]
    return arcs


def _chain_arcs(project: Project) -> list[Arc]:
    """Return the arcs of the chain that phases without links form."""
    arcs = []
    for a, b in zip(project.phases, project.phases[1:], strict=False):
        finish, start = Event(project.id, a.id, True), Event(project.id, b.id, False)
        arcs.append(Arc(finish, start, 0, True, True))
        if project.max_gap is not None:
            arcs.append(Arc(start, finish, -project.max_gap, True, True))
    return arcs


def link_arcs(link: Link, source: Event, target: Event, down: bool, up: bool) -> list[Arc]:
    """Return a link's arcs; ``down``: the target needs the source, ``up``: the reverse."""
    arcs = []
    if link.min_lag is not None:
        arcs.append(Arc(source, target, link.min_lag, down, up))
    if link.max_lag is not None:
        arcs.append(Arc(target, source, -link.max_lag, up, down))
    return arcs


def certain_projects(portfolio: Portfolio) -> frozenset[str]:
    """Return the projects that every plan selects: must, running, and what those need."""
    sure = deque(
        p.id
        for p in portfolio.projects
        if p.decision is Decision.MUST
        or (p.state is State.RUNNING and not p.stoppable and p.decision is not Decision.NEVER)
    )
    needs: dict[str, list[str]] = defaultdict(list)
    for rule in portfolio.requires:
        needs[rule.project] += rule.needs
    for link in portfolio.links:
        if link.if_unselected is IfUnselected.BLOCK:
            needs[split_reference(link.target)[0]].append(split_reference(link.source)[0])
    out: set[str] = set()
    while sure:
        project = sure.popleft()
        if project in out:
            continue
        out.add(project)
        for needed in needs[project]:
            members = portfolio.members(needed)
            if len(members) == 1:
                sure.append(members[0])
    return frozenset(out & set(portfolio.project_by_id))


class ResolvedLink(NamedTuple):
    """A link between projects with its events resolved, one per member of a group."""

    link: Link
    sources: tuple[Event, ...]
    targets: tuple[Event, ...]


def resolved_links(portfolio: Portfolio) -> list[ResolvedLink]:
    """Return the links whose ends exist and are not done."""
    projects = portfolio.project_by_id
    out = []
    for link in portfolio.links:
        ends = []
        for reference in (link.source, link.target):
            owner, phase = split_reference(reference)
            members = portfolio.members(owner)
            known = [projects[m] for m in members if m in projects]
            if phase and any(all(f.id != phase for f in p.phases) for p in known):
                known = []
            ends.append(known)
        sources, targets = ends
        if not sources or any(p.state is State.DONE for p in sources):
            continue
        source_phase, target_phase = (
            split_reference(link.source)[1],
            split_reference(link.target)[1],
        )
        out.append(
            ResolvedLink(
                link,
                tuple(Event(p.id, source_phase, START_OF[link.type]) for p in sources),
                tuple(
                    Event(p.id, target_phase, END_OF[link.type])
                    for p in targets
                    if p.state is not State.DONE
                ),
            )
        )
    return out
