"""Solving from the command line, with the real engines."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pmo_optimizer.cli import app
from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.cli.options import Pack
from pmo_optimizer.model import Plan, Portfolio, Status, Termination
from tests.cli.conftest import process_environment

Run = Callable[..., subprocess.CompletedProcess[str]]

KNAPSACK = """
name: knapsack
calendar: {start: 2027-01-01, periods: 4}
funds: [{id: budget, amounts: {total: 10}}]
projects:
  - {id: A, value: 7, costs: [{lump: 6}]}
  - {id: B, value: 5, costs: [{lump: 5}]}
  - {id: C, value: 4, costs: [{lump: 5}]}
"""

CLASHING = KNAPSACK.replace("value: 7,", "value: 7, decision: must,").replace(
    "value: 5,", "value: 5, decision: must,"
)


@pytest.fixture
def knapsack(tmp_path: Path) -> Path:
    """Return a file of three projects of which a budget of 10 buys B and C, or A alone."""
    path = tmp_path / "knapsack.yaml"
    path.write_text(KNAPSACK)
    return path


def test_solve_prints_a_proven_plan(run: Run, knapsack: Path) -> None:
    """B and C are worth 5 + 4, more than A alone; the bound proves it."""
    done = run("solve", knapsack.name, "--time-limit", "20")
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert f"{5 + 4:.4f}" in done.stdout
    assert "optimal" in done.stdout
    assert "Selected projects (2)" in done.stdout
    assert "Rejected projects (1)" in done.stdout


def test_solve_json_is_a_plan_and_nothing_else(run: Run, knapsack: Path) -> None:
    """Stdout is one JSON document that loads as a plan, with the agreed top-level keys."""
    done = run("solve", knapsack.name, "--time-limit", "20", "--json")
    data = json.loads(done.stdout)
    keys = {"status", "termination", "objective", "bound", "gap", "terms", "digest"}
    assert keys <= set(data)
    plan = Plan.parse(data)
    assert (plan.selected, plan.objective, plan.bound, plan.gap) == (("B", "C"), 5 + 4, 5 + 4, 0)
    assert plan.digest == Portfolio.load(knapsack).digest()


@pytest.mark.parametrize("backend", ["cp-sat", "milp"])
def test_ctrl_c_ends_every_engine_with_its_best_plan(tmp_path: Path, backend: str) -> None:
    """Ctrl-C in a long run gives the best plan so far and exit code 130, whatever the engine."""
    from pmo_scenarios import generate

    generate(projects=40, periods=24, skills=8, seed=1).save(tmp_path / "large.yaml")
    options = ["--backend", backend, "--time-limit", "200", "--json", "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "pmo_optimizer.cli", "solve", "large.yaml", *options],
        cwd=tmp_path,
        env=process_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    found = next((line for line in process.stderr if re.match(r"incumbent \d", line)), "")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=250)
    assert found
    assert process.returncode == ExitCode.INTERRUPTED, err
    plan = Plan.parse(json.loads(out))
    assert (plan.status, plan.termination) == (Status.FEASIBLE, Termination.STOPPED)


@pytest.mark.parametrize("backend", ["cp-sat", "milp"])
def test_each_exact_engine_can_be_chosen(run: Run, knapsack: Path, backend: str) -> None:
    """--backend names the engine that answers."""
    done = run("solve", knapsack.name, "--time-limit", "20", "--backend", backend, "--json")
    plan = Plan.parse(json.loads(done.stdout))
    assert plan.engine is not None
    assert (plan.engine.name, plan.objective) == (backend, 5 + 4)


def test_infeasible_portfolios_have_their_own_code(run: Run, tmp_path: Path) -> None:
    """Two obligatory projects of 6 + 5 with a budget of 10 give exit code 4 and say so."""
    (tmp_path / "clash.yaml").write_text(CLASHING)
    done = run("solve", "clash.yaml", "--time-limit", "20", "--json")
    assert done.returncode == ExitCode.INFEASIBLE, done.stderr
    assert json.loads(done.stdout)["status"] == "infeasible"
    assert "Traceback" not in done.stderr


def test_a_saved_plan_is_accepted_and_can_be_started_from(run: Run, knapsack: Path) -> None:
    """A written plan passes the referee, and is taken as a warm start."""
    first = run("solve", knapsack.name, "--time-limit", "20", "--output", "plan.yaml")
    assert first.returncode == ExitCode.PLAN, first.stderr
    checked = run("check", "plan.yaml", "--portfolio", knapsack.name)
    assert (checked.returncode, "accepted" in checked.stdout) == (0, True)
    again = run("solve", knapsack.name, "--time-limit", "20", "--start", "plan.yaml", "--json")
    assert json.loads(again.stdout)["objective"] == 5 + 4


def test_a_changed_plan_is_refused_by_check(run: Run, knapsack: Path) -> None:
    """A plan to which a project was added by hand breaks the budget: exit code 3."""
    run("solve", knapsack.name, "--time-limit", "20", "--output", "plan.json")
    path = knapsack.parent / "plan.json"
    data = json.loads(path.read_text())
    data["projects"] = [
        entry | {"selected": True, "start": 0, "finish": 0} for entry in data["projects"]
    ]
    path.write_text(json.dumps(data))
    done = run("check", "plan.json", "--portfolio", knapsack.name)
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "fund" in done.stdout


def test_engines_are_listed_with_what_they_can(run: Run) -> None:
    """`engines` names each engine, whether it can be used, and its capabilities."""
    done = run("engines", "--json")
    found = {entry["name"]: entry for entry in json.loads(done.stdout)["engines"]}
    assert {"cp-sat", "milp", "ranking"} <= set(found)
    assert found["cp-sat"]["available"] is True
    assert "funds" in found["cp-sat"]["capabilities"]
    assert "ortools" in found["cp-sat"]["versions"]
    table = run("engines").stdout
    assert all(name in table for name in found)


@pytest.mark.parametrize("name", [(), ("--plan",)])
def test_schema_is_json(name: tuple[str, ...]) -> None:
    """`schema` prints a JSON Schema of the portfolio, or of the plan."""
    done = CliRunner().invoke(app, ["schema", *name])
    schema = json.loads(done.stdout)
    assert schema["type"] == "object"
    assert ("calendar" in schema["properties"]) is not bool(name)


def test_sample_packs_are_those_of_the_command_line() -> None:
    """`demo --pack` offers what pmo_scenarios has."""
    from pmo_scenarios.packs import PACKS

    assert {pack.value for pack in Pack} == set(PACKS)


@pytest.mark.parametrize("pack", list(Pack))
def test_sample_packs_can_be_written_and_validated(run: Run, tmp_path: Path, pack: Pack) -> None:
    """`demo --export` writes a portfolio file that has no errors and is the same portfolio."""
    from pmo_scenarios.packs import load_pack

    exported = run("demo", "--pack", pack.value, "--export", "pack.yaml")
    assert (exported.returncode, exported.stdout) == (0, "")
    assert run("validate", "pack.yaml").returncode == ExitCode.PLAN
    assert Portfolio.load(tmp_path / "pack.yaml").digest() == load_pack(pack.value).digest()


def test_demo_prints_a_plan_without_violations(run: Run) -> None:
    """The digital pack has a plan within seconds, with a bound, and no violation."""
    done = run("demo", "--time-limit", "10", "--gap", "0.5", "--json")
    assert done.returncode == ExitCode.PLAN, done.stderr
    plan = Plan.parse(json.loads(done.stdout))
    assert plan.found
    assert plan.violations == ()
    assert plan.objective is not None
    assert plan.bound is not None
    assert plan.bound >= plan.objective
