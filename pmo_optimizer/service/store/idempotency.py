"""Answers that are given again when the same request comes again."""

from __future__ import annotations

from sqlalchemy import delete

from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.errors import Replayed
from pmo_optimizer.service.store.part import REPLY_LIFE, Part, find_reply, write_reply
from pmo_optimizer.service.store.records import Reply


class Idempotency(Part):
    """Idempotency keys. The ``create_`` methods take `Once` and need nothing of this."""

    def replay(self, tenant: str, route: str, key: str, body_hash: str) -> Reply | None:
        """Return what was answered to this request in the last 24 hours, or None.

        Raises
        ------
        KeyReused
            The key was used with another body.
        """
        with self._read() as connection:
            now = self._now(connection)
            return find_reply(connection, tenant, route, key, body_hash, now)

    def remember(self, tenant: str, route: str, key: str, body_hash: str, reply: Reply) -> None:
        """Keep what is answered to a request that stores nothing else.

        Raises
        ------
        Replayed
            Another answer to the same request was kept first.
        KeyReused
            The key was used with another body.
        """
        with self._write() as connection:
            self._database.lock(connection, "idempotency", tenant, route, key)
            now = self._now(connection)
            before = find_reply(connection, tenant, route, key, body_hash, now)
            if before is not None:
                raise Replayed(before)
            write_reply(connection, tenant, route, key, body_hash, reply, now)

    def forget_replies(self) -> int:
        """Delete the answers that are older than 24 hours, and return how many."""
        table = tables.idempotency
        with self._write() as connection:
            old = table.c.created <= self._now(connection) - REPLY_LIFE
            return connection.execute(delete(table).where(old)).rowcount
