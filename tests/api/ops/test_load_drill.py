"""Latencies of a busy service, as figures: nothing here fails for being slow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from pmo_optimizer import Portfolio
from pmo_optimizer.client import Client
from tests.api.databases import postgres_database
from tests.api.figures import told
from tests.api.live import served, settings_in
from tests.api.processes import Serving, processes
from tests.api.runs.helpers import alive, hard, tiny

STREAMS = 100
RATE = 50
"""Requests a second."""

SECONDS = 20
STOPS = 50
KILLS = 48
TOGETHER = 4
"""So many solvers that do not heed a stop are there at the same time."""

STUBBORN = ("tests.api.ops.stubborn",)

ENDED = {"succeeded", "failed", "cancelled"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Return the kind of the database."""
    return str(request.param)


@pytest.fixture(scope="module")
def serving(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Return a service in a process of its own; on PostgreSQL, with two workers."""
    folder = tmp_path_factory.mktemp("load")
    if kind == "sqlite":
        with processes(folder, f"sqlite:///{folder / 'service.db'}") as started:
            yield started
    else:
        with (
            postgres_database() as address,
            processes(folder, address, workers=2) as started,
        ):
            yield started


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Give what asks the service, with connections for every stream and request."""
    limits = httpx.Limits(max_connections=STREAMS + RATE * 4, max_keepalive_connections=RATE)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60) as http:
        yield http


async def begun(http: httpx.AsyncClient, portfolio: str, seed: int) -> str:
    """Begin a solve with one worker and return its id once it has a plan."""
    parameters = {"time_limit": 300, "workers": 1, "seed": seed}
    body = {"portfolio_id": portfolio, "parameters": parameters}
    answer = await http.post("/v1/runs", json=body)
    assert answer.status_code == 202, answer.text
    run = str(answer.json()["id"])
    while True:
        state = (await http.get(f"/v1/runs/{run}")).json()
        assert state["state"] not in ENDED, state
        if state["plan_id"] is not None:
            return run
        await asyncio.sleep(0.2)


async def stored(http: httpx.AsyncClient, portfolio: Portfolio) -> str:
    """Store a portfolio and return its id."""
    answer = await http.post("/v1/portfolios", json=portfolio.to_data())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def listen(http: httpx.AsyncClient, run: str, heard: list[int]) -> None:
    """Follow a run to the end of its stream and count the bytes."""
    async with http.stream("GET", f"/v1/runs/{run}/events") as response:
        assert response.status_code == 200
        place = len(heard)
        heard.append(0)
        async for chunk in response.aiter_bytes():
            heard[place] += len(chunk)


async def paced(http: httpx.AsyncClient, runs: Sequence[str]) -> list[float]:
    """Ask for runs at the rate; milliseconds from when each was due to its answer."""
    first = time.perf_counter()

    async def ask(number: int) -> float:
        due = first + number / RATE
        await asyncio.sleep(due - time.perf_counter())
        response = await http.get(f"/v1/runs/{runs[number % len(runs)]}")
        assert response.status_code == 200
        return (time.perf_counter() - due) * 1000

    return await asyncio.gather(*(ask(number) for number in range(RATE * SECONDS)))


async def loaded(serving: Serving) -> tuple[list[float], list[int], float]:
    """Measure while two solves run and streams are open; times, bytes, processor seconds."""
    async with asking(serving.url) as http:
        portfolio = await stored(http, hard())
        runs = [await begun(http, portfolio, seed) for seed in (1, 2)]
        heard: list[int] = []
        streams = [
            asyncio.create_task(listen(http, runs[i % len(runs)], heard)) for i in range(STREAMS)
        ]
        while len(heard) < STREAMS:
            await asyncio.sleep(0.1)
        before = serving.processor()
        taken = await paced(http, runs)
        used = serving.processor() - before
        states = [(await http.get(f"/v1/runs/{run}")).json()["state"] for run in runs]
        assert states == ["running", "running"]
        for run in runs:
            await http.post(f"/v1/runs/{run}/stop")
        await asyncio.gather(*streams)
        return taken, heard, used


async def ended(http: httpx.AsyncClient, run: str) -> dict[str, Any]:
    """Ask again and again for a run until it has ended."""
    while True:
        state: dict[str, Any] = (await http.get(f"/v1/runs/{run}")).json()
        if state["state"] in ENDED:
            return state
        await asyncio.sleep(0.02)


async def stopped(url: str, stops: int) -> list[dict[str, Any]]:
    """Stop one solve after the other; milliseconds until its plan is there, which is the last."""
    out = []
    async with asking(url) as http:
        portfolio = await stored(http, hard())
        for seed in range(stops):
            run = await begun(http, portfolio, seed)
            before = time.perf_counter()
            await http.post(f"/v1/runs/{run}/stop")
            state = await ended(http, run)
            plan = await http.get(f"/v1/runs/{run}/plan")
            taken = (time.perf_counter() - before) * 1000
            assert plan.status_code == 200
            out.append({"ms": taken, **state})
    return out


async def killed(url: str, runs: int) -> list[dict[str, Any]]:
    """Stop solvers that do not heed it, some at a time; milliseconds until the run has ended."""
    async with asking(url) as http:
        portfolio = await stored(http, tiny())
        room = asyncio.Semaphore(TOGETHER)

        async def one() -> dict[str, Any]:
            async with room:
                answer = await http.post("/v1/runs", json={"portfolio_id": portfolio})
                assert answer.status_code == 202, answer.text
                run = str(answer.json()["id"])
                while not (await http.get(f"/v1/runs/{run}")).json()["solves_done"]:
                    await asyncio.sleep(0.2)
                before = time.perf_counter()
                await http.post(f"/v1/runs/{run}/stop")
                state = await ended(http, run)
                return {"ms": (time.perf_counter() - before) * 1000, **state}

        return await asyncio.gather(*(one() for _ in range(runs)))


def require_killed(url: str, runs: list[dict[str, Any]]) -> None:
    """Runs were cancelled, and nothing is left of what their solvers had started."""
    assert {(run["state"], run["termination"]) for run in runs} == {("cancelled", "stopped")}
    with Client(url) as client:
        for run in runs:
            events = [event for event in client.runs.events(run["id"]) if event.type == "solves"]
            assert [alive(int(event.data["key"])) for event in events] == [False]


@pytest.mark.drill
def test_reading_a_run_under_load(
    serving: Serving, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every request is answered and every stream lives while two solves run; p99 is told."""
    taken, heard, used = asyncio.run(loaded(serving))
    more: dict[str, object] = {"per_second": RATE, "streams": STREAMS, "solves": 2, "unit": "ms"}
    more |= {"processor_share": round(used / SECONDS, 2)}
    told(capsys, "GET /v1/runs/{id}", taken, store=kind, **more)
    assert len(taken) == RATE * SECONDS
    assert len(heard) == STREAMS
    assert min(heard) > 100


@pytest.mark.drill
def test_stopping_runs(serving: Serving, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Stopped runs succeed with the plan they had, and say that they were stopped."""
    runs = asyncio.run(stopped(serving.url, STOPS))
    told(capsys, "stop to plan", [run["ms"] for run in runs], store=kind, unit="ms")
    require_stopped(runs)


def test_stopping_a_run(tmp_path: Path) -> None:
    """A stopped run succeeds with the plan it had, and says that it was stopped."""
    with served(settings_in(tmp_path)) as url:
        require_stopped(asyncio.run(stopped(url, 1)))


def require_stopped(runs: list[dict[str, Any]]) -> None:
    """Runs have succeeded, as stopped."""
    assert {(run["state"], run["termination"]) for run in runs} == {("succeeded", "stopped")}


@pytest.mark.drill
def test_killing_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Runs that ignore the stop, and SIGTERM, end all the same, and leave no process behind."""
    address = f"sqlite:///{tmp_path / 'service.db'}"
    settings = {"running": TOGETHER, "queued": KILLS}
    with processes(tmp_path, address, settings=settings, module=STUBBORN) as service:
        runs = asyncio.run(killed(service.url, KILLS))
        require_killed(service.url, runs)
    taken = [run["ms"] for run in runs]
    told(capsys, "stop to hard kill", taken, together=TOGETHER, store="sqlite", unit="ms")


def test_killing_a_run(tmp_path: Path) -> None:
    """A run that ignores the stop, and SIGTERM, ends all the same, and leaves no process."""
    address = f"sqlite:///{tmp_path / 'service.db'}"
    settings = {"stop_grace": 0.2, "kill_grace": 0.2}
    with processes(tmp_path, address, settings=settings, module=STUBBORN) as service:
        require_killed(service.url, asyncio.run(killed(service.url, 1)))
