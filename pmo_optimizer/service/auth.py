"""API keys, what they allow, and who is behind a request.

A key is ``pmo_``, its id, ``_`` and a secret of 256 random bits. Only a hash of the secret is
stored: what is that random cannot be guessed, so the hash need not be slow.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

SECRET_BYTES = 32
"""Bytes of a secret; written as 43 characters that are safe in a URL."""

LOCAL_TENANT = "local"
"""The tenant where the service asks for no keys."""

_FORM = re.compile(r"pmo_(key_[A-Za-z0-9_-]{22})_([A-Za-z0-9_-]{43})")


class Scope(StrEnum):
    """What a key allows; none includes another."""

    READ = "read"
    SOLVE = "solve"
    APPROVE = "approve"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is behind a request.

    Attributes
    ----------
    tenant : str
        Whose objects it sees.
    actor : str
        Name for the audit log: the id of the key, or ``local``.
    scopes : frozenset of Scope
        What it may do.
    name : str or None
        Name of the key, for people; it may be that of another key too.
    """

    tenant: str
    actor: str
    scopes: frozenset[Scope]
    name: str | None = None

    def may(self, scope: Scope) -> bool:
        """Return whether a scope is among those of the principal."""
        return scope in self.scopes


LOCAL = Principal(LOCAL_TENANT, "local", frozenset(Scope))
"""Who uses the service on the same machine without a key."""


@dataclass(frozen=True, slots=True)
class Secret:
    """The text of a key, taken apart; it never shows in a log."""

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The key as its owner gets it, once."""
        return f"pmo_{self.id}_{self.secret}"

    @property
    def hash(self) -> str:
        """What is stored of the secret."""
        return sha256(self.secret.encode()).hexdigest()

    def matches(self, stored: str) -> bool:
        """Return whether the stored hash is that of the secret, in a time that tells nothing."""
        return hmac.compare_digest(self.hash, stored)


def new_secret(id: str) -> Secret:
    """Return a new secret for the key with this id."""
    return Secret(id, secrets.token_urlsafe(SECRET_BYTES))


def parse_key(text: str) -> Secret | None:
    """Return the parts of a key, or None where the text is not one."""
    found = _FORM.fullmatch(text)
    return None if found is None else Secret(found[1], found[2])
