"""A write and its link in the audit log are one: both are there, or neither is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import DBAPIError

from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.database import Database
from pmo_optimizer.service.store.records import Audited, DecisionState, Once, Reply
from pmo_optimizer.service.store.tables import metadata
from tests.api.store.conftest import World

BY = Audited("ann", "request-1", {"more": 1})


def once(route: str) -> Once[Any]:
    """Return what makes a route do its work once."""
    return Once(route, "key", "hash", lambda _: Reply(201, {}, "{}"))


Call = Callable[[Store, dict[str, str]], object]

WRITES: dict[str, tuple[str, str, Call]] = {
    "create_portfolio": (
        "portfolio.create",
        "",
        lambda s, _: s.create_portfolio(
            "a", "n", "{}", "d", "x", once=once("portfolio"), audited=BY
        ),
    ),
    "replace_portfolio": (
        "portfolio.replace",
        "portfolio",
        lambda s, i: s.replace_portfolio("a", i["portfolio"], "{}", "d", "x", audited=BY),
    ),
    "delete_portfolio": (
        "portfolio.delete",
        "empty",
        lambda s, i: s.delete_portfolio("a", i["empty"], audited=BY),
    ),
    "create_scenario": (
        "scenario.create",
        "",
        lambda s, i: s.create_scenario(
            "a", i["portfolio"], "n", "[]", once=once("scenario"), audited=BY
        ),
    ),
    "replace_scenario": (
        "scenario.replace",
        "scenario",
        lambda s, i: s.replace_scenario("a", i["scenario"], "[1]", audited=BY),
    ),
    "delete_scenario": (
        "scenario.delete",
        "scenario",
        lambda s, i: s.delete_scenario("a", i["scenario"], audited=BY),
    ),
    "create_run": (
        "run.create",
        "",
        lambda s, i: s.create_run(
            "a",
            "solve",
            i["portfolio"],
            1,
            parameters={},
            digest="d",
            queued_limit=9,
            once=once("run"),
            audited=BY,
        ),
    ),
    "request_stop": (
        "run.stop",
        "waiting",
        lambda s, i: s.request_stop("a", i["waiting"], audited=BY),
    ),
    "delete_run": (
        "run.delete",
        "waiting",
        lambda s, i: s.delete_run("a", i["waiting"], audited=BY),
    ),
    "create_decision": (
        "decision.create",
        "",
        lambda s, i: s.create_decision(
            "a", i["plan"], "t", actor="x", why="", versions={}, once=once("decision"), audited=BY
        ),
    ),
    "move_decision": (
        "decision.move",
        "decision",
        lambda s, i: s.move_decision(
            "a",
            i["decision"],
            DecisionState.PROPOSED,
            actor="x",
            why="",
            versions={},
            audited=BY,
        ),
    ),
    "create_key": (
        "key.create",
        "",
        lambda s, _: s.create_key("a", "n", [Scope.READ], audited=BY),
    ),
    "revoke_key": (
        "key.revoke",
        "key",
        lambda s, i: s.revoke_key("a", i["key"], audited=BY),
    ),
}
"""Every write of a tenant: the action of its link, what it is done to (or nothing), the call."""


@pytest.fixture
def ids(world: World) -> dict[str, str]:
    """Return the ids of one of everything."""
    run = world.ended("a")
    assert run.plan_id is not None
    store = world.store
    decision = store.create_decision("a", run.plan_id, "t", actor="x", why="", versions={})
    return {
        "portfolio": run.portfolio_id,
        "empty": store.create_portfolio("a", "two", "{}", "d", "x").id,
        "scenario": store.create_scenario("a", run.portfolio_id, "n", "[]").id,
        "waiting": world.queued("a").id,
        "plan": run.plan_id,
        "decision": decision.id,
        "key": store.create_key("a", "n", [Scope.READ])[0].id,
    }


@contextmanager
def broken_log(address: str) -> Iterator[None]:
    """Let the database refuse every new link for a while."""
    database = Database(address)
    make: tuple[str, ...]
    drop: tuple[str, ...]
    if database.postgres:
        make = (
            "CREATE FUNCTION refuse_link() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'no room for links'; END $$",
            "CREATE TRIGGER refuse BEFORE INSERT ON audit FOR EACH ROW "
            "EXECUTE FUNCTION refuse_link()",
        )
        drop = ("DROP TRIGGER refuse ON audit", "DROP FUNCTION refuse_link()")
    else:
        make = (
            "CREATE TRIGGER refuse BEFORE INSERT ON audit "
            "BEGIN SELECT RAISE(ABORT, 'no room for links'); END",
        )
        drop = ("DROP TRIGGER refuse",)
    try:
        with database.write() as connection:
            for statement in make:
                connection.execute(text(statement))
        yield
        with database.write() as connection:
            for statement in drop:
                connection.execute(text(statement))
    finally:
        database.close()


def rows(address: str) -> dict[str, list[str]]:
    """Return every row of every table, as text."""
    database = Database(address)
    with database.read() as connection:
        found = {
            name: sorted(str(tuple(row)) for row in connection.execute(select(table)))
            for name, table in metadata.tables.items()
        }
    database.close()
    return found


@pytest.mark.parametrize("method", WRITES)
def test_a_write_whose_link_cannot_be_stored_is_not_done(
    world: World, ids: dict[str, str], method: str
) -> None:
    """Nothing is left of it, not even the reply under its idempotency key; later it is done."""
    action, target, call = WRITES[method]
    before = rows(world.address)
    with broken_log(world.address):
        with pytest.raises(DBAPIError, match="no room for links"):
            call(world.store, ids)
        assert rows(world.address) == before
    call(world.store, ids)
    (link,) = world.store.audit_log("a").items
    assert (link.action, link.actor, link.request_id) == (action, "ann", "request-1")
    assert link.detail["more"] == 1
    assert link.object == ids.get(target, link.object)
    assert world.store.verify_audit("a").broken is None


def test_every_write_of_a_tenant_takes_who_does_it() -> None:
    """A new one must be added here."""
    taking = {
        name
        for name, method in inspect.getmembers(Store, inspect.isfunction)
        if not name.startswith("_") and "audited" in inspect.signature(method).parameters
    }
    assert taking == set(WRITES)


READS: tuple[Call, ...] = (
    lambda s, _: s.portfolios("a"),
    lambda s, i: s.portfolio("a", i["portfolio"]),
    lambda s, i: s.scenarios("a", i["portfolio"]),
    lambda s, i: s.scenario("a", i["scenario"]),
    lambda s, _: s.runs("a"),
    lambda s, i: s.run("a", i["waiting"]),
    lambda s, i: s.run_status("a", i["waiting"]),
    lambda s, i: s.events("a", i["waiting"]),
    lambda s, i: s.plans("a", i["waiting"]),
    lambda s, i: s.plan("a", i["plan"]),
    lambda s, _: s.decisions("a"),
    lambda s, i: s.decision("a", i["decision"]),
    lambda s, _: s.keys("a"),
    lambda s, _: s.audit_log("a"),
)
"""What a tenant may read."""


def test_every_statement_for_a_tenant_names_the_tenant(world: World, ids: dict[str, str]) -> None:
    """Though an id that was looked up before would do: one forgotten look-up then leaks nothing.

    What changes the state of a run is shared with the runners, who know no tenants.
    """
    told: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        told.append(" ".join(statement.split()))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for call in READS:
            call(world.store, ids)
        for method, (_, __, write) in WRITES.items():
            if method != "request_stop":
                write(world.store, ids)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(told) > 2 * len(WRITES)
    filtered = [text for text in told if " FROM " in text or text.startswith("UPDATE")]
    assert filtered
    for text_ in filtered:
        if not text_.startswith("UPDATE runs SET last_event"):
            assert "tenant = " in text_.partition(" WHERE ")[2], text_


def test_what_changes_nothing_adds_no_link(world: World, ids: dict[str, str]) -> None:
    """The same portfolio again, a stop of a run that has ended, the end of an ended key."""
    store = world.store
    store.request_stop("a", ids["waiting"])
    store.revoke_key("a", ids["key"])
    portfolio = store.portfolio("a", ids["portfolio"])
    store.request_stop("a", ids["waiting"], audited=BY)
    store.revoke_key("a", ids["key"], audited=BY)
    store.replace_portfolio(
        "a", portfolio.id, portfolio.document, portfolio.digest, "x", audited=BY
    )
    assert store.audit_log("a").items == ()
