"""Links of the audit log, added in the transaction of the write that they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, select

from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.columns import dump

FIRST_HASH = "0" * 64
"""Hash before the first link of a chain."""

_AUDIT = tables.audit


def append_link(connection: Connection, tenant: str, content: Mapping[str, Any]) -> int:
    """Add a link to a tenant's chain and return its number; the caller holds the chain's lock.

    Parameters
    ----------
    content : mapping
        The columns ``at``, ``actor``, ``action``, ``object``, ``request_id`` and ``detail``.
    """
    last = connection.execute(
        select(_AUDIT.c.seq, _AUDIT.c.hash)
        .where(_AUDIT.c.tenant == tenant)
        .order_by(_AUDIT.c.seq.desc())
        .limit(1)
    ).one_or_none()
    values: dict[str, Any] = {
        **content,
        "tenant": tenant,
        "seq": 1 if last is None else last.seq + 1,
        "previous_hash": FIRST_HASH if last is None else last.hash,
    }
    values["hash"] = link_hash(values)
    connection.execute(_AUDIT.insert().values(**values))
    return int(values["seq"])


def link_hash(values: Mapping[str, Any]) -> str:
    """Return the hash of a link, over all its columns but the hash itself."""
    at: datetime = values["at"]
    content = {name: value for name, value in values.items() if name not in {"at", "hash"}}
    content["at"] = at.astimezone(UTC).isoformat(timespec="microseconds")
    return sha256(dump({name: content[name] for name in sorted(content)}).encode()).hexdigest()
