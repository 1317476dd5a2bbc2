"""Warnings that something can never be are true: brute force finds no plan with it."""

from __future__ import annotations

from typing import Any

import pytest

from pmo_optimizer.checks import check
from pmo_optimizer.model import Finding, Portfolio
from tests.brute.enumerate import count_combinations, solve
from tests.brute.random_portfolio import random_portfolio

NEVER_SELECTED = frozenset({"never-schedulable", "selection-ruled-out"})
NEVER_USED = frozenset({"need-too-large", "mode-too-long"})
MAX_COMBINATIONS = 3000


def insisted(portfolio: Portfolio, finding: Finding) -> Portfolio:
    """Return the portfolio in which the project, and the mode if one is meant, is a must."""
    parts = finding.path.split("/")
    raw: dict[str, Any] = portfolio.to_data()
    project = next(p for p in raw["projects"] if p["id"] == parts[1])
    project["decision"] = "must"
    if finding.rule in NEVER_USED:
        phase = next(f for f in project["phases"] if f["id"] == parts[3])
        phase.setdefault("pin", {})["mode"] = parts[5]
    return Portfolio.parse(raw)


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_what_is_called_impossible_has_no_plan(first: int) -> None:
    """Insisting on a project or mode that a warning calls impossible leaves no plan."""
    tried = 0
    for seed in range(first, first + 20):
        portfolio = random_portfolio(seed)
        for finding in check(portfolio):
            if finding.rule in NEVER_SELECTED | NEVER_USED:
                harder = insisted(portfolio, finding)
                if count_combinations(harder) <= MAX_COMBINATIONS:
                    tried += 1
                    assert not solve(harder).feasible, str(finding)
    assert tried
