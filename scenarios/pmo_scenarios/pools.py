"""Where solves run: an executor of the caller, or processes of our own, new ones after a death."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from types import TracebackType


class Pool:
    """An executor for one batch of work or for several; a context manager.

    Parameters
    ----------
    executor
        Of the caller; it is never shut down. Without one: processes on this machine.
    processes
        How many of our own there are at most.
    """

    def __init__(self, executor: Executor | None = None, processes: int = 1) -> None:
        self._given = executor
        self._own: Executor | None = None
        self._processes = processes

    @property
    def given(self) -> bool:
        """Whether it is an executor of the caller."""
        return self._given is not None

    @property
    def tells_what_runs(self) -> bool:
        """Whether a future that can be cancelled has not begun; not so on Dask."""
        return type(self._given).__module__.partition(".")[0] != "distributed"

    @property
    def executor(self) -> Executor:
        """The executor; processes of our own begin when they are needed."""
        if self._given is not None:
            return self._given
        if self._own is None:
            self._own = own_processes(self._processes)
        return self._own

    def leave(self, executor: Executor) -> None:
        """Leave processes of our own of which one has died: the next work has new ones."""
        if self.given:
            return
        executor.shutdown(wait=False)
        if self._own is executor:
            self._own = None

    def close(self) -> None:
        """End the processes of our own."""
        if self._own is not None:
            self._own.shutdown(cancel_futures=True)
            self._own = None

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def own_processes(number: int) -> Executor:
    """Return processes that begin afresh: a copy of one with solver threads could lock up."""
    return ProcessPoolExecutor(number, get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """Leave Ctrl-C, which a terminal sends to every process, to the one that asked.

    When that one is killed, this process ends too: by itself it would solve on, for nobody.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait((sentinel,))
    os._exit(1)


def deaths() -> tuple[type[Exception], ...]:
    """Return what an executor raises where processes have died, Dask's if it is used."""
    dask = sys.modules.get("distributed")
    return (BrokenExecutor,) if dask is None else (BrokenExecutor, dask.KilledWorker)
