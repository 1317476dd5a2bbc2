"""Runs as their tenants see them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.errors import Conflict, Fenced, LimitReached, NotFound
from pmo_optimizer.service.store.records import Failure, FailureCode, RunState
from tests.api.store.conftest import FACTS, World


def states(store: Store, run_id: str) -> list[str]:
    """Return the states that the events of a run tell."""
    return [event.data["state"] for event in store.events("a", run_id) if event.type == "state"]


def test_a_new_run_waits_in_the_queue(world: World) -> None:
    """It holds what it was given, and no attempt was made."""
    portfolio = world.portfolio()
    scenario = world.store.create_scenario("a", portfolio.id, "cut", "[1]")
    made = world.queued(
        kind="compare", scenario_id=scenario.id, scenario_document="[1]", parameters={"x": [1, 2.5]}
    )
    assert world.store.run("a", made.id) == made
    assert (made.state, made.attempt, made.kind) == (RunState.QUEUED, 0, "compare")
    assert (made.scenario_document, made.parameters) == ("[1]", {"x": [1, 2.5]})
    assert not made.state.terminal


def test_a_run_keeps_its_scenario_though_it_is_deleted(world: World) -> None:
    """What is planned does not change after the run was accepted."""
    scenario = world.store.create_scenario("a", world.portfolio().id, "cut", "[1]")
    made = world.queued(scenario_id=scenario.id, scenario_document="[1]")
    world.store.delete_scenario("a", scenario.id)
    assert world.store.run("a", made.id).scenario_document == "[1]"


def test_a_run_of_what_is_not_there_is_refused(world: World) -> None:
    """No portfolio, no such revision, a scenario of another portfolio, no such plan."""
    other = world.store.create_portfolio("a", "two", "{}", "d", "ann")
    foreign = world.store.create_scenario("a", other.id, "cut", "[]")
    gone = "pl_" + "x" * 22
    own = world.portfolio().id
    for portfolio, revision in ((own, 2), (own, 2**64), (own, 0), ("pf_" + "x" * 22, 1)):
        with pytest.raises(NotFound):
            world.store.create_run(
                "a", "solve", portfolio, revision, parameters={}, digest="d", queued_limit=9
            )
    with pytest.raises(NotFound):
        world.queued(scenario_id=foreign.id)
    with pytest.raises(NotFound):
        world.queued(start_plan_id=gone)
    assert world.store.runs("a").items == ()


def test_a_full_queue_refuses_one_more_run_of_that_tenant_only(world: World) -> None:
    """Claimed runs do not count, and another tenant has its own queue."""
    world.queued(queued_limit=2)
    world.queued(queued_limit=2)
    with pytest.raises(LimitReached) as refused:
        world.queued(queued_limit=2)
    assert refused.value.which == "queued"
    assert refused.value.retry_after > 0
    world.queued("b", queued_limit=2)
    assert world.store.claim("worker", 5) is not None
    world.queued(queued_limit=2)


def test_runs_are_listed_by_state_kind_and_portfolio(world: World) -> None:
    """Filters are combined, and pages follow each other."""
    first = world.claimed()
    rest = [world.queued(kind=kind).id for kind in ("solve", "why", "solve")]
    listed = world.store.runs
    assert [run.id for run in listed("a").items] == [*rest[::-1], first.id]
    assert [run.id for run in listed("a", RunState.STARTING).items] == [first.id]
    assert [run.id for run in listed("a", RunState.QUEUED, "why").items] == [rest[1]]
    assert len(listed("a", portfolio_id=world.portfolio().id).items) == 4
    assert listed("a", portfolio_id="pf_" + "x" * 22).items == ()
    page = listed("a", kind="solve", limit=2)
    assert [run.id for run in listed("a", kind="solve", cursor=page.cursor).items] == [first.id]


def test_the_light_status_says_the_same_without_documents(world: World) -> None:
    """Every field of the status equals that of the record."""
    run = world.ended()
    record, summary = world.store.run("a", run.id), world.store.run_status("a", run.id)
    assert all(
        getattr(record, name) == getattr(summary, name) for name in summary.__dataclass_fields__
    )
    assert not hasattr(summary, "result")


def test_events_are_numbered_without_holes_and_can_be_resumed(world: World) -> None:
    """A client that saw event n asks for those after n."""
    run = world.claimed()
    for n in range(5):
        seq = world.store.progress(run.id, 1, "progress", {"n": n, "bad": float("nan")})
    events = world.store.events("a", run.id)
    assert [event.seq for event in events] == list(range(1, seq + 1))
    assert [event.data["n"] for event in events if event.type == "progress"] == [0, 1, 2, 3, 4]
    assert events[-1].data["bad"] is None
    assert events[-1].attempt == 1
    assert world.store.events("a", run.id, after_seq=4) == events[4:]
    assert world.store.events("a", run.id, limit=2) == events[:2]
    assert world.store.events("a", run.id, after_seq=2**70) == []
    assert world.store.events("a", run.id, after_seq=-(2**70)) == events


def test_every_change_of_state_is_an_event_and_the_terminal_one_is_last(world: World) -> None:
    """A stream can end at the first terminal state."""
    run = world.claimed()
    world.store.started(run.id, 1)
    world.store.request_stop("a", run.id)
    world.store.progress(run.id, 1, "log", {})
    world.store.finish(run.id, 1, RunState.SUCCEEDED, status="no_plan_found", termination="stopped")
    wanted = ["queued", "starting", "running", "stopping", "succeeded"]
    assert states(world.store, run.id) == wanted
    last = world.store.events("a", run.id)[-1]
    assert (last.data["state"], last.data["status"]) == ("succeeded", "no_plan_found")


def test_a_stop_in_the_queue_cancels_at_once(world: World) -> None:
    """Nothing was answered, and the run cannot be claimed any more."""
    run = world.queued()
    stopped = world.store.request_stop("a", run.id)
    assert (stopped.state, stopped.termination) == (RunState.CANCELLED, "stopped")
    assert stopped.completed is not None
    assert world.store.claim("worker", 5) is None
    with pytest.raises(Fenced):
        world.store.claim_run(run.id, 0, "worker")


def test_a_stop_of_a_run_is_seen_by_its_runner(world: World) -> None:
    """At the next heartbeat; twice is the same as once."""
    run = world.claimed()
    assert not world.store.started(run.id, 1)
    assert not world.store.heartbeat(run.id, 1)
    assert world.store.request_stop("a", run.id).state is RunState.STOPPING
    assert world.store.request_stop("a", run.id).state is RunState.STOPPING
    assert world.store.heartbeat(run.id, 1)


def test_a_stop_before_the_work_began_is_not_lost(world: World) -> None:
    """The runner learns of it when it starts, and the run stays stopping."""
    run = world.claimed()
    world.store.request_stop("a", run.id)
    assert world.store.started(run.id, 1)
    found = world.store.run("a", run.id)
    assert (found.state, found.started is not None) == (RunState.STOPPING, True)


def test_a_stop_of_a_requeued_run_keeps_the_plan_of_the_attempt_before(world: World) -> None:
    """The plan is there, so the run has succeeded."""
    run = world.claimed()
    plan = world.store.keep_plan(run.id, 1, "{}", FACTS)
    world.clock.advance(60)
    world.store.requeue_stale(30, 3)
    stopped = world.store.request_stop("a", run.id)
    assert (stopped.state, stopped.status) == (RunState.SUCCEEDED, "feasible")
    assert (stopped.plan_id, stopped.termination, stopped.gap) == (plan, "stopped", FACTS.gap)
    assert world.store.plan("a", plan).final


def test_a_stop_of_an_ended_run_changes_nothing(world: World) -> None:
    """It was answered already."""
    run = world.ended()
    assert world.store.request_stop("a", run.id) == run


@pytest.mark.parametrize("when", ["queued", "claimed", "ended"])
def test_a_deleted_run_is_gone_and_its_runner_is_fenced(world: World, when: str) -> None:
    """In each state, with its events and plans."""
    run = getattr(world, when)()
    world.store.delete_run("a", run.id)
    for call in (world.store.run, world.store.events, world.store.plans, world.store.delete_run):
        with pytest.raises(NotFound):
            call("a", run.id)
    with pytest.raises(Fenced):
        world.store.heartbeat(run.id, 1)
    if run.plan_id is not None:
        with pytest.raises(NotFound):
            world.store.plan("a", run.plan_id)


def test_a_run_whose_plan_a_decision_pins_cannot_be_deleted(world: World) -> None:
    """In any state of the decision; nothing of the run is lost by the try."""
    run = world.ended()
    assert run.plan_id is not None
    world.store.create_decision("a", run.plan_id, "t", actor="ann", why="", versions={})
    with pytest.raises(Conflict) as refused:
        world.store.delete_run("a", run.id)
    assert refused.value.reason == "pinned"
    assert world.store.run("a", run.id) == run
    assert len(world.store.plans("a", run.id)) == 1


def test_a_plan_that_a_waiting_run_starts_from_cannot_be_deleted(world: World) -> None:
    """Until that run has ended."""
    run = world.ended()
    waiting = world.queued(start_plan_id=run.plan_id)
    assert waiting.start_plan_id == run.plan_id
    with pytest.raises(Conflict) as refused:
        world.store.delete_run("a", run.id)
    assert refused.value.reason == "in_use"
    world.store.request_stop("a", waiting.id)
    world.store.delete_run("a", run.id)


def test_a_run_cannot_start_from_a_plan_that_may_be_replaced(world: World) -> None:
    """The run of that plan must have ended."""
    run = world.claimed()
    plan = world.store.keep_plan(run.id, 1, "{}", FACTS)
    with pytest.raises(Conflict) as refused:
        world.queued(start_plan_id=plan)
    assert refused.value.reason == "not_ended"


def test_what_looks_at_many_runs_or_often_reads_no_documents(world: World) -> None:
    """Sweeps, heartbeats, events and lists leave scenarios, parameters and results alone."""
    run = world.ended()
    world.queued(scenario_document="[1]", parameters={"x": [1]})
    store, read = world.store, []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        read.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        store.undeferred(0)
        store.expire_queued(1e6)
        store.runs("a")
        store.events("a", run.id)
        store.plans("a", run.id)
        store.create_decision("a", str(run.plan_id), "t", actor="x", why="", versions={})
        held = store.claim("worker", 5)
        assert held is not None
        assert (held.scenario_document, held.parameters) == ("[1]", {"x": [1]})
        (whole,) = [text for text in read if "scenario_document" in text]
        read.remove(whole)
        store.started(held.id, 1)
        store.heartbeat(held.id, 1)
        store.progress(held.id, 1, "progress", {}, objective=1.0)
        store.keep_plan(held.id, 1, "{}", FACTS)
        world.clock.advance(60)
        store.requeue_stale(30, 3)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    for name in ("scenario_document", "parameters", "runs.result"):
        assert [text for text in read if name in text] == []
    assert store.run("a", held.id).state is RunState.QUEUED


def test_metrics_count_every_state(world: World) -> None:
    """States without runs are there with 0."""
    world.ended()
    world.claimed("b")
    world.queued()
    counts = world.store.metrics()
    assert set(counts) == set(RunState)
    assert {state: n for state, n in counts.items() if n} == {
        RunState.SUCCEEDED: 1,
        RunState.STARTING: 1,
        RunState.QUEUED: 1,
    }


def test_a_run_that_waited_too_long_fails_and_says_so(world: World) -> None:
    """A younger one stays."""
    old = world.queued()
    world.clock.advance(100)
    young = world.queued()
    assert world.store.expire_queued(60) == [old.id]
    failed = world.store.run("a", old.id)
    assert failed.state is RunState.FAILED
    assert failed.failure is not None
    assert failed.failure.code is FailureCode.QUEUE_TIMEOUT
    assert world.store.run("a", young.id) == young


def test_times_are_in_utc_on_both(world: World) -> None:
    """Whatever the zone of the server."""
    run = world.ended()
    for when in (run.created, run.completed):
        assert when is not None
        assert when.utcoffset() == timedelta(0)


def test_a_failure_is_read_as_it_was_written(world: World) -> None:
    """Its code and its words."""
    run = world.claimed()
    failure = Failure(FailureCode.ENGINE, "it said: \"no\" — 'twice'")
    world.store.finish(run.id, 1, RunState.FAILED, failure=failure)
    assert world.store.run("a", run.id).failure == failure
