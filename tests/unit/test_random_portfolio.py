"""The makers of random portfolios: repeatable, valid, small enough, and rich in features."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from pmo_optimizer.model import Portfolio, Project, State
from tests.brute.enumerate import MAX_COMBINATIONS, BruteResult, count_combinations, solve
from tests.brute.random_portfolio import (
    larger_portfolio,
    random_case,
    random_portfolio,
    shuffled,
)

SEEDS = range(120)

FEATURES = """
    grain:day grain:week grain:month grain:quarter grain:year fiscal-year holidays sites
    value-rate money-rate risk-adjusted scores weights comparisons direct-value probability
    term:value term:benefit term:npv term:cost term:makespan term:delay term:changes
    single lexicographic weighted abs-tol rel-tol project-weight baseline baseline-out
    state:running state:done stoppable exit-cost exit-fund must never
    no-phases three-phases milestone two-modes inner-links gap gap-any pin-start pin-mode
    earliest-start latest-start latest-finish window-date due-hard due-priced due-free
    need-profile effort min-fte max-fte heads min-proficiency charge rate rate-category overload
    many-skills half-proficient count absence absence-share from-until pool pool-profile
    hire lead term hire-fund hire-open
    fund-total fund-years fund-periods fund-categories fund-soft carry:all carry:none carry:number
    many-funds open-line named-line per-period profile lump lump-finish project-lines mode-lines
    benefit:start benefit:finish
    cap-total cap-years cap-periods cap-soft cap-range cap-first cap-later cap-categories
    FS SS FF SF negative-lag max-lag no-min-lag ignore block phase-link group-source group-target
    requires requires-group excludes all-or-none choose-one choose-many synergy penalty saving
    rule:share rule:count rule:starts rule:average rule:utilization rule-soft rule-hard
    share-selected share-budget share-constant average-weight utilization-filter
"""
"""What has to occur among the portfolios of all `SEEDS`, names apart by blanks."""


@pytest.fixture(scope="module")
def cases() -> list[tuple[Portfolio, BruteResult]]:
    """Return the portfolios of all seeds with their optima."""
    return [random_case(seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def portfolios(cases: list[tuple[Portfolio, BruteResult]]) -> list[Portfolio]:
    """Return the portfolios of all seeds."""
    return [portfolio for portfolio, _ in cases]


def test_the_same_seed_gives_the_same_portfolio() -> None:
    """A portfolio depends on its seed alone, and seeds differ."""
    assert random_portfolio(3) == random_portfolio(3)
    assert larger_portfolio(3) == larger_portfolio(3)
    assert len({random_portfolio(seed).digest() for seed in range(10)}) == 10


def test_portfolios_are_small_enough_for_brute_force(portfolios: list[Portfolio]) -> None:
    """2 to 5 projects, 2 to 6 periods, at most 20,000 combinations, never a file's error."""
    for portfolio in portfolios:
        assert 2 <= len(portfolio.projects) <= 5
        assert 2 <= portfolio.calendar.periods <= 6
        assert count_combinations(portfolio) <= MAX_COMBINATIONS
        assert Portfolio.parse(portfolio.to_data()) == portfolio


def test_some_portfolios_are_infeasible_but_few(
    cases: list[tuple[Portfolio, BruteResult]],
) -> None:
    """Between one in fifty and one in four has no plan at all."""
    infeasible = sum(not truth.feasible for _, truth in cases)
    assert len(cases) / 50 <= infeasible <= len(cases) / 4


def test_limits_bind_in_most_portfolios(cases: list[tuple[Portfolio, BruteResult]]) -> None:
    """In more than half of them some project that could be chosen is not, and some is."""
    partly = 0
    for portfolio, truth in cases:
        if truth.combination is not None:
            active = sum(fate.option.active for fate in truth.combination.fates)
            free = sum(p.state is State.PROPOSED for p in portfolio.projects)
            partly += 0 < active < free
    assert partly > len(cases) / 2


def test_every_feature_occurs(portfolios: list[Portfolio]) -> None:
    """Each feature of the model, named staffing left out, is in at least two portfolios."""
    seen = Counter(name for portfolio in portfolios for name in set(_features(portfolio)))
    assert {name for name in FEATURES.split() if seen[name] < 2} == set()


def test_larger_portfolios_are_larger() -> None:
    """8 to 15 projects over 8 to 12 periods."""
    for seed in range(5):
        portfolio = larger_portfolio(seed)
        assert 8 <= len(portfolio.projects) <= 15
        assert 8 <= portfolio.calendar.periods <= 12


def test_shuffled_rows_are_the_same_portfolio() -> None:
    """Rows change places, the content and the optimum stay."""
    portfolio = random_portfolio(1)
    mixed = shuffled(portfolio, 7)
    assert mixed.digest() == portfolio.digest()
    assert mixed.projects != portfolio.projects
    assert {p.id for p in mixed.projects} == {p.id for p in portfolio.projects}
    assert solve(mixed).objective == pytest.approx(solve(portfolio).objective)


def _features(portfolio: Portfolio) -> Iterator[str]:
    """Yield the names of all features that a portfolio uses."""
    yield from _time_and_value(portfolio)
    yield from _objective(portfolio)
    yield from _supply(portfolio)
    yield from _funds_and_caps(portfolio)
    yield from _relations(portfolio)
    yield from _rules(portfolio)
    for project in portfolio.projects:
        yield from _project(project)
        yield from _work(project)


def _on(flags: dict[str, object]) -> Iterator[str]:
    """Yield the names of the flags that are set."""
    return (name for name, flag in flags.items() if flag)


def _time_and_value(portfolio: Portfolio) -> Iterator[str]:
    calendar = portfolio.calendar
    yield f"grain:{calendar.grain.value}"
    yield from _on(
        {
            "fiscal-year": calendar.fiscal_start_month > 1 and len(calendar.fiscal_years()) > 1,
            "holidays": calendar.holidays,
            "sites": any(person.site for person in portfolio.people),
            "value-rate": portfolio.value_rate,
            "money-rate": portfolio.money_rate,
            "risk-adjusted": portfolio.risk_adjusted,
            "weights": any(c.weight for c in portfolio.criteria),
            "comparisons": portfolio.comparisons,
        }
    )


def _objective(portfolio: Portfolio) -> Iterator[str]:
    objective = portfolio.objective
    yield "single" if len(objective.terms) == 1 else objective.method.value
    for term in objective.terms:
        yield f"term:{term.term.value}"
        yield from _on(
            {
                "abs-tol": term.abs_tol,
                "rel-tol": term.rel_tol,
                "project-weight": term.project_weight != 1,
            }
        )
    yield from _on(
        {
            "baseline": portfolio.baseline,
            "baseline-out": any(not entry.selected for entry in portfolio.baseline),
        }
    )


def _supply(portfolio: Portfolio) -> Iterator[str]:
    for skill in portfolio.skills:
        yield from _on(
            {
                "rate": skill.rate,
                "rate-category": skill.rate_category != "labour",
                "overload": skill.overload_price is not None,
            }
        )
    for person in portfolio.people:
        yield from _on(
            {
                "many-skills": len(person.skills) > 1,
                "half-proficient": 0.5 in person.skills.values(),
                "count": person.count > 1,
                "absence": person.absences,
                "absence-share": any(a.share < 1 for a in person.absences),
                "from-until": person.available_from or person.available_until,
            }
        )
    for pool in portfolio.pools:
        yield "pool" if pool.profile is None else "pool-profile"
    for hire in portfolio.hires:
        yield from ("hire", "hire-fund" if hire.fund else "hire-open")
        yield from _on({"lead": hire.lead_time, "term": hire.term})


def _funds_and_caps(portfolio: Portfolio) -> Iterator[str]:
    for fund in portfolio.funds:
        yield from (f"fund-{form}" for form in fund.amounts.model_fields_set)
        carry = fund.carry_over
        yield f"carry:{carry if isinstance(carry, str) else 'number'}"
        yield from _on({"fund-categories": fund.categories, "fund-soft": fund.price is not None})
    for cap in portfolio.caps:
        yield from (f"cap-{form}" for form in cap.amounts.model_fields_set)
        yield from _on(
            {
                "cap-soft": cap.price is not None,
                "cap-range": cap.first is not None or cap.last is not None,
                "cap-categories": cap.cost_categories,
                f"cap-{cap.project_years}": cap.project_years,
            }
        )
    yield from _on({"many-funds": len(portfolio.funds) > 1})


def _relations(portfolio: Portfolio) -> Iterator[str]:
    groups = {group.id for group in portfolio.choose}
    for link in portfolio.links:
        yield from (link.type.value, link.if_unselected.value)
        yield from _on(
            {
                "negative-lag": (link.min_lag or 0) < 0,
                "max-lag": link.max_lag is not None,
                "no-min-lag": link.min_lag is None,
                "phase-link": "/" in link.source + link.target,
                "group-source": link.source in groups,
                "group-target": link.target in groups,
            }
        )
    for group in portfolio.choose:
        yield "choose-one" if group.max == 1 else "choose-many"
    for synergy in portfolio.synergies:
        yield from _on(
            {
                "synergy": synergy.value > 0,
                "penalty": synergy.value < 0,
                "saving": synergy.savings,
            }
        )
    yield from _on(
        {
            "requires": portfolio.requires,
            "requires-group": any(groups & set(r.needs) for r in portfolio.requires),
            "excludes": portfolio.excludes,
            "all-or-none": portfolio.all_or_none,
        }
    )


def _rules(portfolio: Portfolio) -> Iterator[str]:
    for rule in portfolio.rules:
        yield from (f"rule:{rule.type}", "rule-hard" if rule.price is None else "rule-soft")
        if rule.type == "share":
            yield f"share-{rule.of if isinstance(rule.of, str) else 'constant'}"
        if rule.type == "average":
            yield from _on({"average-weight": rule.weight == "size"})
        if rule.type == "utilization":
            yield from _on({"utilization-filter": rule.where.category})


def _project(project: Project) -> Iterator[str]:
    dates = (project.earliest_start, project.latest_start, project.latest_finish, project.due)
    yield from (f"state:{project.state.value}", project.decision.value)
    yield from _on(
        {
            "scores": project.scores,
            "direct-value": project.value is not None,
            "probability": project.probability < 1,
            "stoppable": project.stoppable,
            "exit-cost": project.exit_cost,
            "exit-fund": project.exit_fund,
            "earliest-start": project.earliest_start is not None,
            "latest-start": project.latest_start is not None,
            "latest-finish": project.latest_finish is not None,
            "window-date": any(d is not None and not isinstance(d, int) for d in dates),
            "due-hard": project.due is not None and project.late_price is None,
            "due-priced": project.due is not None and project.late_price,
            "due-free": project.due is not None and project.late_price == 0,
        }
    )
    if project.benefit is not None:
        yield f"benefit:{project.benefit.anchor.value}"


def _work(project: Project) -> Iterator[str]:
    phases = project.phases
    modes = [mode for phase in phases for mode in phase.modes]
    needs = [need for mode in modes for need in mode.needs]
    mode_lines = [line for mode in modes for line in mode.costs]
    lines = [*project.costs, *mode_lines]
    pins = [phase.pin for phase in phases if phase.pin is not None]
    yield from _on(
        {
            "no-phases": not phases,
            "three-phases": len(phases) == 3,
            "milestone": any(mode.duration == 0 for mode in modes),
            "two-modes": any(len(phase.modes) > 1 for phase in phases),
            "inner-links": project.links,
            "gap": project.max_gap == 1,
            "gap-any": project.max_gap is None,
            "pin-start": any(pin.start is not None for pin in pins),
            "pin-mode": any(pin.mode is not None for pin in pins),
            "need-profile": any(need.profile for need in needs),
            "effort": any(need.effort for need in needs),
            "min-fte": any(need.min_fte for need in needs),
            "max-fte": any(need.max_fte for need in needs),
            "heads": any(need.heads for need in needs),
            "min-proficiency": any(need.min_proficiency for need in needs),
            "charge": any(need.charge_to for need in needs),
            "project-lines": project.costs,
            "mode-lines": mode_lines,
            "open-line": any(line.fund is None for line in lines),
            "named-line": any(line.fund for line in lines),
            "per-period": any(line.per_period for line in lines),
            "profile": any(line.profile for line in lines),
            "lump": any(line.lump for line in lines),
            "lump-finish": any(line.lump and line.at == "finish" for line in lines),
        }
    )
