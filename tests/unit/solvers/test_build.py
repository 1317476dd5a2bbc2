"""The whole time-indexed model against brute force: for given decisions, what the rows allow."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest

from pmo_optimizer.model import Method, Portfolio
from pmo_optimizer.problem import Feature, compile_problem
from pmo_solvers.time_indexed import build
from tests.brute.enumerate import orders_of
from tests.brute.evaluate import Combination, Evaluator
from tests.brute.random_portfolio import random_portfolio
from tests.unit.problem_cases import Data, decided, decisions_of, problem, project
from tests.unit.solvers.fixed import Fixed

SEEDS = 50
"""Random portfolios that are looked at."""

SAMPLES = 8
"""Combinations of each."""


def sampled(evaluator: Evaluator, seed: int) -> list[Combination]:
    """Return some combinations, whether they keep any rule or not."""
    portfolio, random = evaluator.portfolio, Random(seed)
    hirings = [
        evaluator.hiring({h.id: o for h, o in zip(portfolio.hires, orders, strict=True)})
        for orders in product(*(orders_of(hire, portfolio) for hire in portfolio.hires))
    ]
    return [
        Combination(tuple(random.choice(own) for own in evaluator.fates), random.choice(hirings))
        for _ in range(SAMPLES)
    ]


def brute_values(evaluator: Evaluator, combination: Combination) -> list[float] | None:
    """Return the value of every stage, prices included in the first; None if infeasible."""
    if not evaluator.relations_hold(combination):
        return None
    penalty = evaluator.penalty(combination)
    if penalty is None:
        return None
    objective = evaluator.portfolio.objective
    values = [evaluator.term(term, combination) for term in objective.terms]
    sign = -1.0 if objective.maximised else 1.0
    if objective.method is Method.LEXICOGRAPHIC:
        return [values[0] + sign * penalty, *values[1:]]
    total = sign * float(objective.terms[0].weight) * penalty
    for term, value in zip(objective.terms, values, strict=True):
        same = term.term.maximised == objective.maximised
        total += float(term.weight) * (value if same else -value)
    return [total]


def compared(subject: Portfolio, seed: int) -> tuple[int, int]:
    """Compare sampled combinations; return how many are feasible and how many are not."""
    compiled = compile_problem(subject)
    indexed = build(compiled)
    evaluator = Evaluator(subject)
    feasible = infeasible = 0
    for combination in sampled(evaluator, seed):
        wanted = brute_values(evaluator, combination)
        values = indexed.encode(decisions_of(compiled, combination))
        if values is None or indexed.model.infeasible:
            assert wanted is None
            continue
        fixed = Fixed(indexed, values)
        found = [fixed.best(stage) for stage in indexed.stages]
        if wanted is None:
            # Needs without prices may miss 1/10,000 FTE where proficiencies take part.
            assert found[0] is None or Feature.PROFICIENCY in compiled.features
            infeasible += 1
            continue
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-9)
        feasible += 1
    return feasible, infeasible


def test_rows_and_stages_mean_what_brute_force_says() -> None:
    """For any decisions the rows hold exactly if nothing is broken, and every stage is right."""
    counts = [compared(random_portfolio(seed), seed) for seed in range(SEEDS)]
    assert sum(feasible for feasible, _ in counts) > 10
    assert sum(infeasible for _, infeasible in counts) > 10


# -- starts -----------------------------------------------------------------------------------

TERMS = ["value", "benefit", "npv", "cost", "makespan", "delay", "changes"]

BASELINE = [{"project": "A", "phases": [{"phase": "f1", "start": 1}]}]


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("links", [[], [{"from": "f1", "to": "f2"}]], ids=["chain", "links"])
def test_a_start_keeps_every_row(term: str, links: list[Data]) -> None:
    """A hint that misses one column is no solution: engines would throw it away."""
    subject = problem(
        projects=[project("A", 1, 2, due=2, late_price=1, links=links), project("B", 1)],
        synergies=[{"projects": ["A", "B"], "value": 1}],
        objective={"terms": [{"term": term}]},
        baseline=BASELINE,
    )
    indexed = build(subject)
    encoded = indexed.encode(decided(subject, A=(1, 2), B=4))
    assert encoded is not None
    values = [encoded.get(column, 0) for column in range(indexed.model.size)]
    assert indexed.model.first_violated(values) == ""


def test_a_start_says_what_the_stage_is_worth() -> None:
    """The objective of the encoded decisions is the one that these decisions have."""
    parts: dict[str, Any] = {"projects": [project("A", 1, 2), project("B", 1)]}
    worth = {"makespan": 5.0, "changes": 1.0, "value": 2.0}
    for term, value in worth.items():
        subject = problem(**parts, objective={"terms": [{"term": term}]}, baseline=BASELINE)
        indexed = build(subject)
        encoded = indexed.encode(decided(subject, A=(1, 2), B=4))
        assert encoded is not None
        values = [encoded.get(column, 0) for column in range(indexed.model.size)]
        assert indexed.stages[0].value(values) == value


def test_decisions_come_back_from_columns() -> None:
    """Hires and synergies are part of what is encoded."""
    subject = problem(
        skills=[{"id": "dev"}],
        hires=[{"id": "h", "skill": "dev", "max_heads": 3}],
        projects=[project("A", 1), project("B", 1)],
        synergies=[{"projects": ["A", "B"], "value": 1}],
    )
    indexed = build(subject)
    decisions = decided(subject, A=1, B=3)
    wanted = type(decisions)(decisions.selected, decisions.phases, ((0, 2, 3),))
    encoded = indexed.encode(wanted)
    assert encoded is not None
    values = [encoded.get(column, 0) for column in range(indexed.model.size)]
    assert indexed.decode(values) == wanted
    assert values[indexed.synergies[0]] == 1
    too_many = type(decisions)(decisions.selected, decisions.phases, ((0, 2, 4),))
    assert indexed.encode(too_many) is None


def test_cuts_name_the_decisions_of_a_solution() -> None:
    """Columns at 1 and at 0 together are the selection and the schedule, nothing else."""
    subject = problem(projects=[project("A", 1), project("B", 1)])
    indexed = build(subject)
    encoded = indexed.encode(decided(subject, A=1))
    assert encoded is not None
    values = [encoded.get(column, 0) for column in range(indexed.model.size)]
    ones, zeros = indexed.decision_columns(values)
    assert sorted(ones + zeros) == list(range(indexed.model.size))
    assert all(values[column] == 1 for column in ones)
    assert sum(values) == len(ones) == 2


def test_a_row_that_cannot_hold_is_named() -> None:
    """A hard fund that must pay more than it has makes the model infeasible at once."""
    subject = problem(
        projects=[project("A", 1)],
        caps=[{"id": "c", "amounts": {"total": -1}}],
    )
    assert build(subject).model.infeasible == "cap:c:0"
