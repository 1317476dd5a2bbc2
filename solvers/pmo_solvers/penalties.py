"""What the soft limits of a completed plan cost, exactly.

An engine's own figure for a breach is subject to its tolerances; this one is arithmetic on the
decisions and their certificate.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from pmo_optimizer.backend import Certificate, Decisions
from pmo_optimizer.model import SupplierKind
from pmo_optimizer.problem import CountRow, MeasureRow, Problem
from pmo_solvers.completion import payments, span, spending


def penalty(problem: Problem, decisions: Decisions, certificate: Certificate) -> float:
    """Return the sum of price x breach over all soft limits."""
    return (
        _people(problem, certificate)
        + _funds(problem, decisions, certificate)
        + _caps(problem, decisions)
        + _rules(problem, decisions)
        + _delays(problem, decisions)
    )


def _people(problem: Problem, certificate: Certificate) -> float:
    """Return the price of extra supply and of use above soft ceilings."""
    prices = {bucket.skill: bucket.overload_price or 0.0 for bucket in problem.buckets}
    soft = {(s.kind, s.id): s.soft_ceilings for s in problem.suppliers}
    soft |= {(SupplierKind.PERSON, p.id): p.soft_ceilings for p in problem.people}
    used: dict[tuple[SupplierKind, str, int], Fraction] = defaultdict(Fraction)
    total = 0.0
    for share in certificate.shares:
        if share.kind is SupplierKind.OVERLOAD:
            total += prices[share.supplier] * float(share.fte)
        elif soft.get((share.kind, share.supplier)):
            used[share.kind, share.supplier, share.period] += share.fte
    for (kind, supplier, period), time in used.items():
        for rule, limits in soft[kind, supplier]:
            excess = time - Fraction(limits[period], problem.fte_scale)
            total += problem.ceilings[rule].price * float(max(excess, Fraction(0)))
    return total


def _funds(problem: Problem, decisions: Decisions, certificate: Certificate) -> float:
    """Return the price of overspending, bucket by bucket with what is carried over."""
    if all(fund.price is None for fund in problem.funds):
        return 0.0
    spent: dict[tuple[int, int], int] = defaultdict(int)
    for payment in payments(problem, decisions):
        if len(payment.payers) == 1 and not payment.line:
            fund = payment.payers[0]
            spent[fund, problem.funds[fund].bucket[payment.period]] += payment.amount
    for split in certificate.splits:
        spent[split.fund, problem.funds[split.fund].bucket[split.period]] += split.amount
    for synergy in problem.synergies:
        if all(decisions.selected[p] for p in synergy.projects):
            for fund, period, amount in synergy.savings:
                if 0 <= period < problem.periods:
                    spent[fund, problem.funds[fund].bucket[period]] -= amount
    total = 0.0
    for index, data in enumerate(problem.funds):
        carried = 0
        for k, amount in enumerate(data.amounts):
            left = amount + carried - spent[index, k]
            if data.price is not None:
                total += data.price * max(-left, 0) / problem.money_scale
            carried = max(left if data.carry is None else min(left, data.carry), 0)
    return total


def _caps(problem: Problem, decisions: Decisions) -> float:
    """Return the price of cost above soft caps."""
    if all(cap.price is None for cap in problem.caps):
        return 0.0
    counted: dict[tuple[int, int], int] = defaultdict(int)
    for spent in spending(problem, decisions, stopping=True):
        if not 0 <= spent.period < problem.periods:
            continue
        first = spent.period - spent.start < problem.periods_a_year
        for cap in spent.flow.caps:
            data = problem.caps[cap]
            matches = data.years is None or first == (data.years == "first")
            if data.row[spent.period] >= 0 and matches:
                counted[cap, data.row[spent.period]] += spent.amount
    total = 0.0
    for (cap, row), amount in counted.items():
        excess = max(amount - problem.caps[cap].limits[row], 0)
        total += (problem.caps[cap].price or 0.0) * excess / problem.money_scale
    return total


def _rules(problem: Problem, decisions: Decisions) -> float:
    measures = sum(
        rule.price * float(_beyond(_measured(problem, decisions, rule), rule.lower, rule.upper))
        for rule in problem.measures
        if rule.price is not None
    )
    counts = sum(
        rule.price * float(_counted(problem, decisions, rule))
        for rule in problem.counts
        if rule.price is not None
    )
    return measures + counts


def _beyond(
    value: Fraction, lower: Fraction | int | None, upper: Fraction | int | None
) -> Fraction:
    """Return how far a value lies outside its limits."""
    below = Fraction(0) if lower is None else lower - value
    above = Fraction(0) if upper is None else value - upper
    return max(below, Fraction(0)) + max(above, Fraction(0))


def _measured(problem: Problem, decisions: Decisions, rule: MeasureRow) -> Fraction:
    costs: dict[int, int] = defaultdict(int)
    if rule.measure == "cost":
        for spent in spending(problem, decisions):
            costs[spent.project] += spent.amount
    total = Fraction(0)
    for project, weight in rule.weights.items():
        if decisions.selected[project]:
            total += weight * _measure(problem, decisions, rule.measure, project, costs)
    return total


def _measure(
    problem: Problem, decisions: Decisions, measure: str, project: int, costs: dict[int, int]
) -> Fraction:
    data = problem.projects[project]
    if measure == "count":
        return Fraction(1)
    if measure == "value":
        return data.raw_value
    if measure == "cost":
        return Fraction(costs[project], problem.money_scale)
    modes = (data.phases[f].modes[d.mode] for f, d in enumerate(decisions.phases[project]))
    units = sum(demand.units for mode in modes for demand in mode.demands)
    return Fraction(units, problem.fte_scale)


def _counted(problem: Problem, decisions: Decisions, rule: CountRow) -> Fraction:
    chosen = [p for p in rule.projects if decisions.selected[p]]
    if rule.periods is None:
        return _beyond(Fraction(len(chosen)), rule.lower, rule.upper)
    starts: dict[int, int] = defaultdict(int)
    for project in chosen:
        starts[span(problem, decisions, project)[0]] += 1
    return sum(
        (_beyond(Fraction(starts[t]), rule.lower, rule.upper) for t in rule.periods), Fraction(0)
    )


def _delays(problem: Problem, decisions: Decisions) -> float:
    total = 0.0
    for project in problem.projects:
        if project.due is not None and decisions.selected[project.index]:
            finish = span(problem, decisions, project.index)[1]
            total += project.late_price * max(finish - project.due, 0)
    return total
