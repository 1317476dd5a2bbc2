"""Rows of the page of a plan."""

from __future__ import annotations

import pytest

from pmo_optimizer import Portfolio, optimize
from pmo_optimizer.formats.answers import reasons
from pmo_optimizer.web.plan_rows import decided

RISKY = {
    "calendar": {"start": "2027-01-01", "periods": 4, "grain": "month"},
    "objective": {"terms": [{"term": "value"}]},
    "risk_adjusted": True,
    "funds": [{"id": "pot", "amounts": {"total": 10}}],
    "projects": [
        {
            "id": "A",
            "value": 8,
            "probability": 0.5,
            "phases": [{"duration": 1, "costs": [{"lump": 9}]}],
        },
        {
            "id": "B",
            "value": 3,
            "probability": 0.5,
            "phases": [{"duration": 1, "costs": [{"lump": 9}]}],
        },
    ],
}


def test_projects_in_and_out_are_shown_by_one_measure() -> None:
    """Values are before risk and time in both lists; what the plan gains stands apart."""
    portfolio = Portfolio.parse(RISKY)
    plan = optimize(portfolio, time_limit=10, workers=1, backend="cp-sat")
    (inside,), (outside,) = decided(portfolio, plan)
    assert (inside.id, inside.value, outside.id, outside.value) == ("A", 8, "B", 3)
    assert inside.planned == pytest.approx(4)
    assert outside.planned is None


def test_reasons_on_pages_name_no_command() -> None:
    """Where no limit keeps a project out the command line names a command, a page does not."""
    soft = RISKY | {"funds": [{"id": "pot", "amounts": {"total": 10}, "price": 1}]}
    portfolio = Portfolio.parse(soft)
    plan = optimize(portfolio, time_limit=10, workers=1, backend="cp-sat")
    assert "pmo-optimizer why" in reasons(portfolio, plan)["B"]
    _, (outside,) = decided(portfolio, plan)
    assert outside.reason == "other projects use the money and people"
