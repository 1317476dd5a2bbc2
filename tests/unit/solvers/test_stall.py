"""An engine ends where its plan has not got better for as long as it took to find it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from pmo_optimizer.backend import Clock, Options
from pmo_optimizer.model import Incumbent
from pmo_solvers.named import stall as stall_module
from pmo_solvers.named.stall import LEAST_SHARE, Stall


class Hand(Clock):
    """A clock whose hand is moved by the test."""

    now = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds that the test has let pass."""
        return self.now


@dataclass
class Run:
    """A run that is not watched by a thread."""

    stall: Stall
    clock: Hand

    def hear(self, seconds: float, value: float | None, bound: float | None = 20.0) -> None:
        """Have the engine report at a time."""
        self.clock.now = seconds
        assert self.stall.options.on_progress is not None
        self.stall.options.on_progress(
            Incumbent(seconds=seconds, value=value, bound=bound, source="engine")
        )

    def stalled_at(self, seconds: float) -> bool:
        """Return whether it has stalled at a time."""
        self.clock.now = seconds
        return self.stall.stalled


@pytest.fixture
def run() -> Run:
    """Return a run of ten seconds."""
    stall, clock = Stall(Options(clock=Clock(10.0))), Hand(10.0)
    stall.options = replace(stall.options, clock=clock)
    return Run(stall, clock)


def test_without_a_plan_nothing_stalls(run: Run) -> None:
    """However long an engine looks for a first plan, it goes on; bounds are no plans."""
    run.hear(0.5, None, 20.0)
    assert not run.stalled_at(9.9)


def test_the_time_without_a_better_plan_is_measured_against_the_time_until_it(run: Run) -> None:
    """A plan found after 2 s may stand for 2 s more; a better one after 3 s for 3 s."""
    run.hear(2.0, 10.0)
    assert not run.stalled_at(3.9)
    assert run.stalled_at(4.1)
    run.hear(3.0, 10.5)
    assert not run.stalled_at(5.9)
    assert run.stalled_at(6.1)


def test_a_plan_found_at_once_stands_until_relaxations_had_their_time(run: Run) -> None:
    """What an engine has at once is no reason to end it at once."""
    run.hear(0.01, 10.0)
    assert not run.stalled_at(0.9 * LEAST_SHARE * 10.0)
    assert run.stalled_at(1.1 * LEAST_SHARE * 10.0)


def test_without_a_bound_nothing_stalls(run: Run) -> None:
    """A ranking is there before the model is: engines begin with what they give later."""
    run.hear(0.5, 10.0, None)
    assert not run.stalled_at(9.9)
    run.hear(6.0, 10.0, 20.0)
    assert not run.stalled_at(9.9)


def test_a_better_bound_counts_as_well(run: Run) -> None:
    """The relaxation is solved after 3 s: better plans are to be expected from it."""
    run.hear(1.0, 10.0, 20.0)
    run.hear(3.0, 10.0, 18.0)
    assert not run.stalled_at(5.9)
    assert run.stalled_at(6.1)


def test_gains_that_are_next_to_nothing_do_not_count(run: Run) -> None:
    """Many small gains count together once they are enough, each alone does not."""
    run.hear(2.0, -10.0)
    run.hear(3.5, -9.99)
    assert run.stalled_at(4.1)
    run.hear(3.5, -9.97)
    assert not run.stalled_at(6.9)


def test_an_engine_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has reported a plan and a bound, and nothing since, is told to stop."""
    monkeypatch.setattr(stall_module, "LEAST_SHARE", 0.0)
    options = Options(clock=Clock(600.0))
    with Stall(options) as stall:
        stall.options.report(10.0, 20.0, "engine")
        assert stall.options.clock.stop.wait(60.0)
    assert not options.clock.over


def test_the_callers_stop_ends_the_engine() -> None:
    """A stop from outside, before there is any plan, is handed on."""
    options = Options(clock=Clock(600.0))
    with Stall(options) as stall:
        options.clock.stop.set()
        assert stall.options.clock.stop.wait(60.0)
