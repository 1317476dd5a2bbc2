"""Rows of answers as plain data and as frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from pmo_optimizer.model.base import plain_number

if TYPE_CHECKING:
    import pandas

    from pmo_optimizer.people.loads import PersonLoad
    from pmo_optimizer.people.personal import PersonalTask
    from pmo_optimizer.people.skills import Bottleneck, SkillSpare
    from pmo_optimizer.people.teams import HiredHeads, TeamMember

    Row: TypeAlias = Bottleneck | HiredHeads | PersonLoad | PersonalTask | SkillSpare | TeamMember


def to_data(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return one mapping per row, fit for JSON; numbers that no float holds become texts."""
    return [_cells(row, plain_number, list) for row in rows]


def to_frame(rows: Sequence[Row]) -> pandas.DataFrame:
    """Return a frame with one line per row and a column per field; numbers become floats.

    Without rows it has no columns.
    """
    import pandas as pd

    return pd.DataFrame([_cells(row, float, tuple) for row in rows])


def _cells(
    row: Row, number: Callable[[Decimal], Any], several: Callable[[Sequence[Any]], Any]
) -> dict[str, Any]:
    def plain(value: object) -> object:
        if isinstance(value, Decimal):
            return number(value)
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, tuple):
            return several([plain(part) for part in value])
        return value

    return {field.name: plain(getattr(row, field.name)) for field in fields(row)}
