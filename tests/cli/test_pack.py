"""The command `report`: a board pack from files, and what it says of bad ones."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.cli.report import read_studies
from pmo_optimizer.model import InvalidInput, Plan, Portfolio

Run = Callable[..., subprocess.CompletedProcess[str]]

CASE: dict[str, Any] = {"id": "base", "status": "optimal", "termination": "proved"}

COMPARISON: dict[str, Any] = {
    "portfolio": "Bank 2027",
    "digest": "d",
    "currency": "EUR",
    "term": "value",
    "maximised": True,
    "cases": [CASE, {**CASE, "id": "cut", "status": "infeasible"}],
}

GIVEN = ("plan.json", "--portfolio", "portfolio.yaml", "--output", "pack.html")


def pack(folder: Path) -> str:
    """Return the pack that was written."""
    return (folder / "pack.html").read_text(encoding="utf-8")


def test_report_writes_one_page(run: Run, folder: Path) -> None:
    """The pack has the plan with reasons; nothing is on stdout, where it is on stderr."""
    done = run("report", *GIVEN)
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert done.stdout == ""
    assert "The board pack is in pack.html." in done.stderr
    page = pack(folder)
    assert page.startswith("<!DOCTYPE html>")
    assert "must be done" in page
    assert "portfolio portfolio.yaml" in page
    assert [p.name for p in folder.iterdir() if p.name.startswith(".")] == []


def test_report_says_what_the_referee_finds(run: Run, folder: Path) -> None:
    """The plan by hand claims what does not hold: the pack and stderr say so."""
    done = run("report", *GIVEN)
    assert "warning [referee]" in done.stderr
    assert "<dt>Referee</dt><dd>finds" in pack(folder)


def test_report_takes_studies(run: Run, folder: Path, portfolio: Portfolio) -> None:
    """What `compare --json` printed is a page; one of another portfolio is told."""
    (folder / "compare.json").write_text(json.dumps(COMPARISON))
    done = run("report", *GIVEN, "--comparison", "compare.json", "--paper", "wide")
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert "warning [digest] compare.json" in done.stderr
    assert "Scenarios side by side" in pack(folder)
    assert "338.7mm" in pack(folder)
    same = {**COMPARISON, "digest": portfolio.digest()}
    (folder / "compare.json").write_text(json.dumps(same))
    assert "compare.json" not in run("report", *GIVEN, "--comparison", "compare.json").stderr


def test_report_shows_proven_reasons(run: Run, folder: Path, portfolio: Portfolio) -> None:
    """What `why --json` proved stands in place of what the files alone say."""
    side = {"status": "optimal", "termination": "proved"}
    why = {
        "portfolio": "Bank 2027",
        "digest": portfolio.digest(),
        "currency": "EUR",
        "term": "value",
        "maximised": True,
        "project": "P3",
        "state": "proposed",
        "decision": "free",
        "selected": False,
        "reason": "better",
        "base": side,
        "opposite": side,
        "loss": {"value": 0.5, "low": 0.25, "high": 0.75, "proven": True},
    }
    (folder / "why.json").write_text(json.dumps(why))
    done = run("report", *GIVEN, "--why", "why.json")
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert "the opposite decision is proven to be worse, by 0.2500 at least" in pack(folder)


def test_all_findings_about_all_studies_come_at_once(run: Run, folder: Path) -> None:
    """Two bad files are two groups of findings with their names, and no pack is written."""
    (folder / "a.json").write_text(json.dumps({**COMPARISON, "cases": [{"id": 1}], "odd": 1}))
    (folder / "b.json").write_text("[]")
    done = run("report", *GIVEN, "--comparison", "a.json", "--frontier", "b.json")
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "a.json/cases/0" in done.stderr
    assert "a.json/odd" in done.stderr
    assert "b.json" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "pack.html").exists()


@pytest.mark.parametrize(
    ("study", "content", "word"),
    [
        ("comparison", json.dumps({**COMPARISON, "cases": []}), "no case"),
        ("comparison", json.dumps({**COMPARISON, "cases": "x" * 9}), "cases"),
        ("prices", "{", "prices.json"),
        ("replan", "null", "replan.json"),
        ("why", json.dumps(COMPARISON), "why.json"),
    ],
)
def test_bad_studies_are_findings(
    folder: Path, portfolio: Portfolio, study: str, content: str, word: str
) -> None:
    """A study that is empty, of another form, or no JSON is a finding about its file."""
    path = folder / f"{study}.json"
    path.write_text(content)
    with pytest.raises(InvalidInput) as caught:
        read_studies([(study, path)], portfolio)
    assert any(word in f"{f.path}: {f.message}" for f in caught.value.findings)
    assert all(f.fix for f in caught.value.findings)


@pytest.mark.parametrize(
    ("output", "word"),
    [("pack.pdf", ".html"), ("nowhere/pack.html", "folder does not exist"), ("dir.html", "cannot")],
)
def test_places_that_cannot_be_written_are_usage_errors(
    run: Run, folder: Path, output: str, word: str
) -> None:
    """Another ending, a missing folder or a folder is said before any work."""
    (folder / "dir.html").mkdir()
    done = run("report", "plan.json", "-p", "portfolio.yaml", "-o", output)
    assert done.returncode == ExitCode.USAGE
    assert word in " ".join(done.stderr.split())


def test_missing_files_are_told(run: Run, folder: Path) -> None:
    """A plan or a study that does not exist is named."""
    done = run("report", "none.json", "-p", "portfolio.yaml", "-o", "pack.html")
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "none.json" in done.stderr
    done = run("report", *GIVEN, "--frontier", "none.json")
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "none.json" in done.stderr


def test_plans_without_decisions_have_a_pack(run: Run, folder: Path) -> None:
    """Proved infeasible is an answer to show as well."""
    plan = Plan.parse({"status": "infeasible", "termination": "proved", "message": "Clash of X."})
    plan.save(folder / "plan.json")
    done = run("report", *GIVEN)
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert "Clash of X." in pack(folder)


def test_help_names_the_studies(run: Run) -> None:
    """`report --help` says what each option takes."""
    text = run("report", "--help").stdout
    for option in ("comparison", "--frontier", "--prices", "--replan", "--why", "--paper"):
        assert option in text
