"""Sessions of browsers: begun with a key, ended with it or after a working day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.sessions import SESSION_LIFE
from tests.api.store.conftest import World


def key(world: World, tenant: str = "a", **changes: object) -> str:
    """Return a new key."""
    return world.store.create_key(tenant, "k", [Scope.READ, Scope.SOLVE], **changes)[1]  # type: ignore[arg-type]


def opened(world: World, text: str) -> str:
    """Return the token of a new session."""
    token = world.store.open_session(text)
    assert token is not None
    return token


def test_a_session_is_of_its_key(world: World) -> None:
    """It has the tenant, the id, the name and the scopes of the key."""
    text = key(world)
    assert world.store.session(opened(world, text)) == world.store.authenticate(text)


def test_it_lasts_a_working_day(world: World) -> None:
    """And no longer."""
    token = opened(world, key(world))
    world.clock.advance(SESSION_LIFE.total_seconds() - 1)
    assert world.store.session(token) is not None
    world.clock.advance(1)
    assert world.store.session(token) is None


def test_it_ends_with_its_key(world: World) -> None:
    """Revoked or expired."""
    token = opened(world, key(world))
    world.store.revoke_key("a", world.store.keys("a")[0].id)
    assert world.store.session(token) is None
    end = world.clock() + timedelta(minutes=5)
    token = opened(world, key(world, "b", expires=end))
    world.clock.advance(301)
    assert world.store.session(token) is None


@pytest.mark.parametrize("text", ["", "pmo_", "x" * 10_000, "\x00", "\ud800", "ä" * 43])
def test_what_opens_nothing(world: World, text: str) -> None:
    """Neither as a key nor as a token."""
    assert world.store.open_session(text) is None
    assert world.store.session(text) is None
    world.store.close_session(text)


def test_a_key_of_somebody_else_is_no_way_in(world: World) -> None:
    """The hash that is stored is no token, and a session that was closed is none."""
    token = opened(world, key(world))
    with world.store._database.read() as connection:
        stored = connection.execute(select(tables.sessions.c.hash)).scalar_one()
    assert stored != token
    assert world.store.session(stored[:43]) is None
    world.store.close_session(token)
    assert world.store.session(token) is None


def test_old_sessions_are_swept(world: World) -> None:
    """When somebody signs in, those that have ended are gone from the table."""
    text = key(world)
    for _ in range(3):
        opened(world, text)
    world.clock.advance(SESSION_LIFE.total_seconds() + 1)
    opened(world, text)
    with world.store._database.read() as connection:
        assert len(connection.execute(select(tables.sessions)).all()) == 1
