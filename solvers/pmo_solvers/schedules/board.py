"""The best schedule and bound of a run, shared by its threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from pmo_optimizer.backend import Clock, Options, relative_gap
from pmo_solvers.generation.judge import Key
from pmo_solvers.schedules.score import Score

OWN = "population"
"""Source of the population of this process."""


@dataclass(frozen=True, slots=True)
class Best:
    """A schedule that keeps every rule."""

    key: Key
    ways: tuple[int, ...]
    starts: tuple[int, ...]
    source: str


class Board:
    """Takes schedules and bounds from any thread.

    Attributes
    ----------
    best
        The best schedule so far.
    bound
        Proven bound of the first stage's whole sum.
    listeners
        Called with every better schedule, from any thread.
    """

    def __init__(self, score: Score, clock: Clock, options: Options) -> None:
        self.score = score
        self.best: Best | None = None
        self.bound: int | None = None
        self._options = options
        self._clock = clock
        self.listeners: list[Callable[[Best], None]] = []
        self._seen: Best | None = None
        self._ended = threading.Event()
        self._lock = threading.Lock()

    @property
    def over(self) -> bool:
        """Whether the run is to end: limit, stop signal, gap reached, or told to."""
        return self._ended.is_set() or self._clock.over

    @property
    def left(self) -> float:
        """Seconds until the limit."""
        return self._clock.left

    def end(self) -> None:
        """Tell all threads to end."""
        self._ended.set()

    def end_if_failed(self, work: Future[None]) -> None:
        """Tell all threads to end where a part of the run failed."""
        if work.exception() is not None:
            self.end()

    def better(self, key: Key) -> bool:
        """Return whether a schedule of that key would be the best."""
        best = self.best
        return best is None or key < best.key

    def offer(self, ways: Sequence[int], starts: Sequence[int], key: Key, source: str) -> bool:
        """Keep a schedule if it is the best so far and keeps every rule; return whether."""
        if not self.better(key) or not self.score.holds(ways, starts):
            return False
        with self._lock:
            if not self.better(key):
                return False
            shown = self.best is None or key[0] < self.best.key[0]
            self.best = Best(key, tuple(ways), tuple(starts), source)
            if self.bound is not None and self.bound > key[0]:
                self.bound = None  # this schedule, which was checked, disproves it
            best = self.best
            if shown:
                self._report(source)
        for listener in tuple(self.listeners):
            listener(best)
        self._look()
        return True

    def news(self) -> tuple[Sequence[int], Sequence[int]] | None:
        """Return the best schedule if it was not the population's own and not yet returned."""
        best, seen = self.best, self._seen
        self._seen = best
        if best is None or best is seen or best.source == OWN:
            return None
        return best.ways, best.starts

    def prove(self, bound: int, source: str) -> bool:
        """Note a proven bound of the first stage's whole sum; return whether it is better.

        A bound that the best schedule disproves is not taken.
        """
        with self._lock:
            if self.best is not None and bound > self.best.key[0]:
                return False
            if self.bound is not None and bound <= self.bound:
                return False
            self.bound = bound
            self._report(source)
        self._look()
        return True

    def _report(self, source: str) -> None:
        natural = self.score.forms[0].natural
        value = None if self.best is None else natural(self.best.key[0])
        bound = None if self.bound is None else natural(self.bound)
        self._options.report(value, bound, source)

    def _look(self) -> None:
        if self.closed:
            self._ended.set()

    @property
    def gap(self) -> float | None:
        """Relative gap of the first stage."""
        natural = self.score.forms[0].natural
        if self.best is None or self.bound is None:
            return None
        return relative_gap(natural(self.best.key[0]), natural(self.bound))

    @property
    def closed(self) -> bool:
        """Whether the first stage is within the wanted gap."""
        gap = self.gap
        return gap is not None and gap <= self._options.gap


class Until:
    """A board that is over after some seconds of its own."""

    def __init__(self, board: Board, seconds: float) -> None:
        self._board = board
        self._until = board.left - seconds
        self.better = board.better
        self.offer = board.offer
        self.news = board.news

    @property
    def left(self) -> float:
        """Seconds until the end."""
        return max(0.0, self._board.left - self._until)

    @property
    def over(self) -> bool:
        """Whether the seconds, or the run, are over."""
        return self._board.over or self.left <= 0


class Planless:
    """A board that is over as soon as it has a schedule."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.better = board.better
        self.offer = board.offer
        self.news = board.news

    @property
    def over(self) -> bool:
        """Whether there is a schedule, or the run is over."""
        return self._board.over or self._board.best is not None
