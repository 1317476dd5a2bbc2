"""Order of phases, critical path, and parts that nothing ties together."""

from __future__ import annotations

from collections import defaultdict

import networkx as nx

from pmo_optimizer.model import AllOrNone, Choose, Excludes, Link, Portfolio, Project, Synergy
from pmo_optimizer.sequencing.network import END_OF, START_OF, durations, split_reference


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
    others = (group.unselected + group.projects[:1] for group in portfolio.choose)
    ties = (*links, *needs, *(group.projects for group in groups), *others)
    for tie in ties:
        nx.add_path(graph, tie)
    known = set(portfolio.project_by_id)
    parts = (tuple(sorted(set(part) & known)) for part in nx.connected_components(graph))
    return tuple(sorted(part for part in parts if part))
