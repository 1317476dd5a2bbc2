"""Processes that breed schedules beside this one."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
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
    """Child processes; a context manager that starts and ends them.

    A process costs a few hundredths of a second: it imports the standard library only. What goes
    wrong here while their schedules are taken ends the run, and is raised at its end.

    Attributes
    ----------
    size
        How many there are; fewer than asked for where the system starts none.
    lost
        How many ended by themselves with an error; the others went on.
    """

    def __init__(self, shop: Shop, board: Board, seconds: float, seeds: range) -> None:
        self._shop = shop
        self._board = board
        self._seconds = seconds
        self._seeds = seeds
        self._members: list[_Member] = []
        self._talks: list[Future[None]] = []
        self._pool = ThreadPoolExecutor(max(1, len(seeds)))

    @property
    def size(self) -> int:
        """Number of processes."""
        return len(self._members)

    @property
    def lost(self) -> int:
        """Number of processes that ended with an error."""
        return sum(member.failed for member in self._members)

    def __enter__(self) -> Crew:
        """Start the processes."""
        for seed in self._seeds:
            try:
                member = _Member(self._shop, self._board, self._seconds, seed)
            except OSError:
                break
            self._members.append(member)
            talk = self._pool.submit(member.talk)
            talk.add_done_callback(self._board.end_if_failed)
            self._talks.append(talk)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End all processes; raise what went wrong with them unless something did before."""
        for member in self._members:
            member.end()
        self._pool.shutdown()
        if kind is None:
            for talk in self._talks:
                talk.result()


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
        self._ending = False
        self.failed = False

    def end(self) -> None:
        """Kill the process, which holds nothing that matters, and wait for the end of it."""
        self._ending = True
        self._process.kill()
        self._process.wait()

    def talk(self) -> None:
        """Send the shop, then read schedules and hand on those of others, until it ends."""
        try:
            self._write(self._message)
            self._board.listeners.append(self._tell)
            for line in self._process.stdout or ():
                if line.endswith(b"\n"):
                    key, ways, starts, _ = json.loads(line)
                    self._board.offer(ways, starts, tuple(key), self._source)
            self.failed = self._process.wait() != 0 and not self._ending
        finally:
            if self._tell in self._board.listeners:
                self._board.listeners.remove(self._tell)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    _close(pipe)

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
