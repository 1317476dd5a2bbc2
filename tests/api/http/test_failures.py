"""What is answered when the service itself fails, or its database does."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psycopg

from pmo_optimizer.service import Settings, create_app
from pmo_optimizer.service.problems import MOST_FINDINGS
from pmo_optimizer.service.store import open_store
from pmo_scenarios import generate
from tests.api.databases import SERVER, postgres_database
from tests.api.http.helpers import assert_problem, opened, portfolio, serving
from tests.api.live import served, settings_in

PATIENCE = 60.0


def test_an_error_that_nobody_expected() -> None:
    """Such an error is a problem of status 500 that says nothing of what is inside."""
    app = create_app(Settings(database_url="sqlite:///unused"))

    def fail() -> None:
        raise ZeroDivisionError("the secret is 42")

    app.add_api_route("/fail", fail)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get("/fail")

    answer = asyncio.run(ask())
    assert_problem(answer, 500)
    assert "secret is 42" not in answer.text
    assert "content-security-policy" in answer.headers


def test_without_a_database() -> None:
    """While the database is away every route that needs it is 503 and says when to come back."""
    with postgres_database() as url:
        store = open_store(url)
        store.upgrade()
        with serving(store) as client:
            made = client.post("/v1/portfolios", json=portfolio()).json()["id"]
            with psycopg.connect(SERVER, autocommit=True) as server:
                name = url.rpartition("/")[2]
                server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
                server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                    (name,),
                )
                for method, path in (
                    ("GET", f"/v1/portfolios/{made}"),
                    ("GET", "/v1/runs"),
                    ("GET", "/v1/ready"),
                    ("POST", "/v1/portfolios"),
                ):
                    body = portfolio() if method == "POST" else None
                    answer = client.request(method, path, json=body)
                    assert_problem(answer, 503)
                    assert int(answer.headers["retry-after"]) >= 1
                assert client.get("/v1/health").status_code == 200
                server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
            assert client.get(f"/v1/portfolios/{made}").status_code == 200
        store.close()


def test_tables_of_another_version() -> None:
    """A service whose tables are missing lives, but is not ready."""
    with postgres_database() as url:
        store = open_store(url)
        with serving(store) as client:
            assert client.get("/v1/health").status_code == 200
            assert_problem(client.get("/v1/ready"), 503)
        store.close()


def test_a_run_whose_audit_entry_cannot_be_written_is_not_queued(tmp_path: Path) -> None:
    """The request fails, and nothing of it was done: to send it again does it once."""
    with opened("sqlite", tmp_path) as store:
        with (
            serving(store) as client,
            closing(sqlite3.connect(tmp_path / "service.db")) as database,
        ):
            made = client.post("/v1/portfolios", json=portfolio()).json()["id"]
            database.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON audit "
                "BEGIN SELECT RAISE(ABORT, 'no room'); END"
            )
            assert client.post("/v1/runs", json={"portfolio_id": made}).status_code == 500
            assert store.runs("local").items == ()
            database.execute("DROP TRIGGER refuse")
        # The server closes the connection of a request that failed.
        with serving(store) as client:
            run = client.post("/v1/runs", json={"portfolio_id": made}).json()
            assert [r["id"] for r in client.get("/v1/runs").json()["items"]] == [run["id"]]
            actions = [item["action"] for item in client.get("/v1/audit").json()["items"]]
    assert actions == ["run.create", "portfolio.create"]


def test_a_reply_outlives_what_it_was_about(tmp_path: Path) -> None:
    """A request under a known idempotency key is answered as before, whatever happened since."""
    head = {"Idempotency-Key": str(uuid.uuid4())}
    with opened("sqlite", tmp_path) as store, serving(store) as client:
        made = client.post("/v1/portfolios", json=portfolio()).json()["id"]
        body = {"portfolio_id": made}
        first = client.post("/v1/runs", json=body, headers=head)
        assert client.delete(first.headers["location"]).status_code == 204
        assert client.delete(f"/v1/portfolios/{made}").status_code == 204
        again = client.post("/v1/runs", json=body, headers=head)
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["location"] == first.headers["location"]


def test_so_many_findings_that_they_are_cut(tmp_path: Path) -> None:
    """Of very many findings the first are listed, and the number of all is said."""
    wrong = portfolio()
    number = MOST_FINDINGS + 50
    wrong["projects"] = [{"id": f"P{i}", "oops": 1} for i in range(number)]
    with opened("sqlite", tmp_path) as store, serving(store) as client:
        problem = assert_problem(client.post("/v1/portfolios", json=wrong), 422)
    assert len(problem["findings"]) == MOST_FINDINGS
    assert "first" in problem["detail"]


def test_a_service_that_ends_keeps_the_best_plans(tmp_path: Path) -> None:
    """A solve that goes on when the service ends is stopped, and its best plan is kept."""
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'service.db'}")
    large = json.loads(json.dumps(generate(projects=60, periods=24, seed=3).to_data()))
    with serving(None, settings) as client:
        made = client.post("/v1/portfolios", json=large).json()["id"]
        body = {"portfolio_id": made, "parameters": {"time_limit": 600, "workers": 1}}
        run_id = client.post("/v1/runs", json=body).json()["id"]
        end = time.monotonic() + PATIENCE
        while client.get(f"/v1/runs/{run_id}").json()["objective"] is None:
            assert time.monotonic() < end
            time.sleep(0.2)
    store = open_store(settings.database_url)
    run = store.run("local", run_id)
    assert (run.state, run.status, run.termination) == ("succeeded", "feasible", "stopped")
    assert run.plan_id is not None
    assert store.plan("local", run.plan_id).final is True
    store.close()


def test_a_run_that_needs_too_much_memory_ends_alone(tmp_path: Path) -> None:
    """A large solve under a small limit ends as such; the service and other runs go on."""
    large = generate(projects=100, periods=36, skills=10, seed=1).to_data()
    with (
        served(settings_in(tmp_path)) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        made = [client.post("/v1/portfolios", json=body) for body in (large, portfolio())]
        small_memory = {"memory_mb": 256, "time_limit": 300, "workers": 2}
        runs = [
            client.post(
                "/v1/runs", json={"portfolio_id": stored.json()["id"], "parameters": parameters}
            ).json()["id"]
            for stored, parameters in zip(made, (small_memory, {"time_limit": 60}), strict=True)
        ]
        ended: dict[str, dict[str, Any]] = {}
        end = time.monotonic() + 3 * PATIENCE
        while len(ended) < len(runs):
            assert time.monotonic() < end
            assert client.get("/v1/health").status_code == 200
            for run in set(runs) - set(ended):
                answer = client.get(f"/v1/runs/{run}").json()
                if answer["state"] in {"succeeded", "failed"}:
                    ended[run] = answer
            time.sleep(0.1)
        first, second = (ended[run] for run in runs)
        assert first["state"] == "failed"
        assert first["failure"]["code"] == "memory_limit"
        assert second["status"] == "optimal"
        assert client.get("/v1/ready").status_code == 200
