"""What differs between two files, on the command line."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pmo_optimizer import Portfolio
from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.formats import save_portfolio
from tests.unit.formats.books import SMALL, small

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """Write the small portfolio in two forms, and a changed one."""
    new = copy.deepcopy(SMALL)
    new["projects"][0]["value"] = 7
    new["projects"][1]["id"] = "P3"
    save_portfolio(small(), tmp_path / "old.yaml")
    save_portfolio(small(), tmp_path / "same.xlsx")
    save_portfolio(Portfolio.parse(new), tmp_path / "new.xlsx")


def test_each_difference_is_a_line(run: Run) -> None:
    """With what it is about, from what to what."""
    done = run("diff", "old.yaml", "new.xlsx")
    assert done.returncode == ExitCode.PLAN, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1] == "changed projects P1 value: 5 -> 7"
    assert lines[0].startswith("removed projects P2: ")
    assert lines[2].startswith("added projects P3: ")
    assert "3 differences" in done.stderr


def test_equal_files_have_none(run: Run) -> None:
    """Whatever their form."""
    done = run("diff", "old.yaml", "same.xlsx")
    assert (done.returncode, done.stdout) == (ExitCode.PLAN, "")
    assert "equal" in done.stderr


def test_differences_for_programs(run: Run) -> None:
    """With --json they are one document, values as JSON has them."""
    done = run("diff", "old.yaml", "new.xlsx", "--json")
    changes = json.loads(done.stdout)["changes"]
    assert [change["kind"] for change in changes] == ["removed", "changed", "added"]
    assert (changes[1]["field"], changes[1]["before"], changes[1]["after"]) == ("value", 5, 7)


def test_a_file_that_is_not_there(run: Run) -> None:
    """Is named, without a traceback."""
    done = run("diff", "old.yaml", "gone.xlsx")
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "gone.xlsx" in done.stderr
