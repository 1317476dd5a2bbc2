"""The sample portfolios: they load, they use what they promise, and they have plans."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pmo_optimizer import (
    Anchor,
    AverageRule,
    CountRule,
    Decision,
    IfUnselected,
    InvalidInput,
    LinkType,
    Method,
    Mode,
    Need,
    Plan,
    Portfolio,
    Project,
    ProjectYears,
    Rule,
    Severity,
    ShareRule,
    StartsRule,
    State,
    Status,
    TermName,
    UtilizationRule,
    check,
    optimize,
    referee,
)
from pmo_scenarios import PACKS, load_pack
from pmo_scenarios.boston import BUDGET_SHARE, HEADER, make_boston, spread, write_boston

CITY_TABLE = Path("boston_capital") / "boston_fy18_adopted.csv"
"""Place of the city's table within the data folder that ``PMO_DATA`` names."""

RULES = (ShareRule, CountRule, StartsRule, AverageRule, UtilizationRule)

SCARCE = ("developer", "project-manager", "tester", "data-engineer", "cloud-engineer")
"""Skills of the digital portfolio of which far more is wanted than there is."""


def modes(portfolio: Portfolio) -> Iterator[Mode]:
    """Yield every mode of every phase."""
    for project in portfolio.projects:
        for phase in project.phases:
            yield from phase.modes


def needs(portfolio: Portfolio) -> Iterator[Need]:
    """Yield every need of every mode."""
    for mode in modes(portfolio):
        yield from mode.needs


@pytest.fixture(scope="module")
def digital() -> Portfolio:
    """Return the digital pack."""
    return load_pack("digital")


@pytest.fixture(scope="module")
def boston() -> Portfolio:
    """Return the city's pack."""
    return load_pack("boston")


@pytest.fixture(scope="module")
def city_table() -> Path:
    """Return the city's own table, where the data folder is at hand."""
    if not os.environ.get("PMO_DATA"):
        pytest.skip("PMO_DATA does not name the folder with the public data sets")
    return Path(os.environ["PMO_DATA"]) / CITY_TABLE


@pytest.mark.parametrize("name", PACKS)
def test_packs_have_no_findings(name: str) -> None:
    """A sample portfolio is an example to follow: neither errors nor warnings."""
    assert check(load_pack(name)) == ()


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_packs_survive_save_and_load(name: str, ending: str, tmp_path: Path) -> None:
    """What is saved and loaded again is the same portfolio."""
    pack = load_pack(name)
    pack.save(tmp_path / f"pack.{ending}")
    assert Portfolio.load(tmp_path / f"pack.{ending}").digest() == pack.digest()


def test_unknown_packs_are_refused_with_the_known_names() -> None:
    """A wrong name is an invalid input that lists every name there is."""
    with pytest.raises(InvalidInput) as caught:
        load_pack("digitel")
    (finding,) = caught.value.findings
    assert finding.severity is Severity.ERROR
    assert all(name in finding.fix for name in PACKS)


@pytest.mark.parametrize("name", PACKS)
def test_packs_have_a_plan_that_the_referee_accepts(name: str) -> None:
    """A few seconds give a plan that breaks nothing, and selects some projects but not all."""
    pack = load_pack(name)
    plan = optimize(pack, time_limit=10, gap=0.3, workers=2)
    assert plan.status in {Status.FEASIBLE, Status.OPTIMAL}
    assert referee.check(pack, plan).violations == ()
    selected = {project.project for project in plan.projects if project.selected}
    assert 0 < len(selected) < len(pack.projects)
