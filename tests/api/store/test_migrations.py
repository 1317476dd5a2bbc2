"""The migrations make the tables that the code knows, and take them away again."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from pmo_optimizer.service.store import open_store
from pmo_optimizer.service.store.database import Database, parse_url
from pmo_optimizer.service.store.errors import NotCurrent, Unavailable
from pmo_optimizer.service.store.migrate import FOLDER, downgrade, upgrade
from pmo_optimizer.service.store.tables import metadata
from tests.api.databases import fast_folder, postgres_database

REVISIONS = [script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()][::-1]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Return a database with nothing in it."""
    if request.param == "sqlite":
        with fast_folder() as folder, closing(Database(f"sqlite:///{folder / 'new.db'}")) as made:
            yield made
    else:
        with postgres_database() as address, closing(Database(address)) as made:
            yield made


def ours(connection: Connection) -> set[str]:
    """Return the names of the tables, without those of the tools."""
    names = set(inspect(connection).get_table_names())
    return {name for name in names if not name.startswith(("procrastinate_", "alembic_"))}


def test_from_nothing_to_the_newest_and_back(database: Database) -> None:
    """Up and down again, twice: nothing is left that stands in the way."""
    for _ in range(2):
        upgrade(database)
        with database.read() as connection:
            assert ours(connection) == set(metadata.tables)
        downgrade(database)
        with database.read() as connection:
            assert ours(connection) == set()
            names = set(inspect(connection).get_table_names())
            assert not any(name.startswith("procrastinate_") for name in names)
            if database.postgres:
                left = connection.execute(
                    text(
                        "SELECT count(*) FROM pg_proc "
                        "WHERE pronamespace = current_schema()::regnamespace"
                    )
                )
                assert left.scalar_one() == 0


def test_each_revision_can_be_reached_alone(database: Database) -> None:
    """Step by step up, then step by step down."""
    for revision in REVISIONS:
        upgrade(database, revision)
    for revision in REVISIONS[-2::-1]:
        downgrade(database, revision)
    upgrade(database)


def test_decisions_and_their_history_outlive_the_change_of_their_table(
    database: Database,
) -> None:
    """A table that is made again keeps its rows, and what refers to them."""
    upgrade(database, "0004")
    now = "'2027-01-01 00:00:00'"
    rows = (
        f"portfolios (id, tenant, name, revision, created, updated) "
        f"VALUES ('pf', 'a', 'n', 1, {now}, {now})",
        f"revisions (tenant, portfolio_id, revision, digest, document, created, actor) "
        f"VALUES ('a', 'pf', 1, 'd', '{{}}', {now}, 'x')",
        f"runs (id, tenant, kind, state, portfolio_id, revision, parameters, digest, attempt, "
        f"stop_requested, created, last_event) VALUES ('run', 'a', 'solve', 'succeeded', 'pf', 1, "
        f"'{{}}', 'd', 1, false, {now}, 1)",
        f"plans (id, tenant, run_id, attempt, portfolio_id, revision, digest, document, status, "
        f"final, created) VALUES ('pl', 'a', 'run', 1, 'pf', 1, 'd', '{{}}', 'optimal', true, "
        f"{now})",
        f"decisions (id, tenant, plan_id, title, state, created, updated) "
        f"VALUES ('de', 'a', 'pl', 't', 'draft', {now}, {now})",
        f"decision_events (tenant, decision_id, seq, to_state, actor, at, why, overrides, pins) "
        f"VALUES ('a', 'de', 1, 'draft', 'x', {now}, '', '[]', '{{}}')",
    )
    with database.write() as connection:
        for row in rows:
            connection.execute(text(f"INSERT INTO {row}"))
    for step in (upgrade, lambda made: downgrade(made, "0004"), upgrade):
        step(database)
        with database.read() as connection:
            found = connection.execute(text("SELECT id, plan_id, title FROM decisions")).all()
            assert [tuple(row) for row in found] == [("de", "pl", "t")]
            events = connection.execute(text("SELECT decision_id FROM decision_events")).all()
            assert [tuple(row) for row in events] == [("de",)]
    orphan = rows[-1].replace("'de', 1", "'no', 2")
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(text(f"INSERT INTO {orphan}"))


def test_the_migrations_make_what_the_code_knows(database: Database) -> None:
    """A column, index or key that is in one place only is found here."""
    upgrade(database)
    with database.read() as connection:
        options = {
            "compare_type": True,
            "include_name": lambda name, type_, parents: not str(name).startswith("procrastinate"),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_every_table_has_a_tenant_in_every_row() -> None:
    """No row may be without one."""
    for table in metadata.tables.values():
        assert not table.c.tenant.nullable


def test_the_queue_of_the_workers_is_there_on_postgresql_only(database: Database) -> None:
    """It is procrastinate's own, complete with its functions."""
    upgrade(database)
    with database.read() as connection:
        assert inspect(connection).has_table("procrastinate_jobs") == database.postgres
        if database.postgres:
            found = connection.execute(
                text("SELECT count(*) FROM pg_proc WHERE proname = 'procrastinate_fetch_job_v2'")
            )
            assert found.scalar_one() == 1


def test_a_store_that_is_not_current_says_so(database: Database) -> None:
    """Empty, or at an older revision."""
    address = database.engine.url.render_as_string(hide_password=False)
    with closing(open_store(address)) as store:
        with pytest.raises(NotCurrent, match="revision none") as refused:
            store.require_current()
        assert refused.value.found is None
        upgrade(database, REVISIONS[0])
        with pytest.raises(NotCurrent) as refused:
            store.require_current()
        assert (refused.value.found, refused.value.wanted) == (REVISIONS[0], REVISIONS[-1])
        store.upgrade()
        store.require_current()
        store.upgrade()


def test_a_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """And so are the folder and the files beside it."""
    path = tmp_path / "folder" / "store.db"
    with closing(open_store(f"sqlite:///{path}")) as store:
        store.upgrade()
        for found in (path.parent, *path.parent.iterdir()):
            assert stat.S_IMODE(found.stat().st_mode) & 0o077 == 0


def test_sqlite_is_set_up_for_many_writers(tmp_path: Path) -> None:
    """A write-ahead log, foreign keys, and a wait where another process writes."""
    made = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with closing(made), made.read() as connection:
        wanted = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2}
        for name, value in wanted.items():
            assert connection.execute(text(f"PRAGMA {name}")).scalar_one() == value
        assert connection.execute(text("PRAGMA busy_timeout")).scalar_one() >= 10_000


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nonsense",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://u:secret@h/d",
        "http://u:secret@h",
    ],
)
def test_another_kind_of_database_is_refused(address: str) -> None:
    """The message never repeats the address, which may hold a password."""
    with pytest.raises(ValueError, match=r"database|SQLite") as refused:
        parse_url(address)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "address", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"]
)
def test_postgresql_is_reached_by_one_driver(address: str) -> None:
    """Whichever way it is written."""
    assert parse_url(address).drivername == "postgresql+psycopg"


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    """The error says so and not more: the caller may try again."""
    with closing(open_store("postgresql://u:secret@127.0.0.1:1/d")) as store:
        with pytest.raises(Unavailable) as refused:
            store.ping()
        assert "secret" not in str(refused.value)
