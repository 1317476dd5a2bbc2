"""The referee and brute force, which share no code, judge the same decisions alike."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from pmo_optimizer import referee
from pmo_optimizer.model import (
    HireOrder,
    PhasePlan,
    Plan,
    Portfolio,
    ProjectPlan,
    Status,
    Termination,
)
from pmo_optimizer.referee import Code
from tests.brute.enumerate import orders_of
from tests.brute.evaluate import Combination, Evaluator, Known
from tests.brute.random_portfolio import random_portfolio
from tests.properties.agreement import same

SAMPLES = 15
"""Random decisions per portfolio, most of them against some rule."""

RELATIONS = {
    Code.LINK_MIN_LAG,
    Code.LINK_MAX_LAG,
    Code.LINK_BLOCKED,
    Code.REQUIRES,
    Code.EXCLUDES,
    Code.ALL_OR_NONE,
    Code.CHOOSE,
}

RULES = {
    Code.RULE_SHARE,
    Code.RULE_COUNT,
    Code.RULE_STARTS,
    Code.RULE_AVERAGE,
    Code.CAP_EXCEEDED,
}

CERTIFIED = {Code.NEED_UNMET, Code.SPLIT_SUM, Code.FUND_OVERSPENT}
"""What is broken because these plans come without shares and splits."""


def _random_decisions(portfolio: Portfolio, seed: int) -> Iterator[tuple[Evaluator, Combination]]:
    random, evaluator = Random(seed), Evaluator(portfolio)
    if not all(evaluator.fates):
        return
    for _ in range(SAMPLES):
        orders = {hire.id: random.choice(orders_of(hire, portfolio)) for hire in portfolio.hires}
        fates = tuple(random.choice(own) for own in evaluator.fates)
        yield evaluator, Combination(fates, evaluator.hiring(orders))


def _bare_plan(portfolio: Portfolio, combination: Combination) -> Plan:
    return Plan(
        status=Status.FEASIBLE,
        termination=Termination.GAP,
        digest=portfolio.digest(),
        projects=tuple(_project_plan(fate) for fate in combination.fates),
        hires=tuple(
            HireOrder(hire=hire, period=period, heads=heads)
            for hire, orders in combination.hiring.orders.items()
            for period, heads in orders.items()
        ),
    )


def _project_plan(fate: Known) -> ProjectPlan:
    option = fate.option
    return ProjectPlan(
        project=option.project.id,
        selected=option.selected,
        start=option.start if option.active else None,
        finish=option.finish if option.active else None,
        phases=tuple(
            PhasePlan(phase=p.phase.id, mode=p.mode.id, start=p.start, end=p.end)
            for p in option.placed
        ),
    )


@pytest.mark.parametrize("seed", range(40))
def test_the_referee_and_brute_force_judge_alike(seed: int) -> None:
    """Terms, links and selection, rules and caps, and nothing else is said of the decisions."""
    portfolio = random_portfolio(seed)
    for evaluator, combination in _random_decisions(portfolio, seed):
        report = referee.check(portfolio, _bare_plan(portfolio, combination))
        codes = {violation.rule for violation in report.violations}
        for term in portfolio.objective.terms:
            assert same(report.kpis.terms[term.term], evaluator.term(term, combination))
        assert bool(codes & RELATIONS) != evaluator.relations_hold(combination)
        assert bool(codes & RULES) == (evaluator.price_of_rules(combination) is None)
        assert codes <= RELATIONS | RULES | CERTIFIED
