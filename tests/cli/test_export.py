"""The commands that write plans for other programs, and read what those write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pmo_optimizer.model import Plan, Portfolio
from tests.cli.conftest import Run

COMPARISON = {"cases": [{"id": "base", "status": "feasible"}], "missing": ["slow"], "digest": "x"}


@pytest.fixture
def portfolio() -> Portfolio:
    """Return a portfolio whose projects need nobody, so that any plan of it is complete."""
    return Portfolio.parse(
        {
            "name": "Small",
            "calendar": {"start": "2027-01-01", "periods": 6},
            "projects": [
                {"id": "P1", "value": 1, "phases": [{"id": "a", "duration": 2}, {"duration": 1}]},
                {"id": "P2", "value": 1},
            ],
        }
    )


@pytest.fixture
def plan(portfolio: Portfolio) -> Plan:
    """Return a plan of it."""
    phases = [("a", 0, 2), ("phase-2", 2, 3)]
    return Plan.parse(
        {
            "status": "feasible",
            "termination": "time_limit",
            "digest": portfolio.digest(),
            "projects": [
                {
                    "project": "P1",
                    "selected": True,
                    "start": 0,
                    "finish": 3,
                    "phases": [
                        {"phase": name, "mode": "normal", "start": start, "end": end}
                        for name, start, end in phases
                    ],
                },
                {"project": "P2", "selected": False},
            ],
        }
    )


def test_the_ending_says_what_is_written(run: Run, folder: Path) -> None:
    """A workbook, a schedule, or a folder of CSV files; stdout stays empty."""
    for target in ("plan.xlsx", "plan.xml", "tables"):
        done = run("export", "plan.json", "--portfolio", "portfolio.yaml", "-o", target)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert f"The plan is in {target}." in done.stderr
    assert load_workbook(folder / "plan.xlsx").sheetnames[:2] == ["Summary", "Decisions"]
    assert (folder / "plan.xml").read_text().startswith("<?xml")
    assert (folder / "tables" / "datapackage.json").is_file()


def test_scenarios_of_a_comparison_get_sheets(run: Run, folder: Path) -> None:
    """What `compare --json` printed is shown; that it is of something else is a warning."""
    (folder / "compare.json").write_text(json.dumps(COMPARISON))
    arguments = ("export", "plan.json", "-p", "portfolio.yaml", "--comparison", "compare.json")
    done = run(*arguments, "-o", "plan.xlsx")
    assert done.returncode == 0, done.stderr
    assert "Scenarios" in load_workbook(folder / "plan.xlsx").sheetnames
    assert "comparison-foreign" in done.stderr
    assert "slow" in done.stderr
    assert run(*arguments, "-o", "plan.xml").returncode == 2
    (folder / "compare.json").write_text("{}")
    assert run(*arguments, "-o", "other.xlsx").returncode == 3
    assert not (folder / "other.xlsx").exists()


@pytest.mark.parametrize("target", ["plan.pdf", "missing/plan.xlsx", "plan.json/plan.xlsx"])
def test_targets_that_cannot_be_are_usage_errors(run: Run, folder: Path, target: str) -> None:
    """An unknown ending and a folder that is not there are said before any work."""
    done = run("export", "plan.json", "-p", "portfolio.yaml", "-o", target)
    assert done.returncode == 2
    assert sorted(p.name for p in folder.iterdir()) == ["plan.json", "portfolio.yaml"]


def test_a_byte_order_mark_is_for_csv_only(run: Run, folder: Path) -> None:
    """The option is refused for workbooks."""
    arguments = ("export", "plan.json", "-p", "portfolio.yaml", "--bom", "-o")
    assert run(*arguments, "plan.xlsx").returncode == 2
    assert run(*arguments, "tables").returncode == 0
    assert (folder / "tables" / "phases.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_plan_without_decisions_is_no_schedule(run: Run, folder: Path) -> None:
    """It is invalid input for MS Project, and a workbook that says why."""
    bare = {"status": "infeasible", "termination": "proved"}
    (folder / "none.json").write_text(json.dumps(bare))
    arguments = ("export", "none.json", "-p", "portfolio.yaml", "-o")
    done = run(*arguments, "none.xml")
    assert (done.returncode, "plan-empty" in done.stderr) == (3, True)
    assert run(*arguments, "none.xlsx").returncode == 0


def test_a_schedule_comes_back(run: Run, folder: Path) -> None:
    """Export and import give the projects of the plan, and what a schedule cannot say is told."""
    assert run("export", "plan.json", "-p", "portfolio.yaml", "-o", "plan.xml").returncode == 0
    done = run("import", "plan.xml", "-o", "back.yaml")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "schedule-value" in done.stderr
    back = Portfolio.load(folder / "back.yaml")
    assert [phase.modes[0].duration for phase in back.project_by_id["P1"].phases] == [2, 1]
    done = run("import", "plan.xml", "--grain", "week", "--project-level", "0", "-o", "one.json")
    assert done.returncode == 0, done.stderr
    assert len(Portfolio.load(folder / "one.json").projects) == 1


def test_tables_are_read_with_a_profile(run: Run, tmp_path: Path) -> None:
    """A profile in a file turns a table into a portfolio; errors name row and column."""
    (tmp_path / "p.yaml").write_text(
        "name: mine\n"
        "portfolio: {calendar: {start: 2027-01-01, periods: 12}}\n"
        "tables:\n"
        "  - records:\n"
        "      - into: projects\n"
        "        fields: {id: Key, value: {column: Value, type: number}}\n"
    )
    (tmp_path / "in.csv").write_text("Key,Value\nP1,3\n")
    done = run("import", "in.csv", "--mapping", "p.yaml", "-o", "out.yaml")
    assert done.returncode == 0, done.stderr
    assert Portfolio.load(tmp_path / "out.yaml").projects[0].value == 3
    (tmp_path / "in.csv").write_text("Key,Value\nP1,three\nP2,\nP3,four\n")
    done = run("import", "in.csv", "--mapping", "p.yaml", "-o", "new.yaml")
    assert done.returncode == 3
    assert "in.csv row 2 column Value" in done.stderr
    assert "in.csv row 4 column Value" in done.stderr
    assert "Nothing was imported: 2 errors." in done.stderr
    assert not (tmp_path / "new.yaml").exists()


def test_what_cannot_be_imported_is_a_usage_error(run: Run, tmp_path: Path) -> None:
    """Tables without a profile, options of schedules with one, and overwriting the source."""
    (tmp_path / "in.csv").write_text("Key\nP1\n")
    (tmp_path / "in.xml").write_text("<Project/>")
    (tmp_path / "in.yaml").write_text("x: 1\n")
    for arguments in (
        ("in.csv", "-o", "out.yaml"),
        ("in.xml", "in.xml", "-o", "out.yaml"),
        ("in.csv", "--mapping", "jira", "--grain", "week", "-o", "out.yaml"),
        ("in.xml", "--start", "tomorrow", "-o", "out.yaml"),
        ("in.yaml", "--mapping", "jira", "-o", "in.yaml"),
    ):
        assert run("import", *arguments).returncode == 2, arguments
    assert run("import", "in.csv", "--mapping", "none", "-o", "out.yaml").returncode == 3
    assert not (tmp_path / "out.yaml").exists()


def test_nothing_that_is_read_is_overwritten(run: Run, folder: Path) -> None:
    """An output that is one of the inputs, by whatever name, is a usage error."""
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    (folder / "plan.xlsx").symlink_to("portfolio.yaml")
    (folder / "profile.yaml").write_text("name: x\n")
    export = ("export", "plan.json", "-p", "portfolio.yaml", "-o")
    for arguments in (
        (*export, "plan.xlsx"),
        (*export, "."),
        ("import", "t.csv", "--mapping", "profile.yaml", "-o", "profile.yaml"),
        ("convert", "portfolio.yaml", "portfolio.yaml"),
    ):
        done = run(*arguments)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
    assert {name: (folder / name).read_bytes() for name in before} == before
