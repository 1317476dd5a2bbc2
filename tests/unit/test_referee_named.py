"""The referee on named staffing: each rule of individuals, and what a plan claims about them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pmo_optimizer.model import (
    Allocation,
    Breach,
    HireOrder,
    Plan,
    Portfolio,
    Staffing,
    Status,
    SupplierKind,
    UnmetNeed,
    UnmetReason,
)
from pmo_optimizer.referee import Code, check, disagreements
from tests.unit.referee_cases import ANN, chosen, phase, plan_of, planted, portfolio, work

PEOPLE: list[dict[str, Any]] = [
    {"id": "ann", "skills": {"dev": 1}},
    {"id": "bob", "skills": {"dev": 0.5, "test": 1}},
    {"id": "cy", "skills": {"test": 1}, "count": 2},
]
"""A full developer; a tester who is half a developer; two more testers."""


def person(name: str, need: str, start: int, *shares: str) -> Allocation:
    """Return what an individual gives to the need ``project/phase/need``."""
    return work(name, need, start, *shares, kind=SupplierKind.PERSON)


def named(plan: Plan, *allocations: Allocation, **parts: object) -> Plan:
    """Return the plan in named mode with this work, said to serve everything."""
    update = {"staffing": Staffing.NAMED, "fully_staffed": True, "allocations": allocations}
    return plan.model_copy(update={**update, **parts})


def case(
    *needs: dict[str, Any], people: Any = PEOPLE, pin: Any = None, **parts: Any
) -> tuple[Portfolio, Plan]:
    """Return projects P, Q, ... of one phase f in periods 0 and 1 with one need n each."""
    projects = []
    for name, need in zip("PQR", needs, strict=False):
        first = {"id": "f", "modes": [{"duration": 2, "needs": [{"id": "n", **need}]}]}
        projects.append({"id": name, "value": 2, "phases": [{**first, "pin": pin}]})
    skills = [{"id": "dev"}, {"id": "test"}]
    subject = portfolio(**{"skills": skills, "people": people, "projects": projects, **parts})
    entries = [chosen(project.id, phase("f", 0, 2)) for project in subject.projects]
    return subject, named(plan_of(subject, *entries))


DEV = {"skill": "dev", "fte": "0.5"}
ANN_AT_P = person("ann", "P/f/n", 0, "0.5", "0.5")
AT_P = "allocations/P/f/n"
NEED = "projects/P/phases/f/needs/n"


def test_individuals_serve_at_their_proficiency() -> None:
    """Several individuals add up to the need: 0.3 x 1 + 0.4 x 0.5."""
    subject, plan = case(DEV)
    bob = person("bob", "P/f/n", 0, "0.4", "0.4")
    good = named(plan, person("ann", "P/f/n", 0, "0.3", "0.3"), bob)
    bad = named(plan, person("ann", "P/f/n", 0, "0.3", "0.29"), bob)
    planted(subject, good, bad, (Code.NEED_UNMET, f"{NEED}/1"))


def test_classes_do_not_serve_by_name() -> None:
    """A class in a named plan is a fault, whatever it gives."""
    subject, plan = case(DEV)
    bad = named(plan, ANN_AT_P, work(ANN, "P/f/n", 0, "0.1"))
    planted(subject, named(plan, ANN_AT_P), bad, (Code.CLASS_IN_NAMED, f"{AT_P}/{ANN}"))


@pytest.mark.parametrize("name", ["cy", "cy#0", "cy#3", "ann#1", "zoe"])
def test_unknown_individuals(name: str) -> None:
    """Individuals are the bare id of an entry of one, and the numbered ids of one of several."""
    subject, plan = case({"skill": "test", "fte": 1})
    good = named(plan, person("cy#1", "P/f/n", 0, "1", "1"))
    bad = named(plan, *good.allocations, person(name, "P/f/n", 0, "0.1"))
    planted(subject, good, bad, (Code.UNKNOWN_SUPPLIER, f"{AT_P}/{name}"))


def test_individuals_of_one_entry_have_their_own_time() -> None:
    """Two of an entry give 1 FTE each, and neither gives the other's."""
    subject, plan = case({"skill": "test", "fte": 2})
    good = named(plan, *[person(f"cy#{i}", "P/f/n", 0, "1", "1") for i in (1, 2)])
    more = [person("cy#1", "P/f/n", 0, "1", "1.01"), person("cy#2", "P/f/n", 0, "1", "0.99")]
    planted(subject, good, named(plan, *more), (Code.SUPPLIER_OVERUSED, "people/cy#1/1"))


def test_time_over_all_needs() -> None:
    """What an individual gives to several needs adds up to the availability at most."""
    subject, plan = case(DEV, DEV)
    good = named(plan, ANN_AT_P, person("ann", "Q/f/n", 0, "0.5", "0.5"))
    bad = named(plan, ANN_AT_P, person("ann", "Q/f/n", 0, "0.5", "0.5001"))
    planted(subject, good, bad, (Code.SUPPLIER_OVERUSED, "people/ann/1"))


def test_share_step() -> None:
    """Shares of individuals are multiples of 0.0001, those of pools need not be."""
    pools = [{"id": "lab", "skill": "dev", "fte": 1}]
    subject, plan = case(DEV, pools=pools)
    lab = work("lab", "P/f/n", 0, "0.00005", kind=SupplierKind.POOL)
    good = named(plan, lab, person("ann", "P/f/n", 0, "0.5001", "0.5"))
    bad = named(plan, person("ann", "P/f/n", 0, "0.50005", "0.5"))
    planted(subject, good, bad, (Code.SHARE_STEP, f"{AT_P}/ann"))


def test_most_projects_at_once() -> None:
    """An individual works on so many projects in one period, on others in the next."""
    people = [{"id": "ann", "skills": {"dev": 1}, "max_projects": 1}, *PEOPLE[1:]]
    pools = [{"id": "lab", "skill": "dev", "fte": 1}]
    needs = [{"skill": "dev", "profile": profile} for profile in (["0.5", "0"], ["0", "0.5"])]
    subject, plan = case(*needs, people=people, pools=pools)
    own = person("ann", "P/f/n", 0, "0.5")
    good = named(plan, own, person("ann", "Q/f/n", 1, "0.5"))
    bad = named(plan, own, person("ann", "Q/f/n", 0, "0.1", "0.5"))
    planted(subject, good, bad, (Code.MAX_PROJECTS, "people/ann/0"))


@pytest.mark.parametrize(
    ("whose", "of_need"), [("0.2", None), (None, "0.2"), ("0.2", "0.1"), ("0.1", "0.2")]
)
def test_smallest_share(whose: str | None, of_need: str | None) -> None:
    """A share above 0 is at least the larger of the person's and the need's smallest."""
    people = [*PEOPLE[:1], {**PEOPLE[1], "min_share": whose}]
    subject, plan = case({**DEV, "min_share": of_need}, people=people)
    ann = person("ann", "P/f/n", 0, "0.4", "0.5")
    good = named(plan, ann, person("bob", "P/f/n", 0, "0.2"))
    bad = named(plan, ANN_AT_P, person("bob", "P/f/n", 0, "0.1999"))
    planted(subject, good, bad, (Code.SHARE_TOO_SMALL, f"{AT_P}/bob"))


def test_smallest_share_of_a_period_in_all() -> None:
    """Two small allocations of one person to one need in one period add up to one share."""
    subject, plan = case({**DEV, "min_share": "0.5"})
    halves = [person("ann", "P/f/n", 0, "0.25", "0.25")] * 2
    planted(
        subject,
        named(plan, ANN_AT_P),
        named(plan, *halves[:1]),
        *(
            (Code.SHARE_TOO_SMALL, f"{AT_P}/ann"),
            (Code.NEED_UNMET, f"{NEED}/0"),
            (Code.NEED_UNMET, f"{NEED}/1"),
        ),
    )
    assert check(subject, named(plan, *halves)).violations == ()


HEADS = {"skill": "dev", "heads": 2, "share": "0.5"}
BOTH = [person(name, "P/f/n", 0, "0.5", "0.5") for name in ("ann", "bob")]


def test_each_head_gives_its_share() -> None:
    """A head gives exactly the share, also where proficiency is half of it."""
    subject, plan = case(HEADS)
    bad = named(plan, BOTH[0], person("bob", "P/f/n", 0, "0.5", "0.6"))
    planted(subject, named(plan, *BOTH), bad, (Code.HEAD_SHARE, f"{AT_P}/bob"))


def test_heads_are_different_people() -> None:
    """One person who gives two shares is one head, and a wrong share."""
    subject, plan = case(HEADS)
    bad = named(plan, BOTH[0], BOTH[0])
    expected = [(Code.HEADS_MISSING, f"{NEED}/{t}") for t in (0, 1)]
    planted(subject, named(plan, *BOTH), bad, (Code.HEAD_SHARE, f"{AT_P}/ann"), *expected)


def test_a_head_is_missing() -> None:
    """With fewer heads than asked for the need is short in that period."""
    subject, plan = case(HEADS)
    bad = named(plan, BOTH[0], person("bob", "P/f/n", 0, "0.5"))
    planted(subject, named(plan, *BOTH), bad, (Code.NEED_UNMET, f"{NEED}/1"))


def test_pools_give_whole_heads() -> None:
    """A pool gives a multiple of the share, which counts as so many heads."""
    subject, plan = case(HEADS, pools=[{"id": "lab", "skill": "dev", "fte": 2}])
    good = named(plan, work("lab", "P/f/n", 0, "1", "1", kind=SupplierKind.POOL))
    bad = named(plan, work("lab", "P/f/n", 0, "1", "1.2", kind=SupplierKind.POOL))
    planted(subject, good, bad, (Code.HEAD_SHARE, f"{AT_P}/lab"))


def test_a_hired_head_is_one_head() -> None:
    """One hired head is not two of them at half its time each."""
    subject, plan = case(HEADS, hires=[{"id": "temp", "skill": "dev", "max_heads": 2}])
    allocation = work("temp", "P/f/n", 0, "1", "1", kind=SupplierKind.HIRE)
    good, bad = (
        named(plan, allocation, hires=(HireOrder(hire="temp", period=0, heads=heads),))
        for heads in (2, 1)
    )
    planted(subject, good, bad, *[(Code.HEADS_MISSING, f"{NEED}/{t}") for t in (0, 1)])


def test_extra_supply_gives_heads() -> None:
    """Extra supply stays anonymous, has its price, and gives whole heads."""
    skills = [{"id": "dev", "overload_price": 3}, {"id": "test"}]
    subject, plan = case(HEADS, skills=skills)
    good = named(plan, BOTH[0], work("dev", "P/f/n", 0, "0.5", "0.5", kind=SupplierKind.OVERLOAD))
    report = check(subject, good)
    assert report.violations == ()
    assert report.kpis.penalty == 2 * 0.5 * 3


def test_the_same_people_for_the_whole_phase() -> None:
    """Who works on a continuous need works in every period in which it asks for work."""
    subject, plan = case({**DEV, "continuous": True})
    bad = named(plan, ANN_AT_P, person("bob", "P/f/n", 0, "0.1"))
    planted(subject, named(plan, ANN_AT_P), bad, (Code.NOT_CONTINUOUS, f"{AT_P}/bob"))


def test_the_same_people_where_work_is_asked() -> None:
    """A period that asks for nothing is no gap, unless the need is an effort."""
    profile = {"skill": "dev", "profile": ["0.5", "0"], "continuous": True}
    subject, plan = case(profile)
    assert check(subject, named(plan, person("ann", "P/f/n", 0, "0.5"))).violations == ()
    subject, plan = case({"skill": "dev", "effort": "0.5", "continuous": True})
    good = named(plan, person("ann", "P/f/n", 0, "0.4", "0.1"))
    bad = named(plan, person("ann", "P/f/n", 0, "0.5"))
    planted(subject, good, bad, (Code.NOT_CONTINUOUS, f"{AT_P}/ann"))


def test_must() -> None:
    """Of every entry in ``must`` somebody works on the need in some period."""
    subject, plan = case({"skill": "test", "fte": "0.5", "must": ["bob", "cy"]})
    cy = person("cy#2", "P/f/n", 0, "0.5", "0.4")
    good = named(plan, cy, person("bob", "P/f/n", 1, "0.1"))
    bad = named(plan, person("cy#1", "P/f/n", 0, "0.5", "0.5"))
    planted(subject, good, bad, (Code.MUST_PERSON, NEED))


def test_must_not() -> None:
    """Nobody of an entry in ``must_not`` ever works on the need."""
    subject, plan = case({**DEV, "must_not": ["bob"]})
    bad = named(plan, ANN_AT_P, person("bob", "P/f/n", 1, "0.1"))
    planted(subject, named(plan, ANN_AT_P), bad, (Code.MUST_NOT_PERSON, f"{AT_P}/bob"))


def test_only_pinned_people() -> None:
    """Of all people only pinned ones serve the phase; pools may."""
    pools = [{"id": "lab", "skill": "dev", "fte": 1}]
    subject, plan = case(DEV, pin={"people": ["ann"]}, pools=pools)
    lab = work("lab", "P/f/n", 0, "0.1", kind=SupplierKind.POOL)
    good = named(plan, person("ann", "P/f/n", 0, "0.4", "0.5"), lab)
    bad = named(plan, ANN_AT_P, person("bob", "P/f/n", 1, "0.1"))
    planted(subject, good, bad, (Code.PINNED_PEOPLE, f"{AT_P}/bob"))


def test_every_pinned_person() -> None:
    """Each pinned person works on the phase in some period."""
    subject, plan = case(DEV, pin={"people": ["ann", "bob"]})
    good = named(plan, ANN_AT_P, person("bob", "P/f/n", 1, "0.1"))
    planted(subject, good, named(plan, ANN_AT_P), (Code.PINNED_PEOPLE, "projects/P/phases/f"))


def test_projects_that_are_out_ask_for_nobody() -> None:
    """Musts and pins hold for selected projects only."""
    subject, _ = case({**DEV, "must": ["bob"], "continuous": True}, pin={"people": ["ann"]})
    assert check(subject, named(plan_of(subject))).violations == ()


def test_hard_ceiling_of_an_individual() -> None:
    """A hard ceiling holds for each individual, though the class would have time."""
    rules = [{"id": "b", "type": "utilization", "ceiling": "0.8"}]
    subject, plan = case({"skill": "test", "fte": "1.5"}, rules=rules)
    good = named(plan, *[person(f"cy#{i}", "P/f/n", 0, "0.75", "0.75") for i in (1, 2)])
    more = [person("cy#1", "P/f/n", 0, "0.75", "0.81"), person("cy#2", "P/f/n", 0, "0.75", "0.69")]
    planted(subject, good, named(plan, *more), (Code.UTILIZATION, "rules/b/people/cy#1/1"))


def test_soft_ceiling_of_individuals() -> None:
    """A soft ceiling costs what each individual is beyond it: 0.1 + 0.2, not 1.6 - 2 x 0.8."""
    rules = [{"id": "b", "type": "utilization", "ceiling": "0.8", "price": 10}]
    subject, plan = case({"skill": "test", "profile": ["1.9", "0"]}, rules=rules)
    shares = {"cy#1": "0.9", "cy#2": "1", "bob": "0.3"}
    report = check(subject, named(plan, *[person(n, "P/f/n", 0, s) for n, s in shares.items()]))
    assert report.violations == ()
    assert report.kpis.breaches == (
        Breach(
            kind="utilization",
            id="b",
            period="2027-01",
            amount=0.3,
            price=10,
            penalty=3.0,
        ),
    )


def test_persons_of_capacity_plans_keep_their_meaning() -> None:
    """In capacity mode an entry of several serves as one, and single limits do not bind."""
    people = [{**PEOPLE[2], "max_projects": 1, "min_share": 1}]
    need = {"skill": "test", "fte": "0.75", "continuous": True}
    subject, plan = case(need, need, people=people)
    shares = [person("cy", f"{p}/f/n", 0, "0.75", "0.75") for p in "PQ"]
    capacity = {"staffing": Staffing.CAPACITY, "fully_staffed": None}
    report = check(subject, named(plan, *shares, **capacity))
    assert report.violations == ()
    assert (report.fully_staffed, report.unmet, report.kpis.staffed_value) == (None, (), None)


SHORT = UnmetNeed(
    project="P",
    phase="f",
    need="n",
    skill="dev",
    period=1,
    fte=Decimal("0.1"),
    reason=UnmetReason.UNPLANNED,
)


def short_plan(**parts: object) -> tuple[Portfolio, Plan]:
    """Return a plan in which P is short by 0.1 in period 1 and Q is served, and says so."""
    subject, plan = case(DEV, {"skill": "test", "fte": 1})
    cy = person("cy#1", "Q/f/n", 0, "1", "1")
    plan = named(
        plan,
        person("ann", "P/f/n", 0, "0.5", "0.4"),
        cy,
        status=Status.NO_PLAN_FOUND,
        fully_staffed=False,
        unmet=(SHORT,),
    )
    return subject, plan.model_copy(update=parts)


def claims(subject: Portfolio, plan: Plan) -> set[tuple[str, str]]:
    """Return rule and path of every claim of a plan that does not hold."""
    return {(v.rule, v.path) for v in disagreements(plan, check(subject, plan))}


def test_a_short_plan_is_read_whatever_its_status() -> None:
    """What is short is a violation and an item; only fully staffed projects have value."""
    subject, plan = short_plan()
    report = check(subject, plan)
    assert [(v.rule, v.path) for v in report.violations] == [
        (Code.NEED_UNMET.value, f"{NEED}/1"),
    ]
    assert report.fully_staffed is False
    assert [(u.period, u.fte) for u in report.unmet] == [(1, Decimal("0.1"))]
    assert report.kpis.objective == 4.0
    assert report.kpis.staffed_value == 2.0
    told = plan.model_copy(update={"kpis": report.kpis})
    assert claims(subject, told) == set()


def test_synergies_need_all_members_staffed() -> None:
    """A synergy with a project that is short brings no staffed value."""
    subject, plan = short_plan()
    synergy = {"id": "s", "projects": ["P", "Q"], "value": 8}
    more = Portfolio.parse({**subject.to_data(), "synergies": [synergy]})
    report = check(more, plan.model_copy(update={"digest": more.digest()}))
    assert (report.kpis.objective, report.kpis.staffed_value) == (12.0, 2.0)


@pytest.mark.parametrize(
    ("unmet", "path"),
    [
        ((), "unmet/P/f/n/1"),
        ((SHORT.model_copy(update={"fte": Decimal("0.10000001")}),), "unmet/P/f/n/1"),
        ((SHORT.model_copy(update={"fte": Decimal("NaN")}),), "unmet/P/f/n/1"),
        ((SHORT, SHORT), "unmet/P/f/n/1"),
        ((SHORT.model_copy(update={"skill": "test"}),), "unmet/P/f/n/1"),
        ((SHORT, SHORT.model_copy(update={"period": 0})), "unmet/P/f/n/0"),
        ((SHORT, SHORT.model_copy(update={"period": None})), "unmet/P/f/n"),
    ],
)
def test_false_items(unmet: tuple[UnmetNeed, ...], path: str) -> None:
    """Each need that is short is listed once with its FTE, and nothing else is."""
    subject, plan = short_plan(unmet=unmet)
    assert claims(subject, plan) == {(Code.CLAIM_UNMET.value, path)}


def test_items_to_the_ninth_decimal() -> None:
    """The FTE of an item may be off by 1e-9."""
    near = SHORT.model_copy(update={"fte": Decimal("0.100000001")})
    subject, plan = short_plan(unmet=(near,))
    assert claims(subject, plan) == set()


def test_false_word_on_staffing() -> None:
    """A plan that serves everything says so, one that does not says that, others say nothing."""
    subject, plan = case(DEV)
    whole = named(plan, ANN_AT_P)
    wrong = {(Code.CLAIM_STAFFED.value, "fully_staffed")}
    for said in (None, False):
        update = {"fully_staffed": said, "status": Status.NO_PLAN_FOUND}
        short = whole.model_copy(update=update if said is False else {"fully_staffed": said})
        assert wrong <= claims(subject, short)
    assert not wrong & claims(subject, whole)
    capacity = whole.model_copy(update={"staffing": Staffing.CAPACITY})
    assert wrong <= claims(subject, capacity)


def test_false_staffed_value() -> None:
    """The value of fully staffed projects is a figure like any other."""
    subject, plan = short_plan()
    kpis = check(subject, plan).kpis.model_copy(update={"staffed_value": 4.0})
    false = plan.model_copy(update={"kpis": kpis})
    assert claims(subject, false) == {(Code.CLAIM_KPI.value, "kpis/staffed_value")}


def test_a_plan_of_nothing_has_no_staffing() -> None:
    """A named plan without decisions, for instance an infeasible one, claims nothing."""
    subject, plan = case(DEV)
    update = {"status": Status.INFEASIBLE, "projects": (), "fully_staffed": None}
    assert claims(subject, plan.model_copy(update=update)) == set()


def test_dedications_add_up_over_periods_and_needs() -> None:
    """An individual gives a project fte x periods in all, however it is spread, each by itself."""
    limit = {"project": "P", "fte": "0.5", "last": 1}
    people = [*PEOPLE[:2], {**PEOPLE[2], "dedications": [limit]}]
    subject, plan = case({"skill": "test", "effort": 2}, people=people)
    cy = [person(f"cy#{i}", "P/f/n", 0, "0.9", "0.1") for i in (1, 2)]
    bob = person("bob", "P/f/n", 0, "0.1", "0.1")
    good = named(plan, *cy, bob)
    bad = named(plan, cy[0], person("cy#2", "P/f/n", 0, "0.9", "0.1001"), bob)
    planted(subject, good, bad, (Code.DEDICATION, "people/cy#2/dedications/0"))


def test_dedications_count_in_their_periods_on_their_project() -> None:
    """What is given in other periods and to other projects does not count."""
    limit = {"project": "P", "fte": "0.5", "first": 1, "last": 1}
    people = [{**PEOPLE[0], "dedications": [limit]}, *PEOPLE[1:]]
    subject, plan = case({"skill": "dev", "profile": [1, "0.5"]}, DEV, people=people)
    both = [person("ann", "Q/f/n", 1, "0.4"), person("bob", "Q/f/n", 0, "1", "0.2")]
    good = named(plan, person("ann", "P/f/n", 0, "1", "0.5"), *both)
    more = person("ann", "P/f/n", 0, "1", "0.6")
    bad = named(plan, more, *both)
    planted(subject, good, bad, (Code.DEDICATION, "people/ann/dedications/0"))


def test_staff_budgets() -> None:
    """Shares x cost rates of individuals stay within the budget; pools cost nothing here."""
    people = [{**PEOPLE[0], "cost_rate": 10}, {**PEOPLE[1], "cost_rate": 3}, PEOPLE[2]]
    pools = [{"id": "lab", "skill": "dev", "fte": 1}]
    subject, plan = case(DEV, people=people, pools=pools)
    projects = [subject.projects[0].model_copy(update={"staff_budget": Decimal("5.3")})]
    subject = subject.model_copy(update={"projects": tuple(projects)})
    plan = plan.model_copy(update={"digest": subject.digest()})
    lab = work("lab", "P/f/n", 1, "0.5", kind=SupplierKind.POOL)
    bob = person("bob", "P/f/n", 1, "0.1")
    good = named(plan, person("ann", "P/f/n", 0, "0.5"), lab, bob)
    bad = named(plan, person("ann", "P/f/n", 0, "0.5001"), lab, bob)
    planted(subject, good, bad, (Code.STAFF_BUDGET, "projects/P/staff_budget"))
