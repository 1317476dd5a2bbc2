"""The audit chain: complete, ordered, and broken by whoever changes it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from pmo_optimizer.service.store.chain import FIRST_HASH
from pmo_optimizer.service.store.database import Database
from pmo_optimizer.service.store.errors import BadCursor
from tests.api.store.conftest import World


def fill(world: World, count: int = 5) -> None:
    """Add links of two tenants in turn."""
    for n in range(count):
        for tenant in ("a", "b"):
            world.store.audit(tenant, "ann", "run.create", f"o{n}", f"r{n}", {"n": n, "ü": "ß"})


def tamper(world: World, *statements: str) -> None:
    """Change the table as one can who owns the database and takes its guards off."""
    database = Database(world.address)
    with database.write() as connection:
        if database.postgres:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            connection.execute(text("DROP TRIGGER audit_no_update"))
            connection.execute(text("DROP TRIGGER audit_no_delete"))
        for statement in statements:
            connection.execute(text(statement))
    database.close()


def test_each_tenant_has_a_chain_of_its_own(world: World) -> None:
    """Numbered from 1 without holes, each link with the hash before it."""
    fill(world)
    links = world.store.audit_log("a").items[::-1]
    assert [link.seq for link in links] == [1, 2, 3, 4, 5]
    assert [link.previous_hash for link in links] == [FIRST_HASH, *(x.hash for x in links[:-1])]
    assert [link.object for link in links] == [f"o{n}" for n in range(5)]
    assert links[3].detail == {"n": 3, "ü": "ß"}
    report = world.store.verify_audit("a")
    assert (report.entries, report.broken, report.head) == (5, None, links[-1].hash)


def test_an_empty_chain_holds(world: World) -> None:
    """There is nothing to break."""
    assert world.store.verify_audit("a").broken is None


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE tenant = 'a' AND seq = 3", 3),
        ("UPDATE audit SET action = 'x' WHERE tenant = 'a' AND seq = 1", 1),
        ("UPDATE audit SET object = 'x' WHERE tenant = 'a' AND seq = 5", 5),
        ("UPDATE audit SET request_id = 'x' WHERE tenant = 'a' AND seq = 2", 2),
        ("UPDATE audit SET detail = '{}' WHERE tenant = 'a' AND seq = 2", 2),
        ("UPDATE audit SET at = '2020-01-01 00:00:00.000000' WHERE tenant = 'a' AND seq = 4", 4),
        ("UPDATE audit SET hash = previous_hash WHERE tenant = 'a' AND seq = 4", 4),
        ("DELETE FROM audit WHERE tenant = 'a' AND seq = 2", 3),
        ("DELETE FROM audit WHERE tenant = 'a' AND seq = 1", 2),
        ("UPDATE audit SET tenant = 'c' WHERE tenant = 'a' AND seq = 3", 4),
    ],
)
def test_a_changed_link_is_found(world: World, change: str, broken: int) -> None:
    """Whatever part of it was changed, or that it is gone; the other tenant's chain holds."""
    fill(world)
    tamper(world, change)
    report = world.store.verify_audit("a")
    assert report.broken == broken
    assert world.store.verify_audit("b").broken is None


def test_a_cut_end_shows_in_the_head(world: World) -> None:
    """The chain itself still holds, so the head must be kept elsewhere."""
    fill(world)
    head = world.store.verify_audit("a").head
    tamper(world, "DELETE FROM audit WHERE tenant = 'a' AND seq = 5")
    report = world.store.verify_audit("a")
    assert (report.broken, report.entries) == (None, 4)
    assert report.head != head


def test_the_log_is_paged_newest_first(world: World) -> None:
    """Following the cursors gives every link once."""
    fill(world, 7)
    page = world.store.audit_log("a", limit=3)
    seen = [link.seq for link in page.items]
    while page.cursor is not None:
        page = world.store.audit_log("a", page.cursor, 3)
        seen += [link.seq for link in page.items]
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    for cursor in ("", "x", "-1", "9" * 30, "²"):
        with pytest.raises(BadCursor):
            world.store.audit_log("a", cursor)
