"""Exact minimum-cost flows in whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

import networkx as nx

SAFE = 2**55
"""Numbers up to this size go to OR-Tools, larger ones to NetworkX, which never overflows."""


@dataclass(frozen=True, slots=True)
class Arc:
    """An arc from ``tail`` to ``head`` with a capacity and a cost per unit."""

    tail: int
    head: int
    capacity: int
    cost: int = 0


def min_cost_flow(arcs: Sequence[Arc], supplies: Sequence[int]) -> list[int] | None:
    """Return the flow on every arc that serves all demands at least cost, or None.

    Parameters
    ----------
    arcs
        Capacities and costs at least 0.
    supplies
        Per node: what it offers (positive) or must get (negative). Offers need not be used.
    """
    sink = len(supplies)
    spare = sum(supplies)
    if spare < 0:
        return None
    everything = [
        *arcs,
        *(Arc(node, sink, offer) for node, offer in enumerate(supplies) if offer > 0),
    ]
    balanced = [*supplies, -spare]
    numbers = [n for n in (*balanced, *(a.capacity for a in everything)) if n]
    unit = gcd(*numbers) if numbers else 1
    largest = sum(abs(n) for n in balanced) // unit
    dearest = max((arc.cost for arc in arcs), default=0)
    if largest * (dearest + 1) * (len(balanced) + 1) < SAFE:
        flows = _or_tools(everything, balanced, unit)
    else:
        flows = _networkx(everything, balanced)
    return None if flows is None else flows[: len(arcs)]


def _or_tools(arcs: Sequence[Arc], balanced: Sequence[int], unit: int) -> list[int] | None:
    from ortools.graph.python import min_cost_flow as ortools_flow

    solver = ortools_flow.SimpleMinCostFlow()
    most = sum(n for n in balanced if n > 0) // unit
    for arc in arcs:
        solver.add_arc_with_capacity_and_unit_cost(
            arc.tail, arc.head, min(arc.capacity // unit, most), arc.cost
        )
    for node, offer in enumerate(balanced):
        solver.set_node_supply(node, offer // unit)
    if solver.solve() != solver.OPTIMAL:
        return None
    return [solver.flow(index) * unit for index in range(len(arcs))]


def _networkx(arcs: Sequence[Arc], balanced: Sequence[int]) -> list[int] | None:
    graph = nx.MultiDiGraph()
    for node, offer in enumerate(balanced):
        graph.add_node(node, demand=-offer)
    for index, arc in enumerate(arcs):
        graph.add_edge(arc.tail, arc.head, key=index, capacity=arc.capacity, weight=arc.cost)
    try:
        flow = nx.min_cost_flow(_simple(graph, arcs))
    except nx.NetworkXUnfeasible:
        return None
    return [flow[("arc", index)][arc.head] for index, arc in enumerate(arcs)]


def _simple(graph: nx.MultiDiGraph, arcs: Sequence[Arc]) -> nx.DiGraph:
    """Return the graph without parallel arcs: each arc passes through a node of its own."""
    simple = nx.DiGraph()
    simple.add_nodes_from(graph.nodes(data=True))
    for index, arc in enumerate(arcs):
        middle = ("arc", index)
        simple.add_node(middle, demand=0)
        simple.add_edge(arc.tail, middle, capacity=arc.capacity, weight=arc.cost)
        simple.add_edge(middle, arc.head, capacity=arc.capacity, weight=0)
    return simple
