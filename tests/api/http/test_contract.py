"""The service under schemathesis: what the OpenAPI document says, held against what is answered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from pmo_optimizer.service import Settings
from pmo_optimizer.service.store import Store
from tests.api.http.helpers import key_of, opened, portfolio, serving, work

STORES = ["sqlite", "postgresql"]

CONFIG = """
[checks]
positive_data_acceptance.enabled = false

[[operations]]
include-operation-id = [
  "create_portfolio", "replace_portfolio", "create_scenario", "replace_scenario", "create_run",
]
[operations.checks]
negative_data_rejection.enabled = false

[[operations]]
include-operation-id = ["get_run_plan", "get_run_result"]
[operations.checks]
ensure_resource_availability.enabled = false
"""
"""Portfolios and scenarios are read as from files, where 1 is a number, its text, and yes: more
than their schemas say. A run that was just made has neither plan nor result."""


ENDED = (
    "check_plan",
    "create_decision",
    "export_plan",
    "get_decision",
    "get_plan",
    "get_run",
    "get_run_plan",
    "list_decisions",
    "list_plans",
    "move_decision",
    "stop_run",
)
"""Operations whose answers need what no request of a few seconds makes: a run that has ended."""


def attack(kind: str, folder: Path, *options: str, ended: bool = False) -> None:
    """Run schemathesis against a live service with a key, every check on.

    Where ``ended``, only against what a run that has ended answers: its ids are given.

    One check is left out: that whatever fits the schemas is taken. A portfolio that fits may
    still have errors of meaning. Event streams of runs that wait do not end, so they are left
    to tests of their own.
    """
    with (
        opened(kind, folder) as store,
        serving(store, Settings(require_keys=True, queued=20)) as client,
    ):
        key = key_of(store, "contract")
        settings = folder / "schemathesis.toml"
        settings.write_text(CONFIG + (_ended(store, client, key) if ended else ""))
        command = [
            str(Path(sys.executable).with_name("schemathesis")),
            f"--config-file={settings}",
            "run",
            f"{str(client.base_url).rstrip('/')}/openapi.json",
            f"--header=Authorization: Bearer {key}",
            *([f"--include-operation-id={name}" for name in ENDED] if ended else []),
            "--exclude-operation-id=get_run_events",
            "--generation-database=none",
            "--seed=1",
            "--no-color",
            "--warnings=off",
            *options,
        ]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=3600, check=False
        )
        assert done.returncode == 0, done.stdout[-10_000:] + done.stderr
        assert "No issues found" in done.stdout or "✅" in done.stdout
        assert client.get("/v1/health").status_code == 200


def _ended(store: Store, service: httpx.Client, key: str) -> str:
    """Solve a portfolio, begin a decision, and return settings that name all of these."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=service.base_url, headers=headers, timeout=60) as client:
        made = client.post("/v1/portfolios", json=portfolio()).json()["id"]
        run = client.post("/v1/runs", json={"portfolio_id": made}).json()["id"]
        assert work(store) == run
        plan = client.get(f"/v1/runs/{run}").json()["plan_id"]
        body = {"plan_id": plan, "title": "Plan"}
        decision = client.post("/v1/decisions", json=body).json()["id"]
    ids = {"run_id": run, "plan_id": plan, "decision_id": decision}
    return "\n[parameters]\n" + "".join(f'{name} = "{id}"\n' for name, id in ids.items())


def test_what_an_ended_run_answers_keeps_the_contract(tmp_path: Path) -> None:
    """Plans, checks, exports and decisions answer as documented: in short, on one store."""
    attack("sqlite", tmp_path, "--phases=examples,coverage", ended=True)


@pytest.mark.drill
@pytest.mark.parametrize("kind", STORES)
def test_what_an_ended_run_answers_keeps_the_contract_for_long(kind: str, tmp_path: Path) -> None:
    """The same on both stores, whatever is asked of them."""
    attack(kind, tmp_path, "--phases=examples,coverage,fuzzing", "--max-examples=50", ended=True)


@pytest.mark.parametrize("kind", STORES)
def test_the_service_keeps_its_contract(kind: str, tmp_path: Path) -> None:
    """No answer is a 5xx, undocumented or of another form, nothing wrong is taken: in short."""
    attack(kind, tmp_path, "--phases=examples,fuzzing,stateful", "--max-examples=3")


@pytest.mark.drill
@pytest.mark.parametrize("kind", STORES)
def test_the_service_keeps_its_contract_for_long(kind: str, tmp_path: Path) -> None:
    """The same with every corner of the schemas, and many more requests."""
    attack(kind, tmp_path, "--phases=examples,coverage,fuzzing,stateful", "--max-examples=100")
