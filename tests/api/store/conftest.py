"""One store per test, on SQLite and on PostgreSQL, with a clock that the test moves."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pmo_optimizer.service.store import Store, open_store
from pmo_optimizer.service.store.records import (
    PlanFacts,
    PortfolioRecord,
    RunRecord,
    RunState,
)
from pmo_optimizer.service.store.tables import metadata
from tests.api.databases import fast_folder, postgres_database, require_postgres

FACTS = PlanFacts(status="feasible", digest="digest-1", objective=10.0, bound=12.0, gap=1 / 6)


class Clock:
    """A clock that the test moves; each look at it is a millisecond later."""

    def __init__(self) -> None:
        self._now = datetime(2027, 1, 1, tzinfo=UTC)
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return the time."""
        with self._lock:
            self._now += timedelta(milliseconds=1)
            return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._now += timedelta(seconds=seconds)


@dataclass
class World:
    """A store, its clock, and short ways to what most tests need."""

    store: Store
    clock: Clock
    address: str
    portfolios: dict[str, PortfolioRecord] = field(default_factory=dict)

    def portfolio(self, tenant: str = "a") -> PortfolioRecord:
        """Return the tenant's portfolio, made where it has none."""
        if tenant not in self.portfolios:
            made = self.store.create_portfolio(tenant, "one", '{"a": 1}', "digest-1", "ann")
            self.portfolios[tenant] = made
        return self.portfolios[tenant]

    def queued(self, tenant: str = "a", **changes: Any) -> RunRecord:
        """Return a new run in the queue."""
        wanted: dict[str, Any] = {
            "kind": "solve",
            "parameters": {"time_limit": 5},
            "digest": "digest-1",
            "queued_limit": 1000,
        }
        portfolio = self.portfolio(tenant)
        return self.store.create_run(
            tenant, portfolio_id=portfolio.id, revision=1, **(wanted | changes)
        )

    def claimed(self, tenant: str = "a") -> RunRecord:
        """Return a run that its first attempt holds; nothing else may be in the queue."""
        made = self.queued(tenant)
        run = self.store.claim("worker", 1000)
        assert run is not None
        assert run.id == made.id
        return run

    def ended(self, tenant: str = "a") -> RunRecord:
        """Return a run that succeeded with one plan."""
        run = self.claimed(tenant)
        plan = self.store.keep_plan(run.id, run.attempt, '{"plan": 1}', FACTS, final=True)
        return self.store.finish(
            run.id,
            run.attempt,
            RunState.SUCCEEDED,
            status="feasible",
            termination="gap",
            plan_id=plan,
        )


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with the tables, to be copied."""
    path = tmp_path_factory.mktemp("store") / "template.db"
    with closing(open_store(f"sqlite:///{path}")) as store:
        store.upgrade()
    return path


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """Return the address of a PostgreSQL database with the tables."""
    with postgres_database() as address:
        with closing(open_store(address)) as store:
            store.upgrade()
        yield address


def _empty(address: str) -> None:
    """Delete every row; a new database for each test would take far longer."""
    with psycopg.connect(address) as connection:
        # The guards of append-only tables do not fire for a replica, nor do foreign keys.
        connection.execute("SET session_replication_role = replica")
        for table in metadata.tables:
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the address of an empty database with the tables, on each of the two."""
    if request.param == "sqlite":
        with fast_folder() as folder:
            path = folder / "store.db"
            shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
            yield f"sqlite:///{path}"
    else:
        require_postgres()
        address = request.getfixturevalue("postgres_address")
        yield address
        _empty(address)


@pytest.fixture
def world(address: str) -> Iterator[World]:
    """Return an empty store."""
    clock = Clock()
    with closing(open_store(address, clock=clock)) as store:
        yield World(store, clock, address)


@pytest.fixture
def store(world: World) -> Store:
    """Return the empty store itself."""
    return world.store
