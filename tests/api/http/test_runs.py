"""Runs, plans and decisions over HTTP."""

from __future__ import annotations

import csv
import io
import json
import threading
import uuid
from pathlib import Path

import httpx
import pytest

from pmo_optimizer import Plan
from pmo_optimizer.service import Settings
from pmo_optimizer.service.documents import LARGEST_SCENARIO
from pmo_optimizer.service.examples import SCENARIO
from pmo_optimizer.service.schemas import KINDS
from pmo_optimizer.service.store import Store
from tests.api.http.helpers import assert_problem, key_of, opened, portfolio, serving, work

OTHER = "A" * 22


@pytest.fixture
def store(each_store: Store) -> Store:
    """Return a fresh store, of each kind."""
    return each_store


@pytest.fixture
def run_id(client: httpx.Client, store: Store, portfolio_id: str) -> str:
    """Return the id of a run that has ended with a plan."""
    body = {"portfolio_id": portfolio_id, "parameters": {"time_limit": 5}}
    assert client.post("/v1/runs", json=body).status_code == 202
    return work(store)


def test_a_run_from_the_queue_to_its_plan(
    client: httpx.Client, store: Store, portfolio_id: str
) -> None:
    """A run is accepted at once, and in the end has a plan whose figures are in its status."""
    answer = client.post("/v1/runs", json={"portfolio_id": portfolio_id})
    assert answer.status_code == 202
    path = answer.headers["location"]
    assert path == f"/v1/runs/{answer.json()['id']}"
    assert int(answer.headers["retry-after"]) >= 1
    waiting = client.get(path)
    assert waiting.json()["state"] == "queued"
    assert waiting.json()["status"] is None
    assert_problem(client.get(f"{path}/plan"), 404)
    work(store)
    run = client.get(path).json()
    assert (run["state"], run["status"], run["termination"]) == ("succeeded", "optimal", "proved")
    found = client.get(f"{path}/plan").json()
    assert found["id"] == run["plan_id"]
    assert found["final"] is True
    plan = Plan.parse(found["document"])
    assert plan.objective == run["objective"] == found["objective"] == 8
    assert_problem(client.get(f"{path}/result"), 404)


def test_lists_are_filtered(client: httpx.Client, run_id: str, portfolio_id: str) -> None:
    """Lists of runs hold those that match every filter."""
    client.post("/v1/runs", json={"portfolio_id": portfolio_id, "kind": "prices"})

    def ids(**filters: str) -> int:
        return len(client.get("/v1/runs", params=filters).json()["items"])

    assert ids() == 2
    assert ids(state="succeeded") == ids(kind="solve") == ids(kind="prices") == 1
    assert ids(state="failed") == ids(portfolio_id=f"pf_{OTHER}") == 0
    assert ids(portfolio_id=portfolio_id, state="queued", kind="prices") == 1
    assert_problem(client.get("/v1/runs", params={"state": "lost"}), 422)
    assert_problem(client.get("/v1/runs", params={"cursor": "nonsense"}), 422)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_known(client: httpx.Client, portfolio_id: str, kind: str) -> None:
    """Each kind is taken, or refused for want of its own parameters, never for its name."""
    answer = client.post("/v1/runs", json={"portfolio_id": portfolio_id, "kind": kind})
    if answer.status_code != 202:
        findings = assert_problem(answer, 422)["findings"]
        assert all(finding["path"].startswith("parameters/") for finding in findings)


def test_a_scenario_is_copied_into_the_run(
    client: httpx.Client, store: Store, portfolio_id: str
) -> None:
    """A run of a scenario has the digest of the changed portfolio, also once it is deleted."""
    place = f"/v1/portfolios/{portfolio_id}/scenarios"
    path = client.post(place, json=dict(SCENARIO)).headers["location"]
    stored = {"portfolio_id": portfolio_id, "scenario_id": path.rpartition("/")[2]}
    written = {"portfolio_id": portfolio_id, "scenario": dict(SCENARIO)}
    first, second = (client.post("/v1/runs", json=body).json() for body in (stored, written))
    base = client.get(f"/v1/portfolios/{portfolio_id}").json()["digest"]
    assert first["digest"] == second["digest"] != base
    assert client.delete(path).status_code == 204
    work(store)
    plan = client.get(f"/v1/runs/{first['id']}/plan").json()
    assert plan["digest"] == first["digest"]
    assert client.get(f"/v1/plans/{plan['id']}/check").json()["accepted"] is True
    both = stored | written
    assert_problem(client.post("/v1/runs", json=both), 404)


def test_the_queue_has_an_end(tmp_path: Path) -> None:
    """A tenant whose queue is full is told when to come back."""
    with opened("sqlite", tmp_path) as store, serving(store, Settings(queued=2)) as client:
        made = client.post("/v1/portfolios", json=portfolio()).json()
        body = {"portfolio_id": made["id"]}
        assert [client.post("/v1/runs", json=body).status_code for _ in range(2)] == [202, 202]
        full = client.post("/v1/runs", json=body)
        assert_problem(full, 429)
        assert int(full.headers["retry-after"]) >= 1


def test_what_is_above_a_limit_is_refused(client: httpx.Client, portfolio_id: str) -> None:
    """Asking for more time, threads or memory than allowed gives a finding for each."""
    wanted = {"time_limit": 1e6, "workers": 5000, "memory_mb": 10**6}
    body = {"portfolio_id": portfolio_id, "parameters": wanted}
    findings = assert_problem(client.post("/v1/runs", json=body), 422)["findings"]
    assert {f["path"] for f in findings} == {f"parameters/{name}" for name in wanted}


def test_prefer_waits_for_the_end(client: httpx.Client, store: Store, portfolio_id: str) -> None:
    """A run that ends within the wait is answered with 200 and its end; others with 202."""
    body = {"portfolio_id": portfolio_id, "parameters": {"time_limit": 5}}
    short = client.post("/v1/runs", json=body, headers={"Prefer": "wait=0"})
    assert short.status_code == 202
    assert short.headers["preference-applied"] == "wait=0"
    work(store)
    worker = threading.Timer(0.3, work, (store,))
    worker.start()
    answer = client.post("/v1/runs", json=body, headers={"Prefer": "respond-async, wait=600"})
    worker.join()
    assert answer.status_code == 200
    assert answer.headers["preference-applied"] == "wait=30"
    assert answer.json()["state"] == "succeeded"
    assert answer.headers["location"] == f"/v1/runs/{answer.json()['id']}"


def test_a_key_queues_once(client: httpx.Client, portfolio_id: str) -> None:
    """The same run under one idempotency key is queued once."""
    head = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"portfolio_id": portfolio_id}
    first, second = (client.post("/v1/runs", json=body, headers=head) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert len(client.get("/v1/runs").json()["items"]) == 1


def test_stop_and_delete(client: httpx.Client, run_id: str, portfolio_id: str) -> None:
    """Stopping may be asked again and changes no ended run; deleting removes the plans too."""
    queued = client.post("/v1/runs", json={"portfolio_id": portfolio_id}).json()["id"]
    for _ in range(2):
        stopped = client.post(f"/v1/runs/{queued}/stop")
        assert stopped.status_code == 202
        assert stopped.json()["state"] == "cancelled"
    assert client.post(f"/v1/runs/{run_id}/stop").json()["state"] == "succeeded"
    plan = client.get(f"/v1/runs/{run_id}/plan").json()["id"]
    assert client.delete(f"/v1/runs/{run_id}").status_code == 204
    assert_problem(client.get(f"/v1/plans/{plan}"), 404)
    assert_problem(client.get(f"/v1/runs/{run_id}"), 404)


def test_plans(client: httpx.Client, run_id: str) -> None:
    """A plan is listed, read, accepted by the referee, and exported in each form."""
    listed = client.get("/v1/plans", params={"run_id": run_id}).json()["items"]
    path = f"/v1/plans/{listed[0]['id']}"
    full = client.get(path).json()
    assert {name: full[name] for name in listed[0]} == listed[0]
    check = client.get(f"{path}/check").json()
    assert check["accepted"] is True
    assert check["violations"] == []
    assert check["kpis"]["objective"] == full["objective"]
    exported = client.get(f"{path}/export")
    assert Plan.parse(exported.json()) == Plan.parse(full["document"])
    assert "attachment" in exported.headers["content-disposition"]
    for table, head in (("schedule", "project"), ("staffing", "kind")):
        answer = client.get(f"{path}/export", params={"format": "csv", "table": table})
        assert answer.headers["content-type"].startswith("text/csv")
        rows = list(csv.reader(io.StringIO(answer.text)))
        assert rows[0][0] == head
        assert len(rows) > 1
        assert len({len(row) for row in rows}) == 1
    assert_problem(client.get(f"{path}/export", params={"format": "xlsx"}), 422)


def test_no_cell_is_a_formula(client: httpx.Client, store: Store) -> None:
    """A name that a spreadsheet would run stands behind an apostrophe in CSV."""
    tricky = portfolio()
    tricky["projects"][0]["phases"][0]["modes"] = [
        {"id": "=1+1", **tricky["projects"][0]["phases"][0]}
    ]
    for name in ("duration", "needs", "costs"):
        del tricky["projects"][0]["phases"][0][name]
    tricky["projects"][0]["phases"][0]["modes"][0]["id"] = "@SUM(A1)"
    answer = client.post("/v1/portfolios", json=tricky)
    assert answer.status_code == 201, answer.text
    client.post("/v1/runs", json={"portfolio_id": answer.json()["id"]})
    plan = client.get(f"/v1/runs/{work(store)}/plan").json()["id"]
    text = client.get(f"/v1/plans/{plan}/export", params={"format": "csv"}).text
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert "'@SUM(A1)" in cells
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_decisions(client: httpx.Client, run_id: str) -> None:
    """A plan goes from draft to baseline, each move with who, why, overrides and pins."""
    plan = client.get(f"/v1/runs/{run_id}/plan").json()
    body = {"plan_id": plan["id"], "title": "Plan of 2027", "why": "best"}
    answer = client.post("/v1/decisions", json=body)
    assert answer.status_code == 201
    path = answer.headers["location"]
    overrides = [{"what": "Portal later", "project": "Portal", "cost": 1.5}]
    for target in ("proposed", "approved", "baseline"):
        moved = client.post(
            f"{path}/move", json={"to": target, "why": f"to {target}", "overrides": overrides}
        )
        assert moved.status_code == 200, moved.text
        assert moved.json()["state"] == target
    history = client.get(path).json()["events"]
    assert [e["to_state"] for e in history] == ["draft", "proposed", "approved", "baseline"]
    assert {e["pins"]["input_digest"] for e in history} == {plan["digest"]}
    assert {e["pins"]["bound"] for e in history} == {plan["bound"]}
    assert all("pmo-optimizer" in e["pins"]["versions"] for e in history)
    assert history[-1]["overrides"] == overrides
    assert_problem(client.post(f"{path}/move", json={"to": "rejected"}), 409)
    assert_problem(client.delete(f"/v1/runs/{run_id}"), 409)
    listed = client.get("/v1/decisions", params={"state": "baseline"}).json()["items"]
    assert [item["id"] for item in listed] == [answer.json()["id"]]
    assert client.get("/v1/decisions", params={"state": "draft"}).json()["items"] == []


def test_a_decision_needs_a_plan_that_is_there(client: httpx.Client) -> None:
    """A decision about a plan that the tenant does not have is 404."""
    answer = client.post("/v1/decisions", json={"plan_id": f"pl_{OTHER}", "title": "x"})
    assert_problem(answer, 404)


def test_records_tell_the_name_of_the_key_beside_its_id(tmp_path: Path) -> None:
    """In the history of a decision and in the audit log: a board does not know keys by ids."""
    with (
        opened("sqlite", tmp_path) as store,
        serving(store, Settings(require_keys=True), key=key_of(store, "acme")) as client,
    ):
        made = client.post("/v1/portfolios", json=portfolio()).json()["id"]
        client.post("/v1/runs", json={"portfolio_id": made})
        plan_id = client.get(f"/v1/runs/{work(store)}").json()["plan_id"]
        decision = client.post("/v1/decisions", json={"plan_id": plan_id, "title": "x"}).json()
        path = f"/v1/decisions/{decision['id']}"
        for state in ("proposed", "approved", "baseline"):
            moved = client.post(f"{path}/move", json={"to": state, "why": "so"}).json()
        links = client.get("/v1/audit").json()["items"]
    assert moved["replaced_by"] is None
    assert {(e["actor_name"], e["replaces"]) for e in moved["events"]} == {("test", None)}
    assert {link["detail"]["actor_name"] for link in links} == {"test"}
    assert all(link["actor"].startswith("key_") for link in links)


def test_a_list_of_runs_leaves_the_parameters_out(client: httpx.Client, run_id: str) -> None:
    """They may be large; the run itself has them."""
    assert "parameters" in client.get(f"/v1/runs/{run_id}").json()
    items = client.get("/v1/runs").json()["items"]
    assert [(item["id"], "parameters" in item) for item in items] == [(run_id, False)]


def test_a_scenario_that_is_too_large_is_refused(client: httpx.Client, portfolio_id: str) -> None:
    """Stored or written into a run: every run would hold a copy."""
    (change,) = SCENARIO["changes"]
    large = {**SCENARIO, "changes": [change] * (LARGEST_SCENARIO // len(json.dumps(change)) + 1)}
    route = f"/v1/portfolios/{portfolio_id}/scenarios"
    bodies = ((route, large), ("/v1/runs", {"portfolio_id": portfolio_id, "scenario": large}))
    for path, body in bodies:
        problem = assert_problem(client.post(path, json=body), 422)
        assert [finding["rule"] for finding in problem["findings"]] == ["scenario-too-large"]


def test_every_write_is_in_the_audit_log(client: httpx.Client, portfolio_id: str) -> None:
    """The log has each write with who, what and the request, and nothing of reads."""
    run_id = client.post("/v1/runs", json={"portfolio_id": portfolio_id}).json()["id"]
    answer = client.post(f"/v1/runs/{run_id}/stop", headers={"X-Request-ID": "my-request.1"})
    # It has ended, so that another stop writes nothing.
    assert client.post(f"/v1/runs/{run_id}/stop").status_code == 202
    assert answer.headers["x-request-id"] == "my-request.1"
    items = client.get("/v1/audit").json()["items"]
    assert [i["action"] for i in items] == ["run.stop", "run.create", "portfolio.create"]
    assert items[0]["object"] == run_id
    assert items[0]["request_id"] == "my-request.1"
    assert {i["actor"] for i in items} == {"local"}


def test_the_service_itself(client: httpx.Client) -> None:
    """Health, readiness, engines, schemas, metrics and docs answer."""
    assert client.get("/v1/health").json()["status"] == "ok"
    assert client.get("/v1/ready").json() == {"status": "ready"}
    names = {engine["name"] for engine in client.get("/v1/engines").json()["engines"]}
    assert {"cp-sat", "hybrid", "milp", "ranking"} <= names
    for name in ("portfolio", "scenario", "plan"):
        assert "$schema" in client.get(f"/v1/schemas/{name}").json()
    assert_problem(client.get("/v1/schemas/other"), 404)
    metrics = client.get("/v1/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert 'route="/v1/health"' in metrics.text
