"""The OpenAPI document is complete, and the service does what it says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from jsonschema_rs import validator_for

from pmo_optimizer.service import Settings, create_app
from pmo_optimizer.service.store import Store
from tests.api.http.helpers import portfolio, work

DOCUMENT: dict[str, Any] = create_app(Settings(database_url="sqlite:///unused")).openapi()

OPERATIONS = [
    pytest.param(method, path, operation, id=operation["operationId"])
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]

KNOWN_IDS = """
check_plan create_decision create_portfolio create_run create_scenario delete_portfolio delete_run
delete_scenario export_plan get_decision get_health get_metrics get_plan get_portfolio get_ready
get_run get_run_events get_run_plan get_run_result get_scenario get_schema list_audit
list_decisions list_engines list_plans list_portfolios list_runs list_scenarios move_decision
replace_portfolio replace_scenario stop_run validate_portfolio
"""
"""Clients are generated from these names: they may be added to, never changed."""


def test_operation_ids_are_stable() -> None:
    """The names of the operations are the known ones, each once."""
    assert sorted(str(param.id) for param in OPERATIONS) == KNOWN_IDS.split()


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_operations_are_described(method: str, path: str, operation: dict[str, Any]) -> None:
    """Each has a summary, a text, a tag, a key where one is needed, and its errors as problems."""
    del method
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    assert ("security" in operation) is (path not in {"/v1/health", "/v1/ready"})
    answers = operation["responses"]
    errors = {status: answer for status, answer in answers.items() if int(status) >= 400}
    wanted = {"400", "421"}
    if "security" in operation:
        wanted |= {"401", "403", "503"}
    if "{" in path:
        wanted.add("404")
    if "requestBody" in operation:
        wanted |= {"413", "415"}
    assert wanted <= set(errors)
    for status, answer in errors.items():
        content = answer["content"]["application/problem+json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert content["example"]["status"] == int(status)
    for parameter in operation.get("parameters", ()):
        assert "description" in parameter or parameter["in"] == "path", parameter["name"]


def test_every_reference_leads_somewhere() -> None:
    """Each `$ref` of the document names a part of it, and so does each discriminator."""

    def references(value: object) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            mapping = value.get("discriminator", {}).get("mapping", {})
            return own.union(mapping.values(), *(references(item) for item in value.values()))
        if isinstance(value, list):
            return set().union(*(references(item) for item in value))
        return set()

    for place in references(DOCUMENT):
        found: Any = DOCUMENT
        for step in place.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def schema_of(name: str) -> dict[str, Any]:
    """Return a schema of the document that stands on its own."""
    return {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}


def test_examples_satisfy_their_schemas() -> None:
    """Each example of a body is one by the document's own schema."""
    count = 0
    for param in OPERATIONS:
        operation: Any = param.values[2]
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is not None:
            schema = content["schema"] | {"components": DOCUMENT["components"]}
            for example in content["examples"].values():
                validator_for(schema).validate(example["value"])
                count += 1
    assert count >= 8


def test_examples_of_errors_are_problems() -> None:
    """Each example of an error has the form of a problem."""
    check = validator_for(schema_of("Problem"))
    for param in OPERATIONS:
        operation: Any = param.values[2]
        for answer in operation["responses"].values():
            content = answer.get("content", {}).get("application/problem+json")
            if content is not None:
                check.validate(content["example"])


def test_the_service_takes_its_own_examples(client: httpx.Client, store: Store) -> None:
    """Each example of a body, with ids of what is there, is taken."""
    made = client.post("/v1/portfolios", json=portfolio()).json()["id"]
    client.post("/v1/runs", json={"portfolio_id": made, "parameters": {"time_limit": 5}})
    run = work(store)
    plan = client.get(f"/v1/runs/{run}/plan").json()["id"]
    place = f"/v1/portfolios/{made}/scenarios"
    for param in OPERATIONS:
        method, path, operation = param.values
        assert isinstance(operation, dict)
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        for example in (content or {}).get("examples", {}).values():
            decision = client.post("/v1/decisions", json={"plan_id": plan, "title": "x"}).json()
            scenario = client.post(place, json={"id": "x", "changes": []}).json()
            ids = {"portfolio_id": made, "decision_id": decision["id"]}
            ids |= {"scenario_id": scenario["id"], "plan_id": plan}
            body = dict(example["value"])
            body |= {name: ids[name] for name in ids if name in body}
            address = str(path).format(**ids)
            answer = client.request(str(method), address, json=body)
            assert answer.status_code < 300, (path, example, answer.text)
