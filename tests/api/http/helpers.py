"""A service to ask, and a runner that does what a worker does, in the test's own process."""

from __future__ import annotations

import asyncio
import copy
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from pmo_optimizer import Portfolio, optimize
from pmo_optimizer.service import Settings, create_app
from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.examples import PORTFOLIO
from pmo_optimizer.service.server import bind, make_server
from pmo_optimizer.service.store import Store, open_store
from pmo_optimizer.service.store.records import PlanFacts, RunState
from pmo_scenarios import Scenario
from tests.api.databases import postgres_database

PROBLEM = "application/problem+json"


def portfolio() -> dict[str, Any]:
    """Return a small portfolio, to be changed at will."""
    return copy.deepcopy(dict(PORTFOLIO))


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Store]:
    """Open a fresh store of a kind: ``sqlite`` or ``postgresql``."""
    if kind == "sqlite":
        store = open_store(f"sqlite:///{folder / 'service.db'}")
        store.upgrade()
        yield store
        store.close()
        return
    with postgres_database(tables=True) as url:
        store = open_store(url)
        store.upgrade()
        yield store
        store.close()


@contextmanager
def serving(
    store: Store | None, settings: Settings | None = None, *, key: str | None = None
) -> Iterator[httpx.Client]:
    """Serve a store on a free port of this machine, and give what asks the service."""
    chosen = (settings or Settings()).model_copy(update={"host": "127.0.0.1", "port": 0})
    listening = bind(chosen)
    server = make_server(create_app(chosen, store))
    # Signals are for the main thread, in which the test runs.
    thread = threading.Thread(target=asyncio.run, args=(server.serve([listening]),))
    thread.start()
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


def key_of(store: Store, tenant: str, *scopes: Scope) -> str:
    """Return a key of a tenant, by default with every scope."""
    return store.create_key(tenant, "test", scopes or tuple(Scope))[1]


def work(store: Store) -> str:
    """Do the oldest queued run as a worker does, by solving, and return its id."""
    run = store.claim("test", 100)
    assert run is not None
    store.started(run.id, run.attempt)
    stored = store.portfolio(run.tenant, run.portfolio_id, run.revision)
    made = Portfolio.parse(json.loads(stored.document))
    if run.scenario_document is not None:
        made = Scenario.parse(json.loads(run.scenario_document)).apply(made)
    plan = optimize(made, time_limit=5, workers=1, backend="cp-sat")
    store.progress(run.id, run.attempt, "progress", {"value": plan.objective, "bound": plan.bound})
    facts = PlanFacts(plan.status.value, plan.digest, plan.objective, plan.bound, plan.gap)
    store.keep_plan(run.id, run.attempt, json.dumps(plan.to_data()), facts, final=True)
    store.finish(
        run.id,
        run.attempt,
        RunState.SUCCEEDED,
        status=plan.status.value,
        termination=plan.termination.value,
        objective=plan.objective,
        bound=plan.bound,
        gap=plan.gap,
    )
    return run.id


def assert_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """Assert that an answer is a problem document of a status, and return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["type"].startswith("urn:pmo-optimizer:problem:")
    assert body["title"]
    assert body["detail"]
    assert body["instance"].startswith("/")
    assert body["request_id"] == response.headers["x-request-id"]
    for finding in body.get("findings", ()):
        assert finding["severity"] in {"error", "warning"}
        assert finding["rule"]
        assert finding["path"]
        assert finding["message"]
        assert finding["fix"]
    return body
