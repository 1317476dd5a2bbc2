"""Portfolio -> Problem: canonical order, exact scales, done projects, features."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from pmo_optimizer.model import SupplierKind
from pmo_optimizer.problem import Demand, Effort, Feature, Problem, compile_problem
from pmo_optimizer.problem.scales import decimals, whole
from tests.brute.random_portfolio import larger_portfolio, shuffled
from tests.unit.problem_cases import Data, problem, project, worker

DEV = {"skills": [{"id": "dev", "rate": 2}], "people": [{"id": "ann", "skills": {"dev": 1}}]}
FUND = {"id": "F", "amounts": {"total": 100}}


# -- canonical order --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_shuffled_rows_compile_to_an_equal_problem(seed: int) -> None:
    """Engines cannot even see in which order the rows of a file stood."""
    subject = larger_portfolio(seed)
    expected = compile_problem(subject)
    for again in range(3):
        assert compile_problem(shuffled(subject, again)) == expected


def test_everything_is_sorted_by_id() -> None:
    """Indices follow ids, whatever the order of the rows."""
    subject = larger_portfolio(3)
    made = compile_problem(shuffled(subject, 1))
    for parts in (made.projects, made.funds, made.caps, made.hires, made.selection, made.synergies):
        ids = [part.id for part in parts]
        assert ids == sorted(ids)
    assert [made.index[p.id] for p in made.projects] == [p.index for p in made.projects]
    assert made.digest == subject.digest()


# -- scales -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "places"),
    [
        ([], 0),
        (["5", "1E+3", "7.000"], 0),
        (["0.1", "0.25"], 2),
        (["-0.001"], 3),
        ([None, "0.5"], 1),
        (["0"], 0),
        (["123456789012345.123456789012345"], 15),  # more digits than Python's default
    ],
)
def test_decimals(numbers: list[str | None], places: int) -> None:
    """The most decimal places that any number has, zeros at the end left out."""
    assert decimals(None if n is None else Decimal(n) for n in numbers) == places


def test_whole_is_exact_or_an_error() -> None:
    """A number that the scale does not make whole is never rounded."""
    assert whole(Decimal("0.29"), 100) == 29
    assert whole(Fraction(1, 3), 3) == 1
    with pytest.raises(ArithmeticError, match="multiple"):
        whole(Decimal("0.29"), 10)


@pytest.mark.parametrize(
    ("parts", "scale"),
    [
        ({}, 1),
        ({"funds": [{"id": "F", "amounts": {"total": 100}}]}, 1),
        ({"funds": [{"id": "F", "amounts": {"years": {2027: "0.125"}}}]}, 1000),
        ({"funds": [{**FUND, "carry_over": "0.5"}]}, 10),
        ({"caps": [{"amounts": {"periods": ["0.01"] * 6}}]}, 100),
        ({"projects": [{"id": "A", "costs": [{"profile": ["1", "0.1"]}]}]}, 10),
        ({"projects": [project("A", 1, state="running", stoppable=True, exit_cost="2.5")]}, 10),
        ({"hires": [{"id": "h", "skill": "dev", "max_heads": 1, "cost_once": "0.05"}]}, 100),
        (  # a charge of 0.01 FTE at a rate of 0.001
            {
                "skills": [{"id": "dev", "rate": "0.001"}],
                "projects": [worker("A", 0.01)],
            },
            100_000,
        ),
        (
            {
                "funds": [FUND],
                "synergies": [
                    {"projects": ["A"], "savings": [{"fund": "F", "period": 0, "amount": "0.5"}]}
                ],
                "projects": [{"id": "A"}],
            },
            10,
        ),
    ],
)
def test_money_has_one_scale_that_makes_all_of_it_whole(parts: Data, scale: int) -> None:
    """A power of ten that fits every amount of money and every charge."""
    assert problem(**parts).money_scale == scale


@pytest.mark.parametrize(
    ("ceiling", "scale"), [(None, 100), ("0.9", 1000), ("0.75", 10_000), ("1", 100)]
)
def test_people_have_one_scale(ceiling: str | None, scale: int) -> None:
    """Hundredths of an FTE, finer where a ceiling asks for it."""
    rules = [{"type": "utilization", "ceiling": ceiling}] if ceiling else []
    people = [{"id": "ann", "skills": {"dev": 1}, "fte": 0.55}]
    made = problem(skills=[{"id": "dev"}], people=people, rules=rules, projects=[worker("A", 0.5)])
    assert made.fte_scale == scale
    (supplier,) = made.suppliers
    assert Fraction(supplier.available[0], scale) == Fraction(55, 100) * Fraction(ceiling or 1)


@pytest.mark.parametrize("tail", ["", ".123456789012", "00000.123456789012345"])
def test_mixed_sizes_lose_nothing(tail: str) -> None:
    """Five euros and billions with many decimals stand side by side exactly."""
    small, large = "5", f"5000000000{tail}"
    made = problem(
        funds=[{"id": "F", "amounts": {"total": large}}],
        projects=[
            {"id": "A", "costs": [{"lump": small}]},
            {"id": "B", "costs": [{"lump": large}]},
        ],
    )
    amounts = [flow.amounts[0][1] for p in made.projects for flow in p.flows]
    assert [Fraction(a, made.money_scale) for a in amounts] == [Fraction(small), Fraction(large)]
    assert made.funds[0].amounts == (amounts[1],)


def test_charges_are_rate_times_fte() -> None:
    """A need that names a fund costs the skill's rate for each FTE, in each period of the mode."""
    needs = [{"skill": "dev", "profile": [0.5, 0, 1.25], "charge_to": "F"}]
    made = problem(
        **DEV, funds=[FUND], projects=[{"id": "A", "phases": [{"duration": 3, "needs": needs}]}]
    )
    (flow,) = made.projects[0].phases[0].modes[0].flows
    money = [(k, Fraction(a, made.money_scale)) for k, a in flow.amounts]
    assert money == [(0, Fraction(1)), (2, Fraction(5, 2))]
    assert (flow.line, flow.payers, flow.kind) == ("", (0,), "start")


# -- done projects ----------------------------------------------------------------------------


def tied(**parts: Any) -> Problem:
    """Return A and B with a done D, and relations among them."""
    return problem(
        projects=[project("A", 1), project("B", 1), project("D", 1, state="done")], **parts
    )


def rows(made: Problem) -> dict[str, tuple[tuple[tuple[int, int], ...], int | None, int | None]]:
    """Return every selection row by its id."""
    return {row.id: (row.terms, row.lower, row.upper) for row in made.selection}


def test_done_projects_have_no_index() -> None:
    """Only what can still be decided is in the problem."""
    assert [p.id for p in tied().projects] == ["A", "B"]
    assert dict(tied().index) == {"A": 0, "B": 1}


def test_done_projects_are_constants_of_selection_rules() -> None:
    """They count as selected: as needs they are met, and they use up room among others."""
    made = tied(
        requires=[{"id": "r", "project": "A", "needs": ["D"]}],
        excludes=[{"id": "x", "projects": ["A", "B", "D"]}],
        all_or_none=[{"id": "t", "projects": ["A", "B", "D"]}],
        choose=[{"id": "c", "projects": ["A", "B", "D"], "min": 2, "max": 2}],
    )
    assert rows(made) == {
        "r>D": (((0, -1),), -1, None),  # -A >= -1
        "x": (((0, 1), (1, 1)), None, 0),  # A + B <= 0
        "t>B": (((0, 1), (1, -1)), 0, 0),
        "t>D": (((1, 1),), 1, 1),
        "c": (((0, 1), (1, 1)), 1, 1),
    }


def test_links_from_done_projects_vanish() -> None:
    """A done source satisfies a link, also as one member of a group; a done target is none."""
    made = tied(
        choose=[{"id": "G", "projects": ["A", "D"]}],
        links=[
            {"from": "D", "to": "B"},
            {"from": "G", "to": "B"},
            {"from": "A", "to": "D"},
            {"id": "kept", "from": "A", "to": "B/f1", "type": "SF", "min_lag": 1, "max_lag": 2},
        ],
    )
    (link,) = made.links
    assert (link.id, link.sources, link.target) == ("kept", ((0, -1),), (1, 0))
    assert (link.type.value, link.min_lag, link.max_lag, link.block) == ("SF", 1, 2, True)


def test_done_members_of_a_synergy_are_given() -> None:
    """The synergy depends on the others alone."""
    made = tied(synergies=[{"projects": ["D", "A"], "value": 3}])
    assert [(s.projects, s.value) for s in made.synergies] == [((0,), 3.0)]


def test_done_projects_are_in_no_rule() -> None:
    """Shares, counts and averages look at projects that can still be decided."""
    made = tied(
        rules=[
            {"id": "a", "type": "count", "max": 1},
            {
                "id": "b",
                "type": "share",
                "measure": "count",
                "where": {},
                "sense": "at_most",
                "share": 0.5,
            },
        ]
    )
    assert [row.projects for row in made.counts] == [(0, 1)]
    assert [dict(row.weights) for row in made.measures] == [{0: Fraction(1, 2), 1: Fraction(1, 2)}]


# -- projects ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "fixed"),
    [
        ({}, None),
        ({"decision": "must"}, 1),
        ({"decision": "never"}, 0),
        ({"state": "running"}, 1),
        ({"state": "running", "stoppable": True}, None),
        ({"state": "running", "stoppable": True, "decision": "never"}, 0),
        ({"latest_finish": 1}, 0),  # two periods do not fit
        ({"latest_finish": 1, "decision": "must"}, 1),  # a contradiction for the engine to prove
    ],
)
def test_decisions_that_are_made_beforehand(parts: Data, fixed: int | None) -> None:
    """1 where every plan selects a project, 0 where none does."""
    (data,) = problem(projects=[project("A", 2, **parts)]).projects
    assert data.fixed == fixed


def test_windows_and_modes_of_phases() -> None:
    """Phases carry their propagated windows and the modes that pins leave."""
    modes = [{"id": "slow", "duration": 3}, {"id": "fast", "duration": 1}]
    phases = [{"modes": modes}, {"modes": modes, "pin": {"mode": "fast"}}]
    (data,) = problem(projects=[{"id": "A", "phases": phases, "latest_finish": 5}]).projects
    first, second = data.phases
    assert [mode.id for mode in first.modes] == ["slow", "fast"]
    assert [mode.id for mode in second.modes] == ["fast"]
    assert (first.first_start, first.last_start, first.last_end) == (0, 3, 4)
    assert list(first.starts(first.modes[0])) == [0, 1]  # three periods before 4
    assert list(first.starts(first.modes[1])) == [0, 1, 2, 3]
    assert (second.first_start, second.last_start, second.last_end) == (1, 4, 5)
    assert (data.chain, data.ordered, data.inner) == (True, True, ())


def test_value_and_benefit_know_the_probability() -> None:
    """Benefits are expected money; value is adjusted for risk only where asked for."""
    data: Data = {
        "id": "A",
        "value": 8,
        "probability": 0.5,
        "benefit": {"profile": [10, 0, 4], "anchor": "start"},
    }
    (plain,) = problem(projects=[data]).projects
    (adjusted,) = problem(projects=[data], risk_adjusted=True).projects
    assert (plain.value_factor, adjusted.value_factor) == (1.0, 0.5)
    assert plain.raw_value == adjusted.raw_value == 8
    assert (plain.benefit, plain.benefit_at_finish) == ((5.0, 0.0, 2.0), False)


def test_baseline_by_index() -> None:
    """A project that the baseline does not list was out."""
    made = problem(
        projects=[project("A", 1, 1), project("B", 1)],
        baseline=[
            {
                "project": "A",
                "phases": [
                    {"phase": "f2", "start": "2027-03-20"},
                    {"phase": "f1", "start": 1, "mode": "normal"},
                ],
            }
        ],
    )
    first, second = made.projects
    assert first.baseline.selected
    assert first.baseline.phases == ((0, 1, "normal"), (1, 2, None))
    assert not second.baseline.selected


# -- people -----------------------------------------------------------------------------------


def test_buckets_name_who_can_serve_them() -> None:
    """A need with a least proficiency has other suppliers than one without."""
    needs = [
        {"skill": "dev", "fte": 1},
        {"id": "hard", "skill": "dev", "fte": 1, "min_proficiency": 0.8},
    ]
    made = problem(
        skills=[{"id": "dev", "overload_price": 3}, {"id": "law"}],
        people=[
            {"id": "ann", "skills": {"dev": 1}},
            {"id": "bob", "skills": {"dev": 0.5, "law": 1}},
        ],
        pools=[{"id": "team", "skill": "dev", "fte": 2}],
        hires=[{"id": "new", "skill": "dev", "max_heads": 1}],
        projects=[{"id": "A", "phases": [{"duration": 1, "needs": needs}]}],
    )
    bob, ann, team = range(3)
    names = [(s.kind, s.id) for s in made.suppliers]
    assert names == [
        (SupplierKind.CLASS, "class:dev@0.5+law@1"),
        (SupplierKind.CLASS, "class:dev@1"),
        (SupplierKind.POOL, "team"),
    ]
    assert [(b.skill, b.min_proficiency, b.suppliers, b.hires) for b in made.buckets] == [
        ("dev", Fraction(0), ((bob, 50), (ann, 100), (team, 100)), (0,)),
        ("dev", Fraction(4, 5), ((ann, 100), (team, 100)), (0,)),
    ]
    assert [b.overload_price for b in made.buckets] == [3.0, 3.0]


def test_the_least_hard_ceiling_counts_and_soft_ones_are_kept() -> None:
    """Availability is what hard ceilings leave; soft ones above that never bind."""
    made = problem(
        skills=[{"id": "dev"}],
        pools=[{"id": "p", "skill": "dev", "fte": 2}],
        rules=[
            {"id": "a", "type": "utilization", "ceiling": 0.9},
            {"id": "b", "type": "utilization", "ceiling": 0.8},
            {"id": "c", "type": "utilization", "ceiling": 0.5, "price": 7},
            {"id": "d", "type": "utilization", "ceiling": 0.85, "price": 7},
        ],
        projects=[worker("A", 1)],
    )
    (supplier,) = made.suppliers
    unit = made.fte_scale
    assert Fraction(supplier.available[0], unit) == Fraction(8, 5)
    assert [(c.id, c.price) for c in made.ceilings] == [("c", 7.0), ("d", 7.0)]
    ((rule, limits),) = supplier.soft_ceilings
    assert (made.ceilings[rule].id, Fraction(limits[0], unit)) == ("c", Fraction(1))


# -- money ------------------------------------------------------------------------------------


def test_fund_buckets_follow_fiscal_years() -> None:
    """Years that a fund does not list have nothing; those outside the grid do not count."""
    made = problem(
        calendar={"start": "2027-02-01", "periods": 4, "fiscal_start_month": 4},
        funds=[
            {"id": "A", "amounts": {"years": {2028: 7, 2035: 9}}},
            {"id": "B", "amounts": {"total": 5}, "carry_over": "all"},
            {"id": "C", "amounts": {"periods": [1, 2, 3, 4]}, "carry_over": 2},
        ],
    )
    assert [(f.bucket, f.amounts, f.carry) for f in made.funds] == [
        ((0, 0, 1, 1), (0, 7), 0),
        ((0, 0, 0, 0), (5,), None),
        ((0, 1, 2, 3), (1, 2, 3, 4), 2),
    ]


def test_caps_cover_their_range_and_listed_years() -> None:
    """Periods out of range, and fiscal years that a cap does not list, have no row."""
    made = problem(
        calendar={"start": "2027-02-01", "periods": 4, "fiscal_start_month": 4},
        caps=[
            {"id": "a", "amounts": {"years": {2028: 7}}},
            {"id": "b", "amounts": {"total": 5}, "first": 1, "last": 2},
            {"id": "c", "amounts": {"periods": [1, 2, 3, 4]}, "first": "2027-04-01"},
        ],
    )
    assert [cap.row for cap in made.caps] == [(-1, -1, 1, 1), (-1, 0, 0, -1), (-1, -1, 2, 3)]
    assert made.caps[0].limits[1] == 7


def test_lines_know_who_pays_and_which_caps_count() -> None:
    """Named lines are paid by their fund alone, open ones by every eligible fund."""
    made = problem(
        funds=[
            {"id": "A", "amounts": {"total": 1}, "categories": ["it"]},
            {"id": "B", "amounts": {"total": 1}},
        ],
        caps=[
            {"id": "a", "amounts": {"total": 1}, "cost_categories": ["it"]},
            {"id": "b", "amounts": {"total": 1}, "where": {"category": "other"}},
        ],
        projects=[
            {
                "id": "P",
                "category": "new",
                "costs": [
                    {"id": "named", "category": "it", "lump": 1, "fund": "B"},
                    {"id": "open", "category": "it", "lump": 1},
                    {"id": "rest", "category": "law", "lump": 1},
                    {"id": "zero", "lump": 0},
                ],
            }
        ],
    )
    flows = made.projects[0].flows
    assert [(f.line, f.payers, f.caps) for f in flows] == [
        ("", (1,), (0,)),
        ("P/costs/open", (0, 1), (0,)),
        ("P/costs/rest", (1,), ()),
    ]


# -- features ---------------------------------------------------------------------------------

NEED = {"skill": "dev", "fte": 1}

USED: list[tuple[Data, set[Feature]]] = [
    ({}, set()),
    ({"projects": [project("A", 1)]}, set()),
    ({"projects": [{"id": "A", "phases": [{"modes": [{"duration": 1}, {"duration": 2}]}]}]},
     {Feature.MODES}),
    ({"projects": [project("A", 1, 1, max_gap=1)]}, {Feature.GAPS}),
    ({"projects": [project("A", 1, state="running")]}, {Feature.RUNNING}),
    ({"projects": [{"id": "A", "phases": [{"duration": 1, "pin": {"start": 0}}]}]},
     {Feature.PINS}),
    ({"projects": [project("A", 1, due=3)]}, {Feature.DUE_DATES}),
    ({"projects": [project("A", 1, due=3, late_price=1)]}, {Feature.DUE_DATES, Feature.SOFT}),
    ({"projects": [project("A", 1, due=3, late_price=0)]}, {Feature.DUE_DATES}),
    ({"projects": [project("A", 1, benefit={"profile": [1]})]}, {Feature.BENEFITS}),
    ({"projects": [worker("A", 1)]}, {Feature.SKILLS}),
    ({"people": [{"id": "a", "skills": {"dev": 0.5}}]}, {Feature.PROFICIENCY}),
    ({"pools": [{"id": "p", "skill": "dev", "fte": 1}]}, {Feature.POOLS}),
    ({"hires": [{"id": "h", "skill": "dev", "max_heads": 1}]}, {Feature.HIRES}),
    ({"skills": [{"id": "dev", "overload_price": 0}]}, {Feature.OVERLOAD, Feature.SOFT}),
    ({"funds": [FUND]}, {Feature.FUNDS, Feature.OPEN_LINES}),
    ({"funds": [{**FUND, "carry_over": "all"}]},
     {Feature.FUNDS, Feature.OPEN_LINES, Feature.CARRY_OVER}),
    ({"funds": [{**FUND, "price": 1}]}, {Feature.FUNDS, Feature.OPEN_LINES, Feature.SOFT}),
    ({"caps": [{"amounts": {"total": 1}}]}, {Feature.CAPS}),
    ({"value_rate": 0.1}, {Feature.DISCOUNTING}),
    ({"money_rate": 0.1}, {Feature.DISCOUNTING}),
    ({"projects": [project("A", 1), project("B", 1)], "links": [{"from": "A", "to": "B"}]},
     {Feature.LINKS}),
    ({"projects": [project("A", 1), project("B", 1)],
      "links": [{"from": "A", "to": "B", "max_lag": 1}]}, {Feature.LINKS, Feature.MAX_LAGS}),
    ({"projects": [{"id": "A"}, {"id": "B"}], "excludes": [{"projects": ["A", "B"]}]},
     {Feature.SELECTION_RULES}),
    ({"projects": [{"id": "A"}], "synergies": [{"projects": ["A"]}]}, {Feature.SYNERGIES}),
    ({"rules": [{"type": "count", "max": 1}]}, {Feature.COUNT_RULES}),
    ({"rules": [{"type": "starts", "max": 1, "price": 2}]}, {Feature.STARTS_RULES, Feature.SOFT}),
    ({"rules": [{"type": "average", "attribute": "risk", "limit": 1}]}, {Feature.AVERAGE_RULES}),
    ({"rules": [{"type": "utilization", "ceiling": 1}]}, {Feature.UTILIZATION}),
    ({"objective": {"terms": [{"term": "value"}, {"term": "delay"}]}},
     {Feature.LEXICOGRAPHIC, Feature.DELAY}),
    ({"objective": {"method": "weighted", "terms": [{"term": "makespan"}]}},
     {Feature.WEIGHTED, Feature.MAKESPAN}),
    ({"objective": {"terms": [{"term": "changes"}]}}, {Feature.CHANGES}),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "features"), USED)
def test_features_are_what_a_portfolio_uses(parts: Data, features: set[Feature]) -> None:
    """An engine is asked for exactly what the portfolio needs."""
    assert problem(**parts).features == features


def demand_of(need: Data, duration: int = 3) -> Demand:
    """Return the only need of a problem."""
    phases = [{"duration": duration, "needs": [{"skill": "dev"} | need]}]
    made = problem(projects=[{"id": "A", "phases": phases}])
    (demand,) = made.projects[0].phases[0].modes[0].demands
    return demand


def test_effort_is_a_total_with_limits_per_period() -> None:
    """Work that may be spread has no rates; without a maximum no period needs more than all."""
    free = demand_of({"effort": 2})
    assert (free.rates, free.effort, free.units) == ((), Effort(200, 0, None), 200)
    assert Effort(200, 0, None).limit == 200
    held = demand_of({"effort": 2, "min_fte": 0.5, "max_fte": 0.8})
    assert held.effort == Effort(200, 50, 80)
    assert Effort(200, 50, 80).limit == 80


def test_effort_on_a_milestone_needs_nobody() -> None:
    """A phase of duration 0 needs nothing."""
    phases = [{"duration": 0, "needs": [{"skill": "dev", "effort": 2}]}]
    made = problem(projects=[{"id": "A", "phases": phases}])
    assert made.projects[0].phases[0].modes[0].demands == ()


def test_heads_are_a_rate_of_people_who_count_by_the_head() -> None:
    """Two heads at half their time are 1 FTE in every period, whatever their proficiency."""
    demand = demand_of({"heads": 2, "share": 0.5})
    assert (demand.rates, demand.effort) == ((100, 100, 100), None)
    made = problem(
        people=[{"id": "p", "skills": {"dev": 0.5}}],
        projects=[
            {"id": "A", "phases": [{"duration": 1, "needs": [{"skill": "dev", "heads": 1}]}]},
            {"id": "B", "phases": [{"duration": 1, "needs": [{"skill": "dev", "fte": 1}]}]},
        ],
    )
    levels = {bucket.heads: [level for _, level in bucket.suppliers] for bucket in made.buckets}
    assert levels == {True: [100], False: [50]}


def test_discount_factors() -> None:
    """One factor for every exclusive end, and money is discounted beyond the grid too."""
    made = problem(value_rate=0.21, money_rate=0.21)
    assert len(made.value_discount) == made.periods + 1
    assert made.value_discount[6] == pytest.approx(1 / 1.1)
    assert made.money_discount(24) == pytest.approx(1 / 1.21**2)
    assert problem().money_discount(9) == 1.0
