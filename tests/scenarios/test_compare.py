"""Base and scenarios side by side: figures, differences, proofs."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import pytest

from pmo_optimizer import InvalidInput, Portfolio, Status, referee
from pmo_scenarios import Comparison, Scenario, compare
from pmo_scenarios.studies.figures import Interval, Move
from tests.scenarios.test_runs import knapsack

MORE = {"change": "budget", "fund": "budget", "by": 1}
MUSTS = {"change": "decide", "projects": ["A", "B"], "decision": "must"}


@pytest.fixture
def threads() -> Iterator[Executor]:
    """Return an executor of two threads, which saves the start of processes."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def scenario(name: str, *changes: dict[str, Any]) -> Scenario:
    """Return a scenario."""
    return Scenario.parse({"id": name, "changes": list(changes)})


def compared(pool: Executor, base: Portfolio, *scenarios: Scenario, **options: Any) -> Comparison:
    """Return a comparison by an exact engine."""
    settings: dict[str, Any] = {"time_limit": 20, "workers": 1, "backend": "milp"} | options
    return compare(base, scenarios, executor=pool, **settings)


def test_cases_say_what_a_scenario_gains_and_costs(threads: Executor) -> None:
    """One more of the budget buys A and B (7 + 5) instead of B and C (5 + 4), proven."""
    result = compared(threads, knapsack(10), scenario("more", MORE))
    base, more = result.cases
    assert (base.id, base.objective, base.gained, base.enters) == ("base", 5 + 4, None, ())
    assert (more.objective, more.status) == (7 + 5, Status.OPTIMAL)
    assert (more.enters, more.leaves, more.moves) == (("A",), ("C",), ())
    gained = (7 + 5) - (5 + 4)
    assert more.gained == Interval(value=gained, low=gained, high=gained, proven=True)
    assert more.per_money is not None
    assert more.per_money.value == pytest.approx(gained / ((6 + 5) - (5 + 5)))
    assert more.per_effort is None
    assert base.figures is not None
    assert (base.figures.cost, base.figures.selected) == (5 + 5, 2)
    assert [(f.fund, f.spent, f.available) for f in base.figures.funds] == [("budget", 10, 10)]


def test_every_plan_is_one_of_its_scenario(threads: Executor) -> None:
    """The referee accepts each plan for the portfolio that the scenario makes."""
    base = knapsack(10)
    changes = [scenario("more", MORE), scenario("one", MUSTS, MORE)]
    result = compared(threads, base, *changes)
    for case, portfolio in zip(
        result.cases, (base, *(c.apply(base) for c in changes)), strict=True
    ):
        assert case.plan is not None
        assert case.digest == portfolio.digest()
        assert not referee.check(portfolio, case.plan).violations


def test_an_infeasible_scenario_is_a_case_like_others(threads: Executor) -> None:
    """Two musts of 6 + 5 in a budget of 10 have no plan, no figures and no differences."""
    result = compared(threads, knapsack(10), scenario("musts", MUSTS), scenario("more", MORE))
    musts = result.case("musts")
    assert (musts.status, musts.figures, musts.gained) == (Status.INFEASIBLE, None, None)
    assert (musts.enters, musts.leaves) == ((), ())
    assert result.case("more").gained is not None
    with pytest.raises(KeyError):
        result.case("les")


def test_what_moves_is_said_with_both_times(threads: Executor) -> None:
    """A project that may begin in period 3 only moves from 0 to 3, two periods long."""
    base = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 6},
            "value_rate": 0.5,
            "projects": [{"id": "A", "value": 3, "phases": [{"duration": 2}]}],
        }
    )
    later = {"change": "dates", "projects": ["A"], "earliest_start": 3}
    result = compared(threads, base, scenario("later", later))
    case = result.case("later")
    assert case.moves == (
        Move(project="A", start_before=0, start_after=3, finish_before=2, finish_after=3 + 2),
    )
    assert (case.enters, case.leaves) == ((), ())
    assert case.gained is not None
    assert case.gained.value < 0


def test_less_of_a_minimised_term_is_a_gain(threads: Executor) -> None:
    """A must at half the cost, where cost is minimised, gains that half."""
    base = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "objective": {"terms": [{"term": "cost"}]},
            "projects": [{"id": "A", "value": 1, "decision": "must", "costs": [{"lump": 8}]}],
        }
    )
    cheap = {"change": "work", "targets": ["A"], "cost": -50}
    case = compared(threads, base, scenario("cheap", cheap)).case("cheap")
    assert case.gained == Interval(value=8 / 2, low=8 / 2, high=8 / 2, proven=True)
    assert case.per_money is not None
    assert case.per_money.value == pytest.approx((8 / 2) / -(8 / 2))


def test_who_is_reassigned_is_said_by_name(threads: Executor) -> None:
    """Where ann leaves, bob does what she did."""
    base = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "skills": [{"id": "dev"}],
            "people": [
                {"id": "ann", "skills": {"dev": 1}, "cost_rate": 1},
                {"id": "bob", "skills": {"dev": 1}, "cost_rate": 9},
            ],
            "projects": [
                {
                    "id": "A",
                    "value": 3,
                    "phases": [{"id": "do", "duration": 1, "needs": [{"skill": "dev", "fte": 1}]}],
                }
            ],
        }
    )
    gone = {"change": "remove-people", "people": ["ann"]}
    case = compared(threads, base, scenario("gone", gone), staffing="named").case("gone")
    assert {r.person: (r.joins, r.leaves) for r in case.reassigned} == {
        "ann": ((), ("A/do",)),
        "bob": (("A/do",), ()),
    }


def test_a_comparison_is_a_frame_and_json(threads: Executor) -> None:
    """One row per case with its figures; JSON reads back as the same, but for the plans."""
    result = compared(threads, knapsack(10), scenario("more", MORE), scenario("musts", MUSTS))
    frame = result.to_frame().set_index("case")
    assert list(frame.index) == ["base", "more", "musts"]
    assert frame.loc["more", "gained"] == (7 + 5) - (5 + 4)
    assert frame.loc["base", "cost"] == 5 + 5
    assert frame["objective"].isna().tolist() == [False, False, True]
    again = Comparison.model_validate_json(result.to_json())
    assert again.to_data() == result.to_data()
    assert all(case.plan is None for case in again.cases)


def test_reproducible_comparisons_repeat_themselves(threads: Executor) -> None:
    """The same input gives the same cases, but for the seconds."""

    def facts(result: Comparison) -> list[dict[str, Any]]:
        return [case.model_dump(exclude={"seconds"}) for case in result.cases]

    changes = [scenario("more", MORE), scenario("musts", MUSTS)]
    first, second = (
        compared(threads, knapsack(10), *changes, reproducible=True, time_limit=5) for _ in range(2)
    )
    assert facts(first) == facts(second)


def test_findings_of_all_scenarios_come_at_once(threads: Executor) -> None:
    """Two wrong scenarios, and one that is called base, are refused together."""
    wrong = {"change": "budget", "fund": "budgt", "by": 1}
    with pytest.raises(InvalidInput) as caught:
        compared(
            threads,
            knapsack(10),
            scenario("a", wrong),
            scenario("b", wrong),
            scenario("base", MORE),
        )
    assert [f.path for f in caught.value.findings] == [
        "scenarios/a/changes/0/fund",
        "scenarios/b/changes/0/fund",
        "scenarios/base",
    ]
    with pytest.raises(InvalidInput, match="2 scenarios have the id a"):
        compared(threads, knapsack(10), scenario("a", MORE), scenario("a", MORE))


@pytest.mark.parametrize("units", [2.0, -2.0])
def test_an_interval_per_unit_stays_an_interval(units: float) -> None:
    """Divided by a negative number, the ends change places."""
    per = Interval(value=4, low=2, high=8, proven=True).per(units)
    assert per is not None
    assert per.low is not None
    assert per.high is not None
    assert per.low <= per.value == 4 / units <= per.high
    assert (min(per.low, per.high), per.proven) == (min(2 / units, 8 / units), True)
