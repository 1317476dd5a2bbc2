"""The process that waits for a run: begun when wanted, given once, and never left behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from pmo_optimizer.service.runs import child
from pmo_optimizer.service.runs.limits import Limits
from pmo_optimizer.service.runs.messages import Task
from pmo_optimizer.service.runs.process import Child, Process
from pmo_optimizer.service.runs.spares import AFTER_RUN_SECONDS, WANTED_SECONDS, Spares

PORTFOLIO = (
    '{"calendar": {"start": "2027-01-01", "periods": 3}, "projects": [{"id": "A", "value": 1}]}'
)


@pytest.fixture(autouse=True, scope="module")
def copied_runs() -> None:
    """Begin processes afresh, as a service does."""


@dataclass
class World:
    """Spares with a clock that is set by hand, and every process that they began."""

    now: float = 1000.0
    begun: list[Process] = field(default_factory=list)

    def begin(self) -> Process:
        """Start a process and remember it."""
        made = Process(child.waiting)
        self.begun.append(made)
        return made

    def spares(self, *, allowed: bool = True) -> Spares:
        """Return spares of this world."""
        return Spares(allowed=allowed, clock=lambda: self.now, begin=self.begin)


@pytest.fixture
def world() -> Iterator[World]:
    """Return a world whose processes are gone afterwards."""
    made = World()
    yield made
    for process in made.begun:
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)


def finished(process: Child) -> str | None:
    """Wait for the answer of a child and return its status."""
    while not process.over:
        process.messages(0.1)
    answer = process.outcome().answer
    return None if answer is None else answer.status


def task() -> Task:
    """Return a small solve."""
    return Task(
        kind="solve",
        portfolio=PORTFOLIO,
        parameters={"time_limit": 5},
        scenario=None,
        start_plan=None,
        limits=Limits(60.0, 1, 4096),
    )


def test_nobody_wants_one(world: World) -> None:
    """Then there is none, also where somebody once did."""
    spares = world.spares()
    spares.tend()
    assert spares.take() is None
    spares.want()
    world.now += WANTED_SECONDS + 1
    spares.tend()
    assert world.begun == []


def test_it_does_a_run_as_any_other_process(world: World) -> None:
    """The one that waited is given once; the next is begun a little later."""
    spares = world.spares()
    spares.want()
    spares.tend()
    spares.tend()
    waiting = spares.take()
    assert [waiting] == world.begun
    with Child(task(), waiting=waiting) as process:
        assert process.pid == world.begun[0].pid
        assert finished(process) == "optimal"
    spares.tend()
    assert len(world.begun) == 1
    world.now += AFTER_RUN_SECONDS
    spares.tend()
    assert len(world.begun) == 2
    spares.close()
    spares.tend()
    assert spares.take() is None


def test_one_that_nobody_wants_any_more_is_ended(world: World) -> None:
    """Its memory is given back."""
    spares = world.spares()
    spares.want()
    spares.tend()
    world.now += WANTED_SECONDS + 1
    spares.tend()
    assert spares.take() is None
    assert len(world.begun) == 1


def test_one_that_died_is_not_given(world: World) -> None:
    """The run then starts its own."""
    spares = world.spares()
    spares.want()
    spares.tend()
    os.kill(world.begun[0].pid, signal.SIGKILL)
    world.begun[0].process.join()
    assert spares.take() is None


def test_it_can_be_switched_off(world: World) -> None:
    """Whatever is wanted."""
    spares = world.spares(allowed=False)
    spares.want()
    spares.tend()
    assert world.begun == []


def test_no_process_can_be_started() -> None:
    """It is not tried again at once, and nothing breaks."""
    tries: list[float] = []
    now = [0.0]

    def fail() -> Process:
        tries.append(now[0])
        raise OSError("no room")

    spares = Spares(allowed=True, clock=lambda: now[0], begin=fail)
    spares.want()
    spares.tend()
    spares.tend()
    assert tries == [0.0]
    assert spares.take() is None
