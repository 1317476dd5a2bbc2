"""Exact numbers decide what is feasible: budgets of any size, needs to a ten-thousandth."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pmo_optimizer.model import Status
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
from tests.contract.solving import best, close, run

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


def soft(kind: str, total: str, small: str, large: str) -> Data:
    """Return A (worth 1) and B (worth 2) under a soft fund or cap, a price of 1/8 per euro."""
    subject = portfolio(1, choice("A", 1, small), choice("B", 2, large))
    if kind == "cap":
        return subject | {"caps": [{"id": "cap", "amounts": {"total": total}, "price": 0.125}]}
    return subject | {"funds": [fund(total=total, price=0.125)]}


SOFT = pytest.mark.parametrize("kind", ["fund", "cap"])

BREACH, BEST = 4, 1 + 2 - 0.125 * 4
"""Both projects cost four euros too much, which is still better than B alone (worth 2)."""


WIDE = pytest.mark.parametrize(
    ("total", "small", "large"),
    [
        ("5000000001.000000000000", SMALL_COST, LARGE_COST),
        ("2000001.00", "5.01", "1999999.99"),
        ("50000001.00", "5.01", "49999999.99"),
    ],
)
"""Limits, small and large costs, that mix cents with millions or more in one row."""


@SOFT
@WIDE
def test_a_breach_of_billions_is_exact(
    engine: str, kind: str, total: str, small: str, large: str
) -> None:
    """A soft limit of millions or billions is missed by four euros.

    The numbers span more digits than a double holds, so that the proof may stay open: the
    plan is exact all the same, and the bound is true.
    """
    plan = run(soft(kind, total, small, large), engine)
    assert plan.status in {Status.OPTIMAL, Status.FEASIBLE}
    breach = BREACH if plan.selected == ("A", "B") else 0
    worth = sum({"A": 1, "B": 2}[name] for name in plan.selected)
    assert plan.objective == worth - 0.125 * breach
    assert [b.amount for b in plan.kpis.breaches] == ([breach] if breach else [])
    assert plan.bound is not None
    assert plan.bound >= BEST
    assert plan.gap == pytest.approx((plan.bound - plan.objective) / plan.bound, abs=1e-12)
    if plan.status is Status.OPTIMAL:
        assert (plan.objective, plan.bound) == (BEST, close(BEST))


@SOFT
def test_a_breach_is_exact(engine: str, kind: str) -> None:
    """A soft limit of five thousand is missed by four euros, to the cent, and that is proved."""
    plan = best(soft(kind, "5001.00", "5.01", "4999.99"), engine)
    assert (plan.selected, plan.objective) == (("A", "B"), BEST)
    assert [b.amount for b in plan.kpis.breaches] == [BREACH]


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


@pytest.mark.parametrize(("fte", "value"), [(1, 5), (0.98, 0)])
def test_many_small_needs_add_up(engine: str, fte: float, value: int) -> None:
    """A hundred needs of 0.01 each are served by a full person, not by 0.98."""
    needs = [need("dev", 0.01, id=f"n{i}") for i in range(100)]
    assert best(alone(*needs, people=[person("p", fte)]), engine).objective == value
