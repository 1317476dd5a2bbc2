"""The referee on money: cost lines, splits, funds with carry-over, caps, savings."""

from __future__ import annotations

from typing import Any

import pytest

from pmo_optimizer.model import Breach, FundUse, HireOrder, Plan, Portfolio, SupplierKind, TermName
from pmo_optimizer.referee import Code, check
from tests.unit.referee_cases import (
    PEOPLE,
    base,
    chosen,
    faults,
    one_phase,
    phase,
    plan_of,
    planted,
    portfolio,
    split,
    work,
    yes,
)

LINE = "A/a1/normal/costs/capex"


def with_splits(plan: Plan, *splits: Any) -> Plan:
    """Return the plan with other splits."""
    return plan.model_copy(update={"fund_splits": splits})


def test_unknown_fund() -> None:
    """A split names a fund of the portfolio."""
    subject, plan = base()
    bad = with_splits(plan, *plan.fund_splits, split(LINE, "purse", 0, 1))
    planted(subject, plan, bad, (Code.UNKNOWN_FUND, f"fund_splits/{LINE}/purse/0"))


def test_unknown_line() -> None:
    """A split names a cost line of the portfolio."""
    subject, plan = base()
    bad = with_splits(plan, *plan.fund_splits, split("A/costs/none", "main", 0, 1))
    planted(subject, plan, bad, (Code.UNKNOWN_LINE, "fund_splits/A/costs/none/main/0"))


@pytest.mark.parametrize("line", ["B/costs/cost", "hire/temp", "E/exit"])
def test_split_closed_line(line: str) -> None:
    """Named lines, and those of what is not chosen, are split over no fund."""
    subject, plan = base()
    bad = with_splits(plan, *plan.fund_splits, split(line, "main", 0, 1))
    planted(subject, plan, bad, (Code.SPLIT_CLOSED_LINE, f"fund_splits/{line}/main/0"))


def test_split_ineligible() -> None:
    """A fund pays its categories only."""
    lines = [{"category": "opex", "lump": 5}]
    funds = [
        {"id": "main", "amounts": {"total": 9}},
        {"id": "side", "amounts": {"total": 9}, "categories": ["capex"]},
    ]
    subject = portfolio(funds=funds, projects=[{"id": "P", "costs": lines}])
    good = plan_of(subject, yes("P"), splits=[split("P/costs/opex", "main", 0, 5)])
    bad = with_splits(
        good, split("P/costs/opex", "main", 0, 3), split("P/costs/opex", "side", 0, 2)
    )
    planted(subject, good, bad, (Code.SPLIT_INELIGIBLE, "fund_splits/P/costs/opex/side/0"))


def test_split_negative() -> None:
    """A split is not negative, even where the sum is right."""
    subject, plan = base()
    bad = with_splits(
        plan, *plan.fund_splits, split(LINE, "main", 0, -1), split(LINE, "side", 0, 0)
    )
    planted(subject, plan, bad, (Code.SPLIT_NEGATIVE, f"fund_splits/{LINE}/main/0"))


def test_split_of_absurd_size() -> None:
    """A split that is no sane number is a fault and is left out."""
    subject, plan = base()
    bad = with_splits(plan, *plan.fund_splits, split(LINE, "main", 0, "1E+18"))
    planted(subject, plan, bad, (Code.ABSURD_NUMBER, f"fund_splits/{LINE}/main/0"))


@pytest.mark.parametrize(
    ("period", "amount", "at"),
    [
        (1, "3.999999999999999", 1),  # too little by 10^-15
        (1, "4.000000000000001", 1),  # too much
        (2, "4", 2),  # in a period without cost
    ],
)
def test_split_sum(period: int, amount: str, at: int) -> None:
    """Splits add up to the line exactly, in each period."""
    subject, plan = base()
    kept = plan.fund_splits if period == 2 else plan.fund_splits[:1]
    bad = with_splits(plan, *kept, split(LINE, "side", period, amount))
    planted(subject, plan, bad, (Code.SPLIT_SUM, f"fund_splits/{LINE}/{at}"))


def test_split_over_several_funds() -> None:
    """Parts of one period from several funds add up: 1.1 + 2.9 = 4."""
    subject, plan = base()
    parts = [
        split(LINE, "side", 0, 4),
        split(LINE, "side", 1, "1.1"),
        split(LINE, "main", 1, "2.9"),
    ]
    assert faults(subject, with_splits(plan, *parts)) == set()


def test_no_funds_no_limit() -> None:
    """Without any fund there is no money limit and nothing to split."""
    subject = portfolio(projects=[{"id": "P", "costs": [{"lump": 10**9}]}])
    assert faults(subject, plan_of(subject, yes("P"))) == set()


def test_exactness_of_large_and_small() -> None:
    """A millionth of a billionth is not lost beside a hundred thousand billions."""
    large, small = 10**17, "0.000000000000001"
    lines = [{"id": "big", "lump": large, "fund": "f"}, {"id": "tiny", "lump": small, "fund": "f"}]
    funds = [{"id": "f", "amounts": {"total": f"{large}.000000000000001"}}]
    subject = portfolio(funds=funds, projects=[{"id": "P", "costs": lines}])
    assert faults(subject, plan_of(subject, yes("P"))) == set()
    tight = portfolio(
        funds=[{"id": "f", "amounts": {"total": large}}], projects=[{"id": "P", "costs": lines}]
    )
    assert faults(tight, plan_of(tight, yes("P"))) == {("fund-overspent", "funds/f/total")}


def spender(
    amounts: dict[str, Any], *lumps: tuple[int, int], **fund: Any
) -> tuple[Portfolio, Plan]:
    """Return a fund and a project that spends (period, amount) from it, and the plan."""
    profile = [0] * 12
    for period, amount in lumps:
        profile[period] += amount
    subject = portfolio(
        calendar=FISCAL,
        funds=[{"id": "f", "amounts": amounts, **fund}],
        projects=[{"id": "P", "costs": [{"profile": profile, "fund": "f"}]}],
    )
    return subject, plan_of(subject, yes("P"))


FISCAL = {"start": "2027-01-01", "periods": 28, "fiscal_start_month": 4}
"""Fiscal years from April: 2027 has periods 0-2, 2028 periods 3-14, 2029 periods 15-26, 2030 27."""


def uses(subject: Portfolio, plan: Plan) -> dict[str, tuple[float, float, float, float]]:
    """Return available, spent, carried and overspent by bucket."""
    return {
        use.bucket: (use.available, use.spent, use.carried, use.overspent)
        for use in check(subject, plan).kpis.funds
    }


def test_fiscal_year_from_april() -> None:
    """A period belongs to the fiscal year of its first day; an unlisted year has nothing."""
    subject, plan = spender({"years": {2027: 7, 2028: 5}}, (2, 7), (3, 5))
    assert faults(subject, plan) == set()
    assert uses(subject, plan) == {
        "2027": (7, 7, 0, 0),
        "2028": (5, 5, 0, 0),
        "2029": (0, 0, 0, 0),
        "2030": (0, 0, 0, 0),
    }
    late, bad = spender({"years": {2027: 7, 2028: 5}}, (3, 6))
    assert faults(late, bad) == {("fund-overspent", "funds/f/2028")}


def test_fund_overspent() -> None:
    """A hard fund pays what it has, and not a cent more."""
    subject, good = spender({"total": 12}, (0, 7), (9, 5))
    assert faults(subject, good) == set()
    tight, bad = spender({"total": "11.99"}, (0, 7), (9, 5))
    assert faults(tight, bad) == {(Code.FUND_OVERSPENT.value, "funds/f/total")}


def test_fund_per_period() -> None:
    """A fund per period is held in each period."""
    per_period = [4] * 28
    subject, good = spender({"periods": per_period}, (0, 4), (1, 4))
    assert faults(subject, good) == set()
    tight, bad = spender({"periods": per_period}, (0, 3), (1, 5))
    assert faults(tight, bad) == {("fund-overspent", "funds/f/2027-02")}


def test_carry_over_all() -> None:
    """What is left is carried on and on: 10 - 4 = 6, then 5 + 6 - 1 = 10, then 0 + 10 - 10."""
    years = {"years": {2027: 10, 2028: 5}}
    lumps = [(0, 4), (3, 1)]
    subject, plan = spender(years, *lumps, carry_over="all")
    assert uses(subject, plan)["2029"] == (10, 0, 10, 0)
    assert uses(subject, plan)["2028"] == (5 + 6, 1, 10, 0)
    assert uses(subject, plan)["2030"] == (10, 0, 10, 0)


def test_carry_over_up_to() -> None:
    """At most the limit moves on: min(2, 10 - 4) = 2, then min(2, 5 + 2 - 6) = 1."""
    years = {"years": {2027: 10, 2028: 5}}
    subject, plan = spender(years, (0, 4), (3, 6), carry_over=2)
    assert faults(subject, plan) == set()
    assert [*uses(subject, plan).values()] == [
        (10, 4, 2, 0),
        (7, 6, 1, 0),
        (1, 0, 1, 0),
        (1, 0, 1, 0),
    ]
    bad_subject, bad = spender(years, (0, 4), (3, 8), carry_over=2)
    assert faults(bad_subject, bad) == {("fund-overspent", "funds/f/2028")}


def test_carry_over_none() -> None:
    """By default nothing is carried."""
    subject, bad = spender({"years": {2027: 10, 2028: 5}}, (3, 6))
    assert faults(subject, bad) == {("fund-overspent", "funds/f/2028")}


def test_soft_overspend_is_not_repaid() -> None:
    """A soft fund pays its price for 9 - 6 = 3, and the next year starts afresh."""
    years = {"years": {2027: 6, 2028: 5}}
    subject, plan = spender(years, (0, 9), (3, 5), carry_over="all", price="0.5")
    report = check(subject, plan)
    assert report.violations == ()
    assert report.kpis.breaches == (
        Breach(kind="fund", id="f", period="2027", amount=3, price=0.5, penalty=1.5),
    )
    assert uses(subject, plan)["2027"] == (6, 9, 0, 3)
    assert uses(subject, plan)["2028"] == (5, 5, 0, 0)


def costs_of(line: dict[str, Any], start: int, duration: int, on: str) -> tuple[float, list[float]]:
    """Return the cost term, and what a fund pays per period, of one line of a mode or project."""
    part = {"costs": [{**line, "fund": "f"}]}
    on_project, on_phase = (part, {}) if on == "project" else ({}, part)
    subject = portfolio(
        funds=[{"id": "f", "amounts": {"periods": [99] * 12}}],
        projects=[{"id": "P", "phases": [{"duration": duration, **on_phase}], **on_project}],
    )
    kpis = check(subject, plan_of(subject, one_phase("P", start, start + duration))).kpis
    return kpis.terms[TermName.COST], [use.spent for use in kpis.funds]


@pytest.mark.parametrize("on", ["project", "mode"])
@pytest.mark.parametrize(
    ("line", "paid"),
    [
        ({"per_period": 4}, {3: 4, 4: 4, 5: 4}),
        ({"profile": [1, 2, 3]}, {3: 1, 4: 2, 5: 3}),
        ({"lump": 9}, {3: 9}),
        ({"lump": 9, "at": "finish"}, {5: 9}),
    ],
)
def test_cost_lines(line: dict[str, Any], paid: dict[int, int], on: str) -> None:
    """A line of work in 3, 4 and 5 pays per period, by profile, or once at either end."""
    total, per_period = costs_of(line, 3, 3, on)
    assert total == sum(paid.values())
    assert per_period == [paid.get(t, 0) for t in range(12)]


@pytest.mark.parametrize(
    ("line", "total"),
    [({"per_period": 4}, 0), ({"lump": 9}, 9), ({"lump": 9, "at": "finish"}, 9)],
)
def test_cost_of_a_milestone(line: dict[str, Any], total: int) -> None:
    """A milestone lasts no period; its lump falls in the start period."""
    paid = [0] * 3 + [total] + [0] * 8
    assert costs_of(line, 3, 0, "mode") == (total, paid)


def test_project_line_spans_all_phases() -> None:
    """A project line runs from the first start to the last end, gaps included: 3 x 4 periods."""
    subject = portfolio(
        projects=[
            {
                "id": "P",
                "max_gap": 2,
                "phases": [{"id": "a", "duration": 1}, {"id": "b", "duration": 1}],
                "costs": [{"per_period": 3}],
            }
        ]
    )
    plan = plan_of(subject, chosen("P", phase("a", 1, 2), phase("b", 4, 5)))
    assert check(subject, plan).kpis.terms[TermName.COST] == 3 * 4


def test_yes_or_no_pays_once() -> None:
    """A project without phases pays in the first period of its window: 4 + 9 + 1 there."""
    lines = [{"id": "a", "per_period": 4}, {"id": "b", "lump": 9, "at": "finish"}]
    lines.append({"id": "c", "profile": [1, 2]})
    subject = portfolio(
        funds=[{"id": "f", "amounts": {"periods": [99] * 12}}],
        projects=[
            {"id": "P", "earliest_start": 5, "costs": [{**line, "fund": "f"} for line in lines]}
        ],
    )
    kpis = check(subject, plan_of(subject, yes("P", 5))).kpis
    assert [use.spent for use in kpis.funds] == [0] * 5 + [4 + 9 + 1, 2] + [0] * 5


def test_costs_beyond_the_grid() -> None:
    """Costs after the last period count in money terms, and no fund or cap limits them."""
    subject = portfolio(
        funds=[{"id": "f", "amounts": {"total": 3}}, {"id": "g", "amounts": {"total": 7}}],
        caps=[{"id": "c", "amounts": {"total": 3 + 7}}],
        projects=[
            {
                "id": "P",
                "phases": [{"duration": 1}],
                "costs": [
                    {"id": "open", "profile": [1, 2, 50, 60]},
                    {"id": "named", "profile": [3, 4, 5], "fund": "g"},
                ],
            }
        ],
    )
    splits = [split("P/costs/open", "f", 10, 1), split("P/costs/open", "f", 11, 2)]
    report = check(subject, plan_of(subject, one_phase("P", 10, 11), splits=splits))
    assert report.violations == ()
    assert report.kpis.terms[TermName.COST] == 1 + 2 + 50 + 60 + 3 + 4 + 5


def test_charged_need() -> None:
    """A charged need costs rate x FTE per period, from its fund, without a split: 5 x 0.5 x 2."""
    needs = [{"id": "n", "skill": "dev", "fte": 0.5, "charge_to": "f"}]
    subject = portfolio(
        **PEOPLE,
        funds=[{"id": "f", "amounts": {"total": "4.99"}, "price": 2}],
        caps=[{"id": "c", "cost_categories": ["labour"], "amounts": {"total": 4}, "price": 3}],
        projects=[{"id": "P", "phases": [{"duration": 2, "needs": needs}]}],
    )
    allocation = work("class:dev@1", "P/phase-1/n", 0, "0.5", "0.5")
    kpis = check(subject, plan_of(subject, one_phase("P", 0, 2), work=[allocation])).kpis
    assert kpis.terms[TermName.COST] == 5 * 0.5 * 2
    assert kpis.projects[0].cost == 5 * 0.5 * 2
    amounts = {breach.kind: breach.amount for breach in kpis.breaches}
    assert amounts == {"fund": 0.01, "cap": 5 - 4}


def stopping(**project: Any) -> tuple[Portfolio, Plan]:
    """Return a stoppable running project with exit cost 8, and a plan that stops it."""
    subject = portfolio(
        funds=[{"id": "f", "amounts": {"periods": [8, *[0] * 11]}}],
        projects=[
            {"id": "P", "state": "running", "stoppable": True, "exit_cost": 8, **project},
        ],
    )
    return subject, plan_of(subject)


def test_exit_cost() -> None:
    """Stopping costs the exit cost in period 0, from its fund or as an open line."""
    subject, plan = stopping(exit_fund="f")
    assert faults(subject, plan) == set()
    assert check(subject, plan).kpis.terms[TermName.COST] == 8
    open_, unpaid = stopping()
    paid = with_splits(unpaid, split("P/exit", "f", 0, 8))
    planted(open_, paid, unpaid, (Code.SPLIT_SUM, "fund_splits/P/exit/0"))


def test_continuing_has_no_exit_cost() -> None:
    """A running project that goes on pays no exit cost."""
    subject, _ = stopping()
    assert check(subject, plan_of(subject, yes("P"))).kpis.terms[TermName.COST] == 0


def test_hire_costs() -> None:
    """Two heads ordered in 10 with lead 1 and term 3 cost 2 x (4 + 3 x 3), in part after the end.

    The fund sees 2 x 4 in period 10 and 2 x 3 in period 11; the cap sees nothing.
    """
    hire = {"id": "h", "skill": "dev", "max_heads": 2, "lead_time": 1, "term": 3}
    subject = portfolio(
        **PEOPLE,
        hires=[{**hire, "cost_once": 4, "cost_per_period": 3}],
        funds=[{"id": "f", "amounts": {"total": 14}}],
        caps=[{"id": "c", "amounts": {"total": 0}}],
    )
    orders = [HireOrder(hire="h", period=10, heads=2)]
    unpaid = plan_of(subject, hires=orders)
    good = with_splits(unpaid, split("hire/h", "f", 10, 8), split("hire/h", "f", 11, 6))
    short = with_splits(unpaid, split("hire/h", "f", 10, 8))
    planted(subject, good, short, (Code.SPLIT_SUM, "fund_splits/hire/h/11"))
    assert check(subject, good).kpis.terms[TermName.COST] == 2 * (4 + 3 * 3)


def capped(cap: dict[str, Any], *starts: int) -> tuple[Portfolio, Plan]:
    """Return projects P0, P1, ... that cost 2 capex and 1 opex in each of 14 periods."""
    lines = [{"category": "capex", "per_period": 2}, {"category": "opex", "per_period": 1}]
    subject = portfolio(
        calendar={"start": "2027-01-01", "periods": 28},
        caps=[{"id": "c", **cap}],
        projects=[
            {"id": f"P{k}", "tags": [f"t{k}"], "phases": [{"duration": 14}], "costs": lines}
            for k in range(len(starts))
        ],
    )
    entries = [one_phase(f"P{k}", start, start + 14) for k, start in enumerate(starts)]
    return subject, plan_of(subject, *entries)


@pytest.mark.parametrize(
    ("cap", "limit"),
    [
        ({}, 3 * 14 + 3 * 14),
        ({"where": {"tag": "t1"}}, 3 * 14),
        ({"cost_categories": ["capex"]}, 2 * 14 + 2 * 14),
        ({"project_years": "first"}, 3 * 12 + 3 * 12),
        ({"project_years": "later"}, 3 * 2 + 3 * 2),
        ({"first": 3, "last": 4}, 3 * 2 + 3 * 2),  # both ends included
        ({"first": "2028-01-01"}, 3 * 2 + 3 * 4),  # P0 ends at 14, P1 at 16
        ({"last": "2027-02-28", "where": {"tag": "t0"}}, 3 * 2),
    ],
)
def test_cap(cap: dict[str, Any], limit: int) -> None:
    """A cap adds up what matches, of projects that start in 0 and 2 and last 14."""
    subject, plan = capped({**cap, "amounts": {"total": limit}}, 0, 2)
    assert faults(subject, plan) == set()
    tight, same = capped({**cap, "amounts": {"total": limit - 1}}, 0, 2)
    assert faults(tight, same) == {(Code.CAP_EXCEEDED.value, "caps/c/total")}


def test_cap_per_year() -> None:
    """A cap holds in each listed year: 3 x 12 in 2027, 3 x 2 in 2028, which is not listed."""
    subject, plan = capped({"amounts": {"years": {2027: 36}}}, 0)
    assert faults(subject, plan) == set()
    tight, same = capped({"amounts": {"years": {2027: 35, 2028: 6}}}, 0)
    assert faults(tight, same) == {("cap-exceeded", "caps/c/2027")}


def test_soft_cap() -> None:
    """A soft cap costs its price per unit: 0.5 x (42 - 40)."""
    subject, plan = capped({"amounts": {"total": 40}, "price": "0.5"}, 0)
    report = check(subject, plan)
    assert report.violations == ()
    assert report.kpis.breaches == (
        Breach(kind="cap", id="c", period="total", amount=2, price=0.5, penalty=1),
    )


@pytest.mark.parametrize(
    ("parts", "amount"),
    [
        ({}, 8),
        ({"last": 0}, 8),
        ({"first": 1}, 0),
        ({"where": {"tag": "none"}}, 0),
        ({"cost_categories": ["capex"]}, 0),
        ({"project_years": "first"}, 0),
        ({"project_years": "later"}, 0),
    ],
)
def test_cap_on_exit_costs(parts: dict[str, Any], amount: int) -> None:
    """Exit costs, in period 0, are in a cap that matches, but in neither part of a life."""
    cap = {"id": "c", "amounts": {"total": 0}, "price": 1, **parts}
    subject = portfolio(
        caps=[cap],
        projects=[{"id": "P", "state": "running", "stoppable": True, "exit_cost": 8}],
    )
    assert check(subject, plan_of(subject)).kpis.penalty == amount


def synergy(**parts: Any) -> Portfolio:
    """Return two projects that cost 10 each in period 1, with a synergy that saves 6 there."""
    project = {"earliest_start": 1, "costs": [{"lump": 10, "fund": "f"}], "value": 1}
    saving = {"fund": "f", "period": "2027-02-10", "amount": 6}
    return portfolio(
        money_rate="0.21",
        funds=[{"id": "f", "amounts": {"total": 14}}],
        projects=[{"id": "A", **project}, {"id": "B", **project}],
        synergies=[{"id": "s", "projects": ["A", "B"], "value": "0.5", "savings": [saving]}],
        **parts,
    )


def test_synergy_saving() -> None:
    """With all members a saving lowers what the fund pays, and the cost: 10 + 10 - 6 = 14."""
    subject = synergy()
    both = check(subject, plan_of(subject, yes("A", 1), yes("B", 1)))
    assert both.violations == ()
    assert both.kpis.funds == (FundUse(fund="f", bucket="total", available=14, spent=14),)
    assert both.kpis.terms[TermName.COST] == 14
    assert both.kpis.terms[TermName.NPV] == pytest.approx(-14 * 1.21 ** (-1 / 12))
    assert both.kpis.terms[TermName.VALUE] == 1 + 1 + 0.5


def test_synergy_needs_all_members() -> None:
    """With one member there is no synergy."""
    subject = synergy()
    one = check(subject, plan_of(subject, yes("A", 1)))
    assert one.kpis.terms[TermName.COST] == 10
    assert one.kpis.terms[TermName.VALUE] == 1


def test_overload_and_funds_are_apart() -> None:
    """Extra supply has a price in the objective and costs no money."""
    skills = [{"id": "dev", "overload_price": 7}, {"id": "test"}]
    needs = [{"id": "n", "skill": "dev", "fte": 2}]
    subject = portfolio(
        **{**PEOPLE, "skills": skills},
        funds=[{"id": "f", "amounts": {"total": 0}}],
        projects=[{"id": "P", "value": 20, "phases": [{"duration": 1, "needs": needs}]}],
    )
    allocation = work("dev", "P/phase-1/n", 0, "2", kind=SupplierKind.OVERLOAD)
    report = check(subject, plan_of(subject, one_phase("P", 0, 1), work=[allocation]))
    assert report.violations == ()
    assert report.kpis.terms[TermName.COST] == 0
    assert report.kpis.objective == 20 - 7 * 2
