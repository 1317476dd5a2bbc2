"""Databases for tests: a SQLite file, or a PostgreSQL database of their own that is dropped."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg import sql

from pmo_optimizer.service.store import open_store

SERVER = os.environ.get("PMO_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
"""Where tests may create databases."""

REQUIRED = "PMO_TEST_POSTGRES_REQUIRED"
"""Environment variable that makes a missing server a failure."""

MISSING = "NO POSTGRESQL ANSWERS"
"""How the reason begins for which tests are left out."""

NO_SERVER = "NO POSTGRESQL OF ITS OWN"
"""How the reason begins for which tests are left out that start and kill a server themselves."""

BY_HAND = () if os.environ.get(REQUIRED) else pytest.mark.drill
"""Marks what runs on a second store by hand, and where PostgreSQL is what is tested."""

KEPT = ExitStack()
"""What is kept for several tests; the session of tests closes it."""


@cache
def missing() -> str:
    """Return why no PostgreSQL answers, or nothing where one does."""
    try:
        psycopg.connect(SERVER, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        return f"{MISSING}: {error}".replace("\n", " ")
    return ""


def require_postgres() -> None:
    """Skip the test where no PostgreSQL answers; the end of the test run says so loudly."""
    reason = missing()
    if not reason:
        return
    if os.environ.get(REQUIRED):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@contextmanager
def fast_folder() -> Iterator[Path]:
    """Return a new folder, in memory where the system has such a place; delete it afterwards."""
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with TemporaryDirectory(dir=place, prefix="pmo-test-") as folder:
        yield Path(folder)


@contextmanager
def postgres_database(*, tables: bool = False) -> Iterator[str]:
    """Return the address of a new database, empty or with all tables; drop it afterwards."""
    require_postgres()
    source = _with_tables() if tables else "template1"
    name = f"pmo_test_{secrets.token_hex(8)}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        server.execute(made.format(sql.Identifier(name), sql.Identifier(source)))
        # No test cuts the power, and waiting for the disk takes most of their time.
        relaxed = sql.SQL("ALTER DATABASE {} SET synchronous_commit = off")
        server.execute(relaxed.format(sql.Identifier(name)))
        try:
            yield f"{SERVER.rpartition('/')[0]}/{name}"
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            server.execute(drop)


@cache
def _with_tables() -> str:
    """Return the name of a database that has the newest tables, to be copied.

    A copy takes a fraction of the time of all migrations.
    """
    address = KEPT.enter_context(postgres_database())
    with closing(open_store(address)) as store:
        store.upgrade()
    return address.rpartition("/")[2]
