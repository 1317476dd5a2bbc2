"""The engines agree with each other where brute force cannot follow, and ignore row order."""

from __future__ import annotations

from typing import Any

import pytest

from pmo_optimizer import optimize
from pmo_optimizer.model import Method, Plan, Portfolio, Status
from tests.brute.random_portfolio import larger_portfolio, shuffled
from tests.properties.agreement import ENGINES, refusals, same

SEEDS = 8
"""Larger portfolios of a normal run."""

DRILL_SEEDS = 200
"""Larger portfolios of a drill."""

SHUFFLES = 3
"""Portfolios that are shuffled in a normal run."""

DRILL_SHUFFLES = 50
"""Portfolios that are shuffled in a drill."""

OWN_TO_A_RUN = {"seconds", "build_seconds", "incumbents"}
"""Fields of a plan that tell when things happened."""


def _optimal(portfolio: Portfolio, engine: str) -> Plan:
    return optimize(portfolio, backend=engine, gap=0, time_limit=60, workers=2)


def _differences(seed: int) -> list[str]:
    """Return everything in which the engines contradict each other or the referee."""
    portfolio = larger_portfolio(seed)
    first, second = (_optimal(portfolio, engine) for engine in ENGINES)
    if first.status is not second.status:
        return [f"{first.status} and {second.status}"]
    if first.status is Status.INFEASIBLE:
        return []
    found = [f"not solved to optimality: {first.status}"] * (first.status is not Status.OPTIMAL)
    found += refusals(portfolio, first) + refusals(portfolio, second)
    if portfolio.objective.method is Method.WEIGHTED:
        pairs = [("sum", first.objective, second.objective)]
    else:
        stages = zip(first.terms, second.terms, strict=True)
        pairs = [(a.term.value, a.best, b.best) for a, b in stages]
    return found + [f"{name}: {a} and {b}" for name, a, b in pairs if not same(a, b)]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_engines_agree(seed: int) -> None:
    """Both prove the same optimum of every stage, and the referee accepts both plans."""
    assert _differences(seed) == []


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(SEEDS, DRILL_SEEDS))
def test_the_engines_agree_on_many(seed: int) -> None:
    """The same on further portfolios."""
    assert _differences(seed) == []


def _reproduced(portfolio: Portfolio, engine: str) -> dict[str, Any]:
    """Return everything about a reproducible plan that must not depend on the run."""
    plan = optimize(portfolio, backend=engine, time_limit=60, workers=2, reproducible=True)
    return plan.model_dump(exclude=OWN_TO_A_RUN)


@pytest.mark.parametrize("seed", range(SHUFFLES))
@pytest.mark.parametrize("engine", ENGINES)
def test_shuffled_rows_give_the_same_plan(engine: str, seed: int) -> None:
    """In reproducible mode the order of rows changes nothing at all."""
    portfolio = larger_portfolio(seed)
    expected = _reproduced(portfolio, engine)
    assert _reproduced(shuffled(portfolio, seed), engine) == expected


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(SHUFFLES, DRILL_SHUFFLES))
@pytest.mark.parametrize("engine", ENGINES)
def test_shuffled_rows_give_the_same_plan_on_many(engine: str, seed: int) -> None:
    """The same on further portfolios."""
    portfolio = larger_portfolio(seed)
    expected = _reproduced(portfolio, engine)
    assert _reproduced(shuffled(portfolio, seed), engine) == expected
