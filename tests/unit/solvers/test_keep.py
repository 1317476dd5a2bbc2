"""Which projects of a plan people can serve together."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from pmo_optimizer import optimize
from pmo_optimizer.backend import Clock, Decisions, Options, PhaseDecision
from pmo_optimizer.model import Plan, Portfolio, StaffingGoals
from pmo_optimizer.problem import Problem, compile_problem
from pmo_solvers.cp_sat import CpSatBackend
from pmo_solvers.named import joint
from pmo_solvers.named.goals import Points
from pmo_solvers.named.hoods import PERIOD_CELLS, rivals
from pmo_solvers.named.keep import Keep
from pmo_solvers.named.search import Search, Terms
from pmo_solvers.named.tasks import STEP, Reader, Work, moved
from pmo_solvers.named.trim import FIRST_MARGIN
from tests.brute.draw_names import random_staffing
from tests.brute.names import least_unmet

SECONDS = 20.0
"""More than any of these takes."""


def compiled(
    needs: dict[str, dict[str, Any]], people: list[dict[str, Any]], **more: Any
) -> Problem:
    """Return projects of two months with one need each, of value 1, 2, 3, ... in their order."""
    projects = [
        {"id": name, "value": number, "phases": [{"duration": 2, "needs": [need]}]}
        for number, (name, need) in enumerate(needs.items(), 1)
    ]
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "skills": [{"id": "dev"}, {"id": "test"}],
            "people": people,
            "projects": projects,
            **more,
        }
    )
    return compile_problem(portfolio, named=True)


def at_once(problem: Problem) -> Decisions:
    """Return all projects from the first month on."""
    count = len(problem.projects)
    return Decisions((True,) * count, ((PhaseDecision(0, 0),),) * count)


def all_at_once(problem: Problem) -> Work:
    """Return the work of all projects from the first month on."""
    return Reader(problem).work_of(at_once(problem))


def kept(problem: Problem, decisions: Decisions | None = None) -> Keep:
    """Return the program of a plan, of all projects from the first month on by default."""
    plan = at_once(problem) if decisions is None else decisions
    return Keep(problem, plan, Reader(problem).work_of(plan))


def out(problem: Problem, certain: set[int] | None = None) -> set[int]:
    """Return who goes where nothing more is asked for than is needed."""
    sure = certain or set()
    projects = tuple(replace(p, fixed=1) if p.index in sure else p for p in problem.projects)
    keep = kept(replace(problem, projects=projects))
    options = Options(clock=Clock(SECONDS), gap=0.0, workers=1, seed=0)
    found = keep.out(0.0, SECONDS, options.clock, options)
    assert found is not None
    return found


ANN, BOB = {"id": "ann", "skills": {"dev": 1}}, {"id": "bob", "skills": {"dev": 1}}


def test_the_least_value_goes() -> None:
    """Two projects need the only developer; the cheap one goes, unless it is certain."""
    problem = compiled({n: {"skill": "dev", "fte": 1} for n in ("cheap", "dear")}, [ANN])
    assert out(problem) == {0}
    assert out(problem, certain={0}) == {1}


@pytest.mark.parametrize(
    ("need", "people", "gone"),
    [
        # Two heads are two people, though one has the time of both.
        ({"heads": 2, "share": 0.5}, [ANN], {0}),
        ({"heads": 2, "share": 0.5}, [ANN, BOB], set()),
        # Nobody at 40 % is a head at half their time.
        ({"heads": 1, "share": 0.5}, [{**ANN, "fte": 0.4}, {**BOB, "fte": 0.4}], {0}),
        # Who is away for a month cannot stay for both.
        (
            {"fte": 0.5, "continuous": True},
            [{**ANN, "absences": [{"first": "2027-02-01", "last": "2027-02-28"}]}],
            {0},
        ),
        ({"fte": 0.5, "must_not": ["ann"]}, [ANN], {0}),
        ({"effort": 2}, [ANN], set()),
        ({"effort": 2.5}, [ANN], {0}),
    ],
)
def test_what_is_asked_of_single_people_counts(
    need: dict[str, Any], people: list[dict[str, Any]], gone: set[int]
) -> None:
    """A need that no people can serve goes, though classes of them have the time."""
    assert out(compiled({"P": {"skill": "dev", **need}}, people)) == gone


def test_nobody_is_on_more_projects_than_they_may() -> None:
    """Ann has the time for both projects but may be on one alone."""
    needs = {n: {"skill": "dev", "fte": 0.5} for n in ("cheap", "dear")}
    assert out(compiled(needs, [{**ANN, "max_projects": 1}])) == {0}
    assert out(compiled(needs, [{**ANN, "max_projects": 2}])) == set()


def test_rules_of_selection_hold() -> None:
    """The dear project needs the cheap one, which nobody can serve, so that both go."""
    needs: dict[str, dict[str, Any]] = {
        "cheap": {"skill": "test", "fte": 1},
        "dear": {"skill": "dev", "fte": 1},
    }
    requires = [{"project": "dear", "needs": ["cheap"]}]
    assert out(compiled(needs, [ANN], requires=requires)) == {0, 1}
    assert out(compiled(needs, [ANN])) == {0}


def test_what_follows_a_project_counts_with_it() -> None:
    """One of value 1, which one of value 3 follows, stays instead of one of value 2."""
    needs: dict[str, dict[str, Any]] = {
        "first": {"skill": "dev", "fte": 1},
        "alone": {"skill": "dev", "fte": 1},
        "next": {"skill": "test", "fte": 1},
    }
    people = [ANN, {"id": "tom", "skills": {"test": 1}}]
    alone, first = 0, 1  # projects are in the order of their names
    links = [{"from": "first", "to": "next", "type": "SS"}]
    assert out(compiled(needs, people, links=links)) == {alone}
    assert out(compiled(needs, people)) == {first}


def test_synergies_count() -> None:
    """Two projects of value 1 and 2 that are worth 2 more together stay instead of one of 3."""
    needs = {n: {"skill": "dev", "fte": 0.5} for n in ("a", "b", "dear")}
    needs["dear"] = {"skill": "dev", "fte": 1}
    assert out(compiled(needs, [ANN], synergies=[{"projects": ["a", "b"], "value": 2}])) == {2}
    dear = compiled(needs, [ANN], synergies=[{"projects": ["a", "b"], "value": -2}])
    assert out(dear) == {0, 1}


def test_what_is_lost_with_a_project() -> None:
    """Its own value, of what follows it, and of synergies; who must stay cannot go."""
    needs = {n: {"skill": "dev", "fte": 0.1} for n in ("a", "b", "c", "d")}
    problem = compiled(
        needs,
        [ANN],
        links=[{"from": "a", "to": "b", "type": "SS"}],
        synergies=[{"projects": ["c", "d"], "value": 10}],
    )
    keep = kept(problem)
    clock = Clock(SECONDS)
    assert keep.worth((), clock) == pytest.approx(1 + 2 + 3 + 4 + 10)
    assert keep.losses(clock) == pytest.approx({0: 1 + 2, 1: 2, 2: 3 + 10, 3: 4 + 10})
    a, *others = problem.projects
    sure = kept(replace(problem, projects=(replace(a, fixed=1), *others)))
    assert sure.losses(clock).keys() == {1, 2, 3}
    assert sure.worth((0,), clock) is None


def test_who_needs_nobody_stays() -> None:
    """The dear project needs one without people, which is there."""
    projects = [
        {"id": "bare", "value": 1, "phases": [{"duration": 2}]},
        {
            "id": "dear",
            "value": 2,
            "phases": [{"duration": 2, "needs": [{"skill": "dev", "fte": 1}]}],
        },
    ]
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "skills": [{"id": "dev"}],
            "people": [ANN],
            "projects": projects,
            "requires": [{"project": "dear", "needs": ["bare"]}],
        }
    )
    assert out(compile_problem(portfolio, named=True)) == set()


def test_what_can_be_staffed_stays() -> None:
    """Where brute force finds people for everything at its dates, nothing goes."""
    looked_at = 0
    for seed in range(60):
        portfolio, dates = random_staffing(seed)
        problem = compile_problem(portfolio, named=True)
        decisions = decisions_of(problem, dates)
        work = Reader(problem).work_of(decisions)
        if not work.tasks or least_unmet(portfolio, dates):
            continue
        options = Options(clock=Clock(SECONDS), gap=0.0, workers=1, seed=0)
        keep = kept(problem, decisions)
        assert keep.out(0.0, SECONDS, options.clock, options) == set(), seed
        looked_at += 1
    assert looked_at >= 15


def decisions_of(problem: Problem, plan: Plan) -> Decisions:
    """Return the selection and dates of a plan as decisions of a problem."""
    placed = {p.project: p for p in plan.projects}
    phases = tuple(
        tuple(
            PhaseDecision([m.id for m in data.modes].index(phase.mode), phase.start)
            for data, phase in zip(project.phases, placed[project.id].phases, strict=False)
        )
        for project in problem.projects
    )
    return Decisions(tuple(placed[p.id].selected for p in problem.projects), phases)


def test_a_single_period_is_staffed_anew() -> None:
    """Bob, who alone can test, leaves his development to ann in the month in which he must."""
    needs: dict[str, dict[str, Any]] = {
        "A": {"skill": "dev", "fte": 1},
        "B": {"skill": "test", "profile": [0, 1]},
    }
    people = [ANN, {**BOB, "skills": {"dev": 1, "test": 1}}]
    problem = compiled(needs, people)
    work = all_at_once(problem)
    points = Points(work, StaffingGoals(), frozenset())
    one = Search(work, points, Clock(SECONDS), Terms(workers=1, seed=0))
    dev, test = work.tasks
    (bob,) = test.people
    one.ledger.give(("p", bob), dev, dict.fromkeys(dev.periods, STEP))
    assert set(one.ledger.missing(test)) == {1}
    assert one._in_periods(work.tasks)
    assert not one.ledger.unmet()
    assert len(one.ledger.servers(dev)) == 2


def test_rivals_are_as_many_as_fit() -> None:
    """Those with most servers in common come first, and there is an end to them."""
    needs = {f"P{n}": {"skill": "dev", "fte": 0.01} for n in range(30)}
    people = [{"id": f"p{n}", "skills": {"dev": 1}} for n in range(60)]
    work = all_at_once(compiled(needs, people))
    found = rivals(work.tasks[:1], work.tasks)
    assert found[0] is work.tasks[0]
    assert PERIOD_CELLS <= 60 * len(found) < PERIOD_CELLS + 120


@pytest.mark.parametrize(
    ("need", "people"),
    [
        ({"fte": 0.5}, [ANN]),
        ({"fte": 1}, [ANN]),
        ({"heads": 2, "share": 1}, [ANN, BOB]),
        ({"effort": 2, "max_fte": 1}, [ANN]),
    ],
)
def test_margins_never_ask_for_more_than_there_is(
    need: dict[str, Any], people: list[dict[str, Any]]
) -> None:
    """Who can just serve a need, serving nothing else, is enough with a margin too."""
    problem = compiled({"P": {"skill": "dev", **need}}, people)
    options = Options(clock=Clock(SECONDS), gap=0.0, workers=1, seed=0)
    keep = kept(problem)
    assert keep.out(FIRST_MARGIN, SECONDS, options.clock, options) == set()


def test_a_smaller_margin_keeps_no_less() -> None:
    """Half of ann's time beside needs of it is enough with no margin, and the dear one stays."""
    needs = {n: {"skill": "dev", "fte": 0.5} for n in ("cheap", "dear")}
    problem = compiled(needs, [ANN])
    options = Options(clock=Clock(SECONDS), gap=0.0, workers=1, seed=0)
    keep = kept(problem)
    assert keep.out(0.04, SECONDS, options.clock, options) == {0}
    keep.begin_with_last()
    assert keep.out(0.0, SECONDS, options.clock, options) == set()


def test_choices_end_with_nothing_left_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two projects take all of ann's time; both are in, though the first choice keeps one alone."""
    monkeypatch.setattr(joint.Joint, "_enter", lambda *_: None)
    problem = compiled({n: {"skill": "dev", "fte": 0.5} for n in ("cheap", "dear")}, [ANN])
    options = Options(clock=Clock(SECONDS), gap=0.0, workers=1, seed=0)
    run = joint.Joint(problem, options, CpSatBackend())
    assert run.trim.choose(at_once(problem), all_at_once(problem)) is None
    assert run.best is not None
    assert run.best.decisions.selected == (True, True)


def test_nothing_goes_without_need() -> None:
    """Projects without value stay where people can serve them."""
    problem = compiled({"P": {"skill": "dev", "fte": 1}}, [ANN])
    (project,) = problem.projects
    problem = replace(problem, projects=(replace(project, raw_value=Fraction(0)),))
    options = Options(clock=Clock(SECONDS), gap=0.0, workers=1, seed=0)
    keep = kept(problem)
    assert keep.out(FIRST_MARGIN, SECONDS, options.clock, options) == set()


def test_plans_of_classes_that_single_people_cannot_serve_lose_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One of three projects must go for the heads of another; the two dearest are planned."""
    monkeypatch.setattr(joint, "MOST_CELLS", 0)
    needs: dict[str, dict[str, Any]] = {
        "small": {"skill": "dev", "fte": 0.6},
        "large": {"skill": "dev", "heads": 2, "share": 0.5},
        "third": {"skill": "dev", "fte": 0.5},
    }
    projects = [
        {"id": name, "value": number, "phases": [{"duration": 2, "needs": [need]}]}
        for number, (name, need) in enumerate(needs.items(), 1)
    ]
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "skills": [{"id": "dev"}],
            "people": [ANN, BOB],
            "projects": projects,
        }
    )
    plan = optimize(portfolio, staffing="named", time_limit=3, workers=2)
    assert plan.fully_staffed
    assert plan.selected == ("large", "third")


def test_what_must_be_and_cannot_be_staffed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two heads are wanted where there is one: the plan carries the need that is open."""
    monkeypatch.setattr(joint, "MOST_CELLS", 0)
    need = {"skill": "dev", "heads": 2, "share": 0.5}
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "skills": [{"id": "dev"}],
            "people": [ANN],
            "projects": [
                {
                    "id": "P",
                    "value": 1,
                    "decision": "must",
                    "phases": [{"duration": 2, "needs": [need]}],
                }
            ],
        }
    )
    plan = optimize(portfolio, staffing="named", time_limit=3, workers=2)
    assert not plan.found
    assert {item.project for item in plan.unmet} == {"P"}


def test_names_are_not_moved_to_another_mode() -> None:
    """The same need at the same start, for a shorter time or other people, has no names yet."""
    problem = compiled({"A": {"id": "n", "skill": "dev", "fte": 1}}, [])
    (project,) = problem.projects
    (phase,) = project.phases
    (mode,) = phase.modes
    (demand,) = mode.demands
    shorter = replace(mode, duration=1, demands=(replace(demand, rates=demand.rates[:1]),))
    others = replace(mode, demands=(replace(demand, bucket=1 - demand.bucket),))
    modes = (mode, shorter, others)
    several = replace(
        problem,
        projects=(replace(project, phases=(replace(phase, modes=modes),)),),
        buckets=(*problem.buckets, *problem.buckets)[:2],
    )
    reader = Reader(several)
    works = [reader.work_of(Decisions((True,), ((PhaseDecision(m, 0),),))) for m in range(3)]
    given = {(("s", 0), 0): {0: STEP, 1: STEP}}
    assert moved(works[0], works[0], given) == given
    assert moved(works[0], works[1], given) == {}
    assert moved(works[0], works[2], given) == {}
