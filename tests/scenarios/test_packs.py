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
    Portfolio,
    Project,
    ProjectYears,
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

SCARCE = ("developer", "data-engineer")
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
    """A loose gap gives a plan that breaks nothing, and selects some projects but not all."""
    pack = load_pack(name)
    plan = optimize(pack, time_limit=120, gap=0.3, workers=2)
    assert plan.status in {Status.FEASIBLE, Status.OPTIMAL}
    assert referee.check(pack, plan).violations == ()
    selected = {project.project for project in plan.projects if project.selected}
    assert 0 < len(selected) < len(pack.projects)


def _calendar(p: Portfolio) -> bool:
    return p.calendar.fiscal_start_month == 4 and bool(p.calendar.holidays and p.calendar.sites)


def _strategy(p: Portfolio) -> bool:
    """Five criteria, one of them on a reversed scale, weighted by comparisons that agree."""
    vector = p.priority_vector
    return (
        len(p.criteria) == 5
        and any(c.worst > c.best for c in p.criteria)
        and vector is not None
        and vector.consistency_ratio < 0.1
    )


def _any_project(test: Callable[[Project], object]) -> Callable[[Portfolio], bool]:
    return lambda p: any(test(project) for project in p.projects)


def _any_need(test: Callable[[Need], object]) -> Callable[[Portfolio], bool]:
    return lambda p: any(test(need) for need in needs(p))


def _any_person(test: Callable[..., object]) -> Callable[[Portfolio], bool]:
    return lambda p: any(test(person) for person in p.people)


def _cost_forms(p: Portfolio) -> bool:
    """Lines per period, as a profile, and as lumps at start and finish."""
    lines = [line for mode in modes(p) for line in mode.costs]
    lines += [line for project in p.projects for line in project.costs]
    return (
        any(line.per_period for line in lines)
        and any(line.profile for line in lines)
        and {line.at for line in lines if line.lump} == set(Anchor)
    )


def _open_and_named_lines(p: Portfolio) -> bool:
    """Some lines name their fund, and some open ones may be paid by several."""
    lines = [line for mode in modes(p) for line in mode.costs]
    several = [
        line
        for line in lines
        if line.fund is None and sum(fund.pays(line.category) for fund in p.funds) > 1
    ]
    return bool(several) and any(line.fund for line in lines)


def _equipment(p: Portfolio) -> bool:
    return any(pool.category == "equipment" and pool.profile for pool in p.pools)


def _group_named_by_a_link(p: Portfolio) -> bool:
    groups = {group.id for group in p.choose if group.max == 1}
    return any(link.source in groups for link in p.links)


def _group_named_by_requires(p: Portfolio) -> bool:
    groups = {group.id for group in p.choose if group.max == 1}
    return any(groups & set(rule.needs) for rule in p.requires)


def _rules(hard: bool) -> Callable[[Portfolio], bool]:
    def used(p: Portfolio) -> bool:
        return {type(rule) for rule in p.rules if (rule.price is None) is hard} == set(RULES)

    return used


def _due(hard: bool) -> Callable[[Project], bool]:
    return lambda project: project.due is not None and (project.late_price is None) is hard


def _states(p: Portfolio) -> bool:
    return {project.state for project in p.projects} == set(State)


def _decisions(p: Portfolio) -> bool:
    return {project.decision for project in p.projects} == set(Decision)


def _objective(p: Portfolio) -> bool:
    """Value first; then cost, within a small tolerance."""
    first, second = p.objective.terms
    return (
        p.objective.method is Method.LEXICOGRAPHIC
        and (first.term, second.term) == (TermName.VALUE, TermName.COST)
        and Decimal(0) < first.rel_tol <= Decimal("0.01")
    )


FEATURES: dict[str, Callable[[Portfolio], object]] = {
    "calendar": _calendar,
    "strategy": _strategy,
    "value given directly": _any_project(lambda p: p.value is not None),
    "probability": lambda p: p.risk_adjusted and any(q.probability < 1 for q in p.projects),
    "rates": lambda p: p.value_rate > 0 and p.money_rate > 0,
    "benefit from the start": _any_project(lambda p: p.benefit and p.benefit.anchor == "start"),
    "benefit after the end": _any_project(lambda p: p.benefit and p.benefit.anchor == "finish"),
    "two modes": _any_project(lambda p: any(len(phase.modes) > 1 for phase in p.phases)),
    "milestone": lambda p: any(mode.duration == 0 for mode in modes(p)),
    "no phases": _any_project(lambda p: not p.phases and p.state == "proposed"),
    "inner links": _any_project(lambda p: p.links),
    "max_gap": _any_project(lambda p: p.max_gap),
    "any gap": _any_project(lambda p: p.max_gap is None),
    "every link type": lambda p: {link.type for link in p.links} == set(LinkType),
    "lags": lambda p: any(link.min_lag for link in p.links),
    "max lag": lambda p: any(link.max_lag is not None for link in p.links),
    "phase to phase": lambda p: any("/" in k.source and "/" in k.target for k in p.links),
    "order only": lambda p: any(k.if_unselected is IfUnselected.IGNORE for k in p.links),
    "link from a done project": lambda p: any(
        k.source in p.project_by_id and p.project_by_id[k.source].state == "done" for k in p.links
    ),
    "link from variants": _group_named_by_a_link,
    "requires variants": _group_named_by_requires,
    "excludes": lambda p: p.excludes,
    "all or none": lambda p: p.all_or_none,
    "choose a to b": lambda p: any(group.max > group.min >= 1 for group in p.choose),
    "synergy": lambda p: any(s.value > 0 for s in p.synergies),
    "saving": lambda p: any(s.savings for s in p.synergies),
    "penalty": lambda p: any(s.value < 0 for s in p.synergies),
    "several skills": _any_person(lambda person: len(person.skills) > 1),
    "proficiency": _any_person(lambda person: any(v < 1 for v in person.skills.values())),
    "part time": _any_person(lambda person: person.fte < 1),
    "several alike": _any_person(lambda person: person.count > 1),
    "absence": _any_person(lambda person: any(a.share == 1 for a in person.absences)),
    "running business": _any_person(lambda person: any(a.share < 1 for a in person.absences)),
    "joins later": _any_person(lambda person: person.available_from),
    "leaves": _any_person(lambda person: person.available_until),
    "days off": _any_person(lambda person: person.holidays),
    "site": _any_person(lambda person: person.site),
    "team": _any_person(lambda person: person.team),
    "need profile": _any_need(lambda need: need.profile),
    "least proficiency": _any_need(lambda need: need.min_proficiency),
    "charge": _any_need(lambda need: need.charge_to),
    "equipment": _equipment,
    "hire": lambda p: any(h.lead_time and h.term and h.cost_per_period for h in p.hires),
    "hire for good": lambda p: any(h.term is None and h.cost_once for h in p.hires),
    "overload": lambda p: sum(skill.overload_price is not None for skill in p.skills) == 1,
    "cost lines": _cost_forms,
    "project lines": _any_project(lambda p: p.costs and p.phases),
    "open and named lines": _open_and_named_lines,
    "carry-over up to an amount": lambda p: any(isinstance(f.carry_over, Decimal) for f in p.funds),
    "carry-over of all": lambda p: any(f.carry_over == "all" for f in p.funds),
    "fund per year": lambda p: any(f.amounts.years for f in p.funds),
    "fund in total": lambda p: any(f.amounts.total for f in p.funds),
    "eligible categories": lambda p: all(f.categories for f in p.funds),
    "soft fund": lambda p: {f.price is None for f in p.funds} == {True, False},
    "cap on first years": lambda p: any(c.project_years is ProjectYears.FIRST for c in p.caps),
    "cap on a tag": lambda p: any(c.where.tag for c in p.caps),
    "cap in a range": lambda p: any(c.first is not None and c.cost_categories for c in p.caps),
    "soft cap": lambda p: {c.price is None for c in p.caps} == {True, False},
    "hard rules": _rules(hard=True),
    "soft rules": _rules(hard=False),
    "states": _states,
    "stoppable": _any_project(lambda p: p.stoppable and p.exit_cost),
    "decisions": _decisions,
    "start pin": lambda p: any(f.pin and f.pin.start for q in p.projects for f in q.phases),
    "mode pin": lambda p: any(f.pin and f.pin.mode for q in p.projects for f in q.phases),
    "hard due date": _any_project(_due(hard=True)),
    "priced due date": _any_project(_due(hard=False)),
    "earliest start": _any_project(lambda p: p.earliest_start is not None),
    "latest start": _any_project(lambda p: p.latest_start is not None),
    "latest finish": _any_project(lambda p: p.latest_finish is not None),
    "objective": _objective,
}
"""What the digital portfolio must show, and how to see it."""


@pytest.mark.parametrize("feature", FEATURES)
def test_digital_uses_every_feature(feature: str, digital: Portfolio) -> None:
    """Whoever reads the digital portfolio sees each feature of the file format once."""
    assert FEATURES[feature](digital)


def test_digital_is_as_large_as_promised(digital: Portfolio) -> None:
    """About forty projects and twenty-five people over 24 months."""
    assert digital.calendar.periods == 24
    assert 38 <= len(digital.projects) <= 50
    assert 20 <= len(digital.people) <= 30
    assert digital.calendar.edge(0).isoformat() == "2027-01-01"


def test_digital_leaves_named_staffing_out(digital: Portfolio) -> None:
    """All needs are at a rate, and limits of a person, which bind by name only, are not given."""
    assert not any(need.effort or need.heads for need in needs(digital))
    assert not any(person.max_projects or person.min_share for person in digital.people)


def candidates(portfolio: Portfolio) -> list[Project]:
    """Return the projects that want people and money: neither done nor refused."""
    return [
        project
        for project in portfolio.projects
        if project.state is not State.DONE and project.decision is not Decision.NEVER
    ]


def demand(portfolio: Portfolio, skill: str) -> Decimal:
    """Return the FTE-months that all candidates want in their first modes."""
    return sum(
        (
            need.rate(offset)
            for project in candidates(portfolio)
            for phase in project.phases
            for need in phase.modes[0].needs
            if need.skill == skill
            for offset in range(phase.modes[0].duration)
        ),
        Decimal(0),
    )


def main_capacity(portfolio: Portfolio, skill: str) -> Decimal:
    """Return the FTE-months of those who can do a skill at least as well as any other."""
    total = Decimal(0)
    for person_class in portfolio.classes:
        levels = dict(person_class.skills)
        if levels.get(skill, Decimal(0)) == max(levels.values()):
            total += levels[skill] * sum(person_class.available)
    return total


@pytest.mark.parametrize("skill", SCARCE)
def test_digital_wants_far_more_than_its_scarce_people(skill: str, digital: Portfolio) -> None:
    """Candidates want between 1.7 and 2.6 times what the people of a scarce skill can do."""
    ratio = demand(digital, skill) / main_capacity(digital, skill)
    assert Decimal("1.7") <= ratio <= Decimal("2.6")


def wanted_money(project: Project, portfolio: Portfolio) -> Decimal:
    """Return what a project costs in its first modes."""
    rates = {skill.id: skill.rate for skill in portfolio.skills}
    length = sum(phase.modes[0].duration for phase in project.phases)
    parts = [(line, length) for line in project.costs]
    total = Decimal(0)
    for mode in (phase.modes[0] for phase in project.phases):
        parts += [(line, mode.duration) for line in mode.costs]
        for need in mode.needs:
            if need.charge_to:
                total += rates[need.skill] * sum(need.rate(k) for k in range(mode.duration))
    for line, periods in parts:
        total += (line.per_period or 0) * periods + (line.lump or 0) + sum(line.profile or ())
    return total


def test_digital_wants_about_twice_the_money(digital: Portfolio) -> None:
    """Candidates cost 1.7 to 2.4 times what all funds hold."""
    funds = sum(
        (fund.amounts.total or sum((fund.amounts.years or {}).values()) for fund in digital.funds),
        Decimal(0),
    )
    wanted = sum((wanted_money(p, digital) for p in candidates(digital)), Decimal(0))
    assert Decimal("1.7") <= wanted / funds <= Decimal("2.4")


def test_boston_is_the_whole_plan(boston: Portfolio) -> None:
    """All 233 projects of the city are there, the ones under construction as running."""
    assert len(boston.projects) == 233
    states = {project.attributes["status"]: project.state for project in boston.projects}
    assert states["In Construction"] is State.RUNNING
    assert states["Complete"] is State.DONE
    assert states["New Project"] is State.PROPOSED


def test_boston_asks_for_more_than_there_is(boston: Portfolio) -> None:
    """Each fund holds two thirds or less of what all projects ask of it."""
    for fund in boston.funds:
        asked = sum(
            (
                sum(line.profile or ())
                for mode in modes(boston)
                for line in mode.costs
                if line.fund == fund.id
            ),
            Decimal(0),
        )
        held = sum((fund.amounts.years or {}).values())
        assert Decimal("0.6") <= held / asked <= Decimal("0.7")


def test_boston_spreads_amounts_without_losing_a_dollar() -> None:
    """Rounding goes to the last year."""
    assert spread(1_000_001, 3) == (250_000, 500_000, 250_001)
    assert spread(7, 4) == (1, 2, 2, 2)
    assert spread(0, 0) == ()


def test_boston_says_what_is_assumed(repository_pack: Callable[[str], str]) -> None:
    """The shipped file begins with the header that tells data from assumptions."""
    assert repository_pack("boston").startswith(HEADER)
    assert f"{BUDGET_SHARE * 100:.0f} percent of what all ask for" in HEADER


@pytest.fixture(scope="module")
def repository_pack() -> Callable[[str], str]:
    """Return a function that gives the text of a shipped pack."""
    from importlib import resources

    folder = resources.files("pmo_scenarios.packs")
    return lambda name: (folder / f"{name}.yaml").read_text(encoding="utf-8")


def test_boston_is_made_from_the_table(
    city_table: Path, repository_pack: Callable[[str], str], tmp_path: Path
) -> None:
    """The city's table and the module give exactly the shipped file."""
    assert make_boston(city_table).digest() == load_pack("boston").digest()
    write_boston(city_table, tmp_path / "boston.yaml")
    assert (tmp_path / "boston.yaml").read_text(encoding="utf-8") == repository_pack("boston")
