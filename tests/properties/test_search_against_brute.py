"""The search of the hybrid engine, without its exact end, never contradicts brute force."""

from __future__ import annotations

import pytest

from pmo_optimizer import referee
from pmo_optimizer.backend import Clock, Options, Outcome
from pmo_optimizer.decode import plan_parts
from pmo_optimizer.model import Portfolio, Status
from pmo_optimizer.problem import compile_problem
from pmo_solvers.hybrid import HybridBackend
from tests.brute.enumerate import BruteResult
from tests.properties.agreement import TOLERANCE, tiny_case

SEEDS = 30
"""Random portfolios of a normal run."""

DRILL_SEEDS = 300
"""Random portfolios of a drill."""

RANGE = 20
"""Portfolios of one test of a drill."""

WORK = 4.0
"""Seconds of work for one portfolio, in reproducible mode."""


def _differences(seed: int) -> list[str]:
    portfolio, truth = tiny_case(seed)
    problem = compile_problem(portfolio)
    options = Options(clock=Clock(60.0), work_limit=WORK, reproducible=True)
    outcome = HybridBackend(exact_entries=0).solve(problem, options)
    found = _wrong_stages(portfolio, outcome, truth)
    if outcome.decisions is None:
        return found
    plan = plan_parts(portfolio, problem, outcome)
    return found + [v.message for v in referee.check(portfolio, plan).violations]


def _wrong_stages(portfolio: Portfolio, outcome: Outcome, truth: BruteResult) -> list[str]:
    """Return what the first stage claims beyond what is possible; later ones build on it."""
    if not truth.feasible:
        return [] if outcome.decisions is None else ["a plan where there is none"]
    if outcome.status is Status.INFEASIBLE:
        return ["infeasible, but there is a plan"]
    best = truth.objective
    if not outcome.stages or best is None:
        return []
    sign = 1.0 if portfolio.objective.maximised else -1.0
    noise = TOLERANCE * max(1.0, abs(best))
    stage = outcome.stages[0]
    found = []
    if stage.best is not None and sign * (stage.best - best) > noise:
        found.append(f"{stage.best} is better than the best, {best}")
    if stage.bound is not None and sign * (best - stage.bound) > noise:
        found.append(f"the bound {stage.bound} denies {best}")
    return found


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_search_claims_nothing_impossible(seed: int) -> None:
    """No value beats the proved optimum, no bound denies it, the referee accepts the plan."""
    assert _differences(seed) == []


@pytest.mark.drill
@pytest.mark.parametrize("first", range(SEEDS, DRILL_SEEDS, RANGE))
def test_the_search_claims_nothing_impossible_on_many(first: int) -> None:
    """The same on further portfolios; every seed with a difference is listed."""
    seeds = range(first, min(first + RANGE, DRILL_SEEDS))
    found = {seed: _differences(seed) for seed in seeds}
    assert {seed: texts for seed, texts in found.items() if texts} == {}
