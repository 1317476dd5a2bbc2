"""The best plan whose needs single people can serve in full, by looking at every combination."""

from __future__ import annotations

from fractions import Fraction
from itertools import count

from pmo_optimizer.checks import check
from pmo_optimizer.model import (
    HireOrder,
    PhasePlan,
    Plan,
    Portfolio,
    ProjectPlan,
    Severity,
    Status,
    Termination,
    TermName,
)
from tests.brute.dice import Dice
from tests.brute.draw_names import free_portfolio
from tests.brute.enumerate import combinations
from tests.brute.evaluate import Combination, Evaluator
from tests.brute.names import NoStaffing, Scene, least_unmet

PER_ITEM = Fraction(1, 5_000)
"""FTE by which one need in one period may be missed: 0.0001 FTE, and shares are multiples of it."""

MOST = 60
"""Combinations of a portfolio at most."""


def random_named(seed: int) -> Portfolio:
    """Return a tiny portfolio whose projects, dates and hires are open; the same for one seed."""
    for attempt in count():
        portfolio = free_portfolio(Dice(f"open {seed} {attempt}"))
        if any(finding.severity is Severity.ERROR for finding in check(portfolio)):
            continue
        if 2 < sum(1 for _ in combinations(Evaluator(portfolio))) <= MOST:
            return portfolio
    raise AssertionError("counting does not end")


def best_by_name(portfolio: Portfolio) -> float | None:
    """Return the greatest value of a plan that is staffed in full; None where there is none.

    Only the value counts, and no limit has a price.
    """
    evaluator = Evaluator(portfolio)
    (term,) = portfolio.objective.terms
    assert term.term is TermName.VALUE
    worth = [(evaluator.term(term, found), found) for found in combinations(evaluator)]
    for value, found in sorted(worth, key=lambda pair: -pair[0]):
        if evaluator.penalty(found) is not None and _is_staffed(portfolio, plan_of(found)):
            return value
    return None


def plan_of(found: Combination) -> Plan:
    """Return the decisions of a combination as a plan that says nothing else."""
    projects = tuple(
        ProjectPlan(
            project=fate.option.project.id,
            selected=fate.option.selected,
            start=fate.option.start,
            finish=fate.option.finish,
            phases=tuple(
                PhasePlan(phase=p.phase.id, mode=p.mode.id, start=p.start, end=p.end)
                for p in fate.option.placed
            ),
        )
        for fate in found.fates
    )
    hires = tuple(
        HireOrder(hire=name, period=period, heads=heads)
        for name, orders in found.hiring.orders.items()
        for period, heads in orders.items()
    )
    return Plan(
        status=Status.NO_PLAN_FOUND,
        termination=Termination.TIME_LIMIT,
        projects=projects,
        hires=hires,
    )


def _is_staffed(portfolio: Portfolio, plan: Plan) -> bool:
    """Return whether all needs can be served, and all who must work can."""
    scene = Scene(portfolio, plan)
    musts = sum(len(task.need.must) for task in scene.tasks)
    pinned = {task.phase: task.pinned for task in scene.tasks}
    if len(scene.wanted) < musts + sum(len(entries) for entries in pinned.values()):
        return False
    items = sum(len(task.rates) for task in scene.tasks)
    try:
        return least_unmet(portfolio, plan) <= PER_ITEM * items
    except NoStaffing:
        return False
