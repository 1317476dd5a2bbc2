"""Every price is what brute force says: the best after the step less the best as it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import pytest

from pmo_optimizer.model import Objective, Portfolio, Status
from pmo_scenarios import Price, Prices, Scenario, prices
from tests.brute.enumerate import TooLarge, solve
from tests.properties.agreement import same, tiny_case

SEEDS = 12
"""Random portfolios of a normal run."""

DRILL_SEEDS = 100
"""Random portfolios of a drill."""

RANGE = 10
"""Portfolios of one test of a drill."""

MOST_LIMITS = 6
"""So many limits of each portfolio are held against brute force in a normal run."""

PERCENT = 15
"""Steps of budgets that matter in tiny portfolios."""


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1)


def _prices(portfolio: Portfolio, only: tuple[str, ...] = ()) -> Prices:
    return prices(
        portfolio,
        only=only,
        percent=PERCENT,
        time_limit=60,
        workers=1,
        backend="milp",
        executor=_pool(),
    )


def _first_term(portfolio: Portfolio) -> Portfolio:
    """Return the portfolio whose objective is the first term; a weighted one stays as it is."""
    goals = portfolio.objective
    if goals.method == "weighted":
        return portfolio
    alone = Objective(method=goals.method, terms=goals.terms[:1])
    return Portfolio.parse(portfolio.model_copy(update={"objective": alone}).to_data())


def _differences(seed: int, most: int | None) -> list[str]:
    portfolio, truth = tiny_case(seed)
    every = _sample(portfolio, most)
    if not every:
        return []
    result = _prices(portfolio, every)
    found = []
    if not same(result.objective, truth.objective):
        found.append(f"as it is: {truth.objective} is best, the study says {result.objective}")
    sign = 1 if portfolio.objective.maximised else -1
    for row in result.prices:
        changed = Scenario(id="step", changes=row.changes).apply(_first_term(portfolio))
        try:
            after = solve(changed)
        except TooLarge:
            continue
        found += _wrong(row, truth.objective, after.objective, sign)
    return found


def _sample(portfolio: Portfolio, most: int | None) -> tuple[str, ...]:
    """Return the paths of some limits of the first term, spread over their kinds."""
    from pmo_scenarios.studies.limits import Steps, limits_of

    stated = limits_of(_first_term(portfolio), Steps())
    paths = [limit.path for limit in stated if not limit.reason]
    step = 1 if most is None else max(1, len(paths) // most)
    return tuple(paths[::step][:most])


def _wrong(row: Price, before: float | None, after: float | None, sign: int) -> list[str]:
    """Return where a price contradicts the two optima of brute force."""
    if before is None:
        fits = row.price is None and row.enables is (after is not None)
        return [] if fits and same(row.objective, after) else [f"{row.path}: {row}, but {after}"]
    if after is None:
        # Only where the step may shut plans out.
        return [] if row.price is None else [f"{row.path}: no plan is left, but {row.price}"]
    if row.price is None:
        return [f"{row.path}: no price"]
    price, truth = row.price, sign * (after - before)
    wrong = []
    if not same(price.value, truth):
        wrong.append(f"{row.path}: worth {truth}, the study says {price}")
    if row.status is not None and row.status is not Status.OPTIMAL:
        wrong.append(f"{row.path}: {row.status}")
    slack = 1e-5 * max(1.0, abs(before), abs(after))
    if (
        price.low is None
        or price.high is None
        or not (price.low - slack <= truth <= price.high + slack)
    ):
        wrong.append(f"{row.path}: {truth} is outside {price}")
    if price.proven and abs(truth) <= slack / 100:
        wrong.append(f"{row.path}: proven, but worth nothing")
    if row.worthless and abs(truth) > slack:
        wrong.append(f"{row.path}: worth {truth}, said to be worthless")
    return wrong


@pytest.mark.parametrize("seed", range(SEEDS))
def test_prices_agree_with_brute_force(seed: int) -> None:
    """Of some limits of a random portfolio: values, intervals and proofs."""
    assert _differences(seed, MOST_LIMITS) == []


@pytest.mark.drill
@pytest.mark.parametrize("first", range(0, DRILL_SEEDS, RANGE))
def test_prices_agree_with_brute_force_on_many(first: int) -> None:
    """Of every limit of many; every seed with a difference is listed."""
    found = {seed: _differences(seed, None) for seed in range(first, first + RANGE)}
    assert {seed: texts for seed, texts in found.items() if texts} == {}
