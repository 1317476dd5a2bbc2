"""Figures about the runs of all tenants, for the metrics; no tenant can be told from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from sqlalchemy import ColumnElement, Double, case, cast, extract, func, select, true

from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.part import Part
from pmo_optimizer.service.store.records import TERMINAL, RunState

_RUNS = tables.runs


@dataclass(frozen=True, slots=True)
class Durations:
    """How long runs took.

    Attributes
    ----------
    counts : tuple of int
        Runs per bucket: up to its end (inclusive) and above the one before; the last has no end.
    total : float
        All seconds together.
    """

    counts: tuple[int, ...]
    total: float


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What the store says about the runs of one tenant, or of all.

    Attributes
    ----------
    counts : mapping
        Number of runs by kind and state; what is missing is 0.
    queue_age : float
        Seconds that the oldest queued run has waited since it was created; 0 where none waits.
    seconds : mapping
        Per kind, how long ended runs took from their last start to their end.
    """

    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    queue_age: float = 0.0
    seconds: Mapping[str, Durations] = field(default_factory=dict)


class Figures(Part):
    """The part of the store that counts."""

    def figures(self, tenant: str | None, buckets: Sequence[float]) -> RunFigures:
        """Return the figures of the runs of a tenant, or of all.

        Parameters
        ----------
        tenant : str, optional
            Whose runs count; None: those of all.
        buckets : sequence of float
            Ends of the buckets of run times in seconds, ascending.
        """
        whose = true() if tenant is None else _RUNS.c.tenant == tenant
        counted = select(_RUNS.c.kind, _RUNS.c.state, func.count().label("amount")).where(whose)
        oldest = select(func.min(_RUNS.c.created)).where(_RUNS.c.state == RunState.QUEUED, whose)
        taken = self._seconds()
        up_to = [func.sum(case((taken <= end, 1), else_=0)) for end in buckets]
        timed = select(_RUNS.c.kind, func.count(), func.sum(taken), *up_to).where(
            whose,
            _RUNS.c.state.in_(sorted(TERMINAL)),
            _RUNS.c.started.is_not(None),
            _RUNS.c.completed.is_not(None),
        )
        with self._read() as connection:
            counts = {
                (row.kind, row.state): row.amount
                for row in connection.execute(counted.group_by(_RUNS.c.kind, _RUNS.c.state))
            }
            first: datetime | None = connection.execute(oldest).scalar()
            age = (self._now(connection) - first).total_seconds() if first else 0.0
            seconds = {
                kind: _durations(amount, total, cumulated)
                for kind, amount, total, *cumulated in connection.execute(
                    timed.group_by(_RUNS.c.kind)
                )
            }
        return RunFigures(counts, max(0.0, age), seconds)

    def _seconds(self) -> ColumnElement[float]:
        """Return the seconds from start to end of a run, in the words of the database."""
        if self._database.postgres:
            return cast(extract("epoch", _RUNS.c.completed - _RUNS.c.started), Double)
        days = func.julianday(_RUNS.c.completed) - func.julianday(_RUNS.c.started)
        # A julian day holds about a twentieth of a millisecond.
        return cast(func.round(days * 86400.0, 3), Double)


def _durations(amount: int, total: float, cumulated: Sequence[int]) -> Durations:
    ends = [0, *(int(count) for count in cumulated), int(amount)]
    counts = tuple(b - a for a, b in pairwise(ends))
    return Durations(counts, float(total))
