"""Stores with one tiny portfolio, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pmo_optimizer.service.store import open_store
from tests.api.databases import postgres_database
from tests.api.runs.world import World


@contextmanager
def address_of(kind: str, folder: Path) -> Iterator[str]:
    """Return the address of a database of a kind, whose tables may be there; it goes at the end."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'runs.db'}"
    else:
        with postgres_database(tables=True) as address:
            yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Return a store with tables, on each of the two."""
    with address_of(request.param, tmp_path) as address, closing(open_store(address)) as store:
        store.upgrade()
        yield World(store, address)


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[World]:
    """Return a store with tables on PostgreSQL."""
    with address_of("postgresql", tmp_path) as address, closing(open_store(address)) as store:
        store.upgrade()
        yield World(store, address)
