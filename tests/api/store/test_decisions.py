"""Decisions: which moves there are, what they pin, that history only grows."""

from __future__ import annotations

from hashlib import sha256
from itertools import product

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pmo_optimizer.service.store.database import Database
from pmo_optimizer.service.store.errors import Conflict, NotFound
from pmo_optimizer.service.store.records import DecisionRecord, DecisionState, RunState
from tests.api.store.conftest import FACTS, World

D = DecisionState

PATHS: dict[DecisionState, tuple[DecisionState, ...]] = {
    D.DRAFT: (),
    D.PROPOSED: (D.PROPOSED,),
    D.APPROVED: (D.PROPOSED, D.APPROVED),
    D.BASELINE: (D.PROPOSED, D.APPROVED, D.BASELINE),
    D.REJECTED: (D.PROPOSED, D.REJECTED),
}

LEGAL = {
    (D.DRAFT, D.PROPOSED),
    (D.DRAFT, D.REJECTED),
    (D.PROPOSED, D.APPROVED),
    (D.PROPOSED, D.REJECTED),
    (D.APPROVED, D.BASELINE),
    (D.APPROVED, D.REJECTED),
}


def begun(world: World) -> DecisionRecord:
    """Return a new decision."""
    plan = world.ended().plan_id
    assert plan is not None
    return world.store.create_decision(
        "a", plan, "Plan 2027", actor="ann", why="first", versions={"ortools": "9.15"}
    )


def move(world: World, id: str, state: DecisionState) -> DecisionRecord:
    """Move a decision."""
    return world.store.move_decision("a", id, state, actor="bob", why="so", versions={})


@pytest.mark.parametrize(("start", "goal"), list(product(D, D)))
def test_only_the_listed_moves_are_possible(
    world: World, start: DecisionState, goal: DecisionState
) -> None:
    """Each pair of states: a move that is not listed changes nothing."""
    decision = begun(world)
    for state in PATHS[start]:
        decision = move(world, decision.id, state)
    if (start, goal) in LEGAL:
        moved = move(world, decision.id, goal)
        assert moved.state is goal
        assert moved.events[:-1] == decision.events
        assert (moved.events[-1].from_state, moved.events[-1].to_state) == (start, goal)
        return
    with pytest.raises(Conflict) as refused:
        move(world, decision.id, goal)
    assert refused.value.reason == "illegal_move"
    assert world.store.decision("a", decision.id) == decision


def test_a_decision_pins_what_it_was_taken_on(world: World) -> None:
    """Input, plan, versions, bound and gap; and it tells who, when and why."""
    decision = begun(world)
    (event,) = decision.events
    assert (event.seq, event.from_state, event.to_state) == (1, None, D.DRAFT)
    assert (event.actor, event.why, event.at) == ("ann", "first", decision.created)
    assert event.pins.input_digest == FACTS.digest
    assert event.pins.plan_digest == sha256(b'{"plan": 1}').hexdigest()
    assert event.pins.versions == {"ortools": "9.15"}
    assert (event.pins.bound, event.pins.gap) == (FACTS.bound, FACTS.gap)
    assert world.store.decision("a", decision.id) == decision


def test_overrides_are_kept_with_what_they_cost(world: World) -> None:
    """As the client wrote them, in its order."""
    decision = begun(world)
    overrides = [{"project": "P1", "cost": 12.5}, {"project": "P2", "cost": 0}]
    moved = world.store.move_decision(
        "a", decision.id, D.PROPOSED, actor="b", why="", versions={}, overrides=overrides
    )
    assert list(moved.events[-1].overrides) == overrides


def test_a_plan_that_may_be_replaced_cannot_be_decided_on(world: World) -> None:
    """Its run must have ended; how does not matter."""
    run = world.claimed()
    plan = world.store.keep_plan(run.id, 1, "{}", FACTS)
    with pytest.raises(Conflict) as refused:
        world.store.create_decision("a", plan, "t", actor="x", why="", versions={})
    assert refused.value.reason == "not_ended"
    world.store.finish(run.id, 1, RunState.SUCCEEDED)
    world.store.create_decision("a", plan, "t", actor="x", why="", versions={})


def test_decisions_are_listed_by_state_and_plan(world: World) -> None:
    """Newest first."""
    first, second = begun(world), begun(world)
    move(world, first.id, D.PROPOSED)
    listed = world.store.decisions
    assert [found.id for found in listed("a").items] == [second.id, first.id]
    assert [found.id for found in listed("a", D.PROPOSED).items] == [first.id]
    assert [found.id for found in listed("a", plan_id=second.plan_id).items] == [second.id]


def test_a_plan_that_was_changed_behind_its_back_is_refused(world: World) -> None:
    """The digest that was pinned is compared at each move."""
    decision = begun(world)
    database = Database(world.address)
    with database.write() as connection:
        connection.execute(text("UPDATE plans SET document = '{}'"))
    database.close()
    with pytest.raises(Conflict) as refused:
        move(world, decision.id, D.PROPOSED)
    assert refused.value.reason == "plan_changed"


@pytest.mark.parametrize("path", [(D.REJECTED,), (D.PROPOSED, D.REJECTED)])
def test_a_rejected_draft_keeps_neither_its_plan_nor_its_run(
    world: World, path: tuple[DecisionState, ...]
) -> None:
    """It stays itself, with its history and the digest of what it was about."""
    decision = begun(world)
    run = world.store.plan("a", decision.plan_id).run_id
    for state in path:
        decision = move(world, decision.id, state)
    world.store.delete_run("a", run)
    assert world.store.decision("a", decision.id) == decision
    with pytest.raises(NotFound):
        world.store.plan("a", decision.plan_id)


def test_what_was_approved_once_keeps_its_run_though_it_is_rejected(world: World) -> None:
    """And so does a draft beside a rejected one."""
    for path in ((D.PROPOSED, D.APPROVED, D.REJECTED), (D.PROPOSED,), ()):
        decision = begun(world)
        run = world.store.plan("a", decision.plan_id).run_id
        for state in path:
            move(world, decision.id, state)
        other = world.store.create_decision(
            "a", decision.plan_id, "other", actor="x", why="", versions={}
        )
        move(world, other.id, D.REJECTED)
        with pytest.raises(Conflict) as refused:
            world.store.delete_run("a", run)
        assert refused.value.reason == "pinned"


def test_a_new_baseline_and_the_one_it_replaces_name_each_other(world: World) -> None:
    """So that one baseline of a portfolio counts; those of other portfolios are left alone."""
    made = []
    for _ in range(3):
        decision = begun(world)
        for state in PATHS[D.BASELINE]:
            decision = move(world, decision.id, state)
        made.append(decision.id)
    found = [world.store.decision("a", id) for id in made]
    assert [one.events[-1].replaces for one in found] == [None, made[0], made[1]]
    assert [one.replaced_by for one in found] == [made[1], made[2], None]
    assert {one.state for one in found} == {D.BASELINE}
    world.portfolios.clear()
    other = begun(world)
    for state in PATHS[D.BASELINE]:
        other = move(world, other.id, state)
    assert other.events[-1].replaces is None
    assert world.store.decision("a", made[2]).replaced_by is None


def test_a_move_tells_the_name_of_the_key_beside_its_id(world: World) -> None:
    """As it was then; ids alone tell a board nothing."""
    decision = begun(world)
    moved = world.store.move_decision(
        "a", decision.id, D.PROPOSED, actor="key_1", actor_name="Ann", why="", versions={}
    )
    assert [(e.actor, e.actor_name) for e in moved.events] == [("ann", None), ("key_1", "Ann")]


@pytest.mark.parametrize("table", ["decision_events", "audit"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET actor = 'x'"])
def test_the_database_refuses_to_change_history(world: World, table: str, change: str) -> None:
    """Not only the store: whoever holds a connection is refused."""
    begun(world)
    world.store.audit("a", "x", "y", "z", "r", {})
    database = Database(world.address)
    with pytest.raises(DBAPIError, match="append-only"), database.write() as connection:
        connection.execute(text(change.format(table)))
    database.close()
