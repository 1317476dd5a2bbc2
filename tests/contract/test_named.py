"""Named plans: selection, dates and names in one, on every engine that plans by capacity."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pmo_optimizer import optimize, referee
from pmo_optimizer.model import Plan, Portfolio, Status, SupplierKind, Termination
from pmo_optimizer.staff import staff
from pmo_scenarios import generate
from tests.contract.builders import Data, need, parsed, person, portfolio, project, skills
from tests.contract.solving import close

TIME_LIMIT = 60.0
"""Seconds; far more than any of these portfolios takes."""


def named(subject: Data, engine: str = "auto", time_limit: float = TIME_LIMIT) -> Plan:
    """Return the named plan of a portfolio, which the referee accepts."""
    made = parsed(subject)
    plan = optimize(made, backend=engine, staffing="named", time_limit=time_limit, workers=2)
    if plan.found:
        report = referee.check(made, plan)
        assert not report.violations
        assert not referee.disagreements(plan, report)
        assert plan.fully_staffed
    return plan


def dev(amount: float = 1, **fields: Any) -> Data:
    """Return a need for developers."""
    return need("dev", amount, **fields)


def team(*people: Data) -> Data:
    """Return people and their skill as parts of a portfolio."""
    return skills("dev") | {"people": list(people)}


def test_somebody_on_one_project_at_a_time_makes_two_wait(engine: str) -> None:
    """Two projects at half of Ann's time run one after the other, if she does one at a time."""
    parts = team(person("ann", max_projects=1))
    jobs = [project(name, 3, 2, needs=[dev(0.5)]) for name in ("A", "B")]
    plan = named(portfolio(4, *jobs, **parts), engine)
    assert plan.status is Status.OPTIMAL
    assert plan.objective == close(6)
    starts = sorted(p.start for p in plan.projects if p.start is not None)
    assert starts[1] - starts[0] == 2
    tight = named(portfolio(3, *jobs, **parts), engine)
    assert (tight.status, tight.objective) == (Status.OPTIMAL, close(3))


def test_two_heads_are_two_people(engine: str) -> None:
    """Where there is one developer a project that asks for two at half their time stays out."""
    heads = {"skill": "dev", "heads": 2, "share": 0.5}
    jobs = [project("A", 5, 1, needs=[heads]), project("B", 1, 1, needs=[dev(0.5)])]
    alone = named(portfolio(1, *jobs, **team(person("ann"))), engine)
    assert alone.selected == ("B",)
    assert alone.status is Status.OPTIMAL
    both = named(portfolio(1, *jobs, **team(person("ann"), person("bob"))), engine)
    assert both.selected == ("A", "B")


def test_who_stays_for_the_whole_phase_is_there_for_all_of_it(engine: str) -> None:
    """With Ann away in the second month and Bob in the third, a continuous need begins later."""
    away = [("ann", "2027-02-01", "2027-02-28"), ("bob", "2027-03-01", "2027-03-31")]
    people = [person(p, absences=[{"first": a, "last": b}]) for p, a, b in away]
    job = project("A", 5, 3, needs=[dev(1, continuous=True)])
    plan = named(portfolio(5, job, value_rate=0.1, **team(*people)), engine)
    assert plan.status is Status.OPTIMAL
    assert next(p.start for p in plan.projects) == 2
    assert {a.supplier for a in plan.allocations} == {"ann"}


def test_a_must_that_nobody_can_staff_is_infeasible_and_says_why(engine: str) -> None:
    """A mandatory project without people is a proof, with every unmet need and its reason."""
    job = project("A", 5, 2, decision="must", needs=[dev(0.3, min_share=0.5)])
    plan = named(portfolio(2, job, **team(person("ann", fte=0.4))), engine)
    assert plan.status is Status.INFEASIBLE
    assert plan.termination is Termination.PROVED
    assert plan.fully_staffed is False
    assert [(u.period, float(u.fte), u.reason) for u in plan.unmet] == [
        (0, 0.3, "share_too_small"),
        (1, 0.3, "share_too_small"),
    ]


def test_what_can_be_served_is_served_by_the_cheapest(engine: str) -> None:
    """Two mandatory needs, one of which nobody can serve: the other one goes to whom costs less."""
    needs = [dev(0.3, min_share=0.5, id="odd"), dev(0.2, id="less")]
    job = project("A", 5, 2, decision="must", needs=needs)
    for cheap, dear in (("ann", "bob"), ("bob", "ann")):
        people = [person(cheap, fte=0.4, cost_rate=1), person(dear, fte=0.4, cost_rate=100)]
        plan = named(portfolio(2, job, **team(*people)), engine)
        assert plan.status is Status.INFEASIBLE
        assert {(u.need, float(u.fte)) for u in plan.unmet} == {(needs[0]["id"], 0.3)}
        assert {(a.need, a.supplier) for a in plan.allocations} == {("less", cheap)}


def test_people_of_an_entry_with_count_are_told_apart() -> None:
    """Two heads from an entry of three are two of its individuals."""
    heads = {"skill": "dev", "heads": 2, "share": 1}
    job = project("A", 5, 2, needs=[heads])
    plan = named(portfolio(2, job, **team(person("devs", count=3))))
    names = {a.supplier for a in plan.allocations}
    assert len(names) == 2
    assert names <= {"devs#1", "devs#2", "devs#3"}
    assert {a.kind for a in plan.allocations} == {SupplierKind.PERSON}


def harder(subject: Portfolio) -> Portfolio:
    """Return a generated portfolio with limits of single people."""
    data = subject.to_data()
    for entry in data["people"]:
        entry |= {"max_projects": 4, "min_share": 0.05}
    for item in data["projects"]:
        for part in item.get("phases", []):
            for way in part.get("modes", [part]):
                for each in way.get("needs", []):
                    each["continuous"] = "fte" in each
    return Portfolio.parse(data)


@pytest.fixture(scope="module")
def portfolio_of_twelve() -> Portfolio:
    """Return a generated portfolio with limits of single people."""
    return harder(generate(projects=12, periods=12, skills=4, seed=1))


def test_a_plan_that_is_planned_again_changes_nobody(portfolio_of_twelve: Portfolio) -> None:
    """With unchanged data, from its own plan, no assignment is another."""
    first = optimize(portfolio_of_twelve, staffing="named", time_limit=8, workers=2)
    assert first.fully_staffed
    again = optimize(portfolio_of_twelve, staffing="named", time_limit=8, workers=2, start=first)
    assert again.objective == close(first.objective or 0)
    assert again.projects == first.projects
    assert again.allocations == first.allocations
    dates = staff(portfolio_of_twelve, first, time_limit=8, workers=2)
    assert dates.allocations == first.allocations


def test_order_of_rows_changes_nothing_in_reproducible_runs() -> None:
    """Shuffled people, projects and needs give the same named plan."""
    base = harder(generate(projects=6, periods=8, skills=3, seed=2))
    data = base.to_data()
    dice = random.Random(5)
    for rows in ("people", "projects", "skills", "funds"):
        dice.shuffle(data[rows])
    plans = [
        optimize(p, staffing="named", time_limit=2, workers=2, reproducible=True)
        for p in (base, Portfolio.parse(data))
    ]
    assert plans[0].found
    assert plans[0].projects == plans[1].projects
    assert plans[0].allocations == plans[1].allocations


def test_what_more_heads_could_mend_is_not_ruled_out(engine: str) -> None:
    """Of two projects Ann serves one at a time; a head could serve the other: 6 is the bound."""
    jobs = [project(name, 3, 2, needs=[dev(0.5, continuous=True)]) for name in ("A", "B")]
    hires = [{"id": "more", "skill": "dev", "max_heads": 1}]
    parts = team(person("ann", max_projects=1)) | {"hires": hires}
    plan = named(portfolio(2, *jobs, **parts), engine, time_limit=3)
    assert plan.found
    assert plan.bound == close(6)
