"""The frontier of tiny portfolios is what brute force proves, level by level."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from pmo_optimizer import EngineError, InvalidInput
from pmo_optimizer.model import Method, Portfolio, Status
from pmo_scenarios import Axis, Frontier, Point, Scenario, frontier
from tests.brute.enumerate import BruteResult, TooLarge, solve
from tests.properties.agreement import TOLERANCE, refusals, same, tiny_case

SEEDS = 8
"""Tiny portfolios of a normal run."""

DRILL_SEEDS = 300
"""Tiny portfolios of a drill."""

RANGE = 20
"""Portfolios of one test of a drill."""

LEVELS = (60, 85, 120)


def axes(portfolio: Portfolio) -> Iterator[dict[str, Any]]:
    """Yield wishes for every kind of axis that the portfolio has."""
    if any((f.amounts.total or f.amounts.years or f.amounts.periods) for f in portfolio.funds):
        yield {}
    if portfolio.people:
        yield {"skill": sorted(portfolio.people[0].skills)[0]}
    for rule in portfolio.rules:
        yield {"limit": f"rules/{rule.id}"}
    for cap in portfolio.caps:
        yield {"limit": f"caps/{cap.id}"}


def changed(portfolio: Portfolio, axis: Axis, point: Point) -> Portfolio:
    """Return the portfolio of a level, made by hand from the written changes."""
    percent = (point.level or 0) - 100
    rows: list[dict[str, Any]]
    if axis.kind == "budget":
        rows = [{"change": "budget", "fund": f, "percent": percent} for f in axis.targets]
    elif axis.kind == "capacity":
        rows = [{"change": "capacity", "skill": axis.targets[0], "percent": percent}]
    elif axis.field:
        to = {"field": axis.field, "to": point.amount}
        rows = [{"change": "limit", "target": axis.targets[0], **to}]
    else:
        rows = [{"change": "limit", "target": axis.targets[0], "percent": percent}]
    return Scenario.parse({"id": "x", "changes": rows}).apply(portfolio)


def _truth(portfolio: Portfolio) -> BruteResult | None:
    try:
        return solve(portfolio)
    except TooLarge:
        return None


def _faults(portfolio: Portfolio, result: Frontier) -> list[str]:
    """Return where a curve contradicts brute force, the referee, or itself."""
    found: list[str] = []
    sign = 1 if result.maximised else -1
    goals = portfolio.objective
    single = goals.method is Method.WEIGHTED or len(goals.terms) == 1
    for point in result.points:
        if point.plan is None:
            continue
        at = f"{result.axis.label} {point.level}"
        here = changed(portfolio, result.axis, point)
        truth = _truth(here)
        if truth is not None:
            best = truth.objective if single or not truth.stages else truth.stages[0].best
            if not same(best, point.value):
                found.append(f"{at}: the best is {best}, the point says {point.value}")
            wanted = Status.OPTIMAL if truth.feasible else Status.INFEASIBLE
            if point.status != wanted:
                found.append(f"{at}: {point.status} ({point.message})")
        if single and point.plan.found:
            found += [f"{at}: {refusal}" for refusal in refusals(here, point.plan)]
        if point.ranking is not None and point.value is not None:
            fuzz = TOLERANCE * max(1.0, abs(point.value))
            if sign * (point.ranking - point.value) > fuzz:
                found.append(f"{at}: the ranking {point.ranking} is above {point.value}")
    return [*found, *_falls(result, sign)]


def _falls(result: Frontier, sign: int) -> Iterator[str]:
    """Say where a looser level is worse."""
    if not result.axis.loosens:
        return
    points = result.points if result.axis.loosens > 0 else result.points[::-1]
    for name in ("value", "bound", "ranking"):
        numbers = [getattr(point, name) for point in points]
        known = [number for number in numbers if number is not None]
        for tight, loose in pairwise(known):
            if sign * (tight - loose) > TOLERANCE * max(1.0, abs(tight)):
                yield f"{result.axis.label}: {name} falls from {tight} to {loose}"


def _check(seed: int, draw: Callable[..., Frontier], most: int | None = None) -> list[str]:
    """Return the faults of the axes of a portfolio; of so many, others for each seed."""
    portfolio, _ = tiny_case(seed)
    found: list[str] = []
    wishes = list(axes(portfolio))
    turn = seed % max(1, len(wishes))
    for wish in (wishes[turn:] + wishes[:turn])[:most]:
        try:
            result = draw(portfolio, **wish)
        except InvalidInput as error:
            # Limits of 0, and rules with two limits, have no percentages.
            wrong = [f.rule for f in error.findings if not f.rule.startswith("frontier")]
            found += wrong
            continue
        except EngineError as error:
            found.append(f"{wish}: {error}")
            continue
        found += _faults(portfolio, result)
    return found


@pytest.fixture
def draw() -> Iterator[Callable[..., Frontier]]:
    """Return what draws a frontier with an exact engine, in threads."""
    with ThreadPoolExecutor(2) as pool:

        def call(portfolio: Portfolio, **wish: Any) -> Frontier:
            return frontier(
                portfolio,
                levels=LEVELS,
                executor=pool,
                workers=1,
                backend="milp",
                time_limit=60,
                **wish,
            )

        yield call


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_frontier_agrees_with_brute_force(seed: int, draw: Callable[..., Frontier]) -> None:
    """Each point is the best of its level, none is below the ranking, and none falls."""
    assert _check(seed, draw, most=1) == []


@pytest.mark.drill
@pytest.mark.parametrize("first", range(SEEDS, DRILL_SEEDS, RANGE))
def test_a_frontier_agrees_with_brute_force_on_many(
    first: int, draw: Callable[..., Frontier]
) -> None:
    """The same on further portfolios; every seed with a fault is listed."""
    seeds = range(first, min(first + RANGE, DRILL_SEEDS))
    found = {seed: _check(seed, draw) for seed in seeds}
    assert {seed: texts for seed, texts in found.items() if texts} == {}
