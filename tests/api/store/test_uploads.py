"""Portfolio files that wait: for a short time, few of them, seen by who sent them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.errors import BadText, NotFound
from pmo_optimizer.service.store.uploads import MOST_UPLOADS, UPLOAD_LIFE
from tests.api.store.conftest import World

FINDING = {"severity": "error", "rule": "r", "path": "Projects!A2", "message": "m", "fix": "f"}


def kept(world: World) -> int:
    """Return how many there are, of all tenants."""
    with world.store._database.read() as connection:
        return len(connection.execute(select(tables.uploads.c.id)).all())


def test_what_is_kept_comes_back(world: World) -> None:
    """Findings, document and file are as they were given."""
    id = world.store.keep_upload(
        "a",
        "x",
        "f.xlsx",
        portfolio_id="pf_1",
        findings=[FINDING],
        document="{}",
        digest="d",
        source=b"\x00\xff",
    )
    found = world.store.upload("a", "x", id)
    assert (found.file, found.portfolio_id, found.findings) == ("f.xlsx", "pf_1", [FINDING])
    assert (found.document, found.digest, found.source) == ("{}", "d", b"\x00\xff")
    assert found.expires - found.created == UPLOAD_LIFE


def test_only_the_sender_has_it(world: World) -> None:
    """Neither another actor of the tenant, nor an actor of that name elsewhere."""
    id = world.store.keep_upload("a", "x", "f")
    for tenant, actor in (("a", "y"), ("b", "x")):
        with pytest.raises(NotFound):
            world.store.upload(tenant, actor, id)


def test_it_ends(world: World) -> None:
    """After its time nobody has it, and the next one sweeps it away, whoever sends that."""
    id = world.store.keep_upload("a", "x", "f")
    world.clock.advance(UPLOAD_LIFE.total_seconds() - 1)
    assert world.store.upload("a", "x", id)
    world.clock.advance(1)
    with pytest.raises(NotFound):
        world.store.upload("a", "x", id)
    world.store.keep_upload("b", "x", "f")
    assert kept(world) == 1


def test_few_wait_of_each_tenant(world: World) -> None:
    """The tenant's oldest goes, never that of another."""
    other = world.store.keep_upload("b", "x", "f")
    ids = []
    for _ in range(MOST_UPLOADS + 2):
        world.clock.advance(1)
        ids.append(world.store.keep_upload("a", "x", "f"))
    assert kept(world) == MOST_UPLOADS + 1
    assert world.store.upload("b", "x", other)
    assert world.store.upload("a", "x", ids[2])
    with pytest.raises(NotFound):
        world.store.upload("a", "x", ids[1])


def test_texts_that_no_database_takes(world: World) -> None:
    """Are refused, and nothing is kept."""
    with pytest.raises(BadText):
        world.store.keep_upload("a", "x", "f\0")
    assert kept(world) == 0
