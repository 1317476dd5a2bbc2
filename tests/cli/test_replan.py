"""Replanning from the command line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pmo_optimizer import Plan, Portfolio, optimize
from pmo_optimizer.cli.codes import ExitCode
from pmo_scenarios import Replan
from tests.scenarios.test_replan import shop

Run = Callable[..., subprocess.CompletedProcess[str]]

LEFT = "{as_of: 2027-02-01, left: [{person: ann, last: 2027-04-30}]}"

OPTIONS = ("--time-limit", "20", "--backend", "milp", "--workers", "2")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with a portfolio, its plan, and somebody who leaves."""
    shop().save(tmp_path / "shop.yaml")
    optimize(shop(), backend="milp", time_limit=20, workers=1).save(tmp_path / "plan.json")
    (tmp_path / "progress.yaml").write_text(LEFT)
    return tmp_path


def test_replan_prints_the_curve_and_writes_the_plan(run: Run, files: Path) -> None:
    """The table has few and many changes; plan and portfolio are written, and fit each other."""
    written = ("--output", "new.json", "--portfolio-output", "today.yaml")
    done = run("replan", "shop.yaml", "plan.json", "progress.yaml", *OPTIONS, *written)
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert "1 changes, at least 1 are needed; as of 2027-02-01" in done.stdout
    assert "new plan" in done.stdout
    assert "leaves: C" in done.stdout
    assert "fewest: optimal" in done.stderr
    plan, today = Plan.load(files / "new.json"), Portfolio.load(files / "today.yaml")
    assert plan.digest == today.digest()
    assert run("check", "new.json", "-p", "today.yaml").returncode == ExitCode.PLAN


def test_replan_json_without_progress_is_the_same_plan(run: Run, files: Path) -> None:
    """Stdout is one JSON document; nothing has happened, so the plan is the one in force."""
    options = (*OPTIONS, "--json", "--no-progress", "--output", "new.json", "--points", "0")
    done = run("replan", "shop.yaml", "plan.json", *options)
    assert done.returncode == ExitCode.PLAN, done.stderr
    study = Replan.model_validate_json(done.stdout)
    assert (study.unchanged, study.changes) == (True, 0)
    old, new = Plan.load(files / "plan.json"), Plan.load(files / "new.json")
    assert (new.projects, new.allocations) == (old.projects, old.allocations)


def test_wrong_progress_ends_with_every_finding(run: Run, files: Path) -> None:
    """Exit code 3, near names, no traceback."""
    (files / "wrong.yaml").write_text("{as_of: 2, left: [{person: an}], promised: [{project: X}]}")
    done = run("replan", "shop.yaml", "plan.json", "wrong.yaml", *OPTIONS)
    assert done.returncode == ExitCode.INVALID_INPUT
    assert done.stderr.count("unknown-target") == 2
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_no_plan_has_its_own_code(run: Run, files: Path) -> None:
    """Where nobody is left for work in progress the exit code is 4, and nothing is written."""
    (files / "gone.yaml").write_text("{as_of: 1, left: [{person: ann}, {person: bob}]}")
    done = run("replan", "shop.yaml", "plan.json", "gone.yaml", *OPTIONS, "--output", "new.json")
    assert done.returncode == ExitCode.INFEASIBLE, done.stderr
    assert "No plan keeps the past" in done.stdout
    assert not (files / "new.json").exists()


@pytest.mark.parametrize(
    "options",
    [("--method", "priced"), ("--price", "2"), ("--loss", "1"), ("--points", "-1")],
)
def test_options_that_do_not_fit_are_usage_errors(
    run: Run, files: Path, options: tuple[str, ...]
) -> None:
    """A price needs its method, and the method a price."""
    done = run("replan", "shop.yaml", "plan.json", *OPTIONS, *options)
    assert done.returncode == ExitCode.USAGE
