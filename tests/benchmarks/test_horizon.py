"""The grid: long enough for a best schedule, no longer than a simple schedule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.horizon import horizon
from benchmarks.network import Activity, ActivityMode, Job, Network
from pmo_optimizer import TermName


def work(name: str, duration: int, units: int, *after: int, money: int = 0) -> Activity:
    """Return an activity of one mode on the resource R, drawing on the budget N."""
    return Activity(name, (ActivityMode(duration, {"R": units}, {"N": money}),), after)


def network(*jobs: Job, capacity: int = 2, budget: int = 9) -> Network:
    """Return projects that share R and N."""
    return Network("network", jobs, {"R": capacity}, {"N": budget})


def test_single_schedule_is_as_long_as_it_is() -> None:
    """Where the capacity leaves one order, the grid is that schedule's makespan."""
    job = Job("A", (work("a", 3, 2), work("b", 2, 1, 0), work("c", 2, 1, 0)))
    assert horizon(network(job)) == 3 + 2


def test_release_moves_the_grid() -> None:
    """A project that is released in 10 and takes 3 needs 13 periods."""
    assert horizon(network(Job("A", (work("a", 3, 2),), release=10))) == 10 + 3


def test_delay_needs_room_for_the_delay_of_all() -> None:
    """With delays minimised, no project of a best schedule ends after its due date + all delay.

    One after the other the two end in 3 and 6; with due dates of 3 that is 3 late in all.
    """
    jobs = [Job(name, (work("a", 3, 2),), due=3) for name in "AB"]
    late = replace(network(*jobs), terms=(TermName.DELAY, TermName.MAKESPAN))
    assert horizon(late) == 3 + 3


def test_modes_are_exchanged_until_the_budget_holds() -> None:
    """Two jobs, fast for 4 or slow for 2 units of money of which there are 6: 2 + 5 periods."""
    modes = (ActivityMode(2, {"R": 1}, {"N": 4}), ActivityMode(5, {"R": 1}, {"N": 2}))
    job = Job("A", (Activity("a", modes), Activity("b", modes, (0,))))
    assert horizon(network(job, budget=6)) == 2 + 5


def test_without_a_schedule_the_longest_modes_in_a_row_bound_it() -> None:
    """Where no modes within the budget are found, the grid holds all longest modes in a row."""
    job = Job("A", (work("a", 3, 1, money=5), work("b", 4, 1, money=5)))
    assert horizon(network(job, budget=6)) == 3 + 4


def test_modes_that_fit_nowhere_are_left_out() -> None:
    """A fast mode that asks for more than the capacity does not shorten the grid."""
    modes = (ActivityMode(1, {"R": 3}, {}), ActivityMode(4, {"R": 2}, {}))
    assert horizon(network(Job("A", (Activity("a", modes),)))) == 4


def test_a_cycle_is_an_error() -> None:
    """Activities that wait for each other are refused."""
    with pytest.raises(ValueError, match="cycle"):
        horizon(network(Job("A", (work("a", 1, 1, 1), work("b", 1, 1, 0)))))
