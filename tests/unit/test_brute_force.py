"""Brute force against optima that anybody can work out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from pmo_optimizer.model import Portfolio
from tests.brute.enumerate import BruteResult, TooLarge, combinations, count_combinations, solve
from tests.brute.evaluate import Evaluator

Data = dict[str, Any]


def _portfolio(projects: list[Data], **rest: Any) -> Portfolio:
    calendar = {"start": "2026-01-01", "periods": 6} | rest.pop("calendar", {})
    return Portfolio.parse({"calendar": calendar, "projects": projects, **rest})


def _work(duration: int, **mode: Any) -> list[Data]:
    return [{"id": "f", "duration": duration, **mode}]


def _now(**rest: Any) -> Data:
    """Return a project of one period that must start in period 0."""
    return {"value": 1, "phases": _work(1, **rest), "latest_start": 0}


def _solved(projects: list[Data], **rest: Any) -> BruteResult:
    return solve(_portfolio(projects, **rest))


def _objective(projects: list[Data], **rest: Any) -> float:
    result = _solved(projects, **rest)
    assert result.objective is not None
    return result.objective


def _chosen(result: BruteResult) -> set[str]:
    assert result.combination is not None
    return set(result.combination.chosen)


def _terms(*names: str, **rest: Any) -> Data:
    return {"terms": [{"term": name} for name in names], **rest}


def _plain(name: str, value: float, **rest: Any) -> Data:
    """Return a project without phases."""
    return {"id": name, "value": value, **rest}


def test_a_budget_picks_the_best_pair() -> None:
    """Of values 3, 4, 5 at costs 4, 5, 6 a budget of 10 buys 3 + 5."""
    rows = [("A", 3, 4), ("B", 4, 5), ("C", 5, 6)]
    projects = [_plain(name, value, costs=[{"lump": cost}]) for name, value, cost in rows]
    result = _solved(projects, funds=[{"id": "F", "amounts": {"total": 10}}])
    assert result.objective == 8
    assert _chosen(result) == {"A", "C"}
    assert result.combinations == 8


def test_too_many_combinations_are_refused() -> None:
    """Six projects with 11 fates each are 1,771,561 combinations."""
    projects = [{"id": f"P{n}", "phases": _work(1)} for n in range(6)]
    portfolio = _portfolio(projects, calendar={"periods": 10})
    assert count_combinations(portfolio) == 11**6
    with pytest.raises(TooLarge):
        solve(portfolio)


def test_value_is_discounted_at_the_finish() -> None:
    """A value of 8 that is delivered after six months at 44 percent a year is 8 / 1.2."""
    project = {"id": "P", "value": 8, "phases": _work(6)}
    assert _objective([project], value_rate=0.44) == pytest.approx(8 / 1.2)


def test_value_adds_up_weighted_utilities_times_the_probability() -> None:
    """0.3 x 5/10 + 0.7 x (2-5)/(1-5) at probability one half."""
    criteria = [{"id": "a", "weight": 0.3}, {"id": "b", "weight": 0.7, "worst": 5, "best": 1}]
    project = {"id": "P", "scores": {"a": 5, "b": 2}, "probability": 0.5}
    value = 0.3 * 0.5 + 0.7 * 0.75
    assert _objective([project], criteria=criteria) == pytest.approx(value)
    risky = _objective([project], criteria=criteria, risk_adjusted=True)
    assert risky == pytest.approx(value / 2)


@pytest.mark.parametrize(
    ("gap", "schedules"),
    [
        (0, 4),  # starts 0..3, the second phase at once
        (1, 7),  # and starts 0..2 with one idle period
        (None, 10),  # pairs a + 2 <= b <= 5: 4 + 3 + 2 + 1
    ],
)
def test_phases_follow_each_other(gap: int | None, schedules: int) -> None:
    """Phases of 2 and 1 periods in six have so many schedules with that gap."""
    phases = [{"id": "a", "duration": 2}, {"id": "b", "duration": 1}]
    portfolio = _portfolio([{"id": "P", "phases": phases, "max_gap": gap}])
    assert count_combinations(portfolio) == 1 + schedules


LINKS = [
    ({"type": "FS"}, 10),  # b >= a + 2: 4 + 3 + 2 + 1 + 0
    ({"type": "SS"}, 20),  # b >= a: 6 + 5 + 4 + 3 + 2
    ({"type": "FF"}, 15),  # b >= a + 1: 5 + 4 + 3 + 2 + 1
    ({"type": "SF"}, 24),  # b >= a - 1: 6 + 6 + 5 + 4 + 3
    ({"type": "FS", "min_lag": -1}, 15),  # as FF above
    ({"type": "FS", "min_lag": 1}, 6),  # b >= a + 3: 3 + 2 + 1
    ({"type": "FS", "max_lag": 1}, 7),  # a + 2 <= b <= a + 3: 2 + 2 + 2 + 1
    ({"type": "FS", "min_lag": None, "max_lag": 0}, 24),  # b <= a + 2: 3 + 4 + 5 + 6 + 6
]
"""Links between a of 2 periods (starts 0..4) and b of 1 (starts 0..5), and pairs they allow."""


@pytest.mark.parametrize(("link", "pairs"), LINKS)
def test_links_within_a_project_allow_so_many_pairs(link: Data, pairs: int) -> None:
    """A link between two phases leaves exactly the pairs that its inequality allows."""
    phases = [{"id": "a", "duration": 2}, {"id": "b", "duration": 1}]
    project = {"id": "P", "phases": phases, "links": [{"from": "a", "to": "b", **link}]}
    assert count_combinations(_portfolio([project])) == 1 + pairs


@pytest.mark.parametrize(("link", "pairs"), LINKS)
@pytest.mark.parametrize(("policy", "alone"), [("block", 0), ("ignore", 6)])
def test_links_between_projects_allow_so_many_pairs(
    link: Data, pairs: int, policy: str, alone: int
) -> None:
    """Beside the pairs there are: nothing, five times a alone, and b alone only if ignored."""
    projects = [{"id": "A", "phases": _work(2)}, {"id": "B", "phases": _work(1)}]
    links = [{"from": "A", "to": "B/f", "if_unselected": policy, **link}]
    evaluator = Evaluator(_portfolio(projects, links=links))
    assert len(list(combinations(evaluator))) == pairs + 1 + 5 + alone


def test_a_done_source_satisfies_every_link() -> None:
    """After a done project the target may start at once."""
    projects = [{"id": "A", "state": "done", "phases": _work(2)}, {"id": "B", **_now()}]
    links = [{"from": "A", "to": "B", "min_lag": 3, "max_lag": 3}]
    assert _objective(projects, links=links) == 1


def test_a_group_stands_for_its_selected_member() -> None:
    """C follows whichever variant is chosen: after the short one it ends in period 2."""
    projects = [
        {"id": "A", "phases": _work(3)},
        {"id": "B", "phases": _work(1)},
        {"id": "C", "decision": "must", "phases": _work(1)},
    ]
    choose = [{"id": "G", "projects": ["A", "B"]}]
    result = _solved(
        projects,
        choose=choose,
        links=[{"from": "G", "to": "C"}],
        objective=_terms("makespan"),
    )
    assert result.objective == 2
    assert _chosen(result) == {"B", "C"}


@pytest.mark.parametrize(
    ("relation", "best"),
    [
        ({}, 3 + 2 + 4),
        ({"requires": [{"project": "C", "needs": ["D"]}]}, 3 + 2 + 4 - 1),
        ({"requires": [{"project": "D", "needs": ["C"]}]}, 3 + 2 + 4),
        ({"excludes": [{"projects": ["A", "B", "C"]}]}, 4),
        ({"all_or_none": [{"projects": ["A", "D"]}]}, 3 + 2 + 4 - 1),
        ({"choose": [{"id": "G", "projects": ["A", "B", "C"], "max": 2}]}, 3 + 4),
        ({"choose": [{"id": "G", "projects": ["D"], "min": 1}]}, 3 + 2 + 4 - 1),
        ({"choose": [{"id": "G", "projects": [], "unselected": ["A", "C"], "min": 1}]}, 2 + 4),
        ({"synergies": [{"projects": ["A", "B"], "value": -2.5}]}, 3 + 4),
        ({"synergies": [{"projects": ["A", "D"], "value": 1.5}]}, 3 + 2 + 4 - 1 + 1.5),
        ({"rules": [{"type": "count", "max": 1}]}, 4),
        ({"rules": [{"type": "count", "min": 4}]}, 3 + 2 + 4 - 1),
        ({"rules": [{"type": "count", "max": 1, "price": 2.5}]}, 3 + 2 + 4 - 2 * 2.5 + 0.5),
    ],
)
def test_selection_rules_choose_as_by_hand(relation: Data, best: float) -> None:
    """A, B, C, D are worth 3, 2, 4 and -1; each rule leaves the given best choice."""
    projects = [_plain(name, v) for name, v in (("A", 3), ("B", 2), ("C", 4), ("D", -1))]
    assert _objective(projects, **relation) == pytest.approx(best)


def test_a_running_project_goes_on_or_pays_to_stop() -> None:
    """Going on costs 9 at period 0; stopping costs 4 if that is allowed."""
    costs = [{"lump": 9}]
    project = {"id": "P", "state": "running", "phases": _work(2, costs=costs), "exit_cost": 4}
    assert _objective([project], objective=_terms("cost")) == 9
    assert _objective([project | {"stoppable": True}], objective=_terms("cost")) == 4
    assert count_combinations(_portfolio([project])) == 1


def test_windows_and_pins_leave_the_starts_they_allow() -> None:
    """Not before 15 January, not after 20 March, done by 30 April: starts 1 and 2."""
    project = {"id": "P", "phases": _work(1), "earliest_start": "2026-01-15"}
    project |= {"latest_start": "2026-03-20", "latest_finish": "2026-04-29"}
    assert count_combinations(_portfolio([project])) == 1 + 2
    pinned = {"id": "P", "phases": [{"duration": 1, "pin": {"start": "2026-05-20"}}]}
    portfolio = _portfolio([pinned], objective=_terms("value", "makespan"))
    assert [c.fates[0].option.finish for c in combinations(Evaluator(portfolio))] == [0, 5]


def _staffed(needs: list[Data], **supply: Any) -> BruteResult:
    """Return the answer for one project with these needs in one period, worth 1."""
    skills = supply.pop("skills", [{"id": "a"}, {"id": "b"}])
    return _solved([{"id": "P", **_now(needs=needs)}], skills=skills, **supply)


A_AND_B = [{"skill": "a", "fte": 1}, {"skill": "b", "fte": 0.5}]


@pytest.mark.parametrize(
    ("people", "served"),
    [
        ([{"a": 1, "b": 1}], 0),  # one person cannot do 1.5
        ([{"a": 1, "b": 1}, {"b": 1}], 1),  # the second does b
        ([{"a": 1}, {"b": 0.5}], 1),  # half as quick, but alone
        ([{"a": 1}, {"b": 0.4}], 0),
        ([{"a": 0.8, "b": 1}, {"a": 1, "b": 0.8}], 1),  # the second does a, the first b
        ([{"a": 0.5, "b": 0.5}, {"a": 0.8, "b": 1}], 0),  # 0.8 + 0.1 of a at most, with b
    ],
)
def test_people_with_several_skills_are_matched_exactly(people: list[Data], served: int) -> None:
    """1 of a and 0.5 of b are served if and only if some split of the people does it."""
    rows = [{"id": f"h{n}", "skills": levels} for n, levels in enumerate(people)]
    assert _staffed(A_AND_B, people=rows).objective == served


def test_capacity_follows_absences_and_counts() -> None:
    """January 2026 has 22 working days: 11 of them away leave one half, times two."""
    absence = [{"first": "2026-01-01", "last": "2026-01-15"}]
    person: Data = {"id": "h", "skills": {"a": 1}, "count": 2, "absences": absence}
    assert _staffed([{"skill": "a", "fte": 1}], people=[person]).objective == 1
    assert _staffed([{"skill": "a", "fte": 1.01}], people=[person]).objective == 0


def test_a_minimum_proficiency_keeps_weaker_people_out() -> None:
    """A need at 0.8 cannot be served at 0.5, but by a pool."""
    need = {"skill": "a", "fte": 0.2, "min_proficiency": 0.8}
    person = {"id": "h", "skills": {"a": 0.5}}
    assert _staffed([need], people=[person]).objective == 0
    pool = {"id": "p", "skill": "a", "profile": [0.2, 0, 0, 0, 0, 0]}
    assert _staffed([need], people=[person], pools=[pool]).objective == 1


def test_overload_is_bought_where_it_pays() -> None:
    """0.6 FTE short at 0.5 each cost 0.3 of the value of 1; at 2 the project stays out."""
    pool = [{"id": "p", "skill": "a", "fte": 0.4}]
    for price, best in ((0.5, 1 - 0.3), (2, 0)):
        skills = [{"id": "a", "overload_price": price}]
        result = _staffed([{"skill": "a", "fte": 1}], pools=pool, skills=skills)
        assert result.objective == pytest.approx(best)


def test_ceilings_limit_each_supplier() -> None:
    """0.8 is served by 1 FTE at a ceiling of 0.8, not at 0.75; the soft excess is 0.05."""
    pool = [{"id": "p", "skill": "a", "fte": 1}]
    for rule, best in (
        ({"ceiling": 0.8}, 1),
        ({"ceiling": 0.75}, 0),
        ({"ceiling": 0.75, "price": 2}, 1 - 0.1),
        ({"ceiling": 0.1, "where": {"tag": "other"}}, 1),
    ):
        rules = [{"type": "utilization", **rule}]
        result = _staffed([{"skill": "a", "fte": 0.8}], pools=pool, rules=rules)
        assert result.objective == pytest.approx(best)


@pytest.mark.parametrize(
    ("hire", "best"),
    [
        ({}, 10 - 1 - 6 * 2),  # ordered at 0, works and is paid in all six periods
        ({"term": 2}, 10 - 1 - 2 * 2),
        ({"lead_time": 1}, 10 - 1 - 5 * 2),  # the work waits until period 1
        ({"lead_time": 5, "term": 3}, 10 - 1 - 3 * 2),  # paid beyond the grid
        ({"lead_time": 6}, 0),  # too late for anything
    ],
)
def test_hires_work_after_the_lead_time_and_cost_money(hire: Data, best: float) -> None:
    """One head at 1 for the order and 2 a period serves a project that earns 10, or not."""
    project: Data = {"id": "P", "phases": _work(1, needs=[{"skill": "a", "fte": 1}])}
    project |= {"benefit": {"profile": [10]}}
    full = {"id": "H", "skill": "a", "max_heads": 1, "cost_once": 1, "cost_per_period": 2} | hire
    result = _solved(
        [project],
        skills=[{"id": "a"}],
        hires=[full | {"latest_order": 0}],
        objective=_terms("npv"),
    )
    assert result.objective == pytest.approx(max(0, best))


def _spender(*profile: int, **line: Any) -> Data:
    costs = [{"profile": list(profile), **line}]
    return {"id": "P", "value": 100, "phases": _work(len(profile), costs=costs)}


@pytest.mark.parametrize(
    ("fund", "spent", "best"),
    [
        ({"amounts": {"total": 6}}, (1, 2, 3), 100),
        ({"amounts": {"total": 5}}, (1, 2, 3), 0),
        ({"amounts": {"periods": [2, 2, 2]}}, (1, 2, 3), 0),
        ({"amounts": {"periods": [2, 2, 2]}, "carry_over": "all"}, (1, 2, 3), 100),
        ({"amounts": {"periods": [9, 2, 2]}, "carry_over": 1}, (1, 3, 2), 100),
        ({"amounts": {"periods": [9, 2, 2]}, "carry_over": 1}, (1, 4, 0), 0),
        ({"amounts": {"periods": [2, 2, 2]}, "price": 7}, (1, 2, 3), 100 - 7),
        # an overspend is not repaid: period 1 still has its 2, and 1 goes on to period 2
        ({"amounts": {"periods": [2, 2, 2]}, "price": 7, "carry_over": "all"}, (3, 1, 3), 93),
        ({"amounts": {"years": {2026: 5}}}, (1, 2, 3), 0),
        ({"amounts": {"years": {2026: 6}}}, (1, 2, 3), 100),
        ({"amounts": {"years": {2027: 9}}}, (1, 2, 3), 0),  # 2026 is not listed: nothing
    ],
)
def test_funds_pay_within_their_buckets(fund: Data, spent: tuple[int, ...], best: int) -> None:
    """A project that spends so much in periods 0, 1, 2 is bought if the fund can pay."""
    calendar = {"periods": 3}
    line = {"fund": "F"}
    funds = [{"id": "F", **fund}]
    assert _objective([_spender(*spent, **line)], funds=funds, calendar=calendar) == best
    # the same money through the linear program: a second fund without money may pay, too
    funds.append({"id": "empty", "amounts": {"total": 0}})
    assert _objective([_spender(*spent)], funds=funds, calendar=calendar) == best


def test_an_open_line_is_split_over_the_eligible_funds() -> None:
    """5 + 5 fit into 4 a period and 2 in total, and not if the second fund pays capex only."""
    funds: list[Data] = [{"id": "F", "amounts": {"periods": [4, 4, 4]}}]
    other: Data = {"id": "G", "amounts": {"total": 2}}
    calendar = {"periods": 3}
    spender = _spender(5, 5, category="opex")
    assert _objective([spender], funds=[*funds, other], calendar=calendar) == 100
    other["categories"] = ["capex"]
    assert _objective([spender], funds=[*funds, other], calendar=calendar) == 0


def test_charges_savings_and_hires_draw_on_funds() -> None:
    """Labour of 4 x 0.5 and 5 for the head, less a saving of 3, need a fund of 4."""
    needs = [{"skill": "a", "fte": 0.5, "charge_to": "F"}]
    projects = [{"id": "P", **_now(needs=needs)}, _plain("Q", 0, decision="must")]
    saving = {"fund": "F", "period": "2026-01-31", "amount": 3}
    hire = {"id": "H", "skill": "a", "max_heads": 1, "term": 1, "cost_once": 5, "fund": "F"}
    rest: Data = {
        "skills": [{"id": "a", "rate": 4}],
        "hires": [hire | {"latest_order": "2026-01-31"}],
        "synergies": [{"projects": ["P", "Q"], "savings": [saving]}],
    }
    for amount, best in ((4, 1), (3.99, 0)):
        funds = [{"id": "F", "amounts": {"periods": [amount, 9, 9, 9, 9, 9]}}]
        assert _objective(projects, funds=funds, **rest) == best


@pytest.mark.parametrize(
    ("cap", "best"),
    [
        ({"amounts": {"total": 6}}, 100),
        ({"amounts": {"total": 5}}, 0),
        ({"amounts": {"total": 5}, "price": 3}, 97),
        ({"amounts": {"total": 5}, "where": {"category": "other"}}, 100),
        ({"amounts": {"total": 5}, "cost_categories": ["other"]}, 100),
        ({"amounts": {"total": 5}, "first": 1}, 100),
        ({"amounts": {"total": 2}, "last": "2027-12-31"}, 0),
        ({"amounts": {"years": {2028: 2}}}, 0),
        ({"amounts": {"years": {2026: 2}}}, 100),  # other years have no limit
        ({"amounts": {"periods": [1, 2, 2]}, "price": 10}, 90),
        ({"amounts": {"total": 1}, "project_years": "first"}, 100),
        ({"amounts": {"total": 4}, "project_years": "later", "price": 1}, 99),
    ],
)
def test_caps_limit_matching_cost(cap: Data, best: int) -> None:
    """A project spends 1, 2 and 3 in the years 2026 to 2028."""
    calendar = {"periods": 3, "grain": "year"}
    assert _objective([_spender(1, 2, 3)], caps=[cap], calendar=calendar) == best


RATED = [
    {"id": "A", "value": 3, "category": "x", "attributes": {"risk": 5, "size": 1}},
    {"id": "B", "value": 4, "category": "y", "attributes": {"risk": 2, "size": 3}},
]


@pytest.mark.parametrize(
    ("rule", "best"),
    [
        # A's part is 3 of 7
        ({"measure": "value", "sense": "at_most", "share": 0.4}, 4),
        ({"measure": "value", "sense": "at_most", "share": 0.43}, 7),
        ({"measure": "value", "sense": "at_least", "share": 0.6}, 3),
        ({"measure": "value", "sense": "at_least", "share": 0.6, "price": 1}, 7 - (4.2 - 3)),
        ({"measure": "value", "sense": "at_most", "share": 0.5, "of": 4}, 4),
        ({"measure": "count", "sense": "at_most", "share": 0.5}, 7),
        ({"measure": "cost", "sense": "at_most", "share": 0.2, "of": "budget"}, 7),  # 2 of 10
        ({"measure": "cost", "sense": "at_most", "share": 0.19, "of": "budget"}, 4),
        ({"measure": "effort", "sense": "at_most", "share": 0.4}, 4),  # 0.5 of 1.0
    ],
)
def test_share_rules_limit_a_part_of_a_total(rule: Data, best: float) -> None:
    """Project A of category x costs 2 and takes 0.5 FTE, B costs 1 and takes 0.5."""
    projects = [
        project | {"phases": _work(1, needs=[{"skill": "s", "fte": 0.5}], costs=[{"lump": cost}])}
        for project, cost in zip(RATED, (2, 1), strict=True)
    ]
    result = _solved(
        projects,
        rules=[{"type": "share", "where": {"category": "x"}, **rule}],
        funds=[{"id": "F", "amounts": {"total": 10}}],
        skills=[{"id": "s"}],
        pools=[{"id": "p", "skill": "s", "fte": 1}],
    )
    assert result.objective == pytest.approx(best)


@pytest.mark.parametrize(
    ("rule", "best"),
    [
        ({"limit": 3.5}, 7),  # mean of 5 and 2
        ({"limit": 3.4}, 4),
        ({"limit": 3.4, "price": 1}, 7 - 0.2),  # 1.6 - 1.4
        ({"limit": 2.75, "weight": "size"}, 7),  # (5 + 6) / 4
        ({"limit": 3.2, "weight": "value"}, 4),  # (15 + 8) / 7 is 3.29
        ({"limit": 4, "sense": "at_least"}, 3),
        ({"limit": 3, "where": {"category": "y"}}, 7),
    ],
)
def test_average_rules_weigh_the_attribute(rule: Data, best: float) -> None:
    """A has risk 5 and size 1, B risk 2 and size 3."""
    rules = [{"type": "average", "attribute": "risk", **rule}]
    assert _objective(RATED, rules=rules) == pytest.approx(best)


@pytest.mark.parametrize(
    ("rule", "best"),
    [
        ({"max": 1}, 2),  # the running project does not count, A or B is left out
        ({"max": 1, "price": 0.4}, 3 - 0.4),
        ({"max": 1, "first": 1}, 3),
        ({"min": 1, "price": 0.1, "last": "2026-03-31"}, 3 - 0.1 * 2),  # periods 1 and 2
        ({"max": 1, "where": {"tag": "t"}}, 3),
    ],
)
def test_starts_rules_count_new_projects_per_period(rule: Data, best: float) -> None:
    """A and B start in period 0 or not at all; R runs already."""
    projects = [
        {"id": "A", **_now()},
        {"id": "B", **_now()},
        {"id": "R", "state": "running", **_now()},
    ]
    assert _objective(projects, rules=[{"type": "starts", **rule}]) == pytest.approx(best)


def test_due_dates_are_hard_or_priced() -> None:
    """Two periods of work due at period 1: out, or late by one period at 0.25, or for nothing."""
    project = {"id": "P", "value": 1, "phases": _work(2), "due": "2026-02-27"}
    assert _objective([project]) == 0
    assert _objective([project | {"late_price": 0.25}]) == 0.75
    late = [project | {"late_price": 0, "decision": "must"}]
    assert _objective(late, objective=_terms("delay")) == 1


def test_money_terms_count_beyond_the_grid_and_discount() -> None:
    """10 at the start, 12 twice after the finish at 50 % a year, half of it likely to come."""
    project = {"id": "P", "probability": 0.5, "phases": _work(1, costs=[{"lump": 10}])}
    project |= {"benefit": {"profile": [24, 36]}, "decision": "must"}
    rest: Data = {"money_rate": 0.5, "calendar": {"periods": 1, "grain": "year"}}
    benefit = 0.5 * (24 / 1.5 + 36 / 1.5**2)
    assert _objective([project], objective=_terms("benefit"), **rest) == pytest.approx(benefit)
    assert _objective([project], objective=_terms("npv"), **rest) == pytest.approx(benefit - 10)
    assert _objective([project], objective=_terms("cost"), **rest) == 10


@pytest.mark.parametrize(
    ("line", "cost"),
    [
        ({"per_period": 2}, 6),
        ({"profile": [1, 2, 3, 4]}, 10),
        ({"lump": 5, "at": "finish"}, 5),
    ],
)
def test_lines_of_a_project_run_from_first_start_to_last_end(line: Data, cost: int) -> None:
    """Two phases of one period with one idle between them last three periods."""
    phases = [{"id": "a", "duration": 1}, {"id": "b", "duration": 1}]
    links = [{"from": "a", "to": "b", "min_lag": 1}]
    project = {"id": "P", "decision": "must", "phases": phases, "links": links, "costs": [line]}
    rest: Data = {"calendar": {"periods": 3}, "objective": _terms("cost")}
    assert _objective([project], **rest) == cost
    bare = {"id": "P", "decision": "must", "costs": [{"per_period": 2}]}
    assert _objective([bare], **rest) == 2


@pytest.mark.parametrize(
    ("entry", "changes"),
    [
        (None, 1),  # not listed: it was out
        ({"selected": False}, 1),
        ({"phases": [{"phase": "f", "start": "2026-03-15"}]}, 0),
        ({"phases": [{"phase": "f", "start": 1}]}, 1),
        ({"phases": [{"phase": "f", "start": 2, "mode": "normal"}]}, 0),
        ({"phases": [{"phase": "f", "start": 2, "mode": "other"}]}, 1),
        ({}, 0),
    ],
)
def test_changes_count_projects_that_differ(entry: Data | None, changes: int) -> None:
    """A project is pinned at period 2, a done one never counts; each change weighs 3."""
    modes = [{"id": "normal", "duration": 1}, {"id": "other", "duration": 1}]
    phase = {"id": "f", "modes": modes, "pin": {"start": 2, "mode": "normal"}}
    must: Data = {"id": "P", "decision": "must", "phases": [phase]}
    baseline = [] if entry is None else [{"project": "P", **entry}]
    objective = {"terms": [{"term": "changes", "project_weight": 3}]}
    assert (
        _objective([must, {"id": "D", "state": "done"}], baseline=baseline, objective=objective)
        == 3 * changes
    )


def test_later_terms_keep_earlier_ones_within_their_tolerance() -> None:
    """Value 10 for 9, 9 for 5, or 7 for 2: one tenth may be given up, so 9 for 5."""
    rows = [("A", 10, 9), ("B", 9, 5), ("C", 7, 2)]
    projects = [_plain(name, value, costs=[{"lump": cost}]) for name, value, cost in rows]
    rest: Data = {"excludes": [{"projects": ["A", "B", "C"]}]}
    terms: list[Data] = [{"term": "value"}, {"term": "cost"}]
    for tolerance, cost in (
        ({}, 9),
        ({"rel_tol": 0.1}, 5),
        ({"abs_tol": 1}, 5),
        ({"abs_tol": 3, "rel_tol": 0.1}, 2),
        ({"abs_tol": 0.99}, 9),
    ):
        objective = {"terms": [terms[0] | tolerance, terms[1]]}
        result = _solved(projects, objective=objective, **rest)
        assert [stage.best for stage in result.stages] == [10, cost]
        assert result.objective == 10


def test_prices_belong_to_the_first_stage() -> None:
    """A is worth 5 but one project too many costs 3 of them; a tolerance of 1 counts that."""
    projects = [_plain("A", 5, costs=[{"lump": 4}]), _plain("B", 4, costs=[{"lump": 1}])]
    rules = [{"type": "count", "max": 1, "price": 3}]
    objective = {"terms": [{"term": "value", "abs_tol": 1}, {"term": "cost"}]}
    result = _solved(projects, rules=rules, objective=objective)
    assert result.objective == 5 + 4 - 3
    assert [stage.best for stage in result.stages] == [6, 4]
    assert result.penalty == 0


def test_a_weighted_sum_subtracts_terms_of_the_other_sense() -> None:
    """2 x value - 0.5 x cost, and prices weigh as much as the first term."""
    projects = [_plain("A", 3, costs=[{"lump": 8}]), _plain("B", 4, costs=[{"lump": 20}])]
    terms = [{"term": "value", "weight": 2}, {"term": "cost", "weight": 0.5}]
    objective = {"method": "weighted", "terms": terms}
    assert _objective(projects, objective=objective) == 2 * 3 - 0.5 * 8
    rules = [{"type": "count", "max": 0, "price": 0.25}]
    assert _objective(projects, objective=objective, rules=rules) == 2 - 2 * 0.25
    swapped = {"method": "weighted", "terms": terms[::-1]}
    assert _objective(projects, objective=swapped) == 0.5 * 8 - 2 * 3
    assert _objective(projects, objective=swapped, rules=rules) == -2 + 0.5 * 0.25


def test_nothing_feasible_is_said_so() -> None:
    """Two projects that must happen cannot share one budget of 1."""
    projects = [_plain(n, 1, decision="must", costs=[{"lump": 1}]) for n in "AB"]
    result = _solved(projects, funds=[{"id": "F", "amounts": {"total": 1}}])
    assert not result.feasible
    assert result.objective is None
