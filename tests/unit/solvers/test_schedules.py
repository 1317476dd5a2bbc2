"""The schedule search: that it agrees with the exact engine, keeps its promises and ends."""

from __future__ import annotations

import threading
from importlib import import_module
from random import Random
from typing import Any

import pytest

from pmo_optimizer import optimize
from pmo_optimizer.backend import Clock, Options, Outcome
from pmo_optimizer.model import Incumbent, Portfolio, Status, Termination
from pmo_optimizer.problem import Feature, Problem, compile_problem
from pmo_solvers.cp_sat.interval import solve_intervals
from pmo_solvers.cp_sat.interval.verify import certified
from pmo_solvers.schedules import solve_schedules, suits_schedules
from pmo_solvers.schedules.bounds import completions, first_bound
from pmo_solvers.schedules.compile import Compiled
from pmo_solvers.schedules.score import Score
from pmo_solvers.schedules.window_model import Part, WindowModel
from tests.unit.problem_cases import Data
from tests.unit.solvers.interval_cases import crashed, lone, phase, pool, schedule
from tests.unit.solvers.random_schedules import random_schedule
from tests.unit.solvers.test_intervals import differences

MODULE = import_module("pmo_optimizer.optimize")
"""The module; the package's attribute of that name is the function."""

SEEDS = 25
"""Random schedules of a normal run."""

DRILL_SEEDS = 200
"""Random schedules of a drill."""


class ScheduleBackend:
    """The schedule search as an engine."""

    name = "schedules"
    capabilities = frozenset(Feature)
    exact = True

    def versions(self) -> dict[str, str]:
        """Return nothing."""
        return {}

    def solve(self, problem: Problem, options: Options) -> Outcome:
        """Solve a problem that the search must accept."""
        assert suits_schedules(problem)
        return solve_schedules(problem, options)


def searched(subject: Problem, seconds: float = 30, **options: Any) -> Outcome:
    """Return what the search finds."""
    settings: dict[str, Any] = {"clock": Clock(seconds), "workers": 2} | options
    return solve_schedules(subject, Options(**settings))


def packed(count: int, seed: int, longer: int = 0, **parts: Any) -> Problem:
    """Return a project of jobs that compete for ten developers, too many to be proved soon.

    The first job takes so many periods longer.
    """
    dice = Random(seed)
    phases = [
        phase(f"f{n:03}", dice.randint(1, 9) + (0 if n else longer), dice.randint(1, 6))
        for n in range(count)
    ]
    links = [
        {"from": f"f{a:03}", "to": f"f{b:03}"}
        for a in range(count)
        for b in dice.sample(range(a + 1, count), min(2, count - a - 1))
        if b - a < 12
    ]
    project: Data = {"id": "P", "phases": phases, "links": links, "max_gap": None}
    return schedule(project, pools=pool(fte=10), periods=600, **parts)


# -- agreement -----------------------------------------------------------------------------


def _disagreements(monkeypatch: pytest.MonkeyPatch, seed: int, workers: int) -> list[str]:
    portfolio = random_schedule(seed)
    with monkeypatch.context() as patch:
        patch.setattr(MODULE, "load_backend", lambda _name: ScheduleBackend())
        plan = optimize(portfolio, backend="schedules", workers=workers, time_limit=60)
    other = optimize(portfolio, backend="cp-sat", workers=2)
    return differences(portfolio, plan, other)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_search_agrees_with_the_exact_engine(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """On tiny schedules status, objective, and best of every stage are the proved ones."""
    assert _disagreements(monkeypatch, seed, 1 + seed % 3) == []


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(SEEDS, DRILL_SEEDS))
def test_the_search_agrees_on_many(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """The same on further schedules."""
    assert _disagreements(monkeypatch, seed, 1 + seed % 3) == []


@pytest.mark.parametrize("seed", range(0, SEEDS, 2))
def test_simple_bounds_are_below_the_optimum(seed: int) -> None:
    """Paths and energy never promise less than the exact engine finds."""
    problem = compile_problem(random_schedule(seed))
    outcome = solve_intervals(problem, Options(clock=Clock(60), workers=2))
    compiled = Compiled(problem)
    score = Score(compiled)
    bound = first_bound(problem, compiled.resources, score)
    if outcome.status is Status.OPTIMAL and bound is not None:
        best = outcome.stages[0].best
        natural = score.forms[0].natural(bound)
        assert best is not None
        assert natural >= best - 1e-9 if score.forms[0].maximised else natural <= best + 1e-9


def test_works_in_turn_on_one_resource() -> None:
    """Of 6, 2 and 4 units at 2 a day the shortest first end after 1, 3 and 6 days."""
    assert completions([2] * 20, [(0, 6), (0, 2), (0, 4)]) == [1, 1 + 2, 1 + 2 + 3]
    # The long one begins; the short one comes on day 1, takes a day, and the long one goes on.
    assert completions([2] * 20, [(0, 6), (1, 2)]) == [2, 4]
    assert completions([2, 0, 0, 2, 2, 2], [(0, 6), (1, 2)]) == [4, 6]
    assert completions([1], [(0, 3)]) == [2]


def test_projects_that_share_people_are_late_in_turn() -> None:
    """Three projects of four days, all due on day 4: 0 + 4 + 8 days late, proved by energy."""
    due: Data = {"due": 4, "late_price": 0}
    projects = [{**lone(name, 4, 5), **due} for name in "ABC"]
    terms = {"terms": [{"term": "delay"}]}
    problem = schedule(*projects, pools=pool(fte=5), objective=terms)
    compiled = Compiled(problem)
    assert first_bound(problem, compiled.resources, Score(compiled)) == 0 + 4 + 8
    assert searched(problem).stages[0].best == 0 + 4 + 8


# -- what it gives ------------------------------------------------------------------------


def test_work_that_fills_the_grid_is_proved_by_energy() -> None:
    """Three jobs of half the people for 4 days, and two of all for 1, take 2 x 4 + 2 days."""
    jobs = [lone(name, 4, 5) for name in "ABCD"] + [lone(name, 1, 10) for name in "EF"]
    outcome = searched(schedule(*jobs, pools=pool(fte=10)))
    assert (outcome.status, outcome.termination) == (Status.OPTIMAL, Termination.PROVED)
    assert outcome.stages[0].best == outcome.stages[0].bound == 2 * 4 + 2


def test_a_chain_without_gaps_is_one_job() -> None:
    """Two phases of 3 and 2 days with 7 and 4 of ten people, twice: the second waits for 3."""
    chains = [
        {"id": name, "phases": [phase("a", 3, 7), phase("b", 2, 4)], "max_gap": 0}
        for name in ("A", "B")
    ]
    outcome = searched(schedule(*chains, pools=pool(fte=10)))
    assert outcome.stages[0].best == 5 + 5
    assert [len(job.phases) for job in Compiled(schedule(*chains)).shop.jobs] == [2, 2]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_log_gets_better_and_ends_with_the_answer(workers: int) -> None:
    """Incumbents fall, bounds rise, and the last ones are those of the outcome."""
    log: list[Incumbent] = []
    outcome = searched(packed(70, 4), 3, workers=workers, on_progress=log.append)
    values = [line.value for line in log if line.value is not None]
    bounds = [line.bound for line in log if line.bound is not None]
    assert values == sorted(values, reverse=True)
    assert bounds == sorted(bounds)
    assert outcome.stages[0].best == values[-1]
    assert outcome.stages[0].bound == bounds[-1]
    assert {line.source for line in log} >= {"paths and energy"}


def test_a_start_is_never_lost() -> None:
    """With next to no time the plan is at least as good as the one given."""
    problem = packed(70, 4)
    first = searched(problem, 4)
    again = searched(problem, 0.001, start=first.decisions)
    assert again.stages[0].best is not None
    assert first.stages[0].best is not None
    assert again.stages[0].best <= first.stages[0].best


def test_a_start_that_is_no_plan_is_refused() -> None:
    """Starts of another problem, with twice the people, do not fit."""
    wide = searched(schedule(lone("A", 4, 5), lone("B", 4, 5), pools=pool(fte=10)))
    narrow = schedule(lone("A", 4, 5), lone("B", 4, 5), pools=pool(fte=5))
    assert certified(narrow, wide.decisions) is None if wide.decisions else False
    assert searched(narrow, start=wide.decisions).stages[0].best == 8


def test_the_stop_signal_ends_the_search() -> None:
    """Stopped after the first schedule, it ends with a plan long before its hour is over."""
    stop = threading.Event()
    clock = Clock(3600, stop)

    def on_progress(line: Incumbent) -> None:
        if line.value is not None:
            stop.set()

    outcome = searched(packed(90, 2), clock=clock, on_progress=on_progress)
    assert (outcome.status, outcome.termination) == (Status.FEASIBLE, Termination.STOPPED)
    assert outcome.decisions is not None


def test_the_gap_ends_the_search() -> None:
    """With a gap of 90 % the first schedule is good enough."""
    outcome = searched(packed(90, 2), 3600, gap=0.9)
    assert (outcome.status, outcome.termination) == (Status.FEASIBLE, Termination.GAP)


def test_work_limits_repeat_themselves() -> None:
    """In reproducible mode two runs give the same decisions and say so."""
    runs = [
        searched(packed(30, 1), 600, reproducible=True, work_limit=0.5, seed=7) for _ in range(2)
    ]
    assert runs[0].reproducible
    assert runs[0].decisions == runs[1].decisions


def test_what_cannot_be_done_is_proved() -> None:
    """Eight periods are too few for two times five of everyone."""
    problem = schedule(lone("A", 5, 5), lone("B", 5, 5), pools=pool(fte=5), periods=8)
    outcome = searched(problem)
    assert (outcome.status, outcome.decisions) == (Status.INFEASIBLE, None)


def test_funds_limit_ways() -> None:
    """Of three projects that are fast for 9 the fund pays one: the others take six days."""
    fund = [{"id": "F", "amounts": {"total": 17}}]
    projects = [{**crashed(2, 9, 6), "id": name} for name in "ABC"]
    terms = {"terms": [{"term": "cost"}, {"term": "makespan"}]}
    assert searched(schedule(*projects, funds=fund)).stages[0].best == 6
    outcome = searched(schedule(*projects, funds=fund, objective=terms))
    assert [stage.best for stage in outcome.stages] == [0, 6]


def test_delay_comes_before_the_makespan() -> None:
    """The short project that is due goes first, though the other order is no longer."""
    due = {**lone("B", 2, 5), "due": 2, "late_price": 0}
    terms = {"terms": [{"term": "delay"}, {"term": "makespan"}]}
    problem = schedule(lone("A", 4, 5), due, pools=pool(fte=5), objective=terms)
    outcome = searched(problem)
    assert [stage.best for stage in outcome.stages] == [0, 6]
    assert outcome.status is Status.OPTIMAL


# -- windows ------------------------------------------------------------------------------


def window(problem: Problem, starts: list[int], part: Part) -> tuple[WindowModel, Compiled]:
    """Return the model of a part of a schedule in the first ways."""
    compiled = Compiled(problem)
    return WindowModel(compiled, [0] * len(starts), starts, part), compiled


def solution(model: WindowModel) -> tuple[list[int], list[int]] | None:
    """Return ways and starts of a model, None where there are none."""
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    status = solver.solve(model.cp)
    return model.schedule(solver) if status in {cp_model.OPTIMAL, cp_model.FEASIBLE} else None


def test_a_window_makes_room_for_what_follows() -> None:
    """A hole of a day between A and B goes: B moves a day, and C after it moves too."""
    link = {"from": "B", "to": "C"}
    jobs = [lone("A", 2, 5), lone("B", 2, 5), lone("C", 2, 5)]
    problem = schedule(*jobs, pools=pool(fte=5), links=[link])
    model, compiled = window(problem, [0, 3, 5], Part({1}, {2}, 2, 4))
    assert model.possible
    assert solution(model) == ([0, 0, 0], [0, 2, 4])
    assert Score(compiled).holds([0, 0, 0], [0, 2, 4])


def test_a_window_without_a_hole_cannot_be_shortened() -> None:
    """What is full stays as long as it is; what does not fit by itself is said at once."""
    jobs = [lone("A", 2, 5), lone("B", 2, 5), lone("C", 2, 5)]
    problem = schedule(*jobs, pools=pool(fte=5))
    model, _ = window(problem, [0, 2, 4], Part({1}, {2}, 2, 4))
    assert solution(model) is None
    model, _ = window(problem, [0, 2, 4], Part({0}, {2}, 0, 4))
    assert not model.possible


def test_projects_are_placed_better_while_others_stay() -> None:
    """Free A and B change places for the sake of B, which is due, around C, which stays."""
    due = {**lone("B", 2, 5), "due": 2, "late_price": 0}
    terms = {"terms": [{"term": "delay"}]}
    jobs = [lone("A", 4, 5), due, lone("C", 3, 5)]
    problem = schedule(*jobs, pools=pool(fte=5), objective=terms)
    model, _ = window(problem, [0, 4, 6], Part({0, 1}, set(), 0, 20))
    model.improve(4)
    found = solution(model)
    assert found is not None
    first, second, third = found[1]
    assert (second, third) == (0, 6)
    assert first == 2 or first >= 9


def test_portfolios_that_need_more_are_refused() -> None:
    """A free selection and priced lateness are for other engines."""
    late = {**lone("A", 2), "due": 1, "late_price": 3}
    assert not suits_schedules(schedule(late))
    assert not suits_schedules(schedule(lone("A", 2, decision="free")))
    assert suits_schedules(schedule(lone("A", 2)))
    assert isinstance(random_schedule(0), Portfolio)
