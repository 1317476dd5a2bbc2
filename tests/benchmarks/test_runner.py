"""The runner: one line per instance and backend, whatever happens to it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from benchmarks import generated
from benchmarks.child import Job
from benchmarks.cli import main
from benchmarks.formats import psplib
from benchmarks.items import Item
from benchmarks.peers import solver_of
from benchmarks.runner import run_apart
from benchmarks.suites import suites
from pmo_optimizer import referee
from tests.benchmarks import instances

KEYS = {
    "suite",
    "folder",
    "instance",
    "backend",
    "status",
    "objective",
    "bound",
    "gap",
    "terms",
    "best_known",
    "gap_to_best_known",
    "maximised",
    "seconds",
    "first_plan_seconds",
    "peak_memory",
    "violations",
    "time_limit",
    "workers",
    "message",
}


def item_of(suite: str, path: Path) -> Item:
    """Return the first instance of a file."""
    return suites()[suite].items(path)[0]


def run(*arguments: str, out: Path) -> tuple[int, list[dict[str, object]]]:
    """Run the command line; return the exit code and the lines."""
    code = main(["run", *arguments, "--workers", "2", "--time-limit", "30", "--jsonl", str(out)])
    return code, [json.loads(line) for line in out.read_text().splitlines()]


def test_run_writes_one_line_per_instance(tmp_path: Path) -> None:
    """A good and a broken file give a proven plan and an error, and the old lines are gone."""
    instances.write(tmp_path, "j30/j301_1.sm", instances.single_mode())
    instances.write(tmp_path, "j30/j301_2.sm", instances.single_mode()[:300])
    instances.write(tmp_path, "best_known.csv", "instance,best_ub\nj301_1,4\nj301_2,5\n")
    out = instances.write(tmp_path, "out.jsonl", "an old line\n")
    code, (good, broken) = run("psplib", "--data", str(tmp_path), out=out)
    assert code == 0
    assert set(good) == set(broken) == KEYS
    memory = good.pop("peak_memory")
    assert isinstance(memory, float)
    assert memory > 0
    seconds, first = good.pop("seconds"), good.pop("first_plan_seconds")
    assert isinstance(seconds, float)
    assert isinstance(first, float)
    assert 0 < first <= seconds
    assert good == {
        "suite": "psplib",
        "folder": "j30",
        "instance": "j301_1",
        "backend": "auto",
        "status": "optimal",
        "objective": 5,
        "bound": 5,
        "gap": 0,
        "terms": {"makespan": 5},
        "best_known": 4,
        "gap_to_best_known": 1 / 4,
        "maximised": False,
        "violations": 0,
        "time_limit": 30,
        "workers": 2,
        "message": "",
    }
    assert (broken["instance"], broken["status"], broken["best_known"]) == ("j301_2", "error", 5)
    assert "j301_2.sm" in str(broken["message"])
    assert broken["objective"] is broken["gap"] is broken["violations"] is None


def test_peers_run_side_by_side(tmp_path: Path) -> None:
    """Each instance has a line per backend, in the same file and with the same optimum."""
    instances.write(tmp_path, "mknap.txt", instances.MKP)
    peers = ("--backend", "ranking", "--peer", "cp-sat-plain", "--peer", "highs-plain")
    _, lines = run("mkp", "--data", str(tmp_path), "--only", "mknap#0", *peers, out=tmp_path / "o")
    backends = ["ranking", "cp-sat-plain", "highs-plain"]
    assert [line["backend"] for line in lines] == backends
    assert [line["objective"] for line in lines[1:]] == [19, 19]
    assert {line["gap_to_best_known"] for line in lines[1:]} == {0}
    assert {line["maximised"] for line in lines} == {True}


def test_pyjobshop_is_judged_by_the_referee(tmp_path: Path) -> None:
    """PyJobShop's schedules in several modes and projects pass, with the known optimum."""
    pytest.importorskip("pyjobshop")
    instances.write(tmp_path, "one.mm", instances.two_modes())
    mista = item_of("mista", instances.write(tmp_path, "A-1.txt", instances.MISTA))
    mrcpsp = item_of("mrcpsp", instances.write(tmp_path, "j10_1.mm", instances.two_modes()))
    lines = [run_apart(Job(item, "pyjobshop", 30, 2)) for item in (mista, mrcpsp)]
    assert [(line.status, line.violations, line.message) for line in lines] == [
        ("optimal", 0, ""),
        ("optimal", 0, ""),
    ]
    assert [line.terms for line in lines] == [{"delay": 12, "makespan": 14}, {"makespan": 7}]
    assert [line.bound for line in lines] == [12, 7]


def test_schedules_of_peers_may_be_longer_than_the_grid(tmp_path: Path) -> None:
    """A schedule of 7 periods on a grid of 5 is judged on a longer grid, and breaks no rule."""
    pytest.importorskip("pyjobshop")
    portfolio = psplib.read(instances.write(tmp_path, "a.mm", instances.two_modes()))
    short = portfolio.model_copy(
        update={"calendar": portfolio.calendar.model_copy(update={"periods": 5})}
    )
    judged, plan = solver_of("pyjobshop")(short, 30, 2)
    assert (judged.calendar.periods, plan.objective) == (2 + 5, 2 + 5)
    assert referee.check(judged, plan).violations == ()


def test_pyjobshop_refuses_what_it_does_not_plan(tmp_path: Path) -> None:
    """Selection is nothing for PyJobShop: the line says so."""
    pytest.importorskip("pyjobshop")
    knapsack = item_of("kp_conflicts", instances.write(tmp_path, "a.dat", instances.CONFLICTS))
    line = run_apart(Job(knapsack, "pyjobshop", 30, 2))
    assert line.status == "error"
    assert "not obligatory" in line.message


def test_missing_peer_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyJobShop is not installed, the message holds the command."""
    monkeypatch.setitem(sys.modules, "pyjobshop", None)
    with pytest.raises(ImportError, match=r"pip install 'pmo-optimizer\[peers\]'"):
        solver_of("pyjobshop")


def test_unknown_backend_is_an_error_line(tmp_path: Path) -> None:
    """A backend that does not exist gives a line that names it."""
    item = item_of("psplib", instances.write(tmp_path, "j301_1.sm", instances.single_mode()))
    line = run_apart(Job(item, "nobody", 30, 2))
    assert line.status == "error"
    assert "nobody" in line.message


def test_process_that_overstays_is_killed() -> None:
    """A process that does not answer within limit and grace is killed, and the line says so."""
    (item,) = generated.items(200, 24, 8, [0])
    line = run_apart(Job(item, "cp-sat", 0.001, 1), grace=0.001)
    assert line.status == "error"
    assert "killed" in line.message


def test_process_that_dies_is_an_error_line(tmp_path: Path) -> None:
    """A file that ends the process by an unexpected error stops nothing else."""
    item = item_of("ppssp", instances.write(tmp_path, "deep.json", "[" * 200_000))
    line = run_apart(Job(item, "cp-sat", 30, 2))
    assert line.status == "error"
    assert "ended with code 1" in line.message


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "psplib", "--data", "nowhere", "--jsonl", "out"],
        ["run", "psplib", "--jsonl", "out"],
        ["compare", "nothing", "here"],
    ],
)
def test_wrong_paths_are_usage_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """A folder or file that is not there ends with code 2 and writes nothing."""
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("option", "value"),
    [("--only", ""), ("--only", " , "), ("--seeds", "5-1"), ("--seeds", ","), ("--seeds", "a")],
)
def test_empty_lists_are_usage_errors(tmp_path: Path, option: str, value: str) -> None:
    """A list of nothing is not a list of everything: code 2, and the file stays as it was."""
    out = instances.write(tmp_path, "out.jsonl", "an old line\n")
    with pytest.raises(SystemExit) as ended:
        main(["run", "generated", option, value, "--jsonl", str(out)])
    assert ended.value.code == 2
    assert out.read_text() == "an old line\n"


def test_names_that_are_no_text_are_written_as_escapes(tmp_path: Path) -> None:
    """A file whose name holds a byte that is no UTF-8 has its line, and so has the next one."""
    odd = os.fsdecode(b"caf\xe9_1.sm")
    instances.write(tmp_path, odd, instances.single_mode()[:300])
    instances.write(tmp_path, "j301_1.sm", instances.single_mode())
    _, lines = run("psplib", "--data", str(tmp_path), out=tmp_path / "out.jsonl")
    assert {line["instance"]: line["status"] for line in lines} == {
        "caf\udce9_1": "error",
        "j301_1": "optimal",
    }


def test_long_limits_are_no_error(tmp_path: Path) -> None:
    """A limit and a grace of months are waited for in pieces."""
    item = item_of("psplib", instances.write(tmp_path, "j301_1.sm", instances.single_mode()))
    line = run_apart(Job(item, "auto", 1e7, 2), grace=1e7)
    assert line.status == "optimal"


def test_suites_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """`suites` names every suite."""
    assert main(["suites"]) == 0
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert listed == {*suites(), "generated"}
