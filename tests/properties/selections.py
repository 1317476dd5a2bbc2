"""What each selection of a tiny portfolio is worth at best, by brute force."""

from __future__ import annotations

from pmo_optimizer.model import Method
from tests.brute.enumerate import combinations
from tests.brute.evaluate import Combination, Evaluator


def best_of_selections(evaluator: Evaluator) -> dict[frozenset[str], float]:
    """Return the best objective of every selection that has a plan, done projects included.

    The objective is the first term after prices, or the weighted sum.
    """
    sign = 1.0 if evaluator.portfolio.objective.maximised else -1.0
    best: dict[frozenset[str], float] = {}
    for combination in combinations(evaluator):
        hopeful = _without_prices(evaluator, combination)
        known = best.get(combination.chosen)
        if known is not None and sign * hopeful <= sign * known:
            continue
        penalty = evaluator.penalty(combination)
        if penalty is None:
            continue
        objective = hopeful - sign * _price_weight(evaluator) * penalty
        if known is None or sign * objective > sign * known:
            best[combination.chosen] = objective
    return best


def _price_weight(evaluator: Evaluator) -> float:
    objective = evaluator.portfolio.objective
    return float(objective.terms[0].weight) if objective.method is Method.WEIGHTED else 1.0


def _without_prices(evaluator: Evaluator, combination: Combination) -> float:
    objective = evaluator.portfolio.objective
    if objective.method is not Method.WEIGHTED:
        return evaluator.term(objective.terms[0], combination)
    up = objective.maximised
    return sum(
        float(term.weight)
        * evaluator.term(term, combination)
        * (1 if term.term.maximised is up else -1)
        for term in objective.terms
    )
