"""Keys, scopes and tenants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from pmo_optimizer.service import Settings, create_app
from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.examples import SCENARIO
from pmo_optimizer.service.store import Store
from tests.api.http.helpers import assert_problem, key_of, portfolio, serving, work

OPEN = {"/v1/health", "/v1/ready"}
"""Paths that need no key."""

SCOPES = {
    "create_portfolio": Scope.SOLVE,
    "replace_portfolio": Scope.SOLVE,
    "delete_portfolio": Scope.SOLVE,
    "create_scenario": Scope.SOLVE,
    "replace_scenario": Scope.SOLVE,
    "delete_scenario": Scope.SOLVE,
    "create_run": Scope.SOLVE,
    "stop_run": Scope.SOLVE,
    "delete_run": Scope.SOLVE,
    "create_decision": Scope.SOLVE,
    "list_audit": Scope.ADMIN,
    "get_metrics": Scope.ADMIN,
}
"""What each operation needs; those that are left out need `read`, and moves see below."""


def operations(app: FastAPI) -> Iterator[tuple[str, str, str]]:
    """Return method, path and id of every operation of the app."""
    for path, item in app.openapi()["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation["operationId"]


OPERATIONS = sorted(operations(create_app(Settings(database_url="sqlite:///unused"))))

KEYED = [operation for operation in OPERATIONS if operation[1] not in OPEN]


@pytest.fixture
def guarded(store: Store) -> Iterator[httpx.Client]:
    """Return what asks a service that requires keys, without one."""
    with serving(store, Settings(require_keys=True)) as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    """Return the header that carries a key."""
    return {"Authorization": f"Bearer {key}"}


def concrete(path: str, ids: dict[str, str] | None = None) -> str:
    """Return a path with ids in it, by default such as nobody has."""
    prefixes = {"portfolio": "pf", "scenario": "sc", "run": "run", "plan": "pl", "decision": "de"}

    def fill(found: re.Match[str]) -> str:
        name = found[1]
        if name == "name":
            return "portfolio"
        return (ids or {}).get(name, f"{prefixes[name.removesuffix('_id')]}_{'A' * 22}")

    return re.sub(r"\{(\w+)\}", fill, path)


def test_every_route_needs_a_key(guarded: httpx.Client, store: Store) -> None:
    """Without a key, or with one that is none, every route but health and readiness is 401."""
    alive = key_of(store, "a")
    unknown = alive[:-1] + ("A" if alive[-1] != "A" else "B")
    wrong: list[dict[str, str]] = [
        {},
        bearer(unknown),
        bearer("nonsense"),
        {"Authorization": "Bearer"},
        {"Authorization": alive},
        {"Authorization": f"Basic {alive}"},
        {"X-API-Key": alive},
        {"Cookie": f"key={alive}"},
    ]
    for method, path, _ in KEYED:
        for headers in wrong:
            answer = guarded.request(method, concrete(path), headers=headers)
            assert_problem(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")
    for path in OPEN:
        assert guarded.get(path).status_code == 200
    assert guarded.get("/v1/engines", headers=bearer(alive)).status_code == 200


def test_a_key_in_the_query_is_none(guarded: httpx.Client, store: Store) -> None:
    """A key in the address, which ends up in logs, does not open anything."""
    answer = guarded.get("/v1/runs", params={"api_key": key_of(store, "a")})
    assert_problem(answer, 401)


def test_ended_keys(guarded: httpx.Client, store: Store) -> None:
    """A key that has expired or was revoked is 401 from then on."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    expired = store.create_key("a", "old", list(Scope), past)[1]
    assert_problem(guarded.get("/v1/runs", headers=bearer(expired)), 401)
    record, text = store.create_key("a", "lost", list(Scope))
    assert guarded.get("/v1/runs", headers=bearer(text)).status_code == 200
    store.revoke_key("a", record.id)
    assert_problem(guarded.get("/v1/runs", headers=bearer(text)), 401)


def test_every_route_needs_its_scope(guarded: httpx.Client, store: Store) -> None:
    """A key without the scope that a route needs is 403; with that one alone it gets in."""
    others = {scope: key_of(store, "a", *(set(Scope) - {scope})) for scope in Scope}
    alone = {scope: key_of(store, "a", scope) for scope in Scope}
    for method, path, operation in KEYED:
        if operation == "move_decision":
            continue
        scope = SCOPES.get(operation, Scope.READ)
        answer = guarded.request(method, concrete(path), headers=bearer(others[scope]))
        problem = assert_problem(answer, 403)
        assert f"`{scope}`" in problem["detail"]
        answer = guarded.request(method, concrete(path), headers=bearer(alone[scope]))
        assert answer.status_code not in {401, 403}, (method, path, answer.text)


@pytest.mark.parametrize("target", ["proposed", "approved", "baseline", "rejected"])
def test_who_may_move_a_decision(guarded: httpx.Client, store: Store, target: str) -> None:
    """Proposing needs `solve`; approving, rejecting and making a baseline need `approve`."""
    needed = Scope.SOLVE if target == "proposed" else Scope.APPROVE
    path = f"/v1/decisions/de_{'A' * 22}/move"
    for scope in Scope:
        answer = guarded.post(path, json={"to": target}, headers=bearer(key_of(store, "a", scope)))
        assert_problem(answer, 404 if scope is needed else 403)


def filled(client: httpx.Client, store: Store) -> dict[str, str]:
    """Make one of everything and return the ids."""
    made = client.post("/v1/portfolios", json=portfolio()).json()["id"]
    place = f"/v1/portfolios/{made}/scenarios"
    scenario = client.post(place, json=dict(SCENARIO)).json()["id"]
    client.post("/v1/runs", json={"portfolio_id": made, "parameters": {"time_limit": 5}})
    run = work(store)
    plan = client.get(f"/v1/runs/{run}/plan").json()["id"]
    decision = client.post("/v1/decisions", json={"plan_id": plan, "title": "Secret title"})
    return {
        "portfolio_id": made,
        "scenario_id": scenario,
        "run_id": run,
        "plan_id": plan,
        "decision_id": decision.json()["id"],
    }


def bodies(ids: dict[str, str]) -> dict[str, Any]:
    """Return what each operation with a body could be sent, with these ids."""
    return {
        "create_portfolio": portfolio(),
        "validate_portfolio": portfolio(),
        "replace_portfolio": portfolio() | {"name": "Taken over"},
        "create_scenario": dict(SCENARIO),
        "replace_scenario": dict(SCENARIO) | {"name": "Taken over"},
        "create_run": {"portfolio_id": ids["portfolio_id"]},
        "create_decision": {"plan_id": ids["plan_id"], "title": "Taken over"},
        "move_decision": {"to": "proposed"},
    }


def test_no_tenant_sees_another(store: Store) -> None:
    """Over every route of the app, tenant B gets 404 for each id of A, and no id of A in lists.

    Afterwards everything of A is as it was, though B has tried every operation that there is.
    """
    settings = Settings(require_keys=True)
    with (
        serving(store, settings, key=key_of(store, "a")) as a,
        serving(store, settings, key=key_of(store, "b")) as b,
    ):
        ids = filled(a, store)
        before = snapshot(a, ids)
        for method, path, operation in KEYED:
            if operation == "get_metrics":
                continue  # counts of all tenants, without ids
            query = {"run_id": ids["run_id"]} if operation == "list_plans" else {}
            answer = b.request(
                method, concrete(path, ids), params=query, json=bodies(ids).get(operation)
            )
            named = re.search(r"\{\w+_id\}", path) or operation in {
                "create_run",
                "create_decision",
                "list_plans",
            }
            if named:
                assert_problem(answer, 404)
            else:
                assert answer.status_code < 300, (method, path, answer.text)
            assert not any(
                name in answer.text for name in ids.values() if name not in path_of(answer)
            )
            assert "Secret title" not in answer.text
        foreign = {"portfolio_id": b.get("/v1/portfolios").json()["items"][0]["id"]}
        for extra in ({"scenario_id": ids["scenario_id"]}, {"start_plan_id": ids["plan_id"]}):
            assert_problem(b.post("/v1/runs", json=foreign | extra), 404)
        for query in ({"portfolio_id": ids["portfolio_id"]}, {"plan_id": ids["plan_id"]}):
            path = "/v1/runs" if "portfolio_id" in query else "/v1/decisions"
            assert b.get(path, params=query).json()["items"] == []
        assert snapshot(a, ids) == before


def path_of(answer: httpx.Response) -> str:
    """Return the address that was asked for, which a problem names."""
    return str(answer.request.url)


def snapshot(client: httpx.Client, ids: dict[str, str]) -> dict[str, Any]:
    """Return everything that the tenant can see."""
    paths = {
        f"/v1/portfolios/{ids['portfolio_id']}",
        f"/v1/scenarios/{ids['scenario_id']}",
        f"/v1/runs/{ids['run_id']}",
        f"/v1/plans/{ids['plan_id']}",
        f"/v1/decisions/{ids['decision_id']}",
        "/v1/portfolios",
        "/v1/runs",
        "/v1/decisions",
        "/v1/audit",
    }
    return {path: client.get(path).json() for path in paths}


def test_idempotency_keys_are_the_tenants_own(store: Store) -> None:
    """Two tenants may use the same idempotency key, and neither gets the other's answer."""
    settings = Settings(require_keys=True)
    head = {"Idempotency-Key": "same"}
    with serving(store, settings) as client:
        made = [
            client.post(
                "/v1/portfolios", json=portfolio(), headers=head | bearer(key_of(store, tenant))
            ).json()["id"]
            for tenant in ("a", "b")
        ]
    assert made[0] != made[1]


def test_a_bad_key_is_refused_where_none_is_needed(client: httpx.Client, store: Store) -> None:
    """On this machine a request without a key is `local`; one with a key is the key's tenant."""
    assert_problem(client.get("/v1/runs", headers=bearer("nonsense")), 401)
    assert_problem(client.get("/v1/runs", headers={"Authorization": "Basic eDp5"}), 401)
    head = bearer(key_of(store, "a"))
    made = client.post("/v1/portfolios", json=portfolio(), headers=head).json()["id"]
    assert client.get(f"/v1/portfolios/{made}", headers=head).status_code == 200
    assert_problem(client.get(f"/v1/portfolios/{made}"), 404)


@pytest.mark.parametrize(
    "header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"]
)
def test_a_proxy_is_not_this_machine(client: httpx.Client, header: str) -> None:
    """Without keys a request that came through a proxy is 401: it may be anybody's."""
    assert client.get("/v1/runs").status_code == 200
    assert_problem(client.get("/v1/runs", headers={header: "192.0.2.1"}), 401)


@pytest.mark.parametrize("name", ["plans.example", "*", "192.0.2.1"])
def test_a_public_name_needs_keys(store: Store, name: str) -> None:
    """A service that answers to the name of another machine asks everybody for a key."""
    with serving(store, Settings(allowed_hosts=(name,))) as client:
        assert_problem(client.get("/v1/runs", headers={"Host": name.replace("*", "any")}), 401)
        assert_problem(client.get("/v1/runs"), 401)
        head = bearer(key_of(store, "a"))
        assert client.get("/v1/runs", headers=head).status_code == 200


def test_metrics_are_those_of_the_tenant(guarded: httpx.Client, store: Store) -> None:
    """An administrator sees the runs of its own tenant; that of `local` those of all."""
    mine = bearer(key_of(store, "a"))
    made = guarded.post("/v1/portfolios", json=portfolio(), headers=mine).json()["id"]
    assert guarded.post("/v1/runs", json={"portfolio_id": made}, headers=mine).status_code == 202
    queued = 'pmo_runs{kind="solve",state="queued"} 1'
    for tenant, seen in (("a", True), ("b", False), ("local", True)):
        page = guarded.get("/v1/metrics", headers=bearer(key_of(store, tenant))).text
        assert (queued in page) is seen
