"""The frontier: exact points, what each step changes, the ranking beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from pmo_optimizer import (
    InvalidInput,
    Plan,
    Portfolio,
    Status,
    Termination,
    optimize,
    referee,
)
from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.cli.frontier import code_of_frontier
from pmo_optimizer.report import frontier_report
from pmo_scenarios import AxisKind, Frontier, Point, Scenario, frontier, runs
from pmo_scenarios.runs import Step
from pmo_scenarios.studies.envelope import best_plans
from pmo_scenarios.studies.figures import Interval
from tests.scenarios.test_runs import knapsack

MORE = {"change": "budget", "fund": "budget", "by": 1}


@pytest.fixture
def threads() -> Iterator[Executor]:
    """Return an executor of two threads, which saves the start of processes."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def drawn(pool: Executor, base: Portfolio, **options: Any) -> Frontier:
    """Return a frontier by an exact engine."""
    settings: dict[str, Any] = {"time_limit": 20, "workers": 1, "backend": "milp"} | options
    return frontier(base, executor=pool, **settings)


def staffed(**fields: Any) -> Portfolio:
    """Return three projects of one period, worth 5, 4 and 3, with risks 4, 2 and 1.

    They need 1, 0.6 and 0.5 FTE; ann and a pool have 1 and 0.5.
    """
    rows = (("A", 5, 4, 1), ("B", 4, 2, 0.6), ("C", 3, 1, 0.5))
    return Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 1},
            "skills": [{"id": "dev"}],
            "people": [{"id": "ann", "skills": {"dev": 1}}],
            "pools": [{"id": "team", "skill": "dev", "fte": 0.5}],
            "projects": [
                {
                    "id": name,
                    "value": value,
                    "attributes": {"risk": risk},
                    "phases": [{"duration": 1, "needs": [{"skill": "dev", "fte": fte}]}],
                }
                for name, value, risk, fte in rows
            ],
        }
        | fields
    )


def values(result: Frontier) -> list[float | None]:
    """Return the values of the curve."""
    return [point.value for point in result.points]


def test_each_budget_buys_the_best_that_it_can(threads: Executor) -> None:
    """Of costs 6, 5 and 5, worth 7, 5 and 4: the best of 5, 6, 10, 11 and 16, proven."""
    result = drawn(threads, knapsack(10), levels=[160, 50, 60, 110])
    assert [p.level for p in result.points] == [50, 60, 100, 110, 160]
    assert [p.amount for p in result.points] == [5, 6, 10, 11, 16]
    assert values(result) == [5, 7, 5 + 4, 7 + 5, 7 + 5 + 4]
    assert {p.status for p in result.points} == {Status.OPTIMAL}
    assert {p.gap for p in result.points} == {0}
    assert [p.level for p in result.points if p.current] == [100]
    assert result.current == result.point(100)
    with pytest.raises(KeyError):
        result.point(70)


def test_a_step_says_what_enters_and_leaves_and_what_a_unit_is_worth(threads: Executor) -> None:
    """From 6 to 10, B and C take A's place, and 4 more money gain 5 + 4 - 7."""
    result = drawn(threads, knapsack(10), levels=[60])
    first, second = result.points
    assert (first.gained, first.enters, first.per_unit) == (None, (), None)
    assert (second.enters, second.leaves) == (("B", "C"), ("A",))
    gained = 5 + 4 - 7
    assert second.gained == Interval(value=gained, low=gained, high=gained, proven=True)
    per = gained / (10 - 6)
    assert second.per_unit == Interval(value=per, low=per, high=per, proven=True)


def test_the_ranking_stands_beside_and_below(threads: Executor) -> None:
    """Of 10 the ranking buys A, worth 7; B and C are worth 2 more, and no plan gains more."""
    point = drawn(threads, knapsack(10), levels=[]).point(100)
    assert point.ranking == 7
    assert point.left == Interval(value=2, low=2, high=2, proven=True)


def test_scenarios_are_marked_where_they_stand(threads: Executor) -> None:
    """One with 11 stands at 110 percent, one without the fund nowhere; both beside today."""
    base = knapsack(10).to_data() | {"funds": [{"id": "budget", "amounts": {"total": 10}}]}
    more = Scenario.parse({"id": "more", "name": "One more", "changes": [MORE]})
    must = {"change": "decide", "projects": ["A", "B"], "decision": "must"}
    musts = Scenario.parse({"id": "musts", "changes": [must]})
    result = drawn(threads, Portfolio.parse(base), levels=[60], scenarios=[more, musts])
    first, second = result.scenarios
    assert (first.scenario, first.name, first.level, first.amount) == ("more", "One more", 110, 11)
    assert (first.value, first.enters, first.leaves) == (12, ("A",), ("C",))
    assert first.gained is not None
    assert first.gained.value == 12 - 9
    assert (second.status, second.level, second.gained) == (Status.INFEASIBLE, 100, None)
    assert not first.current


def test_every_plan_is_one_of_its_level(threads: Executor) -> None:
    """The referee accepts each plan, and all it claims, for the portfolio of its level."""
    base = knapsack(10)
    for point in drawn(threads, base, levels=[40, 80, 120]).points:
        percent = {"change": "budget", "fund": "budget", "percent": (point.level or 0) - 100}
        portfolio = Scenario.parse({"id": "x", "changes": [percent]}).apply(base)
        assert point.plan is not None
        assert point.digest == portfolio.digest() == point.plan.digest
        report = referee.check(portfolio, point.plan)
        assert not report.violations
        assert not referee.disagreements(point.plan, report)


def test_capacity_is_percent_or_fte(threads: Executor) -> None:
    """1.5 FTE do A and C; 1.6 do A and B, 2.1 do all, and 0.75 do B."""
    percent = drawn(threads, staffed(), skill="dev", levels=[50, 140])
    assert percent.axis.kind is AxisKind.CAPACITY
    assert [p.amount for p in percent.points] == [0.75, 1.5, 2.1]
    assert values(percent) == [4, 5 + 3, 5 + 4 + 3]
    fte = drawn(threads, staffed(), skill="dev", unit="amount", levels=[-0.5, 0.1, 0.6, -3])
    assert [p.level for p in fte.points] == [-3, -0.5, 0, 0.1, 0.6]
    assert values(fte) == [None, 5, 5 + 3, 5 + 4, 5 + 4 + 3]
    assert [p.current for p in fte.points] == [False, False, True, False, False]
    assert fte.points[0].status == "invalid"
    assert "0.5" in fte.points[0].message


RISK = {"type": "average", "id": "risk", "attribute": "risk", "limit": 2}


def test_a_limit_of_risk_is_an_axis(threads: Executor) -> None:
    """Average risk 1 allows C alone, 2 B and C, 2.5 A and C, 4 A and C of the people there are."""
    base = staffed(rules=[RISK])
    result = drawn(threads, base, limit="risk", unit="amount", levels=["1", "2.5", 4])
    assert (result.axis.loosens, result.axis.field) == (1, "limit")
    assert values(result) == [3, 4 + 3, 5 + 3, 5 + 3]
    half = drawn(threads, base, limit="rules/risk", levels=[50, 125])
    assert values(half) == [3, 4 + 3, 5 + 3]
    assert [p.amount for p in half.points] == [1, 2, 2.5]


def test_a_minimum_loosens_where_it_falls(threads: Executor) -> None:
    """Of at least n projects, 1 allows A, 2 a cheaper pair, and cost is minimised."""
    rule = {"type": "count", "id": "n", "min": 2}
    data = knapsack(30).to_data() | {"rules": [rule], "objective": {"terms": [{"term": "cost"}]}}
    result = drawn(threads, Portfolio.parse(data), limit="n", unit="amount", levels=[0, 1, 3, 4])
    assert (result.axis.loosens, result.maximised) == (-1, False)
    assert values(result) == [0, 5, 5 + 5, 5 + 5 + 6, None]
    assert result.point(4).status == "invalid"
    gained = result.point(3).gained
    assert gained == Interval(value=-6, low=-6, high=-6, proven=True)
    left = [p.left.value for p in result.points if p.left is not None]
    assert left
    assert min(left) >= 0


def test_whole_limits_stay_whole(threads: Executor) -> None:
    """Percentages of a most of 2 projects give 1, 2 and 3 once each."""
    data = knapsack(30).to_data() | {"rules": [{"type": "count", "id": "n", "max": 2}]}
    result = drawn(threads, Portfolio.parse(data), limit="n")
    assert [p.amount for p in result.points] == [1, 2, 3]
    assert values(result) == [7, 7 + 5, 7 + 5 + 4]


def test_a_cap_is_an_axis(threads: Executor) -> None:
    """A cap of 5 or 6 binds before a fund of 16."""
    data = knapsack(16).to_data() | {"caps": [{"id": "cap", "amounts": {"total": 6}}]}
    result = drawn(threads, Portfolio.parse(data), limit="cap", unit="amount", levels=[5, 20])
    assert values(result) == [5, 7, 16]


def test_later_terms_do_not_bend_the_curve(threads: Executor) -> None:
    """Where value may fall by half for money, the curve is that of value alone."""
    terms = [{"term": "value", "rel_tol": 0.5}, {"term": "cost"}]
    base = Portfolio.parse(knapsack(10).to_data() | {"objective": {"terms": terms}})
    assert values(drawn(threads, base, levels=[110])) == [9, 12]


def test_a_share_of_the_budget_takes_the_order_away(threads: Executor) -> None:
    """Where half of the budget must be spent, 30 is more than all that there is to buy."""
    rule = {"type": "share", "measure": "cost", "where": {}, "sense": "at_least", "share": 0.6}
    data = knapsack(10).to_data() | {"rules": [rule | {"of": "budget"}]}
    result = drawn(threads, Portfolio.parse(data), levels=[300])
    assert result.axis.loosens == 0
    assert [p.status for p in result.points] == [Status.OPTIMAL, Status.INFEASIBLE]


def test_money_beyond_the_calendar_does_not_count(threads: Executor) -> None:
    """10 in 2027 and 90 in 2030: of a calendar of 2027 the amounts are 10, and 16 buys all."""
    data = knapsack(10).to_data()
    data["funds"][0]["amounts"] = {"years": {2027: 10, 2030: 90}}
    result = drawn(threads, Portfolio.parse(data), levels=[11, 16], unit="amount")
    assert result.axis.current == 10
    assert [point.amount for point in result.points] == [10, 11, 16]
    assert values(result) == [5 + 4, 7 + 5, 7 + 5 + 4]
    more = {"change": "budget", "fund": "budget", "percent": 10}
    marked = Scenario.parse({"id": "more", "changes": [more]})
    (scenario,) = drawn(threads, Portfolio.parse(data), levels=[80], scenarios=[marked]).scenarios
    assert (scenario.level, scenario.amount) == (110, 11)


def test_large_amounts_are_made_to_the_cent(threads: Executor) -> None:
    """A third of 3 billions, spread over periods, is one billion."""
    data = knapsack(10).to_data()
    data["funds"][0]["amounts"] = {"periods": [1_000_000_001, 1_999_999_999]}
    result = drawn(threads, Portfolio.parse(data), levels=[10**9], unit="amount")
    assert result.points[0].amount == pytest.approx(10**9, abs=0.001)


def test_a_cap_or_fund_with_nothing_in_the_calendar_has_no_axis() -> None:
    """There is nothing to scale where all the money is of another year."""
    later = {"years": {2030: 90}}
    data = knapsack(10).to_data() | {"caps": [{"id": "late", "amounts": later}]}
    data["funds"][0]["amounts"] = later
    base = Portfolio.parse(data)
    with pytest.raises(InvalidInput, match="cannot be scaled"):
        frontier(base, limit="late", unit="amount", levels=[5])
    with pytest.raises(InvalidInput, match="nothing today that can be used"):
        frontier(base, levels=[50])


def test_a_level_that_makes_no_valid_portfolio_says_why(threads: Executor) -> None:
    """A share of 0.8 has no 150 percent."""
    rule = {"type": "share", "id": "s", "measure": "cost", "where": {}, "sense": "at_most"}
    data = knapsack(10).to_data() | {"rules": [rule | {"share": 0.8, "of": "budget"}]}
    result = drawn(threads, Portfolio.parse(data), limit="s", levels=[150])
    point = result.point(150)
    assert (point.status, point.value) == ("invalid", None)
    assert "between 0 and 1" in point.message
    assert values(result)[0] == 7


def test_a_worse_answer_is_replaced_by_the_plan_of_a_tighter_level(
    threads: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A solve that finds nothing has the plan before it; one that finds less, the better one."""
    real, lazy = optimize, {"budget": 12}

    def solve(portfolio: Portfolio, **options: Any) -> Plan:
        plan = real(portfolio, **options)
        if portfolio.funds[0].amounts.total == lazy["budget"]:
            none = {"status": Status.NO_PLAN_FOUND, "objective": None, "gap": None, "bound": 30.0}
            return plan.model_copy(update=none | {"projects": ()})
        return plan

    monkeypatch.setattr(runs, "optimize", solve)
    point = drawn(threads, knapsack(10), levels=[110, 120, 160]).point(120)
    assert (point.status, point.source, point.value) == (Status.FEASIBLE, "tighter", 12)
    assert (point.bound, point.selected) == (16, ("A", "B"))
    assert point.gap == pytest.approx((16 - 12) / 16)
    assert point.plan is not None
    portfolio = knapsack(12)
    assert not referee.disagreements(point.plan, referee.check(portfolio, point.plan))


def test_levels_that_contradict_each_other_keep_the_plans() -> None:
    """A plan of 9 stands where the looser level claims a bound of 8, or that there is none."""
    tight, loose = knapsack(10), knapsack(11)
    plan = optimize(tight, backend="milp", workers=1)
    wrong = optimize(loose, backend="milp", workers=1)
    low = wrong.model_copy(update={"objective": 8.0, "bound": 8.0, "projects": ()})
    nothing = low.model_copy(update={"status": Status.INFEASIBLE, "objective": None})
    for answer, words in ((low, "contradicts a bound of 8.0"), (nothing, "proved that there is")):
        first, second = best_plans([tight, loose], [plan, answer], [None, None], ordered=True)
        assert (first.plan.objective, first.plan.bound, first.contradiction) == (9, 9, "")
        assert (second.plan.objective, second.plan.bound, second.source) == (9, None, "tighter")
        assert second.plan.status is Status.FEASIBLE
        assert second.plan.termination is Termination.CRASH
        assert words in second.contradiction


def test_a_contradiction_leaves_the_rest_of_the_frontier(
    threads: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A budget of 12 that is wrongly called infeasible has the plan of 11, and says what is odd."""

    def solve(portfolio: Portfolio, **options: Any) -> Plan:
        plan = optimize(portfolio, **options)
        if options["backend"] == "milp" and portfolio.funds[0].amounts.total == 12:
            wrong = {"status": Status.INFEASIBLE, "termination": Termination.PROVED}
            return plan.model_copy(update=wrong | {"objective": None, "projects": ()})
        return plan

    monkeypatch.setattr(runs, "optimize", solve)
    result = drawn(threads, knapsack(10), levels=[110, 120, 160], reproducible=True, time_limit=5)
    assert values(result) == [9, 12, 12, 16]
    odd = result.point(120)
    assert (odd.status, odd.bound) == (Status.FEASIBLE, 16)
    assert "proved that there is none" in odd.contradiction
    assert [p.contradiction for p in result.points if p is not odd] == ["", "", ""]
    assert code_of_frontier(result, interrupted=False) is ExitCode.INTERNAL
    data = result.to_data()
    shown = Console(width=200, record=True, file=StringIO())
    shown.print(frontier_report(knapsack(10), data, limit=None))
    assert "proved that there is none" in shown.export_text()


def test_a_stop_gives_what_is_there(threads: Executor) -> None:
    """Set after the first level, the curve has that level, and what is missing is named."""
    stop, seen = threading.Event(), []

    def note(step: Step) -> None:
        seen.append(step.key)
        if not step.key.endswith("ranking"):
            stop.set()

    with ThreadPoolExecutor(1) as one:
        result = drawn(one, knapsack(10), levels=[60, 150], on_progress=note, stop=stop)
    assert "150 %" in seen
    keys = {f"{point.level:.0f} %" for point in result.points}
    assert keys
    assert keys | set(result.missing) == {"60 %", "100 %", "150 %"}
    assert result.missing


def test_wrong_wishes_are_findings_all_at_once(threads: Executor) -> None:
    """Three levels, and a scenario, are refused together; so are unknown names."""
    bad = Scenario.parse({"id": "s", "changes": [MORE | {"fund": "budgt"}]})
    with pytest.raises(InvalidInput) as caught:
        drawn(threads, knapsack(10), levels=[80, -1, "much", float("nan")], scenarios=[bad])
    assert [f.path for f in caught.value.findings] == [
        "frontier/levels/1",
        "frontier/levels/2",
        "frontier/levels/3",
        "scenarios/s/changes/0/fund",
    ]
    with pytest.raises(InvalidInput, match="Did you mean budget"):
        drawn(threads, knapsack(10), funds=["budgt"])


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"skill": "dev", "limit": "risk"}, "at once"),
        ({"skill": "dv"}, "Did you mean dev"),
        ({"limit": "rsk"}, "Did you mean risk"),
        ({"limit": "risk", "field": "max"}, "has limit, not max"),
        ({"limit": "both"}, "has min and max"),
        ({"limit": "none", "levels": [50]}, "is 0 today"),
        ({"limit": "both", "field": "max", "unit": "amount", "levels": [1.5]}, "whole number"),
        ({"skill": "dev", "unit": "amount"}, "no usual levels"),
        ({"skill": "ops"}, "no capacity of ops"),
        ({"skill": "dev", "field": "max"}, "no rule to have it"),
        ({}, "no funds"),
    ],
)
def test_an_axis_that_is_none_is_a_finding(wish: dict[str, Any], words: str) -> None:
    """What cannot be varied is said, with what to do instead."""
    rules = [
        RISK,
        {"type": "count", "id": "both", "min": 0, "max": 3},
        {"type": "count", "id": "none", "min": 0},
    ]
    base = staffed(rules=rules, skills=[{"id": "dev"}, {"id": "ops"}])
    with pytest.raises(InvalidInput, match=words):
        frontier(base, **wish)


def test_a_frontier_is_a_frame_and_json(threads: Executor) -> None:
    """One row per point; JSON reads back as the same, but for the plans."""
    more = Scenario.parse({"id": "more", "changes": [MORE]})
    result = drawn(threads, knapsack(10), levels=[60], scenarios=[more])
    frame = result.to_frame()
    assert frame["level"].tolist() == [60, 100, 110]
    assert frame["value"].tolist() == [7, 9, 12]
    assert frame["scenario"].tolist() == ["", "", "more"]
    assert frame["left"].tolist() == [0, 2, 0]
    again = Frontier.model_validate_json(result.to_json())
    assert again.to_data() == result.to_data()
    assert all(isinstance(p, Point) and p.plan is None for p in again.points)


def test_reproducible_frontiers_repeat_themselves(threads: Executor) -> None:
    """The same input gives the same points, but for the seconds."""

    def facts(result: Frontier) -> list[dict[str, Any]]:
        return [point.model_dump(exclude={"seconds"}) for point in result.points]

    first, second = (
        drawn(threads, knapsack(10), levels=[60, 160], reproducible=True, time_limit=5)
        for _ in range(2)
    )
    assert facts(first) == facts(second)


def test_levels_of_a_limit_below_zero_are_in_no_known_order() -> None:
    """Half as much again of -2 is -3, which is tighter: no bound goes from one to the other."""
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "projects": [
                {"id": name, "value": value, "attributes": {"co2": co2}}
                for name, value, co2 in (("A", 10, -2), ("B", 3, -4), ("C", 1, -1))
            ],
            "rules": [
                {
                    "id": "esg",
                    "type": "average",
                    "attribute": "co2",
                    "limit": -2,
                }
            ],
        }
    )
    with ThreadPoolExecutor(2) as pool:
        found = frontier(
            portfolio, limit="esg", levels=["50", "100", "150"], backend="milp", executor=pool
        )
    assert [point.value for point in found.points] == [14, 14, 13]
