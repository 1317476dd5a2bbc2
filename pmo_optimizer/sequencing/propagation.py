"""Time windows: all lags are propagated until nothing changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pmo_optimizer.model import Decision, IfUnselected, Portfolio, Project, State
from pmo_optimizer.sequencing.network import (
    Arc,
    Event,
    ResolvedLink,
    certain_projects,
    inner_arcs,
    link_arcs,
    resolved_links,
)


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

    Attributes
    ----------
    possible
        False where some window is empty, the project is ``never``, or a project that it needs
        is impossible; all windows are then `NO_WINDOW`.
    squeezed
        The event that was found to have no time left, and the empty window that the lags give
        it, where that makes the project impossible.
    lacking
        Impossible projects of which the project needs one, where that makes it impossible.
    """

    start: Window
    finish: Window
    phases: Mapping[str, tuple[Window, Window]]
    possible: bool
    squeezed: tuple[Event, Window] | None = None
    lacking: tuple[str, ...] = ()


class _Numbered:
    """The arcs between events by their numbers, which are faster to look up than events."""

    def __init__(self, events: Iterable[Event], arcs: Iterable[Arc]) -> None:
        self.events = tuple(events)
        self.number = {event: i for i, event in enumerate(self.events)}
        self.forward: list[list[tuple[int, int]]] = [[] for _ in self.events]
        self.backward: list[list[tuple[int, int]]] = [[] for _ in self.events]
        for source, target, lag, forward, backward in arcs:
            a, b = self.number[source], self.number[target]
            if forward:
                self.forward[a].append((b, lag))
            if backward:
                self.backward[b].append((a, lag))

    def tighten(
        self,
        changed: Iterable[Event],
        earliest: dict[Event, int],
        latest: dict[Event, int],
        impossible: set[str],
    ) -> dict[str, tuple[Event, Window]]:
        """Propagate from the changed events on; projects without a time become impossible.

        Returned are those projects, each with an event that has no time, and its window.
        """
        squeezed: dict[str, tuple[Event, Window]] = {}
        low, high = ([side[event] for event in self.events] for side in (earliest, latest))
        queue = deque(self.number[event] for event in changed)
        while queue:
            i = queue.popleft()
            project = self.events[i].project
            if project in impossible:
                continue
            if high[i] < low[i]:
                impossible.add(project)
                squeezed[project] = self.events[i], Window(low[i], high[i])
                continue
            for j, lag in self.forward[i]:
                if low[i] + lag > low[j]:
                    low[j] = low[i] + lag
                    queue.append(j)
            for j, lag in self.backward[i]:
                if high[i] - lag < high[j]:
                    high[j] = high[i] - lag
                    queue.append(j)
        earliest.update(zip(self.events, low, strict=True))
        latest.update(zip(self.events, high, strict=True))
        return squeezed


class _Propagation:
    """Windows of every event, tightened arc by arc until nothing changes."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio
        self.projects = [p for p in portfolio.projects if p.state is not State.DONE]
        self.earliest: dict[Event, int] = {}
        self.latest: dict[Event, int] = {}
        self.impossible = {p.id for p in self.projects if p.decision is Decision.NEVER}
        self.squeezed: dict[str, tuple[Event, Window]] = {}
        self.lacking: dict[str, tuple[str, ...]] = {}
        sure = certain_projects(portfolio)
        self.arcs: list[Arc] = []
        self.groups: list[ResolvedLink] = []
        for project in self.projects:
            self._start(project)
            self.arcs += inner_arcs(project)
        self.ranges = [p for p in self.projects if p.links]
        for resolved in resolved_links(portfolio):
            if len(resolved.sources) > 1:
                if resolved.link.if_unselected is IfUnselected.BLOCK:
                    self.groups.append(resolved)
                continue
            source = resolved.sources[0]
            block = resolved.link.if_unselected is IfUnselected.BLOCK
            for target in resolved.targets:
                down = block or source.project in sure
                self.arcs += link_arcs(resolved.link, source, target, down, target.project in sure)
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
        for link, sources, targets in resolved_links(self.portfolio):
            if link.if_unselected is IfUnselected.BLOCK:
                alternatives = tuple(s.project for s in sources)
                pairs += [(t.project, alternatives) for t in targets]
        return [(p, a) for p, a in pairs if not done & set(a)]

    def run(self) -> None:
        """Tighten until nothing changes."""
        network = _Numbered(self.earliest, self.arcs)
        queue: Sequence[Event] = tuple(self.earliest)
        while queue:
            self.squeezed |= network.tighten(queue, self.earliest, self.latest, self.impossible)
            queue = (*self._whole(), *self._alternatives())
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
                    self.lacking[project] = alternatives
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
            squeezed=state.squeezed.get(project.id),
            lacking=state.lacking.get(project.id, ()),
        )
        for project in state.projects
    }
