"""Plans that are best on average over cases, or in the worst: held against all choices."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import combinations
from random import Random
from typing import Any

import pytest

from pmo_optimizer import InvalidInput, Portfolio, Status, referee
from pmo_scenarios import Aim, RobustPlan, Uncertainty, robust
from pmo_scenarios.studies.robustness.draws import extreme, sampled
from tests.scenarios.test_robustness import two, unsure
from tests.scenarios.test_runs import knapsack

DRAWN = 3


@pytest.fixture
def thread() -> Iterator[Executor]:
    """Return an executor of one thread."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def random_case(seed: int) -> tuple[Portfolio, Uncertainty, dict[str, tuple[int, int]]]:
    """Return a knapsack of five projects, how their values vary, and values and costs."""
    dice = Random(seed)
    data = {name: (dice.randint(2, 9), dice.randint(2, 6)) for name in "ABCDE"}
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "funds": [{"id": "budget", "amounts": {"total": 10}}],
            "projects": [
                {"id": name, "value": value, "costs": [{"lump": cost}]}
                for name, (value, cost) in data.items()
            ],
        }
    )
    entries = [two("value", name, -dice.randint(10, 90), dice.randint(0, 90)) for name in data]
    return portfolio, unsure(*entries), data


def worths(
    portfolio: Portfolio, uncertainty: Uncertainty, data: dict[str, tuple[int, int]]
) -> dict[tuple[str, ...], list[float]]:
    """Return what every choice that the budget allows is worth in each case."""
    variables = uncertainty.variables(portfolio)
    draws = [extreme(variables, favourable=way) for way in (True, False)]
    draws += [sampled(variables, 0, case) for case in range(1, DRAWN + 1)]
    values = [
        {v.target: data[v.target][0] * (1 + float(n) / 100) for v, n in draw.numbers}
        for draw in draws
    ]
    return {
        chosen: [sum(case[name] for name in chosen) for case in values]
        for size in range(len(data) + 1)
        for chosen in combinations(sorted(data), size)
        if sum(data[name][1] for name in chosen) <= 10
    }


def solved(
    pool: Executor, base: Portfolio, uncertainty: Uncertainty, aim: Aim, **options: Any
) -> RobustPlan:
    """Return a robust plan by an exact engine."""
    settings: dict[str, Any] = {"cases": DRAWN, "time_limit": 20, "backend": "milp"} | options
    return robust(base, uncertainty, aim=aim, workers=1, executor=pool, **settings)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_mean_is_that_of_brute_force(thread: Executor, seed: int) -> None:
    """Value and bound are the best mean over all choices."""
    base, uncertainty, data = random_case(seed)
    every = worths(base, uncertainty, data)
    result = solved(thread, base, uncertainty, Aim.MEAN)
    best = max(sum(own) / len(own) for own in every.values())
    assert result.value == pytest.approx(best)
    assert result.bound == pytest.approx(best)
    assert result.proven


@pytest.mark.parametrize("seed", range(4))
def test_the_best_worst_case_is_within_value_and_bound(thread: Executor, seed: int) -> None:
    """No choice is better than the bound, and the plan is worth what it says in each case."""
    base, uncertainty, data = random_case(seed)
    every = worths(base, uncertainty, data)
    result = solved(thread, base, uncertainty, Aim.WORST)
    best = max(min(own) for own in every.values())
    assert result.value is not None
    assert result.bound is not None
    assert result.value <= best + 1e-6
    assert result.bound >= best - 1e-6
    assert list(result.objectives.values()) == pytest.approx(every[result.selected])
    assert result.value == pytest.approx(min(every[result.selected]))
    if result.proven:
        assert result.value == pytest.approx(best)


@pytest.mark.parametrize("seed", range(4))
def test_the_least_regret_is_within_value_and_bound(thread: Executor, seed: int) -> None:
    """No choice has less regret than the bound, and the plan's is what it says."""
    base, uncertainty, data = random_case(seed)
    every = worths(base, uncertainty, data)
    tops = [max(own[case] for own in every.values()) for case in range(DRAWN + 2)]
    regrets = {
        chosen: max(top - x for top, x in zip(tops, own, strict=True))
        for chosen, own in every.items()
    }
    result = solved(thread, base, uncertainty, Aim.REGRET)
    least = min(regrets.values())
    assert list(result.best.values()) == pytest.approx(tops)
    assert result.value is not None
    assert result.bound is not None
    assert result.value >= least - 1e-6
    assert result.bound <= least + 1e-6
    assert result.value == pytest.approx(regrets[result.selected])
    if result.proven:
        assert result.value == pytest.approx(least)


def test_regret_is_not_the_worst_case(thread: Executor) -> None:
    """A is worth 14 or 0, B and C 9: at worst these are best; A regrets 9, and they only 5."""
    gamble = unsure(two("value", "A", -100, 100))
    result = solved(thread, knapsack(10), gamble, Aim.REGRET, cases=0)
    assert (result.selected, result.value) == (("B", "C"), 7 * 2 - (5 + 4))
    sure = unsure(two("value", "A", -10, 400))
    result = solved(thread, knapsack(10), sure, Aim.REGRET, cases=0)
    assert result.selected == ("A",)
    assert result.value == pytest.approx(9 - 7 * 0.9)
    worst = solved(thread, knapsack(10), sure, Aim.WORST, cases=0)
    assert worst.selected == ("B", "C")


def test_regret_of_one_case_is_nothing(thread: Executor) -> None:
    """Where all cases are alike the best plan is proven to have no regret."""
    same = unsure(two("value", "A", 0, 0))
    result = solved(thread, knapsack(10), same, Aim.REGRET, cases=0)
    assert (result.value, result.bound, result.gap, result.proven) == (0, 0, 0, True)


def test_regret_of_cost_is_what_is_paid_too_much(thread: Executor) -> None:
    """One of three must be done; their costs are alike in all cases, so that nothing is lost."""
    data = knapsack(20).to_data()
    data["objective"] = {"terms": [{"term": "cost"}]}
    data["choose"] = [{"id": "some", "projects": ["A", "B", "C"], "min": 1, "max": 3}]
    result = solved(
        thread, Portfolio.parse(data), unsure(two("value", "A", -9, 9)), Aim.REGRET, cases=0
    )
    assert (result.value, result.proven) == (0, True)
    assert result.best == {"favourable": 5, "adverse": 5}


def test_the_worst_case_decides_against_a_gamble(thread: Executor) -> None:
    """A is worth 7 x 2.5 or 0, B and C 9 together: on average and at worst these are better."""
    gamble = unsure(two("value", "A", -100, 150))
    result = solved(thread, knapsack(10), gamble, Aim.WORST, cases=0)
    assert (result.selected, result.value, result.proven) == (("B", "C"), 5 + 4, True)
    mean = solved(thread, knapsack(10), gamble, Aim.MEAN, cases=0)
    assert (mean.selected, mean.value) == (("B", "C"), 5 + 4)


def test_the_plan_is_feasible_in_the_hardest_case(thread: Executor) -> None:
    """Where B may cost 6, B and C do not fit in 10: A alone is left."""
    dear = unsure(two("cost", "B", 0, 20), two("value", "A", -10, 10))
    result = solved(thread, knapsack(10), dear, Aim.WORST, cases=0)
    assert result.selected == ("A",)
    assert result.value == pytest.approx(7 * 0.9)
    assert result.plan is not None
    assert result.portfolio is not None
    assert not referee.check(result.portfolio, result.plan).violations


def test_chances_of_success_count_in_the_mean(thread: Executor) -> None:
    """With 0.2 or 1 of 7, A is worth 4.2 on average, less than B and C for sure."""
    base = knapsack(10).model_copy(update={"risk_adjusted": True})
    result = solved(thread, base, unsure(two("success", "A", 0.2, 1)), Aim.MEAN, cases=0)
    assert (result.selected, result.value) == (("B", "C"), 9)
    worst = solved(thread, knapsack(7), unsure(two("value", "A", -50, 0)), Aim.WORST, cases=0)
    assert (worst.selected, worst.status) == (("B",), Status.OPTIMAL)


def test_rules_on_values_that_vary_are_refused(thread: Executor) -> None:
    """A share of value would be another limit in each case."""
    data = knapsack(10).to_data()
    data["rules"] = [
        {
            "type": "share",
            "id": "half",
            "measure": "value",
            "where": {"tag": "x"},
            "sense": "at_most",
            "share": 0.5,
        }
    ]
    with pytest.raises(InvalidInput, match="half"):
        solved(thread, Portfolio.parse(data), unsure(two("value", "A", 0, 1)), Aim.MEAN)
