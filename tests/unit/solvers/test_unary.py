"""Named staffing where nobody does two things at once: tiny plans by hand and by exhaustion."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import pytest

from pmo_optimizer.backend import Clock, Decisions, Options, Outcome, PhaseDecision
from pmo_optimizer.model import Portfolio, Status, SupplierKind, Termination
from pmo_optimizer.problem import Problem, compile_problem
from pmo_solvers.cp_sat.interval.forms import stage_forms
from pmo_solvers.unary import solve_unary, suits_unary
from pmo_solvers.unary.check import certificate
from pmo_solvers.unary.crew import Crew
from pmo_solvers.unary.model import capacity
from pmo_solvers.unary.parallel import Parallel, parallel_phases, weighted_resources
from pmo_solvers.unary.relax import Decomposition, Relaxation, suits_relaxation
from tests.unit.problem_cases import Data


def staffed(phases: list[Data], people: list[Data], periods: int = 20, **parts: Any) -> Problem:
    """Return one project of phases and links, as early as possible, on a grid of days."""
    links = parts.pop("links", [{"source": "none", "target": "end"}])
    whole = {
        "calendar": {
            "start": "2027-01-04",
            "periods": periods,
            "grain": "day",
            "working_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        },
        "skills": [{"id": "build"}, {"id": "test"}],
        "people": people,
        "projects": [
            {
                "id": "P",
                "decision": "must",
                "phases": [*phases, milestone("none"), milestone("end")],
                "links": links,
            }
        ],
        "objective": {"terms": [{"term": "makespan"}]},
    }
    return compile_problem(Portfolio.parse(whole | parts), named=True)


def milestone(name: str) -> Data:
    """Return a phase of no duration; two of them with a link let all others run as they like."""
    return {"id": name, "duration": 0}


def phase(name: str, duration: int, *needs: Data, **parts: Any) -> Data:
    """Return a phase with needs."""
    return {"id": name, "duration": duration, "needs": list(needs), **parts}


def heads(skill: str, count: int = 1, **parts: Any) -> Data:
    """Return a need of different people who stay."""
    return {"skill": skill, "heads": count, "continuous": True, **parts}


def person(name: str, *skills: str, **parts: Any) -> Data:
    """Return somebody with skills."""
    return {"id": name, "skills": dict.fromkeys(skills, 1), **parts}


def solved(problem: Problem, **options: Any) -> Outcome:
    """Return what is found within a minute."""
    assert suits_unary(problem)
    settings: dict[str, Any] = {"clock": Clock(60), "workers": 2} | options
    return solve_unary(problem, Options(**settings))


def makespan(problem: Problem, **options: Any) -> float | None:
    """Return the proven least makespan."""
    outcome = solved(problem, **options)
    assert outcome.status is Status.OPTIMAL
    assert outcome.stages[0].bound == outcome.stages[0].best
    return outcome.stages[0].best


def workers(outcome: Outcome, need: str = "") -> set[str]:
    """Return who works on a need, or on anything."""
    shares = outcome.certificate.shares
    return {share.supplier for share in shares if not need or share.need == need}


def test_a_person_needed_twice_serialises() -> None:
    """Building for 3 days and testing for 4, both by the one person who can: 7 days."""
    both = [phase("a", 3, heads("build")), phase("b", 4, heads("test"))]
    assert makespan(staffed(both, [person("X", "build", "test")])) == 3 + 4


def test_two_people_work_side_by_side() -> None:
    """With somebody for each skill the longer phase counts."""
    both = [phase("a", 3, heads("build")), phase("b", 4, heads("test"))]
    assert makespan(staffed(both, [person("X", "build"), person("Y", "test")])) == 4


def test_who_can_do_both_does_what_nobody_else_can() -> None:
    """X builds, so the one who has both skills tests, at the same time."""
    both = [phase("a", 3, heads("build")), phase("b", 4, heads("test", id="t"))]
    outcome = solved(staffed(both, [person("X", "build"), person("Y", "build", "test")]))
    assert outcome.stages[0].best == 4
    assert workers(outcome, "t") == {"Y"}


def test_needs_of_one_phase_take_different_people() -> None:
    """A builder and a tester at once: one person with both skills does not suffice."""
    alone = staffed([phase("a", 3, heads("build"), heads("test"))], [person("X", "build", "test")])
    assert solved(alone).status is Status.INFEASIBLE


def test_three_skills_together_bind_where_pairs_do_not() -> None:
    """Two people with both skills: two phases of a head of each cannot overlap, 3 + 2 days."""
    rows = [phase(n, d, heads("build"), heads("test")) for n, d in (("a", 3), ("b", 2))]
    assert makespan(staffed(rows, [person("X", "build", "test", count=2)])) == 3 + 2


def test_an_absence_delays() -> None:
    """Away in the periods 1 and 2, the only person can do 2 days in a row from period 3 on."""
    away = [{"first": "2027-01-05", "last": "2027-01-06"}]
    rows = [phase("a", 2, heads("build"))]
    assert makespan(staffed(rows, [person("X", "build", absences=away)])) == 3 + 2


def test_absences_of_several_let_nobody_hand_over() -> None:
    """A phase of 4 days waits for somebody who is there for all of it, away days 2 and 3 apart."""
    people = [
        person("X", "build", absences=[{"first": "2027-01-06", "last": "2027-01-06"}]),
        person("Y", "build", absences=[{"first": "2027-01-07", "last": "2027-01-07"}]),
    ]
    assert makespan(staffed([phase("a", 4, heads("build"))], people)) == 3 + 4


def test_must_waits_for_its_person() -> None:
    """Y must take part in both phases, so they follow each other: 3 + 4 days."""
    needs = heads("build", must=["Y"])
    rows = [phase("a", 3, needs), phase("b", 4, needs)]
    people = [person("X", "build"), person("Y", "build")]
    assert makespan(staffed(rows, people)) == 3 + 4


def test_must_not_keeps_away() -> None:
    """Who must not work on a phase does not, although they are alike otherwise."""
    rows = [phase("a", 3, heads("build", must_not=["X"]))]
    outcome = solved(staffed(rows, [person("X", "build"), person("Y", "build")]))
    assert workers(outcome) == {"Y"}


def test_nobody_left_is_infeasible() -> None:
    """Where the only one who can must not, no plan is invented."""
    rows = [phase("a", 3, heads("build", must_not=["X"]))]
    assert solved(staffed(rows, [person("X", "build"), person("Y", "test")])).status is (
        Status.INFEASIBLE
    )


def test_pinned_people_do_it_alone() -> None:
    """A phase of two heads that is pinned to X and Z is done by them, Y is left out."""
    pin = {"start": 0, "people": ["X", "Z"]}
    rows = [phase("a", 3, heads("build", 2), pin=pin)]
    outcome = solved(staffed(rows, [person(name, "build") for name in "XYZ"]))
    assert workers(outcome) == {"X", "Z"}


def test_low_proficiency_does_not_count() -> None:
    """A need of at least 0.8 is served by who has 0.9, not by who has 0.5."""
    rows = [phase("a", 3, heads("build", min_proficiency=0.8))]
    people = [
        {"id": "X", "skills": {"build": 0.5}},
        {"id": "Y", "skills": {"build": 0.9}},
    ]
    assert workers(solved(staffed(rows, people))) == {"Y"}


def test_shares_are_those_of_people_in_every_period() -> None:
    """Two heads for 3 days are 6 shares of one FTE by two people, periods 0 to 2."""
    outcome = solved(staffed([phase("a", 3, heads("build", 2))], [person("X", "build", count=2)]))
    shares = outcome.certificate.shares
    assert {(s.supplier, s.period) for s in shares} == set(product(("X#1", "X#2"), range(3)))
    assert {(s.kind, float(s.fte)) for s in shares} == {(SupplierKind.PERSON, 1.0)}


def test_pools_bind_beside_people() -> None:
    """A pool of one tester does one phase at a time, whoever builds: 2 + 2 days."""
    rows = [phase(n, 2, heads("build"), {"skill": "test", "fte": 1}) for n in "ab"]
    pools = [{"id": "lab", "skill": "test", "fte": 1}]
    assert makespan(staffed(rows, [person("X", "build", count=2)], pools=pools)) == 2 + 2


def test_the_quicker_mode_waits_for_more_people() -> None:
    """Two heads do in 2 days what one does in 5, where two are there; else 5."""
    modes = [
        {"id": "one", "duration": 5, "needs": [heads("build")]},
        {"id": "two", "duration": 2, "needs": [heads("build", 2)]},
    ]
    rows: list[Data] = [{"id": "a", "modes": modes}]
    assert makespan(staffed(rows, [person("X", "build", count=2)])) == 2
    assert makespan(staffed(rows, [person("X", "build")])) == 5


def test_links_hold() -> None:
    """Testing starts 2 days after building ends: 3 + 2 + 4 days."""
    both = [phase("a", 3, heads("build")), phase("b", 4, heads("test"))]
    people = [person("X", "build"), person("Y", "test")]
    links = [{"source": "a", "target": "b", "min_lag": 2}]
    assert makespan(staffed(both, people, links=links)) == 3 + 2 + 4


@pytest.mark.parametrize(
    ("need", "parts"),
    [
        ({"skill": "build", "fte": 1}, {}),
        (heads("build", continuous=False), {}),
        (heads("build", share=0.5), {}),
        (heads("build"), {"pools": [{"id": "lab", "skill": "build", "fte": 1}]}),
        (heads("build"), {"skills": [{"id": "build", "overload_price": 5}]}),
    ],
)
def test_others_are_left_to_other_engines(need: Data, parts: Data) -> None:
    """FTE of people, changing people, two things at once, mixed supply and prices do not suit."""
    assert not suits_unary(staffed([phase("a", 3, need)], [person("X", "build")], **parts))


def test_a_start_is_taken_where_it_holds() -> None:
    """A plan that is handed in comes back as good or better, also where time is over at once."""
    both = [phase("a", 3, heads("build")), phase("b", 4, heads("test"))]
    problem = staffed(both, [person("X", "build", "test")])
    placed = tuple(PhaseDecision(0, start) for start in (2, 5, 0, 0))
    start = Decisions((True,), (placed,))
    assert makespan(problem, start=start) == 7
    hasty = solved(problem, start=start, clock=Clock(0.0))
    assert hasty.status in {Status.FEASIBLE, Status.OPTIMAL, Status.NO_PLAN_FOUND}


@pytest.mark.parametrize("reproducible", [False, True])
def test_who_serves_a_start_goes_on_serving_it(reproducible: bool) -> None:
    """Of people who are alike those of the plan to begin with stay, at its dates."""
    jobs = [phase(name, 2, heads("build")) for name in "abc"]
    problem = staffed(jobs, [person(name, "build") for name in "WXYZ"])
    first = solved(problem)
    assert first.decisions is not None
    others = dict(zip("WXYZ", "ZYXW", strict=True))
    shares = tuple(replace(s, supplier=others[s.supplier]) for s in first.certificate.shares)
    options = {"start": first.decisions, "start_shares": shares, "reproducible": reproducible}
    again = solved(problem, work_limit=20.0, **options)
    assert again.decisions == first.decisions
    assert set(again.certificate.shares) == set(shares)


def test_people_of_a_start_who_may_not_are_replaced() -> None:
    """A start of which somebody has left is served by others."""
    problem = staffed([phase("a", 2, heads("build"))], [person("X", "build"), person("Y", "test")])
    first = solved(problem)
    assert first.decisions is not None
    shares = tuple(replace(s, supplier="Y") for s in first.certificate.shares)
    again = solved(problem, start=first.decisions, start_shares=shares)
    assert workers(again) == {"X"}


def test_a_plan_by_rules_is_there_when_time_is_over_at_once() -> None:
    """Without any time for CP-SAT a plan of two phases in a row comes back."""
    both = [phase("a", 3, heads("build")), phase("b", 4, heads("test"))]
    outcome = solved(staffed(both, [person("X", "build", "test")]), clock=Clock(0.0))
    assert outcome.stages[0].best == 3 + 4
    assert outcome.decisions is not None


def test_work_limits_end_a_reproducible_run() -> None:
    """Two reproducible runs of little work make the same decisions."""
    problem = drawn(random.Random(5), phases=8, people=4)
    runs = [solved(problem, reproducible=True, work_limit=2.0) for _ in range(2)]
    assert runs[0].decisions == runs[1].decisions
    assert all(run.termination in {Termination.PROVED, Termination.WORK_LIMIT} for run in runs)


def test_certificates_of_wrong_people_are_refused() -> None:
    """Two needs at a time by one person, too few heads, or a stranger: no certificate."""
    both = [phase("a", 3, heads("build")), phase("b", 4, heads("test"))]
    crew = Crew(staffed(both, [person("X", "build", "test"), person("Y", "build")]))
    together = Decisions((True,), (tuple(PhaseDecision(0, 0) for _ in range(4)),))
    assert certificate(crew, together, {0: (1,), 1: (0,)}) is not None
    assert certificate(crew, together, {0: (0,), 1: (0,)}) is None
    assert certificate(crew, together, {0: (), 1: (0,)}) is None
    assert certificate(crew, together, {0: (0,), 1: (1,)}) is None


FULL = 100
"""Units of one FTE in these problems."""

# -- against exhaustion ----------------------------------------------------------------------


def drawn(rng: random.Random, phases: int, people: int) -> Problem:
    """Return a random tiny problem of two skills."""
    rows = []
    for number in range(phases):
        needs = [heads(s, rng.randint(1, 2)) for s in ("build", "test") if rng.random() < 0.7]
        rows.append(phase(f"f{number}", rng.randint(1, 3), *needs))
    crew = [
        person(f"w{number}", *rng.choice([("build",), ("test",), ("build", "test")]))
        for number in range(people)
    ]
    if rng.random() < 0.5:
        day = f"2027-01-{rng.randint(4, 8):02}"
        crew[0]["absences"] = [{"first": day, "last": day}]
    links = [{"source": "none", "target": "end"}]
    if rng.random() < 0.5:
        links.append({"source": "f0", "target": "f1"})
    return staffed(rows, crew, periods=14, links=links)


def least_makespan(problem: Problem) -> int | None:
    """Return the least makespan over all starts and all choices of people, None without any."""
    crew = Crew(problem)
    lengths = range(problem.periods + 1)
    return next((end for end in lengths if _can_end(problem, crew, (), frozenset(), end)), None)


def _can_end(
    problem: Problem,
    crew: Crew,
    starts: tuple[int, ...],
    busy: frozenset[tuple[int, int]],
    end: int,
) -> bool:
    """Return whether some plan goes on from the first phases' starts and ends in time."""
    project = problem.projects[0]
    number = len(starts)
    if number == len(project.phases):
        return True
    data = project.phases[number]
    length = data.modes[0].duration
    earliest = data.first_start
    for link in project.inner:
        if link.target == number:
            source = project.phases[link.source].modes[0].duration
            earliest = max(earliest, starts[link.source] + source)
    for start in range(earliest, min(data.last_end, end) - length + 1):
        for chosen in _teams(crew, number):
            slots = frozenset(product(chosen, range(start, start + length)))
            there = all(problem.people[p].available[t] >= FULL for p, t in slots)
            if there and not slots & busy:
                following = (*starts, start)
                if _can_end(problem, crew, following, busy | slots, end):
                    return True
    return False


def _teams(crew: Crew, number: int) -> Iterator[frozenset[int]]:
    """Yield the sets of different people that can serve all needs of a phase."""
    rows = [(ask, crew.able[k]) for k, ask in enumerate(crew.asks) if ask.phase == number]
    choices = [
        combinations([p for g in able for p in crew.groups[g].members], ask.heads)
        for ask, able in rows
    ]
    seen = set()
    for parts in product(*choices):
        team = frozenset(p for part in parts for p in part)
        if len(team) == sum(ask.heads for ask, _ in rows) and team not in seen:
            seen.add(team)
            yield team


@pytest.mark.parametrize("seed", range(50))
def test_least_makespan_is_that_of_exhaustion(seed: int) -> None:
    """On random tiny problems the proven makespan is the least of all plans, if there is one."""
    rng = random.Random(seed)
    problem = drawn(rng, phases=3, people=rng.randint(2, 3))
    expected = least_makespan(problem)
    outcome = solved(problem)
    if expected is None:
        assert outcome.status is Status.INFEASIBLE
    else:
        assert outcome.status is Status.OPTIMAL
        assert outcome.stages[0].best == expected


def trio(heads_each: int = 1) -> Problem:
    """Return five phases of 2 days with three people of one skill."""
    rows = [phase(f"p{k}", 2, heads("build", heads_each)) for k in range(5)]
    return staffed(rows, [person(name, "build") for name in "XYZ"])


def sets_of(problem: Problem) -> Parallel:
    """Return which phases can run at once."""
    found = parallel_phases(Crew(problem))
    assert found is not None
    return found


def test_sets_that_can_run_at_once() -> None:
    """Of five phases that take one of three people each, any three can run, no four."""
    found = sets_of(trio())
    assert set(found.greatest()) == set(combinations(range(5), 3))
    assert set(found.forbidden) == set(combinations(range(5), 4))


def test_links_keep_phases_apart() -> None:
    """Two phases of which one waits for the other are in no set together."""
    rows = [phase(n, 2, heads("build")) for n in "ab"]
    links = [{"source": "a", "target": "b"}, {"source": "b", "target": "end"}]
    people = [person("X", "build"), person("Y", "build")]
    assert sets_of(staffed(rows, people, links=links)).greatest() == [(0,), (1,)]


def test_weights_fill_what_can_run_at_once() -> None:
    """Two of three people each: every phase weighs the whole capacity, 5 x 2 days in a row."""
    problem = trio(2)
    crew = Crew(problem)
    weighted = weighted_resources(crew, sets_of(problem))
    assert [{piece.rate for piece in resource.pieces} for resource in weighted] == [{1}]
    assert all(resource.most == 1 for resource in weighted)
    assert makespan(problem) == 5 * 2


@pytest.mark.parametrize("seed", range(30))
def test_no_possible_set_weighs_too_much(seed: int) -> None:
    """On random tiny problems every possible set keeps every capacity."""
    rng = random.Random(seed)
    crew = Crew(drawn(rng, phases=4, people=rng.randint(2, 4)))
    found = parallel_phases(crew)
    if found is None:
        return
    for resource in weighted_resources(crew, found):
        weight = {(piece.project, piece.phase): piece.rate for piece in resource.pieces}
        for members in found.possible:
            places = [found.places[i] for i in members]
            assert sum(weight.get(place, 0) for place in places) <= resource.most


def handover(**parts: Any) -> Problem:
    """Return a phase that either of two people serves, and one after the other for each alone.

    At every moment of 4 days there are people enough, but somebody would have to hand over.
    """
    rows = [
        phase("a", 2, heads("build")),
        phase("b", 4, heads("test")),
        phase("c", 2, heads("ship")),
    ]
    people = [person("X", "build", "test", **parts), person("Y", "ship", "test")]
    links = [{"source": "a", "target": "c"}, {"source": "none", "target": "end"}]
    skills = [{"id": name} for name in ("build", "test", "ship")]
    return staffed(rows, people, links=links, skills=skills)


def test_who_hands_over_is_found_out() -> None:
    """Starts alone take 4 days; what nobody serves without a handover is forbidden: 6 days."""
    problem = handover()
    crew, parallel = Crew(problem), sets_of(problem)
    options = Options(clock=Clock(60), workers=2)
    relaxation = Relaxation(crew, parallel, capacity(crew, parallel))
    form = stage_forms(problem)[0]
    found = Decomposition(crew, relaxation, form, options, options.clock).run(None)
    assert found.proved
    assert found.bound == 6
    assert makespan(problem) == 6


@pytest.mark.parametrize("reproducible", [False, True])
def test_both_ways_lead_to_one_makespan(reproducible: bool) -> None:
    """Reproducible runs, which leave starts alone out, find 6 days as well."""
    assert makespan(handover(), reproducible=reproducible, work_limit=60) == 6


def test_absences_leave_starts_alone_out() -> None:
    """With somebody away who can serve depends on dates, so cuts by overlaps do not hold."""
    away = [{"first": "2027-01-20", "last": "2027-01-20"}]
    for problem, expected in ((handover(), True), (handover(absences=away), False)):
        assert suits_relaxation(Crew(problem), sets_of(problem)) is expected


def test_a_stop_ends_the_search_for_starts() -> None:
    """A run that was stopped before it began ends at once."""
    clock = Clock(60)
    clock.stop.set()
    outcome = solve_unary(handover(), Options(clock=clock, workers=2))
    assert outcome.termination in {Termination.STOPPED, Termination.PROVED}
