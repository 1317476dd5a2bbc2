"""How much of the time of classes plans by capacity may use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmo_optimizer.model import SupplierKind
from pmo_optimizer.problem import compile_problem
from pmo_scenarios import generate
from pmo_solvers.named.room import FIRST_SLACK, FULL_PART, LEAST_PART, Room


def test_all_of_the_time_is_tried_first() -> None:
    """Before anything was learned no time is left free, so that the first bound counts."""
    assert not Room().slack


def test_names_that_are_not_found_leave_more_free_each_time() -> None:
    """The part falls by the first slack, then on and on, until it is given up."""
    room, parts = Room(), []
    while not room.used_up:
        parts.append(room.part)
        room.learn(staffed=False)
    assert parts[1] == pytest.approx(FULL_PART - FIRST_SLACK)
    assert parts == sorted(set(parts), reverse=True)
    assert parts[-1] >= LEAST_PART > room.part


def test_the_part_is_narrowed_down_from_both_sides() -> None:
    """After names were found it grows, yet stays below every part that failed."""
    room = Room()
    room.learn(staffed=False)
    found = room.part
    for staffed in (True, True, False, True):
        failed = FULL_PART if staffed else room.part
        room.learn(staffed=staffed)
        assert found < room.part < failed


def test_a_part_that_fails_later_is_not_trusted() -> None:
    """Where a plan at a part cannot be staffed after another one could, less is tried."""
    room = Room()
    room.learn(staffed=True)
    assert room.part == FULL_PART
    room.learn(staffed=False)
    assert room.part < FULL_PART


def test_only_classes_lose_time() -> None:
    """Pools keep all they have, classes get the part, rounded down."""
    portfolio = generate(projects=6, periods=6, skills=3, people=8, seed=2)
    problem = compile_problem(portfolio)
    first = problem.suppliers[0]
    problem = replace(
        problem, suppliers=(*problem.suppliers, replace(first, kind=SupplierKind.POOL))
    )
    room = Room()
    room.learn(staffed=False)
    for before, after in zip(problem.suppliers, room.suppliers(problem), strict=True):
        part = room.part if before.kind is SupplierKind.CLASS else FULL_PART
        assert after.available == tuple(int(part * fte) for fte in before.available)
