"""Exit codes and streams: what a shell script can rely on."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pmo_optimizer.cli import app
from pmo_optimizer.cli.codes import ExitCode, code_of
from pmo_optimizer.model import Plan, Status, Termination
from tests.cli.conftest import process_environment

Run = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]

FEASIBLE = "return Plan(status='feasible', termination='{}', objective=1, bound=2, gap=0.5)"

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

BAD_FILES = {
    # an empty file is not a portfolio
    "empty.yaml": ("", "file-empty"),
    # YAML that does not parse
    "broken.yaml": ("calendar: {start: 2027-01-01\nprojects: [", "file-syntax"),
    # JSON that does not parse
    "broken.json": ('{"calendar": ', "file-syntax"),
    # a list instead of a mapping
    "list.yaml": ("- a\n- b\n", "file-shape"),
    # ten aliases to the power of nine
    "bomb.yaml": (BOMB, "alias-bomb"),
    # nested far deeper than any portfolio
    "deep.json": ("[" * 100_000, "file-too-deep"),
    # a text where a number of periods is asked for
    "types.yaml": ("calendar: {start: 2027-01-01, periods: many}\n", "wrong-type"),
    # a field that does not exist
    "typo.yaml": ("calendar: {start: 2027-01-01, periods: 3}\nproject: []\n", "unknown-field"),
    # a portfolio without its calendar
    "missing.yaml": ("name: x\n", "missing-field"),
    # not a number where an amount is asked for
    "nan.yaml": (
        "calendar: {start: 2027-01-01, periods: 3}\nprojects: [{id: P1, value: .nan}]\n",
        "wrong-value",
    ),
    # a control character, which YAML does not allow
    "control.yaml": ("calendar: \x07\n", "file-syntax"),
    # a tag that the text does not keep
    "tag.yaml": ("risk_adjusted: !!bool maybe\n", "file-syntax"),
    # dates that no calendar reaches
    "far.yaml": (
        "calendar: {start: 9999-12-01, periods: 99}\nprojects: [{id: P1, value: 1}]\n",
        "",
    ),
}


def assert_refused(done: subprocess.CompletedProcess[str], word: str = "") -> None:
    """Assert exit 3, a message with a fix, and no traceback."""
    assert done.returncode == ExitCode.INVALID_INPUT, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert word in done.stdout + done.stderr
    assert "fix: " in done.stdout + done.stderr


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused_with_a_message(run: Run, tmp_path: Path, name: str) -> None:
    """Whatever is wrong with a file, exit code 3 and a message a planner understands."""
    content, rule = BAD_FILES[name]
    (tmp_path / name).write_text(content)
    assert_refused(run("solve", name), rule)


@pytest.mark.parametrize("name", BAD_FILES)
def test_validate_finds_the_same(tmp_path: Path, name: str) -> None:
    """`validate` refuses what `solve` refuses, with the findings on stdout."""
    content, rule = BAD_FILES[name]
    (tmp_path / name).write_text(content)
    done = CliRunner().invoke(app, ["validate", str(tmp_path / name)])
    assert done.exit_code == ExitCode.INVALID_INPUT
    assert f"error [{rule}" in done.stdout
    assert "fix: " in done.stdout


def test_binary_files_are_refused(run: Run, tmp_path: Path) -> None:
    """A file that is not text is named as such."""
    (tmp_path / "image.yaml").write_bytes(bytes(range(128, 256)))
    assert_refused(run("solve", "image.yaml"), "file-not-text")


def test_huge_files_are_refused_unread(run: Run, tmp_path: Path) -> None:
    """A file of 200 MB is refused by its size."""
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    assert_refused(run("solve", "huge.yaml"), "file-too-large")


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_missing_files_and_folders_are_refused(run: Run, name: str) -> None:
    """A path without a file behind it is invalid input, not a crash."""
    assert_refused(run("solve", name), "file-missing")


def test_all_findings_come_out_at_once(run: Run, tmp_path: Path) -> None:
    """Three mistakes in one file are three findings."""
    (tmp_path / "three.yaml").write_text(
        "calendar: {start: 2027-01-01, periods: 3, colour: red}\n"
        "projects: [{id: P1, valu: 1}, {id: P2, value: x}]\n"
    )
    done = run("validate", "three.yaml", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == ExitCode.INVALID_INPUT
    assert found["valid"] is False
    assert [f["path"] for f in found["findings"]] == [
        "calendar/colour",
        "projects/P1/valu",
        "projects/P2/value",
    ]
    assert all(f["fix"] and f["message"] and f["rule"] for f in found["findings"])


def test_valid_portfolios_are_told_so(run: Run, folder: Path) -> None:
    """A portfolio without errors gives exit code 0 and its size."""
    done = run("validate", "portfolio.yaml")
    assert done.returncode == ExitCode.PLAN, done.stdout + done.stderr
    assert "0 errors" in done.stdout
    assert "6 projects" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("solve",),  # no file
        ("solve", "portfolio.yaml", "--time-limit", "0"),  # no time at all
        ("solve", "portfolio.yaml", "--time-limit", "nan"),  # not a number
        ("solve", "portfolio.yaml", "--time-limit", "inf"),  # no end
        ("solve", "portfolio.yaml", "--gap", "-1"),  # a gap below 0
        ("solve", "portfolio.yaml", "--gap", "1"),  # a gap that says nothing
        ("solve", "portfolio.yaml", "--seed", str(2**31)),  # a seed that no engine takes
        ("solve", "portfolio.yaml", "--workers", "0"),  # nobody to work
        ("solve", "portfolio.yaml", "--backend", "abacus"),  # no such engine
        ("solve", "portfolio.yaml", "--output", "plan.txt"),  # no such format
        ("solve", "portfolio.yaml", "--output", "nowhere/plan.json"),  # no such folder
        ("solve", "portfolio.yaml", "--output", "portfolio.yaml"),  # over its own input
        ("solve", "portfolio.yaml", "--tiem-limit", "3"),  # a typo
        ("demo", "--pack", "unknown"),  # no such pack
        ("show", "plan.json"),  # no portfolio
        ("plan",),  # no such command
    ],
)
def test_usage_errors_are_said_before_any_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """Wrong use gives exit code 2 and a message on stderr, and nothing on stdout."""
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, done.stdout) == (ExitCode.USAGE, "")
    assert "Usage: " in done.stderr


@pytest.mark.parametrize(
    ("status", "termination", "interrupted", "code"),
    [
        ("optimal", "proved", False, 0),
        ("feasible", "time_limit", False, 0),
        ("infeasible", "proved", False, 4),
        ("no_plan_found", "time_limit", False, 5),
        ("failed", "crash", False, 70),
        ("feasible", "stopped", True, 130),  # Ctrl-C, best plan written
        ("no_plan_found", "stopped", True, 130),  # Ctrl-C before any plan
        ("optimal", "proved", True, 0),  # Ctrl-C came too late
        ("infeasible", "proved", True, 4),  # Ctrl-C came too late
    ],
)
def test_each_outcome_has_its_code(
    status: Status, termination: Termination, interrupted: bool, code: int
) -> None:
    """The exit codes are those of the help text."""
    plan = Plan(status=status, termination=termination)
    assert code_of(plan, interrupted=interrupted) == code


def wait_for(process: subprocess.Popen[str], word: str) -> None:
    """Read stderr until a line contains a word."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if word in line:
            return
    raise AssertionError(f"{word!r} is not in {seen}")


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of a process."""
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_json_on_stdout_is_one_document(run_faked: Start, folder: Path) -> None:
    """With --json stdout is the plan and nothing else; progress is on stderr."""
    body = "put(Incumbent(seconds=1, value=1, bound=2))\n" + FEASIBLE.format("time_limit")
    code, out, err = finish(run_faked(body, "solve", "portfolio.yaml", "--json"))
    plan = Plan.parse(json.loads(out))
    assert (code, plan.status, plan.gap) == (0, Status.FEASIBLE, 0.5)
    assert "incumbent 1.0000 · bound 2.0000 · gap 50.00 % · 1 s" in err


def test_what_a_library_prints_is_no_result(run_faked: Start, folder: Path) -> None:
    """What an engine's library in C prints, and flushes at its end, leaves the document whole."""
    noise = "import ctypes\nctypes.CDLL(None).printf(b'tmpSolver.run();')\n"
    body = noise + FEASIBLE.format("time_limit")
    process = run_faked(body, "solve", "portfolio.yaml", "--json", PYTHONUNBUFFERED="")
    code, out, err = finish(process)
    assert (code, Plan.parse(json.loads(out)).status) == (0, Status.FEASIBLE)
    assert "tmpSolver.run();" in err


def test_progress_is_a_line_per_improvement(run_faked: Start, folder: Path) -> None:
    """Off a terminal, a better incumbent is a line and a better bound alone is none."""
    body = """
    for value, bound in ((1, 9), (1, 8), (2, 8), (2, 7)):
        put(Incumbent(seconds=1, value=value, bound=bound))
    """ + FEASIBLE.format("time_limit")
    _, _, err = finish(run_faked(body, "solve", "portfolio.yaml"))
    values = [line.split()[1] for line in err.splitlines() if line.startswith("incumbent")]
    assert values == ["1.0000", "2.0000"]


def test_progress_can_be_switched_off(run_faked: Start, folder: Path) -> None:
    """With --no-progress stderr holds no incumbents."""
    body = "put(Incumbent(seconds=1, value=1, bound=2))\n" + FEASIBLE.format("time_limit")
    _, _, err = finish(run_faked(body, "solve", "portfolio.yaml", "--no-progress"))
    assert "incumbent" not in err


def test_plans_are_written_and_can_be_shown(run_faked: Start, run: Run, folder: Path) -> None:
    """--output writes a plan file that `show` reads again; YAML as well as JSON."""
    for name in ("out.json", "out.yaml"):
        body = FEASIBLE.format("time_limit")
        code, _, _ = finish(run_faked(body, "solve", "portfolio.yaml", "-o", name))
        assert (code, Plan.load(folder / name).status) == (0, Status.FEASIBLE)
        assert "50.00 %" in run("show", name, "--portfolio", "portfolio.yaml").stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_stops_and_writes_the_best_plan(
    run_faked: Start, folder: Path, number: signal.Signals
) -> None:
    """After Ctrl-C the engine is asked to stop, its plan is printed and written, exit 130."""
    body = """
    put(Incumbent(seconds=0, value=1, bound=2))
    assert stop.wait(60)
    """ + FEASIBLE.format("stopped")
    arguments = ("solve", "portfolio.yaml", "--json", "-o", "best.json")
    process = run_faked(body, *arguments)
    wait_for(process, "incumbent")
    process.send_signal(number)
    code, out, err = finish(process)
    assert code == ExitCode.INTERRUPTED
    assert json.loads(out)["termination"] == "stopped"
    assert Plan.load(folder / "best.json").found
    assert "Traceback" not in err


def test_terminals_get_one_live_line(tmp_path: Path) -> None:
    """On a terminal the incumbent is redrawn in place, and news stand above it."""
    script = """
import time
from pmo_optimizer.cli.progress import Progress
from pmo_optimizer.model import Incumbent

progress = Progress(shown=True)
with progress.display():
    progress.put(Incumbent(seconds=1, value=1, bound=2))
    progress.tick()
    progress.say("Stopping.")
    time.sleep(0.6)
"""
    master, slave = pty.openpty()
    environment = process_environment() | {"TERM": "xterm", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, stderr=slave, check=True, timeout=60
    )
    os.close(slave)
    text = os.read(master, 10_000).decode()
    os.close(master)
    assert done.returncode == 0
    assert "\x1b[2K" in text
    assert re.search(r"incumbent 1\.0000 · bound 2\.0000 · gap 50\.00 % · \d s", text)
    assert "Stopping.\r\n" in text


def test_second_signal_aborts(run_faked: Start, folder: Path) -> None:
    """An engine that does not stop is left behind by a second Ctrl-C, without any plan."""
    body = """
    put(Incumbent(seconds=0, value=1, bound=2))
    time.sleep(60)
    """
    process = run_faked(body, "solve", "portfolio.yaml", "--json", "-o", "best.json")
    wait_for(process, "incumbent")
    process.send_signal(signal.SIGINT)
    wait_for(process, "Ctrl-C again aborts")
    process.send_signal(signal.SIGINT)
    code, out, _ = finish(process)
    assert (code, out) == (ExitCode.INTERRUPTED, "")
    assert not (folder / "best.json").exists()


def test_unexpected_errors_are_short(run_faked: Start, folder: Path) -> None:
    """A bug gives exit code 70 and two lines; the traceback is there on demand."""
    code, out, err = finish(run_faked("1 / 0", "solve", "portfolio.yaml"))
    assert (code, out) == (ExitCode.INTERNAL, "")
    assert "Internal error: ZeroDivisionError" in err
    assert "Traceback" not in err
    more = finish(run_faked("1 / 0", "solve", "portfolio.yaml", PMO_OPTIMIZER_TRACEBACK="1"))
    assert more[0] == ExitCode.INTERNAL
    assert "Traceback" in more[2]


@pytest.mark.parametrize(
    ("kind", "code"), [("EngineError", ExitCode.INTERNAL), ("Unsupported", ExitCode.INVALID_INPUT)]
)
def test_engine_errors_are_messages(
    run_faked: Start, folder: Path, kind: str, code: ExitCode
) -> None:
    """A failing engine is code 70; a portfolio that it cannot plan is invalid input for it."""
    body = f"from pmo_optimizer.model import {kind}\nraise {kind}('effort is not planned')"
    done = finish(run_faked(body, "solve", "portfolio.yaml"))
    assert done[:2] == (code, "")
    assert "effort is not planned" in done[2]
    assert "Traceback" not in done[2]


def test_colours_are_for_terminals_only(run: Run, folder: Path) -> None:
    """A report in a pipe holds no escape sequences, and is 100 columns wide at most."""
    text = run("show", "plan.json", "--portfolio", "portfolio.yaml").stdout
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_no_color_is_honoured(run: Run, folder: Path) -> None:
    """Colours that were forced on go away with NO_COLOR."""
    arguments = ("show", "plan.json", "--portfolio", "portfolio.yaml")
    assert "\x1b[36m" in run(*arguments, FORCE_COLOR="1", TERM="xterm-256color").stdout
    plain = run(*arguments, FORCE_COLOR="1", NO_COLOR="1", TERM="xterm-256color").stdout
    assert "\x1b[36m" not in plain


def test_streams_that_cannot_show_a_sign_show_another(run: Run, folder: Path) -> None:
    """An ASCII terminal gets question marks instead of an error."""
    arguments = ("show", "plan.json", "--portfolio", "portfolio.yaml")
    done = run(*arguments, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert "P1 Payments" in done.stdout


def test_a_plan_of_another_portfolio_is_shown_with_a_warning(run: Run, folder: Path) -> None:
    """`show` says so where plan and portfolio do not belong together."""
    text = (folder / "portfolio.yaml").read_text()
    (folder / "changed.yaml").write_text(text.replace("value: 0.25", "value: 0.3"))
    right = run("show", "plan.json", "--portfolio", "portfolio.yaml")
    wrong = run("show", "plan.json", "--portfolio", "changed.yaml")
    assert (right.returncode, wrong.returncode) == (0, 0)
    assert "[digest]" not in right.stderr
    assert "[digest]" in wrong.stderr


def test_check_refuses_a_plan_that_does_not_hold(run: Run, folder: Path) -> None:
    """The hand-made plan breaks rules, and the referee lists them; exit code 3."""
    done = run("check", "plan.json", "--portfolio", "portfolio.yaml", "--json")
    verdict: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == ExitCode.INVALID_INPUT
    assert verdict["accepted"] is False
    assert verdict["violations"]


def test_a_plan_file_that_is_none_is_invalid_input(run: Run, folder: Path) -> None:
    """A portfolio given as a plan is refused with its unknown fields."""
    done = run("show", "portfolio.yaml", "--portfolio", "portfolio.yaml")
    assert_refused(done, "unknown-field")


def test_version_is_printed(run: Run) -> None:
    """--version prints the version of the package."""
    from pmo_optimizer import __version__

    assert run("--version").stdout == f"{__version__}\n"
