"""Robustness: draws, re-timed plans, chances, core index and regret."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from datetime import date
from itertools import product
from multiprocessing import get_context
from threading import Event
from typing import Any

import pytest

from pmo_optimizer import InvalidInput, Plan, Portfolio, Status, optimize
from pmo_scenarios import Robustness, Uncertainty, generate, pools, robustness, simulate
from pmo_scenarios.studies.robustness.draws import changed, changes_of, extreme, sampled
from pmo_scenarios.studies.robustness.outcomes import TERMS, Simulator
from pmo_scenarios.studies.robustness.simulation import chance, spread
from tests.scenarios.test_runs import knapsack

CASES = 400


@pytest.fixture
def threads() -> Iterator[Executor]:
    """Return an executor of three threads."""
    with ThreadPoolExecutor(3) as pool:
        yield pool


def unsure(*entries: dict[str, Any]) -> Uncertainty:
    """Return an uncertainty."""
    return Uncertainty.parse({"uncertain": list(entries)})


def two(what: str, target: str, low: float, high: float, **more: Any) -> dict[str, Any]:
    """Return a statement of two possible numbers."""
    entry = {"what": what, "target": target, "low": low, "high": high}
    return entry | {"distribution": "two-point"} | more


def chain() -> Portfolio:
    """Return two projects in a chain, of which one person does the first and a pool both."""
    return Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 12},
            "skills": [{"id": "dev"}, {"id": "test"}],
            "people": [{"id": "ann", "skills": {"dev": 1, "test": 0.5}}],
            "pools": [{"id": "lab", "skill": "test", "fte": 1}],
            "funds": [{"id": "capex", "amounts": {"total": 100}}],
            "links": [{"source": "A", "target": "B", "type": "FS", "min_lag": 0}],
            "projects": [
                {
                    "id": "A",
                    "value": 4,
                    "due": 4,
                    "late_price": 0,
                    "phases": [
                        {"id": "do", "duration": 4, "needs": [{"skill": "dev", "fte": 0.8}]},
                    ],
                    "costs": [{"lump": 60}],
                },
                {
                    "id": "B",
                    "value": 3,
                    "phases": [
                        {"id": "do", "duration": 2, "needs": [{"skill": "test", "fte": 1.1}]},
                    ],
                    "costs": [{"lump": 40, "fund": "capex"}],
                },
            ],
            "objective": {"terms": [{"term": "value"}, {"term": "makespan"}]},
        }
    )


def planned(portfolio: Portfolio) -> Plan:
    """Return the best plan."""
    plan = optimize(portfolio, backend="milp", time_limit=20, workers=1)
    assert plan.status is Status.OPTIMAL
    return plan


def test_numbers_depend_on_seed_case_and_name_only() -> None:
    """Other statements, and another order, leave the number of a project as it is."""
    base = knapsack(10)
    a = {"what": "cost", "target": "A", "low": -10, "high": 30}
    b = {"what": "cost", "target": "B", "low": -10, "high": 30}

    def numbers(uncertainty: Uncertainty, seed: int) -> dict[str, Any]:
        draw = sampled(uncertainty.variables(base), seed, 7)
        return {variable.key: number for variable, number in draw.numbers}

    both, turned, alone = (numbers(unsure(*e), 1) for e in ((a, b), (b, a), (a,)))
    assert both == turned
    assert both["cost:A"] == alone["cost:A"] != both["cost:B"]
    assert numbers(unsure(a), 2) != alone


def test_a_group_moves_together() -> None:
    """Two costs of a group are at the same part of their ranges."""
    base = knapsack(10)
    more = {"what": "cost", "low": 0, "group": "prices", "distribution": "uniform"}
    entries = (more | {"target": "A", "high": 10}, more | {"target": "B", "high": 20})
    (_, a), (_, b) = sampled(unsure(*entries).variables(base), 3, 5).numbers
    assert float(b) == pytest.approx(2 * float(a), abs=0.02)


@pytest.mark.parametrize(
    ("distribution", "mean"),
    [
        ("uniform", (-10 + 50) / 2),
        ("triangular", (-10 + 0 + 50) / 3),
        ("pert", (-10 + 4 * 0 + 50) / 6),
        ("two-point", (-10 + 50) / 2),
    ],
)
def test_draws_have_the_mean_of_their_distribution(distribution: str, mean: float) -> None:
    """The mean of many draws is the known one, and all are between the ends."""
    entry = {"what": "cost", "target": "A", "low": -10, "high": 50, "distribution": distribution}
    variables = unsure(entry).variables(knapsack(10))
    drawn = [float(sampled(variables, 0, case).numbers[0][1]) for case in range(4000)]
    assert sum(drawn) / len(drawn) == pytest.approx(mean, abs=1)
    assert -10 <= min(drawn) <= max(drawn) <= 50


def test_a_lognormal_number_has_its_ends_as_quantiles() -> None:
    """A tenth of the draws is below the low end, and a tenth above the high one."""
    entry = {"what": "cost", "target": "A", "low": -20, "high": 60, "distribution": "lognormal"}
    variables = unsure(entry).variables(knapsack(10))
    drawn = [float(sampled(variables, 0, case).numbers[0][1]) for case in range(4000)]
    assert sum(x < -20 for x in drawn) / len(drawn) == pytest.approx(0.1, abs=0.02)
    assert sum(x > 60 for x in drawn) / len(drawn) == pytest.approx(0.1, abs=0.02)


def test_weights_add_up_and_values_are_percent_of_the_scored() -> None:
    """A weight of 0.6 beside 0.4 and 0.6 leaves 3/8 of 1; 50 percent more value is 1.5 times."""
    base = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "criteria": [{"id": "x", "weight": 0.4}, {"id": "y", "weight": 0.6}],
            "projects": [{"id": "A", "scores": {"x": 10, "y": 5}}],
        }
    )
    entries = (
        {"what": "weight", "criterion": "x", "low": 0.6, "high": 0.6, "distribution": "uniform"},
        {"what": "value", "target": "A", "low": 50, "high": 50, "distribution": "uniform"},
    )
    uncertainty = unsure(*entries)
    draw = sampled(uncertainty.variables(base), 0, 1)
    new = changed(base, changes_of(base, draw))
    assert float(new.criteria_weights["x"]) == pytest.approx(0.6 / (0.6 + 0.6))
    assert float(new.raw_value(new.projects[0])) == pytest.approx(1.5 * (0.5 * 1 + 0.5 * 0.5))


def test_extremes_are_at_the_better_and_the_worse_ends() -> None:
    """Value high and cost low is favourable; the other way round is adverse."""
    uncertainty = unsure(two("cost", "A", -10, 30), two("value", "A", -5, 5))
    variables = uncertainty.variables(knapsack(10))
    good, bad = (extreme(variables, favourable=way) for way in (True, False))
    assert {v.key: int(n) for v, n in good.numbers} == {"cost:A": -10, "value:A": 5}
    assert {v.key: int(n) for v, n in bad.numbers} == {"cost:A": 30, "value:A": -5}


def test_findings_come_all_at_once() -> None:
    """Unknown targets, ranges and forms of several statements are refused together."""
    wrong = unsure(
        two("cost", "Aa", 0, 1),
        two("cost", "A", 5, 1),
        two("success", "A", 0, 2),
        two("score", "A", 0, 1),
        {"what": "value", "low": 0, "high": 1},
        {"what": "cost", "target": "B", "low": 5, "high": 9},
        two("cost", "C", 0, 1),
        two("cost", "C", 0, 2),
        two("effort", "A/x", 0, 2),
        two("cost", "", -200, 2, where={"tag": "no"}),
    )
    with pytest.raises(InvalidInput) as caught:
        wrong.variables(knapsack(10))
    assert [(f.path, f.rule) for f in caught.value.findings] == [
        ("uncertain/0/target", "unknown-target"),
        ("uncertain/1/low", "uncertain-range"),
        ("uncertain/2/high", "uncertain-range"),
        ("uncertain/3/criterion", "uncertain-target"),
        ("uncertain/4/target", "uncertain-target"),
        ("uncertain/5/mode", "uncertain-range"),
        ("uncertain/7", "duplicate-target"),
        ("uncertain/8/target", "unknown-target"),
        ("uncertain/9/where", "unknown-target"),
    ]


def test_a_plan_where_nothing_varies_is_as_the_referee_said() -> None:
    """Re-timed and paid again, a plan of a generated portfolio has its own figures."""
    portfolio = generate(projects=8, periods=12, skills=3, seed=4)
    plan = optimize(portfolio, backend="milp", time_limit=20, gap=0.1, workers=1)
    assert plan.found
    outcome = Simulator(portfolio, plan, (), 0).planned()
    assert outcome.terms == pytest.approx([plan.kpis.terms[name] for name in TERMS])
    spent = {(f.fund, f.bucket): f.spent for f in plan.kpis.funds}
    assert {(f.fund, f.bucket): f.spent for f in outcome.funds} == pytest.approx(spent)
    ends = {p.project: p.finish or 0 for p in plan.projects if p.selected}
    assert outcome.finishes == tuple(ends[name] for name in sorted(ends))


def test_a_late_project_pushes_its_successor() -> None:
    """A of 4 periods lasts 6 in half of the cases: B ends at 8, not 6, and A is not in time."""
    base = chain()
    uncertainty = unsure(two("duration", "A", 0, 50))
    result = simulate(base, planned(base), uncertainty, cases=CASES, seed=1)
    late = sum(
        number > 0
        for case in range(1, CASES + 1)
        for _, number in sampled(uncertainty.variables(base), 1, case).numbers
    )
    last, a, b = result.finishes
    assert 0 < late < CASES
    assert last.counts == ((4 + 2, CASES - late), (6 + 2, late)) == b.counts
    assert a.in_time is not None
    assert a.in_time == chance(CASES - late, CASES)
    assert result.finish_by(base, date(2027, 6, 30)) == chance(CASES - late, CASES)
    assert result.finish_by(base, 8, "B").probability == 1
    with pytest.raises(KeyError):
        result.finish_by(base, 8, "C")


def test_money_is_exceeded_as_often_as_costs_are_high() -> None:
    """60 + 40 of 100: any rise of A's open line overspends the fund, a fall does not."""
    base = chain()
    uncertainty = unsure(two("cost", "A", -10, 10))
    result = simulate(base, planned(base), uncertainty, cases=CASES, seed=2)
    (fund,) = result.limits
    assert 0 < fund.exceeded.times < CASES
    assert fund.spent is not None
    assert (fund.spent.p10, fund.spent.p90) == (54 + 40, 66 + 40)
    mean = (fund.exceeded.times * 106 + (CASES - fund.exceeded.times) * 94) / CASES
    assert result.cost.mean == pytest.approx(mean)


def test_shortage_of_shared_people_is_seen_exactly() -> None:
    """Test needs 1 of the pool and the rest of ann, who delivers half: 1.1 is fine, 1.65 is not.

    With dev and test at once (A as long as B starts), ann's time decides between the two.
    """
    base = chain()
    plan = planned(base)
    more = simulate(base, plan, unsure(two("effort", "B", 50, 50)), cases=3)
    skills = {s.skill: s for s in more.skills}
    assert skills["test"].alone.probability == 1
    assert skills["dev"].any_period.probability == 0
    assert [t for t, part in enumerate(skills["test"].periods) if part] == [4, 5]
    fine = simulate(base, plan, unsure(two("effort", "B", 30, 30)), cases=3)
    assert all(s.any_period.probability == 0 for s in fine.skills)


def test_skills_that_share_a_person_are_short_together() -> None:
    """Ann cannot give 0.8 to dev and 0.4 / 0.5 to test at once, and could give each alone."""
    data = chain().to_data()
    data["links"] = []
    data["skills"] = [{"id": "dev"}, {"id": "test"}]
    base = Portfolio.parse(data)
    plan = planned(base)
    result = simulate(base, plan, unsure(two("effort", "B", 27.28, 27.28)), cases=2)
    skills = {s.skill: s for s in result.skills}
    assert skills["dev"].any_period.probability == skills["test"].any_period.probability == 1
    assert skills["dev"].alone.probability == skills["test"].alone.probability == 0


def test_the_same_seed_gives_the_same_figures_everywhere(threads: Executor) -> None:
    """Here, on threads and on processes, and from one worker to three."""
    base = chain()
    plan = planned(base)
    uncertainty = unsure(
        {"what": "duration", "where": {}, "low": -25, "high": 80},
        {"what": "cost", "where": {}, "low": -10, "high": 30, "distribution": "pert"},
        {"what": "effort", "where": {}, "low": -20, "high": 60, "group": "work"},
    )
    here = simulate(base, plan, uncertainty, cases=120, seed=5)
    assert simulate(base, plan, uncertainty, cases=120, seed=5, executor=threads) == here
    with ThreadPoolExecutor(1) as one:
        assert simulate(base, plan, uncertainty, cases=120, seed=5, executor=one) == here
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        assert simulate(base, plan, uncertainty, cases=120, seed=5, executor=pool) == here
    assert simulate(base, plan, uncertainty, cases=120, seed=6) != here


def test_a_stop_leaves_the_cases_played_so_far() -> None:
    """A stop at the first news ends the simulation early, and its figures say how early."""
    base = chain()
    stop = Event()
    result = simulate(
        base,
        planned(base),
        unsure(two("cost", "A", -10, 10)),
        cases=500,
        stop=stop,
        on_progress=lambda _: stop.set(),
    )
    assert 0 < result.cases < result.wanted == 500
    assert sum(n for _, n in result.finishes[0].counts) == result.cases


def studied(
    pool: Executor, base: Portfolio, uncertainty: Uncertainty, **options: Any
) -> Robustness:
    """Return a study by an exact engine."""
    settings: dict[str, Any] = {"time_limit": 20, "workers": 1, "backend": "milp"} | options
    return robustness(base, uncertainty, executor=pool, **settings)


def best_of(costs: dict[str, float], values: dict[str, float], budget: float) -> list[set[str]]:
    """Return every best choice of a knapsack, by looking at all."""
    names = sorted(costs)
    every = [
        {n for n, is_in in zip(names, inside, strict=True) if is_in}
        for inside in product((False, True), repeat=len(names))
    ]
    fitting = [c for c in every if math.fsum(costs[n] for n in c) <= budget + 1e-9]
    most = max(math.fsum(values[n] for n in c) for c in fitting)
    return [c for c in fitting if math.fsum(values[n] for n in c) >= most - 1e-9]


def test_the_core_index_is_that_of_brute_force(threads: Executor) -> None:
    """Each drawn case has the best choice that trying all finds; shares count them."""
    base = knapsack(10)
    entries = (two("cost", "B", 0, 20), two("value", "C", 0, 60), two("value", "A", -20, 30))
    uncertainty = unsure(*entries)
    result = studied(threads, base, uncertainty, cases=8, simulated=0)
    variables = uncertainty.variables(base)
    counted = dict.fromkeys("ABC", 0)
    for number, case in enumerate(result.cases[2:], 1):
        drawn = {v.key: float(n) for v, n in sampled(variables, 0, number).numbers}
        costs = {"A": 6.0, "B": 5 * (1 + drawn["cost:B"] / 100), "C": 5.0}
        a, c = (1 + drawn[f"value:{name}"] / 100 for name in "AC")
        (best,) = best_of(costs, {"A": 7 * a, "B": 5, "C": 4 * c}, 10)
        assert set(case.selected) == best, case.id
    for case in result.cases:
        for name in case.selected:
            counted[name] += 1
    assert {row.project: row.share for row in result.core} == {
        name: times / len(result.cases) for name, times in counted.items()
    }
    assert result.worst_gap == 0


def test_regret_is_what_better_projects_would_bring(threads: Executor) -> None:
    """B and C (5 + 4) is best; where C is worth nothing, A (7) would be best: 7 - 5 lost."""
    base = knapsack(10)
    result = studied(threads, base, unsure(two("value", "C", -100, 0)), cases=0, simulated=0)
    good, bad = result.cases
    assert result.selected == ("B", "C")
    assert (good.id, good.regret is not None and good.regret.value) == ("favourable", 0)
    assert (bad.id, bad.kept, bad.held, bad.objective) == ("adverse", 5, 5, 7)
    assert bad.regret is not None
    assert (bad.regret.value, bad.regret.low, bad.regret.high) == (7 - 5, 7 - 5, 7 - 5)
    assert bad.regret.proven


def test_a_plan_that_holds_no_more_is_proved_so(threads: Executor) -> None:
    """With A longer, B cannot start as planned; both projects can still be done, later."""
    base = chain()
    result = studied(threads, base, unsure(two("duration", "A", 0, 50)), cases=0, simulated=0)
    good, bad = result.cases
    assert (good.held_status, good.held) == (Status.OPTIMAL, 4 + 3)
    assert (bad.held_status, bad.held) == (Status.INFEASIBLE, None)
    assert (bad.kept_status, bad.kept) == (Status.OPTIMAL, 4 + 3)


def test_a_study_is_frames_and_json(threads: Executor) -> None:
    """JSON reads back as the same; frames have a row per project, case and chance."""
    base = chain()
    result = studied(threads, base, unsure(two("cost", "A", -10, 0)), cases=1, simulated=20)
    again = Robustness.model_validate_json(result.to_json())
    assert again.to_data() == result.to_data()
    assert list(result.to_frame()["core"]) == ["always", "always"]
    assert list(result.cases_frame()["case"]) == ["favourable", "adverse", "case-1"]
    assert result.simulation is not None
    frame = result.simulation.to_frame()
    assert list(frame["kind"]) == ["late"] * 3 + ["overload"] * 2 + ["fund"]


def test_a_plan_of_another_portfolio_is_refused(threads: Executor) -> None:
    """A plan is studied with its own portfolio only."""
    with pytest.raises(InvalidInput, match="another portfolio"):
        studied(threads, knapsack(11), unsure(two("cost", "A", 0, 1)), plan=planned(knapsack(10)))


def test_wilson_and_nearest_rank() -> None:
    """Wilson's interval of 8 in 10 is 0.49 to 0.943; P10, P50 and P90 of 1 to 10 are 1, 5, 9."""
    eight = chance(8, 10)
    assert (round(eight.low, 3), round(eight.high, 3)) == (0.490, 0.943)
    assert (chance(0, 5).low, chance(5, 5).high) == (0, 1)
    ten = spread([float(x) for x in range(10, 0, -1)])
    assert (ten.mean, ten.p10, ten.p50, ten.p90) == (5.5, 1, 5, 9)


def test_a_project_that_does_not_fit_in_a_case_is_out_of_it_and_no_more(threads: Executor) -> None:
    """A free project that is too long in the adverse case proves nothing about the others."""
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 6},
            "projects": [
                {"id": "A", "value": 4, "latest_finish": 4, "phases": [{"duration": 4}]},
                {"id": "B", "value": 9, "phases": [{"duration": 2}]},
            ],
        }
    )
    unsettled = unsure({"what": "duration", "target": "A", "low": -25, "high": 50})
    result = robustness(
        portfolio, unsettled, cases=0, simulated=0, backend="milp", executor=threads
    )
    adverse = next(case for case in result.cases if case.id == "adverse")
    assert (adverse.status, adverse.selected, adverse.objective) == (Status.OPTIMAL, ("B",), 9)
    assert adverse.kept_status is adverse.held_status is Status.INFEASIBLE
    assert {core.project: core.share for core in result.core} == {"A": 0.5, "B": 1}


@pytest.mark.parametrize(("worst", "best", "low", "high"), [(0, 10, 3, 9), (-5, 5, -2, 3)])
def test_lognormal_scores_keep_to_the_scale(worst: int, best: int, low: int, high: int) -> None:
    """Tails end where the criterion's scale does, wherever that lies."""
    portfolio = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "criteria": [{"id": "c", "weight": 1, "worst": worst, "best": best}],
            "projects": [{"id": "A", "scores": {"c": low}}],
        }
    )
    entry = {"what": "score", "target": "A", "criterion": "c", "low": low, "high": high}
    variables = unsure(entry | {"distribution": "lognormal"}).variables(portfolio)
    drawn = [sampled(variables, 0, case).numbers[0][1] for case in range(1, 1001)]
    assert worst <= min(drawn)
    assert max(drawn) == best
    assert 0.07 < sum(number < low for number in drawn) / 1000 < 0.13


class Mortal(ThreadPoolExecutor):
    """Processes of which the first ones die at their second chunk."""

    made = 0

    def __init__(self, number: int) -> None:
        super().__init__(number)
        Mortal.made += 1
        self.calls = 0
        self.mortal = Mortal.made == 1

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do as asked, but for the second call of the first one."""
        self.calls += 1
        if not self.mortal or self.calls != 2:
            return super().submit(fn, *args, **kwargs)
        future: Future[Any] = Future()
        future.set_exception(BrokenExecutor("killed"))
        return future


def test_cases_of_a_process_that_dies_are_played_again_and_count_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The figures are those of a run in which nothing dies."""
    Mortal.made = 0
    monkeypatch.setattr(pools, "own_processes", Mortal)
    portfolio = chain()
    plan, what = planned(portfolio), unsure(two("duration", "A", 0, 50))
    whole = simulate(portfolio, plan, what, cases=170, workers=1)
    again = simulate(portfolio, plan, what, cases=170, workers=2)
    assert Mortal.made == 2
    assert again == whole
