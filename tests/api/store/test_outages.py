"""A database that breaks off or is busy: nothing half done, and the next call works."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import event

from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.store import database as of_database
from pmo_optimizer.service.store import open_store
from pmo_optimizer.service.store.database import Database
from pmo_optimizer.service.store.errors import Unavailable
from pmo_optimizer.service.store.records import RunState
from tests.api.databases import fast_folder
from tests.api.store.conftest import World

on_postgres = pytest.mark.parametrize("address", ["postgresql"], indirect=True)
"""SQLite is in this process: it has no connections that break."""


def break_off(address: str) -> None:
    """End every other connection, as a server does that is started again."""
    with psycopg.connect(address) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@on_postgres
def test_the_next_call_after_a_restart_of_the_server_works(world: World) -> None:
    """Old connections are found out before they are used."""
    run = world.claimed()
    for _ in range(3):
        break_off(world.address)
        assert not world.store.heartbeat(run.id, 1)
        break_off(world.address)
        assert world.store.run("a", run.id).state is RunState.STARTING


@on_postgres
def test_a_transaction_that_is_broken_off_leaves_nothing(world: World) -> None:
    """It is unavailable, and the same call works afterwards."""
    run = world.claimed()
    before = world.store.events("a", run.id)
    with closing(Database(world.address)) as database:
        broken: list[str] = []

        def cut(connection: object, cursor: object, statement: str, *more: object) -> None:
            if statement.startswith("INSERT INTO run_events") and not broken:
                broken.append(statement)
                break_off(world.address)

        event.listen(database.engine, "before_cursor_execute", cut)
        store = type(world.store)(database)
        with pytest.raises(Unavailable):
            store.progress(run.id, 1, "log", {}, objective=5.0)
        assert broken
        assert store.events("a", run.id) == before
        assert store.run("a", run.id).objective is None
        assert store.progress(run.id, 1, "log", {}, objective=5.0) == before[-1].seq + 1


def test_a_file_that_another_process_keeps_locked_is_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reading goes on meanwhile, a good key stays good, and writing works afterwards."""
    monkeypatch.setattr(of_database, "BUSY_SECONDS", 0.05)
    with fast_folder() as folder:
        path = folder / "store.db"
        with closing(open_store(f"sqlite:///{path}")) as store:
            store.upgrade()
            made = store.create_portfolio("a", "n", "{}", "d", "x")
            _, key = store.create_key("a", "n", [Scope.READ])
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(Unavailable):
                    store.create_portfolio("a", "n", "{}", "d", "x")
                assert store.portfolio("a", made.id) == made
                assert store.authenticate(key) is not None
                other.execute("ROLLBACK")
            store.create_portfolio("a", "n", "{}", "d", "x")
            assert len(store.portfolios("a").items) == 2
