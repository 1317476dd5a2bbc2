"""Why named staffing leaves a need short: golden reasons, in the order in which they are tried."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pmo_optimizer.model import (
    Allocation,
    HireOrder,
    Plan,
    Portfolio,
    Staffing,
    Status,
    SupplierKind,
    UnmetReason,
)
from pmo_optimizer.referee import Code, check, shortfalls
from tests.unit.referee_cases import chosen, faults, phase, plan_of, portfolio, work

SKILLS = [{"id": "data"}, {"id": "test"}]
AWAY = [{"first": "2027-01-01", "last": "2027-02-28"}]
NEED = "projects/P/phases/f/needs/n"


def person(name: str, need: str, start: int, *shares: str) -> Allocation:
    """Return what an individual gives to a need."""
    return work(name, need, start, *shares, kind=SupplierKind.PERSON)


def case(
    need: dict[str, Any], people: list[dict[str, Any]], *allocations: Allocation, **parts: Any
) -> tuple[Portfolio, Plan]:
    """Return P with one need of data in periods 0 and 1; Q and R, with work, need 0.5 there."""
    pin = parts.pop("pin", None)
    orders = parts.pop("orders", ())
    first = {"id": "f", "modes": [{"duration": 2, "needs": [{"id": "n", "skill": "data", **need}]}]}
    other = {"id": "n", "skill": "data", "fte": "0.5"}
    projects = [{"id": "P", "phases": [{**first, "pin": pin}]}]
    projects += [
        {"id": name, "phases": [{"id": "f", "duration": 2, "needs": [other]}]} for name in "QR"
    ]
    everyone = [{"skills": {"data": 1}, **entry} for entry in people]
    data = {"skills": SKILLS, "people": everyone, "projects": projects, **parts}
    subject = portfolio(**data)
    named = {a.project for a in allocations} | {"P"}
    plan = plan_of(
        subject,
        *[chosen(name, phase("f", 0, 2)) for name in sorted(named)],
        work=allocations,
        hires=orders,
    )
    update = {"staffing": Staffing.NAMED, "fully_staffed": False, "status": Status.NO_PLAN_FOUND}
    return subject, plan.model_copy(update=update)


def first_of(subject: Portfolio, plan: Plan) -> tuple[str, str, tuple[str, ...]]:
    """Return reason, message and busy projects of P's need in its first short period."""
    found = shortfalls(subject, plan)
    assert found == check(subject, plan).unmet
    item = next(item for item in found if item.project == "P")
    return item.reason.value, item.message, item.busy_on


ONE = {"fte": "1"}


def test_no_skill() -> None:
    """Nobody has the skill at the least proficiency, nor at any."""
    people: list[dict[str, Any]] = [{"id": "ann", "skills": {"data": "0.7"}}]
    found = first_of(*case({"fte": "0.5", "min_proficiency": "0.8"}, people))
    assert found == ("no_skill", "no one has data at 0.8 or more", ())
    found = first_of(*case(ONE, [{"id": "ann", "skills": {"data": 0, "test": 1}}]))
    assert found == ("no_skill", "no one has data", ())


def test_a_hire_without_heads_is_nobody() -> None:
    """An option to hire is somebody only once heads are ordered that work."""
    hires = [{"id": "temp", "skill": "data", "max_heads": 1, "lead_time": 1}]
    nobody: list[dict[str, Any]] = [{"id": "ann", "skills": {"test": 1}}]
    assert first_of(*case(ONE, nobody, hires=hires))[0] == "no_skill"
    order = HireOrder(hire="temp", period=0, heads=1)
    found = first_of(*case(ONE, nobody, hires=hires, orders=(order,)))
    assert found == ("absent", "the only one who could is away", ())


def test_barred() -> None:
    """All who have the skill are barred, by the need or by the phase's pin."""
    people: list[dict[str, Any]] = [
        {"id": "ann"},
        {"id": "bob"},
        {"id": "cy", "skills": {"test": 1}},
    ]
    message = "all 2 who could may not, by must_not or a pin"
    found = first_of(*case({**ONE, "must_not": ["ann", "bob"]}, people))
    assert found == ("barred", message, ())
    found = first_of(*case(ONE, people, pin={"people": ["cy"]}))
    assert found == ("barred", message, ())


def test_absent() -> None:
    """All who could are away in the period; each individual of an entry counts."""
    people: list[dict[str, Any]] = [
        {"id": "ann", "absences": AWAY},
        {"id": "cy", "count": 2, "absences": AWAY},
    ]
    assert first_of(*case(ONE, people)) == ("absent", "all 3 who could are away", ())


def test_a_ceiling_of_nothing_is_absence() -> None:
    """A hard ceiling of 0 leaves a person no time."""
    rules = [{"id": "b", "type": "utilization", "ceiling": 0}]
    assert first_of(*case(ONE, [{"id": "ann"}], rules=rules))[0] == "absent"


def test_busy() -> None:
    """All who could are busy; the projects that take their time are named in order."""
    people: list[dict[str, Any]] = [{"id": "ann"}, {"id": "bob"}, {"id": "di", "absences": AWAY}]
    others = [
        person("ann", "R/f/n", 0, "0.5", "0.5"),
        person("ann", "Q/f/n", 0, "0.5", "0.5"),
        person("bob", "P/f/n", 0, "1", "1"),
    ]
    found = first_of(*case({"fte": 2}, people, *others))
    assert found == ("busy", "all 2 who could are busy on P, Q, R", ("P", "Q", "R"))


def test_a_pool_is_asked_as_well() -> None:
    """Somebody may be a pool: it is busy, or has time left."""
    pools = [{"id": "lab", "skill": "data", "fte": "0.5"}]
    lab = work("lab", "Q/f/n", 0, "0.5", kind=SupplierKind.POOL)
    found = shortfalls(*case(ONE, [], lab, pools=pools))
    assert [(u.period, u.reason, u.busy_on) for u in found if u.project == "P"] == [
        (0, UnmetReason.BUSY, ("Q",)),
        (1, UnmetReason.UNPLANNED, ()),
    ]


@pytest.mark.parametrize(
    ("need", "own"),
    [
        ({"fte": 1, "min_share": "0.6"}, None),
        ({"fte": 1, "min_share": "0.1"}, "0.6"),
        ({"heads": 1, "share": "0.6"}, None),
    ],
)
def test_share_too_small(need: dict[str, Any], own: str | None) -> None:
    """What is left is less than the person's, the need's or a head's smallest share."""
    half = person("ann", "Q/f/n", 0, "0.5", "0.5")
    found = first_of(*case(need, [{"id": "ann", "min_share": own}], half))
    message = "what is free is less than the smallest useful share of 0.6"
    assert found == ("share_too_small", message, ())


def test_a_smallest_share_above_the_greatest_rate() -> None:
    """Somebody whose smallest useful share is more than effort may take at a time is no help."""
    need = {"effort": "0.6", "max_fte": "0.3", "min_share": "0.5"}
    reason, message, _ = first_of(*case(need, [{"id": "ann"}]))
    assert reason == UnmetReason.LIMITS
    assert "more than the 0.3 FTE" in message
    half = [{"id": "ann", "skills": {"data": "0.5"}}]
    assert first_of(*case(need, half))[0] == UnmetReason.UNPLANNED  # 0.5 x 0.5 is below 0.3


def test_who_is_at_work_may_add_less() -> None:
    """The smallest share is no limit to who already works on the need."""
    people = [{"id": "ann", "min_share": "0.6"}]
    found = first_of(*case(ONE, people, person("ann", "P/f/n", 0, "0.6", "0.6")))
    assert found == ("unplanned", "not planned, though ann had time left", ())


def test_most_projects() -> None:
    """Those who have time left work on as many projects as they may."""
    people = [{"id": name, "max_projects": 1} for name in ("ann", "bob")]
    others = [person("ann", "Q/f/n", 0, "0.5", "0.5"), person("bob", "R/f/n", 0, "0.5", "0.5")]
    message = "all 2 who could are on the most projects at once"
    assert first_of(*case(ONE, people, *others)) == ("limits", message, ())


def test_different_heads() -> None:
    """Who gives a share already is no other head."""
    ann = person("ann", "P/f/n", 0, "0.5", "0.5")
    found = first_of(*case({"heads": 2, "share": "0.5"}, [{"id": "ann"}], ann))
    assert found == ("limits", "each head has to be somebody else", ())


def test_the_whole_phase() -> None:
    """Who has time in one period of a continuous need but not in all is of no use."""
    people = [{"id": "ann", "absences": [{"first": "2027-02-01", "last": "2027-02-28"}]}]
    found = shortfalls(*case({**ONE, "continuous": True}, people))
    assert [(u.period, u.reason) for u in found] == [
        (0, UnmetReason.LIMITS),
        (1, UnmetReason.ABSENT),
    ]
    assert found[0].message == "no one is free for the whole phase"


def test_unplanned() -> None:
    """Somebody was free, or extra supply could be bought."""
    found = first_of(*case(ONE, [{"id": "bob"}, {"id": "ann"}]))
    assert found == ("unplanned", "not planned, though ann, bob had time left", ())
    priced = [{"id": "data", "overload_price": 1}]
    found = first_of(*case(ONE, [], skills=priced))
    assert found == ("unplanned", "extra supply could be bought, the plan has none", ())


def test_the_fte_of_periods() -> None:
    """Each period that is short is an item with need less delivered."""
    short = case({"profile": ["1", "0.75"]}, [{"id": "ann"}], person("ann", "P/f/n", 0, "0.9"))
    found = [(u.period, u.fte, u.skill) for u in shortfalls(*short)]
    assert found == [(0, Decimal("0.1"), "data"), (1, Decimal("0.75"), "data")]


def test_the_fte_of_heads() -> None:
    """Heads are short by the missing ones times their share."""
    people: list[dict[str, Any]] = [{"id": "ann", "skills": {"data": "0.5"}}, {"id": "bob"}]
    ann = person("ann", "P/f/n", 0, "0.4", "0.4")
    found = shortfalls(*case({"heads": 4, "share": "0.4"}, people, ann))
    assert [(u.period, u.fte) for u in found] == [(0, Decimal("1.2")), (1, Decimal("1.2"))]


@pytest.mark.parametrize(
    ("need", "shares", "fte"),
    [
        ({"effort": "1.5"}, ("0.5", "0.25"), "0.75"),  # the sum is short
        ({"effort": "1", "min_fte": "0.5"}, ("1", "0.25"), "0.25"),  # one period is short
        ({"effort": "2", "min_fte": "0.5"}, ("0.5", "0.25"), "1.25"),  # both: what lifts both
    ],
)
def test_the_fte_of_effort(need: dict[str, Any], shares: tuple[str, ...], fte: str) -> None:
    """Effort is one item over the phase: the sum's shortfall, or that of its least rates."""
    short = case(need, [{"id": "ann"}], person("ann", "P/f/n", 0, *shares))
    assert [(u.period, u.fte) for u in shortfalls(*short)] == [(None, Decimal(fte))]


def test_effort_looks_at_periods_with_room() -> None:
    """Where a period is at the greatest rate, only the others say why there is no more."""
    need = {"effort": "1", "max_fte": "0.5"}
    people = [{"id": "ann", "absences": [{"first": "2027-02-01", "last": "2027-02-28"}]}]
    found = first_of(*case(need, people, person("ann", "P/f/n", 0, "0.5")))
    assert found == ("absent", "the only one who could is away", ())


SHORT = {(Code.NEED_UNMET.value, f"{NEED}/{t}") for t in (0, 1)}


def test_nobody_works_where_nobody_can() -> None:
    """Where a need is short, a must or a pin asks nothing of those who could not work on it."""
    people: list[dict[str, Any]] = [
        {"id": "ann", "absences": AWAY},
        {"id": "bob", "skills": {"test": 1}},
    ]
    assert faults(*case({**ONE, "must": ["ann", "bob"]}, people)) == SHORT
    assert faults(*case(ONE, people, pin={"people": ["ann", "bob"]})) == SHORT


def test_a_must_holds_for_who_is_there() -> None:
    """A short need lets off nobody who could work on it; one that is served nobody at all."""
    must = {(Code.MUST_PERSON.value, NEED)}
    pinned = {(Code.PINNED_PEOPLE.value, "projects/P/phases/f")}
    people: list[dict[str, Any]] = [{"id": "ann"}, {"id": "bob", "absences": AWAY}]
    assert faults(*case({**ONE, "must": ["ann", "bob"]}, people)) == SHORT | must
    assert faults(*case(ONE, people, pin={"people": ["ann", "bob"]})) == SHORT | pinned
    ann = person("ann", "P/f/n", 0, "1", "1")
    assert faults(*case({**ONE, "must": ["bob"]}, people, ann)) == must
    assert faults(*case(ONE, people, ann, pin={"people": ["ann", "bob"]})) == pinned


def test_capacity_plans_have_no_items() -> None:
    """What is short in capacity mode is a violation alone."""
    subject, plan = case(ONE, [{"id": "ann"}])
    update = {"staffing": Staffing.CAPACITY, "fully_staffed": None, "status": Status.FEASIBLE}
    plan = plan.model_copy(update=update)
    assert shortfalls(subject, plan) == ()
    assert {rule for rule, _ in faults(subject, plan)} == {Code.NEED_UNMET.value}


def test_a_dedication_that_is_used_up() -> None:
    """Who may give the project no more, though there is time left, is named by the dedication."""
    people = [{"id": "ann", "dedications": [{"project": "P", "fte": "0.25", "last": 1}]}]
    ann = person("ann", "P/f/n", 0, "0.25", "0.25")
    message = (
        "the only one who could is at the most that dedications to P allow, for instance "
        "0.25 x 2 from period 0 to 1"
    )
    assert first_of(*case(ONE, people, ann)) == ("limits", message, ())


def test_a_staff_budget_that_is_used_up() -> None:
    """Where money for people is lacking, the budget is named."""
    subject, plan = case(ONE, [{"id": "ann", "cost_rate": 3}], person("ann", "P/f/n", 0, "0.5"))
    own = subject.project_by_id["P"].model_copy(update={"staff_budget": Decimal("1.5")})
    others = [project for project in subject.projects if project.id != "P"]
    subject = subject.model_copy(update={"projects": (own, *others)})
    plan = plan.model_copy(update={"digest": subject.digest()})
    assert first_of(subject, plan) == ("limits", "the staff budget of P, 1.5, is used up", ())
