"""Plans near the best one: what is listed, how they differ, and why there are no more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import pytest

from pmo_optimizer import Plan, Portfolio, Status, optimize, referee
from pmo_scenarios import Alternatives, Ended, alternatives, runs
from pmo_scenarios.runs import Step
from tests.scenarios.test_runs import knapsack


@pytest.fixture
def threads() -> Iterator[Executor]:
    """Return an executor of two threads, which saves the start of processes."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def found(pool: Executor, portfolio: Portfolio, **options: Any) -> Alternatives:
    """Return alternatives by an exact engine."""
    settings: dict[str, Any] = {"time_limit": 20, "workers": 1, "backend": "milp"} | options
    return alternatives(portfolio, executor=pool, **settings)


def test_plans_come_best_first_until_none_is_good_enough(threads: Executor) -> None:
    """Of a budget of 11: AB 12, AC 11, BC 9; within a quarter (9) there are no others."""
    result = found(threads, knapsack(11), within=0.25)
    assert [(p.objective, p.selected) for p in result.plans] == [
        (7 + 5, ("A", "B")),
        (7 + 4, ("A", "C")),
        (5 + 4, ("B", "C")),
    ]
    assert (result.best, result.bound, result.floor) == (12, 12, 12 * 0.75)
    assert (result.ended, result.reason) == (Ended.PROVED, "")
    assert result.distances == ((0, 2, 2), (2, 0, 2), (2, 2, 0))
    assert result.core == ()
    assert {(c.project, c.plans) for c in result.optional} == {("A", 2), ("B", 2), ("C", 2)}
    second = result.plans[1]
    assert (second.enters, second.leaves) == (("C",), ("B",))
    assert (second.behind, second.behind_at_most, second.within_best_possible) == (1, 1, True)


def test_more_differences_leave_fewer_plans(threads: Executor) -> None:
    """With three differences nothing within a quarter stands beside AB but C alone, which is 4."""
    result = found(threads, knapsack(11), within=0.9, differences=3)
    assert [p.selected for p in result.plans] == [("A", "B"), ("C",)]
    assert found(threads, knapsack(11), within=0.25, differences=3).ended is Ended.PROVED
    assert found(threads, knapsack(11), differences=4).reason.startswith("fewer projects")


def test_enough_plans_are_enough(threads: Executor) -> None:
    """Two are wanted, two are listed; all of them select A."""
    result = found(threads, knapsack(11), plans=2, within=0.25)
    assert (len(result.plans), result.ended, result.core) == (2, Ended.ENOUGH, ("A",))


def test_every_plan_is_one_of_the_portfolio(threads: Executor) -> None:
    """The referee accepts each plan for the portfolio itself, bound and gap included."""
    portfolio = knapsack(11)
    for entry in found(threads, portfolio, within=0.5).plans:
        assert entry.plan is not None
        report = referee.check(portfolio, entry.plan)
        assert not report.violations
        assert not referee.disagreements(entry.plan, report)
        assert entry.plan.bound == 12
        assert (entry.plan.status is Status.OPTIMAL) is (entry.objective == 12)


def test_cheap_plans_are_near_where_cost_is_minimised(threads: Executor) -> None:
    """At least one of 6, 5 and 5: the best costs 5, and a fifth more allows 6."""
    data = knapsack(20).to_data()
    data["objective"] = {"terms": [{"term": "cost"}]}
    data["choose"] = [{"id": "some", "projects": ["A", "B", "C"], "min": 1, "max": 3}]
    result = found(threads, Portfolio.parse(data), within=0.2)
    assert sorted(p.selected for p in result.plans) == [("A",), ("B",), ("C",)]
    assert [p.objective for p in result.plans] == [5, 5, 6]
    assert (result.floor, result.ended) == (5 * 1.2, Ended.PROVED)
    assert [p.behind for p in result.plans] == [0, 0, 1]


def test_decided_and_done_projects_do_not_differ(threads: Executor) -> None:
    """With A a must and D done, only B and C are left to choose from."""
    data = knapsack(16).to_data()
    data["projects"][0]["decision"] = "must"
    data["projects"].append({"id": "D", "value": 1, "state": "done"})
    result = found(threads, Portfolio.parse(data), within=0.9, plans=9)
    assert len(result.plans) == 2 * 2
    assert set(result.core) == {"A", "D"}
    assert result.ended is Ended.PROVED


def test_the_tolerance_of_the_first_term_gives_way(threads: Executor) -> None:
    """A tolerance of half the value for less cost is not taken: the best plan comes first."""
    data = knapsack(11).to_data()
    data["objective"] = {"terms": [{"term": "value", "rel_tol": 0.5}, {"term": "cost"}]}
    result = found(threads, Portfolio.parse(data), plans=2)
    assert result.best == 7 + 5


def test_without_any_plan_there_are_no_alternatives(threads: Executor) -> None:
    """Two musts of 6 + 5 in a budget of 10: the first solve says it."""
    data = knapsack(10).to_data()
    for entry in data["projects"][:2]:
        entry["decision"] = "must"
    result = found(threads, Portfolio.parse(data))
    assert (result.status, result.ended, result.plans) == (Status.INFEASIBLE, Ended.NO_BEST, ())
    assert result.best is None


def test_what_is_not_proved_is_open(threads: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A further solve that ends without plan and bound proves nothing."""

    def short(portfolio: Portfolio, **options: Any) -> Plan:
        plan = optimize(portfolio, **options)
        if not portfolio.choose:
            return plan
        lost = {"status": Status.NO_PLAN_FOUND, "objective": None, "bound": None, "projects": ()}
        return plan.model_copy(update=lost)

    monkeypatch.setattr(runs, "optimize", short)
    result = found(threads, knapsack(11))
    assert (len(result.plans), result.ended) == (1, Ended.OPEN)
    assert "no_plan_found" in result.reason


@pytest.mark.parametrize(
    ("wanted", "listed", "ended"),
    [(1, 1, Ended.ENOUGH), (2, 2, Ended.ENOUGH), (3, 2, Ended.PROVED)],
)
def test_what_falls_behind_is_replaced(
    threads: Executor, monkeypatch: pytest.MonkeyPatch, wanted: int, listed: int, ended: Ended
) -> None:
    """The first solve ends with BC (9) alone; AB (12) leaves it behind by more than a tenth."""

    def poor(portfolio: Portfolio, **options: Any) -> Plan:
        if portfolio.choose:
            return optimize(portfolio, **options)
        data = portfolio.to_data()
        data["projects"][0]["decision"] = "never"
        plan = optimize(Portfolio.parse(data), **options)
        known = {"digest": portfolio.digest(), "status": Status.FEASIBLE, "bound": 12.0}
        return plan.model_copy(update=known)

    monkeypatch.setattr(runs, "optimize", poor)
    result = found(threads, knapsack(11), within=0.1, plans=wanted)
    expected = [("B", "C")] if wanted == 1 else [("A", "B"), ("A", "C")]
    assert [p.selected for p in result.plans] == expected
    assert (len(result.plans), result.ended) == (listed, ended)
    assert all(p.bound is not None and p.objective <= p.bound for p in result.plans)


@pytest.mark.parametrize(
    ("termination", "ended"), [("time_limit", Ended.LIMIT), ("memory_limit", Ended.OPEN)]
)
def test_a_limit_that_ran_out_is_said(
    threads: Executor, monkeypatch: pytest.MonkeyPatch, termination: str, ended: Ended
) -> None:
    """A further solve without a plan tells time that ran out from an end of another kind."""

    def short(portfolio: Portfolio, **options: Any) -> Plan:
        if not portfolio.choose:
            return optimize(portfolio, **options)
        return Plan(status=Status.NO_PLAN_FOUND, termination=termination)

    monkeypatch.setattr(runs, "optimize", short)
    result = found(threads, knapsack(11))
    assert (len(result.plans), result.ended) == (1, ended)
    assert termination in result.reason


def test_a_stop_keeps_the_plans_that_are_there(threads: Executor) -> None:
    """After the second solve the search ends, with two plans."""
    stop = threading.Event()

    def end(step: Step) -> None:
        if step.done == 2:
            stop.set()

    result = found(threads, knapsack(11), within=0.9, stop=stop, on_progress=end)
    assert (len(result.plans), result.ended) == (2, Ended.STOPPED)


def test_alternatives_are_a_frame_and_json(threads: Executor) -> None:
    """One row per project, one column per plan; JSON reads back as the same."""
    result = found(threads, knapsack(11), plans=2, within=0.25)
    frame = result.to_frame()
    assert frame["project"].tolist() == ["A", "B", "C"]
    assert frame["plan-2"].tolist() == [True, False, True]
    assert frame["plans"].tolist() == [2, 1, 1]
    again = Alternatives.model_validate_json(result.to_json())
    assert again.to_data() == result.to_data()


@pytest.mark.parametrize(
    "options", [{"plans": 0}, {"differences": 0}, {"within": 1.0}, {"within": -0.1}]
)
def test_options_out_of_range_are_refused(threads: Executor, options: dict[str, Any]) -> None:
    """Numbers that mean nothing are mistakes of the caller."""
    with pytest.raises(ValueError, match="must be at least"):
        found(threads, knapsack(11), **options)


def test_reproducible_alternatives_repeat_themselves(threads: Executor) -> None:
    """The same input gives the same plans."""
    first, second = (
        found(threads, knapsack(11), within=0.25, reproducible=True, time_limit=5) for _ in range(2)
    )
    assert [p.selected for p in first.plans] == [p.selected for p in second.plans]
