"""The audit log: one chain of hashes per tenant, to which links are only ever added.

Each link's hash covers its own content and the hash before it. Who changes, removes or inserts a
link breaks every hash after it. Who cuts off the end leaves a good chain: keep the head elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.columns import dump
from pmo_optimizer.service.store.errors import BadCursor
from pmo_optimizer.service.store.part import LARGEST_PAGE, Part, make
from pmo_optimizer.service.store.records import AuditRecord, AuditReport, Page

FIRST_HASH = "0" * 64
"""Hash before the first link of a chain."""

_AUDIT = tables.audit


class Audit(Part):
    """The audit log."""

    def audit(
        self,
        tenant: str,
        actor: str,
        action: str,
        object: str,
        request_id: str,
        detail: Mapping[str, Any],
    ) -> AuditRecord:
        """Add a link to a tenant's chain.

        Parameters
        ----------
        tenant : str
            Whose log it is.
        actor : str
            Who did it.
        action : str
            What was done, such as ``run.create``.
        object : str
            Id of what it was done to.
        request_id : str
            The request that did it.
        detail : mapping
            More, as JSON values; no secrets, no documents.
        """
        with self._write() as connection:
            self._database.lock(connection, "audit", tenant)
            last = connection.execute(
                select(_AUDIT.c.seq, _AUDIT.c.hash)
                .where(_AUDIT.c.tenant == tenant)
                .order_by(_AUDIT.c.seq.desc())
                .limit(1)
            ).one_or_none()
            values: dict[str, Any] = {
                "tenant": tenant,
                "seq": 1 if last is None else last.seq + 1,
                "at": self._now(connection),
                "actor": actor,
                "action": action,
                "object": object,
                "request_id": request_id,
                "detail": dict(detail),
                "previous_hash": FIRST_HASH if last is None else last.hash,
            }
            values["hash"] = _hash(values)
            connection.execute(_AUDIT.insert().values(**values))
            query = select(_AUDIT).where(_AUDIT.c.tenant == tenant, _AUDIT.c.seq == values["seq"])
            return make(AuditRecord, connection.execute(query).one())

    def audit_log(
        self, tenant: str, cursor: str | None = None, limit: int = 50
    ) -> Page[AuditRecord]:
        """Return a page of a tenant's chain, newest first.

        Raises
        ------
        BadCursor
            The cursor is not one of this list.
        """
        query = select(_AUDIT).where(_AUDIT.c.tenant == tenant)
        if cursor is not None:
            if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
                raise BadCursor
            query = query.where(_AUDIT.c.seq < int(cursor))
        limit = max(1, min(limit, LARGEST_PAGE))
        with self._read() as connection:
            rows = connection.execute(query.order_by(_AUDIT.c.seq.desc()).limit(limit + 1)).all()
        items = tuple(make(AuditRecord, row) for row in rows[:limit])
        return Page(items, str(items[-1].seq) if len(rows) > limit else None)

    def verify_audit(self, tenant: str) -> AuditReport:
        """Compute every hash of a tenant's chain again, and say where the chain breaks."""
        query = select(_AUDIT).where(_AUDIT.c.tenant == tenant).order_by(_AUDIT.c.seq)
        count, head = 0, FIRST_HASH
        with self._read() as connection:
            for row in connection.execute(query):
                count += 1
                values = dict(row._mapping)
                good = row.seq == count and row.previous_hash == head
                if not good or row.hash != _hash(values):
                    return AuditReport(entries=count, broken=row.seq, head=head)
                head = row.hash
        return AuditReport(entries=count, broken=None, head=head)


def _hash(values: Mapping[str, Any]) -> str:
    at: datetime = values["at"]
    content = {name: value for name, value in values.items() if name not in {"at", "hash"}}
    content["at"] = at.astimezone(UTC).isoformat(timespec="microseconds")
    return sha256(dump({name: content[name] for name in sorted(content)}).encode()).hexdigest()
