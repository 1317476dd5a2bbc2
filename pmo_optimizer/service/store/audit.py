"""The audit log: one chain of hashes per tenant, to which links are only ever added.

Each link's hash covers its own content and the hash before it. Who changes, removes or inserts a
link breaks every hash after it. Who cuts off the end leaves a good chain: keep the head elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.chain import FIRST_HASH, link_hash
from pmo_optimizer.service.store.errors import BadCursor
from pmo_optimizer.service.store.part import LARGEST_PAGE, Part, make
from pmo_optimizer.service.store.records import AuditRecord, AuditReport, Page

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
        """Add a link about what is no write of the store; writes add theirs by `Audited`.

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
            content = {
                "actor": actor,
                "action": action,
                "object": object,
                "request_id": request_id,
                "detail": dict(detail),
            }
            seq = self._link(connection, tenant, content)
            query = select(_AUDIT).where(_AUDIT.c.tenant == tenant, _AUDIT.c.seq == seq)
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
                if not good or row.hash != link_hash(values):
                    return AuditReport(entries=count, broken=row.seq, head=head)
                head = row.hash
        return AuditReport(entries=count, broken=None, head=head)
