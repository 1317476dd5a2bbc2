"""Why a project is in or out: losses, what is displaced, limits, flips, decided projects."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import pytest

from pmo_optimizer import InvalidInput, Portfolio, Status
from pmo_scenarios import FlipStatus, Lever, Reason, Relation, Verdict, Why, why
from pmo_scenarios.runs import Step
from pmo_scenarios.studies.figures import Interval
from tests.scenarios.test_runs import knapsack


@pytest.fixture
def threads() -> Iterator[Executor]:
    """Return an executor of two threads, which saves the start of processes."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def asked(pool: Executor, portfolio: Portfolio, project: str, **options: Any) -> Why:
    """Return the answer about a project by an exact engine."""
    settings: dict[str, Any] = {"time_limit": 20, "workers": 1, "backend": "milp"} | options
    return why(portfolio, project, executor=pool, **settings)


def changed(portfolio: Portfolio, project: str, **fields: Any) -> Portfolio:
    """Return the portfolio with other fields of one project."""
    data = portfolio.to_data()
    for entry in data["projects"]:
        if entry["id"] == project:
            entry.update(fields)
    return Portfolio.parse(data)


def test_a_rejected_project_says_what_it_would_displace(threads: Executor) -> None:
    """With a budget of 10 A (7, cost 6) is out: in, it displaces B and C (9), a loss of 2."""
    answer = asked(threads, knapsack(10), "A")
    assert (answer.selected, answer.reason) == (False, Reason.BETTER)
    loss = (5 + 4) - 7
    assert answer.loss == Interval(value=loss, low=loss, high=loss, proven=True)
    assert (answer.enters, answer.leaves) == ((), ("B", "C"))
    assert answer.opposite is not None
    assert (answer.opposite.selected, answer.opposite.objective) == (True, 7)
    (budget,) = answer.limits
    assert (budget.kind, budget.id, budget.needed, budget.spare) == ("fund", "budget", 6, 10 - 10)
    assert budget.blocks


def saving(carry_over: str | float, **amounts: float) -> Portfolio:
    """Return A (value 7), which pays 5 in each of two years, and B (value 9), which pays 5.

    B pays in the first year where ``first`` is 5, else in the second; the fund has ``amounts``.
    """
    split = {"A": [5, 5], "B": [amounts.pop("first", 5), amounts.pop("second", 0)]}
    projects = [
        {
            "id": name,
            "value": {"A": 7, "B": 9}[name],
            "phases": [{"id": "work", "duration": 2, "costs": [{"category": "all", "profile": p}]}],
        }
        for name, p in split.items()
    ]
    fund = {"id": "pot", "amounts": {"periods": [*amounts.values()]}, "carry_over": carry_over}
    calendar = {"start": "2027-01-01", "periods": 2, "grain": "quarter"}
    return Portfolio.parse({"calendar": calendar, "projects": projects, "funds": [fund]})


def test_money_that_is_carried_over_can_be_spent_once(threads: Executor) -> None:
    """Of 10 carried B leaves 5, which A could pay in either period, and it needs 5 in both."""
    (pot,) = asked(threads, saving("all", now=10, later=0), "A", flips=False).limits
    assert (pot.kind, pot.id, pot.blocks, pot.times) == ("fund", "pot", True, 1)
    assert (pot.where, pot.needed, pot.spare) == ("2027-Q2", 5 + 5, 10 - 5)


def test_money_that_others_carried_over_is_needed_later(threads: Executor) -> None:
    """What A takes at once is what B pays with later: A lacks 5 + 5 where B leaves 0."""
    base = saving("all", now=5, later=5, first=0, second=10)
    (pot,) = asked(threads, base, "A", flips=False).limits
    assert (pot.blocks, pot.where, pot.needed, pot.spare) == (True, "2027-Q2", 5 + 5, 0)


def test_money_beyond_the_most_that_is_carried_over_is_free(threads: Executor) -> None:
    """Of 5 that A takes at once 4 would have lapsed: it lacks only 1 of the 6 later on."""
    base = saving(1, now=5, later=5, first=0, second=1)
    (pot,) = asked(threads, base, "A", flips=False).limits
    assert (pot.blocks, pot.where, pot.needed, pot.spare) == (True, "2027-Q2", 5 + 1, 5 + 1 - 1)


def test_the_flips_of_a_rejected_project_are_brackets(threads: Executor) -> None:
    """A enters at a value of 9 (9/7), and at a cost of 5 beside B (5/6), where 7 + 5 > 9."""
    value, cost = asked(threads, knapsack(10), "A").flips
    assert (value.lever, value.status, cost.lever, cost.status) == (
        Lever.VALUE, FlipStatus.FOUND, Lever.COST, FlipStatus.FOUND,
    )  # fmt: skip
    assert value.outside is not None
    assert value.inside is not None
    assert value.outside < 9 / 7 <= value.inside < value.outside + 0.02
    assert cost.outside is not None
    assert cost.inside is not None
    assert cost.inside <= 5 / 6 < cost.outside < cost.inside + 0.02
    assert value.only
    assert cost.only
    assert value.inside_amount == pytest.approx(7 * value.inside)
    verdicts = {t.factor: t.verdict for t in value.trials}
    assert (verdicts[value.inside], verdicts[value.outside]) == (Verdict.IN, Verdict.OUT)


def test_a_selected_project_leaves_at_a_lower_value_or_a_higher_cost(threads: Executor) -> None:
    """B (5) stays while it beats A alone: 4 + b >= 7 down to 3/5; any more cost takes it out."""
    answer = asked(threads, knapsack(10), "B")
    value, cost = answer.flips
    assert answer.selected
    assert value.inside is not None
    assert value.outside is not None
    assert value.outside < 3 / 5 <= value.inside
    assert cost.inside == 1
    assert cost.outside is not None
    assert cost.outside < 1 + 0.02


def test_ties_count_as_in(threads: Executor) -> None:
    """With A worth 9, as much as B and C, both decisions are proven equally good."""
    answer = asked(threads, changed(knapsack(10), "A", value=9), "A")
    assert answer.reason is Reason.EQUAL
    assert answer.flips[0].trials[0].verdict is Verdict.IN


def test_no_factor_may_be_enough(threads: Executor) -> None:
    """B costs 5 of 11 and is worth taking even for nothing; free it would always be in."""
    base = changed(knapsack(16), "B", value=5)
    value, cost = asked(threads, base, "B").flips
    assert (value.status, value.low, value.only) == (FlipStatus.NONE, 0, True)
    assert cost.status is FlipStatus.FOUND


def test_a_must_shows_what_dropping_it_would_gain(threads: Executor) -> None:
    """A as a must costs 2 against B and C: the loss of the opposite is negative."""
    answer = asked(threads, changed(knapsack(10), "A", decision="must"), "A")
    assert (answer.selected, answer.reason) == (True, Reason.MUST)
    assert answer.loss is not None
    assert (answer.loss.value, answer.loss.proven) == (7 - (5 + 4), True)
    assert answer.enters == ("B", "C")
    value = answer.flips[0]
    assert value.outside is not None
    assert value.inside is not None
    assert value.outside < 9 / 7 <= value.inside


def test_a_never_is_asked_as_if_it_were_free(threads: Executor) -> None:
    """B set to never is out although it would be worth it."""
    answer = asked(threads, changed(knapsack(10), "B", decision="never"), "B", flips=False)
    assert (answer.selected, answer.reason, answer.flips) == (False, Reason.NEVER, ())
    assert answer.loss is not None
    assert answer.loss.value == 7 - (5 + 4)


def test_a_running_project_may_be_stopped_for_the_question(threads: Executor) -> None:
    """R runs and cannot be stopped; the answer says what its place would be worth."""
    base = knapsack(10).to_data()
    base["projects"].append(
        {
            "id": "R",
            "value": 1,
            "state": "running",
            "phases": [{"duration": 1, "costs": [{"lump": 5}]}],
        }
    )
    answer = asked(threads, Portfolio.parse(base), "R", flips=False)
    assert (answer.selected, answer.reason) == (True, Reason.RUNNING)
    assert answer.loss is not None
    assert answer.loss.value == (1 + 5) - (5 + 4)


def test_what_cannot_be_is_said_with_the_proof(threads: Executor) -> None:
    """A excludes the must B: no plan has it, and the contradiction is told."""
    base = changed(knapsack(16), "B", decision="must").to_data()
    base["excludes"] = [{"id": "rivals", "projects": ["A", "B"]}]
    answer = asked(threads, Portfolio.parse(base), "A")
    assert (answer.selected, answer.reason, answer.loss) == (False, Reason.IMPOSSIBLE, None)
    assert answer.opposite is not None
    assert answer.opposite.status is Status.INFEASIBLE
    assert "rivals" in answer.opposite.message
    assert answer.relations == (Relation(kind="excludes", id="rivals", projects=("B",)),)
    assert answer.flips == ()


def test_a_limit_may_make_it_impossible_until_it_costs_less(threads: Executor) -> None:
    """A of 6 never fits a budget of 5, whatever its value; at 5/6 of its cost it does."""
    answer = asked(threads, knapsack(5), "A")
    value, cost = answer.flips
    assert answer.reason is Reason.IMPOSSIBLE
    assert value.status is FlipStatus.NONE
    assert "whatever it is worth" in value.reason
    assert cost.inside is not None
    assert cost.outside is not None
    assert cost.inside <= 5 / 6 < cost.outside
    assert [(x.id, x.needed, x.spare, x.blocks) for x in answer.limits] == [("budget", 6, 0, True)]


def test_a_minimised_objective_loses_what_costs_more(threads: Executor) -> None:
    """Of two ways to do the same, X of 8 loses 3 against Y of 5; at 5/8 of its cost it enters."""
    base = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 2},
            "objective": {"terms": [{"term": "cost"}]},
            "choose": [{"id": "ways", "projects": ["X", "Y"], "min": 1}],
            "projects": [
                {"id": "X", "value": 1, "costs": [{"lump": 8}]},
                {"id": "Y", "value": 1, "costs": [{"lump": 5}]},
            ],
        }
    )
    answer = asked(threads, base, "X")
    assert answer.loss is not None
    assert (answer.loss.value, answer.enters, answer.leaves) == (8 - 5, (), ("Y",))
    value, cost = answer.flips
    assert value.status is FlipStatus.SKIPPED
    assert cost.inside is not None
    assert cost.outside is not None
    assert cost.inside <= 5 / 8 < cost.outside
    assert answer.relations == (Relation(kind="choose", id="ways", projects=("Y",)),)


def test_people_and_rules_are_limits_too(threads: Executor) -> None:
    """One developer and at most one project: B takes both from A."""
    work = [{"duration": 1, "needs": [{"skill": "dev", "fte": 1}]}]
    base = Portfolio.parse(
        {
            "calendar": {"start": "2027-01-01", "periods": 1},
            "skills": [{"id": "dev"}],
            "people": [{"id": "ann", "skills": {"dev": 1}}],
            "rules": [{"type": "count", "id": "one", "max": 1}],
            "caps": [{"id": "cloud", "amounts": {"total": 7}}],
            "projects": [
                {"id": "A", "value": 5, "phases": work, "costs": [{"lump": 4}]},
                {"id": "B", "value": 4, "phases": work, "costs": [{"lump": 4}]},
            ],
        }
    )
    limits = asked(threads, base, "B", flips=False).limits
    assert [(x.kind, x.id, x.needed, x.spare, x.blocks) for x in limits] == [
        ("cap", "cloud", 4, 7 - 4, True),
        ("skill", "dev", 1, 0, True),
        ("count", "one", 1, 0, True),
    ]


def test_a_rule_may_hold_a_project(threads: Executor) -> None:
    """C is in because one project must be small, which only it is."""
    base = knapsack(11).to_data()
    base["projects"][2]["tags"] = ["small"]
    base["rules"] = [{"type": "count", "id": "small", "where": {"tag": "small"}, "min": 1}]
    answer = asked(threads, Portfolio.parse(base), "C", flips=False)
    assert (answer.selected, answer.reason) == (True, Reason.IMPOSSIBLE)
    assert [(x.kind, x.id, x.holds, x.spare) for x in answer.limits] == [
        ("count", "small", True, -1)
    ]


def test_unknown_and_done_projects_are_refused(threads: Executor) -> None:
    """A near name is suggested; about a done project nothing is to be decided."""
    with pytest.raises(InvalidInput, match="There is no project a"):
        asked(threads, knapsack(10), "a")
    done = changed(knapsack(10), "A", state="done")
    with pytest.raises(InvalidInput, match="A is done"):
        asked(threads, done, "A")
    with pytest.raises(ValueError, match="precision"):
        asked(threads, knapsack(10), "A", precision=0)


def test_stopped_early_the_answer_is_partial(threads: Executor) -> None:
    """A stop after the first solve leaves the base plan, and nothing that is not proven."""
    stop = threading.Event()

    def end(step: Step) -> None:
        assert step.done == 1
        stop.set()

    answer = asked(threads, knapsack(10), "A", stop=stop, on_progress=end)
    assert answer.stopped
    assert answer.base.objective == 5 + 4
    assert (answer.opposite, answer.loss, answer.reason) == (None, None, Reason.OPEN)


def test_an_answer_is_json_and_a_frame(threads: Executor) -> None:
    """JSON reads back as the same, but for the plans; the frame has a row per trial."""
    answer = asked(threads, knapsack(10), "A", precision=0.2)
    again = Why.model_validate_json(answer.to_json())
    assert again.to_data() == answer.to_data()
    frame = answer.to_frame()
    assert len(frame) == sum(len(flip.trials) for flip in answer.flips)
    assert set(frame["lever"]) == {"value", "cost"}
