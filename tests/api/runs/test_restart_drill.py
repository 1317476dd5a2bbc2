"""Runs while their PostgreSQL server crashes, ends, and comes back: none is lost or done twice."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pmo_optimizer.client import Client, Retries
from pmo_optimizer.client.records import Run
from pmo_optimizer.service.store import open_store
from pmo_optimizer.service.store.errors import Unavailable
from tests.api.figures import told
from tests.api.processes import processes
from tests.api.runs.helpers import hard, tiny, wait_for
from tests.api.runs.sound import require_single, require_sound
from tests.api.runs.working import working
from tests.api.runs.world import World
from tests.api.server import Mode, Server, postgres_server

MODES: tuple[Mode, ...] = ("immediate", "fast")

SETTINGS: dict[str, Any] = {
    "heartbeat_seconds": 0.3,
    "stale_seconds": 2,
    "max_attempts": 50,
    "workers": 1,
    "running": 2,
    "queued": 1000,
    "log_level": "error",
}

UP, DOWN = (1.0, 5.0), (0.0, 2.0)
"""Seconds from one start of the server to its next end, and from there to its next start."""

BETWEEN = (0.0, 2.5)
"""Seconds between two runs that one client submits."""

CLIENTS = 2

LONG_EVERY = 10
"""Each tenth run is one that is not over before its time limit, with many plans on the way."""

HOURS = 3600.0


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a PostgreSQL server of the test's own."""
    with postgres_server() as server:
        yield server


def restart(server: Server, mode: Mode, pause: float = 0.0) -> None:
    """Have the server end and come back after a pause in seconds."""
    server.stop(mode)
    time.sleep(pause)
    server.start()


def no_jobs(server: Server) -> bool:
    """Return whether the queue is empty."""
    with psycopg.connect(server.address) as connection:
        found = connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone()
    return found == (0,)


class Submitting:
    """Clients that submit runs all the time, and note which were accepted."""

    def __init__(self, client: Client, runs: int, seed: int) -> None:
        self._client = client
        self._seed = seed
        self._portfolios = [
            client.portfolios.create(portfolio, key=portfolio.name).id
            for portfolio in (tiny(), hard())
        ]
        self._pool = ThreadPoolExecutor(CLIENTS)
        self._futures: list[Future[Run]] = [self._pool.submit(self._one, n) for n in range(runs)]

    def _one(self, number: int) -> Run:
        time.sleep(random.Random(self._seed + number).uniform(*BETWEEN))
        long = number % LONG_EVERY == LONG_EVERY - 1
        parameters = {"workers": 1, "time_limit": 8.0 if long else 20.0, "seed": number}
        portfolio = self._portfolios[long]
        return self._client.runs.submit(portfolio, parameters=parameters, key=f"run-{number}")

    @property
    def over(self) -> bool:
        """Whether all were submitted."""
        return all(future.done() for future in self._futures)

    def accepted(self) -> list[Run]:
        """Return the runs that the service has accepted so far."""
        return [future.result() for future in self._futures if future.done()]

    def close(self) -> None:
        """Submit no more."""
        self._pool.shutdown(cancel_futures=True)


def test_a_restart_of_postgresql_loses_nothing(server: Server) -> None:
    """Runs end with their best plan though the server crashes, and ends, in the middle."""
    with closing(open_store(server.address)) as store:
        store.upgrade()
        world = World(store, server.address)
        long = world.queued({"workers": 1, "time_limit": 250.0}, portfolio=hard())
        short = [world.queued() for _ in range(2)]
        # On a busy machine runners fall silent for seconds; here none is to be taken for lost.
        with working(world, number=2, **SETTINGS | {"stale_seconds": 10.0}):
            wait_for(lambda: world.now(long).plan_id is not None, "a first plan")
            before = world.now(long).objective
            for mode in MODES:
                restart(server, mode)
            for run in short:
                world.ended(run)
            store.request_stop(long.tenant, long.id)
            ended = world.ended(long)
        assert before is not None
        assert ended.objective is not None
        assert ended.objective >= before
        assert ended.termination == "stopped"
        world.plan(long, hard())
        require_single(world, long)
        for run in short:
            require_sound(world, run)


@pytest.mark.drill
def test_many_restarts_of_postgresql_lose_nothing(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """60 runs survive that the server crashes or ends all the time, and so do their clients."""
    restarts(server, tmp_path, capsys, runs=60, seed=15)


def restarts(
    server: Server, folder: Path, capsys: pytest.CaptureFixture[str], runs: int, seed: int
) -> None:
    """Submit runs and have them done while the server comes and goes; look at what became."""
    chance = random.Random(seed)
    done: Counter[str] = Counter()
    begun = time.monotonic()
    retries = Retries(attempts=500, first=0.1, most=1)
    with (
        processes(folder, server.address, workers=2, settings=SETTINGS) as service,
        closing(open_store(server.address)) as store,
        Client(service.url, retries=retries) as client,
        closing(Submitting(client, runs, seed)) as submitting,
    ):
        world = World(store, server.address)
        due = time.monotonic() + chance.uniform(*UP)
        while not (submitting.over and _ended(world, submitting.accepted())):
            assert time.monotonic() < begun + HOURS, "runs were lost"
            if time.monotonic() >= due:
                mode = chance.choice(MODES)
                done[mode] += 1
                restart(server, mode, chance.uniform(*DOWN))
                due = time.monotonic() + chance.uniform(*UP)
            time.sleep(0.1)
        accepted = submitting.accepted()
        listed = {run.id for run in client.runs.list()}
        wait_for(lambda: no_jobs(server), "the end of the last job")
        seconds = time.monotonic() - begun
        assert len(accepted) == runs
        assert listed == {run.id for run in accepted}
        attempts = []
        for run in accepted:
            record = store.run("local", run.id)
            attempts.append(record.attempt)
            if run.portfolio_id == accepted[0].portfolio_id:
                require_sound(world, record)
            else:
                require_single(world, record)
                world.plan(record, hard())
        told(
            capsys,
            "restarts of PostgreSQL",
            runs=runs,
            succeeded=len(accepted),
            restarts=dict(done),
            attempts=sum(attempts),
            most_attempts=max(attempts),
            seconds=round(seconds, 1),
        )
    assert set(done) == set(MODES)


def _ended(world: World, runs: list[Run]) -> bool:
    """Return whether all have ended; where the server is just coming back, not yet."""
    with suppress(Unavailable):
        return all(world.store.run_status("local", run.id).state.terminal for run in runs)
    return False
