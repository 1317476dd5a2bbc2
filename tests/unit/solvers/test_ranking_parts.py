"""Parts of the rankings: flows that grow, what is taken back, schedules by finish."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmo_optimizer.backend import Clock, Decisions, PhaseDecision
from pmo_optimizer.checks import require_valid
from pmo_optimizer.problem import compile_problem
from pmo_scenarios import generate
from pmo_solvers.flows import Arc, min_cost_flow
from pmo_solvers.hybrid.starts import Starts
from pmo_solvers.ranking.journal import Journal
from pmo_solvers.ranking.network import Network, Pot
from pmo_solvers.ranking.shapes import Schedules, by_bucket, running_total, windows
from pmo_solvers.time_indexed import build
from tests.brute.random_portfolio import larger_portfolio
from tests.unit import problem_cases

SEEDS = 12
"""Random portfolios whose schedules are looked at."""

Demands = list[tuple[int, int]]


@st.composite
def crews(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int]], Demands]:
    """Return what people have, who can do which task, and tasks with amounts."""
    have = draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
    pairs = st.tuples(st.integers(0, len(have) - 1), st.integers(0, 2))
    able = sorted(draw(st.sets(pairs, max_size=8)))
    asked = draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3)), max_size=6))
    return have, able, asked


def crew_pot(have: list[int], able: list[tuple[int, int]], journal: Journal) -> tuple[Pot, int]:
    """Return a pot with a node for each person and, from the returned one on, three tasks."""
    network = Network()
    for _ in have:
        network.node(supplied=True)
    capacity: list[float] = list(have)
    tasks = [network.node() for _ in range(3)]
    for person, task in able:
        network.arc(person, tasks[task])
        capacity.append(inf)
    return Pot(network, capacity, journal), tasks[0]


@settings(max_examples=300, deadline=None)
@given(crews())
def test_a_pot_takes_exactly_what_can_be_served(
    crew: tuple[list[int], list[tuple[int, int]], Demands],
) -> None:
    """Amounts are taken one by one if and only if a flow serves them with all taken before."""
    have, able, asked = crew
    journal = Journal()
    pot, first = crew_pot(have, able, journal)
    taken = [0, 0, 0]
    for task, amount in asked:
        wanted = [n + amount * (k == task) for k, n in enumerate(taken)]
        arcs = [Arc(person, len(have) + k, 99) for person, k in able]
        possible = min_cost_flow(arcs, [*have, *(-n for n in wanted)]) is not None
        known = pot.room.get(first + task, inf)
        assert known >= amount or not possible
        mark = journal.mark
        assert pot.take([(first + task, amount)]) == possible
        if possible:
            taken = wanted
            journal.settle()
        else:
            journal.back(mark)
            pot.learn()
            assert pot.room[first + task] < amount


def test_gains_count() -> None:
    """Two halves of a person at proficiency 0.5 serve a quarter each."""
    network = Network()
    person = network.node(supplied=True)
    tasks = [network.node(), network.node()]
    for task in tasks:
        network.arc(person, task, 0.5)
    pot = Pot(network, [1, inf, inf], Journal())
    assert pot.take([(tasks[0], 0.25)])
    assert pot.take([(tasks[1], 0.25)])
    assert not pot.take([(tasks[0], 0.01)])


def test_people_are_moved_to_where_only_they_can_work() -> None:
    """Who serves one task leaves it to a colleague at another proficiency for the next one."""
    network = Network()
    both, other = network.node(supplied=True), network.node(supplied=True)
    first, second = network.node(), network.node()
    network.arc(both, first)
    network.arc(other, first, 0.5)
    network.arc(both, second)
    capacity: list[float] = [1, 2, inf, inf, inf]
    pot = Pot(network, capacity, Journal())
    assert pot.take([(first, 1)])
    assert pot.take([(second, 1)])
    assert not pot.take([(second, 0.1)])


def test_a_journal_takes_back() -> None:
    """Values come back in order, also where one was set twice; what is settled stays."""
    journal = Journal()
    numbers, names = [1, 2], {"a": "x"}
    journal.set(numbers, 0, 5)
    journal.settle()
    mark = journal.mark
    journal.set(numbers, 0, 6)
    journal.set(numbers, 0, 7)
    journal.set(names, "a", "y")
    assert not journal.clean
    journal.back(mark)
    assert (numbers, names, journal.clean) == ([5, 2], {"a": "x"}, True)


@given(
    st.dictionaries(st.integers(0, 6), st.integers(1, 9), max_size=5),
    st.integers(0, 5),
    st.lists(st.integers(-1, 2), min_size=4, max_size=8),
)
def test_running_totals_fall_into_buckets(
    amounts: dict[int, int], start: int, buckets: list[int]
) -> None:
    """Amounts by offset add up per bucket of their period; those off the grid are left out."""
    wanted = dict.fromkeys(range(3), 0)
    for offset, amount in amounts.items():
        if start + offset < len(buckets) and buckets[start + offset] >= 0:
            wanted[buckets[start + offset]] += amount
    found = dict.fromkeys(range(3), 0)
    for bucket, amount in by_bucket(running_total(amounts), start, windows(tuple(buckets))):
        found[bucket] += amount
    assert found == wanted


@pytest.mark.parametrize("usual", [False, True])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_schedules_are_allowed_and_come_by_finish(seed: int, usual: bool) -> None:
    """Every candidate is a schedule of the time-indexed model, the first the earliest there."""
    portfolio = larger_portfolio(seed)
    require_valid(portfolio)
    problem = compile_problem(portfolio)
    schedule = build(problem).schedule
    schedules = Schedules(problem)
    count = len(problem.projects)
    for project in problem.projects:
        if project.fixed == 0:
            continue
        found = list(schedules.candidates(project, usual=usual))
        for candidate in found:
            alone = Decisions(
                tuple(index == project.index for index in range(count)),
                tuple(
                    candidate.decisions() if index == project.index else ()
                    for index in range(count)
                ),
            )
            assert schedule.encode(alone) is not None
            start = schedule.event(project.index, -1, finish=False)
            finish = schedule.event(project.index, -1, finish=True)
            assert candidate.start in start
            assert candidate.finish in finish
        patterns = schedule.patterns[project.index]
        assert bool(patterns) <= bool(found)
        if patterns and not usual:
            assert found[0].finish == min(pattern.finish for pattern in patterns)
            assert [c.finish for c in found] == sorted(c.finish for c in found)
        if found and usual:
            modes = [candidate.shape.modes for candidate in found]
            first = modes.count(modes[0])
            assert modes[:first] == [modes[0]] * first


@pytest.mark.parametrize("seed", range(3))
def test_a_plan_that_is_followed_comes_out_again(seed: int) -> None:
    """Most projects of a plan that fits are selected again, and placed as there.

    Not all: they enter in another order, in which a rule may refuse one for good.
    """
    subject = compile_problem(generate(projects=30, periods=18, skills=5, seed=seed))
    starts = Starts(subject, Clock(float("inf")))
    for decisions, value in starts.rankings():
        found = starts.followed(decisions)
        assert found is not None
        again, worth = found
        both = [p for p, own in enumerate(decisions.selected) if own and again.selected[p]]
        assert len(both) >= 0.8 * sum(decisions.selected)
        assert worth >= 0.8 * value
        kept = sum(again.phases[p] == decisions.phases[p] for p in both)
        assert kept >= 0.8 * len(both)


@pytest.mark.parametrize("worthy", ["A", "C"])
def test_where_less_fits_than_before_the_worthiest_stay(worthy: str) -> None:
    """Of three projects that a plan had, the fund pays for two now: the least worthy goes."""
    score = {name: 9 if name == worthy else 5 for name in "AC"} | {"B": 7}
    projects = [
        problem_cases.project(name, 1, costs=[{"lump": 10}]) | {"value": score[name]}
        for name in "ABC"
    ]
    funds = [{"id": "fund", "amounts": {"total": 20}}]
    subject = problem_cases.problem(projects=projects, funds=funds)
    before = problem_cases.decided(subject, A=0, B=0, C=0)
    found = Starts(subject, Clock(float("inf"))).followed(before)
    assert found is not None
    inside = {p.id for p, own in zip(subject.projects, found[0].selected, strict=True) if own}
    assert inside == {worthy, "B"}


def test_a_placement_that_breaks_a_rule_is_not_wanted() -> None:
    """Only what a project's own windows, order and modes allow is taken as it is."""
    two_phases = problem_cases.project("A", 2, 3)
    subject = problem_cases.problem(
        projects=[two_phases], calendar={"start": "2027-01-01", "periods": 8}
    )
    schedules, own = Schedules(subject), subject.projects[0]
    placed = [PhaseDecision(0, 1), PhaseDecision(0, 3)]
    found = schedules.wanted(own, tuple(placed))
    assert found is not None
    assert (found.start, found.finish, found.decisions()) == (1, 6, tuple(placed))
    for wrong in (
        (PhaseDecision(0, 1), PhaseDecision(0, 4)),  # a gap
        (PhaseDecision(0, 1), PhaseDecision(0, 2)),  # too early
        (PhaseDecision(0, 5), PhaseDecision(0, 7)),  # too late
        (PhaseDecision(1, 1), PhaseDecision(0, 3)),  # no such mode
        (PhaseDecision(0, 1),),
        (),
    ):
        assert schedules.wanted(own, wrong) is None
