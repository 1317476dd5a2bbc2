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
    link,
    lump,
    mode,
    need,
    parsed,
    person,
    phases,
    portfolio,
    project,
    skills,
    terms,
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


SHARE_OF_IT: Data = {
    "type": "share",
    "measure": "value",
    "where": {"category": "it"},
    "sense": "at_least",
    "share": 0.3,
}
"""At least three tenths of the value in one category."""

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
    "as late as the starts of a period ask": (
        portfolio(
            2,
            project("A", 5),
            project("B", 4),
            rules=[{"type": "starts", "max": 1}],
        ),
        5 + 4,
    ),
    "in the mode that money allows": (
        portfolio(
            2,
            phases(
                "A",
                5,
                {
                    "id": "work",
                    "modes": [mode("fast", 1, [], [lump(9)]), mode("slow", 2, [], [lump(3)])],
                },
            ),
            choice("B", 4, 7),
            funds=[fund(total=10)],
        ),
        5 + 4,
    ),
    "up to the most of a kind": (
        portfolio(
            1,
            choice("A", 5, category="it"),
            choice("B", 4, category="it"),
            choice("C", 3),
            rules=[{"type": "count", "where": {"category": "it"}, "max": 1}],
        ),
        5 + 3,
    ),
    "later ones make room in an average": (
        portfolio(
            1,
            choice("A", 5, attributes={"risk": 4}),
            choice("B", 4, attributes={"risk": 2}),
            rules=[{"type": "average", "attribute": "risk", "limit": 3}],
        ),
        5 + 4,
    ),
    "a share that is missing for a time stops nobody": (
        portfolio(
            1,
            choice("A", 5),
            choice("B", 4, category="it"),
            choice("C", 3),
            rules=[SHARE_OF_IT],
        ),
        5 + 4 + 3,
    ),
    "what a share needs comes first where money ends": (
        changed(
            budgeted(("A", 9, 10), ("B", 4, 5), ("C", 4, 5), rules=[SHARE_OF_IT]),
            {"projects/B/category": "it"},
        ),
        4 + 4,
    ),
    "a least number comes first where money ends": (
        budgeted(("A", 9, 8), ("B", 1, 5), ("C", 2, 5), rules=[{"type": "count", "min": 2}]),
        2 + 1,
    ),
    "one of a group comes first where money ends": (
        budgeted(
            ("A", 9, 10),
            ("B", 1, 8),
            ("C", 1, 6),
            choose=[{"id": "variant", "projects": ["B", "C"], "min": 1}],
        ),
        1,
    ),
    "with the variant that can be paid": (
        budgeted(
            ("A", 9, 5),
            ("B", 3, 8),
            ("C", 1, 5),
            choose=[{"id": "variant", "projects": ["B", "C"]}],
            requires=[{"project": "A", "needs": ["variant"]}],
        ),
        9 + 1,
    ),
    "all or none": (
        budgeted(("A", 9, 8), ("B", 1, 8), ("C", 5, 5), all_or_none=[{"projects": ["A", "B"]}]),
        5,
    ),
    "sources of links before what needs them": (
        portfolio(
            2,
            project("A", 5),
            project("B", 1),
            links=[link("B", "A")],
            all_or_none=[{"projects": ["A", "B"]}],
        ),
        5 + 1,
    ),
    "who has few weeks before who has many": (
        portfolio(
            2,
            project("A", 1, needs=[need("dev")], decision="must"),
            project("B", 1, needs=[need("dev")], decision="must", latest_start=0),
            people=[person("p")],
            **skills("dev"),
        ),
        1 + 1,
    ),
    "people who can do both go where they must": (
        portfolio(
            1,
            project("A", 5, needs=[need("dev")]),
            project("B", 4, needs=[need("ops")]),
            people=[person("p", skills={"dev": 1, "ops": 1}), person("q")],
            **skills("dev", "ops"),
        ),
        5 + 4,
    ),
    "open lines are paid by who has money": (
        portfolio(
            1,
            choice("A", 5, 6),
            choice("B", 4, 6),
            choice("C", 3, 3),
            funds=[fund("x", 7), fund("y", 8)],
        ),
        5 + 4 + 3,
    ),
    "a saving makes room": (
        budgeted(
            ("A", 9, 6),
            ("B", 8, 4),
            ("C", 1, 2),
            synergies=[
                {"projects": ["A", "B"], "savings": [{"fund": "main", "period": 0, "amount": 2}]}
            ],
        ),
        9 + 8 + 1,
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


WORSE = {
    "a loss is not entered": (
        portfolio(
            1,
            choice("A", 5, benefit={"profile": [9]}, costs=[lump(4)]),
            choice("B", 9, benefit={"profile": [1]}, costs=[lump(4)]),
            **terms("npv"),
        ),
        9 - 4,
    ),
    "a loss is entered where another project needs it": (
        portfolio(
            1,
            choice("A", 5, benefit={"profile": [9]}, costs=[lump(4)]),
            choice("B", 9, benefit={"profile": [1]}, costs=[lump(4)]),
            requires=[{"project": "A", "needs": ["B"]}],
            **terms("npv"),
        ),
        9 - 4 + 1 - 4,
    ),
    "as little as a rule asks for": (
        portfolio(
            1,
            choice("A", 5, 7),
            choice("B", 4, 3),
            rules=[{"type": "count", "min": 1}],
            **terms("cost"),
        ),
        3,
    ),
}


@pytest.mark.parametrize(("subject", "value"), WORSE.values(), ids=WORSE)
def test_what_worsens_the_objective_enters_only_if_needed(subject: Data, value: float) -> None:
    """Projects that alone worsen the objective stay out, unless a rule or project needs them."""
    assert ranked(subject).objective == pytest.approx(value)


def test_a_stopped_run_keeps_what_it_has() -> None:
    """A run that is stopped at once returns what must be, and no more than it had looked at."""
    stop = Event()
    stop.set()
    subject = changed(knapsack(60), {"projects/P00/decision": "must"})
    plan = run(subject, "ranking", stop=stop)
    assert [entry.project for entry in plan.projects if entry.selected] == ["P00"]
