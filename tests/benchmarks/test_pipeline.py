"""Select, schedule, staff: one step after the other, against all at once."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cli import main
from benchmarks.joint import summary
from benchmarks.knapsack import knapsack, supply
from benchmarks.lines import Line, read_lines
from benchmarks.pipeline import Clock, fully_staffed, solve, without
from benchmarks.pooled import pooled
from pmo_optimizer import Plan, Portfolio, Severity, check, optimize, referee
from pmo_scenarios import generate

KEEN = {"id": "ann", "skills": {"dev": 1, "test": 0.5}}


def job(name: str, value: int, needs: list[dict[str, Any]], **fields: object) -> dict[str, Any]:
    """Return a project of one phase of two periods."""
    return {"id": name, "value": value, "phases": [{"duration": 2, "needs": needs}]} | fields


def two_at_once(**fields: object) -> Portfolio:
    """Return a tester's and a developer's project, and one person who would have to do both."""
    data = {
        "calendar": {"start": "2027-01-01", "periods": 2},
        "skills": [{"id": "dev"}, {"id": "test"}],
        "people": [KEEN],
        "projects": [
            job("A", 5, [{"skill": "dev", "fte": 1}], **fields),
            job("B", 3, [{"skill": "test", "fte": 0.5}]),
            job("C", 1, []),
        ],
    }
    return Portfolio.parse(data)


def clock(seconds: float = 30) -> Clock:
    """Return a clock that begins now."""
    return Clock(time.monotonic() + seconds, 2)


def dates_of(portfolio: Portfolio) -> Plan:
    """Return the schedule of everything under capacities per skill."""
    chosen = [project.id for project in portfolio.projects]
    return optimize(pooled(portfolio, chosen), time_limit=10, workers=2).model_copy(
        update={"allocations": ()}
    )


def test_supply_counts_everybody_at_every_skill() -> None:
    """A developer who can test at half speed is a developer and half a tester at once."""
    assert supply(two_at_once()) == {"dev": [1, 1], "test": [Decimal("0.5")] * 2}


def test_each_step_is_a_valid_portfolio() -> None:
    """Selection and schedule of a generated portfolio give the checks nothing to refuse."""
    portfolio = generate(projects=20, periods=12, skills=4, people=40, seed=1, named=True)
    for step in (knapsack(portfolio), pooled(portfolio, [])):
        assert [f for f in check(step) if f.severity is Severity.ERROR] == []


def test_selection_minds_money_and_effort_in_total() -> None:
    """A knapsack takes the most value that total FTE-periods and all years' money allow."""
    data = two_at_once().to_data()
    data["funds"] = [{"id": "f", "amounts": {"years": {2027: 10}}}]
    data["projects"][0]["costs"] = [{"lump": 4, "fund": "f"}]
    data["projects"][1]["phases"][0]["modes"][0]["costs"] = [{"per_period": 3, "fund": "f"}]
    assert optimize(knapsack(Portfolio.parse(data)), workers=2).selected == ("A", "B", "C")
    data["funds"][0]["amounts"]["years"] = {2027: 9}
    assert optimize(knapsack(Portfolio.parse(data)), workers=2).selected == ("A", "C")
    data["projects"][0]["phases"][0]["modes"][0]["needs"][0]["fte"] = 1.2
    assert optimize(knapsack(Portfolio.parse(data)), workers=2).selected == ("B", "C")


def test_the_least_valuable_project_without_people_goes() -> None:
    """Capacity per skill allows both, one person does not: the better one stays, with her."""
    portfolio = two_at_once()
    dates = dates_of(portfolio)
    assert dates.selected == ("A", "B", "C")
    plan, dropped = fully_staffed(portfolio, dates, clock())
    assert plan is not None
    assert plan.selected in {("A", "C"), ("B", "C")}
    assert len(dropped) == 1
    judged, whole = solve(portfolio, 60, 2)
    report = referee.check(judged, whole)
    assert report.violations == ()
    assert (
        report.kpis.objective
        == whole.objective
        == sum({"A": 5, "B": 3, "C": 1}[p] for p in whole.selected)
    )


def test_room_is_made_for_what_must_be_done() -> None:
    """The person works on the mandatory project, and the other one goes."""
    portfolio = two_at_once(decision="must")
    plan, dropped = fully_staffed(portfolio, dates_of(portfolio), clock())
    assert plan is not None
    assert plan.selected == ("A", "C")
    assert dropped == ("B",)


def test_what_must_be_done_and_finds_nobody_leaves_no_plan() -> None:
    """A mandatory project that asks for two people where there is one is never dropped."""
    needs = [{"skill": "dev", "heads": 2, "share": 0.5}]
    data = two_at_once(decision="must").to_data()
    data["projects"][0]["phases"][0]["modes"][0]["needs"] = needs
    portfolio = Portfolio.parse(data)
    plan, dropped = fully_staffed(portfolio, dates_of(portfolio), clock())
    assert plan is None
    assert dropped == ()


def test_a_dropped_project_takes_along_what_needs_it() -> None:
    """Successors, projects that require it and the rest of its set go too; musts forbid it."""
    data = two_at_once().to_data()
    data["people"] = [KEEN | {"count": 3}]
    data["requires"] = [{"project": "B", "needs": ["A"]}]
    data["all_or_none"] = [{"projects": ["B", "C"]}]
    portfolio = Portfolio.parse(data)
    plan = dates_of(portfolio)
    less = without(portfolio, plan, {"A"})
    assert less is not None
    assert less.selected == ()
    data["projects"][2]["decision"] = "must"
    assert without(Portfolio.parse(data), plan, {"A"}) is None


def test_two_lines_per_seed_and_a_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both ways give plans without violations, which `compare` sets side by side."""
    out = tmp_path / "lines.jsonl"
    sizes = ["--projects", "8", "--periods", "8", "--skills", "3", "--people", "12"]
    times = ["--seeds", "1", "--time-limit", "4", "--workers", "2"]
    assert main(["joint", *sizes, *times, "--jsonl", str(out)]) == 0
    lines = read_lines(out)
    assert [line.backend for line in lines] == ["joint", "pipeline"]
    assert {line.violations for line in lines} == {0}
    assert "joint is at least as good on" in capsys.readouterr().out
    assert main(["compare", str(out), str(out)]) == 0
    assert "A = joint, B = pipeline; 1 instances in both" in capsys.readouterr().out


def line(instance: str, backend: str, objective: float | None, violations: int = 0) -> Line:
    """Return a line with a value."""
    return Line(
        suite="generated",
        folder="",
        instance=instance,
        backend=backend,
        status="feasible",
        objective=objective,
        violations=violations,
        maximised=True,
    )


def test_summary_counts_plans_that_are_as_good_and_clearly_better() -> None:
    """Equal values are as good, 1 % is clear, and a plan that breaks a rule is none."""
    lines = [
        line("equal", "joint", 2.0),
        line("equal", "pipeline", 2.0),
        line("better", "joint", 2.02),
        line("better", "pipeline", 2.0),
        line("worse", "joint", 1.99),
        line("worse", "pipeline", 2.0),
        line("broken", "joint", 1.0),
        line("broken", "pipeline", 2.0, violations=1),
        line("none", "joint", None),
        line("none", "pipeline", None),
    ]
    text = summary(lines)
    assert "broken: joint 1, pipeline no plan" in text
    assert text.endswith("joint is at least as good on 3 of 5, and at least 1% above on 2")
