"""Limits on what happens at the same time: checks, large bodies, streams and waits."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pmo_optimizer.client.sse import events
from pmo_optimizer.service import Settings
from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.gates import Counted, Gate
from pmo_optimizer.service.middleware import LARGE_BODY
from pmo_optimizer.service.problems import ProblemError
from pmo_optimizer.service.store import Store
from tests.api.http.helpers import assert_problem, key_of, opened, portfolio, serving

KEYS = {"Content-Type": "application/json"}


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[tuple[httpx.Client, Store]]:
    """Return what asks a service with keys and the lowest limits, and its store."""
    settings = Settings(require_keys=True, streams=1, large_bodies=1, heavy=1, sse_heartbeat=0.1)
    with opened("sqlite", tmp_path) as store, serving(store, settings) as client:
        yield client, store


def head(store: Store, tenant: str) -> dict[str, str]:
    """Return the headers of a new key of a tenant."""
    return {"Authorization": f"Bearer {key_of(store, tenant)}"}


def queued(client: httpx.Client, keyed: dict[str, str]) -> str:
    """Return the id of a new run."""
    made = client.post("/v1/portfolios", json=portfolio(), headers=keyed).json()["id"]
    run = client.post("/v1/runs", json={"portfolio_id": made}, headers=keyed)
    return str(run.json()["id"])


def test_a_tenant_has_so_many_streams(narrow: tuple[httpx.Client, Store]) -> None:
    """One stream more than allowed is 429, a wait is not granted; other tenants do not notice."""
    client, store = narrow
    mine, other = head(store, "a"), head(store, "b")
    run_id, theirs = queued(client, mine), queued(client, other)
    made = client.get(f"/v1/runs/{run_id}", headers=mine).json()["portfolio_id"]
    path = f"/v1/runs/{run_id}/events"
    with client.stream("GET", path, headers=mine) as stream:
        # An iterator that nobody holds is closed, and the stream with it.
        chunks = stream.iter_bytes()
        assert next(chunks)
        refused = client.get(path, headers=mine)
        assert_problem(refused, 429)
        assert int(refused.headers["retry-after"]) >= 1
        waited = client.post(
            "/v1/runs", json={"portfolio_id": made}, headers=mine | {"Prefer": "wait=30"}
        )
        assert waited.status_code == 202
        assert "preference-applied" not in waited.headers
        with client.stream("GET", f"/v1/runs/{theirs}/events", headers=other) as second:
            assert second.status_code == 200
            assert next(second.iter_bytes())


def test_a_revoked_key_ends_its_streams(narrow: tuple[httpx.Client, Store]) -> None:
    """A stream goes on no longer than the key that opened it."""
    client, store = narrow
    record, text = store.create_key("a", "lost", (Scope.READ, Scope.SOLVE))
    keyed = {"Authorization": f"Bearer {text}"}
    run_id = queued(client, keyed)
    with client.stream("GET", f"/v1/runs/{run_id}/events", headers=keyed) as stream:
        chunks = stream.iter_bytes()
        assert next(chunks)
        store.revoke_key("a", record.id)
        assert "end" not in [event.type for event in events(chunks)]


def test_so_many_large_bodies_at_once(narrow: tuple[httpx.Client, Store]) -> None:
    """While one large body comes in another is 429; small ones are taken, and later large ones."""
    client, store = narrow
    keyed = head(store, "a") | KEYS
    large = json.dumps(portfolio() | {"name": "x"}).encode() + b" " * LARGE_BODY
    begun, go = threading.Event(), threading.Event()

    def slowly() -> Iterator[bytes]:
        yield large[:-1]
        begun.set()
        go.wait(30)
        yield large[-1:]

    answers: list[httpx.Response] = []

    def send() -> None:
        length = {"Content-Length": str(len(large))}
        with httpx.Client(base_url=client.base_url, timeout=60) as other:
            answers.append(other.post("/v1/portfolios", content=slowly(), headers=keyed | length))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        assert begun.wait(30)
        for _ in range(200):
            answer = client.post("/v1/portfolios/validate", content=large, headers=keyed)
            if answer.status_code == 429:
                break
        assert_problem(answer, 429)
        small = client.post("/v1/portfolios/validate", json=portfolio(), headers=keyed)
        assert small.status_code == 200
    finally:
        go.set()
        thread.join(60)
    assert answers[0].status_code == 201
    again = client.post("/v1/portfolios/validate", content=large, headers=keyed)
    assert again.status_code == 200


def test_a_gate_lets_so_many_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds every place taken is refused in the end, and gets in once one is free."""
    monkeypatch.setattr("pmo_optimizer.service.gates.WAIT_SECONDS", 0.01)
    gate = Gate("checks", 2)
    with gate.place(), gate.place():
        with pytest.raises(ProblemError) as caught, gate.place():
            pass
        assert caught.value.status == 429
    with gate.place():
        pass


def test_counts_are_given_back() -> None:
    """What is closed is counted no more."""
    counted = Counted(1)
    with counted.one("a"):
        assert counted.full("a")
        assert not counted.full("b")
    assert counted.total == 0
