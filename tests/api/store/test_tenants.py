"""No tenant sees, changes or deletes what another has: to it, there is nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.errors import NotFound
from pmo_optimizer.service.store.records import DecisionState, RunState
from tests.api.store.conftest import World

Call = Callable[[Store, dict[str, str]], object]

BY_ID: dict[str, Call] = {
    "portfolio": lambda s, i: s.portfolio("b", i["portfolio"]),
    "replace_portfolio": lambda s, i: s.replace_portfolio("b", i["portfolio"], "{}", "d", "x"),
    "delete_portfolio": lambda s, i: s.delete_portfolio("b", i["portfolio"]),
    "create_scenario": lambda s, i: s.create_scenario("b", i["portfolio"], "n", "[]"),
    "scenarios": lambda s, i: s.scenarios("b", i["portfolio"]),
    "scenario": lambda s, i: s.scenario("b", i["scenario"]),
    "replace_scenario": lambda s, i: s.replace_scenario("b", i["scenario"], "[]"),
    "delete_scenario": lambda s, i: s.delete_scenario("b", i["scenario"]),
    "create_run": lambda s, i: s.create_run(
        "b", "solve", i["portfolio"], 1, parameters={}, digest="d", queued_limit=9
    ),
    "run": lambda s, i: s.run("b", i["run"]),
    "run_status": lambda s, i: s.run_status("b", i["run"]),
    "events": lambda s, i: s.events("b", i["run"]),
    "request_stop": lambda s, i: s.request_stop("b", i["run"]),
    "delete_run": lambda s, i: s.delete_run("b", i["run"]),
    "plans": lambda s, i: s.plans("b", i["run"]),
    "plan": lambda s, i: s.plan("b", i["plan"]),
    "create_decision": lambda s, i: s.create_decision(
        "b", i["plan"], "t", actor="x", why="", versions={}
    ),
    "decision": lambda s, i: s.decision("b", i["decision"]),
    "move_decision": lambda s, i: s.move_decision(
        "b", i["decision"], DecisionState.PROPOSED, actor="x", why="", versions={}
    ),
    "revoke_key": lambda s, i: s.revoke_key("b", i["key"]),
    "upload": lambda s, i: s.upload("b", "x", i["upload"]),
}
"""Methods that take an id."""

LISTS: dict[str, Callable[[Store], object]] = {
    "portfolios": lambda s: s.portfolios("b").items,
    "runs": lambda s: s.runs("b").items,
    "decisions": lambda s: s.decisions("b").items,
    "keys": lambda s: tuple(s.keys("b")),
    "audit_log": lambda s: s.audit_log("b").items,
    "figures": lambda s: tuple(s.figures("b", [1.0]).counts),
}
"""Methods that list or count what a tenant has."""

BY_NAME = {
    "create_portfolio",
    "create_key",
    "audit",
    "verify_audit",
    "replay",
    "remember",
    "keep_upload",
}
"""Methods that take a tenant and no id; what they do is held by other tests."""


@pytest.fixture
def ids(world: World) -> dict[str, str]:
    """Return the ids of one of everything, all of tenant a."""
    run = world.ended("a")
    assert run.plan_id is not None
    made = world.store
    scenario = made.create_scenario("a", run.portfolio_id, "n", "[]")
    decision = made.create_decision("a", run.plan_id, "t", actor="x", why="", versions={})
    made.audit("a", "x", "run.create", run.id, "r", {})
    return {
        "portfolio": run.portfolio_id,
        "scenario": scenario.id,
        "run": run.id,
        "plan": run.plan_id,
        "decision": decision.id,
        "key": made.create_key("a", "n", [Scope.READ])[0].id,
        "upload": made.keep_upload("a", "x", "f"),
    }


def everything(store: Store, ids: dict[str, str]) -> list[Any]:
    """Return all that tenant a has."""
    return [
        store.portfolio("a", ids["portfolio"]),
        store.scenarios("a", ids["portfolio"]),
        store.run("a", ids["run"]),
        store.events("a", ids["run"]),
        store.plan("a", ids["plan"]),
        store.decision("a", ids["decision"]),
        store.keys("a"),
        store.audit_log("a"),
        store.runs("a"),
        store.decisions("a"),
    ]


@pytest.mark.parametrize("method", BY_ID)
def test_the_id_of_another_tenant_is_not_found(
    world: World, ids: dict[str, str], method: str
) -> None:
    """By no method that takes an id, and nothing changes by the try."""
    before = everything(world.store, ids)
    with pytest.raises(NotFound):
        BY_ID[method](world.store, ids)
    assert everything(world.store, ids) == before


def test_lists_are_empty_for_another_tenant(world: World, ids: dict[str, str]) -> None:
    """Though the first tenant has one of everything."""
    assert {name: call(world.store) for name, call in LISTS.items()} == dict.fromkeys(LISTS, ())


def test_a_run_of_ones_own_cannot_use_what_another_has(world: World, ids: dict[str, str]) -> None:
    """Neither its scenario nor its plan, whatever portfolio is named."""
    for foreign in ({"scenario_id": ids["scenario"]}, {"start_plan_id": ids["plan"]}):
        with pytest.raises(NotFound):
            world.queued("b", **foreign)
    assert world.store.runs("b", portfolio_id=ids["portfolio"]).items == ()
    assert world.store.decisions("b", plan_id=ids["plan"]).items == ()


def test_every_method_that_takes_a_tenant_is_held_by_these_tests() -> None:
    """A new one must be added here."""
    methods = inspect.getmembers(Store, inspect.isfunction)
    with_tenant = {
        name
        for name, method in methods
        if not name.startswith("_") and "tenant" in inspect.signature(method).parameters
    }
    assert with_tenant == set(BY_ID) | set(LISTS) | BY_NAME
    for name in with_tenant:
        assert list(inspect.signature(getattr(Store, name)).parameters)[1] == "tenant"


def test_states_are_those_that_the_api_names() -> None:
    """And three of them are terminal."""
    assert [state.value for state in RunState if state.terminal] == [
        "succeeded",
        "failed",
        "cancelled",
    ]
