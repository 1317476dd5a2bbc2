"""The money of a project, column by column: the same for every start, but shifted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np

from pmo_optimizer.problem import Flow, ProjectData
from pmo_solvers.time_indexed.entries import Indices
from pmo_solvers.time_indexed.schedule import Event, Schedule


class Spending(NamedTuple):
    """Money of several columns that is alike but for the period in which it begins.

    Attributes
    ----------
    columns
        Columns, shape (columns).
    periods
        Period of each column from which offsets count, also beyond the grid.
    project_starts
        Start of the project where the column tells it, else -1.
    flow
        Who pays, and which caps count it.
    amounts
        (offset, money) pairs; negative amounts take back what another spending adds.
    lengths
        How many of the amounts each column has, from the first on.
    """

    columns: Indices
    periods: Indices
    project_starts: Indices
    flow: Flow
    amounts: tuple[tuple[int, int], ...]
    lengths: Indices

    def grid(self) -> Indices:
        """Return the period of each amount, shape (columns, amounts); -1 where it is not spent."""
        offsets = np.array([offset for offset, _ in self.amounts], dtype=np.int64)
        periods = self.periods[:, np.newaxis] + offsets
        if self.lengths.size and self.lengths.min() < len(self.amounts):
            periods[np.arange(len(self.amounts)) >= self.lengths[:, np.newaxis]] = -1
        return periods


@dataclass(frozen=True, slots=True)
class Expense:
    """Money in a period if the column is 1; negative amounts take back what another adds."""

    column: int
    flow: Flow
    period: int
    amount: int
    project_start: int


def expenses(schedule: Schedule, project: ProjectData) -> list[Expense]:
    """Return all money of a project one by one, modes first and by column, also beyond the grid."""
    modes = [e for s in mode_spendings(schedule, project) for e in _one_by_one(s)]
    modes.sort(key=lambda expense: expense.column)
    return [*modes, *(e for s in own_spendings(schedule, project) for e in _one_by_one(s))]


def _one_by_one(spending: Spending) -> Iterator[Expense]:
    amounts = [amount for _, amount in spending.amounts]
    rows = zip(spending.columns, spending.grid(), spending.project_starts, strict=True)
    for column, periods, start in rows:
        for period, amount in zip(periods.tolist(), amounts, strict=True):
            if period >= 0:
                yield Expense(int(column), spending.flow, period, amount, int(start))


def mode_spendings(schedule: Schedule, project: ProjectData) -> Iterator[Spending]:
    """Yield the money of the modes, by phase and mode."""
    for (phase, mode), placed in schedule.placed(project.index).items():
        for flow in project.phases[phase].modes[mode].flows:
            if flow.amounts:
                every = np.full(len(placed.columns), len(flow.amounts))
                yield Spending(*placed, flow, flow.amounts, every)


def own_spendings(schedule: Schedule, project: ProjectData) -> Iterator[Spending]:
    """Yield the money of the project's own lines, in their order."""
    for flow in project.flows:
        if flow.kind == "start":
            event = schedule.event(project.index, -1, finish=False)
            yield _spending(event, flow, flow.amounts, known=True)
        elif schedule.patterns[project.index]:
            yield _of_patterns(schedule, project, flow)
        elif flow.kind == "running":
            yield from _running(schedule, project, flow)
        else:
            yield from _last_period(schedule, project, flow)


def _spending(
    event: Event, flow: Flow, amounts: tuple[tuple[int, int], ...], *, known: bool = False
) -> Spending:
    """Return money that is anchored at an event; ``known``: at the start of the project."""
    columns = np.array(list(chain.from_iterable(event.values())), dtype=np.int64)
    periods = np.repeat(
        np.array(list(event), dtype=np.int64), [len(found) for found in event.values()]
    )
    starts = periods if known else np.full(len(columns), -1)
    return Spending(columns, periods, starts, flow, amounts, np.full(len(columns), len(amounts)))


def _of_patterns(schedule: Schedule, project: ProjectData, flow: Flow) -> Spending:
    """Return an amount in every period of a project, or in its last or only one."""
    patterns = schedule.patterns[project.index]
    columns = np.array([pattern.column for pattern in patterns])
    starts = np.array([pattern.start for pattern in patterns])
    finishes = np.array([pattern.finish for pattern in patterns])
    amount = flow.amounts[0][1]
    if flow.kind == "running":
        lengths = finishes - starts
        amounts = tuple((k, amount) for k in range(int(lengths.max())))
        return Spending(columns, starts, starts, flow, amounts, lengths)
    last = np.maximum(finishes - 1, starts)
    return Spending(columns, last, starts, flow, ((0, amount),), np.ones_like(last))


def _running(schedule: Schedule, project: ProjectData, flow: Flow) -> Iterator[Spending]:
    """Amount from the start on, minus the same from the finish on."""
    for finish, sign in ((False, 1), (True, -1)):
        event = schedule.event(project.index, -1, finish=finish)
        amount = sign * flow.amounts[0][1]
        longest = max((project.last_finish - t for t in event), default=0)
        amounts = tuple((k, amount) for k in range(longest))
        whole = _spending(event, flow, amounts)
        yield whole._replace(lengths=np.maximum(project.last_finish - whole.periods, 0))


def _last_period(schedule: Schedule, project: ProjectData, flow: Flow) -> Iterator[Spending]:
    """Amount in finish - 1, or in the start period of a project of length 0."""
    amount = flow.amounts[0][1]
    empty = schedule.start_is_finish(project)
    for finish, columns in schedule.event(project.index, -1, finish=True).items():
        yield _spending({max(finish - 1, 0): columns}, flow, ((0, amount),))
        if finish and finish in empty:
            yield _spending({finish - 1: empty[finish]}, flow, ((0, -amount), (1, amount)))
