"""Comparing scenarios from the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.model import Termination
from pmo_scenarios import Comparison
from tests.cli.conftest import process_environment
from tests.cli.test_solve import CLASHING, KNAPSACK

Run = Callable[..., subprocess.CompletedProcess[str]]

WHATIF = """
scenarios:
  - id: more
    name: One more, [red]please[/red]
    changes: [{change: budget, fund: budget, by: 1}]
  - {id: musts, changes: [{change: decide, projects: [A, B], decision: must}]}
"""

OPTIONS = ("--time-limit", "20", "--backend", "milp", "--workers", "2")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with a knapsack of 10 and two scenarios of it."""
    (tmp_path / "knapsack.yaml").write_text(KNAPSACK)
    (tmp_path / "whatif.yaml").write_text(WHATIF)
    return tmp_path


def test_compare_prints_cases_side_by_side(run: Run, files: Path) -> None:
    """The table has base and scenarios, what is gained and what enters; progress is on stderr."""
    done = run("compare", "knapsack.yaml", "whatif.yaml", *OPTIONS)
    assert done.returncode == ExitCode.PLAN, done.stderr
    lines = {line.split()[0]: line.split() for line in done.stdout.splitlines() if line.strip()}
    assert f"{7 + 5 - 5 - 4:.4f}" in done.stdout
    assert {"base", "more", "musts"} <= set(lines)
    assert "infeasible" in done.stdout
    assert "enters: A" in done.stdout
    assert "leaves: C" in done.stdout
    assert "[red]please[/red]" in done.stdout
    assert "3 of 3" in done.stderr


def test_compare_json_is_a_comparison_and_nothing_else(run: Run, files: Path) -> None:
    """Stdout is one JSON document that loads as a comparison of three cases."""
    done = run("compare", "knapsack.yaml", "whatif.yaml", *OPTIONS, "--json", "--no-progress")
    result = Comparison.model_validate_json(done.stdout)
    assert [case.id for case in result.cases] == ["base", "more", "musts"]
    assert result.case("more").objective == 7 + 5
    assert not done.stderr


def test_wrong_scenarios_end_with_every_finding(run: Run, files: Path) -> None:
    """Misspelt targets of two files give exit code 3, near names and no traceback."""
    wrong = "{id: %s, changes: [{change: budget, fund: budgt, by: 1}]}"
    (files / "a.yaml").write_text(wrong % "a")
    (files / "b.yaml").write_text(wrong % "b")
    done = run("compare", "knapsack.yaml", "a.yaml", "b.yaml", *OPTIONS)
    assert done.returncode == ExitCode.INVALID_INPUT
    assert done.stderr.count("Did you mean budget?") == 2
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_changes_without_effect_are_warnings(run: Run, files: Path) -> None:
    """They are said on stderr, and the comparison goes on."""
    (files / "idle.yaml").write_text("{id: idle, changes: [{change: hard, targets: [budget]}]}")
    done = run("compare", "knapsack.yaml", "idle.yaml", *OPTIONS)
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert "change-without-effect" in done.stderr
    assert "the same projects at the same times" in done.stdout


def test_an_infeasible_base_has_its_own_code(run: Run, files: Path) -> None:
    """Where the base itself has no plan the exit code is 4, whatever the scenarios find."""
    (files / "clash.yaml").write_text(CLASHING)
    done = run("compare", "clash.yaml", "whatif.yaml", *OPTIONS, "--json")
    assert done.returncode == ExitCode.INFEASIBLE, done.stderr
    assert [c["status"] for c in json.loads(done.stdout)["cases"]] == [
        "infeasible", "optimal", "infeasible",
    ]  # fmt: skip


def test_ctrl_c_gives_what_is_there(files: Path) -> None:
    """Ctrl-C after the base gives its plan, the other cases as far as they are, and code 130."""
    from pmo_scenarios import generate

    generate(projects=30, periods=24, skills=6, seed=1).save(files / "large.yaml")
    (files / "two.yaml").write_text(
        "scenarios:\n"
        "  - {id: one, changes: [{change: decide, projects: [P001], decision: never}]}\n"
        "  - {id: two, changes: [{change: decide, projects: [P002], decision: never}]}\n"
    )
    options = ["--time-limit", "60", "--backend", "cp-sat", "--gap", "0.95", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "pmo_optimizer.cli", "compare", "large.yaml", "two.yaml", *options],
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
    result = Comparison.model_validate_json(out)
    ids = [case.id for case in result.cases]
    assert ids[0] == "base"
    assert {*ids, *result.missing} == {"base", "one", "two"}
    cut = result.missing or Termination.STOPPED in {case.termination for case in result.cases}
    assert process.returncode == (ExitCode.INTERRUPTED if cut else ExitCode.PLAN), err
