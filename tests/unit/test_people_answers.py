"""What a plan means for the people, against arithmetic by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from pmo_optimizer import people, referee
from pmo_optimizer.model import (
    Allocation,
    HireOrder,
    InvalidInput,
    Plan,
    Portfolio,
    Staffing,
    Status,
    SupplierKind,
    UnmetNeed,
)
from tests.unit.referee_cases import chosen, phase, plan_of, work

D = Decimal

CALENDAR = {"start": "2027-01-01", "periods": 4, "holidays": []}

PORTFOLIO: dict[str, Any] = {
    "calendar": CALENDAR,
    "skills": [{"id": "dev", "overload_price": 1}, {"id": "test"}],
    "people": [
        {"id": "ann", "skills": {"dev": 1, "test": 0.5}, "cost_rate": 10, "category": "in-house"},
        {
            "id": "bob",
            "skills": {"dev": 0.8},
            "count": 2,
            "absences": [{"first": "2027-02-01", "last": "2027-02-28", "reason": "parental leave"}],
        },
    ],
    "pools": [{"id": "lab", "skill": "test", "fte": 1}],
    "hires": [
        {
            "id": "junior",
            "skill": "dev",
            "max_heads": 2,
            "lead_time": 1,
            "term": 2,
            "cost_once": 5,
            "cost_per_period": 3,
        }
    ],
    "rules": [
        {"id": "buffer", "type": "utilization", "ceiling": 0.9, "where": {"category": "in-house"}}
    ],
    "projects": [
        {
            "id": "P",
            "phases": [
                {
                    "id": "build",
                    "duration": 2,
                    "needs": [{"skill": "dev", "fte": 1.2}, {"skill": "test", "fte": 0.5}],
                }
            ],
        },
        {
            "id": "Q",
            "phases": [{"id": "run", "duration": 3, "needs": [{"skill": "dev", "effort": 1}]}],
        },
    ],
}
"""A developer who tests a little and keeps 10 % of her time; two others, away in February."""


def person(name: str, need: str, start: int, *shares: str) -> Allocation:
    """Return what an individual gives to the need ``project/phase/need``."""
    return work(name, need, start, *shares, kind=SupplierKind.PERSON)


WORK = (
    person("ann", "P/build/dev", 1, "0.4", "0.8"),
    person("bob#1", "P/build/dev", 2, "0.5"),
    work("dev", "P/build/dev", 1, "0.8", kind=SupplierKind.OVERLOAD),
    work("lab", "P/build/test", 1, "0.5", "0.5", kind=SupplierKind.POOL),
    person("ann", "Q/run/dev", 1, "0", "0.1", "0.9"),
)


@pytest.fixture
def portfolio() -> Portfolio:
    """Return the portfolio by hand."""
    return Portfolio.parse(PORTFOLIO)


@pytest.fixture
def plan(portfolio: Portfolio) -> Plan:
    """Return a plan by name: P in February and March, Q from February to April."""
    entries = (chosen("P", phase("build", 1, 3)), chosen("Q", phase("run", 1, 4)))
    orders = (HireOrder(hire="junior", period=1, heads=1),)
    bare = plan_of(portfolio, *entries, work=WORK, hires=orders)
    return bare.model_copy(update={"staffing": Staffing.NAMED, "fully_staffed": True})


def test_the_plan_is_a_valid_one(portfolio: Portfolio, plan: Plan) -> None:
    """The referee accepts the plan by hand, so that the numbers below are those of a plan."""
    assert referee.check(portfolio, plan).violations == ()


def test_loads_are_what_is_there_less_what_is_used(portfolio: Portfolio, plan: Plan) -> None:
    """Ann has 0.9 of each period under the ceiling, the two others are away in February."""
    rows = {(r.person, r.period): r for r in people.person_loads(portfolio, plan)}
    assert len(rows) == 3 * 4
    ann = [rows["ann", t] for t in range(4)]
    assert [r.available for r in ann] == [D("0.9")] * 4
    assert [r.used for r in ann] == [0, D("0.4"), D("0.8") + D("0.1"), D("0.9")]
    assert [r.spare for r in ann] == [D("0.9"), D("0.9") - D("0.4"), 0, 0]
    assert [r.projects for r in ann] == [0, 1, 2, 1]
    assert [rows["bob#1", t].spare for t in range(4)] == [1, 0, 1 - D("0.5"), 1]
    assert [rows["bob#2", t].used for t in range(4)] == [0] * 4


def test_teams_say_who_works_when_and_at_what_cost(portfolio: Portfolio, plan: Plan) -> None:
    """Runs of work begin and end where there is work; cost is FTE-periods x rate where known."""
    rows = people.teams(portfolio, plan)
    assert [(r.project, r.need, r.who) for r in rows] == [
        ("P", "dev", "ann"),
        ("P", "dev", "bob#1"),
        ("P", "dev", "dev"),
        ("P", "test", "lab"),
        ("Q", "dev", "ann"),
    ]
    ann, bob, extra, _, later = rows
    assert (ann.start, ann.end, ann.shares) == (1, 3, (D("0.4"), D("0.8")))
    assert (ann.total, ann.cost) == (D("0.4") + D("0.8"), (D("0.4") + D("0.8")) * 10)
    assert (bob.total, bob.cost) == (D("0.5"), None)
    assert (extra.kind, extra.skill) == (SupplierKind.OVERLOAD, "dev")
    assert (later.start, later.end, later.shares) == (2, 4, (D("0.1"), D("0.9")))


def test_parts_of_one_persons_work_are_one_line(portfolio: Portfolio, plan: Plan) -> None:
    """Several allocations of one supplier to one need are added up period by period."""
    parts = (
        person("ann", "P/build/dev", 1, "0.4", "0.3"),
        person("ann", "P/build/dev", 2, "0.5"),
        *WORK[1:],
    )
    split = plan.model_copy(update={"allocations": parts})
    assert people.teams(portfolio, split) == people.teams(portfolio, plan)


def test_spare_time_counts_in_every_skill(portfolio: Portfolio, plan: Plan) -> None:
    """What Ann has left counts for dev in full and for test at 0.5; pool and hire add theirs."""
    rows = {(r.skill, r.period): r for r in people.spare_capacity(portfolio, plan)}
    assert len(rows) == 2 * 4
    # January: Ann 0.9, both others; the junior begins in March (ordered February, one month)
    assert rows["dev", 0].spare == D("0.9") + 2
    assert rows["dev", 0].deliverable == D("0.9") + 2 * D("0.8")
    # March: Ann nothing, bob#1 half, bob#2 all, the junior all
    assert rows["dev", 2].spare == D("0.5") + 1 + 1
    assert rows["dev", 2].deliverable == (D("0.5") + 1) * D("0.8") + 1
    assert rows["dev", 2].capacity == D("0.9") + 2 * D("0.8") + 1
    # February: Ann half a period, at 0.5 for tests, and half of the pool
    assert rows["test", 1].spare == D("0.5") + D("0.5")
    assert rows["test", 1].deliverable == D("0.5") * D("0.5") + D("0.5")


def test_the_scarcest_skill_comes_first(portfolio: Portfolio, plan: Plan) -> None:
    """Dev peaks in February, 1.2 of 0.9 with extra supply; test has half of a pool to do."""
    first, second = people.bottlenecks(portfolio, plan)
    assert (first.skill, second.skill) == ("dev", "test")
    load = (D(0), D("0.4") + D("0.8"), D("0.8") + D("0.4") + D("0.1"), D("0.9"))
    full = D("0.9") + 2 * D("0.8")
    capacity = (full, D("0.9"), full + 1, full + 1)
    assert first.peak == (load[1] / capacity[1]).quantize(D("0.000001"))
    assert first.mean == (sum(load, D(0)) / sum(capacity, D(0))).quantize(D("0.000001"))
    assert first.tight == D(1) / 4
    assert first.taken == 0
    assert second.peak == (D("0.5") / (1 + D("0.5") * D("0.9"))).quantize(D("0.000001"))
    assert second.tight == 0


def test_loads_of_skills_are_those_of_the_referee(portfolio: Portfolio, plan: Plan) -> None:
    """Peak and mean follow from load and capacity as the key figures of a plan have them."""
    figures = {s.skill: s for s in referee.check(portfolio, plan).kpis.skills}
    for row in people.bottlenecks(portfolio, plan):
        skill = figures[row.skill]
        pairs = list(zip(skill.load, skill.capacity, strict=True))
        assert float(row.peak) == pytest.approx(max(a / b for a, b in pairs if b), abs=1e-6)
        mean = sum(skill.load) / sum(skill.capacity)
        assert float(row.mean) == pytest.approx(mean, abs=1e-6)


def test_time_that_another_skill_takes_is_taken(portfolio: Portfolio, plan: Plan) -> None:
    """A skill may be without work and yet have nobody left."""
    data = portfolio.to_data() | {"pools": []}
    alone = Portfolio.parse(data)
    busy = (person("ann", "P/build/dev", 1, "0.9", "0.9"), WORK[4])
    changed = plan.model_copy(update={"allocations": busy, "digest": alone.digest()})
    test = next(r for r in people.bottlenecks(alone, changed) if r.skill == "test")
    assert (test.tight, test.peak) == (D(0), D(0))
    assert test.taken == D(3) / 4


def test_unmet_need_makes_a_skill_scarce(portfolio: Portfolio, plan: Plan) -> None:
    """What a plan leaves open is added up by skill, and puts the skill first."""
    short = plan.model_copy(
        update={
            "allocations": tuple(w for w in WORK if w.need != "test"),
            "status": Status.NO_PLAN_FOUND,
            "fully_staffed": False,
        }
    )
    short = short.model_copy(update={"unmet": referee.shortfalls(portfolio, short)})
    first = people.bottlenecks(portfolio, short)[0]
    assert (first.skill, first.unmet) == ("test", D("0.5") * 2)


def test_hires_say_from_when_to_when(portfolio: Portfolio, plan: Plan) -> None:
    """Ordered in February with one month's notice, two months of work: March and April."""
    (row,) = people.hires(portfolio, plan)
    assert (row.hire, row.skill, row.heads, row.ordered) == ("junior", "dev", 1, 1)
    assert (row.start, row.end) == (1 + 1, 1 + 1 + 2)
    assert row.cost == 5 + 2 * 3


def test_a_personal_plan_has_every_period(portfolio: Portfolio, plan: Plan) -> None:
    """A row for each need of a period, one without work where there is none."""
    rows = people.personal_plan(portfolio, plan, "ann")
    assert [(r.period, r.project, r.fte) for r in rows] == [
        (0, "", 0),
        (1, "P", D("0.4")),
        (2, "P", D("0.8")),
        (2, "Q", D("0.1")),
        (3, "Q", D("0.9")),
    ]
    assert rows[1].phase == "build"
    assert (rows[1].need, rows[1].skill) == ("dev", "dev")
    assert {(r.available, r.absent, r.reason) for r in rows} == {(D("0.9"), D(0), "")}


def test_a_personal_plan_says_why_somebody_is_away(portfolio: Portfolio, plan: Plan) -> None:
    """An individual may be named alone; February is parental leave."""
    rows = people.personal_plan(portfolio, plan, "bob#2")
    assert [(r.person, r.period) for r in rows] == [("bob#2", t) for t in range(4)]
    assert [r.absent for r in rows] == [0, 1, 0, 0]
    assert [r.reason for r in rows] == ["", "parental leave", "", ""]


def test_an_entry_stands_for_all_its_people(portfolio: Portfolio, plan: Plan) -> None:
    """The id of an entry of two gives the plans of both."""
    rows = people.personal_plan(portfolio, plan, "bob")
    assert [r.person for r in rows] == ["bob#1"] * 4 + ["bob#2"] * 4


def test_every_reason_of_absence_is_named(plan: Plan) -> None:
    """Joining late, leaving early, absences and holidays stand side by side."""
    data = PORTFOLIO | {
        "calendar": CALENDAR | {"sites": [{"id": "north", "holidays": ["2027-01-06"]}]},
        "people": [
            {
                "id": "ann",
                "skills": {"dev": 1},
                "site": "north",
                "available_from": "2027-01-11",
                "available_until": "2027-03-15",
                "absences": [{"first": "2027-03-01", "last": "2027-03-02"}],
            }
        ],
    }
    subject = Portfolio.parse(data)
    empty = plan.model_copy(update={"allocations": (), "digest": subject.digest()})
    rows = people.personal_plan(subject, empty, "ann")
    assert [r.reason for r in rows] == [
        "joins 2027-01-11, holidays",
        "",
        "leaves 2027-03-15, absence",
        "leaves 2027-03-15",
    ]


def test_capacity_plans_have_classes(portfolio: Portfolio, plan: Plan) -> None:
    """In a capacity plan the classes stand for the people, with their time added up."""
    bobs = "class:dev@0.8"
    shares = (
        work("class:dev@1+test@0.5#buffer", "P/build/dev", 1, "0.4", "0.8"),
        work(bobs, "P/build/dev", 2, "0.5"),
        person("bob", "Q/run/dev", 3, "1"),  # an entry may stand beside its class
    )
    update = {"staffing": Staffing.CAPACITY, "fully_staffed": None, "allocations": shares}
    capacity = plan.model_copy(update=update)
    rows = {(r.person, r.period): r for r in people.person_loads(portfolio, capacity)}
    assert {name for name, _ in rows} == {bobs, "class:dev@1+test@0.5#buffer"}
    assert [rows[bobs, t].available for t in range(4)] == [2, 0, 2, 2]
    assert [rows[bobs, t].used for t in range(4)] == [0, 0, D("0.5"), 1]
    assert rows["class:dev@1+test@0.5#buffer", 2].spare == D("0.9") - D("0.8")
    kinds = [r.kind for r in people.teams(portfolio, capacity)]
    assert kinds == [SupplierKind.CLASS, SupplierKind.CLASS, SupplierKind.PERSON]
    assert people.spare_capacity(portfolio, capacity)[3].spare == D("0.9") + (2 - 1) + 1


def test_heads_count_whatever_their_proficiency(plan: Plan) -> None:
    """One head at proficiency 0.8 delivers a head: the load is 1 of 0.8."""
    needs = [{"skill": "dev", "heads": 1}]
    project = {"id": "P", "phases": [{"id": "build", "duration": 2, "needs": needs}]}
    subject = Portfolio.parse(
        {
            "calendar": CALENDAR,
            "skills": [{"id": "dev"}],
            "people": [{"id": "bob", "skills": {"dev": 0.8}}],
            "projects": [project],
        }
    )
    update = {"allocations": (person("bob", "P/build/dev", 1, "1", "1"),), "hires": ()}
    (row,) = people.bottlenecks(subject, plan.model_copy(update=update))
    assert row.peak == 1 / D("0.8")


def codes(call: Callable[[], object]) -> list[tuple[str, str]]:
    """Return rule and path of every finding that a call raises; each says what to do."""
    with pytest.raises(InvalidInput) as error:
        call()
    assert all(finding.fix for finding in error.value.findings)
    return [(finding.rule, finding.path) for finding in error.value.findings]


def test_a_personal_plan_needs_names(portfolio: Portfolio, plan: Plan) -> None:
    """A capacity plan says nothing about one person, and the message says what does."""
    capacity = plan.model_copy(update={"staffing": Staffing.CAPACITY, "fully_staffed": None})
    found = codes(lambda: people.personal_plan(portfolio, capacity, "ann"))
    assert found == [("plan-not-named", "staffing")]


@pytest.mark.parametrize("name", ["an", "bob#3", "", "lab"])
def test_unknown_people_are_refused(portfolio: Portfolio, plan: Plan, name: str) -> None:
    """Who is asked for has to be a person of the portfolio."""
    found = codes(lambda: people.personal_plan(portfolio, plan, name))
    assert found == [("unknown-person", "people")]


ASKED = [people.person_loads, people.teams, people.spare_capacity, people.bottlenecks]


@pytest.mark.parametrize("ask", ASKED)
def test_plans_without_decisions_are_refused(portfolio: Portfolio, ask: Any) -> None:
    """Where nothing was found there is nothing to say about people, not even that all are idle."""
    none = Plan.parse({"status": "infeasible", "termination": "proved"})
    assert codes(lambda: ask(portfolio, none)) == [("plan-empty", "plan")]
    assert codes(lambda: people.hires(portfolio, none)) == [("plan-empty", "plan")]


@pytest.mark.parametrize("ask", ASKED)
def test_every_foreign_allocation_is_named(portfolio: Portfolio, plan: Plan, ask: Any) -> None:
    """People, needs and periods that the portfolio does not know are findings, all at once."""
    wrong = (
        person("zoe", "P/build/dev", 1, "1"),
        person("ann", "P/build/law", 1, "1"),
        person("ann", "P/build/dev", 3, "0.1", "0.1"),
        person("ann", "P/build/dev", -1, "0.1"),
        person("ann", "P/build/dev", 1, "1e30"),
        person("ann", "P/build/dev", 1, "1e-999"),
        work("class:dev@0.8", "P/build/dev", 1, "1"),
    )
    foreign = plan.model_copy(update={"allocations": wrong})
    found = codes(lambda: ask(portfolio, foreign))
    assert {rule for rule, _ in found} == {"plan-foreign"}
    assert len(found) == len(wrong)
    assert found[0][1] == "allocations/P/build/dev/zoe"


def test_absurd_unmet_needs_are_named(portfolio: Portfolio, plan: Plan) -> None:
    """What is unmet has to be a number that can be added up."""
    item = {"project": "P", "phase": "build", "need": "dev", "skill": "dev", "period": 1}
    unmet = UnmetNeed.model_validate({**item, "fte": "9e999999", "reason": "busy"})
    absurd = plan.model_copy(update={"unmet": (unmet, unmet)})
    found = codes(lambda: people.bottlenecks(portfolio, absurd))
    assert found == [("plan-foreign", "unmet/P/build/dev")]


def test_foreign_hires_are_named(portfolio: Portfolio, plan: Plan) -> None:
    """Heads that the portfolio does not offer are findings."""
    orders = (HireOrder(hire="senior", period=0, heads=1),)
    foreign = plan.model_copy(update={"hires": orders})
    assert codes(lambda: people.hires(portfolio, foreign)) == [("plan-foreign", "hires/senior")]


def test_rows_become_plain_data_and_frames(portfolio: Portfolio, plan: Plan) -> None:
    """Plain data is fit for JSON, frames have a column per field."""
    rows = people.teams(portfolio, plan)
    data = json.loads(json.dumps(people.to_data(rows)))
    assert data[0]["shares"] == [0.4, 0.8]
    assert (data[0]["kind"], data[0]["cost"], data[1]["cost"]) == ("person", 12, None)
    frame = people.to_frame(rows)
    assert list(frame.columns) == list(data[0])
    assert frame["total"].sum() == pytest.approx(1.2 + 0.5 + 0.8 + 1 + 1)
    loads = people.to_frame(people.person_loads(portfolio, plan))
    assert loads.groupby("person")["used"].sum()["ann"] == pytest.approx(0.4 + 0.9 + 0.9)
    assert people.to_frame(()).empty
