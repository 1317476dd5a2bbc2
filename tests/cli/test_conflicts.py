"""Explaining infeasible portfolios from the command line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pmo_optimizer.cli.codes import ExitCode
from pmo_scenarios import Conflicts
from tests.cli.test_solve import CLASHING, KNAPSACK

Run = Callable[..., subprocess.CompletedProcess[str]]

OPTIONS = ("--time-limit", "20", "--backend", "milp", "--workers", "2")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with a knapsack of 10, and one with musts of 6 + 5."""
    (tmp_path / "knapsack.yaml").write_text(KNAPSACK)
    (tmp_path / "clash.yaml").write_text(CLASHING)
    return tmp_path


@pytest.mark.usefixtures("files")
def test_conflicts_are_shown_with_repairs(run: Run) -> None:
    """The clash and the least that mends it are on stdout, progress on stderr; the code is 0."""
    done = run("conflicts", "clash.yaml", *OPTIONS)
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert "There is no plan, as is proved: 1 conflict, there are no others." in done.stdout
    for path in ("projects/A/decision", "projects/B/decision", "funds/budget"):
        assert path in done.stdout
    assert "raise fund budget by 1" in done.stdout
    assert "infeasible" in done.stderr


@pytest.mark.usefixtures("files")
def test_conflicts_json_is_the_answer_and_nothing_else(run: Run) -> None:
    """Stdout is one JSON document."""
    done = run("conflicts", "clash.yaml", *OPTIONS, "--json", "--no-progress")
    answer = Conflicts.model_validate_json(done.stdout)
    assert [len(conflict.members) for conflict in answer.conflicts] == [3]
    assert not done.stderr


@pytest.mark.usefixtures("files")
def test_a_plan_is_an_answer(run: Run) -> None:
    """A portfolio that has a plan gives code 0 and says so."""
    done = run("conflicts", "knapsack.yaml", *OPTIONS, "--no-progress")
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert "There is a plan that keeps every rule." in done.stdout


def test_wrong_input_ends_with_every_finding(run: Run, files: Path) -> None:
    """An unknown fund is no clash: code 3, and no traceback."""
    wrong = CLASHING.replace("{lump: 6}", "{lump: 6, fund: bugdet}")
    (files / "wrong.yaml").write_text(wrong)
    done = run("conflicts", "wrong.yaml", *OPTIONS)
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "Did you mean budget?" in done.stderr
    assert "Traceback" not in done.stderr
