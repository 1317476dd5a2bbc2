"""Workers on PostgreSQL: jobs are made, runs end, stops and ends are heeded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pmo_optimizer.service.runs.procrastination import Worker
from pmo_optimizer.service.store import open_store
from pmo_optimizer.service.store.records import RunState
from tests.api.runs import entries
from tests.api.runs.helpers import hard, tiny, wait_for
from tests.api.runs.working import working
from tests.api.runs.world import World

LONG: dict[str, Any] = {"workers": 1, "time_limit": 250.0}


def test_sqlite_has_no_workers(tmp_path: Path) -> None:
    """A worker refuses a store that other hosts cannot share."""
    with closing(open_store(f"sqlite:///{tmp_path / 'runs.db'}")) as store:
        store.upgrade()
        world = World(store, f"sqlite:///{tmp_path / 'runs.db'}")
        with pytest.raises(ValueError, match="PostgreSQL"):
            Worker(store, world.settings())


def test_two_workers_end_every_run(postgres: World) -> None:
    """Runs of two tenants, a study among them, are all done by two workers, each once."""
    runs = [postgres.queued(tenant=tenant) for tenant in ("a", "a", "b")]
    runs.append(postgres.queued({"project": "P1", "flips": False, "workers": 1}, kind="why"))
    with working(postgres, number=2, concurrency=2, running=1):
        for run in runs:
            ended = postgres.ended(run)
            assert (ended.state, ended.attempt) == (RunState.SUCCEEDED, 1)
    assert postgres.plan(runs[0], tiny()).objective == 39


def test_a_stop_reaches_a_worker(postgres: World) -> None:
    """A run that is stopped while a worker has it ends with its best plan."""
    run = postgres.queued(LONG, portfolio=hard())
    with working(postgres):
        wait_for(lambda: postgres.now(run).plan_id is not None, "a first plan")
        postgres.store.request_stop(run.tenant, run.id)
        ended = postgres.ended(run)
    assert (ended.state, ended.termination) == (RunState.SUCCEEDED, "stopped")
    postgres.plan(run, hard())


def test_a_crash_makes_a_new_job(postgres: World, tmp_path: Path) -> None:
    """A run whose child was killed is given back, and done under the next attempt."""
    run = postgres.queued()
    with working(postgres, entry=partial(entries.crash_once, tmp_path / "crashed")):
        ended = postgres.ended(run)
    assert (ended.state, ended.attempt) == (RunState.SUCCEEDED, 2)


def test_a_worker_of_the_command_line_ends_in_peace(postgres: World) -> None:
    """SIGTERM ends a worker with code 0: a solve with a plan ends as stopped, others wait."""
    solve = postgres.queued(LONG, portfolio=hard())
    waiting = postgres.queued()
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PMO_DATABASE_URL": postgres.address,
        "PMO_LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", "pmo_optimizer.cli", "worker"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as worker:
        wait_for(lambda: postgres.now(solve).plan_id is not None, "a first plan")
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate()
        assert worker.returncode == 0, said
    ended = postgres.now(solve)
    assert (ended.state, ended.termination) == (RunState.SUCCEEDED, "stopped")
    assert postgres.now(waiting).state is RunState.QUEUED


@pytest.mark.parametrize(
    ("url", "words"), [("sqlite:///{folder}/runs.db", "PostgreSQL"), ("nonsense", "PMO_DATABASE")]
)
def test_a_worker_says_what_it_needs(url: str, words: str, tmp_path: Path) -> None:
    """Without a usable database the command ends with code 2, and says why."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PMO_DATABASE_URL": url.format(folder=tmp_path),
    }
    command = [sys.executable, "-m", "pmo_optimizer.cli", "worker"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert words in done.stderr


def test_many_runs_do_not_keep_a_worker_from_its_sweeps(
    postgres: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker whose runs are more than the threads that a loop has by itself makes jobs still."""
    # The loop of a machine with so few processors would have two threads.
    monkeypatch.setattr(os, "cpu_count", lambda: -2)
    runs = [postgres.queued() for _ in range(2)]
    with working(
        postgres, concurrency=2, running=9, entry=entries.hang, stop_grace=0.2, kill_grace=0.2
    ):
        wait_for(
            lambda: all(postgres.now(run).solves_done is not None for run in runs), "signs of life"
        )
        waiting = postgres.queued()
        wait_for(lambda: postgres.now(waiting).deferred is not None, "a job for one more run")
    assert {postgres.now(run).state for run in (*runs, waiting)} == {RunState.QUEUED}


def test_a_lost_job_is_made_again(postgres: World) -> None:
    """A run for which a job was noted that nobody has, is done all the same."""
    run = postgres.queued()
    assert postgres.store.mark_deferred(run.id, run.attempt)
    with working(postgres, stale_seconds=1.0, heartbeat_seconds=0.2):
        ended = postgres.ended(run)
    assert (ended.state, ended.attempt) == (RunState.SUCCEEDED, 1)
