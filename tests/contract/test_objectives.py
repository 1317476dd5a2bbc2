"""Terms on their own, in order and weighted: what the best plan is worth."""

from __future__ import annotations

import pytest

from pmo_optimizer.model import Plan, TermName
from tests.contract.builders import Data, choice, fund, portfolio, project, terms
from tests.contract.cases.objectives import GOLDENS, Golden
from tests.contract.forms import Form, in_both_forms
from tests.contract.solving import best, close


@in_both_forms(GOLDENS)
def test_a_term_alone(row: Golden, form: Form, engine: str) -> None:
    """The objective is the term's value by arithmetic, and the one stage of the plan."""
    plan = best(form(row.portfolio), engine)
    assert plan.objective == close(row.objective)
    (term,) = plan.terms
    assert (term.value, term.best) == (close(row.objective), close(row.objective))
    assert term.gap == close(0)
    assert plan.kpis.terms[term.term] == close(row.objective)


# -- in order ----------------------------------------------------------------------------------


def one_of(*choices: Data, **parts: object) -> Data:
    """Return choices of which one at most is taken."""
    members = [entry["id"] for entry in choices]
    return portfolio(1, *choices, excludes=[{"projects": members}], **parts)


def dear_or_cheap(*, abs_tol: float = 0, rel_tol: float = 0) -> Data:
    """Return A (value 10, cost 100) or B (9, 10): value first, then cost."""
    first = {"term": "value", "abs_tol": abs_tol, "rel_tol": rel_tol}
    return one_of(choice("A", 10, 100), choice("B", 9, 10), **terms(first, "cost"))


DEAR, CHEAP = (10, 100), (9, 10)

TOLERANCES = [
    pytest.param(0, 0, DEAR, 0, id="none"),
    pytest.param(0.9, 0, DEAR, 0.9, id="too small"),
    pytest.param(1, 0, CHEAP, 1, id="absolute"),
    pytest.param(0, 0.09, DEAR, 0.9, id="too small a part"),
    pytest.param(0, 0.1, CHEAP, 1, id="relative"),
    pytest.param(0.5, 0.1, CHEAP, 1, id="the larger is relative"),
    pytest.param(1, 0.05, CHEAP, 1, id="the larger is absolute"),
]


@pytest.mark.parametrize(("abs_tol", "rel_tol", "expected", "tolerance"), TOLERANCES)
def test_terms_in_order(
    engine: str, abs_tol: float, rel_tol: float, expected: tuple[float, float], tolerance: float
) -> None:
    """A later term may worsen an earlier one by the larger tolerance, and by no more."""
    plan = best(dear_or_cheap(abs_tol=abs_tol, rel_tol=rel_tol), engine)
    assert tuple(term.value for term in plan.terms) == (close(expected[0]), close(expected[1]))
    assert tuple(term.best for term in plan.terms) == (close(10), close(expected[1]))
    assert tuple(term.bound for term in plan.terms) == (close(10), close(expected[1]))
    assert plan.terms[0].tolerance == close(tolerance)
    assert plan.objective == close(expected[0])
    assert plan.gap == close((10 - expected[0]) / 10)


def test_three_terms_in_order(engine: str) -> None:
    """Each term decides among the plans that the ones before it leave."""
    subject = portfolio(
        4,
        choice("A", 5, 3),
        choice("B", 5, 3, earliest_start=1),
        choice("C", 5, 2, earliest_start=2),
        choice("D", 5, 2, earliest_start=3),
        excludes=[{"projects": ["A", "B", "C", "D"]}],
        **terms("value", "cost", "makespan"),
    )
    plan = best(subject, engine)
    assert plan.selected == ("C",)
    assert [term.value for term in plan.terms] == [5, 2, 2]


def test_a_minimised_term_first(engine: str) -> None:
    """The tolerance of a minimised term lets it grow."""
    cheap_first = {"term": "cost", "abs_tol": 4}
    subject = portfolio(
        1,
        choice("A", 1, 6, decision="must"),
        choice("B", 5, 4),
        choice("C", 9, 5),
        **terms(cheap_first, "value"),
    )
    plan = best(subject, engine)
    assert [term.value for term in plan.terms] == [close(6 + 4), close(1 + 5)]
    assert plan.objective == close(10)
    assert plan.terms[0].best == close(6)


def test_prices_belong_to_the_first_term(engine: str) -> None:
    """Later stages hold the first term after prices, not the term alone."""
    soft = fund(total=2, price=0.5)
    subject = one_of(
        choice("A", 10, 6),
        choice("B", 9, 2),
        choice("C", 9, 1),
        funds=[soft],
        **terms("value", "cost"),
    )
    plan = best(subject, engine)
    assert plan.selected == ("C",)
    assert plan.objective == close(9)
    assert [term.best for term in plan.terms] == [close(9), close(1)]


def test_prices_are_worth_a_tolerance(engine: str) -> None:
    """Within its tolerance the first term may be worsened by prices as well."""
    first = {"term": "cost", "abs_tol": 2}
    overload = [{"id": "limit", "type": "count", "max": 0, "price": 1}]
    subject = portfolio(1, choice("A", 7), choice("B", 5), choice("C", 3), rules=overload)
    plan = best(subject | terms(first, "value"), engine)
    assert plan.selected == ("A", "B")
    assert plan.objective == close(0 + 2 * 1)
    assert [term.value for term in plan.terms] == [close(0), close(7 + 5)]


# -- weighted ----------------------------------------------------------------------------------


def weighted(*parts: tuple[str, float]) -> Data:
    """Return a weighted objective."""
    return terms(*({"term": name, "weight": w} for name, w in parts), method="weighted")


def check_sum(plan: Plan, objective: float, **values: float) -> None:
    """Assert the weighted sum and the terms that it is made of."""
    assert plan.objective == close(objective)
    found = {term.term: term.value for term in plan.terms}
    assert found == {TermName(name): close(value) for name, value in values.items()}
    assert all(term.best is None for term in plan.terms)


def test_a_weighted_sum_has_the_sense_of_its_first_term(engine: str) -> None:
    """Value less a tenth of cost: B brings 9 - 1, A nothing."""
    subject = one_of(choice("A", 10, 100), choice("B", 9, 10))
    plan = best(subject | weighted(("value", 1), ("cost", 0.1)), engine)
    check_sum(plan, 9 - 0.1 * 10, value=9, cost=10)


def test_a_minimised_weighted_sum(engine: str) -> None:
    """The same the other way round: cost less value, to be as low as possible."""
    subject = one_of(choice("A", 10, 100), choice("B", 9, 10))
    plan = best(subject | weighted(("cost", 0.1), ("value", 1)), engine)
    check_sum(plan, 0.1 * 10 - 9, value=9, cost=10)


def test_terms_of_one_sense_are_added(engine: str) -> None:
    """Value and benefit are both maximised, makespan is not."""
    subject = portfolio(
        4,
        project("A", 5, 2, benefit={"profile": [8]}),
        project("B", 1, 4),
        **weighted(("value", 2), ("benefit", 0.25), ("makespan", 1.5)),
    )
    check_sum(best(subject, engine), 2 * 5 + 0.25 * 8 - 1.5 * 2, value=5, benefit=8, makespan=2)


def test_prices_have_the_first_weight(engine: str) -> None:
    """A breach of 3 at a price of 0.5 costs twice that where the first term counts twice."""
    subject = portfolio(1, choice("A", 5, 7), funds=[fund(total=4, price=0.5)])
    plan = best(subject | weighted(("value", 2), ("cost", 0.25)), engine)
    check_sum(plan, 2 * 5 - 0.25 * 7 - 2 * 0.5 * 3, value=5, cost=7)


def test_prices_worsen_a_minimised_sum(engine: str) -> None:
    """Where less is better they are added."""
    subject = portfolio(1, choice("A", 5, 7, decision="must"), funds=[fund(total=4, price=0.5)])
    plan = best(subject | weighted(("cost", 2), ("value", 1)), engine)
    check_sum(plan, 2 * 7 - 5 + 2 * 0.5 * 3, value=5, cost=7)
