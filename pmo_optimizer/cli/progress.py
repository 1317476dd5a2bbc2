"""What is seen while an engine works: one live line on a terminal, else a line per improvement."""

from __future__ import annotations

import queue
import time
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Generic, TypeVar

from pmo_optimizer.cli.output import console

if TYPE_CHECKING:
    from rich.text import Text

    from pmo_optimizer.model import Incumbent

LIVE_REFRESHES = 4
"""Redraws of the live line per second."""


News = TypeVar("News")


class Feed(ABC, Generic[News]):
    """Collects news from the thread that works and shows them from the main one.

    Attributes
    ----------
    shown
        Whether anything is printed at all.
    """

    def __init__(self, *, shown: bool) -> None:
        self.shown = shown
        self._console = console(stderr=True)
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._began = time.monotonic()

    def put(self, news: News) -> None:
        """Take one piece of news; called by what works, in any thread."""
        self._news.put(news)

    def display(self) -> AbstractContextManager[object]:
        """Return what keeps the live line on a terminal; nothing elsewhere."""
        if not (self.shown and self._console.is_terminal):
            return nullcontext()
        from rich.live import Live

        return Live(
            console=self._console,
            get_renderable=self.live_line,
            refresh_per_second=LIVE_REFRESHES,
            transient=True,
        )

    def say(self, text: str) -> None:
        """Print a message above the live line."""
        self._console.print(text, style="yellow", soft_wrap=True)

    def tick(self) -> None:
        """Take in all that is new."""
        while True:
            try:
                news = self._news.get_nowait()
            except queue.Empty:
                return
            self._take(news)

    @abstractmethod
    def live_line(self) -> Text:
        """Return the line for the terminal."""

    @abstractmethod
    def _take(self, news: News) -> None:
        """Note one piece of news, and print it where that is wanted."""


class Progress(Feed["Incumbent"]):
    """The log of one solve; off a terminal, a line for each better incumbent."""

    def __init__(self, *, shown: bool) -> None:
        super().__init__(shown=shown)
        self._last: Incumbent | None = None

    def _take(self, news: Incumbent) -> None:
        better = self._last is None or news.value != self._last.value
        self._last = news
        if better and self.shown and not self._console.is_terminal:
            self._console.print(line_of(news, news.seconds), soft_wrap=True)

    def live_line(self) -> Text:
        """Return the line for the terminal, with the seconds running on."""
        from rich.text import Text

        line = line_of(self._last, time.monotonic() - self._began)
        return Text(line, no_wrap=True, overflow="ellipsis")


def line_of(incumbent: Incumbent | None, seconds: float) -> str:
    """Return ``incumbent 12.5 · bound 13 · gap 3.85 % · 4 s``."""
    from pmo_optimizer.report import gap_text, relative_gap, score

    value = incumbent.value if incumbent else None
    bound = incumbent.bound if incumbent else None
    gap = gap_text(relative_gap(value, bound))
    return f"incumbent {score(value)} · bound {score(bound)} · gap {gap} · {seconds:.0f} s"
