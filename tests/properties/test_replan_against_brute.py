"""The curve of value against changes is the one that brute force proves."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from math import inf

import pytest

from pmo_optimizer import InvalidInput, Plan, Portfolio, optimize
from pmo_optimizer.model import Method, Term, TermName
from pmo_scenarios import Replan, Scenario, baseline_of, replan
from pmo_scenarios.studies.tradeoff import Tradeoff
from tests.brute.enumerate import combinations
from tests.brute.evaluate import Evaluator
from tests.properties.agreement import TOLERANCE, same, tiny_case

SEEDS = 6
"""Random portfolios of a normal run."""

DRILL_SEEDS = 240
"""Random portfolios of a drill."""

RANGE = 20
"""Portfolios of one test of a drill."""


@pytest.fixture
def threads() -> Iterator[Executor]:
    """Return an executor of one thread, which saves the start of processes."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def case(seed: int) -> tuple[Portfolio, Plan] | None:
    """Return a portfolio in which a project of a plan can no longer be done, and the plan."""
    portfolio, truth = tiny_case(seed)
    if not truth.feasible:
        return None
    plan = optimize(portfolio, backend="milp", time_limit=60, workers=1)
    for name in plan.selected:
        lost = {"change": "decide", "projects": [name], "decision": "never"}
        try:
            return Scenario.parse({"id": "lost", "changes": [lost]}).apply(portfolio), plan
        except InvalidInput:
            continue
    return portfolio, plan


def curve(study: Replan, plan: Plan) -> dict[int, float]:
    """Return the best objective, more being better, for each number of changes."""
    assert study.changed is not None
    judge = study.changed.model_copy(update={"baseline": baseline_of(plan)})
    evaluator, goals = Evaluator(judge), judge.objective
    weighted = goals.method is Method.WEIGHTED
    terms = goals.terms if weighted else goals.terms[:1]
    sign = 1 if goals.maximised else -1
    hopes = []
    for combination in combinations(evaluator):
        weights = [float(t.weight) if weighted else 1.0 for t in terms]
        hope = sum(
            w * (1 if t.term.maximised else -1) * evaluator.term(t, combination)
            for t, w in zip(terms, weights, strict=True)
        )
        changes = round(evaluator.term(Term(term=TermName.CHANGES), combination))
        hopes.append((hope, changes, combination))
    best: dict[int, float] = {}
    for hope, changes, combination in sorted(hopes, key=lambda row: -row[0]):
        if hope <= best.get(changes, -inf):
            continue
        penalty = evaluator.penalty(combination)
        if penalty is not None and penalty < inf:
            price = float(goals.terms[0].weight) if weighted else 1.0
            best[changes] = max(best.get(changes, -inf), hope - price * penalty)
    return {count: sign * score for count, score in best.items()}


def differences(seed: int, pool: Executor) -> list[str]:
    """Return in what a curve contradicts brute force."""
    found = case(seed)
    if found is None:
        return []
    portfolio, plan = found
    study = replan(
        portfolio, plan, points=20, time_limit=60, workers=1, backend="milp", executor=pool
    )
    truth, sign = curve(study, plan), 1 if study.maximised else -1
    if not truth:
        return [] if study.status == "infeasible" else [f"{study.status}, but nothing is feasible"]
    out = []
    if study.least_changes != min(truth):
        out.append(f"{min(truth)} changes are needed, not {study.least_changes}")
    exact = Tradeoff(portfolio, plan).limitable
    first = portfolio.objective.terms[0]
    if portfolio.objective.method is Method.LEXICOGRAPHIC and (first.abs_tol or first.rel_tol):
        exact = False
    for point in study.points:
        limit = inf if point.limit is None else point.limit
        best = max(sign * score for count, score in truth.items() if count <= limit)
        if (exact or point.proven) and not same(sign * point.objective, best):
            out.append(f"{point.limit}: {sign * best} is possible, not {point.objective}")
        if exact and not point.proven:
            out.append(f"{point.limit}: not proven")
        fuzz = TOLERANCE * max(1.0, abs(best))
        if point.bound is None or sign * point.bound < best - fuzz:
            out.append(f"{point.limit}: {sign * best} is possible, the bound is {point.bound}")
        if point.changes > limit:
            out.append(f"{point.limit}: {point.changes} changes")
    scores = [sign * point.objective for point in study.points]
    if scores != sorted(scores):
        out.append(f"not monotone: {scores}")
    return out


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_curve_is_that_of_brute_force(seed: int, threads: Executor) -> None:
    """The most with at most k changes, the fewest changes and every bound are right."""
    assert differences(seed, threads) == []


@pytest.mark.drill
@pytest.mark.parametrize("first_seed", range(SEEDS, DRILL_SEEDS, RANGE))
def test_the_curve_is_that_of_brute_force_on_many(first_seed: int, threads: Executor) -> None:
    """The same on further portfolios; every seed with a difference is listed."""
    seeds = range(first_seed, min(first_seed + RANGE, DRILL_SEEDS))
    found = {seed: differences(seed, threads) for seed in seeds}
    assert {seed: texts for seed, texts in found.items() if texts} == {}
