"""Re-solving after one change, against a run from scratch."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks.cli import main
from benchmarks.lines import read_lines
from benchmarks.resolve import Times, changes, resolve
from pmo_optimizer import Portfolio, optimize
from pmo_scenarios import generate


def test_a_line_for_each_kind_of_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Budgets, a score, must and never are answered by refereed plans, and summed up."""
    out = tmp_path / "lines.jsonl"
    sizes = ["--projects", "10", "--periods", "12", "--skills", "4", "--seeds", "0"]
    times = ["--base", "30", "--time-limit", "30", "--reference", "30", "--workers", "2"]
    assert main(["resolve", *sizes, *times, "--jsonl", str(out)]) == 0
    lines = read_lines(out)
    kinds = [line.instance.partition(":")[2] for line in lines]
    assert [kind[-4:] for kind in kinds[:2]] == ["-10%", "+10%"]
    assert [kind.partition("-")[0] for kind in kinds[2:]] == ["score", "must", "never"]
    assert all(line.violations == 0 for line in lines if line.objective is not None)
    assert "5 changes: median" in capsys.readouterr().out


def test_a_change_that_has_no_answer_is_an_error_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """One change that the checks refuse gives a line that says so, and others are answered."""
    subject = generate(projects=10, periods=12, skills=4, seed=0)

    def refused(portfolio: Portfolio, project: str) -> Portfolio:
        return Portfolio.parse({**portfolio.to_data(), "projects": [{"id": project}] * 2})

    monkeypatch.setattr("benchmarks.resolve._with_score", refused)
    times = Times(30, 30, 30)
    lines = {line.instance: line for line in resolve(subject, "p", times, workers=2, seed=0)}
    wrong = [line for name, line in lines.items() if "score" in name]
    assert [line.status for line in wrong] == ["error"]
    assert "InvalidInput" in wrong[0].message
    assert len(lines) == 5
    assert all(line.status != "error" for line in lines.values() if line not in wrong)


def money(portfolio: Portfolio) -> Decimal:
    """Return all money of all funds."""
    amounts = [fund.amounts for fund in portfolio.funds]
    return sum((sum((a.years or {}).values(), a.total or Decimal(0)) for a in amounts), Decimal(0))


def test_changes_change_what_they_name() -> None:
    """Each changed portfolio differs from the base in the named fund or project alone."""
    base = generate(projects=10, periods=12, skills=4, seed=0)
    plan = optimize(base, time_limit=30, workers=2)
    for name, change in changes(base, plan, seed=0):
        changed = change()
        funds = [f for f, g in zip(base.funds, changed.funds, strict=True) if f != g]
        projects = [p for p, q in zip(base.projects, changed.projects, strict=True) if p != q]
        touched = [x.id for x in funds] + [x.id for x in projects]
        assert len(touched) == 1
        assert touched[0] in name
    less = dict(changes(base, plan, seed=0))
    (lower,) = (change() for name, change in less.items() if name.endswith("-10%"))
    assert money(lower) < money(base)
