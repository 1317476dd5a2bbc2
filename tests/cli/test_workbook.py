"""Workbooks on the command line: wherever a portfolio or scenarios are read or written."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from pmo_optimizer import Portfolio
from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.formats import load_portfolio, save_portfolio
from pmo_optimizer.formats.workbook import read
from pmo_scenarios import load_pack
from tests.unit.formats.books import edited, small, small_book

Run = Callable[..., subprocess.CompletedProcess[str]]

OPTIONS = ("--time-limit", "3", "--backend", "cp-sat", "--workers", "2", "--no-progress")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Return a small workbook with two scenarios."""
    path = tmp_path / "book.xlsx"
    cut = {"id": "cut", "changes": [{"change": "budget", "fund": "capex", "percent": -90}]}
    odd = {"id": "must", "changes": [{"change": "decide", "projects": ["P2"], "decision": "must"}]}
    save_portfolio(small(), path, scenarios=[cut, odd])
    return path


def test_a_template_is_written_and_says_what_it_needs(run: Run, tmp_path: Path) -> None:
    """An empty workbook has no portfolio yet: validate names the two cells that are needed."""
    done = run("template", "empty.xlsx")
    assert done.returncode == ExitCode.PLAN, done.stderr
    done = run("validate", "empty.xlsx")
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "Settings!B5" in done.stdout
    assert "Settings!B6" in done.stdout
    assert run("template", "empty.txt").returncode == ExitCode.USAGE


def test_the_sample_template_is_the_sample(run: Run, tmp_path: Path) -> None:
    """With --sample it is the sample portfolio with scenarios, and so is what demo exports."""
    assert run("template", "sample.xlsx", "--sample").returncode == ExitCode.PLAN
    assert run("demo", "--export", "demo.xlsx").returncode == ExitCode.PLAN
    assert load_portfolio(tmp_path / "sample.xlsx") == load_pack("digital")
    assert load_portfolio(tmp_path / "demo.xlsx") == load_pack("digital")
    assert [s["id"] for s in read(tmp_path / "sample.xlsx").scenarios]


@pytest.mark.usefixtures("book")
def test_workbooks_are_solved_and_compared(run: Run) -> None:
    """A workbook stands where a portfolio file does, and its scenarios where their file does."""
    done = run("solve", "book.xlsx", *OPTIONS, "--json")
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert json.loads(done.stdout)["objective"] == 8
    done = run("compare", "book.xlsx", "book.xlsx", *OPTIONS, "--json")
    assert done.returncode == ExitCode.PLAN, done.stderr
    cases = json.loads(done.stdout)["cases"]
    assert [case["id"] for case in cases] == ["base", "cut", "must"]
    assert [case["objective"] for case in cases] == [8, 3, 8]


@pytest.mark.parametrize("command", ["prices", "conflicts", "alternatives"])
@pytest.mark.usefixtures("book")
def test_studies_take_workbooks(run: Run, command: str) -> None:
    """Studies read a workbook as they read a file of YAML."""
    done = run(command, "book.xlsx", *OPTIONS)
    assert done.returncode == ExitCode.PLAN, done.stderr


def test_nothing_is_lost_from_one_form_to_another(run: Run, book: Path, tmp_path: Path) -> None:
    """YAML, JSON and workbook are converted into each other, and scenarios go along."""
    assert run("convert", "book.xlsx", "a.yaml").returncode == ExitCode.PLAN
    assert run("convert", "a.yaml", "b.json").returncode == ExitCode.PLAN
    assert run("convert", "b.json", "c.xlsx").returncode == ExitCode.PLAN
    assert run("convert", "book.xlsx", "d.xlsx").returncode == ExitCode.PLAN
    for name in ("a.yaml", "b.json", "c.xlsx", "d.xlsx"):
        assert load_portfolio(tmp_path / name) == small()
    assert Portfolio.load(tmp_path / "a.yaml").digest() == small().digest()
    assert not read(tmp_path / "c.xlsx").scenarios
    assert read(tmp_path / "d.xlsx").scenarios == read(book).scenarios
    (tmp_path / "s.yaml").write_text("id: x\nchanges: [{change: hard, targets: [capex]}]\n")
    done = run("convert", "a.yaml", "e.xlsx", "--scenarios", "s.yaml")
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert [s["id"] for s in read(tmp_path / "e.xlsx").scenarios] == ["x"]
    assert run("convert", "a.yaml", "a.yaml").returncode == ExitCode.USAGE
    assert run("convert", "a.yaml", "f.json", "--scenarios", "s.yaml").returncode == ExitCode.USAGE


def test_findings_name_cells_and_a_copy_has_them_as_comments(run: Run, tmp_path: Path) -> None:
    """Validate prints sheet and cell, in JSON as well, and writes a copy with comments."""
    faulty = edited(small_book(), {"Phases!F3": "three", "Needs!E2": "devv"})
    (tmp_path / "faulty.xlsx").write_bytes(faulty)
    done = run("validate", "faulty.xlsx", "--annotate", "copy.xlsx", "--json")
    assert done.returncode == ExitCode.INVALID_INPUT
    paths = {finding["path"].partition(" ")[0] for finding in json.loads(done.stdout)["findings"]}
    assert {"Phases!F3", "Needs!E2"} <= paths
    copy = openpyxl.load_workbook(tmp_path / "copy.xlsx")
    assert "three" in copy["Phases"]["F3"].comment.text
    assert "dev" in copy["Needs"]["E2"].comment.text
    done = run("solve", "faulty.xlsx", *OPTIONS)
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "Phases!F3" in done.stderr
    (tmp_path / "p.yaml").write_text("calendar: {start: 2027-01-01, periods: 3}\n")
    assert run("validate", "p.yaml", "--annotate", "x.xlsx").returncode == ExitCode.USAGE


def test_scenarios_of_a_workbook_are_judged_at_their_cells(run: Run, book: Path) -> None:
    """What is wrong with a scenario on the sheet is said with the cell, and ends the command."""
    changes = {"Scenarios!H2": "much", "Scenarios!D3": "decidee"}
    book.write_bytes(edited(book.read_bytes(), changes))
    done = run("compare", "book.xlsx", "book.xlsx", *OPTIONS)
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "Scenarios!H2" in done.stderr
    assert "Scenarios!D3" in done.stderr
    done = run("validate", "book.xlsx", "--annotate", "copy.xlsx")
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "Scenarios!H2" in done.stdout
    assert "Scenarios!D3" in done.stdout
    copy = openpyxl.load_workbook(book.with_name("copy.xlsx"))
    assert copy["Scenarios"]["D3"].comment is not None


def test_a_workbook_without_scenarios_is_no_scenario_file(run: Run, tmp_path: Path) -> None:
    """Where scenarios are asked for, a workbook without any is an error."""
    (tmp_path / "book.xlsx").write_bytes(small_book())
    done = run("compare", "book.xlsx", "book.xlsx", *OPTIONS)
    assert done.returncode == ExitCode.INVALID_INPUT
    assert "scenario-number" in done.stderr


def test_files_that_are_no_workbooks_are_errors_without_traceback(run: Run, tmp_path: Path) -> None:
    """A damaged, an encrypted and a missing file each end with code 3 and one error."""
    (tmp_path / "cut.xlsx").write_bytes(small_book()[:5000])
    (tmp_path / "old.xlsx").write_bytes(bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600))
    for name, rule in (
        ("cut.xlsx", "workbook-broken"),
        ("old.xlsx", "workbook-encrypted"),
        ("none.xlsx", "file-missing"),
    ):
        done = run("solve", name, *OPTIONS)
        assert done.returncode == ExitCode.INVALID_INPUT, done.stderr
        assert rule in done.stderr
        assert "Traceback" not in done.stderr


def test_a_filled_workbook_is_not_replaced(run: Run, book: Path) -> None:
    """A template over a file needs --force, and no copy with comments replaces its source."""
    before = book.read_bytes()
    assert run("template", "book.xlsx").returncode == ExitCode.USAGE
    assert run("validate", "book.xlsx", "--annotate", "./book.xlsx").returncode == ExitCode.USAGE
    assert book.read_bytes() == before
    assert run("template", "book.xlsx", "--force").returncode == ExitCode.PLAN
    assert book.read_bytes() != before
