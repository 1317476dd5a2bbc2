"""Rows of people: who can serve what, in which unit, and when a row is needed at all."""

from __future__ import annotations

from typing import Any

import pytest

from pmo_optimizer import optimize
from pmo_optimizer.problem import Problem
from pmo_solvers.networks import networks
from pmo_solvers.time_indexed import Kind, Row, TimeIndexed, build
from tests.unit.problem_cases import Data, decided, portfolio, problem, project, worker

DEV: Data = {"skills": [{"id": "dev"}], "people": [{"id": "ann", "skills": {"dev": 1}}]}


def pool(name: str, fte: float, skill: str = "dev") -> Data:
    """Return a pool."""
    return {"id": name, "skill": skill, "fte": fte}


def rows(indexed: TimeIndexed, tag: str) -> list[Row]:
    """Return the rows whose tag begins with a text."""
    return [row for row in indexed.model.rows if row.tag.startswith(tag)]


def starts(indexed: TimeIndexed, name: str) -> list[int]:
    """Return the columns of a project's start in each period."""
    index = indexed.problem.index[name]
    return [pattern.column for pattern in indexed.schedule.patterns[index]]


# -- networks ---------------------------------------------------------------------------------


def asked(*skills: str, people: list[dict[str, float]], **parts: Any) -> Problem:
    """Return a problem in which each skill is asked for and these people are there."""
    return problem(
        skills=[{"id": s} for s in sorted({*skills, *(x for p in people for x in p)})],
        people=[{"id": f"p{n}", "skills": p} for n, p in enumerate(people)],
        projects=[worker(f"P{n}", 0.5, skill=s) for n, s in enumerate(skills)],
        **parts,
    )


def parts_of(subject: Problem, period: int = 0) -> list[list[str]]:
    """Return the skills of each network of a period, if all are wanted."""
    found = networks(subject, period, set(range(len(subject.buckets))))
    return [[subject.buckets[b].skill for b in network.buckets] for network in found]


def test_skills_without_common_people_are_apart() -> None:
    """A network holds what shares people, directly or through others."""
    assert parts_of(asked("a", "b", people=[{"a": 1}, {"b": 1}])) == [["a"], ["b"]]
    assert parts_of(asked("a", "b", people=[{"a": 1, "b": 1}])) == [["a", "b"]]
    chain = asked("a", "b", "c", "d", people=[{"a": 1, "b": 1}, {"b": 1, "c": 1}, {"d": 1}])
    assert parts_of(chain) == [["a", "b", "c"], ["d"]]


def test_people_who_are_away_tie_nothing() -> None:
    """Networks are a matter of one period."""
    away = {"first": "2027-02-01", "last": "2027-02-28"}
    subject = problem(
        skills=[{"id": "a"}, {"id": "b"}],
        people=[{"id": "p", "skills": {"a": 1, "b": 1}, "absences": [away]}],
        projects=[worker("A", 1, skill="a"), worker("B", 1, skill="b")],
    )
    assert parts_of(subject, 0) == [["a", "b"]]
    assert parts_of(subject, 1) == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("people", "parts", "fine", "priced"),
    [
        ([{"a": 1}], {}, False, False),
        ([{"a": 0.5}], {}, True, False),
        ([{"a": 1, "b": 0.5}], {}, False, False),  # b is not asked for
        (
            [{"a": 1}],
            {"rules": [{"type": "utilization", "ceiling": 0.5, "price": 1}]},
            True,
            True,
        ),
        ([{"a": 1}], {"rules": [{"type": "utilization", "ceiling": 0.5}]}, False, False),
    ],
)
def test_fractions_matter_only_with_proficiencies_or_prices(
    people: list[dict[str, float]], parts: Data, fine: bool, priced: bool
) -> None:
    """Where everybody is fully proficient and nothing has a price, FTE units are enough."""
    (network,) = networks(asked("a", people=people, **parts), 0, {0})
    assert (network.fine, network.priced) == (fine, priced)


def test_extra_supply_is_priced() -> None:
    """A skill with an overload price makes its network priced, with nobody there at all."""
    subject = problem(skills=[{"id": "dev", "overload_price": 1}], projects=[worker("A", 1)])
    (network,) = networks(subject, 0, {0})
    assert (network.fine, network.priced, network.servers) == (True, True, {})


# -- rows -------------------------------------------------------------------------------------


def test_one_skill_is_a_plain_capacity() -> None:
    """Sum of demands <= availability, in units that have no common divisor, no column added."""
    indexed = build(problem(**DEV, projects=[worker("A", 0.5), worker("B", 0.75)]))
    period = rows(indexed, "capacity:dev:2")
    a, b = starts(indexed, "A")[2], starts(indexed, "B")[2]
    assert period == [Row("capacity:dev:2", (a, b), (2, 3), None, 4)]
    assert Kind.CONTINUOUS not in indexed.model.kind


def test_enough_people_need_no_row() -> None:
    """Where all projects together fit, nothing is stated."""
    indexed = build(problem(**DEV, projects=[worker("A", 0.5), worker("B", 0.5)]))
    assert rows(indexed, "capacity") == []


def test_variants_of_one_project_never_add_up() -> None:
    """A project runs once: its starts compete with nobody but themselves."""
    assert rows(build(problem(**DEV, projects=[worker("A", 1, duration=3)])), "capacity") == []


def test_demand_of_modes_differs() -> None:
    """Each column brings the rates of its own mode, period by period."""
    modes = [
        {"id": "fast", "duration": 1, "needs": [{"skill": "dev", "fte": 2}]},
        {"id": "slow", "duration": 2, "needs": [{"skill": "dev", "profile": [0.5, 1]}]},
    ]
    subject = problem(**DEV, projects=[{"id": "A", "phases": [{"modes": modes, "id": "f"}]}])
    indexed = build(subject)
    (row,) = rows(indexed, "capacity:dev:1")
    demand = dict(zip(row.columns, row.coefs, strict=True))
    placed = {p.column: (p.phases[0].mode, p.start) for p in indexed.schedule.patterns[0]}
    assert row.upper == 2
    assert {placed[c]: coef for c, coef in demand.items()} == {(0, 1): 4, (1, 1): 1, (1, 0): 2}


def test_two_needs_of_a_mode_add_up() -> None:
    """A mode may ask for the same skill twice."""
    needs = [{"skill": "dev", "fte": 0.5}, {"skill": "dev", "fte": 0.75}]
    indexed = build(
        problem(**DEV, projects=[{"id": "A", "phases": [{"duration": 1, "needs": needs}]}])
    )
    (row,) = rows(indexed, "capacity:dev:0")
    assert (row.coefs, row.upper) == ((1,), 0)  # 1.25 FTE of 1 is never possible


def test_milestones_need_nobody() -> None:
    """A phase of duration 0 asks for nothing."""
    indexed = build(problem(skills=[{"id": "dev"}], projects=[worker("A", 1, duration=0)]))
    assert rows(indexed, "capacity") == []


def test_people_with_several_skills_have_shares() -> None:
    """Someone asked for twice has a column for each skill and a row for the whole time."""
    subject = problem(
        skills=[{"id": "a"}, {"id": "b"}],
        people=[{"id": "p", "skills": {"a": 1, "b": 1}}],
        projects=[worker("A", 0.6, skill="a"), worker("B", 0.6, skill="b")],
    )
    indexed = build(subject)
    (time,) = rows(indexed, "availability:class:a@1+b@1:0")
    assert (time.coefs, time.upper) == ((1, 1), 100)
    assert {indexed.model.kind[c] for c in time.columns} == {Kind.CONTINUOUS}
    (need,) = rows(indexed, "capacity:a:0")
    assert dict(zip(need.columns, need.coefs, strict=True)) == {
        starts(indexed, "A")[0]: 60,
        time.columns[0]: -1,
    }


def test_heads_are_whole_and_limited() -> None:
    """The orders of a hire add up to its most heads, each worth 1 FTE from its lead time on."""
    hire = {"id": "h", "skill": "dev", "max_heads": 2, "lead_time": 1, "term": 2, "latest_order": 2}
    indexed = build(problem(skills=[{"id": "dev"}], hires=[hire], projects=[worker("A", 1)]))
    first, second, third = (indexed.heads[0, t] for t in range(3))
    (limit,) = rows(indexed, "hire:h")
    assert (limit.columns, limit.coefs, limit.upper) == ((first, second, third), (1, 1, 1), 2)
    working = [
        [c for c, coef in zip(row.columns, row.coefs, strict=True) if coef < 0]
        for t in range(6)
        for row in rows(indexed, f"capacity:dev:{t}")
    ]
    assert working == [[], [first], [first, second], [second, third], [third], []]


def best(**parts: Any) -> float | None:
    """Return the objective of the optimal plan."""
    return optimize(portfolio(**parts), backend="cp-sat", workers=2, time_limit=20).objective


def test_least_proficiency_keeps_people_out() -> None:
    """Only Ann can do the hard work, though Bob has time."""
    needs = [{"skill": "dev", "fte": 1, "min_proficiency": 0.9}]
    hard = [
        {"id": name, "value": 1, "latest_finish": 1, "phases": [{"duration": 1, "needs": needs}]}
        for name in ("A", "B")
    ]
    people = [{"id": "ann", "skills": {"dev": 1}}, {"id": "bob", "skills": {"dev": 0.8}, "fte": 2}]
    assert best(skills=[{"id": "dev"}], people=people, projects=hard) == 1


def test_shares_are_delivered_times_proficiency() -> None:
    """At half proficiency all of Bob's time serves half an FTE, and not 0.01 more."""
    people = [{"id": "bob", "skills": {"dev": 0.5}}]
    fits = worker("A", 0.5, latest_finish=1)
    too_much = worker("A", 0.51, latest_finish=1)
    assert best(skills=[{"id": "dev"}], people=people, projects=[fits]) == 1
    assert best(skills=[{"id": "dev"}], people=people, projects=[too_much]) == 0


def test_a_network_is_a_flow_not_a_sum() -> None:
    """Two testers cannot replace a developer, however much time they have together."""
    people = [{"id": "a", "skills": {"dev": 1, "test": 1}}, {"id": "b", "skills": {"test": 1}}]
    skills = [{"id": "dev"}, {"id": "test"}]
    needs = [{"skill": "dev", "fte": 1}, {"skill": "test", "fte": 1}]
    both = {"id": "P", "value": 1, "phases": [{"duration": 1, "needs": needs}]}
    twice = {**both, "phases": [{"duration": 1, "needs": [{"skill": "dev", "fte": 1.01}]}]}
    assert best(skills=skills, people=people, projects=[both]) == 1
    assert best(skills=skills, people=people, projects=[twice]) == 0


def test_prices_are_paid_for_the_whole_need() -> None:
    """The tolerance of a need is for rounding: 1 FTE of extra supply at 10 costs 10."""
    skills = [{"id": "dev", "overload_price": 10}]
    assert best(skills=skills, projects=[{**worker("A", 1), "value": 12}]) == 2


def test_soft_ceilings_are_paid_above_them() -> None:
    """0.9 FTE of one FTE under a ceiling of 0.75 at 20 a unit costs 3."""
    rules = [{"type": "utilization", "ceiling": 0.75, "price": 20}]
    value = best(**DEV, rules=rules, projects=[{**worker("A", 0.9), "value": 5}])
    assert value == pytest.approx(5 - 0.15 * 20)


@pytest.mark.parametrize(
    ("capacity", "ceiling", "wanted", "served"),
    [(1.0, 0.9, 0.9, True), (1.0, 0.9, 0.91, False), (0.5, 0.99, 0.49, True)],
)
def test_hard_ceilings_shrink_availability(
    capacity: float, ceiling: float, wanted: float, served: bool
) -> None:
    """A ceiling multiplies what people and pools offer."""
    subject = problem(
        skills=[{"id": "dev"}],
        pools=[pool("p", capacity)],
        rules=[{"type": "utilization", "ceiling": ceiling}],
        projects=[worker("A", wanted)],
    )
    indexed = build(subject)
    encoded = indexed.encode(decided(subject, A=0))
    assert encoded is not None
    values = [encoded.get(column, 0) for column in range(indexed.model.size)]
    assert (indexed.model.first_violated(values) == "") is served


def test_projects_without_needs_touch_no_capacity() -> None:
    """Nothing is stated for a portfolio that asks for nobody."""
    assert rows(build(problem(**DEV, projects=[project("A", 3)])), "capacity") == []
