"""Serial and parallel schedule generation: from an order of jobs to starts."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from pmo_solvers.generation.setting import View


def serial(
    view: View,
    order: Sequence[int],
    first: Sequence[int],
    used: Sequence[int],
    guard: int,
) -> list[int] | None:
    """Return starts: each job, in order, as early as its predecessors and resources allow.

    Parameters
    ----------
    order
        All jobs, predecessors first.
    first
        Least start of each job.
    used
        Packed use of every period before anything is placed.
    guard
        Guard bits of the packed resources.

    Returns
    -------
    list[int] | None
        None where a job does not fit into the grid.
    """
    load = list(used)
    starts = [0] * len(order)
    ends = [0] * len(order)
    before, durations, rates, parts = view.before, view.durations, view.rates, view.parts
    lags = view.lags
    try:
        for job in order:
            start = first[job]
            for other in before[job]:
                if ends[other] > start:
                    start = ends[other]
            if lags:
                for other, lag in lags[job]:
                    start = max(start, starts[other] + lag)
            rate = rates[job]
            end = start + durations[job]
            if rate:
                checked = start
                while True:
                    # From the end back: what blocks latest moves the job furthest.
                    t = end - 1
                    while t >= checked and not (load[t] + rate) & guard:
                        t -= 1
                    if t < checked:
                        break
                    start = t + 1
                    checked = end
                    end = start + durations[job]
                for t in range(start, end):
                    load[t] += rate
            elif job in parts:
                start = _place(load, parts[job], start, guard)
                end = start + durations[job]
            starts[job] = start
            ends[job] = end
    except IndexError:
        return None
    return starts


def _place(load: list[int], parts: Sequence[tuple[int, int, int]], start: int, guard: int) -> int:
    """Place a job whose use varies; return its start.

    Raises
    ------
    IndexError
        It does not fit into the grid.
    """
    while True:
        shift = _shift(load, parts, start, guard)
        if not shift:
            break
        start += shift
    for offset, length, rate in parts:
        for t in range(start + offset, start + offset + length):
            load[t] += rate
    return start


def _shift(load: list[int], parts: Sequence[tuple[int, int, int]], start: int, guard: int) -> int:
    """Return by how much a job must move at least, 0 where it fits."""
    for offset, length, rate in reversed(parts):
        begin = start + offset
        for t in range(begin + length - 1, begin - 1, -1):
            if (load[t] + rate) & guard:
                return t + 1 - begin
    return 0


def parallel(
    view: View,
    keys: Sequence[float],
    first: Sequence[int],
    used: Sequence[int],
    guard: int,
) -> list[int] | None:
    """Return starts: period by period, whatever can start does, least key first.

    Parameters are those of `serial`; ``keys`` gives the priority of each job.
    """
    load = list(used)
    count = len(view.before)
    starts = [0] * count
    after: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    waiting = [0] * count
    earliest = list(first)
    for job in range(count):
        own = [(other, view.durations[other]) for other in view.before[job]]
        own += view.lags[job] if view.lags else ()
        waiting[job] = len(own)
        for other, lag in own:
            after[other].append((job, lag))
    coming = [(earliest[job], job) for job in range(count) if not waiting[job]]
    heapify(coming)
    ready: list[tuple[float, int]] = []
    now = 0
    try:
        while coming or ready:
            while coming and coming[0][0] <= now:
                job = heappop(coming)[1]
                insort(ready, (keys[job], job))
            left = []
            for key, job in ready:
                if not _starts_at(load, view, job, now, guard):
                    left.append((key, job))
                    continue
                starts[job] = now
                for other, lag in after[job]:
                    waiting[other] -= 1
                    earliest[other] = max(earliest[other], now + lag)
                    if not waiting[other]:
                        heappush(coming, (earliest[other], other))
            ready = left
            if not (coming and coming[0][0] <= now):
                now = now + 1 if ready else max(now + 1, coming[0][0]) if coming else now
    except IndexError:
        return None
    return starts


def _starts_at(load: list[int], view: View, job: int, now: int, guard: int) -> bool:
    """Place a job at a period if it fits there; return whether.

    Raises
    ------
    IndexError
        The grid ends.
    """
    rate = view.rates[job]
    parts = view.parts.get(job, ()) if not rate else ((0, view.durations[job], rate),)
    if _shift(load, parts, now, guard):
        return False
    for offset, length, amount in parts:
        for t in range(now + offset, now + offset + length):
            load[t] += amount
    return True
