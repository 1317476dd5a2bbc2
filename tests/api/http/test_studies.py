"""Studies over HTTP, done by the service itself: their plans are checked like any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pmo_optimizer.service import Settings
from pmo_optimizer.service.examples import SCENARIO
from tests.api.http.helpers import portfolio, serving
from tests.api.runs.helpers import wait_for


@pytest.fixture
def service(tmp_path: Path) -> Iterator[httpx.Client]:
    """Return what asks a service that executes runs itself."""
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'service.db'}")
    with serving(None, settings) as client:
        yield client


@pytest.fixture
def stored(service: httpx.Client) -> str:
    """Return the id of a small portfolio."""
    return str(service.post("/v1/portfolios", json=portfolio()).json()["id"])


def ended(service: httpx.Client, **body: Any) -> dict[str, Any]:
    """Return a run that was asked for, once it has ended."""
    answer = service.post("/v1/runs", json=body)
    assert answer.status_code == 202, answer.text
    path = answer.headers["location"]
    wait_for(lambda: "retry-after" not in service.get(path).headers, "the end of the run")
    run = dict(service.get(path).json())
    assert run["state"] == "succeeded", run
    return run


def plans(service: httpx.Client, run: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the plans of a run, each accepted by the referee."""
    items = service.get("/v1/plans", params={"run_id": run["id"]}).json()["items"]
    for item in items:
        check = service.get(f"/v1/plans/{item['id']}/check").json()
        assert check["accepted"], check["violations"]
    return list(items)


def test_plans_of_scenarios_are_checked_against_their_scenario(
    service: httpx.Client, stored: str
) -> None:
    """A comparison keeps the plan of the portfolio and of each scenario: they differ, and hold."""
    parameters = {"scenarios": [dict(SCENARIO)], "time_limit": 10, "workers": 1}
    run = ended(service, portfolio_id=stored, kind="compare", parameters=parameters)
    found = plans(service, run)
    assert len({plan["digest"] for plan in found}) == 2


def test_plans_of_what_a_run_changed_are_checked_against_that(
    service: httpx.Client, stored: str
) -> None:
    """A replan's plan is of the portfolio with the past frozen, and holds there."""
    baseline = ended(service, portfolio_id=stored, parameters={"time_limit": 10, "workers": 1})
    run = ended(
        service,
        portfolio_id=stored,
        kind="replan",
        start_plan_id=baseline["plan_id"],
        parameters={
            "progress": {"as_of": 1},
            "time_limit": 10,
            "workers": 1,
        },
    )
    assert plans(service, run)
