"""Runs instances one after the other, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from benchmarks.child import READ, Job, failed, run
from benchmarks.items import Item
from benchmarks.lines import Line

READING_SECONDS = 600.0
"""How long a process may take to start and to read its instance."""

GRACE_SECONDS = 30.0
"""How long after its limit a process is killed, unless asked otherwise."""


LONGEST_POLL = 3600.0
"""Seconds of one look at a connection, which counts in milliseconds of 32 bits."""


def jobs_of(
    items: Iterable[Item], backends: Sequence[str], time_limit: float, workers: int
) -> Iterator[Job]:
    """Yield one job per instance and backend, those of an instance side by side."""
    for item in items:
        for backend in backends:
            yield Job(item, backend, time_limit, workers)


def run_apart(job: Job, *, grace: float = GRACE_SECONDS) -> Line:
    """Return the line of an instance that is solved in a fresh process.

    The process is killed ``grace`` seconds after its limit; it is then an error, as where it
    dies by itself.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=run, args=(job, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        return _answer(job, process, ours, grace)
    finally:
        process.kill()
        process.join()
        ours.close()


def _answer(job: Job, process: SpawnProcess, connection: Connection, grace: float) -> Line:
    patience = READING_SECONDS
    try:
        while _heard(connection, patience):
            word = connection.recv()
            if isinstance(word, Line):
                process.join(min(grace, LONGEST_POLL))
                return word
            patience = job.time_limit + grace if word == READ else patience
    except EOFError:
        process.join()
        return failed(job, f"the process of the instance ended with code {process.exitcode}")
    return failed(job, f"killed: no answer {patience:g} s after the last word", patience)


def _heard(connection: Connection, seconds: float) -> bool:
    """Return whether there is word within so many seconds, which may be more than a poll takes."""
    end = time.monotonic() + seconds
    while not connection.poll(min(LONGEST_POLL, max(0.0, end - time.monotonic()))):
        if time.monotonic() >= end:
            return False
    return True


def selected(items: Sequence[Item], *, every: int = 1, only: Sequence[str] = ()) -> list[Item]:
    """Return the instances that are asked for.

    Parameters
    ----------
    every
        Each so-many-th one, beginning with the first.
    only
        Names of instances, or stems, which mean every instance of the file.

    Raises
    ------
    ValueError
        A name of ``only`` fits no instance.
    """
    if not only:
        return list(items[::every])
    known = {name for item in items for name in (item.name, item.stem)}
    unknown = [name for name in only if name not in known]
    if unknown:
        raise ValueError(f"there is no instance {', '.join(unknown)}")
    return [item for item in items if {item.name, item.stem} & set(only)]
