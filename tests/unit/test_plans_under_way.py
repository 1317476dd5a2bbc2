"""Plans before the end: refereed, better each time, and never in the way of the search."""

from __future__ import annotations

import threading

import pytest

from pmo_optimizer import Plan, Portfolio, Status, Termination, optimize, referee
from pmo_scenarios import generate, load_pack

ENGINES = ("cp-sat", "hybrid", "milp")

ENOUGH = 3
"""Plans after which a search is stopped."""


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    """Return a portfolio that takes longer than the tests allow."""
    return load_pack("digital")


@pytest.mark.parametrize("backend", ENGINES)
def test_plans_on_the_way_are_refereed_and_each_is_better_than_the_last(
    backend: str, portfolio: Portfolio
) -> None:
    """Each plan keeps every rule, beats the last, and carries no bound that it disproves."""
    seen: list[Plan] = []
    enough = threading.Event()

    def look(plan: Plan) -> None:
        seen.append(plan)
        if len(seen) == ENOUGH:
            enough.set()

    final = optimize(
        portfolio, backend=backend, time_limit=15, workers=2, on_plan=look, stop=enough
    )
    values = [plan.objective for plan in seen if plan.objective is not None]
    assert values
    assert len(values) == len(seen)
    assert values == sorted(set(values))
    for plan in seen:
        assert (plan.status, plan.termination) == (Status.FEASIBLE, Termination.STOPPED)
        assert plan.digest == final.digest
        assert not referee.check(portfolio, plan).violations
        assert plan.bound is None or plan.objective is None or plan.bound >= plan.objective


def test_named_plans_on_the_way_are_fully_staffed() -> None:
    """A named plan is shown only once everybody is named."""
    portfolio = generate(projects=12, periods=12, skills=3, people=20, named=True, seed=1)
    seen: list[Plan] = []
    enough = threading.Event()

    def look(plan: Plan) -> None:
        seen.append(plan)
        if len(seen) == ENOUGH:
            enough.set()

    optimize(portfolio, time_limit=6, workers=2, staffing="named", on_plan=look, stop=enough)
    assert seen
    assert all(plan.fully_staffed for plan in seen)
    assert not any(referee.check(portfolio, plan).violations for plan in seen)


def test_an_error_in_the_callers_function_is_raised_after_the_search(
    portfolio: Portfolio,
) -> None:
    """An error of the caller's is not lost in a thread."""

    def refuse(_plan: Plan) -> None:
        raise LookupError("nobody is at home")

    with pytest.raises(LookupError, match="nobody is at home"):
        optimize(portfolio, backend="hybrid", time_limit=4, on_plan=refuse)


def test_a_slow_listener_gets_the_latest_plan_and_no_queue(portfolio: Portfolio) -> None:
    """Whoever is slow misses plans, and holds nothing up."""
    release = threading.Event()
    seen: list[Plan] = []

    def slowly(plan: Plan) -> None:
        seen.append(plan)
        release.wait(3)

    optimize(portfolio, time_limit=5, workers=2, on_plan=slowly)
    assert 1 <= len(seen) <= 3


def test_watching_plans_changes_nothing_in_reproducible_mode() -> None:
    """The same decisions come out, watched or not."""
    portfolio = generate(projects=10, periods=10, skills=2, seed=3)
    seen: list[Plan] = []
    watched = optimize(portfolio, time_limit=1, workers=2, reproducible=True, on_plan=seen.append)
    alone = optimize(portfolio, time_limit=1, workers=2, reproducible=True)
    assert watched.projects == alone.projects
