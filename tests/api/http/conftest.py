"""Stores and services of the tests of the HTTP faces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pmo_optimizer.service.store import Store
from tests.api.databases import BY_HAND
from tests.api.http.helpers import opened, portfolio, serving


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=BY_HAND)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Return a fresh store; of each kind by hand, and where PostgreSQL is what is tested.

    Stores answer alike, which they are tested for by themselves. Tests in which they may differ,
    as of runs and of events, ask for `each_store` instead.
    """
    with opened(request.param, tmp_path) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def each_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Return a fresh store, of each kind."""
    with opened(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def client(store: Store) -> Iterator[httpx.Client]:
    """Return what asks a service on this machine that needs no keys."""
    with serving(store) as made:
        yield made


@pytest.fixture
def portfolio_id(client: httpx.Client) -> str:
    """Return the id of a small portfolio in the service."""
    answer = client.post("/v1/portfolios", json=portfolio())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
