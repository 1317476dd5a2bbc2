"""Ends an engine whose plan has not got better for as long as it took to find it."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import TracebackType
from typing import Self

from pmo_optimizer.backend import Clock, Options
from pmo_optimizer.model import Incumbent

LEAST_GAIN = 0.002
"""Part of the value by which a plan has to be better to count."""

LEAST_SECONDS = 1.0
"""Seconds without a better plan that are no stall yet."""

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
        """Note when a plan is better by enough; lines come from any thread."""
        value, before = line.value, self._value
        if value is not None and (
            before is None or abs(value - before) > LEAST_GAIN * max(abs(value), abs(before))
        ):
            self._value, self._gained = value, self.options.clock.elapsed
        if self._given.on_progress is not None:
            self._given.on_progress(line)

    @property
    def stalled(self) -> bool:
        """Whether the plan has not got better for too long; never without a plan."""
        idle = self.options.clock.elapsed - self._gained
        return self._value is not None and idle > max(LEAST_SECONDS, PATIENCE * self._gained)

    def _watch(self) -> None:
        """Stop the engine where it stalls, or where its caller says so."""
        while not self._ended.wait(POLL_SECONDS):
            if self.stalled or self._given.clock.over:
                self.options.clock.stop.set()
                return
