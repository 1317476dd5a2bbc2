"""Every engine finds the optimum that brute force proves."""

from __future__ import annotations

import pytest

from pmo_optimizer import EngineError, optimize
from tests.properties.agreement import ENGINES, differences, tiny_case

SEEDS = 40
"""Random portfolios of a normal run."""

DRILL_SEEDS = 500
"""Random portfolios of a drill."""

RANGE = 20
"""Portfolios of one test of a drill."""


def _differences(engine: str, seed: int) -> list[str]:
    portfolio, truth = tiny_case(seed)
    try:
        plan = optimize(portfolio, backend=engine, gap=0, time_limit=60, workers=2)
    except EngineError as error:
        return [str(error)]
    return differences(portfolio, plan, truth)


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_agrees_with_brute_force(engine: str, seed: int) -> None:
    """Status, best of every stage, bounds, terms and penalty are those of brute force."""
    assert _differences(engine, seed) == []


@pytest.mark.drill
@pytest.mark.parametrize("first", range(SEEDS, DRILL_SEEDS, RANGE))
@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_agrees_with_brute_force_on_many(engine: str, first: int) -> None:
    """The same on further portfolios; every seed with a difference is listed."""
    seeds = range(first, min(first + RANGE, DRILL_SEEDS))
    found = {seed: _differences(engine, seed) for seed in seeds}
    assert {seed: texts for seed, texts in found.items() if texts} == {}
