"""What is left of funds and caps while projects are entered one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import inf

from pmo_optimizer.problem import Flow, Problem, ProjectData
from pmo_solvers.ranking.journal import Journal
from pmo_solvers.ranking.network import Network, Pot
from pmo_solvers.ranking.shapes import Candidate, Window, by_bucket, windows

Payers = tuple[int, ...]
"""Indices of the funds that may pay."""

UNLIMITED = 10**30
"""Money units that no portfolio has."""


class Funds:
    """One flow from all money to all payments, in whole money units.

    Money of a bucket pays its own bucket or is carried to the next one. Open lines are nodes
    of their own, one for each set of funds and buckets that may pay.
    """

    def __init__(self, problem: Problem, journal: Journal) -> None:
        self.problem = problem
        self.journal = journal
        self.network = Network()
        self.limits: list[float] = []
        self.money: dict[tuple[int, int], int] = {}
        self._pay: dict[tuple[Payers, tuple[int, ...]], int] = {}
        for index, fund in enumerate(problem.funds):
            before = -1
            for k, amount in enumerate(fund.amounts):
                money = self._node(amount)
                pay = self._node(None if fund.price is None else UNLIMITED)
                self.money[index, k] = self.network.supply[money]
                self._pay[(index,), (k,)] = pay
                self._arc(money, pay, UNLIMITED)
                if before >= 0 and fund.carry != 0:
                    self._arc(before, money, UNLIMITED if fund.carry is None else fund.carry)
                before = money
        self.runs = {payers: self._runs(payers) for payers in _payers(problem)}
        self.pot = Pot(self.network, self.limits, journal)
        self._waiting = [len(synergy.projects) for synergy in problem.synergies]
        self._member: dict[int, list[int]] = defaultdict(list)
        for number, synergy in enumerate(problem.synergies):
            if synergy.savings:
                for project in synergy.projects:
                    self._member[project].append(number)
            if not synergy.projects:
                self._save(number)

    def _node(self, amount: float | None) -> int:
        node = self.network.node(supplied=amount is not None)
        if amount is not None:
            self.limits.append(amount)
        return node

    def _arc(self, tail: int, head: int, limit: float) -> None:
        self.network.arc(tail, head)
        self.limits.append(limit)

    def _runs(self, payers: Payers) -> list[Window]:
        """Return the node that pays in each period, as runs of periods."""
        return windows(tuple(self._target(payers, t) for t in range(self.problem.periods)))

    def _target(self, payers: Payers, period: int) -> int:
        places = payers, tuple(self.problem.funds[f].bucket[period] for f in payers)
        if places not in self._pay:
            self._pay[places] = self._node(None)
            for fund, bucket in zip(*places, strict=True):
                self._arc(self._pay[(fund,), (bucket,)], self._pay[places], UNLIMITED)
        return self._pay[places]

    @property
    def can_grow(self) -> bool:
        """Whether a project that finds no money now may find some later."""
        return bool(self._member)

    def asked(self, candidate: Candidate) -> dict[int, int]:
        """Return what a candidate asks of each node within the grid."""
        asked: dict[int, int] = {}
        for payers, totals in candidate.shape.payments:
            for node, amount in by_bucket(totals, candidate.start, self.runs[payers]):
                asked[node] = asked.get(node, 0) + amount
        return asked

    def hopeless(self, asked: dict[int, int]) -> bool:
        """Return whether something is known to be more than what is left."""
        room = self.pot.room
        return any(room.get(node, inf) < amount for node, amount in asked.items())

    def take(self, project: ProjectData, asked: dict[int, int]) -> bool:
        """Pay; after a failure the caller takes everything back."""
        for number in self._member[project.index] if self._member else ():
            self.journal.set(self._waiting, number, self._waiting[number] - 1)
            if not self._waiting[number]:
                self._save(number)
        return self.pot.take(asked.items())

    def _save(self, number: int) -> None:
        for fund, period, amount in self.problem.synergies[number].savings:
            if 0 <= period < self.problem.periods:
                arc = self.money[fund, self.problem.funds[fund].bucket[period]]
                self.journal.set(self.limits, arc, self.limits[arc] + amount)
        self.pot.forget()

    def stop(self, project: ProjectData) -> bool:
        """Pay what it costs to stop a running project."""
        if project.exit is None or not project.exit.payers or not project.exit.amounts:
            return True
        node = self._target(project.exit.payers, 0)
        return self.pot.take([(node, project.exit.amounts[0][1])])


def _flows(problem: Problem) -> Iterator[Flow]:
    for project in problem.projects:
        yield from project.flows
        if project.exit is not None:
            yield project.exit
        for phase in project.phases:
            for mode in phase.modes:
                yield from mode.flows


def _payers(problem: Problem) -> list[Payers]:
    return sorted({flow.payers for flow in _flows(problem) if flow.payers})


class Caps:
    """What each hard cap has counted, row by row."""

    def __init__(self, problem: Problem, journal: Journal) -> None:
        self.problem = problem
        self.journal = journal
        self.runs = [windows(cap.row) for cap in problem.caps]
        self.spent = {(c, k): 0 for c, cap in enumerate(problem.caps) for k in set(cap.row)}

    def take(self, candidate: Candidate) -> bool:
        """Count a candidate; after a failure the caller takes everything back."""
        for cap, totals in candidate.shape.capped:
            for row, amount in by_bucket(totals, candidate.start, self.runs[cap]):
                if not self._count(cap, row, amount):
                    return False
        return True

    def stop(self, project: ProjectData) -> bool:
        """Count what it costs to stop a running project; return whether caps allow it."""
        if project.exit is None or not project.exit.amounts:
            return True
        rows = [(cap, self.problem.caps[cap].row[0]) for cap in project.exit.caps]
        amount = project.exit.amounts[0][1]
        return all(self._count(cap, row, amount) for cap, row in rows if row >= 0)

    def _count(self, cap: int, row: int, amount: int) -> bool:
        data = self.problem.caps[cap]
        total = self.spent[cap, row] + amount
        self.journal.set(self.spent, (cap, row), total)
        return data.price is not None or total <= data.limits[row]
