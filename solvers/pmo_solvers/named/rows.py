"""Dedications and staff budgets as rows of a program over some tasks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.tasks import Server

Key = tuple[Server, int]
"""A server and a task."""

LARGEST = 2**60
"""Whole numbers above this may overflow in the sums of CP-SAT."""


@dataclass(frozen=True, slots=True)
class SumRow:
    """Sum of weight x share units over some places <= cap.

    Attributes
    ----------
    places
        Server and task, and the period, of every share.
    weights
        Whole weight of every share.
    cap
        What is left for these shares.
    largest
        Most units that anybody has in a period.
    """

    places: tuple[tuple[Key, int], ...]
    weights: tuple[int, ...]
    cap: int
    largest: int

    @property
    def most(self) -> int:
        """What the sum can reach at most, as nobody has more than ``largest`` units."""
        return self.largest * sum(self.weights)

    def rounded(self) -> SumRow:
        """Return a row of numbers that CP-SAT can add up; it allows nothing that this forbids."""
        divisor = -(-self.most // LARGEST)
        if divisor <= 1:
            return self
        weights = tuple(-(-weight // divisor) for weight in self.weights)
        return SumRow(self.places, weights, self.cap // divisor, self.largest)


def sum_rows(
    ledger: Ledger, places: Iterable[tuple[Key, int]], tasks: Collection[int]
) -> list[SumRow]:
    """Return the rows that limit shares of some tasks, what all other tasks use taken off.

    Parameters
    ----------
    places
        Shares that may be given: server and task, and the period.
    tasks
        Indices of the tasks whose shares are open.
    """
    limits = ledger.work.limits
    if not limits:
        return []
    largest = int(ledger.work.available.max(initial=0))
    own: dict[int, int] = defaultdict(int)
    for (server, index), shares in ledger.given.items():
        if server[0] == "p" and index in tasks:
            project = ledger.work.tasks[index].project
            for number in limits.of.get((server[1], project), ()):
                own[number] += limits.rows[number].use(server[1], shares)
    found: dict[int, list[tuple[tuple[Key, int], int]]] = defaultdict(list)
    for key, period in places:
        server, index = key
        if server[0] != "p":
            continue
        for number in limits.of.get((server[1], ledger.work.tasks[index].project), ()):
            row = limits.rows[number]
            if period in row.periods:
                found[number].append(((key, period), row.weights[server[1]]))
    out = []
    for number, terms in sorted(found.items()):
        cap = limits.rows[number].cap - ledger.spent.used[number] + own[number]
        total = SumRow(tuple(p for p, _ in terms), tuple(w for _, w in terms), cap, largest)
        if total.most > cap:
            out.append(total)
    return out
