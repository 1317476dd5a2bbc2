"""Solve in a thread of its own, so that Ctrl-C and the display always work."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from pmo_optimizer.cli.codes import ExitCode
from pmo_optimizer.cli.output import note
from pmo_optimizer.cli.progress import Progress

if TYPE_CHECKING:
    from pmo_optimizer.model import Plan, Portfolio

POLL_SECONDS = 0.1
"""How often the main thread looks for news from the engine."""

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to solve; the meaning and the units are those of `pmo_optimizer.optimize`.

    ``cluster`` is the address of a Dask scheduler on whose workers studies run.
    """

    time_limit: float
    gap: float = 0.0
    backend: str = "auto"
    workers: int | None = None
    seed: int = 0
    reproducible: bool = False
    start: Plan | None = None
    staffing: Literal["capacity", "named"] = "capacity"
    cluster: str | None = None


def solve_watched(
    portfolio: Portfolio, settings: Settings, progress: Progress
) -> tuple[Plan, bool]:
    """Return the best plan of a portfolio, watched as `watched` says."""
    return watched(lambda stop: _optimize(portfolio, settings, progress, stop), progress)


def staff_watched(
    portfolio: Portfolio, plan: Plan, settings: Settings, progress: Progress
) -> tuple[Plan, bool]:
    """Return a plan with names, watched as `watched` says.

    Gap, engine and start of the settings do not matter: the dates are there.
    """
    return watched(lambda stop: _staff(portfolio, plan, settings, stop), progress)


Answer = TypeVar("Answer")


class Display(Protocol):
    """What shows how the work goes on."""

    def display(self) -> AbstractContextManager[object]:
        """Return what keeps a live line."""

    def say(self, text: str) -> None:
        """Print a message."""

    def tick(self) -> None:
        """Take in what is new."""


def watched(work: Callable[[threading.Event], Answer], progress: Display) -> tuple[Answer, bool]:
    """Return the plan or study, and whether somebody asked to stop before it was done.

    The first Ctrl-C (or SIGTERM) asks the engine to stop and waits for its best plan; the
    second ends the process at once with code 130.
    """
    stop = threading.Event()
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="optimize")
    try:
        with _stopping(stop), progress.display():
            future = pool.submit(work, stop)
            _watch(future, progress, stop)
    except KeyboardInterrupt:
        note("Aborted; no plan was written.", style="bold red")
        sys.stdout.flush()
        # A normal exit would wait for the engine's thread, which is what is being aborted.
        os._exit(ExitCode.INTERRUPTED)
    pool.shutdown()
    return future.result(), stop.is_set()


def _optimize(
    portfolio: Portfolio, settings: Settings, progress: Progress, stop: threading.Event
) -> Plan:
    from pmo_optimizer.optimize import optimize

    return optimize(
        portfolio,
        time_limit=settings.time_limit,
        gap=settings.gap,
        backend=settings.backend,
        workers=settings.workers,
        seed=settings.seed,
        reproducible=settings.reproducible,
        staffing=settings.staffing,
        start=settings.start,
        on_progress=progress.put,
        stop=stop,
    )


def _staff(portfolio: Portfolio, plan: Plan, settings: Settings, stop: threading.Event) -> Plan:
    from pmo_optimizer.staff import staff

    return staff(
        portfolio,
        plan,
        time_limit=settings.time_limit,
        workers=settings.workers,
        seed=settings.seed,
        reproducible=settings.reproducible,
        stop=stop,
    )


def _watch(future: Future[Answer], progress: Display, stop: threading.Event) -> None:
    told = False
    while wait((future,), timeout=POLL_SECONDS).not_done:
        progress.tick()
        if stop.is_set() and not told:
            progress.say("Stopping; the best plan so far follows. Ctrl-C again aborts.")
            told = True
    progress.tick()


@contextmanager
def _stopping(stop: threading.Event) -> Iterator[None]:
    """Set ``stop`` at the first signal, raise KeyboardInterrupt at the second."""

    def handle(signum: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, handle) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
