"""Batches of solves: starts, progress, stops, and what happens when a solve fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from pmo_optimizer import (
    EngineError,
    Plan,
    Portfolio,
    Status,
    Termination,
    Unsupported,
    optimize,
)
from pmo_scenarios import generate, pools, runs
from pmo_scenarios.runs import Job, Options, Step, run_jobs, shares
from pmo_scenarios.series import Batches

QUICK = Options(time_limit=20, workers=1, backend="milp")


def knapsack(budget: int) -> Portfolio:
    """Return three projects of cost 6, 5 and 5, worth 7, 5 and 4."""
    costs = {"A": (7, 6), "B": (5, 5), "C": (4, 5)}
    return Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "funds": [{"id": "budget", "amounts": {"total": budget}}],
            "projects": [
                {"id": name, "value": value, "costs": [{"lump": cost}]}
                for name, (value, cost) in costs.items()
            ],
        }
    )


@pytest.fixture
def threads() -> Iterator[Executor]:
    """Return an executor of two threads, which saves the start of processes."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_every_job_has_its_plan_in_order(threads: Executor) -> None:
    """Plans come by key in the order of the jobs; progress counts them."""
    jobs = [Job(str(budget), knapsack(budget), QUICK) for budget in (16, 11, 10)]
    steps: list[Step] = []
    plans = run_jobs(jobs, executor=threads, on_progress=steps.append)
    assert [(key, plan.objective) for key, plan in plans.items()] == [
        ("16", 7 + 5 + 4),
        ("11", 7 + 5),
        ("10", 5 + 4),
    ]
    assert [(step.done, step.total) for step in steps] == [(1, 3), (2, 3), (3, 3)]


def test_a_job_that_starts_from_another_waits_for_it(
    threads: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The follower begins with the plan of the job that it names; infeasible ones give none."""
    seen: dict[str, tuple[str, ...] | None] = {}

    def spy(portfolio: Portfolio, **options: Any) -> Plan:
        start = options["start"]
        seen[portfolio.name] = None if start is None else start.selected
        return optimize(portfolio, **options)

    monkeypatch.setattr(runs, "optimize", spy)
    base = knapsack(10)
    clash = Portfolio.parse(
        base.to_data()
        | {"projects": [p | {"decision": "must"} for p in base.to_data()["projects"]]}
    )
    named = {n: base.model_copy(update={"name": n}) for n in ("late", "base", "free")}
    jobs = [
        Job("late", named["late"], QUICK, "base"),
        Job("base", named["base"], QUICK),
        Job("clash", clash, QUICK),
        Job("free", named["free"], QUICK, "clash"),
    ]
    plans = run_jobs(jobs, executor=threads)
    assert list(plans) == ["late", "base", "clash", "free"]
    assert plans["clash"].status is Status.INFEASIBLE
    assert seen == {"base": None, "late": ("B", "C"), "portfolio": None, "free": None}


def test_a_start_must_name_a_job() -> None:
    """An unknown start, or one key for two jobs, is a mistake of the caller."""
    with pytest.raises(ValueError, match="nobody"):
        run_jobs([Job("a", knapsack(10), QUICK, "nobody")])
    with pytest.raises(ValueError, match="one key"):
        run_jobs([Job("a", knapsack(10), QUICK)] * 2)


def test_stopped_before_it_begins_nothing_runs(threads: Executor) -> None:
    """With the stop set there are no plans, and no error."""
    stop = threading.Event()
    stop.set()
    assert run_jobs([Job("a", knapsack(10), QUICK)], executor=threads, stop=stop) == {}


def test_ctrl_c_keeps_what_is_there() -> None:
    """An interrupt after the first solve ends the batch with it, and without those waiting."""

    def interrupt(step: Step) -> None:
        if step.done == 1:
            raise KeyboardInterrupt

    jobs = [Job("first", knapsack(10), QUICK)]
    jobs += [Job(str(number), knapsack(10), QUICK, "first") for number in range(3)]
    with ThreadPoolExecutor(1) as pool:
        plans = run_jobs(jobs, executor=pool, on_progress=interrupt)
    assert list(plans) == ["first"]


def test_a_stop_reaches_solves_that_run(threads: Executor) -> None:
    """Two solves that would take minutes end with their best plans."""
    large = generate(projects=60, periods=24, skills=8, seed=1)
    options = Options(time_limit=500, workers=1, backend="cp-sat")
    stop = threading.Event()
    timer = threading.Timer(4, stop.set)
    timer.start()
    plans = run_jobs(
        [Job("a", large, options), Job("b", large, options)], executor=threads, stop=stop
    )
    timer.join()
    assert [plan.termination for plan in plans.values()] == [Termination.STOPPED] * 2
    assert all(plan.seconds < options.time_limit / 2 for plan in plans.values())


def test_an_engine_that_fails_is_a_plan_that_says_so(
    threads: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One failure does not end the batch."""

    def break_one(portfolio: Portfolio, **options: Any) -> Plan:
        if portfolio.name == "broken":
            raise EngineError("it fell over")
        return optimize(portfolio, **options)

    monkeypatch.setattr(runs, "optimize", break_one)
    broken = knapsack(10).model_copy(update={"name": "broken"})
    plans = run_jobs(
        [Job("broken", broken, QUICK), Job("fine", knapsack(10), QUICK)], executor=threads
    )
    assert plans["broken"].status is Status.FAILED
    assert plans["broken"].message == "it fell over"
    assert plans["fine"].objective == 5 + 4


ERRORS = (MemoryError("no room"), ValueError("odd"), SystemExit(3), Unsupported("no such thing"))
"""Errors of many kinds, none of them foreseen by the engine."""


def failing(error: BaseException, *names: str) -> Callable[..., Plan]:
    """Return a way to solve that ends in an error for portfolios of some names."""

    def solve(portfolio: Portfolio, **options: Any) -> Plan:
        if portfolio.name in names:
            raise error
        return optimize(portfolio, **options)

    return solve


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_of_one_solve_loses_no_other_result(
    threads: Executor, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """The solve has failed and names the error; the others, and those that waited, are there."""
    monkeypatch.setattr(runs, "optimize", failing(error, "broken"))
    broken = knapsack(10).model_copy(update={"name": "broken"})
    jobs = [
        Job("broken", broken, QUICK),
        Job("after", knapsack(11), QUICK, start="broken", bound="broken"),
        Job("fine", knapsack(10), QUICK),
    ]
    steps: list[Step] = []
    plans = run_jobs(jobs, executor=threads, on_progress=steps.append)
    assert (plans["after"].objective, plans["fine"].objective) == (7 + 5, 5 + 4)
    failed = plans["broken"]
    assert (failed.status, failed.termination) == (Status.FAILED, Termination.CRASH)
    assert f"{type(error).__name__}: {error}" in failed.message
    assert len(steps) == len(jobs)


def test_an_error_of_every_solve_of_an_engine_is_raised(
    threads: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with each of them is a mistake, also beside solves of another engine."""
    names = ("a", "b")
    monkeypatch.setattr(runs, "optimize", failing(TypeError("a mistake"), *names))
    jobs = [Job(n, knapsack(10).model_copy(update={"name": n}), QUICK) for n in names]
    other = Job("other", knapsack(10), Options(time_limit=20, workers=1, backend="ranking"))
    with pytest.raises(TypeError, match="a mistake"):
        run_jobs([*jobs, other], executor=threads)


def test_memory_that_is_short_is_an_answer_also_of_a_single_solve(
    threads: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no mistake of the code, so that there is always a plan that says so."""
    monkeypatch.setattr(runs, "optimize", failing(MemoryError("no room"), "broken"))
    broken = knapsack(10).model_copy(update={"name": "broken"})
    plans = run_jobs([Job("broken", broken, QUICK)], executor=threads)
    assert plans["broken"].status is Status.FAILED


def test_an_error_of_a_later_batch_loses_no_earlier_result(
    threads: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a series of batches an engine that has answered before may fail once."""
    monkeypatch.setattr(runs, "optimize", failing(TypeError("a mistake"), "broken"))
    broken = Job("broken", knapsack(10).model_copy(update={"name": "broken"}), QUICK)
    with Batches(threads) as batches:
        assert batches.run([Job("fine", knapsack(11), QUICK)])["fine"].found
        assert batches.run([broken])["broken"].status is Status.FAILED
    with Batches(threads) as batches, pytest.raises(TypeError, match="a mistake"):
        batches.run([broken])


def test_an_unknown_engine_ends_the_batch(threads: Executor) -> None:
    """What is wrong with every solve is an error, not a table of failures."""
    with pytest.raises(Unsupported, match="abacus"):
        run_jobs([Job("a", knapsack(10), Options(backend="abacus"))], executor=threads)


class Dying(Executor):
    """Executor that dies in solves of the portfolio ``deadly``, so often; others die with it."""

    def __init__(self, left: list[int], *, others_wait: bool) -> None:
        self.left = left
        self.others_wait = others_wait
        self.running: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run at once, wait to die, or die."""
        future: Future[Any] = Future()
        self.running.append(future)
        if args[0].name == "deadly" and self.left[0] > 0:
            self.left[0] -= 1
            for one in self.running:
                if not one.done():
                    one.set_exception(BrokenExecutor("killed"))
        elif not self.others_wait:
            future.set_result(fn(*args, **kwargs))
        return future


@pytest.mark.parametrize(("deaths", "ends"), [(1, Status.OPTIMAL), (2, Status.FAILED)])
def test_a_process_that_dies_loses_no_other_result(
    monkeypatch: pytest.MonkeyPatch, deaths: int, ends: Status
) -> None:
    """The dead solve is tried once more, alone; whatever comes of it, the other one is there."""
    left = [deaths]
    made: list[Executor] = []

    def make(number: int) -> Executor:
        made.append(Dying(left, others_wait=not made))
        return made[-1]

    monkeypatch.setattr(pools, "own_processes", make)
    deadly = knapsack(10).model_copy(update={"name": "deadly"})
    plans = run_jobs([Job("fine", knapsack(11), QUICK), Job("deadly", deadly, QUICK)])
    assert (plans["fine"].objective, plans["deadly"].status) == (7 + 5, ends)


def test_by_default_it_runs_in_processes() -> None:
    """Without an executor the plans are those of the same solves in this process."""
    jobs = [Job(str(budget), knapsack(budget), QUICK) for budget in (10, 11)]
    plans = run_jobs(jobs, processes=2)
    assert [plans[key].selected for key in ("10", "11")] == [("B", "C"), ("A", "B")]
    assert plans["10"].digest == knapsack(10).digest()


@pytest.mark.parametrize("workers", range(1, 12))
@pytest.mark.parametrize("solves", [1, 2, 5, 20])
def test_workers_are_shared_out_and_not_more(solves: int, workers: int) -> None:
    """Threads of all solves that run at once are at most those there are, and two each if so."""
    processes, threads = shares(solves, workers)
    assert processes * threads <= workers
    assert threads >= min(2, workers)
    assert processes <= solves


def test_a_bound_of_another_job_ends_a_solve_and_counts(threads: Executor) -> None:
    """A tighter budget takes over the bound of the wider one; the heuristic then proves its gap."""
    quick = Options(time_limit=20, workers=1, backend="ranking", gap=0.5)
    jobs = [
        Job("tight", knapsack(10), quick, bound="wide"),
        Job("wide", knapsack(11), QUICK),
        Job("given", knapsack(16), quick, bound=16.0),
    ]
    plans = run_jobs(jobs, executor=threads)
    assert plans["tight"].bound == plans["wide"].objective == 12
    assert plans["tight"].gap is not None
    assert 0 < plans["tight"].gap <= 0.5
    assert plans["given"].status is Status.OPTIMAL
    assert (plans["given"].bound, plans["given"].gap) == (16, 0)


def test_a_bound_that_a_plan_beats_is_a_failure(threads: Executor) -> None:
    """A wrong bound is worse than none: the solve says so and has no plan."""
    plans = run_jobs([Job("A", knapsack(16), QUICK, bound=15.0)], executor=threads)
    assert plans["A"].status is Status.FAILED
    assert "contradicts a bound of 15.0" in plans["A"].message


def test_a_bound_changes_nothing_where_there_is_no_plan(threads: Executor) -> None:
    """What is infeasible stays so."""
    data = knapsack(5).to_data()
    data["projects"] = [p | {"decision": "must"} for p in data["projects"]]
    plans = run_jobs([Job("A", Portfolio.parse(data), QUICK, bound=16.0)], executor=threads)
    assert plans["A"].status is Status.INFEASIBLE
    assert plans["A"].bound is None


def test_a_bound_of_the_first_term_leaves_the_later_ones_to_be_optimized(
    threads: Executor,
) -> None:
    """With terms in order the solve does not end at the first one's bound."""
    data = knapsack(10).to_data() | {"objective": {"terms": [{"term": "value"}, {"term": "cost"}]}}
    plans = run_jobs([Job("A", Portfolio.parse(data), QUICK, bound=9.0)], executor=threads)
    assert plans["A"].status is Status.OPTIMAL
    assert [term.best for term in plans["A"].terms] == [9, 10]


def test_the_best_of_several_starts_is_taken(
    threads: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of plans worth 5, 7 + 5 and none, a job that names all three begins with 7 + 5."""
    seen: dict[str, tuple[str, ...] | None] = {}

    def spy(portfolio: Portfolio, **options: Any) -> Plan:
        start = options["start"]
        seen[portfolio.name] = None if start is None else start.selected
        return optimize(portfolio, **options)

    monkeypatch.setattr(runs, "optimize", spy)
    every = knapsack(10).to_data()
    every["projects"] = [project | {"decision": "must"} for project in every["projects"]]
    jobs = [
        Job("all", knapsack(16).model_copy(update={"name": "all"}), QUICK, ("5", "none", "11")),
        Job("5", knapsack(5), QUICK),
        Job("11", knapsack(11), QUICK),
        Job("none", Portfolio.parse(every), QUICK),
    ]
    run_jobs(jobs, executor=threads)
    assert seen["all"] == ("A", "B")
    with pytest.raises(ValueError, match="unknown starts"):
        run_jobs([Job("a", knapsack(5), QUICK, ("5", "a"))], executor=threads)


class Broken(ThreadPoolExecutor):
    """An executor whose processes have died after the first solve."""

    def __init__(self) -> None:
        super().__init__(1)
        self.left = 1

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        """Take one call, and refuse all others."""
        self.left -= 1
        if self.left < 0:
            raise BrokenExecutor("gone")
        return super().submit(*args, **kwargs)


def test_an_executor_that_breaks_between_solves_loses_no_result() -> None:
    """What was solved stays; the others have failed, and say so."""
    jobs = [Job("A", knapsack(16), QUICK), Job("B", knapsack(11), QUICK, start="A")]
    with Broken() as pool:
        plans = run_jobs(jobs, executor=pool)
    assert plans["A"].objective == 16
    assert plans["B"].status is Status.FAILED
    assert "died" in plans["B"].message


class Cancelling(ThreadPoolExecutor):
    """An executor that cancels what it takes, as a cluster does whose scheduler is lost."""

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return a future that is cancelled."""
        future: Future[Any] = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future


def test_what_an_executor_cancels_has_failed() -> None:
    """A lost cluster is no wish to stop."""
    with Cancelling(1) as pool:
        plans = run_jobs([Job("A", knapsack(16), QUICK)], executor=pool)
    assert plans["A"].status is Status.FAILED
    assert "cancelled" in plans["A"].message


def test_batches_on_one_pool_try_again_and_know_of_ctrl_c(
    monkeypatch: pytest.MonkeyPatch, threads: Executor
) -> None:
    """A death in a later batch loses nothing; after Ctrl-C no further batch begins."""
    left, made = [1], list[Executor]()

    def make(number: int) -> Executor:
        made.append(Dying(left, others_wait=False))
        return made[-1]

    monkeypatch.setattr(pools, "own_processes", make)
    deadly = knapsack(10).model_copy(update={"name": "deadly"})
    with Batches() as batches:
        first = batches.run([Job("fine", knapsack(11), QUICK)])
        second = batches.run([Job("deadly", deadly, QUICK)])
    assert [first["fine"].status, second["deadly"].status] == [Status.OPTIMAL] * 2
    assert len(made) == 2

    def interrupt(_step: Step) -> None:
        raise KeyboardInterrupt

    batches = Batches(threads, on_progress=interrupt)
    assert batches.run([Job("a", knapsack(11), QUICK)])["a"].status is Status.OPTIMAL
    assert batches.over
    assert batches.run([Job("b", knapsack(10), QUICK)]) == {}
