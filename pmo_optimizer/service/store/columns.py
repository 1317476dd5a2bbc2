"""Column types that behave the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Double, Text
from sqlalchemy.types import TypeDecorator

from pmo_optimizer.service.store.errors import BadText


def storable(text: str) -> bool:
    """Return whether both databases can hold a text: no NUL, no half of a surrogate pair."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def dump(value: object) -> str:
    """Return JSON text; numbers that JSON does not know, NaN and infinities, become null."""
    return json.dumps(_finite(value), ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(item) for item in value]
    return value


class Plain(TypeDecorator[str]):
    """Text that both databases can hold.

    SQLite would take what PostgreSQL refuses, so it is refused before either sees it.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text.

        Raises
        ------
        BadText
            It cannot be stored.
        """
        if value is not None and not storable(value):
            raise BadText
        return value


class Utc(TypeDecorator[datetime]):
    """A time in UTC. SQLite keeps it without a zone, in a text that sorts as the times do."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC.

        Raises
        ------
        ValueError
            It has no zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: object, dialect: Dialect) -> datetime | None:
        """Return the time with its zone."""
        if value is None:
            return None
        if not isinstance(value, datetime):
            raise TypeError(f"the database gave {value!r} for a time")
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """A small JSON value, kept as text so that both databases give back the same."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        """Return the value as JSON text."""
        return None if value is None else dump(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401 - JSON
        """Return the value that the text holds."""
        return None if value is None else json.loads(value)


class Real(TypeDecorator[float]):
    """A number that is finite, or nothing: SQLite would turn NaN into NULL by itself."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        """Return the number if it is finite, else None."""
        return None if value is None or not math.isfinite(value) else float(value)
