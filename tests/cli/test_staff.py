"""Named staffing from the command line: plans with names, and plans that leave needs unmet."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pmo_optimizer.cli import app
from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.model import Plan, Portfolio, Staffing, Status, SupplierKind
from pmo_optimizer.report import plan_text
from tests.unit.referee_cases import chosen, phase, plan_of, work

Run = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]


def portfolio_of(most: int) -> Portfolio:
    """Return two projects for Ann, who works on so many at once."""
    need = {"skill": "dev", "fte": 0.5}
    projects = [
        {"id": name, "value": 2, "phases": [{"id": "build", "duration": 2, "needs": [need]}]}
        for name in ("app", "web")
    ]
    ann = {"id": "ann", "name": "Ann", "skills": {"dev": 1}, "max_projects": most, "cost_rate": 10}
    return Portfolio.parse(
        {
            "name": "Shop",
            "calendar": {"start": "2027-01-01", "periods": 3},
            "skills": [{"id": "dev"}],
            "people": [ann],
            "projects": projects,
        }
    )


def dates_of(portfolio: Portfolio) -> Plan:
    """Return a capacity plan in which both projects run in January and February."""
    entries = [chosen(name, phase("build", 0, 2)) for name in ("app", "web")]
    shares = [work("class:dev@1", f"{n}/build/dev", 0, "0.5", "0.5") for n in ("app", "web")]
    return plan_of(portfolio, *entries, work=shares)


def short_of(portfolio: Portfolio) -> Plan:
    """Return a plan by name in which Ann serves the app only."""
    from pmo_optimizer import referee

    shares = [work("ann", "app/build/dev", 0, "0.5", "0.5", kind=SupplierKind.PERSON)]
    update = {
        "allocations": tuple(shares),
        "staffing": Staffing.NAMED,
        "fully_staffed": False,
        "status": Status.NO_PLAN_FOUND,
    }
    plan = dates_of(portfolio).model_copy(update=update)
    plan = plan.model_copy(update={"unmet": referee.shortfalls(portfolio, plan)})
    report = referee.check(portfolio, plan)
    return plan.model_copy(update={"kpis": report.kpis, "violations": report.violations})


@pytest.fixture
def enough(tmp_path: Path) -> Path:
    """Return a folder with a portfolio that Ann can serve, and dates for it."""
    portfolio_of(2).save(tmp_path / "shop.yaml")
    dates_of(portfolio_of(2)).save(tmp_path / "dates.json")
    return tmp_path


@pytest.fixture
def scarce(tmp_path: Path) -> Path:
    """Return a folder with a portfolio in which one of two projects has nobody, and its plans."""
    portfolio_of(1).save(tmp_path / "shop.yaml")
    dates_of(portfolio_of(1)).save(tmp_path / "dates.json")
    short_of(portfolio_of(1)).save(tmp_path / "short.json")
    return tmp_path


STAFF = ("staff", "shop.yaml", "dates.json", "--time-limit", "10")


def test_staff_gives_names(run: Run, enough: Path) -> None:
    """Ann serves both projects, half of her time each; the referee accepts the file written."""
    done = run(*STAFF, "--output", "named.json")
    assert done.returncode == ExitCode.PLAN, done.stderr
    assert "by name, every need is served" in done.stdout
    assert "Team of app (1 person" in done.stdout
    assert "ann Ann" in done.stdout
    plan = Plan.load(enough / "named.json")
    assert (plan.staffing, plan.fully_staffed, plan.found) == (Staffing.NAMED, True, True)
    assert {a.supplier for a in plan.allocations} == {"ann"}
    check = run("check", "named.json", "--portfolio", "shop.yaml")
    assert (check.returncode, "accepted" in check.stdout) == (0, True)


def test_staff_json_is_a_plan(run: Run, enough: Path) -> None:
    """With --json stdout is the plan by name and nothing else."""
    done = run(*STAFF, "--json", "--workers", "1", "--seed", "3", "--reproducible")
    plan = Plan.parse(json.loads(done.stdout))
    assert (plan.staffing, plan.fully_staffed) == (Staffing.NAMED, True)
    assert plan.engine is not None
    assert (plan.engine.workers, plan.engine.seed) == (1, 3)


def test_unmet_needs_have_their_own_code(run: Run, scarce: Path) -> None:
    """Exit code 5, the unmet needs with their reasons, and the plan is written all the same."""
    done = run(*STAFF, "--output", "named.json")
    assert done.returncode == ExitCode.NO_PLAN, done.stderr
    assert "not every need of the plan below is served by name" in done.stdout
    assert "Unmet needs (1 FTE-periods)" in done.stdout
    assert "on the most" in done.stdout
    plan = Plan.load(scarce / "named.json")
    assert (plan.found, plan.short, plan.selected) == (False, True, ("app", "web"))
    assert {item.period for item in plan.unmet} == {0, 1}


def test_unmet_needs_are_in_the_json(run: Run, scarce: Path) -> None:
    """Scripts read what is unmet, and why, from the plan itself."""
    done = run(*STAFF, "--json")
    data = json.loads(done.stdout)
    assert done.returncode == ExitCode.NO_PLAN
    assert (data["status"], data["fully_staffed"]) == ("no_plan_found", False)
    assert {item["reason"] for item in data["unmet"]} == {"limits"}


def test_solve_can_plan_by_name(run: Run, scarce: Path) -> None:
    """`solve --staffing named` puts the projects one after the other, or takes one only."""
    arguments = ("solve", "shop.yaml", "--time-limit", "10", "--json")
    named = Plan.parse(json.loads(run(*arguments, "--staffing", "named").stdout))
    capacity = Plan.parse(json.loads(run(*arguments, "--staffing", "capacity").stdout))
    assert (named.staffing, len(named.selected)) == (Staffing.NAMED, 1)
    assert (capacity.staffing, len(capacity.selected)) == (Staffing.CAPACITY, 2)


def test_a_plan_with_unmet_needs_is_shown_in_full(scarce: Path) -> None:
    """Projects, teams and what is unmet are shown; unmet needs are no violations beside that."""
    portfolio = Portfolio.load(scarce / "shop.yaml")
    text = plan_text(portfolio, Plan.load(scarce / "short.json"))
    for word in (
        "no plan found",
        "needs of 1 project unmet",
        "web/build/dev: 0.5 FTE from 2027-01-01 to 2027-02-28: ",
        "Selected projects (2)",
        "Team of app (1 person, 1 FTE-periods)",
    ):
        assert word in text
    assert "Team of web" not in text
    assert "need-unmet" not in text


def test_check_lists_what_is_unmet(scarce: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The referee finds the unmet needs again: broken rules, exit code 3, but no false claim."""
    monkeypatch.chdir(scarce)
    done = CliRunner().invoke(app, ["check", "short.json", "-p", "shop.yaml", "--json"])
    verdict: dict[str, Any] = json.loads(done.stdout)
    assert done.exit_code == ExitCode.INVALID_INPUT
    assert {v["rule"] for v in verdict["violations"]} == {"need-unmet"}
    assert verdict["fully_staffed"] is False
    assert [item["period"] for item in verdict["unmet"]] == [0, 1]


def test_show_prints_loads_and_personal_plans(
    scarce: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--loads` adds the use of each person, `--person` shows one person's plan only."""
    monkeypatch.chdir(scarce)
    show = ["show", "short.json", "-p", "shop.yaml"]
    loads = CliRunner().invoke(app, [*show, "--loads"])
    line = next(x for x in loads.stdout.splitlines() if x.startswith("ann Ann"))
    assert loads.exit_code == 0
    assert line.count("50 %") == 3  # the peak, January and February
    own = CliRunner().invoke(app, [*show, "--person", "ann"])
    assert own.exit_code == 0
    assert own.stdout.strip().startswith("Plan of ann Ann")
    assert "2027-03" in own.stdout
    data = json.loads(CliRunner().invoke(app, [*show, "--person", "ann", "--json"]).stdout)
    assert data["person"] == "ann"
    assert [row["fte"] for row in data["periods"]] == [0.5, 0.5, 0]


def test_show_says_what_hires_are_worth(tmp_path: Path) -> None:
    """`--hires` solves without each hire: of 2 + 2 one half is lost without a second developer."""
    data = portfolio_of(1).to_data()
    data["calendar"]["periods"] = 2
    data["hires"] = [{"id": "second", "skill": "dev", "max_heads": 1}]
    portfolio = Portfolio.parse(data)
    portfolio.save(tmp_path / "shop.yaml")
    file = str(tmp_path / "plan.json")
    solve = ["solve", str(tmp_path / "shop.yaml"), "--staffing", "named", "--output", file]
    assert CliRunner().invoke(app, [*solve, "--time-limit", "20"]).exit_code == 0
    show = ["show", file, "-p", str(tmp_path / "shop.yaml"), "--hires", "--time-limit", "20"]
    told = CliRunner().invoke(app, show)
    assert told.exit_code == 0
    assert " ".join(told.stdout.split()).endswith("second dev 1 2027-01 2.0000 2.0000 and 2.0000")
    (worth,) = json.loads(CliRunner().invoke(app, [*show, "--json"]).stdout)["hires"]
    assert (worth["hire"], worth["heads"], worth["proven"]) == ("second", 1, True)
    both = CliRunner().invoke(app, [*show, "--person", "ann"])
    assert both.exit_code == ExitCode.USAGE
    short_of(portfolio).save(tmp_path / "short.json")
    nothing = CliRunner().invoke(app, ["show", str(tmp_path / "short.json"), *show[2:]])
    assert nothing.exit_code == ExitCode.INVALID_INPUT
    assert "plan-without-objective" in nothing.stderr


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        # a capacity plan has no names
        (("show", "dates.json", "-p", "shop.yaml", "--person", "ann"), "plan-not-named"),
        # a misspelt person
        (("show", "short.json", "-p", "shop.yaml", "--person", "anne"), "unknown-person"),
        # nothing is planned that people could have
        (("show", "none.json", "-p", "shop.yaml", "--loads"), "plan-empty"),
        (("staff", "shop.yaml", "none.json"), "plan-empty"),
        # dates that break a rule of the portfolio
        (("staff", "shop.yaml", "late.json"), "horizon"),
        # not a plan, not a portfolio, nothing at all
        (("staff", "shop.yaml", "shop.yaml"), "unknown-field"),
        (("staff", "dates.json", "dates.json"), "unknown-field"),
        (("staff", "shop.yaml", "nowhere.json"), "file-missing"),
        (("staff", "bad.yaml", "dates.json"), "unknown-id"),
    ],
)
def test_bad_input_is_refused_with_findings(
    scarce: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], rule: str
) -> None:
    """Wrong plans, portfolios and people give exit code 3 and what to do about it."""
    Plan.parse({"status": "infeasible", "termination": "proved"}).save(scarce / "none.json")
    portfolio = portfolio_of(1)
    late = [chosen(name, phase("build", 2, 4)) for name in ("app", "web")]
    plan_of(portfolio, *late).save(scarce / "late.json")
    text = (scarce / "shop.yaml").read_text()
    (scarce / "bad.yaml").write_text(text.replace("skill: dev", "skill: law"))
    monkeypatch.chdir(scarce)
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == ExitCode.INVALID_INPUT, done.output
    assert f"[{rule}]" in done.output
    assert "fix: " in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_every_finding_about_dates_comes_out_at_once(
    scarce: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan with both projects beyond the calendar has a finding for each."""
    portfolio = portfolio_of(1)
    late = [chosen(name, phase("build", 2, 4)) for name in ("app", "web")]
    plan_of(portfolio, *late).save(scarce / "late.json")
    monkeypatch.chdir(scarce)
    done = CliRunner().invoke(app, ("staff", "shop.yaml", "late.json"))
    assert done.output.count("error [horizon]") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("staff", "shop.yaml"),  # no plan
        (*STAFF, "--output", "shop.yaml"),  # over its own input
        (*STAFF[:3], "--time-limit", "0"),  # no time at all
        ("solve", "shop.yaml", "--staffing", "robots"),  # no such staffing
    ],
)
def test_wrong_use_is_said_before_any_work(
    enough: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """Wrong use gives exit code 2, a message, and nothing on stdout."""
    monkeypatch.chdir(enough)
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, done.stdout) == (ExitCode.USAGE, "")


def test_a_foreign_plan_is_shown_as_far_as_possible(scarce: Path) -> None:
    """People that the portfolio does not know leave the teams out, not the rest."""
    portfolio = Portfolio.load(scarce / "shop.yaml")
    plan = Plan.load(scarce / "short.json")
    zoe = tuple(a.model_copy(update={"supplier": "zoe"}) for a in plan.allocations)
    text = plan_text(portfolio, plan.model_copy(update={"allocations": zoe}))
    assert "not of this portfolio" in text
    assert "Selected projects (2)" in text


@pytest.mark.parametrize("period", [-(10**12), -1, 3, 10**12])
@pytest.mark.parametrize("fte", ["1e-999", "9e999", "-1"])
def test_absurd_claims_are_shown_without_a_crash(scarce: Path, period: int, fte: str) -> None:
    """A plan file may say anything about what is unmet; the report shows it."""
    portfolio = Portfolio.load(scarce / "shop.yaml")
    data = Plan.load(scarce / "short.json").to_data()
    data["unmet"] = [item | {"period": period, "fte": fte} for item in data["unmet"]]
    text = plan_text(portfolio, Plan.parse(data))
    assert f"{'2027-04-01' if period == 3 else f'period {period}'}" in text


def test_long_team_lists_are_cut_with_a_count(scarce: Path) -> None:
    """A limit holds for the lines of all teams together, and titles count the whole team."""
    portfolio = portfolio_of(2)
    plan = short_of(portfolio_of(1))
    web = tuple(a.model_copy(update={"project": "web"}) for a in plan.allocations)
    update = {
        "status": Status.FEASIBLE,
        "fully_staffed": True,
        "unmet": (),
        "allocations": (*plan.allocations, *web),
    }
    text = plan_text(portfolio, plan.model_copy(update=update), limit=1)
    assert "Team of app" in text
    assert "Team of web" not in text
    assert "1 more lines of teams" in text


def test_ctrl_c_writes_the_best_staffing(run_faked: Start, scarce: Path) -> None:
    """The first signal asks the staffing to stop; its plan is written, exit code 130."""
    body = """
    print("working", file=sys.stderr, flush=True)
    assert stop.wait(60)
    time.sleep(0.5)  # long enough for the command line to say that it stops
    plan = Plan.load("short.json")
    return plan.model_copy(update={"termination": Termination.STOPPED})
    """
    process = run_faked(body, *STAFF, "--output", "best.json")
    assert process.stderr is not None
    assert process.stderr.readline() == "working\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == ExitCode.INTERRUPTED, err
    assert "Stopping" in err
    assert "Unmet needs" in out
    assert Plan.load(scarce / "best.json").short
