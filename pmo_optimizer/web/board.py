"""What the pages of one application share: its secret, failed sign-ins, what was read lately."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pmo_optimizer.model import Finding, Plan, Portfolio

T = TypeVar("T")

MOST_FAILURES = 10
"""Failed sign-ins from one address within `WINDOW_SECONDS`; then it must wait."""

WINDOW_SECONDS = 60.0

MOST_ADDRESSES = 10_000
"""Addresses that are remembered; the oldest goes when there is one more."""

KEPT = 16
"""Portfolios and plans that are kept."""


class Failures:
    """Counts failed sign-ins by address. Any thread may call it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._times: dict[str, deque[float]] = {}

    def wait(self, address: str) -> int:
        """Return the seconds for which an address may not try; 0 where it may."""
        now = self._clock()
        with self._lock:
            times = self._times.get(address, deque())
            while times and times[0] <= now - WINDOW_SECONDS:
                times.popleft()
            if len(times) < MOST_FAILURES:
                return 0
            return max(1, round(times[0] + WINDOW_SECONDS - now))

    def note(self, address: str) -> None:
        """Count a failure."""
        with self._lock:
            times = self._times.pop(address, None) or deque(maxlen=MOST_FAILURES)
            times.append(self._clock())
            self._times[address] = times
            while len(self._times) > MOST_ADDRESSES:
                del self._times[next(iter(self._times))]


class Recent(Generic[T]):
    """Keeps the latest results of something that takes long. Any thread may call it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is known under a key, or make it; two at once may both make it."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        made = make()
        with self._lock:
            self._found[key] = made
            while len(self._found) > self._most:
                self._found.popitem(last=False)
        return made


@dataclass(frozen=True)
class Board:
    """What the pages of one application share.

    Attributes
    ----------
    secret
        What stands behind the CSRF token of visitors without a session.
    failures
        Failed sign-ins.
    portfolios
        Portfolios that were read lately, with findings, by id and revision.
    plans
        Final plans that were read lately with their portfolios, by id. Whoever uses these two has
        asked the store first whether the tenant has the object.
    changed
        Portfolios with the scenario of a run, by the id of the run.
    """

    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    failures: Failures = field(default_factory=Failures)
    portfolios: Recent[tuple[Portfolio, tuple[Finding, ...]]] = field(
        default_factory=lambda: Recent(KEPT)
    )
    plans: Recent[tuple[Plan, Portfolio]] = field(default_factory=lambda: Recent(KEPT))
    changed: Recent[Portfolio] = field(default_factory=lambda: Recent(KEPT))
