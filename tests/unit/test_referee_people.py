"""The referee on people: needs, suppliers, hires, extra supply, ceilings, availability."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pmo_optimizer.model import Allocation, Breach, HireOrder, Plan, Portfolio, SupplierKind
from pmo_optimizer.referee import Code, check
from tests.unit.referee_cases import (
    ANN,
    BOB,
    PEOPLE,
    base,
    chosen,
    faults,
    no,
    phase,
    plan_of,
    planted,
    portfolio,
    replaced,
    work,
)

DEV = "A/a1/dev"
TEST = work(BOB, "A/a2/test", 2, "1", "1")


def with_work(plan: Plan, *allocations: Allocation) -> Plan:
    """Return the plan with other allocations."""
    return plan.model_copy(update={"allocations": allocations})


def ann(*shares: str, start: int = 0) -> Allocation:
    """Return what Ann's class gives to the first phase of A."""
    return work(ANN, DEV, start, *shares)


def test_need_unmet() -> None:
    """Each period of each need is served; the period is named."""
    subject, plan = base()
    bad = with_work(plan, ann("0.5", "0.49"), TEST)
    planted(subject, plan, bad, (Code.NEED_UNMET, "projects/A/phases/a1/needs/dev/1"))


def test_need_tolerance() -> None:
    """A need is served up to 0.0001 FTE below it, and not a trifle less."""
    subject, plan = base()
    good = with_work(plan, ann("0.4999", "0.5"), TEST)
    bad = with_work(plan, ann("0.49989999", "0.5"), TEST)
    planted(subject, good, bad, (Code.NEED_UNMET, "projects/A/phases/a1/needs/dev/0"))


def test_proficiency_counts() -> None:
    """At proficiency 0.5 a full head delivers half of its time."""
    subject, plan = base()
    good = with_work(plan, work(BOB, DEV, 0, "1", "1"), TEST)
    bad = with_work(plan, work(BOB, DEV, 0, "1", "0.5"), TEST)
    planted(subject, good, bad, (Code.NEED_UNMET, "projects/A/phases/a1/needs/dev/1"))


def test_several_suppliers_add_up() -> None:
    """What several suppliers deliver to a need is added up: 0.2 x 1 + 0.6 x 0.5 = 0.5."""
    subject, plan = base()
    shared = with_work(plan, ann("0.2", "0.2"), work(BOB, DEV, 0, "0.6", "0.6"), TEST)
    assert faults(subject, shared) == set()


@pytest.mark.parametrize(
    ("need", "code"),
    [
        ("Z/a1/dev", Code.UNKNOWN_PROJECT),
        ("A/a9/dev", Code.UNKNOWN_PHASE),
        ("A/a1/none", Code.UNKNOWN_NEED),
        ("A/a1/rush", Code.ALLOCATION_MODE),  # a need of the mode that is not chosen
    ],
)
def test_allocation_to_nothing(need: str, code: Code) -> None:
    """An allocation names a need of the chosen mode of a phase."""
    subject, plan = base()
    extra = work(ANN, need, 0, "0.1")
    bad = with_work(plan, *plan.allocations, extra)
    planted(subject, plan, bad, (code, f"allocations/{need}/{ANN}"))


def test_allocation_to_unselected_project() -> None:
    """Nobody works on a project that is not selected."""
    subject, plan = base()
    bad = replaced(plan, no("A"), fund_splits=())
    expected = {
        (Code.ALLOCATION_UNSELECTED.value, f"allocations/{DEV}/{ANN}"),
        (Code.ALLOCATION_UNSELECTED.value, f"allocations/A/a2/test/{BOB}"),
    }
    assert faults(subject, bad) == expected
    assert faults(subject, with_work(bad)) == set()


@pytest.mark.parametrize("kind", list(SupplierKind))
def test_unknown_supplier(kind: SupplierKind) -> None:
    """A supplier of each kind is one of the portfolio."""
    subject, plan = base()
    bad = with_work(plan, *plan.allocations, work("Zoe", DEV, 0, "0.1", kind=kind))
    planted(subject, plan, bad, (Code.UNKNOWN_SUPPLIER, f"allocations/{DEV}/Zoe"))


def test_allocation_outside_the_phase() -> None:
    """Work lies within the phase; a share of nothing elsewhere is no work."""
    subject, plan = base()
    silent = with_work(plan, ann("0.5", "0.5", "0"), TEST)
    bad = with_work(plan, ann("0.5", "0.5", "0.1"), TEST)
    planted(subject, silent, bad, (Code.ALLOCATION_PERIOD, f"allocations/{DEV}/{ANN}"))


def test_allocation_before_the_phase() -> None:
    """A negative start period is outside the phase, and does not count from the end."""
    subject, plan = base()
    bad = with_work(plan, ann("0.1", "0.5", "0.5", start=-1), TEST)
    planted(subject, plan, bad, (Code.ALLOCATION_PERIOD, f"allocations/{DEV}/{ANN}"))


def test_allocation_beyond_the_grid() -> None:
    """After the grid there is nobody to work, and a need there is a fault of the phase."""
    needs = [{"id": "n", "skill": "dev", "fte": 1}]
    subject = portfolio(
        **PEOPLE, projects=[{"id": "P", "phases": [{"id": "f", "duration": 2, "needs": needs}]}]
    )
    bad = plan_of(subject, chosen("P", phase("f", 11, 13)), work=[work(ANN, "P/f/n", 11, "1", "1")])
    assert faults(subject, bad) == {
        (Code.HORIZON.value, "projects/P/phases/f"),
        (Code.ALLOCATION_PERIOD.value, f"allocations/P/f/n/{ANN}"),
    }
    idle = with_work(bad, work(ANN, "P/f/n", 11, "1"))
    assert faults(subject, idle) == {(Code.HORIZON.value, "projects/P/phases/f")}


def test_very_fine_share() -> None:
    """A share with 150 decimals is still added up exactly."""
    subject, plan = base()
    extra = ann().model_copy(update={"shares": (Decimal("1E-150"),)})
    assert faults(subject, with_work(plan, *plan.allocations, extra)) == set()
    full = ann("0.5")
    expected = {(Code.SUPPLIER_OVERUSED.value, f"people/{ANN}/0")}
    assert faults(subject, with_work(plan, *plan.allocations, full, extra)) == expected


def test_negative_share() -> None:
    """A negative share is a fault and makes no room for others."""
    subject, plan = base()
    bad = with_work(plan, *plan.allocations, ann("-0.5"), ann("1"))
    planted(
        subject,
        plan,
        bad,
        (Code.NEGATIVE_SHARE, f"allocations/{DEV}/{ANN}"),
        (Code.SUPPLIER_OVERUSED, f"people/{ANN}/0"),
    )


@pytest.mark.parametrize(
    "share", [Decimal("NaN"), Decimal("Infinity"), Decimal("1E+18"), Decimal("1E-151")]
)
def test_absurd_share(share: Decimal) -> None:
    """A share that is no sane number is a fault and is left out."""
    subject, plan = base()
    extra = ann("0.1").model_copy(update={"shares": (share,)})
    bad = with_work(plan, *plan.allocations, extra)
    planted(subject, plan, bad, (Code.ABSURD_NUMBER, f"allocations/{DEV}/{ANN}"))


def test_supplier_lacks_skill() -> None:
    """A supplier has the skill that it serves; its work counts for nothing otherwise."""
    subject, plan = base()
    bad = with_work(plan, ann("0.5", "0.5"), work(ANN, "A/a2/test", 2, "1", "1"))
    planted(
        subject,
        plan,
        bad,
        (Code.SUPPLIER_LACKS_SKILL, f"allocations/A/a2/test/{ANN}"),
        (Code.NEED_UNMET, "projects/A/phases/a2/needs/test/2"),
        (Code.NEED_UNMET, "projects/A/phases/a2/needs/test/3"),
    )


def test_supplier_overused() -> None:
    """Shares of one supplier over all needs stay within its availability, exactly."""
    subject = portfolio(
        **PEOPLE,
        projects=[_needing("P", "dev", "0.7"), _needing("Q", "dev", "0.3")],
    )
    entries = [chosen(name, phase("f", 0, 1)) for name in "PQ"]
    good = plan_of(
        subject, *entries, work=[work(ANN, "P/f/n", 0, "0.7"), work(ANN, "Q/f/n", 0, "0.3")]
    )
    over = with_work(good, good.allocations[0], work(ANN, "Q/f/n", 0, "0.3000000000000000001"))
    planted(subject, good, over, (Code.SUPPLIER_OVERUSED, f"people/{ANN}/0"))


def _needing(project: str, skill: str, fte: str | int, **need: Any) -> dict[str, Any]:
    """Return a project of one phase f, one period long, with one need n."""
    needs = [{"id": "n", "skill": skill, "fte": fte, **need}]
    return {"id": project, "phases": [{"id": "f", "duration": 1, "needs": needs}]}


def one_need(
    fte: str | int, *allocations: Allocation, need: dict[str, Any] | None = None, **parts: Any
) -> tuple[Portfolio, Plan]:
    """Return one project with one need of dev in period 0, and a plan that does it."""
    parts = {**PEOPLE, **parts}
    subject = portfolio(projects=[_needing("P", "dev", fte, **(need or {}))], **parts)
    return subject, plan_of(subject, chosen("P", phase("f", 0, 1)), work=allocations)


def test_below_proficiency() -> None:
    """Only people at the minimum proficiency count."""
    need = {"min_proficiency": 0.6}
    subject, good = one_need("0.5", work(ANN, "P/f/n", 0, "0.5"), need=need)
    bad = with_work(good, work(BOB, "P/f/n", 0, "1"))
    planted(
        subject,
        good,
        bad,
        (Code.BELOW_PROFICIENCY, f"allocations/P/f/n/{BOB}"),
        (Code.NEED_UNMET, "projects/P/phases/f/needs/n/0"),
    )


def test_exact_minimum_proficiency_is_enough() -> None:
    """A proficiency equal to the minimum counts."""
    need = {"min_proficiency": 0.5}
    subject, good = one_need("0.5", work(BOB, "P/f/n", 0, "1"), need=need)
    assert faults(subject, good) == set()


def test_milestone_needs_nobody() -> None:
    """A phase of duration 0 needs nothing."""
    needs = [{"skill": "dev", "fte": 5}]
    subject = portfolio(
        **PEOPLE, projects=[{"id": "P", "phases": [{"id": "f", "duration": 0, "needs": needs}]}]
    )
    assert faults(subject, plan_of(subject, chosen("P", phase("f", 3, 3)))) == set()


def test_profile_need() -> None:
    """A profile asks for its own rate in each period of the phase, wherever that starts."""
    needs = [{"id": "n", "skill": "dev", "profile": ["0.2", "0.9"]}]
    subject = portfolio(
        **PEOPLE, projects=[{"id": "P", "phases": [{"id": "f", "duration": 2, "needs": needs}]}]
    )
    entry = chosen("P", phase("f", 4, 6))
    good = plan_of(subject, entry, work=[work(ANN, "P/f/n", 4, "0.2", "0.9")])
    bad = plan_of(subject, entry, work=[work(ANN, "P/f/n", 4, "0.9", "0.2")])
    planted(subject, good, bad, (Code.NEED_UNMET, "projects/P/phases/f/needs/n/5"))


POOL = {"id": "lab", "skill": "dev", "profile": [2, *[1] * 11]}


def test_pool_has_a_profile() -> None:
    """A pool serves its skill at proficiency 1, within its profile."""
    allocation = work("lab", "P/f/n", 0, "2", kind=SupplierKind.POOL)
    subject, good = one_need(2, allocation, pools=[POOL])
    late = plan_of(
        subject,
        chosen("P", phase("f", 1, 2)),
        work=[allocation.model_copy(update={"start": 1})],
    )
    planted(subject, good, late, (Code.SUPPLIER_OVERUSED, "pools/lab/1"))


def test_pool_and_class_of_one_name_are_apart() -> None:
    """The kind says which supplier is meant."""
    allocation = work("lab", "P/f/n", 0, "1", kind=SupplierKind.CLASS)
    subject, bad = one_need(1, allocation, pools=[POOL])
    assert (Code.UNKNOWN_SUPPLIER, "allocations/P/f/n/lab") in faults(subject, bad)


def test_person_is_checked_alone_and_in_the_class() -> None:
    """A person gives at most the own time, and it is time of the class as well."""
    people = [{"id": "ann", "skills": {"dev": 1}}, {"id": "cy", "skills": {"dev": 1}, "count": 2}]
    person = {"kind": SupplierKind.PERSON}
    cy, own = work("cy", "P/f/n", 0, "2", **person), work("ann", "P/f/n", 0, "1", **person)
    subject, good = one_need(3, cy, own, people=people)
    greedy = with_work(good, cy, work("ann", "P/f/n", 0, "1.1", **person))
    planted(
        subject,
        good,
        greedy,
        (Code.SUPPLIER_OVERUSED, "people/ann/0"),
        (Code.SUPPLIER_OVERUSED, f"people/{ANN}/0"),
    )
    mixed = with_work(good, cy, work(ANN, "P/f/n", 0, "1.5"))
    planted(subject, good, mixed, (Code.SUPPLIER_OVERUSED, f"people/{ANN}/0"))


def test_person_without_proficiency() -> None:
    """A person at proficiency 0 does not have the skill."""
    people = [{"id": "ann", "skills": {"dev": 1}}, {"id": "cy", "skills": {"dev": 0, "test": 1}}]
    own = work(ANN, "P/f/n", 0, "1")
    subject, good = one_need(1, own, people=people)
    bad = with_work(good, own, work("cy", "P/f/n", 0, "1", kind=SupplierKind.PERSON))
    planted(subject, good, bad, (Code.SUPPLIER_LACKS_SKILL, "allocations/P/f/n/cy"))


HIRE = {"id": "temp", "skill": "dev", "max_heads": 2, "lead_time": 1, "term": 2}


def hired(*orders: tuple[int, int], start: int, share: str = "1") -> tuple[Portfolio, Plan]:
    """Return a project whose need of ``share`` dev at ``start`` is served by hired heads."""
    subject = portfolio(
        **PEOPLE,
        hires=[{**HIRE, "earliest_order": 1, "latest_order": 6}],
        projects=[_needing("P", "dev", share)],
    )
    allocation = work("temp", "P/f/n", start, share, kind=SupplierKind.HIRE)
    plan = plan_of(
        subject,
        chosen("P", phase("f", start, start + 1)),
        work=[allocation],
        hires=[HireOrder(hire="temp", period=t, heads=n) for t, n in orders],
    )
    return subject, plan


@pytest.mark.parametrize(("start", "at_work"), [(3, False), (4, True), (5, True), (6, False)])
def test_hired_heads_work_after_lead_time_for_their_term(start: int, at_work: bool) -> None:
    """A head ordered in 3 with lead time 1 and term 2 works in 4 and 5."""
    subject, plan = hired((3, 1), start=start)
    expected = set() if at_work else {(Code.HIRE_OVERUSED.value, f"hires/temp/{start}")}
    assert faults(subject, plan) == expected


def test_heads_of_several_orders_add_up() -> None:
    """Orders in 3 and 4 overlap in period 5."""
    subject, plan = hired((3, 1), (4, 1), start=5, share="2")
    assert faults(subject, plan) == set()


def test_hire_without_term() -> None:
    """Without a term a head works to the end of the grid."""
    hires = [{"id": "perm", "skill": "dev", "max_heads": 1}]
    subject = portfolio(**PEOPLE, hires=hires, projects=[_needing("P", "dev", 1)])
    allocation = work("perm", "P/f/n", 11, "1", kind=SupplierKind.HIRE)
    plan = plan_of(
        subject,
        chosen("P", phase("f", 11, 12)),
        work=[allocation],
        hires=[HireOrder(hire="perm", period=0, heads=1)],
    )
    assert faults(subject, plan) == set()


@pytest.mark.parametrize("period", [0, 7, -1])
def test_hire_window(period: int) -> None:
    """Heads are ordered within the order window."""
    subject, good = hired((3, 1), start=4)
    order = HireOrder(hire="temp", period=period, heads=1)
    bad = good.model_copy(update={"hires": (*good.hires, order)})
    planted(subject, good, bad, (Code.HIRE_WINDOW, "hires/temp"))


def test_hire_max() -> None:
    """The most heads hold over all orders."""
    subject, good = hired((3, 2), start=4)
    order = HireOrder(hire="temp", period=6, heads=1)
    bad = good.model_copy(update={"hires": (*good.hires, order)})
    planted(subject, good, bad, (Code.HIRE_MAX, "hires/temp"))


@pytest.mark.parametrize("heads", [-1, Decimal("0.5")])
def test_hire_heads(heads: object) -> None:
    """Heads are ordered whole, and never taken back."""
    subject, good = hired((3, 1), start=4)
    order = HireOrder(hire="temp", period=5, heads=1).model_copy(update={"heads": heads})
    bad = good.model_copy(update={"hires": (*good.hires, order)})
    planted(subject, good, bad, (Code.HIRE_HEADS, "hires/temp"))


def test_order_of_nobody() -> None:
    """An order of no heads is no order, even outside the window."""
    subject, good = hired((3, 1), start=4)
    order = HireOrder(hire="temp", period=0, heads=0)
    plan = good.model_copy(update={"hires": (*good.hires, order)})
    assert faults(subject, plan) == set()


def test_absurd_number_of_heads() -> None:
    """An order of 10^18 heads is no order."""
    subject, good = hired((3, 1), start=4)
    order = HireOrder(hire="temp", period=5, heads=10**18)
    bad = good.model_copy(update={"hires": (*good.hires, order)})
    planted(subject, good, bad, (Code.ABSURD_NUMBER, "hires/temp"))


def test_unknown_hire() -> None:
    """A hire order names a hire of the portfolio."""
    subject, plan = base()
    bad = plan.model_copy(update={"hires": (HireOrder(hire="x", period=0, heads=1),)})
    planted(subject, plan, bad, (Code.UNKNOWN_HIRE, "hires/x"))


def overload(skill: str, share: str) -> Allocation:
    """Return bought extra supply for the one need."""
    return work(skill, "P/f/n", 0, share, kind=SupplierKind.OVERLOAD)


def test_overload_without_price() -> None:
    """Extra supply needs a price, otherwise the capacity is hard."""
    soft = [{"id": "dev", "overload_price": 7}, {"id": "test"}]
    need = {"min_proficiency": 0.9}
    subject, plan = one_need("1.5", overload("dev", "1.5"), skills=soft, need=need)
    report = check(subject, plan)
    assert report.violations == ()
    assert report.kpis.breaches == (
        Breach(kind="overload", id="dev", period="2027-01", amount=1.5, price=7, penalty=1.5 * 7),
    )
    hard, bad = one_need("1.5", overload("dev", "1.5"))
    assert faults(hard, bad) == {
        (Code.OVERLOAD_UNPRICED.value, "allocations/P/f/n/dev"),
        (Code.NEED_UNMET.value, "projects/P/phases/f/needs/n/0"),
    }


def test_overload_of_another_skill() -> None:
    """Extra supply serves the needs of its own skill only."""
    soft = [{"id": "dev", "overload_price": 7}, {"id": "test", "overload_price": 7}]
    subject, good = one_need("0.5", overload("dev", "0.5"), skills=soft)
    bad = with_work(good, overload("dev", "0.5"), overload("test", "0.5"))
    planted(subject, good, bad, (Code.SUPPLIER_LACKS_SKILL, "allocations/P/f/n/test"))


def test_utilization() -> None:
    """A hard ceiling limits the use of each class and pool, and of no hire."""
    rules = [{"id": "buffer", "type": "utilization", "ceiling": 0.8}]
    limited = f"{ANN}#buffer"
    subject, good = one_need("0.8", work(limited, "P/f/n", 0, "0.8"), rules=rules)
    bad = with_work(good, work(limited, "P/f/n", 0, "0.81"))
    path = f"rules/buffer/people/{limited}/0"
    planted(subject, good, bad, (Code.UTILIZATION, path))


def test_utilization_of_pools_by_filter() -> None:
    """A ceiling holds for the people and pools that its filter means."""
    rules = [{"id": "b", "type": "utilization", "ceiling": "0.5", "where": {"tag": "busy"}}]
    for tags, expected in (([], set()), (["busy"], {("utilization", "rules/b/pools/lab/0")})):
        pool = {**POOL, "tags": tags}
        allocation = work("lab", "P/f/n", 0, "1.2", kind=SupplierKind.POOL)
        subject, plan = one_need("1.2", allocation, pools=[pool], rules=rules)
        assert faults(subject, plan) == expected


def test_soft_utilization() -> None:
    """A soft ceiling costs its price per FTE-period: (0.9 - 0.8 x 1) + (1.7 - 0.8 x 2)."""
    rules = [{"id": "b", "type": "utilization", "ceiling": "0.8", "price": 10}]
    limited = f"{ANN}#b"
    subject, plan = one_need(
        "2.6",
        work(limited, "P/f/n", 0, "0.9"),
        work("lab", "P/f/n", 0, "1.7", kind=SupplierKind.POOL),
        pools=[POOL],
        rules=rules,
    )
    report = check(subject, plan)
    assert report.violations == ()
    assert report.kpis.breaches == (
        Breach(
            kind="utilization",
            id="b",
            period="2027-01",
            amount=0.2,
            price=10,
            penalty=2.0,
        ),
    )
    assert report.kpis.penalty == 0.2 * 10


def test_person_keeps_the_ceiling() -> None:
    """A hard ceiling holds for each person of a certificate by person."""
    rules = [{"id": "b", "type": "utilization", "ceiling": "0.8"}]
    people = [{"id": "ann", "skills": {"dev": 1}}, {"id": "cy", "skills": {"dev": 1}}]
    allocation = work("ann", "P/f/n", 0, "0.9", kind=SupplierKind.PERSON)
    subject, bad = one_need("0.9", allocation, people=people, rules=rules)
    assert faults(subject, bad) == {("utilization", "rules/b/people/ann/0")}


WEEKS = {
    "start": "2027-01-04",
    "periods": 3,
    "grain": "week",
    "holidays": ["2027-01-06"],
    "sites": [{"id": "north", "holidays": ["2027-01-11", "2027-01-12"]}],
}
"""Three weeks from a Monday on; the first has 4 working days."""


@pytest.mark.parametrize(
    ("person", "period", "fte"),
    [
        ({}, 0, "1"),  # the holiday is no working day for anybody
        # two of the 4 working days at half: (4 - 2 x 0.5) / 4
        (
            {"absences": [{"first": "2027-01-07", "last": "2027-01-10", "share": 0.5}]},
            0,
            "0.75",
        ),
        ({"site": "north"}, 1, "0.6"),  # 3 of 5 days
        ({"holidays": ["2027-01-11"], "fte": "0.5"}, 1, "0.4"),  # 0.5 x 4 / 5
        ({"available_from": "2027-01-05"}, 0, "0.75"),  # 3 of 4 days
        ({"available_until": "2027-01-18"}, 2, "0.2"),  # 1 of 5 days
        ({"fte": "0.9", "absences": [{"first": "2027-01-04", "last": "2027-01-04"}]}, 0, "0.67"),
        # 0.9 x 3 / 4 = 0.675, rounded down; then twice
        (
            {
                "fte": "0.9",
                "count": 2,
                "absences": [{"first": "2027-01-04", "last": "2027-01-04"}],
            },
            0,
            "1.34",
        ),
    ],
)
def test_availability(person: dict[str, Any], period: int, fte: str) -> None:
    """Availability is FTE x present working days / working days, rounded down to 0.01."""
    parts = {**PEOPLE, "people": [{"id": "ann", "skills": {"dev": 1}, **person}]}
    subject = portfolio(calendar=WEEKS, projects=[_needing("P", "dev", fte)], **parts)
    entry = chosen("P", phase("f", period, period + 1))
    good = plan_of(subject, entry, work=[work(ANN, "P/f/n", period, fte)])
    more = str(Decimal(fte) + Decimal("0.001"))
    bad = plan_of(subject, entry, work=[work(ANN, "P/f/n", period, more)])
    planted(subject, good, bad, (Code.SUPPLIER_OVERUSED, f"people/{ANN}/{period}"))


def test_skill_load_and_capacity() -> None:
    """Load is what is delivered; capacity what could be, by everyone, under the ceilings."""
    subject = portfolio(
        **PEOPLE,
        pools=[{"id": "lab", "skill": "dev", "fte": 3}],
        hires=[HIRE],
        rules=[{"id": "b", "type": "utilization", "ceiling": "0.9", "price": 1}],
        projects=[_needing("P", "dev", "0.8")],
    )
    plan = plan_of(
        subject,
        chosen("P", phase("f", 2, 3)),
        work=[work(f"{ANN}#b", "P/f/n", 2, "0.6"), work(f"{BOB}#b", "P/f/n", 2, "0.4")],
        hires=[HireOrder(hire="temp", period=1, heads=2)],
    )
    report = check(subject, plan)
    assert report.violations == ()
    dev, test = report.kpis.skills
    assert (dev.skill, test.skill) == ("dev", "test")
    delivered = 0.6 + 0.4 * 0.5
    assert dev.load == pytest.approx([0, 0, delivered, *[0] * 9])
    people = 0.9 * (1 + 0.5 + 3)
    assert dev.capacity == pytest.approx([people] * 2 + [people + 2] * 2 + [people] * 8)
    assert test.capacity == pytest.approx([0.9] * 12)
