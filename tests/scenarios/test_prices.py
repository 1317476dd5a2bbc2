"""What one step more of every limit is worth: values, proofs, what is left out and why."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pmo_optimizer import InvalidInput, Plan, Portfolio, Status, Termination, optimize
from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.cli.prices import code_of_prices
from pmo_scenarios import Price, Prices, Scenario, prices, runs
from pmo_scenarios.studies.figures import Interval
from tests.scenarios.test_runs import knapsack


@pytest.fixture
def threads() -> Iterator[Executor]:
    """Return an executor of two threads, which saves the start of processes."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def priced(pool: Executor, base: Portfolio, **options: Any) -> Prices:
    """Return the prices by an exact engine."""
    settings: dict[str, Any] = {"time_limit": 20, "workers": 1, "backend": "milp"} | options
    return prices(base, executor=pool, **settings)


def portfolio(**parts: Any) -> Portfolio:
    """Return the knapsack of 10 with more parts, or with others."""
    return Portfolio.parse({**knapsack(10).to_data(), **parts})


def months(**parts: Any) -> Portfolio:
    """Return two projects of one month of a developer each, of whom there is one for a month."""
    work = {"id": "do", "duration": 1, "needs": [{"skill": "dev", "fte": 1}]}
    data: dict[str, Any] = {
        "calendar": {"start": "2027-01-01", "periods": 4},
        "skills": [{"id": "dev"}, {"id": "tester"}],
        "pools": [{"id": "crew", "skill": "dev", "profile": [1, 0, 0, 0]}],
        "projects": [
            {"id": "A", "value": 3, "phases": [work]},
            {"id": "B", "value": 2, "phases": [work]},
        ],
    }
    return Portfolio.parse(data | parts)


def test_ten_percent_of_a_budget_buy_a_better_pair(threads: Executor) -> None:
    """One more of the budget of 10 buys A and B (7 + 5) instead of B and C (5 + 4), proven."""
    result = priced(threads, knapsack(10), percent=10)
    gained = (7 + 5) - (5 + 4)
    (row,) = result.prices
    assert (row.path, row.kind.value, row.amount, row.unit) == (
        "funds/budget",
        "budget",
        Decimal(1),
        "EUR",
    )
    assert row.price == Interval(value=gained, low=gained, high=gained, proven=True)
    assert row.per_unit == Interval(value=gained, low=gained, high=gained, proven=True)
    assert (row.enters, row.leaves, row.moves) == (("A",), ("C",), ())
    assert row.text == ("10 % more (1 EUR) of budget is worth 3, proven, lets A in, drops C.")
    assert (result.objective, result.bound, result.status) == (5 + 4, 5 + 4, Status.OPTIMAL)


def test_changes_of_a_price_make_the_portfolio_that_was_solved(threads: Executor) -> None:
    """The changes of a row are those of a scenario with the same objective."""
    (row,) = priced(threads, knapsack(10), percent=10).prices
    changed = Scenario(id="more", changes=row.changes).apply(knapsack(10))
    assert changed.funds[0].amounts.total == 10 + 1
    assert row.objective == 7 + 5


def test_one_fte_over_a_range_lets_a_project_in(threads: Executor) -> None:
    """One developer more in February does B, worth 2; nobody needs the tester, without a solve."""
    result = priced(threads, months(), first=date(2027, 2, 1), last=1)
    row = result.of("skills/dev")
    assert row.words == "1 more FTE of dev from 2027-02 to 2027-02"
    assert row.price == Interval(value=2, low=2, high=2, proven=True)
    assert row.enters == ("B",)
    tester = result.of("skills/tester")
    assert (tester.status, tester.worthless, tester.price) == (
        None, True, Interval(value=0, low=0, high=0),
    )  # fmt: skip
    assert tester.argument in tester.text


def test_every_limit_is_priced_or_said_not_to_be(threads: Executor) -> None:
    """Rules, groups, links, forced projects and dates have a row; the rest has a reason."""
    work = {"id": "do", "duration": 1, "needs": [{"skill": "dev", "fte": 1}]}
    base = months(
        funds=[{"id": "capex", "amounts": {"years": {2027: 0}}}],
        hires=[{"id": "temp", "skill": "dev", "max_heads": 1, "lead_time": 3}],
        caps=[{"id": "all", "amounts": {"total": 0}}],
        projects=[
            {"id": "A", "value": 3, "phases": [work | {"pin": {"start": 0}}]},
            {"id": "B", "value": 2, "decision": "never", "latest_finish": 2, "phases": [work]},
            {"id": "C", "value": 1, "earliest_start": 1, "latest_start": 2, "phases": [work]},
            {"id": "D", "value": 1, "phases": [work, work | {"id": "then"}],
             "links": [{"from": "do", "to": "then"}]},
        ],
        links=[{"id": "ab", "from": "A", "to": "B"}, {"id": "ac", "from": "A", "to": "C"},
               {"id": "gc", "from": "one", "to": "C", "if_unselected": "ignore"}],
        choose=[{"id": "one", "projects": ["A", "D"], "max": 1}],
        excludes=[{"id": "not-both", "projects": ["A", "D"]}],
        rules=[
            {"type": "count", "id": "n", "min": 0, "max": 3},
            {"type": "starts", "id": "s", "max": 1},
            {"type": "utilization", "id": "u", "ceiling": 1},
            {"type": "share", "id": "v", "measure": "value", "where": {"tag": "x"},
             "sense": "at_least", "share": 0.005, "price": 0},
        ],
    )  # fmt: skip
    result = priced(threads, base, time_limit=10)
    assert {row.path for row in result.prices} == {
        "skills/dev", "skills/tester", "rules/n/max", "rules/s/max", "rules/v", "links/ab",
        "links/ac", "links/gc", "excludes/not-both", "projects/B/decision",
        "projects/B/latest_finish", "projects/C/earliest_start", "projects/C/latest_start",
    }  # fmt: skip
    assert {row.path for row in result.unpriced} == {
        "funds/capex/2027", "caps/all", "rules/n/min", "rules/u", "choose/one", "hires/temp",
        "projects/A/phases/do/pin", "projects/D/links/FS:do>then",
    }  # fmt: skip
    assert all(row.reason for row in result.unpriced)
    assert not result.missing
    assert result.of("rules/v").amount == Decimal("0.5")
    assert result.of("links/ab").argument == "B is never done."


def test_what_is_forced_costs_what_its_freedom_is_worth(threads: Executor) -> None:
    """A must of 6 leaves room for no other (7); without it B and C are 5 + 4."""
    rows = [dict(project) for project in knapsack(10).to_data()["projects"]]
    rows[0]["decision"] = "must"
    row = priced(threads, portfolio(projects=rows), only=["forced"]).prices[0]
    assert row.words == "not having to do A"
    assert row.price == Interval(value=2, low=2, high=2, proven=True)


def test_an_infeasible_portfolio_says_which_step_makes_a_plan(threads: Executor) -> None:
    """Two musts of 6 + 5 do not fit in 10: a tenth more does, and so does either one's freedom."""
    rows = [dict(project) for project in knapsack(10).to_data()["projects"]]
    rows[0]["decision"] = rows[1]["decision"] = "must"
    result = priced(threads, portfolio(projects=rows), percent=10)
    assert (result.status, result.objective) == (Status.INFEASIBLE, None)
    assert all(row.enables and row.price is None for row in result.prices)
    assert [row.objective for row in result.prices] == [7 + 5, 5 + 4, 7]
    assert "makes a plan possible, of 12" in result.of("funds/budget").text


NOTHING = {"status": Status.INFEASIBLE, "termination": Termination.PROVED}
LOST = {"status": Status.NO_PLAN_FOUND, "termination": Termination.TIME_LIMIT}
BROKEN = {"status": Status.FAILED, "termination": Termination.CRASH, "message": "it fell over"}


def faked(budget: int, **answer: Any) -> Callable[..., Plan]:
    """Return a way to solve that has another answer for one budget."""

    def solve(portfolio: Portfolio, **options: Any) -> Plan:
        if portfolio.funds[0].amounts.total == budget:
            return Plan(digest=portfolio.digest(), **answer)
        return optimize(portfolio, **options)

    return solve


@pytest.mark.parametrize(
    ("answer", "words"), [(NOTHING, "proved that there is no plan"), (BROKEN, "it fell over")]
)
def test_a_step_without_a_trustworthy_answer_is_a_failure_and_no_price(
    threads: Executor, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], words: str
) -> None:
    """The plan of a budget of 10 fits in 11: that there is none cannot be, and prices nothing."""
    monkeypatch.setattr(runs, "optimize", faked(11, **answer))
    result = priced(threads, knapsack(10), percent=10)
    (row,) = result.prices
    assert (row.status, row.price, row.per_unit, row.objective) == (Status.FAILED, None, None, None)
    assert (row.enables, row.worthless) == (False, False)
    assert words in row.message
    assert words in row.text
    assert (result.status, result.objective, result.message) == (Status.OPTIMAL, 5 + 4, "")
    assert code_of_prices(result, interrupted=False) is ExitCode.INTERNAL


def test_no_plan_after_a_relaxation_proves_that_there_is_none_before(
    threads: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Musts of 16 in a budget of 10: the base ran out of time, one more is proved to be too few."""
    monkeypatch.setattr(runs, "optimize", faked(10, **LOST))
    rows = [dict(p, decision="must") for p in knapsack(10).to_data()["projects"]]
    result = priced(threads, portfolio(projects=rows), percent=10, only=["budget"])
    assert (result.status, result.objective) == (Status.INFEASIBLE, None)
    assert "10 % more (1 EUR) of budget" in result.message
    (row,) = result.prices
    assert (row.status, row.price, row.enables) == (Status.INFEASIBLE, None, False)
    assert "no plan either" in row.text
    assert code_of_prices(result, interrupted=False) is ExitCode.INFEASIBLE


def test_a_step_that_tightens_may_leave_no_plan(threads: Executor) -> None:
    """All of the budget must be spent, and 11 cannot: that has no price, and is no failure."""
    rule = {"type": "share", "measure": "cost", "where": {}, "sense": "at_least", "share": 1}
    rows = [dict(p, costs=[{"lump": 5}]) for p in knapsack(10).to_data()["projects"]]
    base = portfolio(rules=[rule | {"of": "budget"}], projects=rows)
    row = priced(threads, base, percent=10).of("funds/budget")
    assert (row.status, row.price) == (Status.INFEASIBLE, None)
    assert row.text.endswith("leaves no plan at all, proven.")


def test_less_of_a_minimised_term_is_worth_something(threads: Executor) -> None:
    """A must that costs 8 is worth 8 to be rid of, where cost is minimised."""
    base = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "objective": {"terms": [{"term": "cost"}, {"term": "value"}]},
            "projects": [{"id": "A", "value": 1, "decision": "must", "costs": [{"lump": 8}]}],
        }
    )
    result = priced(threads, base)
    assert not result.maximised
    assert result.digest == base.digest()
    assert result.prices[0].price == Interval(value=8, low=8, high=8, proven=True)


def test_more_budget_can_hurt_where_a_part_of_it_must_be_spent(threads: Executor) -> None:
    """Half of the budget of 10 must go to C (5): with more it cannot, and the price is negative."""
    rule = {
        "type": "share", "id": "half", "measure": "cost", "where": {"tag": "c"},
        "sense": "at_least", "share": 0.5, "of": "budget", "price": 2,
    }  # fmt: skip
    rows = [dict(project) for project in knapsack(10).to_data()["projects"]]
    rows[2]["tags"] = ["c"]
    result = priced(threads, portfolio(projects=rows, rules=[rule]), percent=2, only=["budget"])
    price = result.prices[0].price
    assert price is not None
    assert [price.value, price.low, price.high] == pytest.approx([-0.2] * 3)
    assert price.proven


def test_prices_are_sorted_and_never_negative(threads: Executor) -> None:
    """Rows come with falling prices, each within its own limits."""
    base = portfolio(
        rules=[{"type": "count", "id": "n", "max": 1}, {"type": "count", "id": "m", "min": 1}]
    )
    found = priced(threads, base, percent=60).prices
    values = [row.price.value for row in found if row.price is not None]
    assert values == sorted(values, reverse=True)
    assert found[0].path == "rules/n/max"
    assert values[0] == (5 + 4) - 7
    assert [row.worthless for row in found] == [False, True, True]


def test_only_takes_kinds_and_paths_and_refuses_others(threads: Executor) -> None:
    """All wrong wishes come at once, with near names; a range outside the grid as well."""
    base = portfolio(rules=[{"type": "count", "id": "n", "max": 1}])
    assert [row.path for row in priced(threads, base, only=["rules/n"]).prices] == ["rules/n/max"]
    assert [row.path for row in priced(threads, base, only=["budget"]).prices] == ["funds/budget"]
    with pytest.raises(InvalidInput) as caught:
        priced(threads, base, only=["bugdet", "rules/x"], first=9)
    assert [f.path for f in caught.value.findings] == ["first", "only/bugdet", "only/rules/x"]
    assert "Did you mean budget?" in caught.value.findings[1].fix


@pytest.mark.parametrize(
    "options",
    [{"percent": 0}, {"fte": 0.001}, {"total_time": -1}, {"total_time": 5, "reproducible": True}],
)
def test_options_out_of_range_are_refused(threads: Executor, options: dict[str, Any]) -> None:
    """Before anything is solved."""
    with pytest.raises(ValueError, match=next(iter(options))):
        priced(threads, knapsack(10), **options)


def test_a_stop_leaves_what_is_there(threads: Executor) -> None:
    """Stopped after the first solve, everything else is missing; nothing is lost or invented."""
    stop, steps = threading.Event(), []

    def told(step: runs.Step) -> None:
        steps.append(step)
        stop.set()

    base = portfolio(rules=[{"type": "count", "id": "n", "max": 1}])
    result = priced(threads, base, on_progress=told, stop=stop)
    assert (steps[0].key, steps[0].done, steps[0].total) == ("base", 1, 3)
    assert {row.path for row in result.prices} | set(result.missing) == {
        "funds/budget", "rules/n/max",
    }  # fmt: skip
    assert result.missing


def test_a_total_time_is_shared_out(threads: Executor) -> None:
    """Solves go in parts, and count on; with hardly any time nothing but the base is solved."""
    steps: list[runs.Step] = []
    base = portfolio(rules=[{"type": "count", "id": "n", "max": 1}])
    result = priced(threads, base, total_time=60, on_progress=steps.append)
    assert [step.done for step in steps] == [1, 2, 3]
    assert not result.missing
    assert len(priced(threads, base, total_time=0.2).missing) == 2


def test_prices_are_a_frame_and_json(threads: Executor) -> None:
    """One row per price; JSON reads back as the same."""
    result = priced(threads, knapsack(10), percent=10)
    frame = result.to_frame().set_index("path")
    assert frame.loc["funds/budget", "price"] == 3
    assert frame.loc["funds/budget", "proven"]
    assert Prices.model_validate_json(result.to_json()).to_data() == result.to_data()
    with pytest.raises(KeyError):
        result.of("funds/budgt")
    assert priced(threads, knapsack(10), only=["cap"] * 0).to_frame().columns[0] == "path"


def test_reproducible_prices_repeat_themselves(threads: Executor) -> None:
    """The same input gives the same rows, but for the seconds."""

    def facts() -> list[dict[str, Any]]:
        found = priced(threads, knapsack(10), percent=10, reproducible=True, time_limit=5)
        return [Price.model_dump(row, exclude={"seconds"}) for row in found.prices]

    assert facts() == facts()
