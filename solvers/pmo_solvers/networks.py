"""Who can serve which kinds of need in a period: connected networks of suppliers and needs.

The time-indexed model states rows for them, the completion of fixed schedules solves them, so
that both ask the same question.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from pmo_optimizer.problem import Problem

FULL = 100
"""Proficiencies are hundredths."""


@dataclass(slots=True)
class Network:
    """Who can serve which kinds of need in one period.

    Attributes
    ----------
    buckets
        Buckets that some column asks for.
    servers
        For each supplier ("s", index) or hire ("h", index) the buckets it can serve.
    fine
        Whether proficiencies other than 1 or prices of extra supply take part, so that
        fractions of FTE units matter.
    priced
        Whether extra supply or soft ceilings have a price. Needs are then served in full:
        the tolerance (formulation, section 4) is for rounding and never lowers a price.
    """

    buckets: list[int]
    servers: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    fine: bool = False
    priced: bool = False


def networks(problem: Problem, period: int, wanted: set[int]) -> list[Network]:
    """Return the connected networks of a period, for the buckets that are wanted.

    Shared with the exact completion of fixed schedules, so that both ask the same question.
    """
    servers: dict[tuple[str, int], list[int]] = defaultdict(list)
    for index in sorted(wanted):
        bucket = problem.buckets[index]
        for supplier, _ in bucket.suppliers:
            if problem.suppliers[supplier].available[period] > 0:
                servers["s", supplier].append(index)
        for hire in bucket.hires:
            if any(period in work for work in problem.hires[hire].work):
                servers["h", hire].append(index)
    parent = {index: index for index in wanted}

    def root(index: int) -> int:
        while parent[index] != index:
            index = parent[index]
        return index

    for linked in servers.values():
        for index in linked[1:]:
            parent[root(index)] = root(linked[0])
    parts: dict[int, Network] = {}
    for index in sorted(wanted):
        parts.setdefault(root(index), Network([])).buckets.append(index)
    for server, linked in servers.items():
        parts[root(linked[0])].servers[server] = linked
    for part in parts.values():
        part.priced = _priced(problem, part)
        part.fine = part.priced or problem.fte_scale > FULL or _fractional(problem, part)
    return [parts[key] for key in sorted(parts)]


def _priced(problem: Problem, network: Network) -> bool:
    if any(problem.buckets[index].overload_price is not None for index in network.buckets):
        return True
    used = (index for kind, index in network.servers if kind == "s")
    return any(problem.suppliers[index].soft_ceilings for index in used)


def _fractional(problem: Problem, network: Network) -> bool:
    return any(
        level != FULL
        for index in network.buckets
        for supplier, level in problem.buckets[index].suppliers
        if ("s", supplier) in network.servers
    )
