"""Generated portfolios: valid, deterministic, and as tight as promised."""

from __future__ import annotations

import pytest

from pmo_optimizer import Portfolio, Severity, State, check, optimize
from pmo_optimizer.model.projects import Mode, Project
from pmo_scenarios import generate

SEEDS = range(4)


def usual(seed: int) -> Portfolio:
    """Return a portfolio of the usual size."""
    return generate(projects=60, periods=24, skills=8, seed=seed)


def open_projects(portfolio: Portfolio) -> list[Project]:
    """Return the projects that are not done."""
    return [project for project in portfolio.projects if project.state is not State.DONE]


def effort(mode: Mode, skill: str) -> float:
    """Return the FTE-periods of a skill that a mode takes."""
    return sum(
        float(need.rate(t))
        for need in mode.needs
        if need.skill == skill
        for t in range(mode.duration)
    )


def demand(portfolio: Portfolio, skill: str) -> float:
    """Return what all projects want of a skill, each phase in the mode that wants least."""
    return sum(
        min(effort(mode, skill) for mode in phase.modes)
        for project in open_projects(portfolio)
        for phase in project.phases
    )


def capacity(portfolio: Portfolio, skill: str) -> float:
    """Return what the people with this main skill, and its pools, deliver over the grid."""
    classes = [
        (float(level), group.available)
        for group in portfolio.classes
        for best, level in [max(group.skills, key=lambda pair: pair[1])]
        if best == skill
    ]
    people = sum(level * float(sum(available)) for level, available in classes)
    periods = range(portfolio.calendar.periods)
    pools = sum(float(p.capacity(t)) for p in portfolio.pools if p.skill == skill for t in periods)
    return people + pools


@pytest.mark.parametrize("seed", SEEDS)
def test_generated_portfolios_have_no_error(seed: int) -> None:
    """A planner could hand them in: the checks find nothing that stops a run."""
    assert [f for f in check(usual(seed)) if f.severity is Severity.ERROR] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_scarce_skills_are_wanted_more_than_twice(seed: int) -> None:
    """At least two skills are asked for 2.0 to 2.4 times what their people can give."""
    portfolio = usual(seed)
    ratios = [demand(portfolio, s.id) / capacity(portfolio, s.id) for s in portfolio.skills]
    assert sum(ratio >= 1.95 for ratio in ratios) >= 2
    assert max(ratios) <= 2.45


@pytest.mark.parametrize("seed", SEEDS)
def test_people_links_phases_and_modes_are_as_promised(seed: int) -> None:
    """30 % many-skilled people, 30 % linked projects, 1 to 4 phases, 20 % with two modes."""
    portfolio = usual(seed)
    projects = open_projects(portfolio)
    heads = sum(person.count for person in portfolio.people)
    several = sum(person.count for person in portfolio.people if len(person.skills) > 1)
    assert several >= 0.3 * heads
    tied = {end.partition("/")[0] for link in portfolio.links for end in (link.source, link.target)}
    tied |= {m for group in portfolio.choose if group.id in tied for m in group.projects}
    for rule in portfolio.requires:
        tied |= {rule.project, *rule.needs}
    for rows in (portfolio.excludes, portfolio.all_or_none, portfolio.choose):
        tied |= {project for row in rows for project in row.projects}
    assert sum(project.id in tied for project in projects) >= 0.3 * len(projects)
    assert {len(project.phases) for project in projects} <= {1, 2, 3, 4}
    two = sum(any(len(f.modes) > 1 for f in project.phases) for project in projects)
    assert two >= 0.2 * len(projects)


def test_the_same_seed_gives_the_same_portfolio() -> None:
    """Nothing but the arguments decides; another seed gives another portfolio."""
    assert usual(3).digest() == usual(3).digest()
    assert usual(3).digest() != usual(4).digest()


@pytest.mark.parametrize(("projects", "periods", "skills"), [(5, 6, 2), (20, 12, 4), (200, 48, 12)])
def test_other_sizes_are_valid_too(projects: int, periods: int, skills: int) -> None:
    """From a handful of projects to hundreds."""
    portfolio = generate(projects=projects, periods=periods, skills=skills, seed=1)
    assert len(portfolio.projects) == projects
    assert [f for f in check(portfolio) if f.severity is Severity.ERROR] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plan_exists_and_ranking_finds_a_worse_one(seed: int) -> None:
    """A small one is solved to a proof, and the ranking baseline is not better."""
    portfolio = generate(projects=12, periods=12, skills=4, seed=seed)
    best = optimize(portfolio, time_limit=120, gap=0.02)
    ranked = optimize(portfolio, backend="ranking")
    assert best.found
    assert best.objective is not None
    if ranked.objective is not None:
        assert ranked.objective <= best.objective * 1.02 + 1e-6
