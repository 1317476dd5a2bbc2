"""Prices of limits from the command line."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pmo_optimizer.cli.codes import ExitCode
from pmo_scenarios import Prices
from tests.cli.conftest import process_environment
from tests.cli.test_solve import KNAPSACK

Run = Callable[..., subprocess.CompletedProcess[str]]

OPTIONS = ("--time-limit", "20", "--backend", "milp", "--workers", "2")

MUST = KNAPSACK.replace("value: 7,", "value: 7, decision: must,")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with a knapsack of 10, of which one project is a must."""
    (tmp_path / "knapsack.yaml").write_text(MUST)
    return tmp_path


def test_prices_are_a_table_and_sentences(run: Run, files: Path) -> None:
    """A budget of 11 adds B (5) to the must A; without the must, B and C (9) beat it (7) by 2."""
    done = run("prices", "knapsack.yaml", "--percent", "10", *OPTIONS)
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert "10 % more (1 EUR) of budget is worth 5, proven, lets B in." in done.stdout
    assert "Not having to do A is worth 2, proven, lets B, C in, drops A." in done.stdout
    assert done.stdout.index("(1 EUR) of budget") < done.stdout.index("not having to do A")
    assert "3 of 3" in done.stderr


def test_prices_json_is_prices_and_nothing_else(run: Run, files: Path) -> None:
    """Stdout is one JSON document that loads as prices; only what was asked for is in it."""
    options = (*OPTIONS, "--only", "forced", "--json", "--no-progress", "--total-time", "60")
    done = run("prices", "knapsack.yaml", *options)
    result = Prices.model_validate_json(done.stdout)
    assert [row.path for row in result.prices] == ["projects/A/decision"]
    assert not done.stderr


def test_wrong_wishes_end_with_every_finding(run: Run, files: Path) -> None:
    """Misspelt kinds and paths, and a range outside the grid, give exit code 3 at once."""
    options = ("--only", "bugdet", "--only", "funds/x", "--first", "2031-01-01")
    done = run("prices", "knapsack.yaml", *OPTIONS, *options)
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "Did you mean budget?" in done.stderr
    assert "funds/x" in done.stderr
    assert "2031-01-01" in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    "options",
    [
        ("--first", "soon"),
        ("--fte", "0.001"),
        ("--percent", "0"),
        ("--total-time", "9", "--reproducible"),
    ],
)
def test_options_out_of_range_are_usage_errors(
    run: Run, files: Path, options: tuple[str, ...]
) -> None:
    """Nothing is solved, and the exit code is 2."""
    done = run("prices", "knapsack.yaml", *options)
    assert done.returncode == ExitCode.USAGE
    assert options[0] in done.stderr or "--total-time" in done.stderr


def test_an_infeasible_portfolio_has_its_own_code(run: Run, files: Path) -> None:
    """Two musts of 6 + 5 in a budget of 10: exit code 4, and what makes a plan possible."""
    (files / "clash.yaml").write_text(MUST.replace("value: 5,", "value: 5, decision: must,"))
    done = run("prices", "clash.yaml", "--percent", "10", *OPTIONS)
    assert done.returncode == ExitCode.INFEASIBLE, done.stderr
    assert "10 % more (1 EUR) of budget makes a plan possible, of 12." in done.stdout


def test_ctrl_c_gives_what_is_there(files: Path) -> None:
    """Ctrl-C after the first solve gives the prices so far, the rest as missing, and code 130."""
    from pmo_scenarios import generate

    generate(projects=30, periods=24, skills=6, seed=1).save(files / "large.yaml")
    options = ["--time-limit", "60", "--backend", "cp-sat", "--gap", "0.95", "--json"]
    only = ["--only", "skill", "--only", "budget"]
    process = subprocess.Popen(
        [sys.executable, "-m", "pmo_optimizer.cli", "prices", "large.yaml", *options, *only],
        cwd=files,
        env=process_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    first = next((line for line in process.stderr if line.startswith("base:")), "")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert first
    result = Prices.model_validate_json(out)
    assert result.missing
    assert process.returncode == ExitCode.INTERRUPTED, err
