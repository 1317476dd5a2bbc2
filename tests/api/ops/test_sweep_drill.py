"""A sweep of scenarios by one client over PostgreSQL and two workers: no run is missing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pmo_optimizer.client import Client, Retries
from pmo_optimizer.client.records import Run
from pmo_optimizer.service import Settings
from pmo_optimizer.service.store import open_store
from tests.api.databases import postgres_database
from tests.api.figures import told
from tests.api.live import served
from tests.api.processes import processes
from tests.api.runs.helpers import tiny
from tests.api.runs.working import working
from tests.api.runs.world import World

BEST = (14, 27, 39, 50)
"""What the tiny portfolio is worth with money for one to four of its projects."""

QUICK = {"workers": 1, "time_limit": 60.0}

AGAIN_EVERY = 5
"""Each fifth run is submitted twice, as a client does that got no answer."""


def scenario(number: int) -> dict[str, Any]:
    """Return a scenario that no other number has, with money for one project more in turn."""
    to = 100 * (1 + number % len(BEST)) + number // len(BEST)
    return {"id": f"s{number}", "changes": [{"change": "budget", "fund": "budget", "to": to}]}


def sweep(client: Client, runs: int) -> list[Run]:
    """Submit a run per scenario, and return all as they ended."""
    portfolio = client.portfolios.create(tiny(), key="tiny").id

    def submit(number: int) -> Run:
        return client.runs.submit(
            portfolio, scenario=scenario(number), parameters=QUICK, key=f"sweep-{number}"
        )

    begun = [submit(number) for number in range(runs)]
    for number in range(0, runs, AGAIN_EVERY):
        assert submit(number).id == begun[number].id
    return [client.runs.wait(run.id) for run in begun]


def require_accounted(client: Client, ended: Sequence[Run]) -> None:
    """Each scenario has one run with its own best plan, and there are no other runs."""
    for number, run in enumerate(ended):
        assert (run.state, run.status) == ("succeeded", "optimal")
        assert run.objective == BEST[number % len(BEST)]
        plan = client.runs.plan(run.id)
        assert (plan.objective, plan.digest) == (run.objective, run.digest)
        assert [(plan.id, plan.final) for plan in client.runs.plans(run.id)] == [
            (run.plan_id, True)
        ]
        states = [e.data["state"] for e in client.runs.events(run.id) if e.type == "state"]
        assert states.count("succeeded") == 1
        assert states.count("starting") == run.attempt
    assert len({run.digest for run in ended}) == len(ended)
    assert sorted(run.id for run in client.runs.list()) == sorted(run.id for run in ended)


def require_no_jobs(address: str) -> None:
    """Nothing is left in the queue."""
    with psycopg.connect(address) as connection:
        while connection.execute("SELECT id FROM procrastinate_jobs").fetchall():
            connection.rollback()
            time.sleep(0.1)


def test_a_few_scenarios_are_all_accounted_for() -> None:
    """Six runs through the client, by two workers."""
    with postgres_database() as address, closing(open_store(address)) as store:
        store.upgrade()
        settings = Settings(database_url=address, port=0)
        with (
            served(settings) as url,
            working(World(store, address), number=2),
            Client(url) as client,
        ):
            require_accounted(client, sweep(client, 6))
            require_no_jobs(address)


@pytest.mark.drill
def test_200_scenarios_are_all_accounted_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """200 runs through the client, by two workers; the queue takes 100 at a time."""
    retries = Retries(attempts=100)
    with (
        postgres_database() as address,
        processes(tmp_path, address, workers=2) as service,
        Client(service.url, retries=retries) as client,
    ):
        before = time.monotonic()
        ended = sweep(client, 200)
        seconds = time.monotonic() - before
        require_accounted(client, ended)
        require_no_jobs(address)
    taken = [
        (run.completed - run.started).total_seconds() * 1000
        for run in ended
        if run.started is not None and run.completed is not None
    ]
    told(
        capsys,
        "sweep of scenarios",
        taken,
        unit="ms of a run from its start to its end",
        workers=2,
        runs=len(ended),
        seconds=round(seconds, 1),
        per_minute=round(60 * len(ended) / seconds, 1),
        attempts=sum(run.attempt for run in ended),
    )
