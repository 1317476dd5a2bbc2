"""Robustness from the command line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pmo_optimizer.cli.codes import ExitCode
from pmo_scenarios import Robustness
from tests.cli.test_solve import CLASHING, KNAPSACK

Run = Callable[..., subprocess.CompletedProcess[str]]

UNSURE = """
uncertain:
  - {what: cost, target: B, low: 0, high: 20, distribution: two-point}
"""

OPTIONS = ("--time-limit", "20", "--backend", "milp", "--cases", "2", "--workers", "2")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with a knapsack of 10 and what is uncertain of it."""
    (tmp_path / "knapsack.yaml").write_text(KNAPSACK)
    (tmp_path / "unsure.yaml").write_text(UNSURE)
    return tmp_path


def test_robustness_prints_core_cases_and_chances(run: Run, files: Path) -> None:
    """Tables on stdout, progress on stderr; a saved plan is studied as it is."""
    solved = run("solve", "knapsack.yaml", "--backend", "milp", "--output", "plan.json")
    assert solved.returncode == ExitCode.PLAN, solved.stderr
    done = run(
        "robustness", "knapsack.yaml", "unsure.yaml", *OPTIONS, "--plan", "plan.json",
        "--simulate", "50",
    )  # fmt: skip
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert {"borderline", "adverse", "favourable"} <= set(done.stdout.split())
    assert "in 50 drawn cases" in done.stdout
    assert "fund budget total" in done.stdout
    assert "case-1" in done.stderr


def test_robustness_json_is_a_study_and_nothing_else(run: Run, files: Path) -> None:
    """Stdout is one JSON document that loads as a study of two cases and the extremes."""
    done = run(
        "robustness", "knapsack.yaml", "unsure.yaml", *OPTIONS, "--simulate", "0", "--json",
        "--no-progress",
    )  # fmt: skip
    result = Robustness.model_validate_json(done.stdout)
    assert [case.id for case in result.cases] == ["favourable", "adverse", "case-1", "case-2"]
    assert result.simulation is None
    assert not done.stderr


def test_wrong_statements_end_with_findings(run: Run, files: Path) -> None:
    """An unknown project gives exit code 3, its place and no traceback."""
    (files / "wrong.yaml").write_text("uncertain: [{what: cost, target: Bb, low: 0, high: 1}]")
    done = run("robustness", "knapsack.yaml", "wrong.yaml", *OPTIONS)
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "uncertain/0/target" in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_an_infeasible_portfolio_has_its_own_code(run: Run, files: Path) -> None:
    """Without a plan there is nothing to study: exit code 4."""
    (files / "clash.yaml").write_text(CLASHING)
    done = run("robustness", "clash.yaml", "unsure.yaml", *OPTIONS, "--json")
    assert done.returncode == ExitCode.INFEASIBLE, done.stderr
    assert Robustness.model_validate_json(done.stdout).cases == ()


def test_a_robust_plan_is_printed_with_its_bound(run: Run, files: Path) -> None:
    """Where B may cost 6, A (7) is the only choice in the hardest case, proven."""
    done = run("robustness", "knapsack.yaml", "unsure.yaml", *OPTIONS, "--robust", "worst")
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert "selected: A" in done.stdout
    assert "proven" in done.stdout
    assert "adverse" in done.stdout
