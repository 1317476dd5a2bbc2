"""The frontier from the command line."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.model import Termination
from pmo_scenarios import Frontier
from tests.cli.conftest import process_environment
from tests.cli.test_compare import WHATIF
from tests.cli.test_solve import CLASHING, KNAPSACK

Run = Callable[..., subprocess.CompletedProcess[str]]

OPTIONS = ("--time-limit", "20", "--backend", "milp", "--workers", "2")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with a knapsack of 10 and two scenarios of it."""
    (tmp_path / "knapsack.yaml").write_text(KNAPSACK)
    (tmp_path / "whatif.yaml").write_text(WHATIF)
    return tmp_path


def test_frontier_prints_points_a_curve_and_steps(run: Run, files: Path) -> None:
    """Levels, marks, what the ranking leaves and what enters are on stdout, progress is not."""
    done = run(
        "frontier", "knapsack.yaml", "--levels", "60,110", "--scenarios", "whatif.yaml", *OPTIONS
    )
    assert done.returncode == ExitCode.PLAN, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    today = next(line for line in lines if line[:2] == ["100", "%"])
    assert {"10", "optimal", f"{5 + 4:.4f}", f"{7:.4f}", f"{5 + 4 - 7:.4f}", "today"} <= set(today)
    assert "100 %: enters B, C; leaves A" in done.stdout
    assert "●" in done.stdout
    assert "at 110 %" in done.stdout
    assert "infeasible" in done.stdout
    assert "10 of 10" in done.stderr
    assert "●" not in done.stderr


def test_frontier_json_is_a_frontier_and_nothing_else(run: Run, files: Path) -> None:
    """Stdout is one JSON document that loads as a frontier, levels in the unit asked for."""
    done = run(
        *("frontier", "knapsack.yaml", "--fund", "budget", "--unit", "amount", "--levels", "6"),
        *(*OPTIONS, "--json", "--no-progress"),
    )
    result = Frontier.model_validate_json(done.stdout)
    assert [(p.level, p.amount, p.value) for p in result.points] == [(6, 6, 7), (10, 10, 9)]
    assert not done.stderr


def test_wrong_levels_and_axes_end_with_every_finding(run: Run, files: Path) -> None:
    """Levels that are none give exit code 3 and the place of each, without traceback."""
    done = run("frontier", "knapsack.yaml", "--levels", "x,80,-2", *OPTIONS)
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "frontier/levels/0" in done.stderr
    assert "frontier/levels/2" in done.stderr
    assert "Traceback" not in done.stderr
    done = run("frontier", "knapsack.yaml", "--skill", "dev", "--limit", "x", *OPTIONS)
    assert done.returncode == ExitCode.INVALID_INPUT


def test_an_infeasible_today_has_its_own_code(run: Run, files: Path) -> None:
    """Where 10 buys no plan and 11 does, the exit code is 4 and the curve is there."""
    (files / "clash.yaml").write_text(CLASHING)
    done = run("frontier", "clash.yaml", "--levels", "110", *OPTIONS, "--json")
    assert done.returncode == ExitCode.INFEASIBLE, done.stderr
    result = Frontier.model_validate_json(done.stdout)
    assert [p.value for p in result.points] == [None, 7 + 5]


def test_ctrl_c_gives_what_is_there(files: Path) -> None:
    """Ctrl-C after the first level gives the curve as far as it is, and code 130."""
    from pmo_scenarios import generate

    generate(projects=30, periods=24, skills=6, seed=1).save(files / "large.yaml")
    options = ["--time-limit", "60", "--backend", "cp-sat", "--gap", "0.95", "--json"]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "pmo_optimizer.cli", "frontier", "large.yaml"),
            *("--levels", "80,90", *options),
        ],
        cwd=files,
        env=process_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    first = next((line for line in process.stderr if line.startswith("100 %: ")), "")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert first
    result = Frontier.model_validate_json(out)
    levels = {f"{point.level:.0f} %" for point in result.points}
    assert levels | set(result.missing) == {"80 %", "90 %", "100 %"}
    cut = result.missing or any(point.plan is None and point.message for point in result.points)
    stopped = Termination.STOPPED in {p.plan.termination for p in result.points if p.plan}
    assert process.returncode in {
        ExitCode.INTERRUPTED if cut or stopped else ExitCode.PLAN,
        ExitCode.INTERRUPTED,
    }, err
