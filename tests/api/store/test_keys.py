"""API keys: shown once, stored hashed, ended by time or by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from pmo_optimizer.service.auth import LOCAL, Principal, Scope, parse_key
from pmo_optimizer.service.ids import Prefix, is_id, new_id
from pmo_optimizer.service.store.database import Database
from tests.api.store.conftest import World


def test_a_key_opens_its_tenant_with_its_scopes(world: World) -> None:
    """And no other key does."""
    record, key = world.store.create_key("a", "ci", [Scope.READ, Scope.SOLVE])
    principal = world.store.authenticate(key)
    assert principal == Principal("a", record.id, frozenset({Scope.READ, Scope.SOLVE}), "ci")
    assert principal.may(Scope.SOLVE)
    assert not principal.may(Scope.ADMIN)


def test_the_secret_is_stored_nowhere(world: World) -> None:
    """Only its hash is, and no record shows the secret."""
    record, key = world.store.create_key("a", "ci", [Scope.READ])
    parts = parse_key(key)
    assert parts is not None
    database = Database(world.address)
    with database.read() as connection:
        rows = str(connection.execute(text("SELECT * FROM api_keys")).all())
    database.close()
    assert parts.secret not in rows + repr(record) + repr(parts)
    assert parts.hash in rows
    assert key == f"pmo_{record.id}_{parts.secret}"
    assert len(parts.secret) == 43


def test_what_is_not_a_good_key_is_nobody(world: World) -> None:
    """Of the wrong form, unknown, or with another secret."""
    first, second = (world.store.create_key("a", "x", [Scope.READ])[1] for _ in range(2))
    mixed = first[:-43] + second[-43:]
    other = f"pmo_{new_id(Prefix.KEY)}_{first[-43:]}"
    swapped = first[:-1] + ("A" if first[-1] != "A" else "B")
    for wrong in ("", "pmo_", first[:-1], first + "x", mixed, other, swapped, f"{first}\n", "\x00"):
        assert world.store.authenticate(wrong) is None


def test_an_expired_key_is_nobody(world: World) -> None:
    """From the moment it expires."""
    ends = world.clock() + timedelta(seconds=60)
    record, key = world.store.create_key("a", "ci", [Scope.READ], ends)
    assert record.expires == ends
    assert world.store.authenticate(key) is not None
    world.clock.advance(60)
    assert world.store.authenticate(key) is None


def test_a_revoked_key_is_nobody(world: World) -> None:
    """At once; to revoke it again changes nothing."""
    record, key = world.store.create_key("a", "ci", [Scope.READ])
    revoked = world.store.revoke_key("a", record.id)
    assert revoked.revoked is not None
    assert world.store.authenticate(key) is None
    assert world.store.revoke_key("a", record.id) == revoked


def test_a_key_tells_when_it_was_used_last(world: World) -> None:
    """To the minute, so that not every request writes."""
    _, key = world.store.create_key("a", "ci", [Scope.READ])
    assert [found.last_used for found in world.store.keys("a")] == [None]
    world.store.authenticate(key)
    (first,) = world.store.keys("a")
    world.clock.advance(30)
    world.store.authenticate(key)
    assert world.store.keys("a") == [first]
    world.clock.advance(31)
    world.store.authenticate(key)
    (later,) = world.store.keys("a")
    assert first.last_used is not None
    assert later.last_used is not None
    assert later.last_used > first.last_used


def test_keys_are_listed_per_tenant_and_for_the_owner_of_the_machine(world: World) -> None:
    """Oldest first."""
    made = [world.store.create_key(tenant, tenant, [Scope.READ])[0] for tenant in ("a", "b", "a")]
    assert world.store.keys("a") == [made[0], made[2]]
    assert world.store.keys() == made


def test_a_key_without_scope_or_with_a_time_without_zone_is_refused(world: World) -> None:
    """Nothing is stored."""
    with pytest.raises(ValueError, match="scope"):
        world.store.create_key("a", "x", [])
    with pytest.raises(ValueError, match="zone"):
        world.store.create_key(
            "a", "x", [Scope.READ], datetime(2027, 1, 1, tzinfo=UTC).replace(tzinfo=None)
        )
    assert world.store.keys() == []


def test_without_keys_the_tenant_is_local_and_may_do_everything() -> None:
    """That is what the service uses on a machine of one's own."""
    assert LOCAL.tenant == "local"
    assert all(LOCAL.may(scope) for scope in Scope)


def test_ids_name_their_kind_and_are_not_guessable() -> None:
    """Prefix and 22 url-safe characters; no two are the same; other texts are no ids."""
    made = {new_id(prefix) for prefix in Prefix for _ in range(100)}
    assert len(made) == 100 * len(Prefix)
    assert all(is_id(id) and len(id.partition("_")[2]) == 22 for id in made)
    assert not any(is_id(text) for text in ("", "pf_", "xx_" + "a" * 22, "pf_" + "a" * 22 + "\n"))
    with pytest.raises(ValueError, match="nope"):
        new_id("nope")
