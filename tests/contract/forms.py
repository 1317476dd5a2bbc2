"""The two forms in which every table is run: as it stands, and crowded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import pytest

from tests.contract.builders import Data, crowded

Form = Callable[[Data], Data]


class Row(Protocol):
    """What the rows of all tables have."""

    @property
    def name(self) -> str:
        """The row in words."""
        ...

    @property
    def portfolio(self) -> Data:
        """The portfolio that it is about."""
        ...


def plain(data: Data) -> Data:
    """Return the portfolio as it stands."""
    return data


def in_both_forms(rows: Sequence[Row]) -> pytest.MarkDecorator:
    """Run a test with every ``row`` as it stands and, where it has phases, crowded.

    Small projects may be planned schedule by schedule, others phase by phase: both must be
    right.
    """
    return pytest.mark.parametrize(("row", "form"), list(_cases(rows)))


def _cases(rows: Sequence[Row]) -> Iterator[object]:
    for row in rows:
        yield pytest.param(row, plain, id=row.name)
        if any("phases" in project for project in row.portfolio["projects"]):
            yield pytest.param(row, crowded, id=f"{row.name}, crowded")
