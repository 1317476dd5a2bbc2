"""The rankings keep every rule of random portfolios and never claim more than is possible."""

from __future__ import annotations

import pytest

from pmo_optimizer import EngineError, optimize
from pmo_optimizer.model import Portfolio
from tests.brute.enumerate import BruteResult
from tests.brute.random_portfolio import larger_portfolio
from tests.properties.agreement import TOLERANCE, refusals, same, tiny_case

SEEDS = 30
"""Tiny portfolios of a normal run."""

DRILL_SEEDS = 500
"""Tiny portfolios of a drill."""

RANGE = 20
"""Portfolios of one test of a drill."""

LARGER = 10
"""Larger portfolios of a normal run."""

DRILL_LARGER = 300
"""Larger portfolios of a drill."""


def _faults(portfolio: Portfolio, truth: BruteResult | None) -> list[str]:
    """Return what is wrong with a plan of the rankings."""
    try:
        plan = optimize(portfolio, backend="ranking", time_limit=60)
    except EngineError as error:
        return [str(error)]
    if plan.objective is None:
        return []
    found = refusals(portfolio, plan)
    if not same(plan.incumbents[-1].value, plan.objective):
        found.append(f"{plan.incumbents[-1].value} was reported for {plan.objective}")
    if truth is None:
        return found
    if truth.objective is None:
        return [*found, "a plan where none is possible"]
    sign = 1 if portfolio.objective.maximised else -1
    if sign * (plan.objective - truth.objective) > TOLERANCE * max(1.0, abs(truth.objective)):
        found.append(f"{plan.objective} is better than the best, {truth.objective}")
    return found


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_ranking_is_sound(seed: int) -> None:
    """The referee accepts the plan, its objective is the reported one and not above the best."""
    assert _faults(*tiny_case(seed)) == []


@pytest.mark.parametrize("seed", range(LARGER))
def test_a_larger_ranking_is_sound(seed: int) -> None:
    """The same where brute force cannot follow."""
    assert _faults(larger_portfolio(seed), None) == []


@pytest.mark.drill
@pytest.mark.parametrize("first", range(SEEDS, DRILL_SEEDS, RANGE))
def test_rankings_are_sound_on_many(first: int) -> None:
    """The same on further portfolios; every seed with a fault is listed."""
    seeds = range(first, min(first + RANGE, DRILL_SEEDS))
    found = {seed: _faults(*tiny_case(seed)) for seed in seeds}
    assert {seed: texts for seed, texts in found.items() if texts} == {}


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(LARGER, DRILL_LARGER))
def test_larger_rankings_are_sound_on_many(seed: int) -> None:
    """The same on further larger portfolios."""
    assert _faults(larger_portfolio(seed), None) == []
