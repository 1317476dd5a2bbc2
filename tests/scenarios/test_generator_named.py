"""Generated portfolios for named staffing, and for a given number of people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal

import pytest

from pmo_optimizer import Decision, Grain, Portfolio, Severity, State, check
from pmo_optimizer.model.projects import Need, Project
from pmo_scenarios import generate
from tests.scenarios.test_generator import capacity, demand

CONTENTS = ("79248b995fd8a073", "b47f89aa1697576d", "9d91ad9fb4412355")
"""Beginnings of hashes of seeds 0 to 2 with 60 projects, 24 periods and 8 skills: published figures
rest on these portfolios."""


def named(seed: int = 0) -> Portfolio:
    """Return a portfolio with everything that binds single people."""
    return generate(projects=60, periods=24, skills=8, people=120, seed=seed, named=True)


def needs_of(portfolio: Portfolio) -> Iterator[tuple[Project, Need]]:
    """Yield every need with its project."""
    for project in portfolio.projects:
        for phase in project.phases:
            for mode in phase.modes:
                yield from ((project, need) for need in mode.needs)


@pytest.mark.parametrize(("seed", "content"), [*enumerate(CONTENTS)])
def test_default_arguments_give_what_they_always_gave(seed: int, content: str) -> None:
    """What named staffing needs changes no portfolio that does not ask for it."""
    data = generate(projects=60, periods=24, skills=8, seed=seed).to_data()
    text = json.dumps(data, sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest().startswith(content)


def test_more_people_are_as_scarce_as_fewer() -> None:
    """With 120 people instead of 45 projects need more, and scarce skills are as wanted."""
    portfolio = generate(projects=60, periods=24, skills=8, people=120, seed=0)
    assert sum(person.count for person in portfolio.people) == 120
    ratios = [demand(portfolio, s.id) / capacity(portfolio, s.id) for s in portfolio.skills]
    assert sum(ratio >= 1.95 for ratio in ratios) >= 2
    assert max(ratios) <= 2.45


@pytest.mark.parametrize("seed", range(3))
def test_named_portfolios_are_valid_and_repeat_themselves(seed: int) -> None:
    """The checks find no error, and the same arguments give the same portfolio."""
    portfolio = named(seed)
    assert [f for f in check(portfolio) if f.severity is Severity.ERROR] == []
    assert portfolio.digest() == named(seed).digest()


def test_every_person_is_an_entry_with_limits_and_rates() -> None:
    """Limits are usual ones, experience costs more, and teams are small and of one skill."""
    people = named().people
    assert len(people) == 120
    assert {p.max_projects for p in people} == {2, 3, 4, None}
    assert {p.min_share for p in people} == {Decimal("0.1"), Decimal("0.2"), None}
    assert sum(p.max_projects is not None for p in people) > 60
    assert sum(p.min_share is not None for p in people) > 60
    assert all(p.cost_rate for p in people)
    teams = [p.team for p in people]
    assert max(teams.count(team) for team in teams) <= 8
    assert 0 < sum(bool(p.preferences) for p in people) < 60


def test_needs_ask_for_everything_that_named_staffing_can_do() -> None:
    """There are continuous needs, heads at half their time, effort, and names in all roles."""
    needs = [need for _, need in needs_of(named())]
    assert any(need.continuous for need in needs)
    assert {need.share for need in needs if need.heads} == {Decimal("0.5")}
    assert any((need.heads or 0) >= 2 for need in needs)
    assert any(need.effort for need in needs)
    assert all(any(getattr(n, role) for n in needs) for role in ("must", "must_not", "prefer"))


def test_what_must_be_done_names_nobody() -> None:
    """Running and obligatory projects take whom they get: no person stands in their way."""
    for project, need in needs_of(named()):
        if project.state is State.RUNNING or project.decision is Decision.MUST:
            assert (need.must, need.must_not, need.prefer) == ((), (), ())


def test_a_thousand_people_over_weeks() -> None:
    """300 projects with 1000 single people over two years of weeks are valid too."""
    portfolio = generate(
        projects=300, periods=104, skills=12, people=1000, grain=Grain.WEEK, named=True
    )
    assert len(portfolio.people) == 1000
    assert [f for f in check(portfolio) if f.severity is Severity.ERROR] == []
