"""Alternatives are the greedy sequence that brute force finds, and end where it ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from pmo_optimizer.model import Portfolio, State
from pmo_scenarios import Alternatives, Ended, alternatives
from pmo_scenarios.studies.alternatives import floor_of
from tests.brute.evaluate import Evaluator
from tests.properties.agreement import TOLERANCE, same, tiny_case
from tests.properties.selections import best_of_selections

SEEDS = 12
"""Random portfolios of a normal run."""

DRILL_SEEDS = 140
"""Random portfolios of a drill."""

RANGE = 10
"""Portfolios of one test of a drill."""

WANTED = 4


def _differences(seed: int) -> list[str]:
    """Return everything in which the alternatives of a tiny portfolio contradict brute force."""
    portfolio, _ = tiny_case(seed)
    dice = Random(seed)
    within, distance = dice.choice([0.0, 0.1, 0.4, 0.9]), dice.choice([1, 1, 2, 3])
    with ThreadPoolExecutor(1) as pool:
        result = alternatives(
            portfolio,
            plans=WANTED,
            within=within,
            differences=distance,
            executor=pool,
            workers=1,
            backend="milp",
        )
    return list(_wrong(portfolio, result, best_of_selections(Evaluator(portfolio))))


def _wrong(
    portfolio: Portfolio, result: Alternatives, values: dict[frozenset[str], float]
) -> list[str]:
    if not values:
        return [] if result.ended is Ended.NO_BEST else [f"{result.ended} without any plan"]
    sign = 1 if result.maximised else -1
    best = sign * max(sign * value for value in values.values())
    floor = floor_of(best, result.within, sign)
    found = [] if same(result.floor, floor) else [f"floor {result.floor}, not {floor}"]
    before: list[frozenset[str]] = []
    done = {p.id for p in portfolio.projects if p.state is State.DONE}
    for plan in result.plans:
        left = _left(values, before, result.differences)
        wanted = sign * max((sign * v for v in left.values()), default=float("-inf"))
        if not same(plan.objective, wanted):
            found.append(f"{plan.id} has {plan.objective}, the best one left has {wanted}")
        before.append(frozenset(plan.selected) | done)
    good = {
        chosen: v
        for chosen, v in _left(values, before, result.differences).items()
        if sign * (v - floor) >= -TOLERANCE * max(1.0, abs(best))
    }
    wanted_end = Ended.ENOUGH if len(result.plans) == WANTED else Ended.PROVED
    if result.ended is not wanted_end:
        found.append(f"{result.ended}, not {wanted_end}")
    if result.ended is Ended.PROVED and good:
        found.append(f"no further plan, but there are {good}")
    return found


def _left(
    values: dict[frozenset[str], float], before: list[frozenset[str]], distance: int
) -> dict[frozenset[str], float]:
    return {c: v for c, v in values.items() if all(len(c ^ old) >= distance for old in before)}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_alternatives_are_those_of_brute_force(seed: int) -> None:
    """Each plan is the best that differs enough from all before; no more means there are none."""
    assert _differences(seed) == []


@pytest.mark.drill
@pytest.mark.parametrize("first", range(SEEDS, DRILL_SEEDS, RANGE))
def test_alternatives_are_those_of_brute_force_on_many(first: int) -> None:
    """The same on further portfolios; every seed with a difference is listed."""
    found = {s: _differences(s) for s in range(first, min(first + RANGE, DRILL_SEEDS))}
    assert {seed: texts for seed, texts in found.items() if texts} == {}
