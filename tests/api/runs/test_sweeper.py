"""Who looks after lost runs: none is taken from a runner that lives, and none is forgotten."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy.exc import ProgrammingError

from pmo_optimizer.service.runs.sweeper import Sweeper, take_back
from pmo_optimizer.service.store.database import Database
from pmo_optimizer.service.store.errors import Unavailable
from pmo_optimizer.service.store.records import RunRecord, RunState
from tests.api.runs.helpers import wait_for
from tests.api.runs.world import World

BEAT = 0.1
STALE = 0.5


def claimed(world: World, worker: str = "gone:1") -> RunRecord:
    """Return a run that a runner holds."""
    world.queued()
    run = world.store.claim(worker, 10)
    assert run is not None
    return run


def sweeper(world: World, *held: str) -> Sweeper:
    """Return a sweeper of a process that does some runs."""
    settings = world.settings(heartbeat_seconds=BEAT, stale_seconds=STALE)
    return Sweeper(world.store, settings, lambda: held)


def fall_silent() -> None:
    """Wait until every run counts as lost."""
    time.sleep(2 * STALE)


@contextmanager
def outage(world: World) -> Iterator[None]:
    """Let the database be of no use for a while."""
    with closing(Database(world.address)) as database:
        with database.write() as connection:
            connection.exec_driver_sql("ALTER TABLE runs RENAME COLUMN heartbeat TO away")
        yield
        with database.write() as connection:
            connection.exec_driver_sql("ALTER TABLE runs RENAME COLUMN away TO heartbeat")


def swept(sweeps: Sweeper, world: World, run: RunRecord) -> bool:
    """Sweep if it is time, and return whether a run is in the queue."""
    sweeps.sweep()
    return world.now(run).state is RunState.QUEUED


def fails(sweeps: Sweeper) -> bool:
    """Sweep if it is time, and return whether the database refused."""
    try:
        sweeps.sweep()
    except (Unavailable, ProgrammingError):
        return True
    return False


def test_a_process_never_takes_its_own_runs(world: World) -> None:
    """It knows that they go on, whatever their heartbeat says after a sleep of the machine."""
    mine, lost = claimed(world), claimed(world)
    sweeps = sweeper(world, mine.id)
    fall_silent()
    wait_for(lambda: swept(sweeps, world, lost), "the lost run in the queue")
    assert world.now(mine).state is RunState.STARTING


def test_runners_beat_before_anyone_sweeps_after_an_outage(world: World) -> None:
    """The first sweep after it takes nothing: nobody could write that a runner lives."""
    sweeps = sweeper(world)
    gone = claimed(world)
    fall_silent()
    wait_for(lambda: swept(sweeps, world, gone), "an outage that comes after sweeps")
    run = world.store.claim("here:1", 10)
    assert run is not None
    with outage(world):
        for _ in range(4):
            wait_for(lambda: fails(sweeps), "a sweep that fails")
            time.sleep(1.5 * BEAT)
    sweeps.sweep()
    assert world.now(run).state is RunState.STARTING
    wait_for(lambda: swept(sweeps, world, run), "the lost run in the queue")


def test_who_begins_lets_runners_beat_first(world: World) -> None:
    """A process that has just begun does not know whether there was an outage before it."""
    run = claimed(world)
    fall_silent()
    sweeps = sweeper(world)
    sweeps.sweep()
    assert world.now(run).state is RunState.STARTING
    wait_for(lambda: swept(sweeps, world, run), "the lost run in the queue")


def test_a_service_takes_at_once_what_the_one_before_left(world: World) -> None:
    """Fresh heartbeats are those of a dead process, unless that is alive on this machine."""
    before = claimed(world, f"{socket.gethostname()}:{os.getpid()}")
    elsewhere = claimed(world, "container-1:1")
    alive = claimed(world, f"{socket.gethostname()}:{os.getppid()}")
    take_back(world.store, world.settings())
    states = [world.now(run).state for run in (before, elsewhere, alive)]
    assert states == [RunState.QUEUED, RunState.QUEUED, RunState.STARTING]
