"""Jobs in plain whole numbers: all that schedule generation knows of a problem.

Nothing here or beside it imports more than the standard library, so that a process of its own
is at work within a few hundredths of a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A constant packed rate for ``length`` periods from ``offset`` on."""

    offset: int
    length: int
    rate: int


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do a job.

    Attributes
    ----------
    modes, offsets
        Mode index and offset from the start of the job, of each phase.
    duration
        Periods from start to exclusive end.
    pieces
        Packed use of the resources.
    spent
        Money of each fund, by index.
    cost
        Money of all its modes.
    first, last
        Window of the job's start.
    share
        Work, as a sum over resources of parts of their capacity.
    """

    modes: tuple[int, ...]
    offsets: tuple[int, ...]
    duration: int
    pieces: tuple[Piece, ...]
    spent: tuple[int, ...]
    cost: int
    first: int
    last: int
    share: float


@dataclass(frozen=True, slots=True)
class Job:
    """Phases of one project that are done together, and how that can be done."""

    project: int
    phases: tuple[int, ...]
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Bond:
    """``start(head) >= start(tail) + lag + leave[way of tail] - reach[way of head]``."""

    tail: int
    head: int
    lag: int
    leave: tuple[int, ...]
    reach: tuple[int, ...]

    def between(self, tail_way: int, head_way: int) -> int:
        """Return the least distance of the starts for two ways."""
        return self.lag + self.leave[tail_way] - self.reach[head_way]


@dataclass(frozen=True, slots=True)
class Goal:
    """What schedules are judged by.

    Attributes
    ----------
    forms
        For each stage the coefficients of makespan, delay and cost in a whole sum, which is to
        be minimised.
    length, delay, cost
        What they are at least, by what is no job.
    due
        Exclusive end that is due, by project.
    """

    forms: tuple[tuple[int, int, int], ...]
    length: int
    delay: int
    cost: int
    due: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Shop:
    """Jobs, how they hang together, and what they share.

    Attributes
    ----------
    jobs
        In the order of projects and phases.
    order
        All jobs, the tail of every one of `bonds` before its head.
    bonds
        Minimum lags.
    ties
        Bonds that lead back: maximum lags, and what would close a cycle.
    used
        Packed use of every period before anything is placed: what is missing to the capacity
        that the width of each field stands for.
    guard
        The guard bits of all fields.
    money
        What modes may spend of each fund.
    """

    jobs: tuple[Job, ...]
    order: tuple[int, ...]
    bonds: tuple[Bond, ...]
    ties: tuple[Bond, ...]
    used: list[int]
    guard: int
    money: tuple[int, ...]
    goal: Goal
