"""Which of two plans of a solve is the better one: terms in order, each within its tolerance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pmo_optimizer.model import Method, Plan, Portfolio

NOISE = 1e-6
"""Relative difference of two figures below which both are the same."""

LEFT_OFF = frozenset({"stopped", "time_limit"})
"""Terminations of a search that had not come to its end."""

Terms = Sequence[tuple[float, bool, float]]
"""Of each term: its value, whether more is better, and how much later terms may worsen it."""


def terms_of(portfolio: Portfolio, plan: Plan) -> list[tuple[float, bool, float]]:
    """Return the terms by which a plan is compared; none where it has no figures.

    The first is the plan's objective, prices included; a weighted objective has no other.
    """
    if plan.objective is None:
        return []
    objective = portfolio.objective
    values = [plan.objective, *(result.value for result in plan.terms[1:])]
    if objective.method is Method.WEIGHTED:
        values = values[:1]
    found = []
    for number, (value, term) in enumerate(zip(values, objective.terms, strict=False), 1):
        tolerance = max(float(term.abs_tol), float(term.rel_tol) * abs(value))
        # The last one gives up nothing: there is nothing to give it up for.
        given_up = tolerance if number < len(values) else 0.0
        found.append((value, term.term.maximised, given_up))
    return found


def stored_values(document: str) -> list[float]:
    """Return the values of the terms of a stored plan, in order; none where it has no figures."""
    plan: dict[str, Any] = json.loads(document)
    if plan.get("objective") is None:
        return []
    return [float(plan["objective"]), *(float(term["value"]) for term in plan["terms"][1:])]


def worse(terms: Terms, before: Sequence[float]) -> bool:
    """Return whether a plan is worse than another one whose values are given.

    The first term that differs by more than may be given up decides; where none does, neither
    is worse.
    """
    for (value, maximise, tolerance), other in zip(terms, before, strict=False):
        gain = value - other if maximise else other - value
        slack = NOISE * max(1.0, abs(value), abs(other))
        if abs(gain) > max(tolerance, slack):
            return gain < 0
    return False
