"""Processes that breed schedules beside this one."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import pmo_solvers
from pmo_solvers.generation.shop import Shop
from pmo_solvers.schedules.board import Best, Board

PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from pmo_solvers.generation.child import main; main()"
)
"""What a process runs; its argument is the folder of the package."""


class Crew:
    """Child processes; a context manager that ends them.

    A process costs a few hundredths of a second: it imports the standard library only.

    Attributes
    ----------
    size
        How many there are; fewer than asked for where the system starts none.
    """

    def __init__(self, shop: Shop, board: Board, seconds: float, seeds: range) -> None:
        self._members: list[_Member] = []
        for seed in seeds:
            try:
                self._members.append(_Member(shop, board, seconds, seed))
            except OSError:
                break
        self.size = len(self._members)

    def __enter__(self) -> Crew:
        """Return the crew, which is at work already."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes."""
        for member in self._members:
            member.end()


class _Member:
    """One process."""

    def __init__(self, shop: Shop, board: Board, seconds: float, seed: int) -> None:
        self._board = board
        self._source = f"population {seed}"
        self._message = pickle.dumps((shop, seed, seconds))
        root = Path(pmo_solvers.__file__).parent.parent
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, a constant program
            [sys.executable, "-I", "-S", "-c", PROGRAM, str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Kill the process, which holds nothing that matters, and wait for the end of it."""
        self._process.kill()
        self._process.wait()
        self._thread.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)

    def _talk(self) -> None:
        """Send the shop, then read schedules and hand on those of others."""
        self._write(self._message)
        self._board.listeners.append(self._tell)
        for line in self._process.stdout or ():
            if line.endswith(b"\n"):
                key, ways, starts, _ = json.loads(line)
                self._board.offer(ways, starts, tuple(key), self._source)
        self._board.listeners.remove(self._tell)

    def _tell(self, best: Best) -> None:
        """Hand a schedule of others on."""
        if best.source != self._source:
            line = json.dumps([best.key, best.ways, best.starts])
            self._write(line.encode() + b"\n")

    def _write(self, message: bytes) -> None:
        entrance = self._process.stdin
        if entrance is None:
            return
        try:
            entrance.write(message)
            entrance.flush()
        except (BrokenPipeError, ValueError):
            # The process has ended; the others go on.
            return


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return
