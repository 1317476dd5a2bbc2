"""Exact numbers decide what is feasible: budgets of any size, needs to a ten-thousandth."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.contract.builders import (
    Data,
    changed,
    choice,
    fund,
    link,
    lump,
    need,
    person,
    phase,
    phases,
    portfolio,
)
from tests.contract.cases.people import alone
from tests.contract.solving import best, close

SMALL_COST = "5.000000000001"
LARGE_COST = "4999999999.999999999999"
BUDGET = "5000000005.000000000000"
LESS = "5000000004.999999999999"


def mixed_sizes(*funds: Data) -> Data:
    """Return a project of 5 euros (worth 1) and one of 5 billion (worth 2)."""
    return portfolio(1, choice("A", 1, SMALL_COST), choice("B", 2, LARGE_COST), funds=list(funds))


def test_a_budget_of_exactly_the_cost_is_enough(engine: str) -> None:
    """Five euros and five billion fit into a fund of exactly their sum."""
    assert best(mixed_sizes(fund(total=BUDGET)), engine).objective == 1 + 2


def test_a_budget_one_trillionth_below_the_cost_is_not(engine: str) -> None:
    """The twelfth decimal decides, whatever else is in the row."""
    plan = best(mixed_sizes(fund(total=LESS)), engine)
    assert (plan.objective, plan.selected) == (2, ("B",))


@pytest.mark.parametrize(("second", "value"), [("5.000000000002", 3), ("5.000000000001", 2)])
def test_two_funds_share_a_cost_exactly(engine: str, second: str, value: int) -> None:
    """Open lines are split so that not a trillionth is missing, and none is invented."""
    funds = fund("a", "4999999999.999999999998"), fund("b", second)
    plan = best(mixed_sizes(*funds), engine)
    assert plan.objective == value
    paid = sum(split.amount for split in plan.fund_splits)
    assert paid == Decimal(BUDGET if value == 3 else LARGE_COST)


@pytest.mark.parametrize(("carry", "value"), [("0.000000000002", 3), ("0.000000000001", 2)])
def test_carry_over_is_exact(engine: str, carry: str, value: int) -> None:
    """What one period leaves over to the next is counted to the last digit."""
    purse = fund(
        amounts={"periods": ["0.000000000002", "5000000004.999999999998"]}, carry_over=carry
    )
    subject = changed(mixed_sizes(purse), {"calendar/periods": 2})
    late = {f"projects/{name}/earliest_start": 1 for name in ("A", "B")}
    assert best(changed(subject, late), engine).objective == value


@pytest.mark.parametrize(("before", "value"), [("0.000000000002", 3), ("0.000000000001", 2)])
def test_unlimited_carry_over_is_exact(engine: str, before: str, value: int) -> None:
    """The same where everything is carried."""
    purse = fund(amounts={"periods": [before, "5000000004.999999999998"]}, carry_over="all")
    subject = changed(mixed_sizes(purse), {"calendar/periods": 2})
    late = {f"projects/{name}/earliest_start": 1 for name in ("A", "B")}
    assert best(changed(subject, late), engine).objective == value


def test_a_breach_is_exact(engine: str) -> None:
    """A soft fund of five billion that lacks four euros is overspent by four."""
    short = fund(total="5000000001.000000000000", price=0.125)
    plan = best(mixed_sizes(short), engine)
    assert plan.objective == close(1 + 2 - 0.125 * 4)
    assert [b.amount for b in plan.kpis.breaches] == [close(4)]


def test_the_excess_over_a_cap_is_exact(engine: str) -> None:
    """The same for a cap."""
    cap = {"id": "cap", "amounts": {"total": "5000000001.000000000000"}, "price": 0.125}
    plan = best(mixed_sizes() | {"caps": [cap]}, engine)
    assert plan.objective == close(1 + 2 - 0.125 * 4)
    assert [b.amount for b in plan.kpis.breaches] == [close(4)]


@pytest.mark.parametrize(("limit", "value"), [(LARGE_COST, 2), ("4999999999.999999999998", 0)])
def test_a_cap_on_project_years_is_exact(engine: str, limit: str, value: int) -> None:
    """A cap on the first year of a project with phases side by side decides to the last digit."""
    work = phase("P", 1), phase("Q", 1, lines=[lump(LARGE_COST)])
    cap = {"project_years": "first", "amounts": {"total": limit}}
    subject = portfolio(2, phases("B", 2, *work, links=[link("P", "Q", "SS")]), caps=[cap])
    assert best(subject, engine).objective == value


@pytest.mark.parametrize("billions", [1, 2, 50])
def test_billions_are_split_over_funds(engine: str, billions: int) -> None:
    """A large open line is paid by two funds together, and by neither alone."""
    unit = billions * 10**9
    subject = portfolio(
        1,
        choice("A", 1, 5),
        choice("B", 2, 3 * unit),
        funds=[fund("a", 2 * unit), fund("b", unit + 5)],
    )
    assert best(subject, engine).objective == 1 + 2


def test_small_values_count_beside_large_ones(engine: str) -> None:
    """Five points beside five billion are not lost in rounding."""
    subject = portfolio(1, choice("A", 5), choice("B", 5 * 10**9))
    assert best(subject, engine).objective == 5 * 10**9 + 5


def test_a_need_may_miss_a_ten_thousandth(engine: str) -> None:
    """1.01 people at 0.99 deliver 0.9999: enough for a need of 1.00."""
    assert best(almost(1), engine).objective == 5


def test_a_need_may_not_miss_more(engine: str) -> None:
    """The same people are too few for a need of 1.01."""
    assert best(almost(1.01), engine).objective == 0


def almost(fte: float) -> Data:
    """Return a need, and 1.01 people with a proficiency of 0.99."""
    return alone(need("dev", fte), people=[person("p", 1.01, skills={"dev": 0.99})])


@pytest.mark.parametrize(("ceiling", "value"), [("0.9999", 5), ("0.9998", 0)])
def test_a_ceiling_may_leave_a_ten_thousandth_too_little(
    engine: str, ceiling: str, value: int
) -> None:
    """The tolerance of a need is the same for people of full proficiency."""
    rule = {"type": "utilization", "ceiling": ceiling}
    subject = alone(need("dev"), people=[person("p")], rules=[rule])
    assert best(subject, engine).objective == value


@pytest.mark.parametrize(("fte", "value"), [(0.99, 5), (0.98, 0)])
def test_every_need_may_miss_a_ten_thousandth(engine: str, fte: float, value: int) -> None:
    """A hundred needs of 0.01 each are served by 0.99 people, not by 0.98."""
    needs = [need("dev", 0.01, id=f"n{i}") for i in range(100)]
    assert best(alone(*needs, people=[person("p", fte)]), engine).objective == value
