"""API keys: their hashes, scopes and lives."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, or_, select, update

from pmo_optimizer.service.auth import Principal, Scope, Secret, new_secret, parse_key
from pmo_optimizer.service.ids import Prefix, new_id
from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.errors import Unavailable
from pmo_optimizer.service.store.part import Part, make, owned
from pmo_optimizer.service.store.records import Audited, KeyRecord

USE_NOTED = timedelta(minutes=1)
"""How exact ``last_used`` is: not every request shall write."""

# A hash that no secret has: an unknown key takes as long as a wrong secret.
_NO_HASH = "0" * 64

_KEYS = tables.api_keys


class Keys(Part):
    """API keys."""

    def create_key(
        self,
        tenant: str,
        name: str,
        scopes: Iterable[Scope],
        expires: datetime | None = None,
        *,
        audited: Audited | None = None,
    ) -> tuple[KeyRecord, str]:
        """Make a key.

        Parameters
        ----------
        tenant : str
            Whose objects it opens.
        name : str
            What it is for.
        scopes : iterable of Scope
            What it allows, at least one.
        expires : datetime, optional
            When it ends, with a time zone; by default never.
        audited : Audited, optional
            Who does it, for the audit log.

        Returns
        -------
        KeyRecord, str
            The record, and the key itself, which can never be had again.

        Raises
        ------
        ValueError
            There is no scope, or the time has no zone.
        """
        wanted = {Scope(scope) for scope in scopes}
        if not wanted:
            raise ValueError("a key needs at least one scope")
        secret: Secret = new_secret(new_id(Prefix.KEY))
        with self._write() as connection:
            connection.execute(
                _KEYS.insert().values(
                    id=secret.id,
                    tenant=tenant,
                    name=name,
                    hash=secret.hash,
                    scopes=sorted(wanted),
                    created=self._now(connection),
                    expires=expires,
                )
            )
            record = _record(owned(connection, _KEYS, "key", tenant, secret.id))
            facts = {
                "name": name,
                "scopes": sorted(wanted),
                "expires": None if expires is None else expires.isoformat(),
            }
            self._audited(connection, tenant, audited, "key.create", secret.id, facts)
        return record, secret.text

    def keys(self, tenant: str | None = None) -> list[KeyRecord]:
        """Return the keys of a tenant, oldest first; of all tenants for the command line."""
        query = select(_KEYS).order_by(_KEYS.c.created, _KEYS.c.id)
        if tenant is not None:
            query = query.where(_KEYS.c.tenant == tenant)
        with self._read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def revoke_key(self, tenant: str, id: str, *, audited: Audited | None = None) -> KeyRecord:
        """End a key now; one that was revoked before stays as it is.

        Raises
        ------
        NotFound
            The tenant has no such key.
        """
        with self._write() as connection:
            row = owned(connection, _KEYS, "key", tenant, id, lock=True)
            if row.revoked is not None:
                return _record(row)
            connection.execute(
                update(_KEYS)
                .where(_KEYS.c.tenant == tenant, _KEYS.c.id == id)
                .values(revoked=self._now(connection))
            )
            record = _record(owned(connection, _KEYS, "key", tenant, id))
            self._audited(connection, tenant, audited, "key.revoke", id, {"name": row.name})
        return record

    def authenticate(self, text: str) -> Principal | None:
        """Return who holds a key; None where it is unknown, wrong, revoked or expired."""
        secret = parse_key(text)
        if secret is None:
            return None
        with self._read() as connection:
            row = connection.execute(select(_KEYS).where(_KEYS.c.id == secret.id)).one_or_none()
            now = self._now(connection)
        matches = secret.matches(_NO_HASH if row is None else row.hash)
        if row is None or not matches or row.revoked is not None:
            return None
        if row.expires is not None and row.expires <= now:
            return None
        if row.last_used is None or now - row.last_used >= USE_NOTED:
            # A good key stays good while the database is too busy to note its use.
            with suppress(Unavailable):
                self._note_use(secret.id, now)
        return principal_of(row)

    def _note_use(self, id: str, now: datetime) -> None:
        unnoted = or_(_KEYS.c.last_used.is_(None), _KEYS.c.last_used <= now - USE_NOTED)
        with self._write() as connection:
            connection.execute(update(_KEYS).where(_KEYS.c.id == id, unnoted).values(last_used=now))


def principal_of(row: Row[Any]) -> Principal:
    """Return who holds the key of a row."""
    scopes = frozenset(Scope(scope) for scope in row.scopes)
    return Principal(tenant=row.tenant, actor=row.id, scopes=scopes, name=row.name)


def _record(row: Row[Any]) -> KeyRecord:
    return make(KeyRecord, row, {"scopes": frozenset(row.scopes)})
