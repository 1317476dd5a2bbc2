"""Cycles of the precedence network that can never be walked."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from pmo_optimizer.model import IfUnselected, Portfolio, State
from pmo_optimizer.sequencing.network import Arc, Event, inner_arcs, link_arcs, resolved_links


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
    for link, sources, targets in resolved_links(portfolio):
        if len(sources) > 1 or (blocking_only and link.if_unselected is IfUnselected.IGNORE):
            continue
        for target in targets:
            arcs += link_arcs(link, sources[0], target, True, True)
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
        node = queue.popleft()
        for later, lag in leaving[node]:
            time = earliest[node] + lag
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

    All events start at distance 0. Where who improved whom last runs in a circle, that circle is
    negative, and where there is a negative cycle such a circle comes about after at most as many
    rounds as there are events, mostly after the first few.
    """
    arcs = sorted((a, b, data["weight"]) for a, b, data in graph.edges(data=True))
    distance = dict.fromkeys(sorted(graph), 0)
    before: dict[Event, Event] = {}
    while True:
        improved = False
        for a, b, weight in arcs:
            if distance[a] + weight < distance[b]:
                distance[b] = distance[a] + weight
                before[b] = a
                improved = True
        if not improved:
            return []
        loop = _circle(before)
        if loop:
            first = loop.index(min(loop))
            return loop[first:] + loop[:first]


def _circle(before: Mapping[Event, Event]) -> list[Event]:
    """Return a circle of events each of which comes before the next, or nothing."""
    seen: dict[Event, Event] = {}
    for start in before:
        event = start
        while event in before and event not in seen:
            seen[event] = start
            event = before[event]
        if seen.get(event) == start:
            loop = [event]
            while before[loop[-1]] != event:
                loop.append(before[loop[-1]])
            loop.reverse()
            return loop
    return []
