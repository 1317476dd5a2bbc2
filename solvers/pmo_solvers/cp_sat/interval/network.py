"""Precedence of the selected projects as arcs between events, and bounds that follow.

An arc says ``head >= tail + lag`` in periods. Events of a phase are its start and finish; those
of a project (phase -1) are its first start and last finish.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

from pmo_optimizer.model import LinkType
from pmo_optimizer.problem import Precedence, Problem, ProjectData, ProjectLink
from pmo_solvers.cp_sat.interval.constants import selected, sources

MAX_HEADS = 200
"""Most heads for which energy is added up; further ones are left out."""


class Event(NamedTuple):
    """Start or finish of a phase, or (phase -1) of a project."""

    project: int
    phase: int
    finish: bool


class Arc(NamedTuple):
    """``head >= tail + lag``."""

    tail: Event
    head: Event
    lag: int


def ends(kind: LinkType, source: tuple[int, int], target: tuple[int, int]) -> tuple[Event, Event]:
    """Return the events of (project, phase) pairs that a link of this type is about."""
    return (
        Event(*source, kind in {LinkType.FS, LinkType.FF}),
        Event(*target, kind in {LinkType.FF, LinkType.SF}),
    )


def inner_links(project: ProjectData) -> Sequence[Precedence]:
    """Return the precedence between phases of a project, also that of a chain."""
    if not project.chain:
        return project.inner
    pairs = pairwise(range(len(project.phases)))
    return [Precedence(a, b, LinkType.FS, 0, 0) for a, b in pairs]


def links(problem: Problem) -> Iterator[tuple[Event, Event, int | None, int | None]]:
    """Yield (source, target, min_lag, max_lag) of all links that hold."""
    for project in selected(problem):
        for inner in inner_links(project):
            place = project.index
            pair = ends(inner.type, (place, inner.source), (place, inner.target))
            yield (*pair, inner.min_lag, inner.max_lag)
    for link in problem.links:
        yield from _outer(problem, link)


def _outer(
    problem: Problem, link: ProjectLink
) -> Iterator[tuple[Event, Event, int | None, int | None]]:
    """Yield a link between projects if both ends are selected."""
    if problem.projects[link.target[0]].fixed == 1:
        for source in sources(problem, link):
            yield (*ends(link.type, source, link.target), link.min_lag, link.max_lag)


def arcs(problem: Problem) -> Iterator[Arc]:
    """Yield all arcs: links, durations, and how events of projects follow from phases."""
    for source, target, least, most in links(problem):
        if least is not None:
            yield Arc(source, target, least)
        if most is not None:
            yield Arc(target, source, -most)
    for project in selected(problem):
        yield from _own_arcs(project)


def _own_arcs(project: ProjectData) -> Iterator[Arc]:
    index = project.index
    first, last = Event(index, -1, False), Event(index, -1, True)
    if not project.phases:
        yield from (Arc(first, last, 0), Arc(last, first, 0))
    for number, phase in enumerate(project.phases):
        start, finish = Event(index, number, False), Event(index, number, True)
        durations = [mode.duration for mode in phase.modes] or [0]
        yield Arc(start, finish, min(durations))
        yield Arc(finish, start, -max(durations))
        yield Arc(first, start, 0)
        yield Arc(finish, last, 0)
    if project.ordered and project.phases:
        yield Arc(Event(index, 0, False), first, 0)
        yield Arc(last, Event(index, len(project.phases) - 1, True), 0)


Steps = dict[Event, list[tuple[Event, int]]]
"""Where a path may go on from an event, and by how much longer it gets."""


def tails(problem: Problem) -> dict[Event, int]:
    """Return the periods that each event is at least before the end of all work.

    They stop growing at the length of the grid, also on a cycle that cannot hold.
    """
    steps: Steps = defaultdict(list)
    for arc in arcs(problem):
        steps[arc.head].append((arc.tail, arc.lag))
    return _longest(steps, {event: 0 for event in steps if event.finish}, problem.periods)


def heads(problem: Problem) -> dict[Event, int]:
    """Return the least period of each event: windows, links and shortest modes.

    They stop growing at the length of the grid, also on a cycle that cannot hold.
    """
    steps: Steps = defaultdict(list)
    for arc in arcs(problem):
        steps[arc.tail].append((arc.head, arc.lag))
    first: dict[Event, int] = {}
    for project in selected(problem):
        first[Event(project.index, -1, False)] = project.first_start
        for number, phase in enumerate(project.phases):
            first[Event(project.index, number, False)] = phase.first_start
    return _longest(steps, first, problem.periods)


def _longest(steps: Steps, first: dict[Event, int], most: int) -> dict[Event, int]:
    """Return the longest paths from first lengths along steps, none above ``most``."""
    found = dict(first)
    queue = deque(found)
    while queue:
        event = queue.popleft()
        for target, lag in steps.get(event, ()):
            length = min(found[event] + lag, most)
            if found.get(target, length - 1) < length:
                found[target] = length
                queue.append(target)
    return found


def ends_with(project: ProjectData, *, finish: bool) -> tuple[int, ...]:
    """Return the phases that can be the first to start, or the last to finish.

    A phase drops out where a link says that another one that is left starts no later, or
    finishes no earlier.
    """
    left = list(range(len(project.phases)))
    if project.ordered:
        return tuple(left[-1:] if finish else left[:1])
    for phase in tuple(left):
        if _is_inside(project, phase, set(left) - {phase}, finish=finish):
            left.remove(phase)
    return tuple(left)


def _is_inside(project: ProjectData, phase: int, others: set[int], *, finish: bool) -> bool:
    """Return whether a link orders a phase against one of the others."""
    kinds = {LinkType.FS, LinkType.FF if finish else LinkType.SS}
    for link in project.inner:
        mine, other = (link.source, link.target) if finish else (link.target, link.source)
        orders = link.type in kinds and link.min_lag is not None and link.min_lag >= 0
        if orders and mine == phase and other in others:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Load:
    """Work of a phase on one resource.

    Attributes
    ----------
    head
        First period in which it can begin.
    tail
        Periods that must follow it before the end of all work.
    energy
        Least FTE units x periods over its modes.
    """

    head: int
    tail: int
    energy: int


def path_bound(problem: Problem, after: dict[Event, int]) -> int:
    """Return the least makespan that heads, durations and tails allow."""
    reach = [0]
    for project in selected(problem):
        if not project.phases:
            reach.append(project.first_start)
        for number, phase in enumerate(project.phases):
            reach.append(phase.first_start + after[Event(project.index, number, False)])
    return max(reach)


def energy_bound(capacity: Sequence[int], loads: Sequence[Load]) -> int:
    """Return the least makespan in which a resource can do its work, 0 without work.

    For every head h and tail q: the work of all phases with at least this head and tail is
    done in h..C-q-1, so that sum of capacity over these periods >= their energy. Where the
    grid is too short the answer is beyond it.
    """
    supplied = [0, *accumulate(capacity)]
    by_tail = sorted(loads, key=lambda load: -load.tail)
    best = 0
    for head in _heads(loads):
        before = supplied[min(head, len(capacity))]
        energy = 0
        for load in by_tail:
            if load.head >= head and load.energy:
                energy += load.energy
                best = max(best, bisect_left(supplied, before + energy) + load.tail)
    return best


def _heads(loads: Sequence[Load]) -> list[int]:
    heads = sorted({load.head for load in loads})
    step = -(-len(heads) // MAX_HEADS)
    return heads[:: max(step, 1)]
