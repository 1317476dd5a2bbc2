"""A process that breeds schedules: shop and seed come in, better and better schedules go out."""

from __future__ import annotations

import json
import os
import pickle
import sys
import threading
import time
from collections.abc import Sequence
from typing import IO

from pmo_solvers.generation.breed import Breeder
from pmo_solvers.generation.judge import Key
from pmo_solvers.generation.shop import Shop


class Pipe:
    """A sink that writes every better schedule as a line of JSON, and reads those of others."""

    def __init__(self, entrance: IO[bytes], exit_: IO[bytes]) -> None:
        self._entrance = entrance
        self._exit = exit_
        self._best: Key | None = None
        self._news: tuple[Key, Sequence[int], Sequence[int]] | None = None
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def over(self) -> bool:
        """False: the process is ended from outside."""
        return False

    def _listen(self) -> None:
        """Read schedules of others; end when the other side has gone."""
        try:
            for line in self._entrance:
                key, ways, starts = json.loads(line)
                self._news = tuple(key), ways, starts
        finally:
            # Also where the other side went in the middle of a line.
            os._exit(0)

    def better(self, key: Key) -> bool:
        """Return whether a schedule of that key would be the best."""
        return self._best is None or key < self._best

    def offer(self, ways: Sequence[int], starts: Sequence[int], key: Key, source: str) -> bool:
        """Write a schedule if it is the best so far; return whether."""
        if not self.better(key):
            return False
        self._best = key
        self._exit.write(json.dumps([key, list(ways), starts, source]).encode() + b"\n")
        self._exit.flush()
        return True

    def news(self) -> tuple[Sequence[int], Sequence[int]] | None:
        """Return a schedule of others that is better than all so far."""
        news, self._news = self._news, None
        if news is None or not self.better(news[0]):
            return None
        self._best = news[0]
        return news[1], news[2]


def main() -> None:
    """Breed until the process is ended."""
    entrance = sys.stdin.buffer
    shop, seed, seconds = pickle.load(entrance)  # noqa: S301 - written by the parent process
    if not isinstance(shop, Shop):
        raise TypeError("the parent process must send a shop")
    end = time.monotonic() + seconds
    pipe = Pipe(entrance, sys.stdout.buffer)
    breeder = Breeder(shop, seed)
    breeder.by_rules(pipe)
    breeder.breed(pipe, lambda: max(0.0, end - time.monotonic()))
