"""Who pays: splits of open lines, funds with carry-over, and caps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from pmo_optimizer.model import Cap, Fund, FundSplit, FundUse, Plan, Portfolio, ProjectYears
from pmo_optimizer.model.plan import usable
from pmo_optimizer.referee.buckets import buckets
from pmo_optimizer.referee.ledger import Cost, Ledger
from pmo_optimizer.referee.report import Code, Log, plain
from pmo_optimizer.referee.schedule import Schedule

Payments = dict[str, defaultdict[int, Decimal]]
"""What each fund pays in each period."""


def check_money(ledger: Ledger, plan: Plan, log: Log) -> tuple[FundUse, ...]:
    """Note faulty splits, overspent funds and exceeded caps; return the use of each fund."""
    portfolio = ledger.schedule.portfolio
    payments: Payments = {fund.id: defaultdict(Decimal) for fund in portfolio.funds}
    for cost in ledger.costs():
        if cost.fund in payments:
            payments[cost.fund][cost.period] += cost.amount
    for period, saving in ledger.savings():
        if saving.fund in payments:
            payments[saving.fund][period] -= saving.amount
    _pay_open_lines(ledger, plan, payments, log)
    _check_caps(ledger, log)
    funds = sorted(portfolio.funds, key=lambda fund: fund.id)
    return tuple(
        use for fund in funds for use in _fund_uses(fund, portfolio, payments[fund.id], log)
    )


def _fund_uses(
    fund: Fund, portfolio: Portfolio, paid: Mapping[int, Decimal], log: Log
) -> Iterator[FundUse]:
    """Yield the use of each bucket, carry-over included (formulation, section 5)."""
    row = buckets(fund.amounts, portfolio.calendar)
    spent = _by_bucket(row.of_period, paid, len(row.labels))
    carried = Decimal(0)
    for label, amount, used in zip(row.labels, row.amounts, spent, strict=True):
        available = (amount or Decimal(0)) + carried
        over = max(used - available, Decimal(0))
        _note_overspend(fund, label, over, log)
        left = max(available - used, Decimal(0))
        limit = fund.carry_limit
        carried = left if limit is None else min(limit, left)
        yield FundUse(
            fund=fund.id,
            bucket=label,
            available=float(available),
            spent=float(used),
            carried=float(carried),
            overspent=float(over),
        )


def _by_bucket(
    of_period: tuple[int, ...], amounts: Mapping[int, Decimal], size: int
) -> list[Decimal]:
    """Add amounts up by bucket; those beyond the grid are in none."""
    total = [Decimal(0)] * size
    for period, amount in amounts.items():
        if 0 <= period < len(of_period):
            total[of_period[period]] += amount
    return total


def _note_overspend(fund: Fund, label: str, over: Decimal, log: Log) -> None:
    if over and fund.price is not None:
        log.breach("fund", fund.id, label, over, fund.price)
    elif over:
        message = f"Fund {fund.id} is overspent by {plain(over)} in {label}."
        log.broken(Code.FUND_OVERSPENT, f"funds/{fund.id}/{label}", message)


def _pay_open_lines(ledger: Ledger, plan: Plan, payments: Payments, log: Log) -> None:
    """Book the plan's splits and note where they do not add up to the open lines."""
    portfolio = ledger.schedule.portfolio
    due: defaultdict[tuple[str, int], Decimal] = defaultdict(Decimal)
    categories: dict[str, str] = {}
    for cost in ledger.costs():
        if cost.fund is None:
            due[cost.line, cost.period] += cost.amount
            categories[cost.line] = cost.category
    split: defaultdict[tuple[str, int], Decimal] = defaultdict(Decimal)
    funds = {fund.id: fund for fund in portfolio.funds}
    lines = set(_line_names(portfolio)) if plan.fund_splits else set()
    for item in plan.fund_splits:
        if _sound_split(item, funds, lines, categories, log):
            split[item.line, item.period] += item.amount
            payments[item.fund][item.period] += item.amount
    if funds:
        _check_sums(ledger.schedule, due, split, log)


def _sound_split(
    item: FundSplit, funds: Mapping[str, Fund], lines: set[str], open_: Mapping[str, str], log: Log
) -> bool:
    """Return whether a split pays part of an open line of the plan from a known fund.

    A split on an ineligible fund is noted, and paid all the same.
    """
    path = f"fund_splits/{item.line}/{item.fund}/{item.period}"
    fund = funds.get(item.fund)
    if fund is None:
        log.broken(Code.UNKNOWN_FUND, path, f"There is no fund {item.fund}.")
    if item.line not in lines:
        log.broken(Code.UNKNOWN_LINE, path, f"There is no cost line {item.line}.")
    elif item.line not in open_:
        message = f"{item.line} is not an open line of this plan."
        log.broken(Code.SPLIT_CLOSED_LINE, path, message)
    elif fund is not None and not fund.pays(open_[item.line]):
        message = f"Fund {fund.id} may not pay {open_[item.line]}."
        log.broken(Code.SPLIT_INELIGIBLE, path, message)
    if not usable(item.amount):
        log.broken(Code.ABSURD_NUMBER, path, f"{item.amount} is no number to reckon with.")
        return False
    if item.amount < 0:
        log.broken(Code.SPLIT_NEGATIVE, path, f"The split is negative: {plain(item.amount)}.")
        return False
    return fund is not None and item.line in open_


def _check_sums(
    schedule: Schedule,
    due: Mapping[tuple[str, int], Decimal],
    split: Mapping[tuple[str, int], Decimal],
    log: Log,
) -> None:
    """Hold the splits of each line and period of the grid against its exact amount.

    Beyond the grid no fund is asked, so that a split there means nothing.
    """
    nothing = Decimal(0)
    for line, period in due.keys() | split.keys():
        amount, paid = due.get((line, period), nothing), split.get((line, period), nothing)
        if 0 <= period < schedule.periods and paid != amount:
            message = f"{line} costs {amount:f} in period {period}, {paid:f} are paid by funds."
            log.broken(Code.SPLIT_SUM, f"fund_splits/{line}/{period}", message)


def _line_names(portfolio: Portfolio) -> Iterator[str]:
    """Yield the names of all lines of a portfolio that could be open."""
    for hire in portfolio.hires:
        yield f"hire/{hire.id}"
    for project in portfolio.projects:
        yield f"{project.id}/exit"
        yield from (f"{project.id}/costs/{line.id}" for line in project.costs)
        for phase in project.phases:
            for mode in phase.modes:
                path = f"{project.id}/{phase.id}/{mode.id}/costs"
                yield from (f"{path}/{line.id}" for line in mode.costs)


def _check_caps(ledger: Ledger, log: Log) -> None:
    for cap in ledger.schedule.portfolio.caps:
        calendar = ledger.schedule.portfolio.calendar
        row = buckets(cap.amounts, calendar)
        spent: defaultdict[int, Decimal] = defaultdict(Decimal)
        for cost in _capped(cap, ledger):
            spent[cost.period] += cost.amount
        totals = _by_bucket(row.of_period, spent, len(row.labels))
        for label, limit, used in zip(row.labels, row.amounts, totals, strict=True):
            if limit is None or used <= limit:
                continue
            if cap.price is not None:
                log.breach("cap", cap.id, label, used - limit, cap.price)
            else:
                message = f"Cap {cap.id} allows {plain(limit)} in {label}, {plain(used)} are spent."
                log.broken(Code.CAP_EXCEEDED, f"caps/{cap.id}/{label}", message)


def _capped(cap: Cap, ledger: Ledger) -> Iterator[Cost]:
    """Yield the costs that a cap limits."""
    calendar = ledger.schedule.portfolio.calendar
    first = 0 if cap.first is None else calendar.not_before(cap.first)
    last = calendar.periods - 1 if cap.last is None else calendar.start_not_after(cap.last)
    for name, active in ledger.schedule.active.items():
        if active.project.matches(cap.where):
            later = ledger.schedule.on_grid(active.start) + calendar.grain.periods_a_year
            for cost in ledger.projects[name]:
                part = ProjectYears.FIRST if cost.period < later else ProjectYears.LATER
                wanted = cap.project_years in {None, part} and _covers(cap, cost.category)
                if wanted and first <= cost.period <= last:
                    yield cost
    for project, cost in ledger.exits:
        wanted = cap.project_years is None and _covers(cap, cost.category)
        if wanted and project.matches(cap.where) and first <= cost.period <= last:
            yield cost


def _covers(cap: Cap, category: str) -> bool:
    return not cap.cost_categories or category in cap.cost_categories
