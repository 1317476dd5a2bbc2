"""Fixed decisions -> certificate: who serves what and which fund pays, exactly.

Selection, starts, modes and hires are given; shares of people and fund splits are found anew
with exact flows in whole numbers (a linear program where proficiencies other than 1 or prices
take part, rounded and checked in fractions). Decisions that cannot be completed are refused,
whatever an engine's tolerances said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from pmo_optimizer.backend import Certificate, Decisions, Share, Split
from pmo_optimizer.problem import Flow, ModeData, Placement, Problem
from pmo_solvers.flows import Arc, min_cost_flow
from pmo_solvers.staffing import Claim, Memory, Spread, serve_all


@dataclass(frozen=True, slots=True)
class Payment:
    """Money of a line in a period, to be paid by one of its payers."""

    line: str
    payers: tuple[int, ...]
    period: int
    amount: int


def complete(
    problem: Problem, decisions: Decisions, memory: Memory | None = None
) -> Certificate | None:
    """Return the cheapest certificate of the decisions, or None where there is none.

    Cheapest means least priced extra supply, excess over ceilings and overspending. There is
    none for placements that are not possible all at once. A memory of this problem saves what
    plans before have in common with this one.
    """
    if any(_holds_all(conflict, decisions) for conflict in problem.conflicts):
        return None
    splits = split_funds(problem, decisions)
    if splits is None:
        return None
    shares = share_people(problem, decisions, memory)
    if shares is None:
        return None
    return Certificate(tuple(shares), tuple(splits))


def _holds_all(conflict: tuple[Placement, ...], decisions: Decisions) -> bool:
    """Return whether decisions place every phase of a conflict as it says."""
    return all(
        decisions.selected[member.project]
        and decisions.phases[member.project][member.phase].mode == member.mode
        and decisions.phases[member.project][member.phase].start in member.starts
        for member in conflict
    )


# -- people --------------------------------------------------------------------------------


def claims(problem: Problem, decisions: Decisions) -> list[list[Claim]]:
    """Return what the needs of the selected projects ask for at a rate, per period."""
    out: list[list[Claim]] = [[] for _ in range(problem.periods)]
    for project, index, mode, start in placed_modes(problem, decisions):
        for demand in mode.demands:
            for offset, rate in enumerate(demand.rates):
                if rate:
                    claim = Claim(demand.bucket, rate, project, index, demand.need)
                    out[start + offset].append(claim)
    return out


def spreads(problem: Problem, decisions: Decisions) -> list[Spread]:
    """Return the needs of the selected projects that may be spread over their phases."""
    out = []
    for project, index, mode, start in placed_modes(problem, decisions):
        for demand in mode.demands:
            if demand.effort is None:
                continue
            out.append(
                Spread(
                    bucket=demand.bucket,
                    total=demand.effort.total,
                    least=demand.effort.least,
                    most=demand.effort.limit,
                    periods=range(start, start + mode.duration),
                    project=project,
                    phase=index,
                    need=demand.need,
                )
            )
    return out


def placed_modes(
    problem: Problem, decisions: Decisions
) -> Iterator[tuple[int, int, ModeData, int]]:
    """Yield project index, phase index, mode and start of every placed phase."""
    for project in problem.projects:
        if decisions.selected[project.index]:
            for index, decision in enumerate(decisions.phases[project.index]):
                mode = project.phases[index].modes[decision.mode]
                yield project.index, index, mode, decision.start


def heads_at_work(problem: Problem, decisions: Decisions) -> list[dict[int, int]]:
    """Return the heads of each hire option that work, per period."""
    out: list[dict[int, int]] = [defaultdict(int) for _ in range(problem.periods)]
    for hire, order, count in decisions.heads:
        data = problem.hires[hire]
        for period in data.work[order - data.orders.start]:
            if period < problem.periods:
                out[period][hire] += count
    return out


def share_people(
    problem: Problem, decisions: Decisions, memory: Memory | None = None
) -> list[Share] | None:
    """Return shares that serve every need, or None."""
    heads = dict(enumerate(heads_at_work(problem, decisions)))
    wanted = dict(enumerate(claims(problem, decisions)))
    return serve_all(problem, wanted, spreads(problem, decisions), heads, memory)


# -- money ---------------------------------------------------------------------------------


def payments(problem: Problem, decisions: Decisions) -> list[Payment]:
    """Return all money that funds must pay within the grid."""
    out = [
        Payment(spent.flow.line, spent.flow.payers, spent.period, spent.amount)
        for spent in spending(problem, decisions, stopping=True)
        if spent.flow.payers and 0 <= spent.period < problem.periods and spent.amount
    ]
    return out + _hire_payments(problem, decisions)


@dataclass(frozen=True, slots=True)
class Spent:
    """Money of a flow of a project in a period; ``start`` is the project's start."""

    flow: Flow
    project: int
    period: int
    amount: int
    start: int


def spending(problem: Problem, decisions: Decisions, *, stopping: bool = False) -> Iterator[Spent]:
    """Yield the money of all selected projects, also beyond the grid.

    With ``stopping`` the exit costs of stopped projects are included.
    """
    for project in problem.projects:
        index = project.index
        if not decisions.selected[index]:
            if stopping and project.exit is not None:
                for offset, amount in project.exit.amounts:
                    yield Spent(project.exit, index, offset, amount, 0)
            continue
        start, finish = span(problem, decisions, index)
        for phase, decision in zip(project.phases, decisions.phases[index], strict=False):
            for flow in phase.modes[decision.mode].flows:
                for offset, amount in flow.amounts:
                    yield Spent(flow, index, decision.start + offset, amount, start)
        for flow in project.flows:
            for period, amount in _dated(flow, start, finish):
                yield Spent(flow, index, period, amount, start)


def span(problem: Problem, decisions: Decisions, project: int) -> tuple[int, int]:
    """Return start and exclusive finish of a selected project."""
    data, placed = problem.projects[project], decisions.phases[project]
    if not placed:
        return data.first_start, data.first_start
    ends = [d.start + data.phases[f].modes[d.mode].duration for f, d in enumerate(placed)]
    return min(d.start for d in placed), max(ends)


def _dated(flow: Flow, start: int, finish: int) -> list[tuple[int, int]]:
    amount = flow.amounts[0][1]
    if flow.kind == "start":
        return [(start + offset, money) for offset, money in flow.amounts]
    if flow.kind == "running":
        return [(t, amount) for t in range(start, finish)]
    return [(max(finish - 1, start), amount)]


def _hire_payments(problem: Problem, decisions: Decisions) -> list[Payment]:
    totals: dict[tuple[int, int], int] = defaultdict(int)
    for hire, order, count in decisions.heads:
        data = problem.hires[hire]
        totals[hire, order] += count * data.cost_once
        for period in data.work[order - data.orders.start]:
            totals[hire, period] += count * data.cost_per_period
    return [
        Payment(problem.hires[hire].line, problem.hires[hire].payers, period, amount)
        for (hire, period), amount in sorted(totals.items())
        if amount and problem.hires[hire].payers and period < problem.periods
    ]


def split_funds(problem: Problem, decisions: Decisions) -> list[Split] | None:
    """Return what each fund pays of each open line, or None where the funds do not suffice.

    A flow from money to payments: bucket k of a fund gets its amount, passes on up to its
    carry-over limit, and soft funds have dear extra money that cannot be carried.
    """
    due = payments(problem, decisions)
    network = _FundNetwork(problem, decisions, due)
    flows = min_cost_flow(network.arcs, network.supplies)
    return None if flows is None else network.splits(flows)


def whole_costs(prices: list[float]) -> list[int]:
    """Return whole numbers in exactly the proportions that the prices have as decimals."""
    exact = [Fraction(repr(price)) for price in prices]
    scale = lcm(*(price.denominator for price in exact))
    return [int(price * scale) for price in exact]


class _FundNetwork:
    """Nodes: money and payments of every fund bucket, and every group of open lines."""

    def __init__(self, problem: Problem, decisions: Decisions, due: list[Payment]) -> None:
        self.problem = problem
        self.supplies: list[int] = []
        self.arcs: list[Arc] = []
        self.pay_node: dict[tuple[int, int], int] = {}
        self.groups: dict[tuple[tuple[int, ...], tuple[int, ...]], list[Payment]] = {}
        self.group_arcs: dict[int, tuple[tuple[tuple[int, ...], tuple[int, ...]], int]] = {}
        self.alone = [p for p in due if len(p.payers) == 1 and p.line]
        self._add_funds(decisions, sum(payment.amount for payment in due))
        for payment in due:
            key = payment.payers, self._buckets(payment)
            if len(payment.payers) == 1:
                self.supplies[self.pay_node[payment.payers[0], key[1][0]]] -= payment.amount
            else:
                self.groups.setdefault(key, []).append(payment)
        for key, members in self.groups.items():
            node = self._node(-sum(payment.amount for payment in members))
            for fund, bucket in zip(*key, strict=True):
                self.group_arcs[len(self.arcs)] = key, fund
                total = sum(payment.amount for payment in members)
                self.arcs.append(Arc(self.pay_node[fund, bucket], node, total))

    def _buckets(self, payment: Payment) -> tuple[int, ...]:
        funds = self.problem.funds
        return tuple(funds[f].bucket[payment.period] for f in payment.payers)

    def _node(self, supply: int) -> int:
        self.supplies.append(supply)
        return len(self.supplies) - 1

    def _add_funds(self, decisions: Decisions, most: int) -> None:
        saved: dict[tuple[int, int], int] = defaultdict(int)
        for synergy in self.problem.synergies:
            if all(decisions.selected[p] for p in synergy.projects):
                for fund, period, amount in synergy.savings:
                    if 0 <= period < self.problem.periods:
                        saved[fund, self.problem.funds[fund].bucket[period]] += amount
        costs = whole_costs([fund.price or 0.0 for fund in self.problem.funds])
        for index, data in enumerate(self.problem.funds):
            previous: int | None = None
            reach = 0
            for k, amount in enumerate(data.amounts):
                money = self._node(max(amount + saved[index, k], 0))
                pay = self._node(0)
                self.pay_node[index, k] = pay
                reach += amount + saved[index, k]
                self.arcs.append(Arc(money, pay, max(reach, 0)))
                if data.price is not None:
                    extra = self._node(most)
                    self.arcs.append(Arc(extra, pay, most, costs[index]))
                if previous is not None and data.carry != 0:
                    limit = reach if data.carry is None else data.carry
                    self.arcs.append(Arc(previous, money, max(limit, 0)))
                previous = money

    def splits(self, flows: list[int]) -> list[Split]:
        """Divide what each fund pays of a group over the group's lines, in order."""
        paid: dict[tuple[tuple[int, ...], tuple[int, ...]], list[tuple[int, int]]] = {}
        for arc, (key, fund) in self.group_arcs.items():
            if flows[arc]:
                paid.setdefault(key, []).append((fund, flows[arc]))
        out = [Split(p.line, p.payers[0], p.period, p.amount) for p in self.alone]
        for key, members in self.groups.items():
            purses = list(reversed(paid.get(key, [])))
            for payment in members:
                left = payment.amount
                while left:
                    fund, purse = purses.pop()
                    amount = min(left, purse)
                    out.append(Split(payment.line, fund, payment.period, amount))
                    left -= amount
                    if purse > amount:
                        purses.append((fund, purse - amount))
        return out
