"""Which plan a solve ends with: its answer, unless that was left off and is behind another."""

from __future__ import annotations

import json

import pytest

from pmo_optimizer import Plan, optimize
from pmo_optimizer.service.runs.choice import stored_values, terms_of, worse
from pmo_optimizer.service.runs.execute import execute
from pmo_optimizer.service.store.records import RunState
from tests.api.runs import entries
from tests.api.runs.helpers import thrifty
from tests.api.runs.world import QUICK, World


def values(plan: Plan) -> list[float]:
    """Return the values of the terms."""
    return [term.value for term in plan.terms]


def test_later_terms_are_heeded_as_by_optimize(world: World) -> None:
    """A plan on the way that is better in the first term alone is not what a solve ends with."""
    wanted = optimize(thrifty(), workers=1)
    run = world.queued(QUICK, portfolio=thrifty())
    claimed = world.store.claim("here", 10)
    assert claimed is not None
    execute(world.store, claimed, world.settings(), entry=entries.best_first_term)
    ended = world.now(run)
    events = world.store.events(run.tenant, run.id, limit=1000)
    first = next(event for event in events if event.type == "plan").data["objective"]
    assert wanted.objective is not None
    assert first > wanted.objective
    assert (ended.state, ended.status, ended.termination) == (
        RunState.SUCCEEDED,
        "optimal",
        "proved",
    )
    assert values(world.plan(run, thrifty())) == pytest.approx(values(wanted))
    assert [plan.final for plan in world.store.plans(run.tenant, run.id)] == [True]


@pytest.mark.parametrize(
    ("terms", "before", "is_worse"),
    [
        ([(100.0, True, 0.0)], [101.0], True),
        ([(100.0, True, 0.0)], [99.0], False),
        ([(100.0, False, 0.0)], [99.0], True),
        ([(100.0, True, 0.0)], [100.0 + 1e-8], False),
        ([(100.0, True, 10.0), (50.0, False, 0.0)], [105.0, 60.0], False),
        ([(100.0, True, 10.0), (50.0, False, 0.0)], [105.0, 40.0], True),
        ([(100.0, True, 10.0), (50.0, False, 0.0)], [120.0, 60.0], True),
        ([(100.0, True, 10.0), (50.0, False, 0.0)], [80.0, 40.0], False),
        ([], [1.0], False),
    ],
)
def test_terms_are_compared_in_order(
    terms: list[tuple[float, bool, float]], before: list[float], *, is_worse: bool
) -> None:
    """The first that differs by more than it may be worsened decides; noise does not."""
    assert worse(terms, before) is is_worse


def test_a_stored_plan_has_the_values_that_are_compared() -> None:
    """A plan is never worse than itself as it was stored."""
    plan = optimize(thrifty(), workers=1)
    terms = terms_of(thrifty(), plan)
    assert stored_values(json.dumps(plan.to_data())) == [value for value, *_ in terms]
    assert [tolerance > 0 for *_, tolerance in terms] == [True, False]
    assert not worse(terms, stored_values(plan.model_dump_json()))
