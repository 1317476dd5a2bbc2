"""Compile money: flows of cost lines, funds, caps."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pmo_optimizer.model import (
    Amounts,
    Anchor,
    Calendar,
    Cap,
    CostLine,
    Fund,
    Mode,
    Need,
    Portfolio,
    Project,
)
from pmo_optimizer.model.base import When
from pmo_optimizer.problem.data import CapData, Flow, FundData
from pmo_optimizer.problem.scales import whole


class Money:
    """Funds, caps and flows of a portfolio, in canonical order."""

    def __init__(self, portfolio: Portfolio, scale: int) -> None:
        self.portfolio = portfolio
        self.calendar = portfolio.calendar
        self.scale = scale
        self.funds = sorted(portfolio.funds, key=lambda f: f.id)
        self.caps = sorted(portfolio.caps, key=lambda c: c.id)
        self.fund_index = {fund.id: i for i, fund in enumerate(self.funds)}
        self._caps_of: dict[tuple[str, str], tuple[int, ...]] = {}
        self._payers: dict[str, tuple[int, ...]] = {}
        self.rates = {skill.id: skill for skill in portfolio.skills}

    def payers(self, fund: str | None, category: str) -> tuple[int, ...]:
        """Return the funds that may pay: the named one, or all eligible ones."""
        if fund is not None:
            return (self.fund_index[fund],)
        if category not in self._payers:
            eligible = (i for i, f in enumerate(self.funds) if f.pays(category))
            self._payers[category] = tuple(eligible)
        return self._payers[category]

    def _caps(self, project: Project, category: str) -> tuple[int, ...]:
        key = project.id, category
        if key not in self._caps_of:
            self._caps_of[key] = tuple(
                i
                for i, cap in enumerate(self.caps)
                if project.matches(cap.where)
                and (not cap.cost_categories or category in cap.cost_categories)
            )
        return self._caps_of[key]

    def mode_flows(self, project: Project, phase: str, mode: Mode) -> tuple[Flow, ...]:
        """Return the flows of a mode, all as offsets from the phase's start."""
        flows = []
        for line in sorted(mode.costs, key=lambda c: c.id):
            amounts = self._mode_amounts(line, mode.duration)
            if amounts:
                name = f"{project.id}/{phase}/{mode.id}/costs/{line.id}"
                flows.append(self._flow(project, name, line, "start", amounts))
        for need in sorted(mode.needs, key=lambda n: n.id):
            if need.charge_to is None:
                continue
            skill = self.rates[need.skill]
            amounts = self._charges(need, skill.rate, mode.duration)
            if amounts:
                flows.append(
                    Flow(
                        line="",
                        payers=self.payers(need.charge_to, skill.rate_category),
                        caps=self._caps(project, skill.rate_category),
                        kind="start",
                        amounts=amounts,
                    )
                )
        return tuple(flows)

    def _charges(self, need: Need, rate: Decimal, duration: int) -> tuple[tuple[int, int], ...]:
        """Return what a need costs in each period at its skill's standard rate."""
        if need.profile is None and need.effort is None:
            charge = whole(need.rate(0) * rate, self.scale)
            return tuple((k, charge) for k in range(duration if charge else 0))
        costs = ((k, need.charge(k, duration, rate)) for k in range(duration))
        return tuple((k, whole(cost, self.scale)) for k, cost in costs if cost)

    def _mode_amounts(self, line: CostLine, duration: int) -> tuple[tuple[int, int], ...]:
        if line.lump is not None:
            last = max(duration - 1, 0) if line.at is Anchor.FINISH else 0
            pairs = [(last, line.lump)]
        elif line.profile is not None:
            pairs = list(enumerate(line.profile))
        else:
            amount = whole(line.per_period or Decimal(0), self.scale)
            return tuple((k, amount) for k in range(duration if amount else 0))
        return tuple((k, whole(amount, self.scale)) for k, amount in pairs if amount)

    def project_flows(self, project: Project) -> tuple[Flow, ...]:
        """Return the flows of the project's own lines."""
        flows = []
        for line in sorted(project.costs, key=lambda c: c.id):
            name = f"{project.id}/costs/{line.id}"
            if line.profile is not None:
                amounts = tuple((k, whole(a, self.scale)) for k, a in enumerate(line.profile) if a)
                flows.append(self._flow(project, name, line, "start", amounts))
            elif line.lump is not None:
                at_start = line.at is Anchor.START or not project.phases
                amounts = ((0, whole(line.lump, self.scale)),)
                flows.append(
                    self._flow(project, name, line, "start" if at_start else "finish", amounts)
                )
            elif line.per_period is not None:
                amounts = ((0, whole(line.per_period, self.scale)),)
                kind = "running" if project.phases else "start"
                flows.append(self._flow(project, name, line, kind, amounts))
        return tuple(flow for flow in flows if any(a for _, a in flow.amounts))

    def _flow(
        self,
        project: Project,
        name: str,
        line: CostLine,
        kind: str,
        amounts: tuple[tuple[int, int], ...],
    ) -> Flow:
        return Flow(
            line=name if line.fund is None else "",
            payers=self.payers(line.fund, line.category),
            caps=self._caps(project, line.category),
            kind="running" if kind == "running" else "finish" if kind == "finish" else "start",
            amounts=amounts,
        )

    def exit_flow(self, project: Project) -> Flow:
        """Return what stopping a running project costs in period 0."""
        caps = self._caps(project, project.exit_category)
        return Flow(
            line=f"{project.id}/exit" if project.exit_fund is None else "",
            payers=self.payers(project.exit_fund, project.exit_category),
            caps=tuple(i for i in caps if self.caps[i].project_years is None),
            kind="start",
            amounts=((0, whole(project.exit_cost, self.scale)),) if project.exit_cost else (),
        )

    def _buckets(self, amounts: Amounts) -> tuple[tuple[int, ...], tuple[int | None, ...]]:
        """Return the bucket of each period and the amount of each bucket (None: not listed)."""
        periods = range(self.calendar.periods)
        if amounts.total is not None:
            return tuple(0 for _ in periods), (whole(amounts.total, self.scale),)
        if amounts.periods is not None:
            return tuple(periods), tuple(whole(a, self.scale) for a in amounts.periods)
        listed = amounts.years or {}
        years = self.calendar.fiscal_years()
        position = {year: i for i, year in enumerate(years)}
        return (
            tuple(position[self.calendar.fiscal_year(t)] for t in periods),
            tuple(whole(listed[y], self.scale) if y in listed else None for y in years),
        )

    def fund_data(self, fund: Fund) -> FundData:
        """Return a fund; fiscal years that it does not list have nothing."""
        bucket, amounts = self._buckets(fund.amounts)
        carry = fund.carry_limit
        return FundData(
            id=fund.id,
            bucket=bucket,
            amounts=tuple(a or 0 for a in amounts),
            carry=None if carry is None else whole(carry, self.scale),
            price=None if fund.price is None else float(fund.price),
        )

    def cap_data(self, cap: Cap) -> CapData:
        """Return a cap; periods out of range and fiscal years that it does not list are free."""
        bucket, amounts = self._buckets(cap.amounts)
        first, last = period_range(self.calendar, cap.first, cap.last)
        return CapData(
            id=cap.id,
            row=tuple(
                k if first <= t <= last and amounts[k] is not None else -1
                for t, k in enumerate(bucket)
            ),
            limits=tuple(a or 0 for a in amounts),
            years=None if cap.project_years is None else cap.project_years.value,
            price=None if cap.price is None else float(cap.price),
        )

    def budget(self, funds: Sequence[FundData]) -> int:
        """Return the sum of all fund amounts within the grid."""
        return sum(sum(fund.amounts) for fund in funds)


def period_range(calendar: Calendar, first: When | None, last: When | None) -> tuple[int, int]:
    """Return the included periods of a range; dates round inward to period edges."""
    low = 0 if first is None else calendar.not_before(first)
    high = calendar.periods - 1 if last is None else calendar.start_not_after(last)
    return max(low, 0), min(high, calendar.periods - 1)
