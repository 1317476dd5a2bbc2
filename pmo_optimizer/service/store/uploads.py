"""Portfolio files that were read and wait to be accepted, for a short time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from pmo_optimizer.service.ids import Prefix, new_id
from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.errors import NotFound
from pmo_optimizer.service.store.part import Part, make, owned
from pmo_optimizer.service.store.records import UploadRecord

UPLOAD_LIFE = timedelta(hours=2)
"""How long an upload waits: long enough to show the differences to somebody."""

MOST_UPLOADS = 10
"""Uploads of a tenant that wait; the oldest goes when there is one more."""

_UPLOADS = tables.uploads


class Uploads(Part):
    """Portfolio files that wait; each is seen only by who sent it."""

    def keep_upload(
        self,
        tenant: str,
        actor: str,
        file: str,
        *,
        portfolio_id: str | None = None,
        findings: Sequence[Mapping[str, str]] = (),
        document: str | None = None,
        digest: str | None = None,
        source: bytes | None = None,
    ) -> str:
        """Keep a file that was read, and return its id; parameters are as in `UploadRecord`.

        Those that have expired go, and the tenant's oldest ones where there are too many.

        Raises
        ------
        BadText
            A text cannot be stored.
        """
        id = new_id(Prefix.UPLOAD)
        with self._write() as connection:
            now = self._now(connection)
            connection.execute(delete(_UPLOADS).where(_UPLOADS.c.expires <= now))
            own = select(_UPLOADS.c.id).where(_UPLOADS.c.tenant == tenant)
            newest = own.order_by(_UPLOADS.c.created.desc(), _UPLOADS.c.id.desc())
            waiting = connection.execute(newest).scalars().all()
            for old in waiting[MOST_UPLOADS - 1 :]:
                connection.execute(
                    delete(_UPLOADS).where(_UPLOADS.c.tenant == tenant, _UPLOADS.c.id == old)
                )
            connection.execute(
                _UPLOADS.insert().values(
                    id=id,
                    tenant=tenant,
                    actor=actor,
                    file=file,
                    portfolio_id=portfolio_id,
                    findings=[dict(finding) for finding in findings],
                    document=document,
                    digest=digest,
                    source=source,
                    created=now,
                    expires=now + UPLOAD_LIFE,
                )
            )
        return id

    def upload(self, tenant: str, actor: str, id: str) -> UploadRecord:
        """Return a file that waits.

        Raises
        ------
        NotFound
            There is none that this actor sent, or it has expired.
        """
        with self._read() as connection:
            row = owned(connection, _UPLOADS, "upload", tenant, id)
            now = self._now(connection)
        if row.actor != actor or row.expires <= now:
            raise NotFound("upload", id)
        return make(UploadRecord, row)
