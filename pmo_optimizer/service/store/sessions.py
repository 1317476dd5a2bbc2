"""Sessions of browsers: each was begun with a key and ends with it, or earlier."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete, select

from pmo_optimizer.service.auth import Principal
from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.keys import Keys, principal_of
from pmo_optimizer.service.store.records import Audited

SESSION_LIFE = timedelta(hours=12)
"""How long a session lasts: a working day."""

TOKEN_BYTES = 32
"""Random bytes of a token."""

TOKEN_LENGTH = 43
"""Characters of a token."""

_SESSIONS = tables.sessions
_KEYS = tables.api_keys


class Sessions(Keys):
    """API keys, and sessions begun with them; only a hash of each token is stored."""

    def open_session(self, text: str, *, request_id: str = "") -> str | None:
        """Begin a session with a key.

        Parameters
        ----------
        text : str
            The key.
        request_id : str
            The request that does it, for the audit log.

        Returns
        -------
        str or None
            The token, which can never be had again; None where the key opens nothing.
        """
        principal = self.authenticate(text)
        if principal is None:
            return None
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self._write() as connection:
            now = self._now(connection)
            connection.execute(delete(_SESSIONS).where(_SESSIONS.c.expires <= now))
            connection.execute(
                _SESSIONS.insert().values(
                    hash=_hash(token),
                    tenant=principal.tenant,
                    key_id=principal.actor,
                    created=now,
                    expires=now + SESSION_LIFE,
                )
            )
            audited = _audited(principal, request_id)
            self._audited(connection, principal.tenant, audited, "session.open", principal.actor)
        return token

    def session(self, token: str) -> Principal | None:
        """Return who a session is of; None where it has ended, or its key has.

        Tenant and scopes are those of the key at this moment.
        """
        if len(token) != TOKEN_LENGTH or not token.isascii():
            return None
        query = (
            select(_KEYS, _SESSIONS.c.expires.label("until"))
            .join_from(_SESSIONS, _KEYS, _KEYS.c.id == _SESSIONS.c.key_id)
            .where(_SESSIONS.c.hash == _hash(token), _SESSIONS.c.tenant == _KEYS.c.tenant)
        )
        with self._read() as connection:
            row = connection.execute(query).one_or_none()
            now = self._now(connection)
        if row is None or row.until <= now or row.revoked is not None:
            return None
        if row.expires is not None and row.expires <= now:
            return None
        return principal_of(row)

    def close_session(self, token: str, *, request_id: str = "") -> None:
        """End a session; one that is not there has ended already."""
        principal = self.session(token)
        with self._write() as connection:
            connection.execute(delete(_SESSIONS).where(_SESSIONS.c.hash == _hash(token)))
            if principal is not None:
                audited = _audited(principal, request_id)
                self._audited(
                    connection, principal.tenant, audited, "session.close", principal.actor
                )


def _hash(token: str) -> str:
    """Return what is stored of a token: random as it is, the hash need not be slow."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _audited(principal: Principal, request_id: str) -> Audited:
    return Audited(principal.actor, request_id, {"actor_name": principal.name})
