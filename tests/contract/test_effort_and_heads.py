"""Needs given as effort, whose work may be spread over the phase, and as heads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pmo_optimizer import referee
from pmo_optimizer.backend import Clock, Options, load_backend
from pmo_optimizer.model import Plan, Status
from pmo_optimizer.problem import NAMED_STAFFING, Placement, compile_problem
from pmo_solvers.completion import complete
from tests.contract.builders import (
    Data,
    changed,
    fund,
    need,
    parsed,
    person,
    portfolio,
    project,
    skills,
)
from tests.contract.cases.people import alone
from tests.contract.solving import TIME_LIMIT, best, close, run

AWAY: Data = {"absences": [{"first": "2027-02-01", "last": "2027-02-28"}]}
"""Absent in all of period 1."""

ENGINES = ("auto", "cp-sat", "hybrid", "milp", "ranking")


def effort(amount: float, **fields: Any) -> Data:
    """Return a need for developers that may be spread."""
    return {"skill": "dev", "effort": amount} | fields


def heads(number: int, share: float = 1, **fields: Any) -> Data:
    """Return a need for different developers."""
    return {"skill": "dev", "heads": number, "share": share} | fields


def three_months(*needs: Data, people: list[Data] | None = None, **parts: Any) -> Data:
    """Return a project worth 5 in months 0 to 2; unless people are given Ann is a developer."""
    return alone(*needs, duration=3, people=people or [person("ann")], **parts)


def half(name: str, **fields: Any) -> Data:
    """Return a developer of proficiency 0.5."""
    return person(name, skills={"dev": 0.5}, **fields)


def delivered(plan: Plan, levels: dict[str, float] | None = None) -> list[float]:
    """Return what all needs of project A get in each of four months."""
    total = [0.0] * 4
    for allocation in plan.allocations:
        for offset, share in enumerate(allocation.shares):
            level = (levels or {}).get(allocation.supplier, 1.0)
            total[allocation.start + offset] += float(share) * level
    return total


FITS = {
    "around an absence": three_months(effort(2), people=[person("ann", **AWAY)]),
    "not around more than is there": three_months(effort(2.01), people=[person("ann", **AWAY)]),
    "up to the most per period": three_months(effort(1.5, max_fte=0.5)),
    "not beyond the most per period": three_months(
        effort(1.21, max_fte=0.6), people=[person("ann", **AWAY)]
    ),
    "beyond a month without work": three_months(
        effort(1.2, max_fte=0.7), people=[person("ann", 0.7, **AWAY)]
    ),
    "at the least per period": three_months(effort(1.5, min_fte=0.4)),
    "not with a month below the least": three_months(
        effort(1.5, min_fte=0.1), people=[person("ann", **AWAY)]
    ),
    "by people of half proficiency": three_months(effort(1.5), people=[half("ann")]),
    "not by too few of them": three_months(effort(1.51), people=[half("ann")]),
    "beside work at a rate": three_months(effort(1.2), need("dev", 0.6)),
    "not beside too much of it": three_months(effort(1.2), need("dev", 0.61)),
    "by who is left at either skill": three_months(
        effort(1),
        {"skill": "test", "profile": [1, 0, 1]},
        people=[person("ann", skills={"dev": 1, "test": 1})],
    ),
    "only by the proficient": three_months(
        effort(1.5, min_proficiency=0.8), people=[half("ann"), person("bob", 0.5)]
    ),
    "not by others": three_months(
        effort(1.6, min_proficiency=0.8), people=[half("ann"), person("bob", 0.5)]
    ),
    "by a head who comes late": three_months(
        effort(1),
        hires=[{"id": "temp", "skill": "dev", "max_heads": 1, "lead_time": 2}],
        people=[person("ann", skills={"test": 1})],
    ),
    "heads by the head": three_months(heads(2, 0.5), people=[half("ann"), half("bob")]),
    "heads of one entry": three_months(heads(3, 0.5), people=[half("ann", count=2)]),
    "not more heads than time": three_months(heads(3, 0.7), people=[half("ann", count=2)]),
    "heads beside a rate": three_months(heads(1, 0.5), need("dev", 0.25), people=[half("ann")]),
    "not heads beside too high a rate": three_months(
        heads(1, 0.5), need("dev", 0.26), people=[half("ann")]
    ),
    "not heads below the least proficiency": three_months(
        heads(1, 0.5, min_proficiency=0.6), people=[half("ann"), person("bob", 0.4)]
    ),
}
"""A project that can be staffed, or (``not ...``) cannot."""


@pytest.mark.parametrize("name", FITS)
def test_what_fits_is_planned_and_nothing_else(name: str, engine: str) -> None:
    """The project is worth 5 where it can be staffed, and stays out where it cannot."""
    plan = best(FITS[name], engine)
    assert plan.objective == (0 if name.startswith("not ") else 5)


@pytest.mark.parametrize(
    ("name", "backend"),
    [(n, b) for n in FITS for b in ("auto", "ranking") if b == "auto" or "hires" not in FITS[n]],
)
def test_rankings_and_auto_staff_what_fits(name: str, backend: str) -> None:
    """They place what nothing competes with, and the referee agrees; rankings hire nobody."""
    subject = FITS[name]
    plan = run(subject, backend)
    assert plan.objective == (0 if name.startswith("not ") else 5)
    report = referee.check(parsed(subject), plan)
    assert report.violations == ()


def test_all_engines_take_both_kinds_of_need() -> None:
    """Only single people are left out."""
    for backend in ENGINES:
        if backend != "auto":
            assert not load_backend(backend).capabilities & NAMED_STAFFING
    features = compile_problem(parsed(three_months(effort(1), heads(1)))).features
    assert {"effort", "heads"} <= {feature.value for feature in features}


def test_work_goes_where_people_are(engine: str) -> None:
    """Ann is away in month 1 and half there in month 2: all of her time is 1 + 0 + 0.5."""
    absences = [*AWAY["absences"], {"first": "2027-03-01", "last": "2027-03-31", "share": 0.5}]
    plan = best(three_months(effort(1.5), people=[person("ann", absences=absences)]), engine)
    assert delivered(plan) == [close(1), 0, close(0.5), 0]


def test_limits_per_period_shape_the_work(engine: str) -> None:
    """1.4 in three months of 0.2 to 0.6: at least 0.2 in the month in which Ann has no more."""
    absences = [{"first": "2027-02-01", "last": "2027-02-28", "share": 0.8}]
    people = [person("ann", absences=absences)]
    plan = best(three_months(effort(1.4, min_fte=0.2, max_fte=0.6), people=people), engine)
    assert delivered(plan)[:3] == [close(0.6), close(0.2), close(0.6)]


def test_half_proficient_people_take_twice_the_time(engine: str) -> None:
    """0.75 of work takes 1.5 months of Ann, who has one in each of months 0 and 2."""
    plan = best(three_months(effort(0.75), people=[half("ann", **AWAY)]), engine)
    used = delivered(plan)
    assert used[1] == 0
    assert 1.5 - 0.0002 <= sum(used) <= 1.5 + 1e-6


@pytest.mark.parametrize(("amount", "extra"), [(3, 0), (3.5, 0.5), (4, 1)])
def test_extra_supply_is_paid_for_what_is_missing(engine: str, amount: float, extra: float) -> None:
    """Ann gives 3 months; each FTE-month above costs 2."""
    subject = changed(three_months(effort(amount)), {"skills/dev/overload_price": 2})
    plan = best(subject, engine)
    assert plan.objective == close(5 - 2 * extra)


def test_spread_work_avoids_dear_months(engine: str) -> None:
    """A rate of 1 takes all of Ann in months 0 and 1, so the work of 1.2 is 0.2 too much."""
    rate = {"skill": "dev", "profile": [1, 1, 0]}
    subject = changed(three_months(effort(1.2), rate), {"skills/dev/overload_price": 2})
    assert best(subject, engine).objective == close(5 - 2 * 0.2)


def test_a_soft_ceiling_spreads_work_evenly(engine: str) -> None:
    """1.5 in three months stay at a ceiling of 0.5; 1.8 exceed it by 0.3, at 4 per FTE-month."""
    rules = [{"id": "buffer", "type": "utilization", "ceiling": 0.5, "price": 4}]
    for amount, price in ((1.5, 0), (1.8, 4 * 0.3)):
        plan = best(three_months(effort(amount), rules=rules), engine)
        assert plan.objective == close(5 - price)


def rivals(*amounts: float, months: int = 2, **fields: Any) -> Data:
    """Return projects worth 5, 4, 3 ... that each need work of Ann over all months."""
    rows = [
        project(name, value, months, needs=[effort(amount, **fields)])
        for name, value, amount in zip("ABC", (5, 4, 3), amounts, strict=False)
    ]
    return portfolio(months, *rows, people=[person("ann")], **skills("dev", "test"))


@pytest.mark.parametrize(
    ("amounts", "value"), [((1, 1), 9), ((1.1, 1), 5), ((1.5, 0.6, 0.5), 8), ((0.7, 0.7, 0.6), 12)]
)
def test_projects_share_time_over_months(
    engine: str, amounts: tuple[float, ...], value: float
) -> None:
    """Two months of Ann hold work of 2 together, however it is spread."""
    assert best(rivals(*amounts), engine).objective == value


def test_the_start_decides_where_work_can_go(engine: str) -> None:
    """Work of 2 in two months needs the months before or after Ann's absence in month 2."""
    away: Data = {"absences": [{"first": "2027-03-01", "last": "2027-03-31"}]}
    rows = [project("A", 5, 2, needs=[effort(2)])]
    subject = portfolio(5, *rows, people=[person("ann", **away)], **skills("dev"))
    plan = best(changed(subject, {"projects/A/earliest_start": 1}), engine)
    (placed,) = plan.projects[0].phases
    assert placed.start == 3


def test_charges_are_even_however_work_is_spread(engine: str) -> None:
    """1 at a rate of 3 is charged as 1, 1, 1, though Ann works in the months 0 and 2 alone."""
    purse: Data = {"amounts": {"periods": [1, 1, 1, 0]}}
    subject = three_months(
        effort(1, charge_to="main"), people=[person("ann", **AWAY)], funds=[fund(**purse)]
    )
    assert best(subject, engine).objective == 5
    less = changed(subject, {"funds/main/amounts/periods": [1, 0.99, 1, 0]})
    assert best(less, engine).objective == 0


def test_heads_are_charged_with_their_shares(engine: str) -> None:
    """Two heads at 0.5 are 1 FTE at a rate of 3, in each of three months."""
    people = [half("ann"), half("bob")]
    subject = three_months(heads(2, 0.5, charge_to="main"), people=people, funds=[fund(total=9)])
    assert best(subject, engine).objective == 5
    assert best(changed(subject, {"funds/main/amounts/total": 8.99}), engine).objective == 0


def test_effort_counts_in_rules(engine: str) -> None:
    """A rule on effort counts the work of the need, whatever the schedule."""
    rule = {"id": "r", "type": "share", "measure": "effort", "sense": "at_most", "share": 1}
    subject = changed(rivals(1, 0.5), {"rules": [rule | {"of": 1.4, "where": {}}]})
    assert best(subject, engine).objective == 5


def test_a_start_is_taken_up(engine: str) -> None:
    """A plan of the same portfolio is a start, though it does not say how work was spread."""
    subject = rivals(0.7, 0.7, 0.6)
    first = best(subject, engine)
    again = run(subject, engine, start=first)
    assert (again.status, again.objective) == (Status.OPTIMAL, 12)


# -- conflicts ---------------------------------------------------------------------------------


def members(*starts: tuple[int, ...]) -> tuple[Placement, ...]:
    """Return placements of the only phases of the first projects."""
    return tuple(Placement(number, 0, 0, own) for number, own in enumerate(starts))


@pytest.mark.parametrize("backend", ["cp-sat", "hybrid", "milp", "ranking"])
@pytest.mark.parametrize(
    ("conflicts", "value"),
    [
        ((), 9),
        ((members((0, 1, 2), (0, 1, 2)),), 5),
        ((members((0, 1), (0, 1, 2)),), 9),
        ((members((0, 1, 2), (0, 1, 2)), members((0, 1, 2))), 4),
        ((members((0, 1, 2)), members((), (0, 1))), 4),
    ],
)
def test_conflicts_are_kept(
    backend: str, conflicts: tuple[tuple[Placement, ...], ...], value: float
) -> None:
    """Placements that are not possible all at once never are in a plan, and cost no more."""
    rows = [project("A", 5, 1), project("B", 4, 1)]
    problem = replace(compile_problem(parsed(portfolio(3, *rows))), conflicts=conflicts)
    options = Options(Clock(TIME_LIMIT), seed=1, workers=1)
    outcome = load_backend(backend).solve(problem, options)
    assert outcome.decisions is not None
    assert complete(problem, outcome.decisions) is not None
    chosen = zip((5, 4), outcome.decisions.selected, strict=True)
    found = sum(worth for worth, inside in chosen if inside)
    if not load_backend(backend).exact:
        assert 4 <= found <= value
        return
    assert found == value
    assert (outcome.status, outcome.stages[0].best) == (Status.OPTIMAL, close(value))


def test_the_months_of_these_tests() -> None:
    """The calendar begins in January 2027, which absences here rely on."""
    assert parsed(three_months(effort(1))).calendar.edge(1).isoformat() == "2027-02-01"
