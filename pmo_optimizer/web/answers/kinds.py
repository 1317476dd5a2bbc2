"""Which function makes the answer of which kind of study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pmo_optimizer.model import Portfolio
from pmo_optimizer.web.answers import compare, curves, plans, rules, why
from pmo_optimizer.web.answers.answer import Answer
from pmo_optimizer.web.answers.generic import plain_answer

Make = Callable[[Portfolio, dict[str, Any]], Answer]

MAKERS: Mapping[str, Make] = MappingProxyType(
    {
        "alternatives": plans.alternatives,
        "compare": compare.compared,
        "conflicts": rules.conflicts,
        "frontier": curves.frontier,
        "prices": rules.prices,
        "replan": curves.replanned,
        "why": why.answered,
    }
)
"""By the name of the study; others are shown as plain tables."""


def answer_of(kind: str, portfolio: Portfolio, result: dict[str, Any]) -> Answer:
    """Return the result of a study for a page.

    Parameters
    ----------
    kind
        Name of the study.
    portfolio
        What was studied, for names and dates.
    result
        Plain data, as the service keeps them.
    """
    return MAKERS.get(kind, plain_answer)(portfolio, result)
