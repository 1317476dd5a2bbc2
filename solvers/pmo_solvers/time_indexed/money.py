"""Rows of money: funds with carry-over and open lines, and caps; and what everything costs."""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate

import numpy as np

from pmo_optimizer.problem import CapData, Flow, FundData, Problem, ProjectData
from pmo_solvers.time_indexed.ledger import Ledger, Signature, Terms
from pmo_solvers.time_indexed.linear import LinearModel, LinearTerm
from pmo_solvers.time_indexed.schedule import Schedule
from pmo_solvers.time_indexed.spending import (
    Spending,
    expenses,
    mode_spendings,
    own_spendings,
)


class Money:
    """Adds the rows of funds and caps and collects the cost of every column.

    Attributes
    ----------
    cost
        Undiscounted money units of each column, over all periods.
    project_cost
        The same by project.
    cost_constant
        Money that is paid where nothing is decided: exit costs, taken back by selection.
    """

    def __init__(
        self,
        problem: Problem,
        model: LinearModel,
        schedule: Schedule,
        heads: dict[tuple[int, int], int],
        synergies: list[int],
        penalty: LinearTerm,
    ) -> None:
        self.problem = problem
        self.model = model
        self.schedule = schedule
        self.penalty = penalty
        self.cost: Terms = defaultdict(int)
        self.cost_constant = 0
        self.project_cost: list[Terms] = []
        self._payments: list[Spending] = []
        self._paid: dict[Signature, Terms] = defaultdict(lambda: defaultdict(int))
        self._paid_constant: dict[Signature, int] = defaultdict(int)
        self._capped: dict[tuple[int, int], Terms] = defaultdict(lambda: defaultdict(int))
        self._exits: dict[tuple[int, int], Terms] = defaultdict(lambda: defaultdict(int))
        self._cap_constant: dict[tuple[int, int], int] = defaultdict(int)
        self._yearly: dict[tuple[int, int, int], Terms] = defaultdict(lambda: defaultdict(int))
        self._ledger = Ledger(problem)
        for project in problem.projects:
            self._collect(project)
        self._paid.update(self._ledger.paid())
        self._capped.update(self._ledger.capped())
        for (cap, row), terms in self._exits.items():
            for column, amount in terms.items():
                self._capped[cap, row][column] += amount
        self._collect_hires(heads)
        self._saved = self._collect_savings(synergies)

    # -- collect ---------------------------------------------------------------------------

    def _collect(self, project: ProjectData) -> None:
        modes = list(mode_spendings(self.schedule, project))
        lines = list(own_spendings(self.schedule, project))
        self._payments += [*modes, *lines]
        for spending in modes:
            self._ledger.enter(spending, spending.grid(), of_mode=True)
        for spending in lines:
            self._ledger.enter(spending, spending.grid(), of_mode=False)
        self._ledger.close()
        own = self._own_cost(project, lines)
        self.project_cost.append(own)
        for column, amount in own.items():
            self.cost[column] += amount
        if any(self._unknown_year(spending) for spending in (*modes, *lines)):
            self._count_by_year(project)
        if project.exit is not None and project.exit.amounts:
            self._exit(project, project.exit)

    def _own_cost(self, project: ProjectData, lines: list[Spending]) -> Terms:
        """Return all money of each column of a project."""
        own: Terms = defaultdict(int)
        totals = {
            (f, m): sum(amount for flow in mode.flows for _, amount in flow.amounts)
            for f, phase in enumerate(project.phases)
            for m, mode in enumerate(phase.modes)
            if any(flow.amounts for flow in mode.flows)
        }
        for work in self.schedule.works[project.index]:
            if (work.phase, work.mode) in totals:
                own[work.column] += totals[work.phase, work.mode]
        for spending in lines:
            sums = list(accumulate((amount for _, amount in spending.amounts), initial=0))
            columns, lengths = spending.columns.tolist(), spending.lengths.tolist()
            for column, length in zip(columns, lengths, strict=True):
                if length:
                    own[column] += sums[length]
        return own

    def npv_cost(self) -> dict[int, float]:
        """Return the discounted cost of each column in currency."""
        total = np.zeros(self.model.size)
        grids = [spending.grid() for spending in self._payments]
        last = max((int(periods.max()) for periods in grids if periods.size), default=0)
        discount = np.array([self.problem.money_discount(t) for t in range(last + 1)])
        for spending, periods in zip(self._payments, grids, strict=True):
            for (_, amount), t in zip(spending.amounts, periods.T, strict=True):
                spent = t >= 0
                money = amount / self.problem.money_scale
                total[spending.columns[spent]] += money * discount[t[spent]]
        return {column: float(total[column]) for column in self.cost}

    def _note(self, column: int, period: int, amount: int) -> None:
        """Note money that no schedule decides, for the discounted cost."""
        flow = Flow("", (), (), "start", ((0, amount),))
        one = np.ones(1, dtype=np.int64)
        self._payments.append(
            Spending(column * one, period * one, period * one, flow, flow.amounts, one)
        )

    def _unknown_year(self, spending: Spending) -> bool:
        """Return whether a cap asks for the project's year where columns do not tell it."""
        asks = any(self.problem.caps[cap].years is not None for cap in spending.flow.caps)
        return asks and bool((spending.project_starts < 0).any())

    def _count_by_year(self, project: ProjectData) -> None:
        """Note what caps count by project year where the start is unknown."""
        for expense in expenses(self.schedule, project):
            if expense.period >= self.problem.periods or expense.project_start >= 0:
                continue
            for cap in expense.flow.caps:
                data = self.problem.caps[cap]
                if data.years is not None and data.row[expense.period] >= 0:
                    place = cap, project.index, expense.period
                    self._yearly[place][expense.column] += expense.amount

    def _exit(self, project: ProjectData, flow: Flow) -> None:
        """Charge the exit cost in period 0 unless the project is selected."""
        amount = flow.amounts[0][1]
        column = self.schedule.selected[project.index]
        self.cost[column] -= amount
        self._note(column, 0, -amount)
        self.cost_constant += amount
        if flow.payers:
            signature = self._ledger.enter_exit(column, flow.payers, -amount)
            self._paid_constant[signature] += amount
        for cap in flow.caps:
            row = self.problem.caps[cap].row[0]
            if row >= 0:
                self._exits[cap, row][column] -= amount
                self._cap_constant[cap, row] += amount

    def _collect_hires(self, heads: dict[tuple[int, int], int]) -> None:
        for index, hire in enumerate(self.problem.hires):
            for order, work in zip(hire.orders, hire.work, strict=True):
                column = heads[index, order]
                payments = [(order, hire.cost_once)]
                payments += [(t, hire.cost_per_period) for t in work]
                for period, amount in payments:
                    if not amount:
                        continue
                    self.cost[column] += amount
                    self._note(column, period, amount)
                    if period < self.problem.periods and hire.payers:
                        signature = self._ledger.signature(hire.payers, period)
                        self._paid[signature][column] += amount

    def _collect_savings(self, synergies: list[int]) -> dict[tuple[int, int], Terms]:
        saved: dict[tuple[int, int], Terms] = defaultdict(lambda: defaultdict(int))
        for synergy, column in zip(self.problem.synergies, synergies, strict=True):
            for fund, period, amount in synergy.savings:
                self.cost[column] -= amount
                self._note(column, period, -amount)
                if 0 <= period < self.problem.periods:
                    bucket = self.problem.funds[fund].bucket[period]
                    saved[fund, bucket][column] += amount
        return saved

    # -- funds -----------------------------------------------------------------------------

    def add_funds(self) -> None:
        """Add the rows of every fund bucket and of every group of open lines."""
        spent: dict[tuple[int, int], Terms] = defaultdict(lambda: defaultdict(int))
        constant: dict[tuple[int, int], int] = defaultdict(int)
        for signature, terms in self._paid.items():
            payers, buckets = signature
            if len(payers) == 1:
                place = payers[0], buckets[0]
                constant[place] += self._paid_constant[signature]
                for column, amount in terms.items():
                    spent[place][column] += amount
            else:
                self._add_open(signature, terms, spent)
        for (fund, bucket), terms in self._saved.items():
            for column, amount in terms.items():
                spent[fund, bucket][column] -= amount
        for index, data in enumerate(self.problem.funds):
            self._add_fund(index, data, spent, constant)

    def _add_open(
        self, signature: Signature, terms: Terms, spent: dict[tuple[int, int], Terms]
    ) -> None:
        """Sum over eligible funds of what they pay >= what the open lines cost."""
        payers, buckets = signature
        constant = self._paid_constant[signature]
        most = max(self.model.most(terms) + constant, 0)
        row = {column: -amount for column, amount in terms.items()}
        for fund, bucket in zip(payers, buckets, strict=True):
            share = self.model.continuous(most, self.problem.money_scale)
            row[share] = 1
            spent[fund, bucket][share] += 1
        self.model.add(f"open:{payers}:{buckets}", row, constant, None)

    def _add_fund(
        self,
        index: int,
        fund: FundData,
        spent: dict[tuple[int, int], Terms],
        constant: dict[tuple[int, int], int],
    ) -> None:
        """spent_k + carry_k <= amount_k + carry_{k-1} + overspend_k, carry_k <= limit.

        Carrying less than possible never helps, so that <= says the same as the definition;
        money that a soft fund overspends costs the same in every bucket.
        """
        previous: int | None = None
        reach = 0
        last = len(fund.amounts) - 1
        for k, amount in enumerate(fund.amounts):
            place = index, k
            terms: Terms = dict(spent.get(place, {}))
            saving = sum(-c for c in terms.values() if c < 0)
            reach = reach + amount + saving
            tag = f"fund:{fund.id}:{k}"
            if previous is not None:
                terms[previous] = -1
            previous = None
            if fund.carry != 0 and k < last:
                limit = max(reach if fund.carry is None else min(fund.carry, reach), 0)
                previous = self.model.continuous(limit, self.problem.money_scale)
                terms[previous] = 1
                reach = limit
            else:
                reach = 0
            limit = amount - constant.get(place, 0)
            if fund.price is not None:
                self._soften(terms, limit, fund.price)
            elif limit >= 0 and self.model.most(terms) <= limit and previous is None:
                continue
            self.model.add(tag, terms, None, limit)

    def _soften(self, terms: Terms, limit: int, price: float) -> None:
        """Add a priced breach to the left side of a <= row, where it can be needed."""
        excess = self.model.most(terms) - limit
        if excess > 0:
            breach = self.model.continuous(excess, self.problem.money_scale)
            terms[breach] = -1
            self.penalty.add(breach, price / self.problem.money_scale)

    # -- caps ------------------------------------------------------------------------------

    def add_caps(self) -> None:
        """Add one row per cap and bucket: matching cost <= limit + breach."""
        for (cap, project, period), terms in self._yearly.items():
            self._add_year(cap, project, period, dict(terms))
        for (cap, row), terms in sorted(self._capped.items()):
            data = self.problem.caps[cap]
            left = dict(terms)
            limit = data.limits[row] - self._cap_constant[cap, row]
            if data.price is not None:
                self._soften(left, limit, data.price)
            self.model.add(f"cap:{data.id}:{row}", left, None, limit)
        self._add_empty_caps()

    def _add_empty_caps(self) -> None:
        """State caps that nothing touches: one below 0 cannot hold."""
        for index, data in enumerate(self.problem.caps):
            for row in sorted({row for row in data.row if row >= 0}):
                if (index, row) not in self._capped and data.price is None:
                    self.model.add(f"cap:{data.id}:{row}", {}, None, data.limits[row])

    def _add_year(self, cap: int, project: int, period: int, cost: Terms) -> None:
        """V >= cost in t - M (1 - g), g = 1 if t is in the first year of the project.

        g = sum of S(u) over u > t - m; for later years 1 - g takes its place. v enters the cap.
        """
        data: CapData = self.problem.caps[cap]
        most = self.model.most(cost)
        if most <= 0:
            return
        starts = self.schedule.event(project, -1, finish=False)
        since = period - self.problem.periods_a_year
        first = [c for u, columns in starts.items() if since < u for c in columns]
        counted = self.model.continuous(most, self.problem.money_scale)
        terms = cost | {counted: -1}
        sign = 1 if data.years == "first" else -1
        for column in first:
            terms[column] = terms.get(column, 0) + sign * most
        limit = most if data.years == "first" else 0
        self.model.add(f"cap-year:{data.id}:{period}", terms, None, limit)
        self._capped[cap, data.row[period]][counted] += 1
