"""Runs in the service itself, on both stores: each ends, limits hold, crashes are survived."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pmo_optimizer.service.logs import JsonFormatter
from pmo_optimizer.service.runs import child
from pmo_optimizer.service.runs.memory import members
from pmo_optimizer.service.runs.process import Entry
from pmo_optimizer.service.runs.supervisor import Supervisor
from pmo_optimizer.service.runs.sweeper import sweep
from pmo_optimizer.service.store.database import Database
from pmo_optimizer.service.store.records import FailureCode, RunState
from tests.api.runs import entries
from tests.api.runs.helpers import hard, tiny, wait_for
from tests.api.runs.world import World

LONG: dict[str, Any] = {"workers": 1, "time_limit": 250.0}


@contextmanager
def supervised(
    world: World, *, entry: Entry = child.main, slots: int | None = None, **changes: Any
) -> Iterator[Supervisor]:
    """Run a supervisor."""
    supervisor = Supervisor(world.store, world.settings(**changes), slots=slots, entry=entry)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()


def test_every_run_of_a_queue_ends(world: World) -> None:
    """Solves, a study and a run that cannot be done all end, each in its own way."""
    solves = [world.queued() for _ in range(2)]
    study = world.queued({"project": "P1", "flips": False, "workers": 1}, kind="why")
    wrong = world.queued({"project": "nobody", "workers": 1}, kind="why")
    with supervised(world):
        for run in solves:
            ended = world.ended(run)
            assert (ended.state, ended.status) == (RunState.SUCCEEDED, "optimal")
            assert (ended.objective, ended.termination) == (39, "proved")
            assert world.plan(run, tiny()).objective == 39
            assert world.states(run) == ["queued", "starting", "running", "succeeded"]
        ended = world.ended(study)
        assert (ended.state, ended.solves_done is not None) == (RunState.SUCCEEDED, True)
        assert ended.result is not None
        ended = world.ended(wrong)
        assert ended.state is RunState.FAILED
        assert ended.failure is not None
        assert ended.failure.code is FailureCode.INVALID
    assert world.store.metrics()[RunState.QUEUED] == 0


def test_who_waits_too_long_fails(world: World) -> None:
    """A run that nobody could take in time ends, and says why."""
    run = world.queued()
    time.sleep(0.2)
    sweep(world.store, world.settings(queue_timeout=0.1))
    ended = world.now(run)
    assert ended.state is RunState.FAILED
    assert ended.failure is not None
    assert ended.failure.code is FailureCode.QUEUE_TIMEOUT


def test_a_tenant_runs_no_more_than_it_may(world: World) -> None:
    """With a limit of one, runs of a tenant follow each other, and another's do not wait."""
    first = [world.queued(tenant="a") for _ in range(3)]
    other = world.queued(tenant="b")
    most = 0
    with supervised(world, running=1, slots=3):
        while not all(world.now(run).state.terminal for run in (*first, other)):
            active = [world.now(run).state for run in first]
            most = max(most, sum(s not in {RunState.QUEUED} and not s.terminal for s in active))
            time.sleep(0.02)
    assert most == 1
    assert {world.now(run).state for run in (*first, other)} == {RunState.SUCCEEDED}


def test_a_stop_keeps_the_best_plan(world: World) -> None:
    """A run that is stopped while it searches ends with a plan, and its progress was told."""
    run = world.queued(LONG, portfolio=hard())
    with supervised(world):
        wait_for(lambda: world.now(run).plan_id is not None, "a first plan")
        world.store.request_stop(run.tenant, run.id)
        ended = world.ended(run)
    assert (ended.state, ended.termination) == (RunState.SUCCEEDED, "stopped")
    world.plan(run, hard())
    assert [plan.final for plan in world.store.plans(run.tenant, run.id)] == [True]
    types = {event.type for event in world.store.events(run.tenant, run.id, limit=1000)}
    assert {"state", "progress", "plan"} <= types


def test_who_ignores_the_stop_is_cancelled(world: World) -> None:
    """A run that hangs is killed after the grace; without any plan it is cancelled."""
    run = world.queued()
    with supervised(world, entry=entries.hang, stop_grace=0.2, kill_grace=0.2):
        wait_for(lambda: world.now(run).solves_done is not None, "a sign of life")
        world.store.request_stop(run.tenant, run.id)
        assert world.ended(run).state is RunState.CANCELLED


def test_a_deleted_run_leaves_no_process(world: World) -> None:
    """A run that is deleted while it runs is given up, and its process ends."""
    run = world.queued()
    with supervised(world, entry=entries.hang, heartbeat_seconds=0.2):
        wait_for(lambda: world.now(run).solves_done is not None, "a sign of life")
        event = next(e for e in world.store.events("a", run.id) if e.type == "solves")
        group = os.getpgid(int(event.data["key"]))
        world.store.delete_run(run.tenant, run.id)
        wait_for(lambda: not members(group), "the end of the process")


def test_memory_is_no_reason_to_try_again(world: World) -> None:
    """A run that needs too much memory fails at its first attempt, and the service goes on."""
    run = world.queued()
    with supervised(world, entry=entries.eat, memory_mb=400):
        ended = world.ended(run)
    assert ended.failure is not None
    assert (ended.failure.code, ended.attempt) == (FailureCode.MEMORY_LIMIT, 1)


def test_a_crash_is_tried_again_from_the_best_plan(world: World, tmp_path: Path) -> None:
    """A child that is killed is begun anew, with the plan that it had stored."""
    run = world.queued()
    with supervised(world, entry=partial(entries.crash_once, tmp_path / "crashed")):
        ended = world.ended(run)
    assert (ended.state, ended.attempt) == (RunState.SUCCEEDED, 2)
    assert world.plan(run, tiny()).objective == 39
    assert len(world.store.plans(run.tenant, run.id)) == 1


def test_attempts_are_used_up(world: World) -> None:
    """A run that crashes each time fails in the end, with the reason."""
    run = world.queued()
    with supervised(world, entry=entries.crash, max_attempts=2):
        ended = world.ended(run)
    assert ended.failure is not None
    assert (ended.failure.code, ended.attempt) == (FailureCode.CRASH, 2)


def test_a_bug_is_not_tried_again_and_its_place_is_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The same input would fail the same way; at debug the log has all that the child said."""
    caplog.set_level("DEBUG", "pmo_optimizer")
    run = world.queued()
    with supervised(world, entry=entries.raise_bug):
        ended = world.ended(run)
    assert ended.failure is not None
    assert (ended.failure.code, ended.attempt) == (FailureCode.CRASH, 1)
    for verbose in (False, True):
        lines = [
            JsonFormatter(verbose=verbose).format(record)
            for record in caplog.records
            if verbose or record.levelname != "DEBUG"
        ]
        assert any("LookupError" in line and " _raise_bug" in line for line in lines)
        assert any("secret of ann" in line for line in lines) is verbose


def test_the_end_of_the_service_keeps_what_is_there(world: World) -> None:
    """When the service ends, a solve with a plan ends as stopped, and others wait for the next."""
    solve = world.queued(LONG, portfolio=hard())
    waiting = [world.queued(tenant="b") for _ in range(2)]
    with supervised(world, slots=1):
        wait_for(lambda: world.now(solve).plan_id is not None, "a first plan")
    ended = world.now(solve)
    assert (ended.state, ended.termination) == (RunState.SUCCEEDED, "stopped")
    assert {world.now(run).state for run in waiting} == {RunState.QUEUED}


def test_the_end_of_the_service_uses_up_no_attempt(world: World) -> None:
    """A run without a plan waits for the next service, even in the last attempt that it has."""
    run = world.queued()
    with supervised(world, entry=entries.hang, max_attempts=1, stop_grace=0.2, kill_grace=0.2):
        wait_for(lambda: world.now(run).solves_done is not None, "a sign of life")
    assert world.now(run).state is RunState.QUEUED
    with supervised(world, max_attempts=1):
        assert world.ended(run).state is RunState.SUCCEEDED


def test_an_error_of_the_store_is_survived(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the database says, runs go on as soon as it is mended."""
    with closing(Database(world.address)) as database, supervised(world) as supervisor:
        with database.write() as connection:
            connection.exec_driver_sql("ALTER TABLE runs RENAME COLUMN deferred TO away")
        wait_for(lambda: "supervisor" in {r.module for r in caplog.records}, "a line of the log")
        with database.write() as connection:
            connection.exec_driver_sql("ALTER TABLE runs RENAME COLUMN away TO deferred")
        assert supervisor.alive
        assert world.ended(world.queued()).state is RunState.SUCCEEDED
    assert not supervisor.alive


def test_what_a_crash_of_the_service_left_is_taken_back_at_once(world: World) -> None:
    """The next one waits for no heartbeat to grow old."""
    run = world.queued()
    assert world.store.claim("gone", 10) is not None
    with supervised(world, stale_seconds=3600.0):
        ended = world.ended(run)
    assert (ended.state, ended.attempt) == (RunState.SUCCEEDED, 2)


def test_a_lost_run_is_taken_back(world: World) -> None:
    """A run whose runner is gone goes on under another attempt."""
    run = world.queued()
    claimed = world.store.claim("gone", 10)
    assert claimed is not None
    assert claimed.id == run.id
    with supervised(world, stale_seconds=0.7, heartbeat_seconds=0.2):
        ended = world.ended(run)
    assert (ended.state, ended.attempt) == (RunState.SUCCEEDED, 2)


def test_a_frozen_runner_is_fenced_off(world: World) -> None:
    """A run that was given to somebody else is dropped: the old attempt writes nothing more."""
    run = world.queued()
    with supervised(world, entry=entries.hang, heartbeat_seconds=0.2, stale_seconds=3600.0):
        wait_for(lambda: world.now(run).solves_done is not None, "a sign of life")
        event = next(e for e in world.store.events("a", run.id) if e.type == "solves")
        group = os.getpgid(int(event.data["key"]))
        # As a sweep on another host would do it, to which this one seems lost.
        wait_for(lambda: world.store.requeue_stale(0.0, 3) == [run.id], "the run taken away")
        taken = world.store.claim("other", 10)
        assert taken is None or taken.attempt == 2
        wait_for(lambda: not members(group), "the end of the first process")
    assert world.now(run).attempt >= 2
