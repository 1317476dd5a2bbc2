"""How runs end that something interrupts: no time to build, an error of a helper, wrong bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from pmo_optimizer import optimize
from pmo_optimizer.backend import Clock, Decisions, Options, Outcome
from pmo_optimizer.decode import start_of
from pmo_optimizer.model import Incumbent, Portfolio, Status, Termination
from pmo_optimizer.problem import compile_problem
from pmo_scenarios import generate
from pmo_solvers.cp_sat import CpSatBackend
from pmo_solvers.cp_sat.interval import stages
from pmo_solvers.hybrid import HybridBackend
from pmo_solvers.hybrid import engine as engine_module
from pmo_solvers.hybrid.space import Space
from pmo_solvers.hybrid.starts import Starts
from pmo_solvers.milp import MilpBackend
from pmo_solvers.milp.translate import Translation
from pmo_solvers.schedules import crew
from pmo_solvers.schedules.board import Board
from pmo_solvers.schedules.compile import Compiled
from pmo_solvers.schedules.engine import Run
from pmo_solvers.schedules.score import Score
from pmo_solvers.schedules.windows import Windows
from pmo_solvers.time_indexed import driver
from pmo_solvers.time_indexed.build import build
from pmo_solvers.time_indexed.linear import OutOfTime
from tests.unit.solvers.test_schedules import packed, searched


def large() -> Portfolio:
    """Return a portfolio with thousands of columns and rows."""
    return generate(projects=40, periods=24, skills=4, seed=0)


def test_building_ends_with_the_clock() -> None:
    """Without time, or after a stop, no model is built and none is translated."""
    problem = compile_problem(large())
    with pytest.raises(OutOfTime):
        build(problem, Clock(0.0))
    stop = threading.Event()
    stop.set()
    with pytest.raises(OutOfTime):
        build(problem, Clock(3600.0, stop))
    indexed = build(problem, Clock(3600.0))
    with pytest.raises(OutOfTime):
        Translation(indexed.model, indexed.stages[0], (), (), Clock(0.0))


@pytest.mark.parametrize("engine", [CpSatBackend(), MilpBackend()])
def test_exact_engines_without_time_to_build_have_no_plan(
    engine: CpSatBackend | MilpBackend,
) -> None:
    """The outcome says so; it is no error."""
    outcome = engine.solve(compile_problem(large()), Options(clock=Clock(0.0)))
    assert (outcome.status, outcome.termination) == (
        Status.NO_PLAN_FOUND,
        Termination.TIME_LIMIT,
    )


def test_the_hybrid_engine_without_time_to_build_has_the_plan_of_a_ranking() -> None:
    """A stop at the first plan, which rankings find, leaves that plan."""
    stop = threading.Event()
    options = Options(clock=Clock(3600.0, stop), on_progress=lambda _line: stop.set())
    outcome = HybridBackend().solve(compile_problem(large()), options)
    assert (outcome.status, outcome.termination) == (Status.FEASIBLE, Termination.STOPPED)
    assert outcome.word.startswith("ranking")


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_an_error_in_a_helper_ends_the_schedule_search(
    monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """Whatever the error is and whichever thread has it, the caller gets it, long before time."""

    def broken(_self: Windows) -> None:
        raise ArithmeticError("planted")

    monkeypatch.setattr(Windows, "run", broken)
    with pytest.raises(ArithmeticError, match="planted"):
        searched(packed(70, 4), seconds=6, workers=workers)


def test_a_bound_that_a_schedule_disproves_is_dropped() -> None:
    """Neither an older nor a newer bound stays that is worse than a schedule at hand."""
    problem = packed(20, 1)
    outcome = searched(problem, 2)
    assert outcome.decisions is not None
    compiled = Compiled(problem)
    score = Score(compiled)
    placed = compiled.placed(outcome.decisions)
    assert placed is not None
    key = score.of(outcome.decisions)
    before = Board(score, Clock(60.0), Options(clock=Clock(60.0)))
    assert before.prove(key[0] + 1, "wrong")
    assert before.offer(*placed, key, "right")
    assert before.bound is None
    assert not before.prove(key[0] + 1, "wrong")
    assert before.prove(key[0], "right")
    assert before.closed


def test_mip_solves_with_other_numbers_of_threads_do_not_disturb_each_other() -> None:
    """Four solves at once, with one and two threads by turns, all end with the same optimum."""
    portfolio = generate(projects=12, periods=10, skills=3, seed=1)

    def solved(workers: int) -> float | None:
        plan = optimize(portfolio, backend="milp", workers=workers, time_limit=120)
        assert plan.status is Status.OPTIMAL
        return plan.objective

    with ThreadPoolExecutor(4) as pool:
        values = list(pool.map(solved, [1, 2, 1, 2]))
    assert values == pytest.approx([values[0]] * 4)


@pytest.mark.parametrize("seed", [3, 5])
def test_no_plan_is_worse_than_the_best_ranking(seed: int) -> None:
    """Stopped as soon as the exact engine begins, the run ends with the best that it has shown."""
    stop = threading.Event()
    log: list[float] = []

    def listen(line: Incumbent) -> None:
        if line.value is not None:
            log.append(line.value)
        if line.source != "ranking":
            stop.set()

    subject = generate(projects=14, periods=18, skills=5, seed=seed)
    plan = optimize(subject, backend="hybrid", time_limit=60, stop=stop, on_progress=listen)
    assert plan.objective is not None
    assert plan.objective >= max(log) - 1e-6  # CP-SAT streams rounded values


@pytest.mark.parametrize("wait", [0.0, 0.05])
def test_a_start_is_followed_where_there_is_no_time(wait: float) -> None:
    """With a start and a stop before the model is built there still is a plan."""
    subject = large()
    first = optimize(subject, backend="ranking")
    stop = threading.Event()
    timer = threading.Timer(wait, stop.set)
    timer.start()
    plan = optimize(subject, backend="hybrid", time_limit=60, start=first, stop=stop)
    timer.join()
    assert plan.found
    assert plan.termination is Termination.STOPPED


def hiring() -> Portfolio:
    """Return two projects of which only one can be done without a hire, which costs nothing."""
    need = {"skill": "dev", "fte": 1}
    return Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 3},
            "skills": [{"id": "dev"}],
            "people": [{"id": "ann", "skills": {"dev": 1}}],
            "hires": [{"id": "developer", "skill": "dev", "max_heads": 1}],
            "projects": [
                {"id": name, "value": value, "phases": [{"duration": 3, "needs": [need]}]}
                for name, value in (("A", 5), ("B", 3))
            ],
        }
    )


@pytest.mark.parametrize("late", [build, Space], ids=["model", "search"])
def test_no_plan_is_worse_than_its_start_where_there_is_no_time(
    monkeypatch: pytest.MonkeyPatch, late: Callable[..., object]
) -> None:
    """Time that ends while the model or the search is made leaves the start, hires and all."""
    subject = hiring()
    first = optimize(subject, backend="cp-sat", time_limit=30, workers=2)
    assert first.objective == pytest.approx(8)
    stop = threading.Event()
    calls: list[object] = []

    def stopped(*given: object) -> object:
        calls.append(given)
        if len(calls) > 1:
            return late(*given)
        stop.set()
        raise OutOfTime

    monkeypatch.setattr(engine_module, late.__name__, stopped)
    problem = compile_problem(subject)
    options = Options(clock=Clock(60, stop), start=start_of(problem, first))
    outcome = HybridBackend(exact_entries=0).solve(problem, options)
    assert calls
    assert (outcome.status, outcome.termination) == (Status.FEASIBLE, Termination.STOPPED)
    assert outcome.decisions is not None
    assert outcome.decisions.heads == ((0, 0, 1),)
    assert outcome.stages[0].best == pytest.approx(8)


def test_a_start_that_is_no_plan_is_followed_where_there_is_no_time() -> None:
    """A start whose hire is gone is not taken as it is: one of its projects goes."""
    first = optimize(hiring(), backend="cp-sat", time_limit=30, workers=2)
    data = hiring().to_data()
    del data["hires"]
    problem = compile_problem(Portfolio.parse(data))
    stop = threading.Event()
    stop.set()
    start = start_of(problem, first)
    outcome = HybridBackend().solve(problem, Options(clock=Clock(60, stop), start=start))
    assert outcome.decisions is not None
    assert outcome.decisions.selected == (True, False)
    assert outcome.stages[0].best == pytest.approx(5)


@pytest.mark.parametrize(
    ("owner", "solve", "select"),
    [
        (engine_module._Run, HybridBackend(exact_entries=0).solve, True),
        (driver, MilpBackend().solve, True),
        (stages.Run, stages.solve_intervals, False),
    ],
    ids=["hybrid", "milp", "intervals"],
)
def test_a_proof_of_the_first_term_alone_is_no_proof(
    monkeypatch: pytest.MonkeyPatch, owner: object, solve: Callable[..., Outcome], select: bool
) -> None:
    """Stopped when the first of two terms is proved, a plan is feasible, and was stopped."""
    stop = threading.Event()
    name = "_finish_stage" if owner is driver else "_record"
    record = getattr(owner, name)

    def stopped(*given: object, **more: object) -> None:
        record(*given, **more)
        stop.set()

    monkeypatch.setattr(owner, name, stopped)
    data = {**hiring().to_data(), "objective": {"terms": [{"term": "value"}, {"term": "cost"}]}}
    if not select:
        data["projects"] = [{**p, "decision": "must"} for p in data["projects"]]
        del data["hires"]
        data["calendar"] = {**data["calendar"], "periods": 6}
        data["objective"] = {"terms": [{"term": "makespan"}, {"term": "delay"}]}
    problem = compile_problem(Portfolio.parse(data))
    outcome = solve(problem, Options(clock=Clock(60, stop)))
    assert outcome.stages[0].best == outcome.stages[0].bound
    assert len(outcome.stages) == 1
    assert (outcome.status, outcome.termination) == (Status.FEASIBLE, Termination.STOPPED)


def test_a_bound_is_known_without_a_schedule() -> None:
    """Where no schedule is found in time, the bound that paths and energy prove still counts."""
    problem = packed(20, 1)
    found = searched(problem, 2)
    run = Run(Compiled(problem), Options(clock=Clock(60.0)), 0.0)
    run.board.prove(3, "paths and energy")
    outcome = run.planless()
    assert (outcome.status, outcome.decisions) == (Status.NO_PLAN_FOUND, None)
    assert outcome.stages[0].bound == run.score.forms[0].natural(3)
    assert found.stages[0].best is not None
    assert outcome.stages[0].bound <= found.stages[0].best


def test_an_order_that_no_longer_fits_is_followed() -> None:
    """Where a phase is longer than in the plan to begin with, the plan's order comes first."""
    first = searched(packed(70, 4), 1)
    assert first.decisions is not None
    log: list[Incumbent] = []
    changed = packed(70, 4, longer=3)
    outcome = searched(changed, 1, start=first.decisions, on_progress=log.append)
    values = [line for line in log if line.value is not None]
    assert values[0].source == "start"
    assert outcome.stages[0].best is not None


def test_errors_while_schedules_are_taken_come_out() -> None:
    """What the caller's own code raises in a thread that talks to a process ends the run."""

    def listen(line: Incumbent) -> None:
        if line.source.startswith("population "):
            raise ArithmeticError("planted")

    with pytest.raises(ArithmeticError, match="planted"):
        searched(packed(120, 3), 20, on_progress=listen)


def test_processes_that_fail_are_on_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """A breeding process that ends with an error stops nothing, and the engine's word tells."""
    monkeypatch.setattr(crew, "PROGRAM", "import sys; sys.exit(3)")
    outcome = searched(packed(70, 4), 2)
    assert outcome.decisions is not None
    assert "1 of 1 processes ended with an error" in outcome.word


@pytest.mark.parametrize("workers", [1, 2])
def test_a_plan_that_no_longer_fits_is_followed_too(
    monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """Where one more project must be in, the plan is mended, and one that follows it is made."""
    portfolio = generate(projects=14, periods=18, skills=5, seed=3)
    first = optimize(portfolio, backend="ranking")
    data = portfolio.to_data()
    outside = next(
        p for p in data["projects"] if p["id"] not in first.selected and "decision" not in p
    )
    changed = Portfolio.parse(
        {
            **data,
            "projects": [
                {**p, "decision": "must"} if p is outside else p for p in data["projects"]
            ],
        }
    )
    problem = compile_problem(changed)
    followed = Starts.followed
    made: list[bool] = []

    def watched(self: Starts, start: Decisions) -> tuple[Decisions, float] | None:
        found = followed(self, start)
        made.append(found is not None)
        return found

    monkeypatch.setattr(Starts, "followed", watched)
    start = start_of(problem, first)
    options = Options(clock=Clock(6), gap=0.2, workers=workers, seed=0, start=start)
    outcome = HybridBackend(exact_entries=0).solve(problem, options)
    assert made == [True]
    assert outcome.decisions is not None
