"""A plan to begin with: it is not lost, and one that does not fit does no harm."""

from __future__ import annotations

from threading import Event

import pytest

from pmo_optimizer.model import Incumbent, Plan, Portfolio
from tests.contract.builders import (
    GONE,
    Data,
    changed,
    choice,
    fund,
    lump,
    mode,
    need,
    parsed,
    person,
    pool,
    portfolio,
    project,
    running_cost,
    skills,
)
from tests.contract.cases.hard import knapsack
from tests.contract.solving import TOLERANCE, best, close, run

MIXED = portfolio(
    4,
    project("A", 5, 2, needs=[need("dev", 0.6), need("test", 0.5)], lines=[running_cost(3)]),
    project("B", 4, 2, needs=[need("dev", 0.9)], lines=[lump(4, id="once")], due=2, late_price=0.5),
    {
        "id": "C",
        "value": 3,
        "phases": [
            {"id": "first", "modes": [mode("slow", 2), mode("fast", 1, lines=[lump(5)])]},
            {"id": "second", "duration": 1, "needs": [need("dev", 0.5)]},
        ],
        "links": [{"from": "first", "to": "second", "max_lag": 1}],
    },
    choice("D", 2, 9),
    people=[person("p", skills={"dev": 0.9, "test": 1}), person("q", 0.5)],
    pools=[pool("test", 0, 0, 1, 1)],
    hires=[{"id": "temp", "skill": "dev", "max_heads": 1, "term": 2, "cost_once": 2}],
    funds=[fund("a", 8, price=0.25), fund("b", amounts={"periods": [3, 3, 3, 3]}, carry_over=2)],
    synergies=[{"projects": ["A", "C"], "value": 1}],
    **skills("dev", "test"),
)
"""A little of everything: modes, links, fractions, hires, soft funds with carry-over."""

SUBJECTS = {"selection": knapsack(12), "everything": MIXED}


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_an_optimal_start_is_reproduced(engine: str, subject: Data) -> None:
    """A run that begins with an optimal plan ends with a plan of the same value."""
    first = best(subject, engine)
    plan = run(subject, engine, start=first)
    assert plan.status is first.status
    assert plan.objective == close(first.objective or 0)


def _first_value(subject: Data | Portfolio, engine: str, start: Plan | None) -> float:
    """Return the value of the first incumbent of a run."""
    stop = Event()
    values: list[float] = []

    def at_first(line: Incumbent) -> None:
        if line.value is not None:
            values.append(line.value)
            stop.set()

    run(subject, engine, start=start, on_progress=at_first, stop=stop)
    return values[0]


def test_the_search_begins_with_the_start(engine: str) -> None:
    """The first incumbent is at least as good as the plan that was given."""
    subject = parsed(knapsack(60))
    start = run(subject, engine, time_limit=1)
    assert start.objective is not None
    assert _first_value(subject, engine, start) >= start.objective - TOLERANCE


OTHERS = {
    "a project less": {"projects/B": GONE},
    "another limit": {"funds/a/amounts/total": 2, "funds/a/price": 9},
    "other phases": {"projects/A/phases/work/id": "build"},
    "other modes": {"projects/C/phases/first/modes/slow/id": "easy"},
    "another window": {"projects/A/earliest_start": 2},
    "a project that must not be": {"projects/A/decision": "never"},
    "a project that is done": {"projects/A/state": "done", "projects/A/phases": []},
    "no hires": {"hires": []},
    "a shorter grid": {"calendar/periods": 3, "pools": [], "funds/b/amounts/periods": [3, 3, 3]},
}
"""Portfolios a little unlike `MIXED`."""


@pytest.mark.parametrize("changes", OTHERS.values(), ids=OTHERS)
def test_a_start_of_another_portfolio_does_no_harm(engine: str, changes: dict[str, object]) -> None:
    """Unknown, missing and impossible parts of a start are passed over, both ways round."""
    here, there = MIXED, changed(MIXED, changes)
    plans = {"here": best(here, engine), "there": best(there, engine)}
    crossed = run(here, engine, start=plans["there"]), run(there, engine, start=plans["here"])
    found = [plan.objective for plan in crossed]
    assert found == [close(plan.objective or 0) for plan in plans.values()]


def test_a_start_without_decisions_is_no_start(engine: str) -> None:
    """A plan that has none, as of a run that found nothing, may be given."""
    nothing = run(knapsack(60), engine, time_limit=1e-9).model_copy(update={"projects": ()})
    assert run(MIXED, engine, start=nothing).objective == close(best(MIXED, engine).objective or 0)


def test_a_start_without_what_is_obligatory_now_is_no_plan(engine: str) -> None:
    """A project that has become mandatory is in every plan, however short the search."""
    subject = knapsack(30)
    start = run(subject, engine, time_limit=1)
    left_out = next(entry.project for entry in start.projects if not entry.selected)
    obliged = changed(subject, {f"projects/{left_out}/decision": "must"})
    plan = run(obliged, engine, start=start, time_limit=0.2)
    assert plan.objective is None or left_out in plan.selected


def test_a_reproducible_search_with_a_start_repeats_itself(engine: str) -> None:
    """The same start gives the same plan, which is never worse than it."""
    subject = parsed(knapsack(60))
    start = run(subject, engine, time_limit=1)
    first, second = (
        run(subject, engine, reproducible=True, time_limit=0.3, start=start) for _ in range(2)
    )
    assert first.projects == second.projects
    assert (first.objective or 0) >= (start.objective or 0) - TOLERANCE
