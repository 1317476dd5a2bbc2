"""Ids of what the service stores: a prefix that says what it is, and 128 random bits."""

from __future__ import annotations

import re
import secrets
from enum import StrEnum

RANDOM_BYTES = 16
"""Bytes behind an id; written as 22 characters that are safe in a URL."""

_FORM = re.compile(r"(?:pf|sc|run|pl|de|key|up)_[A-Za-z0-9_-]{22}")


class Prefix(StrEnum):
    """What an id names."""

    PORTFOLIO = "pf"
    SCENARIO = "sc"
    RUN = "run"
    PLAN = "pl"
    DECISION = "de"
    KEY = "key"
    UPLOAD = "up"


def new_id(prefix: Prefix | str) -> str:
    """Return a new id, such as ``run_`` and 22 url-safe random characters.

    Raises
    ------
    ValueError
        The prefix is unknown.
    """
    return f"{Prefix(prefix).value}_{secrets.token_urlsafe(RANDOM_BYTES)}"


def is_id(text: str) -> bool:
    """Return whether the text has the form of an id, so that it may be looked up."""
    return _FORM.fullmatch(text) is not None
