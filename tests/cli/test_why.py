"""Why a project is in or out, and other plans that are as good, from the command line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pmo_optimizer.cli.codes import ExitCode
from pmo_scenarios import Alternatives, Ended, Reason, Why
from tests.cli.test_solve import CLASHING, KNAPSACK

Run = Callable[..., subprocess.CompletedProcess[str]]

OPTIONS = ("--time-limit", "20", "--backend", "milp", "--workers", "2")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with a knapsack of 10, and a portfolio without any plan."""
    (tmp_path / "knapsack.yaml").write_text(KNAPSACK)
    (tmp_path / "clash.yaml").write_text(CLASHING)
    return tmp_path


def test_why_says_what_decides(run: Run, files: Path) -> None:
    """A is out: what it would lose and displace, and where that turns; progress is on stderr."""
    done = run("why", "knapsack.yaml", "A", *OPTIONS)
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert "is out: the opposite decision is proven to be worse" in done.stdout
    assert f"loses {5 + 4 - 7:.4f}" in done.stdout
    assert "leaves with that: B, C" in done.stdout
    assert "Value: in at" in done.stdout
    assert "Cost: in at" in done.stdout
    assert "opposite: optimal" in done.stderr


def test_why_json_is_an_answer_and_nothing_else(run: Run, files: Path) -> None:
    """Stdout is one JSON document that loads as an answer."""
    done = run("why", "knapsack.yaml", "B", *OPTIONS, "--no-flips", "--json", "--no-progress")
    answer = Why.model_validate_json(done.stdout)
    assert (answer.project, answer.selected, answer.flips) == ("B", True, ())
    assert not done.stderr


def test_why_refuses_unknown_projects(run: Run, files: Path) -> None:
    """A misspelt id gives exit code 3 and the near one."""
    done = run("why", "knapsack.yaml", "a", *OPTIONS)
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "Did you mean A?" in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_a_portfolio_without_plan_has_its_own_code(run: Run, files: Path) -> None:
    """Exit code 4 where nothing is feasible, for both studies."""
    done = run("why", "clash.yaml", "C", *OPTIONS, "--json")
    assert done.returncode == ExitCode.INFEASIBLE, done.stderr
    assert Why.model_validate_json(done.stdout).reason is Reason.NO_PLAN
    done = run("alternatives", "clash.yaml", *OPTIONS)
    assert done.returncode == ExitCode.INFEASIBLE, done.stderr
    assert "no plan to compare with" in done.stdout


def test_alternatives_print_plans_side_by_side(run: Run, files: Path) -> None:
    """BC 9 and A 7 within a quarter of 9, and the proof that there are no more."""
    done = run("alternatives", "knapsack.yaml", *OPTIONS, "--within", "0.25")
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert "plan-2" in done.stdout
    assert "plan-3" not in done.stdout
    assert "Proved: no further plan exists." in done.stdout
    assert "Projects that differ" in done.stdout
    assert "plan-1: optimal" in done.stderr


def test_alternatives_json_is_a_result_and_nothing_else(run: Run, files: Path) -> None:
    """Stdout is one JSON document that loads as alternatives."""
    options = (*OPTIONS, "--plans", "2", "--differences", "3", "--within", "0.9")
    done = run("alternatives", "knapsack.yaml", *options, "--json", "--no-progress")
    result = Alternatives.model_validate_json(done.stdout)
    assert [p.selected for p in result.plans] == [("B", "C"), ("A",)]
    assert result.ended is Ended.ENOUGH
    assert not done.stderr
