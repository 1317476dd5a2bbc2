"""Who pays for which column, and which caps count it, added up in bulk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from pmo_optimizer.problem import Problem, ProjectData
from pmo_solvers.time_indexed.entries import Entries, Indices
from pmo_solvers.time_indexed.spending import Spending

Terms = dict[int, int]
Signature = tuple[tuple[int, ...], tuple[int, ...]]
"""Funds that may pay, and the bucket of each of them."""


class Ledger:
    """Money by what decides who can pay with which money, and by cap and its row.

    Signatures keep the order in which money first asked for them: it is the order of rows.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        largest = max((_most_money(problem, project) for project in problem.projects), default=0)
        self._paid = Entries(largest)
        self._capped = Entries(largest)
        self._numbers: dict[Signature, int] = {}
        self._by_period: dict[tuple[int, ...], Indices] = {}
        self._appeared: dict[int, None] = {}
        self._open: list[tuple[bool, Indices, Indices]] = []
        self._cap_places = [
            (index, row) for index, cap in enumerate(problem.caps) for row in range(len(cap.limits))
        ]
        self._cap_rows = self._rows_of_caps()

    def _rows_of_caps(self) -> list[Indices]:
        """Return the position in the list of cap rows by cap and period; the last entry is -1."""
        out = []
        first = 0
        for cap in self.problem.caps:
            out.append(np.array([*(first + row if row >= 0 else -1 for row in cap.row), -1]))
            first += len(cap.limits)
        return out

    def signature(self, payers: tuple[int, ...], period: int) -> Signature:
        """Return what decides who can pay with which money: funds and their buckets."""
        return payers, tuple(self.problem.funds[f].bucket[period] for f in payers)

    def _signatures(self, payers: tuple[int, ...]) -> Indices:
        """Return the number of the signature in each period; the last entry is -1."""
        if payers not in self._by_period:
            found = [self.signature(payers, t) for t in range(self.problem.periods)]
            numbers = [self._numbers.setdefault(s, len(self._numbers)) for s in found]
            self._by_period[payers] = np.array([*numbers, -1])
        return self._by_period[payers]

    def enter(self, spending: Spending, periods: Indices, *, of_mode: bool) -> None:
        """Enter money of the project at hand, ``periods`` being its grid."""
        amounts = [amount for _, amount in spending.amounts]
        inside = np.minimum(periods, self.problem.periods)  # beyond, and -1: the last entry
        flow = spending.flow
        if flow.payers:
            keys = self._signatures(flow.payers)[inside]
            self._paid.add(keys, spending.columns, amounts)
            self._open.append((of_mode, spending.columns, keys))
        for cap in flow.caps:
            rows = self._cap_rows[cap][inside]
            years = self.problem.caps[cap].years
            if years is not None:
                starts = spending.project_starts[:, np.newaxis]
                first = periods - starts < self.problem.periods_a_year
                rows = np.where((starts >= 0) & (first == (years == "first")), rows, -1)
            self._capped.add(rows, spending.columns, amounts)

    def close(self) -> None:
        """Note the signatures that the project at hand is the first to ask for.

        Money of modes counts column by column, then that of the project's own lines.
        """
        parts = [(of_mode, c, keys) for of_mode, c, keys in self._open if keys.size]
        self._open = []
        asked = {int(key) for _, _, keys in parts for key in np.unique(keys)} - {-1}
        if asked <= self._appeared.keys():
            return
        modes = [(np.repeat(c, k.shape[1]), k.ravel()) for of_mode, c, k in parts if of_mode]
        order = [keys.ravel() for of_mode, _, keys in parts if not of_mode]
        if modes:
            columns, keys = (np.concatenate(side) for side in zip(*modes, strict=True))
            order.insert(0, keys[np.argsort(columns, kind="stable")])
        for key in dict.fromkeys(np.concatenate(order).tolist()):
            if key >= 0:
                self._appeared.setdefault(key)

    def enter_exit(self, column: int, payers: tuple[int, ...], amount: int) -> Signature:
        """Enter money of one column in period 0 and return its signature."""
        key = self._signatures(payers)[:1]
        self._paid.add(key[:, np.newaxis], np.array([column]), [amount])
        self._appeared.setdefault(int(key[0]))
        return self.signature(payers, 0)

    def paid(self) -> Iterator[tuple[Signature, Terms]]:
        """Yield the money of every signature by column, in the order of rows."""
        names = list(self._numbers)
        sums = {key: _terms(columns, money) for key, columns, money, _ in self._paid.sums()}
        for key in self._appeared:
            yield names[key], sums[key]

    def capped(self) -> Iterator[tuple[tuple[int, int], Terms]]:
        """Yield the money that counts in each row of each cap, by column."""
        for key, columns, money, _ in self._capped.sums():
            yield self._cap_places[key], _terms(columns, money)


def _terms(columns: Indices, money: Indices) -> Terms:
    return defaultdict(int, zip(columns.tolist(), money.tolist(), strict=True))


def _most_money(problem: Problem, project: ProjectData) -> int:
    """Return what no sum of the money of one column of a project exceeds in size."""
    flows = [f for phase in project.phases for mode in phase.modes for f in mode.flows]
    total = sum(abs(amount) for flow in flows for _, amount in flow.amounts)
    total += 2 * problem.periods * sum(abs(a) for flow in project.flows for _, a in flow.amounts)
    exit_ = () if project.exit is None else project.exit.amounts
    return total + sum(abs(amount) for _, amount in exit_)
