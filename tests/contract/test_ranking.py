"""The ranking baselines: sound plans without a bound, never better than the best."""

from __future__ import annotations

from threading import Event

import pytest

from pmo_optimizer import referee
from pmo_optimizer.backend import load_backend
from pmo_optimizer.model import Incumbent, Plan, Status
from pmo_optimizer.problem import NAMED_STAFFING, Feature
from tests.contract.builders import (
    Data,
    changed,
    choice,
    fund,
    need,
    parsed,
    person,
    portfolio,
    project,
    skills,
)
from tests.contract.cases import BINDING, SOFT
from tests.contract.cases.hard import knapsack
from tests.contract.cases.row import Binding, Soft
from tests.contract.solving import TOLERANCE, run


def ranked(subject: Data) -> Plan:
    """Return the plan of the ranking engine."""
    return run(subject, "ranking")


def check_baseline(subject: Data, plan: Plan, optimum: float) -> None:
    """Assert that a baseline is a sound plan, proves nothing, and does not beat the optimum."""
    assert plan.status in {Status.FEASIBLE, Status.NO_PLAN_FOUND}
    assert (plan.bound, plan.gap) == (None, None)
    if plan.objective is None:
        return
    checked = parsed(subject)
    assert referee.check(checked, plan).violations == ()
    sign = 1 if checked.objective.maximised else -1
    assert sign * plan.objective <= sign * optimum + TOLERANCE


def test_it_proves_nothing_and_takes_everything() -> None:
    """It is not exact, and declares what the exact engines declare."""
    backend = load_backend("ranking")
    assert not backend.exact
    assert backend.capabilities == frozenset(Feature) - NAMED_STAFFING


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in BINDING])
def test_it_keeps_every_hard_rule(row: Binding) -> None:
    """With each rule, and without it, the baseline is sound and no better than the best plan."""
    check_baseline(row.portfolio, ranked(row.portfolio), row.kept)
    check_baseline(row.without, ranked(row.without), row.dropped)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in SOFT])
def test_it_pays_every_price(row: Soft) -> None:
    """With each soft limit the baseline is sound and no better than the best plan."""
    check_baseline(row.softened, ranked(row.softened), row.soft)


def budgeted(*choices: tuple[str, float, float], **parts: object) -> Data:
    """Return choices (id, value, cost) and a fund of 10."""
    return portfolio(1, *(choice(*c) for c in choices), funds=[fund(total=10)], **parts)


RANKINGS = {
    "by value per cost": (budgeted(("A", 10, 8), ("B", 9, 5), ("C", 5, 5)), 9 + 5),
    "by value, passing over what does not fit": (
        budgeted(("A", 10, 8), ("B", 9, 5), ("C", 1, 2)),
        10 + 1,
    ),
    "short of the best, which is 14": (budgeted(("A", 10, 6), ("B", 7, 5), ("C", 7, 5)), 10),
    "with what it needs": (
        budgeted(
            ("A", 1, 5),
            ("B", 9, 5),
            ("C", 8, 6),
            requires=[{"project": "B", "needs": ["A"]}],
        ),
        9 + 1,
    ),
    "what must be comes first": (
        changed(budgeted(("A", 1, 8), ("B", 9, 5)), {"projects/A/decision": "must"}),
        1,
    ),
    "never what must not be": (
        changed(budgeted(("A", 9, 5), ("B", 1, 5)), {"projects/A/decision": "never"}),
        1,
    ),
    "soft limits are kept": (
        portfolio(
            1,
            choice("A", 5, 6),
            choice("B", 4, 6),
            funds=[fund(total=10, price=0.1)],
        ),
        5,
    ),
    "as early as people allow": (
        portfolio(
            2,
            project("A", 121, needs=[need("dev")]),
            project("B", 121, needs=[need("dev")]),
            people=[person("p")],
            calendar={"start": "2027-01-01", "periods": 2, "grain": "year"},
            value_rate=0.1,
            **skills("dev"),
        ),
        121 / 1.1 + 100,
    ),
    "nobody is hired": (
        portfolio(
            1,
            project("A", 5, needs=[need("dev")]),
            choice("B", 1),
            hires=[{"id": "temp", "skill": "dev", "max_heads": 1}],
            **skills("dev"),
        ),
        1,
    ),
}


@pytest.mark.parametrize(("subject", "value"), RANKINGS.values(), ids=RANKINGS)
def test_what_a_ranking_finds(subject: Data, value: float) -> None:
    """The best of the three rankings, by hand."""
    assert ranked(subject).objective == pytest.approx(value)


def test_it_tells_which_ranking_was_best() -> None:
    """The engine's word names the rule."""
    plan = ranked(RANKINGS["by value per cost"][0])
    assert plan.engine is not None
    assert plan.engine.word == "ratio"


def test_it_never_says_infeasible() -> None:
    """Where no ranking fits there is no plan, which proves nothing."""
    wanted: Data = {"decision": "must", "needs": [need("dev")], "latest_start": 0}
    subject = portfolio(
        1, project("A", **wanted), project("B", **wanted), people=[person("p")], **skills("dev")
    )
    plan = ranked(subject)
    assert (plan.status, plan.objective, plan.projects) == (Status.NO_PLAN_FOUND, None, ())


def test_it_repeats_itself() -> None:
    """Nothing is left to chance."""
    plans = [ranked(knapsack(60)).model_dump(include={"projects", "objective"}) for _ in range(2)]
    assert plans[0] == plans[1]


def test_it_reports_and_stops() -> None:
    """It tells of its plan, and a stop signal leaves a sound one or none."""
    lines: list[Incumbent] = []
    plan = run(knapsack(60), "ranking", on_progress=lines.append)
    assert plan.objective in [line.value for line in lines]
    stop = Event()
    stop.set()
    stopped = run(knapsack(60), "ranking", stop=stop)
    assert stopped.objective is None or stopped.objective <= (plan.objective or 0)
    assert stopped.bound is None
