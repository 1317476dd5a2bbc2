"""A live service with embedded execution, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pmo_optimizer import Portfolio
from pmo_optimizer.client import Client
from tests.api.live import served, settings_in


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a live service."""
    folder = tmp_path_factory.mktemp("service")
    with served(settings_in(folder, heartbeat_seconds=1, progress_interval=0)) as url:
        yield url


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    """Return a client of the live service."""
    with Client(address) as client:
        yield client


@pytest.fixture(scope="session")
def tiny() -> Portfolio:
    """Return a portfolio of two projects of which the budget pays one: the better is worth 5."""
    return Portfolio.parse(
        {
            "name": "tiny",
            "calendar": {"start": "2027-01-01", "periods": 6},
            "funds": [{"id": "money", "amounts": {"total": 10}}],
            "projects": [
                {"id": "P1", "value": 5, "phases": [{"duration": 2, "costs": [{"lump": 8}]}]},
                {"id": "P2", "value": 3, "phases": [{"duration": 1, "costs": [{"lump": 7}]}]},
            ],
        }
    )


@pytest.fixture(scope="session")
def endless() -> Portfolio:
    """Return a portfolio whose best plan no engine proves within seconds, but finds at once."""
    from pmo_scenarios import generate

    return generate(projects=120, periods=36, skills=8, seed=3)
