"""What an engine is: registry, capabilities, gap, clock, progress."""

from __future__ import annotations

import gc
import threading
from importlib import metadata
from math import inf

import pytest

from pmo_optimizer import backend
from pmo_optimizer.backend import (
    Backend,
    Clock,
    Options,
    Outcome,
    backend_names,
    collector_paused,
    load_backend,
    relative_gap,
    require_capable,
)
from pmo_optimizer.model import EngineError, Incumbent, Status, Termination, Unsupported
from pmo_optimizer.problem import NAMED_STAFFING, Feature, Problem
from tests.unit.problem_cases import problem, project

# -- registry ---------------------------------------------------------------------------------


def test_our_engines_are_registered() -> None:
    """They come through the same door as anybody's, sorted by name."""
    names = backend_names()
    assert {"cp-sat", "milp"} <= set(names)
    assert list(names) == sorted(names)


@pytest.mark.parametrize("name", ["cp-sat", "milp"])
def test_exact_engines_plan_all_but_named_staffing(name: str) -> None:
    """Both declare every feature of the model except what comes with named staffing."""
    engine = load_backend(name)
    assert isinstance(engine, Backend)
    assert (engine.name, engine.exact) == (name, True)
    assert engine.capabilities == frozenset(Feature) - NAMED_STAFFING
    assert all(engine.versions().values())


def test_unknown_engines_are_refused_with_a_list() -> None:
    """The message names what there is, ``auto`` included."""
    with pytest.raises(Unsupported, match=r"no engine 'gurobi'.*auto, cp-sat"):
        load_backend("gurobi")


class Mute:
    """Something that is no engine."""


class Mock:
    """An engine that does nothing."""

    name = "mock"
    capabilities = frozenset({Feature.LINKS})
    exact = False

    def versions(self) -> dict[str, str]:
        """Return no versions."""
        return {}

    def solve(self, problem: Problem, options: Options) -> Outcome:
        """Return no plan."""
        return Outcome(Status.NO_PLAN_FOUND, Termination.TIME_LIMIT)


def register(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    """Make an entry point called ``mine`` the only engine."""
    entry = metadata.EntryPoint("mine", target, backend.ENTRY_POINTS)
    entries = metadata.EntryPoints((entry,))
    monkeypatch.setattr(metadata, "entry_points", lambda **select: entries.select(**select))


def test_engines_of_others_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any class that follows the protocol can be registered."""
    register(monkeypatch, f"{__name__}:Mock")
    assert backend_names() == ("mine",)
    assert load_backend("mine").name == "mock"


def test_what_is_no_engine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class that lacks the protocol is an engine failure."""
    register(monkeypatch, f"{__name__}:Mute")
    with pytest.raises(EngineError, match="protocol"):
        load_backend("mine")


def test_engines_that_cannot_be_imported_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing library is named."""
    register(monkeypatch, "no_such_library_anywhere:Engine")
    with pytest.raises(Unsupported, match="no_such_library_anywhere"):
        load_backend("mine")


def test_missing_capabilities_are_listed() -> None:
    """Every feature that the engine lacks is named before anything is built."""
    subject = problem(
        projects=[project("A", 1, 1, max_gap=1), project("B", 1)],
        links=[{"from": "A", "to": "B"}],
        value_rate=0.1,
    )
    with pytest.raises(Unsupported, match="'mock' does not support discounting, gaps;"):
        require_capable(Mock(), subject)
    require_capable(Mock(), problem(projects=[project("A", 1)]))


# -- gap --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "bound", "gap"),
    [
        (8.0, 10.0, 0.2),
        (10.0, 8.0, 0.2),  # minimised
        (-10.0, -8.0, 0.2),
        (0.0, 5.0, 1.0),
        (-1.0, 1.0, 2.0),
        (0.0, 0.0, 0.0),
        (3.0, 3.0, 0.0),
        (None, 1.0, None),
        (1.0, None, None),
    ],
)
def test_relative_gap(value: float | None, bound: float | None, gap: float | None) -> None:
    """The distance over the larger of both in size; 0 if both are 0, null without one."""
    assert relative_gap(value, bound) == gap


# -- clock ------------------------------------------------------------------------------------


class FakeTime:
    """A clock that is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("time.monotonic", lambda: self.now)


def test_the_clock_counts_from_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elapsed and left add up to the limit until it is over."""
    time = FakeTime(monkeypatch)
    clock = Clock(10)
    assert (clock.elapsed, clock.left, clock.over) == (0, 10, False)
    time.now += 9.5
    assert (clock.elapsed, clock.left, clock.over) == (9.5, 0.5, False)
    time.now += 0.5
    assert (clock.left, clock.over) == (0, True)
    time.now += 5
    assert (clock.elapsed, clock.left) == (15, 0)


def test_a_clock_without_limit_never_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the stop signal ends it."""
    time = FakeTime(monkeypatch)
    stop = threading.Event()
    clock = Clock(inf, stop)
    time.now += 1e12
    assert (clock.left, clock.over) == (inf, False)
    stop.set()
    assert clock.over


def test_clocks_do_not_share_stop_signals() -> None:
    """A clock that was given no signal has one of its own."""
    first, second = Clock(10), Clock(10)
    first.stop.set()
    assert first.over
    assert not second.over


def test_progress_is_reported_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines carry seconds since the call; without a listener nothing happens."""
    time = FakeTime(monkeypatch)
    lines: list[Incumbent] = []
    options = Options(Clock(10), on_progress=lines.append)
    time.now += 2.5
    options.report(3.0, None, "mock")
    assert lines == [Incumbent(seconds=2.5, value=3.0, bound=None, source="mock")]
    Options(Clock(10)).report(3.0, None, "mock")
    assert len(lines) == 1


# -- the garbage collector -----------------------------------------------------------------------


def test_the_collector_waits_and_goes_on_after_it() -> None:
    """It is off within, also where that is nested, and as before after an error."""
    assert gc.isenabled()
    with collector_paused():
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ArithmeticError, match="planted"), collector_paused():
        raise ArithmeticError("planted")
    assert gc.isenabled()


def test_a_collector_that_is_off_stays_off() -> None:
    """Whoever has turned it off finds it so."""
    gc.disable()
    try:
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
