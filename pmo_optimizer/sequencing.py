"""Precedence: cycles, order, time windows, critical path, independent components.

The precedence network has two events per phase and per project, start and finish (exclusive
end), and arcs ``later >= earlier + lag`` in periods (MODEL 1). NetworkX finds its cycles,
orders and components; windows come from propagating the arcs to a fixed point.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import networkx as nx

from pmo_optimizer.model import (
    AllOrNone,
    Choose,
    Decision,
    Excludes,
    IfUnselected,
    Link,
    LinkType,
    Phase,
    Portfolio,
    Project,
    State,
    Synergy,
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


@dataclass(frozen=True, slots=True)
class Cycle:
    """Events that would have to be later than themselves.

    Attributes
    ----------
    events
        In order; the last one precedes the first one again.
    lag
        Periods by which an event would have to be later than itself, positive.
    certain
        Whether the cycle holds whenever its projects are selected one by one (all links
        ``block``), so that none of them is ever possible.
    """

    events: tuple[Event, ...]
    lag: int
    certain: bool

    def __str__(self) -> str:
        return " -> ".join(str(event) for event in (*self.events, self.events[0]))


@dataclass(frozen=True, slots=True)
class Window:
    """Earliest and latest period of an event, both included; empty if latest < earliest."""

    earliest: int
    latest: int

    @property
    def empty(self) -> bool:
        """Whether no period is left."""
        return self.latest < self.earliest


NO_WINDOW = Window(0, -1)
"""Window of every event of a project that is impossible."""


@dataclass(frozen=True, slots=True)
class ProjectWindow:
    """Windows of a project's start and finish and of its phases' starts and finishes.

    ``possible`` is False where some window is empty, the project is ``never``, or a project
    that it needs is impossible.
    """

    start: Window
    finish: Window
    phases: Mapping[str, tuple[Window, Window]]
    possible: bool


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
        arcs += _link_arcs(link, source, target, True, True)
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


def _link_arcs(link: Link, source: Event, target: Event, down: bool, up: bool) -> list[Arc]:
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


class _Link(NamedTuple):
    """A link between projects with its events resolved, one per member of a group."""

    link: Link
    sources: tuple[Event, ...]
    targets: tuple[Event, ...]


def _resolved(portfolio: Portfolio) -> list[_Link]:
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
            _Link(
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


def cycles(portfolio: Portfolio) -> tuple[Cycle, ...]:
    """Return one positive cycle of each strongly connected part of the precedence network.

    Links from a group of several members are left out, since any one member will do.
    """
    if _no_cycle(_all_arcs(portfolio, blocking_only=False)):
        return ()
    found = _positive_cycles(portfolio, blocking_only=True)
    covered = {event for cycle in found for event in cycle.events}
    extra = [
        cycle
        for cycle in _positive_cycles(portfolio, blocking_only=False)
        if not covered & set(cycle.events)
    ]
    return tuple(found + extra)


def _all_arcs(portfolio: Portfolio, *, blocking_only: bool) -> list[Arc]:
    """Return the arcs within projects and of links from a single source."""
    arcs: list[Arc] = []
    for project in portfolio.projects:
        if project.state is not State.DONE:
            arcs += inner_arcs(project)
    for link, sources, targets in _resolved(portfolio):
        if len(sources) > 1 or (blocking_only and link.if_unselected is IfUnselected.IGNORE):
            continue
        for target in targets:
            arcs += _link_arcs(link, sources[0], target, True, True)
    return arcs


PATIENCE = 20
"""How many times as many steps as there are events `_no_cycle` takes at most."""


def _no_cycle(arcs: Sequence[Arc]) -> bool:
    """Return whether earliest times settle, so that no cycle is positive; False: perhaps not.

    Settling is a proof, and takes a fraction of the time of a search for cycles.
    """
    number: dict[Event, int] = {}
    leaving: list[list[tuple[int, int]]] = []
    for source, target, lag, _, _ in arcs:
        for event in (source, target):
            if event not in number:
                number[event] = len(leaving)
                leaving.append([])
        leaving[number[source]].append((number[target], lag))
    earliest = [0] * len(leaving)
    queue = deque(range(len(leaving)))
    for _ in range(PATIENCE * len(leaving)):
        if not queue:
            return True
        event = queue.popleft()
        for later, lag in leaving[event]:
            time = earliest[event] + lag
            if time > earliest[later]:
                earliest[later] = time
                queue.append(later)
    return not queue


def _positive_cycles(portfolio: Portfolio, *, blocking_only: bool) -> list[Cycle]:
    graph = nx.DiGraph()
    _add_arcs(graph, _all_arcs(portfolio, blocking_only=blocking_only))
    found = []
    for part in nx.strongly_connected_components(graph):
        sub = graph.subgraph(part)
        loop = _negative_cycle(sub)
        if loop:
            lag = -sum(sub[a][b]["weight"] for a, b in zip(loop, loop[1:] + loop[:1], strict=True))
            found.append(Cycle(tuple(loop), int(lag), blocking_only))
    return sorted(found, key=lambda c: c.events)


def _add_arcs(graph: nx.DiGraph, arcs: Iterable[Arc]) -> None:
    for arc in arcs:
        weight = -arc.lag
        old = graph.get_edge_data(arc.source, arc.target)
        if old is None or weight < old["weight"]:
            graph.add_edge(arc.source, arc.target, weight=weight)


def _negative_cycle(graph: nx.DiGraph) -> list[Event]:
    """Return a negative cycle, beginning with its least event, or nothing (Bellman-Ford).

    All events start at distance 0; one that still improves after as many rounds as there are
    events hangs on a cycle, which walking back far enough reaches.
    """
    arcs = sorted((a, b, data["weight"]) for a, b, data in graph.edges(data=True))
    distance = dict.fromkeys(graph, 0)
    before: dict[Event, Event] = {}
    improved: Event | None = None
    for _ in range(len(distance)):
        improved = None
        for a, b, weight in arcs:
            if distance[a] + weight < distance[b]:
                distance[b] = distance[a] + weight
                before[b] = a
                improved = b
        if improved is None:
            return []
    assert improved is not None  # noqa: S101 - the last round improved something
    event = improved
    for _ in range(len(distance)):
        event = before[event]
    loop = [event]
    while before[loop[-1]] != event:
        loop.append(before[loop[-1]])
    loop.reverse()
    first = loop.index(min(loop))
    return loop[first:] + loop[:first]


class _Propagation:
    """Windows of every event, tightened arc by arc until nothing changes."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio
        self.projects = [p for p in portfolio.projects if p.state is not State.DONE]
        self.earliest: dict[Event, int] = {}
        self.latest: dict[Event, int] = {}
        self.impossible = {p.id for p in self.projects if p.decision is Decision.NEVER}
        sure = certain_projects(portfolio)
        self.arcs: list[Arc] = []
        self.groups: list[_Link] = []
        for project in self.projects:
            self._start(project)
            self.arcs += inner_arcs(project)
        self.ranges = [p for p in self.projects if p.links]
        for resolved in _resolved(portfolio):
            if len(resolved.sources) > 1:
                if resolved.link.if_unselected is IfUnselected.BLOCK:
                    self.groups.append(resolved)
                continue
            source = resolved.sources[0]
            block = resolved.link.if_unselected is IfUnselected.BLOCK
            for target in resolved.targets:
                down = block or source.project in sure
                self.arcs += _link_arcs(resolved.link, source, target, down, target.project in sure)
        self.needs = self._needs()

    def _start(self, project: Project) -> None:
        calendar = self.portfolio.calendar
        first, end = project.first_start(calendar), project.last_finish(calendar)
        start, finish = Event(project.id, "", False), Event(project.id, "", True)
        self.earliest[start], self.latest[start] = first, min(project.last_start(calendar), end)
        self.earliest[finish], self.latest[finish] = first, end
        if not project.phases:
            self.latest[start] = min(self.latest[start], first)
        for phase in project.phases:
            begin = Event(project.id, phase.id, False)
            pin = project.pinned_start(phase, calendar)
            self.earliest[begin] = first if pin is None else max(first, pin)
            self.latest[begin] = end if pin is None else min(end, pin)
            done = Event(project.id, phase.id, True)
            self.earliest[done], self.latest[done] = first, end

    def _needs(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return (project, alternatives): the project is impossible if all of them are."""
        done = {p.id for p in self.portfolio.projects if p.state is State.DONE}
        pairs = [
            (rule.project, self.portfolio.members(n))
            for rule in self.portfolio.requires
            for n in rule.needs
        ]
        for link, sources, targets in _resolved(self.portfolio):
            if link.if_unselected is IfUnselected.BLOCK:
                alternatives = tuple(s.project for s in sources)
                pairs += [(t.project, alternatives) for t in targets]
        return [(p, a) for p, a in pairs if not done & set(a)]

    def run(self) -> None:
        leaving: dict[Event, list[Arc]] = defaultdict(list)
        entering: dict[Event, list[Arc]] = defaultdict(list)
        for arc in self.arcs:
            leaving[arc.source].append(arc)
            entering[arc.target].append(arc)
        queue = deque(self.earliest)
        while queue:
            while queue:
                event = queue.popleft()
                if event.project in self.impossible:
                    continue
                if self.latest[event] < self.earliest[event]:
                    self.impossible.add(event.project)
                    continue
                for arc in leaving[event]:
                    if arc.forward and self._raise(arc.target, self.earliest[event] + arc.lag):
                        queue.append(arc.target)
                for arc in entering[event]:
                    if arc.backward and self._lower(arc.source, self.latest[event] - arc.lag):
                        queue.append(arc.source)
            queue.extend(self._whole())
            queue.extend(self._alternatives())
            self._spread()

    def _raise(self, event: Event, time: int) -> bool:
        if time <= self.earliest[event]:
            return False
        self.earliest[event] = time
        return True

    def _lower(self, event: Event, time: int) -> bool:
        if time >= self.latest[event]:
            return False
        self.latest[event] = time
        return True

    def _whole(self) -> list[Event]:
        """Tighten start = least phase start, finish = greatest phase finish."""
        changed = []
        for project in self.ranges:
            if project.id in self.impossible:
                continue
            starts = [Event(project.id, f.id, False) for f in project.phases]
            ends = [Event(project.id, f.id, True) for f in project.phases]
            start, finish = Event(project.id, "", False), Event(project.id, "", True)
            if starts and self._raise(start, min(self.earliest[e] for e in starts)):
                changed.append(start)
            if ends and self._lower(finish, max(self.latest[e] for e in ends)):
                changed.append(finish)
        return changed

    def _alternatives(self) -> list[Event]:
        """Tighten targets of links from a group: the best member counts."""
        changed = []
        for link, sources, targets in self.groups:
            alive = [s for s in sources if s.project not in self.impossible]
            if not alive:
                continue
            for target in targets:
                if target.project in self.impossible:
                    continue
                low, high = min(self.earliest[s] for s in alive), max(self.latest[s] for s in alive)
                if link.min_lag is not None and self._raise(target, low + link.min_lag):
                    changed.append(target)
                if link.max_lag is not None and self._lower(target, high + link.max_lag):
                    changed.append(target)
        return changed

    def _spread(self) -> None:
        """Mark projects that need an impossible one."""
        changed = True
        while changed:
            changed = False
            for project, alternatives in self.needs:
                if project not in self.impossible and set(alternatives) <= self.impossible:
                    self.impossible.add(project)
                    changed = True


def windows(portfolio: Portfolio) -> dict[str, ProjectWindow]:
    """Return the tightest windows that propagation of all lags gives, by project id.

    Done projects are left out. A project's window uses only what its own selection implies
    (projects that it needs, and projects that every plan selects). Cycles end in empty
    windows.
    """
    state = _Propagation(portfolio)
    state.run()

    def window(event: Event) -> Window:
        if event.project in state.impossible:
            return NO_WINDOW
        return Window(state.earliest[event], state.latest[event])

    return {
        project.id: ProjectWindow(
            start=window(Event(project.id, "", False)),
            finish=window(Event(project.id, "", True)),
            phases={
                f.id: (
                    window(Event(project.id, f.id, False)),
                    window(Event(project.id, f.id, True)),
                )
                for f in project.phases
            },
            possible=project.id not in state.impossible,
        )
        for project in state.projects
    }


def phase_order(project: Project) -> tuple[str, ...]:
    """Return the phase ids in a topological order of the project's links, ties by position.

    Raises
    ------
    networkx.NetworkXUnfeasible
        The links form a cycle.
    """
    position = {phase.id: i for i, phase in enumerate(project.phases)}
    graph = nx.DiGraph()
    graph.add_nodes_from(position)
    graph.add_edges_from((link.source, link.target) for link in project.inner_links())
    return tuple(nx.lexicographical_topological_sort(graph, key=position.__getitem__))


def critical_path(project: Project) -> tuple[tuple[str, ...], int]:
    """Return the phases on the longest path through a project and its length in periods.

    Every phase takes its shortest mode; minimum lags count, maximum lags do not.
    """
    longest: dict[str, tuple[int, tuple[str, ...]]] = {}
    incoming: dict[str, list[Link]] = defaultdict(list)
    for link in project.inner_links():
        incoming[link.target].append(link)
    shortest = {phase.id: durations(project, phase)[0] for phase in project.phases}
    for phase_id in phase_order(project):
        best: tuple[int, tuple[str, ...]] = (0, ())
        for link in incoming[phase_id]:
            if link.min_lag is None:
                continue
            begin, path = longest[link.source]
            begin += link.min_lag + (shortest[link.source] if START_OF[link.type] else 0)
            begin -= shortest[phase_id] if END_OF[link.type] else 0
            best = max(best, (begin, path))
        longest[phase_id] = (best[0], (*best[1], phase_id))
    if not longest:
        return (), 0
    last = max(longest, key=lambda f: longest[f][0] + shortest[f])
    return longest[last][1], longest[last][0] + shortest[last]


def components(portfolio: Portfolio) -> tuple[tuple[str, ...], ...]:
    """Return groups of projects that links and selection rules tie together, sorted.

    Projects in different groups only compete for money, people and rule limits.
    """
    graph = nx.Graph()
    graph.add_nodes_from(portfolio.project_by_id)
    links = (
        (
            *portfolio.members(split_reference(x.source)[0]),
            *portfolio.members(split_reference(x.target)[0]),
        )
        for x in portfolio.links
    )
    needs = (
        (rule.project, *(m for n in rule.needs for m in portfolio.members(n)))
        for rule in portfolio.requires
    )
    groups: tuple[Excludes | AllOrNone | Choose | Synergy, ...] = (
        *portfolio.excludes,
        *portfolio.all_or_none,
        *portfolio.choose,
        *portfolio.synergies,
    )
    ties = (*links, *needs, *(group.projects for group in groups))
    for tie in ties:
        nx.add_path(graph, tie)
    known = set(portfolio.project_by_id)
    parts = (tuple(sorted(set(part) & known)) for part in nx.connected_components(graph))
    return tuple(sorted(part for part in parts if part))
