"""Rows of money: funds, carry-over, open lines, caps, project years, exit costs."""

from __future__ import annotations

from typing import Any

import pytest

from pmo_optimizer.model import Portfolio
from pmo_optimizer.problem import compile_problem
from pmo_solvers.time_indexed import Kind, Row, TimeIndexed, build
from pmo_solvers.time_indexed import schedule as schedules
from tests.brute.enumerate import orders_of
from tests.brute.evaluate import Combination, Evaluator
from tests.unit.problem_cases import Data, decided, decisions_of, portfolio, problem, project
from tests.unit.solvers.fixed import Fixed


def costing(name: str, amount: float, **parts: Any) -> Data:
    """Return a project of one period that costs a lump sum."""
    return project(name, 1, costs=[{"lump": amount}], **parts)


def fund(name: str, amounts: Data, **parts: Any) -> Data:
    """Return a fund."""
    return {"id": name, "amounts": amounts, **parts}


def rows(indexed: TimeIndexed, tag: str) -> list[Row]:
    """Return the rows whose tag begins with a text."""
    return [row for row in indexed.model.rows if row.tag.startswith(tag)]


def affordable(subject: Portfolio, **starts: int | tuple[int, ...]) -> float | None:
    """Return the objective of decisions by the rows alone, or None where they are broken."""
    indexed = build(compile_problem(subject))
    encoded = indexed.encode(decided(indexed.problem, **starts))
    assert encoded is not None
    best = Fixed(indexed, encoded).best(indexed.stages[0])
    return None if best is None else float(best)


# -- funds ------------------------------------------------------------------------------------


def test_a_fund_is_one_row() -> None:
    """Spending of all starts in the horizon <= amount, in whole money, divided by its divisor."""
    subject = problem(
        funds=[fund("F", {"total": 10})], projects=[costing("A", 7.5), costing("B", 5)]
    )
    (row,) = rows(build(subject), "fund:F")
    assert (set(row.coefs), row.upper) == ({3, 2}, 4)
    assert len(row.columns) == 6 + 6


def test_funds_that_suffice_need_no_row() -> None:
    """What all projects cost together at most is a constant bound."""
    subject = problem(funds=[fund("F", {"total": 10})], projects=[costing("A", 5), costing("B", 5)])
    assert rows(build(subject), "fund") == []


def test_periods_and_years_have_rows_of_their_own() -> None:
    """Each bucket that may be overspent is one row."""
    parts: Data = {"projects": [costing("A", 5), costing("B", 3)]}
    monthly = build(problem(funds=[fund("F", {"periods": [4, 9, 4, 9, 9, 9]})], **parts))
    assert [row.tag for row in rows(monthly, "fund")] == ["fund:F:0", "fund:F:2"]
    yearly = build(problem(funds=[fund("F", {"years": {2027: 7, 2028: 99}})], **parts))
    assert [row.tag for row in rows(yearly, "fund")] == ["fund:F:0"]


TWO_YEARS = {"start": "2026-10-01", "periods": 6}
"""Three months of 2026 and three of 2027."""


@pytest.mark.parametrize(
    ("carry", "possible"),
    [("none", False), ("all", True), (4, True), (3, False), ("3.99", False)],
)
def test_carry_over_moves_what_is_left(carry: Any, possible: bool) -> None:
    """10 less 6 leaves 4 for the next year, of which 5 + 4 must pay 9."""
    subject = portfolio(
        calendar=TWO_YEARS,
        funds=[fund("F", {"years": {2026: 10, 2027: 5}}, carry_over=carry)],
        projects=[costing("A", 6), costing("B", 9)],
    )
    assert (affordable(subject, A=2, B=3) is not None) is possible


def test_carried_money_is_carried_again() -> None:
    """What is left of a month moves on month by month, each time within the limit."""
    for limit, possible in (("all", True), (6, True), (5, False)):
        subject = portfolio(
            funds=[fund("F", {"periods": [9, 0, 0, 0, 0, 0]}, carry_over=limit)],
            projects=[costing("A", 3), costing("B", 6)],
        )
        assert (affordable(subject, A=0, B=4) is not None) is possible


def test_money_is_never_carried_back() -> None:
    """Next year's money does not pay this year's cost."""
    subject = portfolio(
        calendar=TWO_YEARS,
        funds=[fund("F", {"years": {2026: 0, 2027: 9}}, carry_over="all")],
        projects=[costing("A", 1)],
    )
    assert affordable(subject, A=2) is None
    assert affordable(subject, A=3) == 1


def test_an_overspend_is_priced_and_not_repaid() -> None:
    """2 above this year's 5 cost 2 x 0.25; next year has its own 5 all the same."""
    subject = portfolio(
        calendar=TWO_YEARS,
        funds=[fund("F", {"years": {2026: 5, 2027: 5}}, carry_over="all", price=0.25)],
        projects=[costing("A", 7), costing("B", 5)],
    )
    assert affordable(subject, A=2, B=3) == 2 - 2 * 0.25
    assert affordable(subject, A=3, B=2) == 2 - 2 * 0.25


def test_open_lines_are_split() -> None:
    """Neither fund can pay alone, both together can, to the last cent."""
    funds = [fund("F", {"total": 5}), fund("G", {"total": "4.99"})]
    for cost, possible in (("9.99", True), (10, False)):
        subject = portfolio(funds=funds, projects=[project("A", 1, costs=[{"lump": cost}])])
        assert (affordable(subject, A=0) is not None) is possible


def test_open_lines_have_one_share_per_fund() -> None:
    """Lines with the same eligible funds and buckets share their columns."""
    subject = problem(
        funds=[fund("F", {"total": 5}), fund("G", {"total": 5})],
        projects=[costing("A", 6), costing("B", 7)],
    )
    indexed = build(subject)
    (row,) = rows(indexed, "open")
    shares = [c for c in row.columns if indexed.model.kind[c] is Kind.CONTINUOUS]
    assert len(shares) == 2
    assert [row.coefs[row.columns.index(share)] for share in shares] == [1, 1]


def test_categories_choose_the_fund() -> None:
    """A line goes to eligible funds only; a named fund pays whatever its categories."""
    funds = [fund("F", {"total": 5}, categories=["it"]), fund("G", {"total": 1})]

    def with_line(**line: Any) -> Portfolio:
        return portfolio(funds=funds, projects=[project("A", 1, costs=[{"lump": 5, **line}])])

    assert affordable(with_line(category="it"), A=0) == 1
    assert affordable(with_line(category="law"), A=0) is None
    assert affordable(with_line(category="law", fund="F"), A=0) == 1


def test_savings_lower_what_their_fund_pays() -> None:
    """Two projects of 5 cost 9 together in a fund of 9; one alone saves nothing."""
    saving = {"fund": "F", "period": 1, "amount": 1}
    subject = portfolio(
        funds=[fund("F", {"total": 9})],
        projects=[costing("A", 5), costing("B", 5), costing("C", 5)],
        synergies=[{"projects": ["A", "B"], "savings": [saving]}],
    )
    assert affordable(subject, A=0, B=0) == 2
    assert affordable(subject, A=0, C=0) is None


def test_stopping_pays_the_exit_cost_in_period_zero() -> None:
    """A stoppable project that goes on pays nothing; stopped, it needs 4 in the first month."""
    running = project("A", 1, state="running", stoppable=True, exit_cost=4)

    def with_money(first: int) -> Portfolio:
        amounts = {"periods": [first, 9, 9, 9, 9, 9]}
        return portfolio(funds=[fund("F", amounts)], projects=[running])

    assert affordable(with_money(4)) == 0
    assert affordable(with_money(3)) is None
    assert affordable(with_money(0), A=0) == 1


def test_costs_beyond_the_grid_are_limited_by_nothing() -> None:
    """A profile that runs on after the last period draws on no fund and no cap."""
    subject = portfolio(
        funds=[fund("F", {"total": 1})],
        caps=[{"amounts": {"total": 1}}],
        projects=[project("A", 1, costs=[{"profile": [1, 50]}])],
        objective={"terms": [{"term": "cost"}]},
    )
    assert affordable(subject, A=5) == 51
    assert affordable(subject, A=4) is None


def test_without_funds_money_has_no_limit() -> None:
    """Costs count in terms, and that is all."""
    subject = portfolio(projects=[costing("A", 1e9)], objective={"terms": [{"term": "cost"}]})
    assert rows(build(compile_problem(subject)), "fund") == []
    assert affordable(subject, A=0) == 1e9


# -- caps -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cap", "possible"),
    [
        ({"amounts": {"total": 5}}, False),  # 3 + 3 in two months
        ({"amounts": {"total": 6}}, True),
        ({"amounts": {"periods": [0, 3, 3, 0, 0, 0]}}, True),
        ({"amounts": {"periods": [9, 2, 9, 9, 9, 9]}}, False),
        ({"amounts": {"years": {2028: 0}}}, True),  # 2027 is not listed: no limit
        ({"amounts": {"years": {2027: 5}}}, False),
        ({"amounts": {"total": 3}, "first": 2}, True),
        ({"amounts": {"total": 3}, "last": 1}, True),
        ({"amounts": {"total": 2}, "first": 1, "last": 1}, False),
        ({"amounts": {"total": 0}, "cost_categories": ["law"]}, True),
        ({"amounts": {"total": 0}, "where": {"category": "other"}}, True),
        ({"amounts": {"total": 0}, "where": {"tag": "big"}}, False),
    ],
)
def test_caps_limit_what_matches(cap: Data, possible: bool) -> None:
    """3 a month for two months, in periods 1 and 2."""
    costs = [{"category": "it", "per_period": 3}]
    subject = portfolio(caps=[cap], projects=[project("A", 2, tags=["big"], costs=costs)])
    assert (affordable(subject, A=1) is not None) is possible


def test_a_soft_cap_has_a_price() -> None:
    """4 above the cap at 0.1 a unit."""
    subject = portfolio(
        caps=[{"amounts": {"total": 6}, "price": "0.1"}], projects=[costing("A", 10)]
    )
    assert affordable(subject, A=0) == pytest.approx(1 - 0.4)


def test_exit_costs_are_in_caps_without_project_years() -> None:
    """Stopping costs 4 in period 0, in neither the first nor a later year of the project."""
    running = project("A", 1, state="running", stoppable=True, exit_cost=4)
    for years, possible in ((None, False), ("first", True), ("later", True)):
        cap = {"amounts": {"total": 3}, "project_years": years}
        assert (affordable(portfolio(caps=[cap], projects=[running])) is not None) is possible


def test_charges_and_hires_in_caps() -> None:
    """Charges of needs count in caps, hires do not."""
    skills = [{"id": "dev", "rate": 10}]
    needs = [{"skill": "dev", "fte": 1, "charge_to": "F"}]
    hire = {"id": "h", "skill": "dev", "max_heads": 1, "cost_once": 100}
    for limit, possible in ((9, False), (10, True)):
        subject = portfolio(
            skills=skills,
            hires=[hire],
            funds=[fund("F", {"total": 1000})],
            caps=[{"amounts": {"total": limit}}],
            projects=[{"id": "A", "value": 1, "phases": [{"duration": 1, "needs": needs}]}],
        )
        evaluator = Evaluator(subject)
        (chosen,) = [f for f in evaluator.fates[0] if f.option.selected and f.option.start == 2]
        order = next(o for o in orders_of(subject.hires[0], subject) if o == {2: 1})
        combination = Combination((chosen,), evaluator.hiring({"h": order}))
        indexed = build(compile_problem(subject))
        encoded = indexed.encode(decisions_of(indexed.problem, combination))
        assert encoded is not None
        assert (Fixed(indexed, encoded).best(indexed.stages[0]) is not None) is possible


@pytest.mark.parametrize("one_by_one", [False, True], ids=["patterns", "phases"])
@pytest.mark.parametrize(
    ("years", "spent"), [("first", [2, 2, 2, 2, 0, 0]), ("later", [0, 0, 0, 0, 2, 2])]
)
def test_project_years_split_a_long_project(
    years: str, spent: list[int], one_by_one: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On quarters the first year is four periods from the project's start, here period 1."""
    if one_by_one:
        monkeypatch.setattr(schedules, "MAX_COMBINATIONS", 0)
        monkeypatch.setattr(schedules, "MAX_SCHEDULES", 0)
    costs = [{"per_period": 2}]
    for period, amount in enumerate(spent, start=1):
        for limit, possible in ((amount, True), (amount - 1, False)):
            if limit < 0:
                continue
            amounts = [99] * 8
            amounts[period] = limit
            cap = {"project_years": years, "amounts": {"periods": amounts}}
            subject = portfolio(
                calendar={"start": "2027-01-01", "periods": 8, "grain": "quarter"},
                caps=[cap],
                projects=[project("A", 3, 3, costs=costs, max_gap=None)],
            )
            assert (affordable(subject, A=(1, 4)) is not None) is possible


def test_a_negative_amount_cannot_be_kept() -> None:
    """A cap below nothing that nobody touches is still impossible."""
    assert build(problem(caps=[{"id": "c", "amounts": {"total": -1}}])).model.infeasible


# -- terms ------------------------------------------------------------------------------------


def test_cost_and_npv_see_all_money() -> None:
    """Lines, hires, exit and savings; npv discounts each at its own period."""
    parts: Data = {
        "calendar": {"start": "2027-01-01", "periods": 4, "grain": "year"},
        "money_rate": 0.25,
        "funds": [fund("F", {"total": 1000})],
        "projects": [
            project(
                "A",
                2,
                costs=[{"per_period": 10}],
                probability=0.5,
                benefit={"profile": [100], "anchor": "finish"},
            ),
            costing("B", 8),
            project("C", 1, state="running", stoppable=True, exit_cost=16),
        ],
        "synergies": [
            {"projects": ["A", "B"], "savings": [{"fund": "F", "period": 2, "amount": 4}]}
        ],
    }
    cost = portfolio(**parts, objective={"terms": [{"term": "cost"}]})
    assert affordable(cost, A=1, B=0) == 10 * 2 + 8 + 16 - 4
    npv = portfolio(**parts, objective={"terms": [{"term": "npv"}]})
    discounted = 10 / 1.25 + 10 / 1.25**2 + 8 + 16 - 4 / 1.25**2
    assert affordable(npv, A=1, B=0) == pytest.approx(0.5 * 100 / 1.25**3 - discounted)
    assert affordable(npv, C=0) == pytest.approx(0)
