"""Who can serve which kinds of need in a period: connected networks of suppliers and needs.

The time-indexed model states rows for them, the completion of fixed schedules solves them, so
that both ask the same question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pmo_optimizer.problem import Problem

FULL = 100
"""Proficiencies are hundredths."""


@dataclass(slots=True)
class Network:
    """Who can serve which kinds of need in one period.

    Attributes
    ----------
    period
        0-based.
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

    period: int
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
    sets = _Sets()
    for linked in servers.values():
        sets.join(linked)
    parts: dict[int, Network] = {}
    for index in sorted(wanted):
        parts.setdefault(sets.root(index), Network(period, [])).buckets.append(index)
    for server, linked in servers.items():
        parts[sets.root(linked[0])].servers[server] = linked
    for part in parts.values():
        part.priced = _priced(problem, part)
        part.fine = part.priced or problem.fte_scale > FULL or _fractional(problem, part)
    return [parts[key] for key in sorted(parts)]


def clusters(
    parts: Sequence[Network], spans: Iterable[tuple[int, Iterable[int]]]
) -> list[list[Network]]:
    """Return networks in groups: work that may be spread over periods joins those it touches.

    All networks of a group become fine, and priced, where one of them is: what work takes in one
    of them it does not ask for in the others.

    Parameters
    ----------
    spans
        Bucket and periods of every such work; each is asked for in some of the networks.
    """
    where = {(part.period, b): number for number, part in enumerate(parts) for b in part.buckets}
    sets = _Sets()
    for bucket, periods in spans:
        sets.join([where[t, bucket] for t in periods])
    groups: dict[int, list[Network]] = defaultdict(list)
    for number, part in enumerate(parts):
        groups[sets.root(number)].append(part)
    for group in groups.values():
        fine, priced = any(n.fine for n in group), any(n.priced for n in group)
        for part in group:
            part.fine, part.priced = fine, priced
    return list(groups.values())


class _Sets:
    """Numbers in sets that grow together; each begins in a set of its own."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def root(self, number: int) -> int:
        """Return the number that stands for the set of a number."""
        top = number
        while (above := self._parent.get(top, top)) != top:
            top = above
        while number != top:
            self._parent[number], number = top, self._parent.get(number, top)
        return top

    def join(self, numbers: Sequence[int]) -> None:
        """Make one set of the sets of all these numbers."""
        for number in numbers[1:]:
            self._parent[self.root(number)] = self.root(numbers[0])


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
