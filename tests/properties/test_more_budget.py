"""More money or more people never make the best plan worse."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random

import pytest

from pmo_optimizer import EngineError, optimize
from pmo_optimizer.model import Method, Plan, Portfolio, ShareRule, Status
from tests.brute.dice import Data
from tests.brute.enumerate import BruteResult
from tests.properties.agreement import ENGINES, TOLERANCE, refusals, tiny_case

SEEDS = 15
"""Tiny portfolios of a normal run."""

DRILL_SEEDS = 400
"""Tiny portfolios of a drill."""

RANGE = 20
"""Portfolios of one test of a drill."""


def _more_money(data: Data, dice: Random) -> str:
    """Raise one amount of one fund; return what was raised."""
    fund = dice.choice(data["funds"])
    amounts = fund["amounts"]
    more = dice.choice([Decimal("0.01"), Decimal(1), Decimal(7), Decimal(1000)])
    if amounts.get("total") is not None:
        amounts["total"] = Decimal(str(amounts["total"])) + more
        return f"{fund['id']} by {more}"
    listed = amounts["years"] if amounts.get("years") else amounts["periods"]
    key = dice.choice(list(listed) if isinstance(listed, dict) else range(len(listed)))
    listed[key] = Decimal(str(listed[key])) + more
    return f"{fund['id']}/{key} by {more}"


def _more_time(data: Data, dice: Random) -> str:
    """Raise the FTE of one person; return what was raised."""
    person = dice.choice(data["people"])
    more = dice.choice([Decimal("0.01"), Decimal("0.25"), Decimal(2)])
    person["fte"] = Decimal(str(person.get("fte", 1))) + more
    return f"{person['id']} by {more}"


def richer(portfolio: Portfolio, seed: int) -> Iterator[tuple[str, Portfolio]]:
    """Yield the portfolio with one fund raised, and with one person raised.

    Funds stay where a rule speaks of a share of the budget: a larger budget asks for more then.
    """
    dice = Random(seed)
    of_budget = any(isinstance(r, ShareRule) and r.of == "budget" for r in portfolio.rules)
    if portfolio.funds and not of_budget:
        data = portfolio.to_data()
        yield _more_money(data, dice), Portfolio.parse(data)
    if portfolio.people:
        data = portfolio.to_data()
        yield _more_time(data, dice), Portfolio.parse(data)


def _best(plan: Plan, method: Method) -> float | None:
    """Return the proven optimum of the first stage, or of the weighted sum."""
    return plan.objective if method is Method.WEIGHTED else plan.terms[0].best


def _worse(engine: str, portfolio: Portfolio, truth: BruteResult, seed: int) -> list[str]:
    """Return every raise after which an engine says that less is possible than before."""
    found: list[str] = []
    before = truth.stages[0].best if truth.stages else truth.objective
    sign = 1 if portfolio.objective.maximised else -1
    for raised, more in richer(portfolio, seed):
        try:
            plan = optimize(more, backend=engine, gap=0, time_limit=60, workers=2)
        except EngineError as error:
            found.append(f"{raised}: {error}")
            continue
        if before is None:
            continue  # nothing was possible: whatever comes is better
        if plan.status is not Status.OPTIMAL:
            found.append(f"{raised}: {plan.status}, where {before} was possible")
            continue
        after = _best(plan, portfolio.objective.method)
        if after is None or sign * (before - after) > TOLERANCE * max(1.0, abs(before)):
            found.append(f"{raised}: {before} was possible, {after} is called the best")
        found += [f"{raised}: {refusal}" for refusal in refusals(more, plan)]
    return found


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("engine", ENGINES)
def test_more_never_hurts(engine: str, seed: int) -> None:
    """After a fund or a person is raised, the proven optimum is at least what it was."""
    assert _worse(engine, *tiny_case(seed), seed) == []


def test_there_is_something_to_raise() -> None:
    """Most portfolios have a fund or a person that can be raised, and both kinds occur."""
    raised = [[words for words, _ in richer(tiny_case(seed)[0], seed)] for seed in range(SEEDS)]
    assert sum(bool(each) for each in raised) > SEEDS // 2
    assert any(len(each) == 2 for each in raised)


@pytest.mark.drill
@pytest.mark.parametrize("first", range(SEEDS, DRILL_SEEDS, RANGE))
@pytest.mark.parametrize("engine", ENGINES)
def test_more_never_hurts_on_many(engine: str, first: int) -> None:
    """The same on further portfolios; every seed with a fault is listed."""
    seeds = range(first, min(first + RANGE, DRILL_SEEDS))
    found = {seed: _worse(engine, *tiny_case(seed), seed) for seed in seeds}
    assert {seed: texts for seed, texts in found.items() if texts} == {}
