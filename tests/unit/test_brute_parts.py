"""The shortcuts of brute force against slower ways that leave nothing to think about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import networkx as nx
import pytest

from pmo_optimizer.model import Method, Portfolio, Term
from tests.brute.enumerate import count_combinations, orders_of, solve
from tests.brute.evaluate import Combination, Evaluator
from tests.brute.money import Spend, Treasury
from tests.brute.people import Kind, Staffing
from tests.brute.random_portfolio import random_portfolio

FEW = 400
"""So many combinations are few enough for the slow way."""


def _portfolio(**rest: Any) -> Portfolio:
    return Portfolio.parse({"calendar": {"start": "2026-01-01", "periods": 3}, **rest})


def _everything(evaluator: Evaluator) -> Iterator[Combination]:
    """Yield all combinations, whether they keep any rule or not."""
    portfolio = evaluator.portfolio
    for orders in product(*(orders_of(hire, portfolio) for hire in portfolio.hires)):
        names = (hire.id for hire in portfolio.hires)
        hiring = evaluator.hiring(dict(zip(names, orders, strict=True)))
        for fates in product(*evaluator.fates):
            yield Combination(fates, hiring)


def _signed(term: Term, value: float) -> float:
    return value if term.term.maximised else -value


def _bests(portfolio: Portfolio) -> list[float]:
    """Return the best of every stage (or the best sum), with all scores worked out first."""
    evaluator = Evaluator(portfolio)
    terms = portfolio.objective.terms
    rows: list[list[float]] = []
    for combination in _everything(evaluator):
        penalty = evaluator.penalty(combination)
        if penalty is None or not evaluator.relations_hold(combination):
            continue
        row = [_signed(term, evaluator.term(term, combination)) for term in terms]
        if portfolio.objective.method is Method.WEIGHTED:
            row = [sum(float(t.weight) * v for t, v in zip(terms, row, strict=True))]
            penalty *= float(terms[0].weight)
        rows.append([row[0] - penalty, *row[1:]])
    bests: list[float] = []
    for index, term in enumerate(terms[: len(rows[0])] if rows else ()):
        best = max(row[index] for row in rows)
        tolerance = max(float(term.abs_tol), float(term.rel_tol) * abs(best), 1e-9)
        rows = [row for row in rows if row[index] >= best - tolerance]
        bests.append(best)
    return bests


def _found(portfolio: Portfolio) -> list[float]:
    """Return the best of every stage (or the best sum) as brute force says, maximised."""
    result, objective = solve(portfolio), portfolio.objective
    if result.objective is None:
        return []
    if objective.method is Method.WEIGHTED:
        return [_signed(objective.terms[0], result.objective)]
    stages = zip(objective.terms, result.stages, strict=True)
    return [_signed(term, stage.best) for term, stage in stages]


def test_looking_at_hopeful_ones_first_misses_nothing() -> None:
    """The answer is that of working out every combination, good or bad."""
    drawn = (random_portfolio(seed) for seed in range(50))
    small = [portfolio for portfolio in drawn if count_combinations(portfolio) <= FEW]
    assert len(small) >= 15
    for portfolio in small:
        assert _found(portfolio) == pytest.approx(_bests(portfolio))


def _random_funds(random: Random) -> list[dict[str, Any]]:
    funds: list[dict[str, Any]] = []
    for name in ("F", "G"):
        fund: dict[str, Any] = {"id": name, "categories": ["x", f"only {name}"]}
        fund["amounts"] = random.choice(
            [
                {"total": random.randint(0, 6)},
                {"periods": [random.randint(0, 3) for _ in range(3)]},
            ]
        )
        fund["carry_over"] = random.choice(["none", "all", 1])
        if random.random() < 0.5:
            fund["price"] = random.randint(0, 4)
        funds.append(fund)
    return funds


@pytest.mark.parametrize("seed", range(80))
def test_splits_over_funds_cost_the_least(seed: int) -> None:
    """No split in whole units beats the linear program; money flows, so whole units suffice."""
    random = Random(seed)
    portfolio = _portfolio(funds=_random_funds(random))
    treasury = Treasury(portfolio.funds, portfolio.calendar)
    open_ = [random.randint(0, 3) for _ in range(3)]
    named = [Spend(t, Fraction(random.randint(-1, 2)), "y", "F") for t in range(3)]
    best: Fraction | None = None
    for parts in product(*(range(amount + 1) for amount in open_)):
        spent: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
        for spend, part, amount in zip(named, parts, open_, strict=True):
            spent["F", spend.period] = spend.amount + part
            spent["G", spend.period] = Fraction(amount - part)
        price = treasury.settle(spent)
        if price is not None:
            best = price if best is None else min(best, price)
    spends = [*named, *(Spend(t, Fraction(a), "x", None) for t, a in enumerate(open_))]
    assert treasury.penalty(spends) == best


def test_the_program_settles_funds_like_the_walk_through_their_buckets() -> None:
    """With carry-over and prices both ways of paying named lines cost the same."""
    fund = {"id": "F", "amounts": {"periods": [3, 2, 4]}, "carry_over": 2, "price": 1.5}
    portfolio = _portfolio(funds=[fund])
    treasury = Treasury(portfolio.funds, portfolio.calendar)
    for amounts in product(range(6), range(6), range(-2, 8)):
        spent = {("F", t): Fraction(amount) for t, amount in enumerate(amounts)}
        assert treasury.settle(spent) == treasury.split(spent, {})


@pytest.mark.parametrize("seed", range(60))
def test_staffing_is_a_flow_where_everybody_is_fully_proficient(seed: int) -> None:
    """Needs are served if and only if a maximum flow from people to skills is that large."""
    random = Random(seed)
    skills = ["a", "b", "c"]
    people = [
        {
            "id": f"h{n}",
            "skills": dict.fromkeys(random.sample(skills, random.randint(1, 2)), 1),
            "fte": random.randint(1, 10) / 10,
        }
        for n in range(4)
    ]
    portfolio = _portfolio(skills=[{"id": skill} for skill in skills], people=people)
    demand: dict[Kind, Fraction] = {
        (skill, Fraction(0)): Fraction(random.randint(1, 12), 10) for skill in skills
    }
    graph = nx.DiGraph()
    for person in portfolio.people:
        graph.add_edge("source", person.id, capacity=int(person.fte * 10))
        for skill in person.skills:
            graph.add_edge(person.id, skill)
    for kind, fte in demand.items():
        graph.add_edge(kind[0], "sink", capacity=int(fte * 10))
    served = nx.maximum_flow_value(graph, "source", "sink") == sum(demand.values()) * 10
    price = Staffing(portfolio).penalty(0, demand, {})
    assert (price is not None) == served
