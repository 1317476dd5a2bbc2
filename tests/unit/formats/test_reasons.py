"""Why a project is in a plan or not: facts that can be looked up."""

from __future__ import annotations

import pytest

from pmo_optimizer.formats.answers import reasons
from pmo_optimizer.model import Portfolio
from tests.unit.formats.plan_cases import PORTFOLIO, plan, portfolio

WHY = {
    "P2": "chosen: its value is worth its money and people",
    "P3": "is needed by P2",
    "P4": "excluded by P1",
    "P5": "decided: never",
    "P6": "costs at least 5000.00 EUR, the funds have 220.00 left",
    "P7": "needs P4, not selected",
    "P9": "done already",
}


@pytest.mark.parametrize("project", sorted(WHY))
def test_the_reason_is_the_one_that_holds(project: str) -> None:
    """Decisions, relations and money that is not there are named with what they come from."""
    assert reasons(portfolio(), plan())[project] == WHY[project]


def test_a_project_may_have_several_reasons() -> None:
    """A forced project that another one needs says both."""
    assert reasons(portfolio(), plan())["P1"] == "must be done; is needed by P2"


def test_effort_beyond_what_is_free_is_a_reason_only_where_it_is_true() -> None:
    """18 FTE-periods are a reason where 17 are free, and none where 18.5 are."""
    found = plan()
    assert "pmo-optimizer why" in reasons(portfolio(), found)["P8"]
    skills = found.kpis.skills[0].model_copy(update={"capacity": (1.6,) * 12})
    kpis = found.kpis.model_copy(update={"skills": (skills,)})
    less = found.model_copy(update={"kpis": kpis})
    expected = "takes at least 18.00 FTE-periods of dev, 16.10 are free"
    assert reasons(portfolio(), less)["P8"] == expected


def test_soft_money_and_hires_are_no_reason() -> None:
    """Where a fund may be overspent, or people hired, what is left rules nothing out."""
    data = dict(PORTFOLIO)
    data["funds"] = [{**PORTFOLIO["funds"][0], "price": 1}]
    data["hires"] = [{"id": "more", "skill": "dev", "max_heads": 1}]
    soft = Portfolio.parse(data)
    found = reasons(soft, plan())
    assert all("pmo-optimizer why" in found[name] for name in ("P6", "P8"))


def test_variants_and_groups_are_named() -> None:
    """A variant says which one was chosen, a member of a group which others are missing."""
    data = dict(PORTFOLIO)
    data["excludes"] = []
    data["choose"] = [{"id": "variants", "projects": ["P1", "P4"]}]
    data["all_or_none"] = [{"projects": ["P6", "P7"]}]
    found = reasons(Portfolio.parse(data), plan())
    assert found["P4"] == "P1 chosen out of variants"
    assert "goes only together with P7" in found["P6"]


def test_projects_of_another_portfolio_are_said_to_be_foreign() -> None:
    """A plan of something else has reasons all the same."""
    other = Portfolio.parse(
        {**PORTFOLIO, "projects": [], "links": [], "requires": [], "excludes": []}
    )
    assert set(reasons(other, plan()).values()) == {"not in the portfolio"}
