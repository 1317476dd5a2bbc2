"""Limits, signals, progress and starts: how a run may end, and what is known by then."""

from __future__ import annotations

from itertools import pairwise
from threading import Event, Timer

import pytest

from pmo_optimizer import referee
from pmo_optimizer.model import Incumbent, Plan, Status, Termination
from tests.contract.builders import parsed
from tests.contract.cases.hard import covering, knapsack, knapsack_optimum
from tests.contract.solving import TOLERANCE, best, close, run

HARD = knapsack(60)
SMALL = knapsack(12)

UNPROVED = {Status.FEASIBLE, Status.NO_PLAN_FOUND}


def check_unproved(plan: Plan, *reasons: Termination) -> None:
    """Assert that a run ended early, and that all it says is consistent."""
    assert plan.status in UNPROVED
    assert plan.termination in reasons
    assert (plan.objective is not None) == (plan.status is Status.FEASIBLE)
    assert referee.check(parsed(HARD), plan).violations == ()
    if plan.objective is not None and plan.bound is not None:
        assert plan.bound >= plan.objective


def test_a_stop_before_the_call_ends_it(engine: str) -> None:
    """With the signal set beforehand there is a quick plan or none, and the reason is told."""
    stop = Event()
    stop.set()
    check_unproved(run(HARD, engine, stop=stop), Termination.STOPPED)


def test_a_stop_during_the_call_ends_it(engine: str) -> None:
    """A signal from another thread ends the search with the best plan so far."""
    stop = Event()
    timer = Timer(0.3, stop.set)
    timer.start()
    check_unproved(run(HARD, engine, stop=stop), Termination.STOPPED)
    timer.join()


def test_a_stop_from_the_progress_callback_keeps_the_plan(engine: str) -> None:
    """A signal set at the first incumbent gives a plan that is at least as good as that."""
    stop, values = Event(), []

    def at_first(line: Incumbent) -> None:
        if line.value is not None:
            values.append(line.value)
            stop.set()

    plan = run(HARD, engine, stop=stop, on_progress=at_first)
    check_unproved(plan, Termination.STOPPED)
    assert plan.objective is not None
    assert plan.objective >= values[0] - TOLERANCE


@pytest.mark.parametrize("seconds", [1e-9, 1e-3, 1e-2])
def test_a_tiny_time_limit_is_no_error(engine: str, seconds: float) -> None:
    """Where the time is over before anything is found, the plan says so."""
    check_unproved(run(HARD, engine, time_limit=seconds), Termination.TIME_LIMIT)


def test_an_infinite_time_limit_is_allowed(engine: str) -> None:
    """Without a limit the search ends with the proof."""
    plan = run(SMALL, engine, time_limit=float("inf"))
    assert (plan.status, plan.termination) == (Status.OPTIMAL, Termination.PROVED)


def test_the_optimum_is_proved(engine: str) -> None:
    """The best selection among all 4096, with bound and gap to match."""
    plan = best(SMALL, engine)
    assert plan.termination is Termination.PROVED
    assert plan.objective == knapsack_optimum(12)
    assert plan.gap == close(0)


def test_a_gap_ends_the_search(engine: str) -> None:
    """With a gap of 0.2 the plan is within 20 % of its bound, and the bound holds."""
    plan, optimum = run(SMALL, engine, gap=0.2), knapsack_optimum(12)
    assert plan.termination in {Termination.GAP, Termination.PROVED}
    assert plan.objective is not None
    assert plan.bound is not None
    assert plan.gap is not None
    assert plan.gap <= 0.2
    assert plan.objective <= optimum <= plan.bound + TOLERANCE
    assert (plan.status is Status.OPTIMAL) == (plan.gap <= 1e-6)
    assert (plan.termination is Termination.PROVED) == (plan.gap <= 1e-6)


def check_progress(lines: list[Incumbent], plan: Plan, sign: int) -> None:
    """Assert that a log is in order; the sign is -1 where less is better."""
    assert lines == list(plan.incumbents)
    seconds = [line.seconds for line in lines]
    assert seconds == sorted(seconds)
    values = [sign * line.value for line in lines if line.value is not None]
    assert values
    room = TOLERANCE * max(1.0, abs(values[-1]))
    assert all(later >= earlier - room for earlier, later in pairwise(values))
    assert plan.objective is not None
    assert sign * plan.objective >= values[-1] - room
    bounds = [sign * line.bound for line in lines if line.bound is not None]
    assert all(bound >= sign * plan.objective - room for bound in bounds)


def test_progress_is_in_order(engine: str) -> None:
    """Seconds ascend, values improve, and no bound is ever on the wrong side of a value."""
    lines: list[Incumbent] = []
    plan = run(HARD, engine, time_limit=1, on_progress=lines.append)
    check_progress(lines, plan, 1)
    assert plan.incumbents[-1].seconds <= plan.seconds


def test_progress_is_in_order_where_less_is_better(engine: str) -> None:
    """The same for a minimised term: as cheap as possible for half of the value."""
    lines: list[Incumbent] = []
    plan = run(covering(60), engine, time_limit=1, on_progress=lines.append)
    check_progress(lines, plan, -1)
