"""Minimum-cost flows against enumeration, on both ways to solve them."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmo_solvers import flows
from pmo_solvers.flows import Arc, min_cost_flow

Network = tuple[list[Arc], list[int]]


def cheapest(arcs: list[Arc], supplies: list[int]) -> int | None:
    """Return the least cost over all whole flows, or None; offers need not be used up."""
    best: int | None = None
    for flow in product(*(range(arc.capacity + 1) for arc in arcs)):
        if keeps(arcs, supplies, list(flow)):
            cost = sum(f * arc.cost for f, arc in zip(flow, arcs, strict=True))
            best = cost if best is None else min(best, cost)
    return best


def keeps(arcs: list[Arc], supplies: list[int], flow: list[int]) -> bool:
    """Return whether a flow keeps capacities, serves demands and overdraws no offer."""
    left = list(supplies)
    for units, arc in zip(flow, arcs, strict=True):
        if not 0 <= units <= arc.capacity:
            return False
        left[arc.tail] -= units
        left[arc.head] += units
    return all(
        rest >= 0 if supply > 0 else rest == 0 for rest, supply in zip(left, supplies, strict=True)
    )


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Return a network of up to four nodes and five arcs with small numbers."""
    nodes = draw(st.integers(2, 4))
    node = st.integers(0, nodes - 1)
    arcs = [
        Arc(tail, head, draw(st.integers(0, 2)), draw(st.integers(0, 5)))
        for tail, head in draw(st.lists(st.tuples(node, node), max_size=5))
        if tail != head
    ]
    return arcs, [draw(st.integers(-2, 2)) for _ in range(nodes)]


def assert_best(arcs: list[Arc], supplies: list[int], best: int | None) -> None:
    """Assert that the flow is allowed and costs what is the least."""
    found = min_cost_flow(arcs, supplies)
    if found is None:
        assert best is None
        return
    assert keeps(arcs, supplies, found)
    assert sum(f * arc.cost for f, arc in zip(found, arcs, strict=True)) == best


@settings(max_examples=150, deadline=None, derandomize=True)
@given(network=networks())
def test_flows_are_the_cheapest(network: Network) -> None:
    """Enumeration of all whole flows finds nothing better, and nothing where there is nothing."""
    assert_best(*network, cheapest(*network))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(network=networks())
def test_the_way_for_huge_numbers_agrees(network: Network) -> None:
    """The path that never overflows gives flows of the same cost."""
    best = cheapest(*network)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flows, "SAFE", 0)
        assert_best(*network, best)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(network=networks(), factor=st.sampled_from([10**3, 10**20, 10**30]))
def test_flows_scale(network: Network, factor: int) -> None:
    """A factor on all amounts multiplies the cost, however large it is."""
    arcs, supplies = network
    best = cheapest(arcs, supplies)
    larger = [Arc(a.tail, a.head, a.capacity * factor, a.cost) for a in arcs]
    scaled = None if best is None else best * factor
    assert_best(larger, [s * factor for s in supplies], scaled)


def test_one_unit_in_a_huge_amount_decides() -> None:
    """10^30 + 1 units do not fit through 10^30."""
    huge = 10**30
    assert min_cost_flow([Arc(0, 1, huge)], [huge + 1, -huge]) == [huge]
    assert min_cost_flow([Arc(0, 1, huge)], [huge + 1, -huge - 1]) is None
    dear = [Arc(0, 1, huge, 1), Arc(0, 1, 5, 7)]
    assert min_cost_flow(dear, [huge + 1, -huge - 1]) == [huge, 1]


def test_huge_costs_do_not_overflow() -> None:
    """A price of 10^15 per unit is still compared exactly."""
    arcs = [Arc(0, 2, 10**6, 10**15), Arc(1, 2, 10**6, 10**15 - 1)]
    assert min_cost_flow(arcs, [10**6, 10**6, -(10**6)]) == [0, 10**6]


def test_parallel_arcs_are_kept_apart() -> None:
    """The cheap one of two arcs fills up first, and the answer is in the arcs' order."""
    arcs = [Arc(0, 1, 5, 3), Arc(0, 1, 2, 1)]
    for safe in (flows.SAFE, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(flows, "SAFE", safe)
            assert min_cost_flow(arcs, [9, -4]) == [2, 2]


@pytest.mark.parametrize(
    ("arcs", "supplies", "flow"),
    [
        ([], [], []),
        ([], [3, 0], []),  # offers need not be used
        ([], [3, -1], None),  # no way there
        ([Arc(0, 1, 5)], [0, 0], [0]),
        ([Arc(0, 1, 5)], [2, -3], None),  # more wanted than there is
        ([Arc(0, 1, 0), Arc(0, 1, 9)], [3, -3], [0, 3]),
    ],
)
def test_odd_networks(arcs: list[Arc], supplies: list[int], flow: list[int] | None) -> None:
    """Empty networks, unused offers and missing ways are no special cases."""
    assert min_cost_flow(arcs, supplies) == flow
