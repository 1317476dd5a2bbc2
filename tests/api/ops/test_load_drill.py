"""Latencies of a busy service, as figures: nothing here fails for being slow."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from pmo_optimizer.client import Client, Retries
from pmo_scenarios import generate

ROOT = Path(__file__).parents[3]

STREAMS = 100
RATE = 50
"""Requests a second."""

SECONDS = 20
STOPS = 20

ENDED = {"succeeded", "failed", "cancelled"}

pytestmark = pytest.mark.drill


@dataclass(frozen=True)
class Serving:
    """A service in a process of its own."""

    url: str
    pid: int

    def processor(self) -> float:
        """Return the seconds of processor that the process took so far, its children's not."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Return a service in a process of its own, as ``serve`` starts it."""
    with process(tmp_path_factory.mktemp("load")) as started:
        yield started


@contextmanager
def process(folder: Path) -> Iterator[Serving]:
    """Run ``pmo-optimizer serve`` on a free port with a SQLite file in a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    paths = (ROOT, ROOT / "solvers", ROOT / "scenarios")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PMO_DATABASE_URL": f"sqlite:///{folder / 'service.db'}",
    }
    command = [sys.executable, "-m", "pmo_optimizer.cli", "serve", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stderr=log, cwd=folder)
        url = f"http://127.0.0.1:{port}"
        try:
            with Client(url, retries=Retries(attempts=60, first=0.5, most=1)) as client:
                client.version()
            yield Serving(url, server.pid)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=60)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least a share of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def told(
    capsys: pytest.CaptureFixture[str], name: str, milliseconds: Sequence[float], **more: object
) -> None:
    """Print the figures of a measurement as a line of JSON, past pytest."""
    line: dict[str, object] = {"measured": name, "count": len(milliseconds)}
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    line |= {n: round(percentile(milliseconds, share), 1) for n, share in shares.items()}
    with capsys.disabled():
        sys.stdout.write(f"\n{json.dumps(line | more)}\n")


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


async def stored(http: httpx.AsyncClient) -> str:
    """Store a portfolio that keeps a solver busy for minutes, and return its id."""
    portfolio = generate(projects=120, periods=36, skills=8, seed=3)
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
        portfolio = await stored(http)
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


async def stopped(url: str) -> list[dict[str, Any]]:
    """Stop one solve after the other; milliseconds until the run has ended with its plan."""
    out = []
    async with asking(url) as http:
        portfolio = await stored(http)
        for seed in range(STOPS):
            run = await begun(http, portfolio, seed)
            before = time.perf_counter()
            await http.post(f"/v1/runs/{run}/stop")
            while True:
                state = (await http.get(f"/v1/runs/{run}")).json()
                if state["state"] in ENDED:
                    break
                await asyncio.sleep(0.02)
            plan = await http.get(f"/v1/runs/{run}/plan")
            taken = (time.perf_counter() - before) * 1000
            assert plan.status_code == 200
            out.append({"ms": taken, **state})
    return out


def test_reading_a_run_under_load(serving: Serving, capsys: pytest.CaptureFixture[str]) -> None:
    """Every request is answered and every stream lives while two solves run; p99 is told."""
    taken, heard, used = asyncio.run(loaded(serving))
    more: dict[str, object] = {"per_second": RATE, "streams": STREAMS, "solves": 2, "unit": "ms"}
    # On a machine that also does other work this says more than how long answers took.
    more |= {"processor_share": round(used / SECONDS, 2)}
    told(capsys, "GET /v1/runs/{id}", taken, load=round(os.getloadavg()[0], 1), **more)
    assert len(taken) == RATE * SECONDS
    assert len(heard) == STREAMS
    assert min(heard) > 100


def test_stopping_a_run(serving: Serving, capsys: pytest.CaptureFixture[str]) -> None:
    """A stopped run succeeds with the plan it had, and says that it was stopped."""
    runs = asyncio.run(stopped(serving.url))
    load = round(os.getloadavg()[0], 1)
    told(capsys, "stop to plan", [run["ms"] for run in runs], unit="ms", load=load)
    assert {run["state"] for run in runs} == {"succeeded"}
    assert {run["termination"] for run in runs} == {"stopped"}
