"""Ends an engine whose plan has not got better for as long as it took to find it.

A better bound counts as well: large models are silent while their relaxation is solved, and get
better plans from it afterwards.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from types import TracebackType
from typing import Self

from pmo_optimizer.backend import Clock, Options
from pmo_optimizer.model import Incumbent

LEAST_GAIN = 0.002
"""Part of the value by which a plan or a bound has to be better to count."""

LEAST_SHARE = 0.35
"""Part of the engine's time in which nothing is a stall yet: the relaxation may take that long."""

PATIENCE = 1.0
"""How long without a better plan is a stall, relative to the time until the last one."""

POLL_SECONDS = 0.05
"""How often is looked."""


class Stall:
    """A run of an engine, to be entered as a context, with the options to run it with.

    Parameters
    ----------
    options
        Their own end and stop signal stand.
    """

    def __init__(self, options: Options) -> None:
        self._given = options
        self._ended = threading.Event()
        self._value: float | None = None
        self._bound: float | None = None
        self._gained = 0.0
        clock = Clock(options.clock.left)
        self.options = replace(options, clock=clock, on_progress=self._hear)
        self._watching = threading.Thread(target=self._watch, name="stall", daemon=True)

    def __enter__(self) -> Self:
        self._watching.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._watching.join()

    def _hear(self, line: Incumbent) -> None:
        """Note when plan or bound is better by enough; lines come from any thread."""
        if _moved(self._value, line.value) or _moved(self._bound, line.bound):
            self._value, self._bound = line.value, line.bound
            self._gained = self.options.clock.elapsed
        if self._given.on_progress is not None:
            self._given.on_progress(line)

    @property
    def stalled(self) -> bool:
        """Whether nothing has got better for too long; never without a plan and a bound."""
        clock = self.options.clock
        begun = self._value is not None and self._bound is not None
        if not begun or clock.elapsed < LEAST_SHARE * clock.limit:
            return False
        return clock.elapsed - self._gained > PATIENCE * self._gained

    def _watch(self) -> None:
        """Stop the engine where it stalls, or where its caller says so."""
        while not self._ended.wait(POLL_SECONDS):
            if self.stalled or self._given.clock.over:
                self.options.clock.stop.set()
                return


def _moved(before: float | None, now: float | None) -> bool:
    """Return whether a value or bound is another one by enough."""
    if now is None or before is None:
        return now is not None
    return abs(now - before) > LEAST_GAIN * max(abs(now), abs(before))
