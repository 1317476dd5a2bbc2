"""What the store counts for the metrics is what happened, on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pmo_optimizer.service.store import open_store
from pmo_optimizer.service.store.figures import RunFigures
from pmo_optimizer.service.store.records import RunState
from pmo_optimizer.service.store.store import Store


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2027, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


def ran(store: Store, clock: Clock, portfolio: str, kind: str, seconds: float) -> None:
    """Let a run of a kind be claimed at once and succeed after some seconds."""
    queued(store, portfolio, kind)
    run = store.claim("worker", 10)
    assert run is not None
    store.started(run.id, run.attempt)
    clock.pass_by(seconds)
    store.finish(run.id, run.attempt, RunState.SUCCEEDED)


def queued(store: Store, portfolio: str, kind: str = "solve") -> None:
    """Put a run in the queue."""
    store.create_run("local", kind, portfolio, 1, parameters={}, digest="d", queued_limit=10)


def test_figures_are_what_happened(database_url: str) -> None:
    """Counts by kind and state, the age of the oldest queued run, and times per bucket."""
    clock = Clock()
    store = open_store(database_url, clock=clock)
    store.upgrade()
    assert store.figures(None, [1.0]) == RunFigures()
    portfolio = store.create_portfolio("local", "x", "{}", "d", "local").id
    for seconds in (0.25, 1.0, 8.0):
        ran(store, clock, portfolio, "solve", seconds)
    ran(store, clock, portfolio, "why", 3.0)
    queued(store, portfolio)
    clock.pass_by(7.5)
    queued(store, portfolio)
    figures = store.figures(None, [1.0, 5.0])
    store.close()
    assert figures.counts == {
        ("solve", "queued"): 2,
        ("solve", "succeeded"): 3,
        ("why", "succeeded"): 1,
    }
    assert figures.queue_age == 7.5
    assert figures.seconds["solve"].counts == (2, 0, 1)
    assert figures.seconds["solve"].total == pytest.approx(0.25 + 1 + 8, abs=1e-3)
    assert figures.seconds["why"].counts == (0, 1, 0)
