"""Where a plan and the truth about its portfolio differ, in words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import isclose

from pmo_optimizer import referee
from pmo_optimizer.model import Method, Plan, Portfolio, Status
from tests.brute.enumerate import BruteResult, combination_of
from tests.brute.evaluate import Evaluator
from tests.brute.random_portfolio import random_case

ENGINES = ("cp-sat", "milp")

TOLERANCE = 1e-6
"""Relative difference, and absolute one near 0, that floats and solvers may have."""


@lru_cache(maxsize=64)
def tiny_case(seed: int) -> tuple[Portfolio, BruteResult]:
    """Return a tiny random portfolio and its proven optimum."""
    return random_case(seed)


def same(left: float | None, right: float | None) -> bool:
    """Return whether two numbers are equal within the tolerance, or both missing."""
    if left is None or right is None:
        return left is right
    return isclose(left, right, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def differences(portfolio: Portfolio, plan: Plan, truth: BruteResult) -> list[str]:
    """Return everything in which a plan, solved to optimality, contradicts brute force.

    Compared is what is uniquely defined: the status, the best of every stage (for a weighted
    objective the sum) and the sides of the bounds. Where several plans are best, or a tolerance
    leaves room, term values may differ from those of brute force; they are held against what
    brute force says of the very decisions of the plan.
    """
    if not truth.feasible:
        wanted = plan.status is Status.INFEASIBLE and plan.objective is None
        return [] if wanted else [f"{plan.status}, but no plan is feasible"]
    if plan.status is not Status.OPTIMAL:
        return [f"{plan.status} ({plan.termination}: {plan.message}), but there is an optimum"]
    found = [*_refused(portfolio, plan), *_stages(portfolio, plan, truth)]
    return found + list(_decisions(portfolio, plan))


def refusals(portfolio: Portfolio, plan: Plan) -> list[str]:
    """Return what the referee has against a plan, its claims included."""
    return list(_refused(portfolio, plan))


def _refused(portfolio: Portfolio, plan: Plan) -> Iterator[str]:
    report = referee.check(portfolio, plan)
    for violation in (*report.violations, *referee.disagreements(plan, report), *plan.violations):
        yield f"referee: {violation.path}: {violation.message}"
    if not same(plan.objective, report.kpis.objective):
        yield f"the referee finds {report.kpis.objective}, the plan says {plan.objective}"


def _stages(portfolio: Portfolio, plan: Plan, truth: BruteResult) -> Iterator[str]:
    objective = portfolio.objective
    if objective.method is Method.WEIGHTED:
        if not same(plan.objective, truth.objective):
            yield f"the best sum is {truth.objective}, the plan says {plan.objective}"
        yield from _bound("the sum", plan.bound, truth.objective, objective.maximised)
        return
    for result, stage in zip(plan.terms, truth.stages, strict=True):
        if result.term is not stage.term or not same(result.best, stage.best):
            yield f"{stage.term}: the best is {stage.best}, the plan says {result.best}"
        yield from _bound(stage.term, result.bound, stage.best, stage.term.maximised)
    yield from _bound("objective", plan.bound, truth.objective, objective.maximised)


def _bound(name: str, bound: float | None, best: float | None, maximised: bool) -> Iterator[str]:
    """Say that a bound is missing, or cuts off what is possible."""
    if bound is None or best is None:
        yield f"{name}: there is no bound"
        return
    room = bound - best if maximised else best - bound
    if room < -TOLERANCE * max(1.0, abs(best)):
        yield f"{name}: {best} is possible, the bound {bound} denies it"


def _decisions(portfolio: Portfolio, plan: Plan) -> Iterator[str]:
    """Hold terms and objective of a plan against brute force's view of its decisions."""
    evaluator = Evaluator(portfolio)
    combination = combination_of(evaluator, plan)
    penalty = evaluator.penalty(combination)
    if penalty is None or not evaluator.relations_hold(combination):
        yield "brute force finds the decisions infeasible"
        return
    terms = portfolio.objective.terms
    values = [evaluator.term(term, combination) for term in terms]
    for term, value, result in zip(terms, values, plan.terms, strict=True):
        if not same(value, result.value):
            yield f"{term.term} of the decisions is {value}, the plan says {result.value}"
    if plan.kpis.penalty < penalty - TOLERANCE * max(1.0, penalty):
        yield f"a penalty of {plan.kpis.penalty} where at least {penalty} is due"
