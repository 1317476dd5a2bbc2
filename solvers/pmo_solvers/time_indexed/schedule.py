"""Columns of selection and schedule, and the events that other rules hang on.

A project that has few schedules has one 0/1 column for each of them (a pattern): for phases
that run one after the other, one per start period and combination of modes. Any other project
has one column per phase, mode and start period.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import product, zip_longest
from math import prod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pmo_optimizer.backend import Decisions, PhaseDecision
from pmo_optimizer.model import LinkType
from pmo_optimizer.problem import Precedence, Problem, ProjectData
from pmo_solvers.time_indexed.entries import Indices
from pmo_solvers.time_indexed.linear import LinearModel

MAX_COMBINATIONS = 64
"""Above this many mode combinations a chain is modelled phase by phase."""

MAX_SCHEDULES = 400
"""Above this many schedules a project with gaps or links of its own is, too."""

STARTS_AT_FINISH = frozenset({LinkType.FS, LinkType.FF})
"""Links whose source's event is its finish."""

ENDS_AT_FINISH = frozenset({LinkType.FF, LinkType.SF})
"""Links whose target's event is its finish."""

FAR = 10**9
"""More periods than any grid has."""

GROWTH = 10
"""How many times more partial schedules than that may be tried."""

Placement = tuple[PhaseDecision, ...]
"""One decision per phase."""

Event = dict[int, list[int]]
"""Columns by period: the event happens in t if one of the columns of t is 1."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One column of a project: all its phases placed."""

    column: int
    phases: tuple[PhaseDecision, ...]
    start: int
    finish: int


@dataclass(frozen=True, slots=True)
class Work:
    """A phase done in a mode from a period on, if the column is 1.

    ``project_start`` is -1 where the column does not tell it.
    """

    column: int
    phase: int
    mode: int
    start: int
    project_start: int


class Placed(NamedTuple):
    """All columns that do a phase in one mode, ascending, and when it then starts.

    ``project_starts`` is -1 where a column does not tell it.
    """

    columns: Indices
    starts: Indices
    project_starts: Indices


class Schedule:
    """The columns of all projects.

    Attributes
    ----------
    selected
        Column of each project's selection.
    patterns
        Patterns of each chain; empty for other projects.
    works
        Every placed phase of each project.
    """

    def __init__(self, problem: Problem, model: LinearModel) -> None:
        self.problem = problem
        self.model = model
        self.selected: list[int] = []
        self.patterns: list[list[Pattern]] = []
        self.works: list[list[Work]] = []
        self._events: dict[tuple[int, int, bool], Event] = {}
        self._both: dict[int, Event] = {}
        self._placed: dict[int, dict[tuple[int, int], Placed]] = {}
        for project in problem.projects:
            self._add(project)

    # -- columns ---------------------------------------------------------------------------

    def _add(self, project: ProjectData) -> None:
        column = self.model.binary()
        self.selected.append(column)
        self.patterns.append([])
        self.works.append([])
        if project.fixed is not None:
            self.model.fix(column, project.fixed)
        if project.fixed == 1 and project.last_start < project.first_start:
            self.model.infeasible = f"window:{project.id}"
        if project.fixed == 0 or not project.phases:
            return
        combinations = prod(len(phase.modes) for phase in project.phases)
        if not project.chain:
            schedules = _schedules(project, MAX_SCHEDULES)
        elif combinations <= MAX_COMBINATIONS:
            schedules = _chain_schedules(project)
        else:
            schedules = None
        if schedules is None:
            self._add_phases(project)
        else:
            self._add_patterns(project, schedules)

    def _add_patterns(self, project: ProjectData, schedules: list[Placement]) -> None:
        """Add one column per schedule; exactly one is 1 if the project is selected."""
        patterns = self.patterns[project.index]
        for placed in schedules:
            column = self.model.binary(project.index)
            start = min(decision.start for decision in placed)
            finish = max(_end(project, phase, d) for phase, d in enumerate(placed))
            patterns.append(Pattern(column, placed, start, finish))
            self.works[project.index] += [
                Work(column, phase, decision.mode, decision.start, start)
                for phase, decision in enumerate(placed)
            ]
        self._one(project, [pattern.column for pattern in patterns])

    def _add_phases(self, project: ProjectData) -> None:
        """Add one column per phase, mode and start; one of each phase is 1 if selected."""
        for index, phase in enumerate(project.phases):
            columns = []
            for number, mode in enumerate(phase.modes):
                for start in phase.starts(mode):
                    column = self.model.binary()
                    columns.append(column)
                    known = start if index == 0 and project.ordered else -1
                    self.works[project.index].append(Work(column, index, number, start, known))
            self._one(project, columns)
        if project.ordered and len(project.phases) == 1:
            return
        for link in project.inner:
            self._inner(project, link)
        latest = min(phase.last_start for phase in project.phases)
        if not project.ordered and project.last_start < latest:
            self.event(project.index, -1, finish=False)
        if project.chain:
            for index in range(len(project.phases) - 1):
                self._inner(project, Precedence(index, index + 1, LinkType.FS, 0, 0))

    def _one(self, project: ProjectData, columns: list[int]) -> None:
        terms = dict.fromkeys(columns, 1) | {self.selected[project.index]: -1}
        self.model.add(f"schedule:{project.id}", terms, 0, 0)

    def _inner(self, project: ProjectData, link: Precedence) -> None:
        """For all t: sum_{u<=t} B(u) <= sum_{u<=t-L} A(u), sum_{u<=t} A(u) <= sum_{u<=t+M} B(u)."""
        finish_a = link.type in {LinkType.FS, LinkType.FF}
        finish_b = link.type in {LinkType.FF, LinkType.SF}
        source = self.event(project.index, link.source, finish=finish_a)
        target = self.event(project.index, link.target, finish=finish_b)
        tag = f"inner:{project.id}"
        if link.min_lag is not None:
            add_order(self.model, tag, [source], target, link.min_lag)
        if link.max_lag is not None:
            add_order(self.model, tag, [target], source, -link.max_lag)

    def placed(self, project: int) -> dict[tuple[int, int], Placed]:
        """Return the works of a project by (phase, mode), in that order."""
        if project not in self._placed:
            groups: dict[tuple[int, int], list[Work]] = defaultdict(list)
            for work in self.works[project]:
                groups[work.phase, work.mode].append(work)
            self._placed[project] = {
                key: Placed(
                    np.array([work.column for work in groups[key]]),
                    np.array([work.start for work in groups[key]]),
                    np.array([work.project_start for work in groups[key]]),
                )
                for key in sorted(groups)
            }
        return self._placed[project]

    # -- events ----------------------------------------------------------------------------

    def event(self, project: int, phase: int, *, finish: bool) -> Event:
        """Return the columns of a start or finish of a phase, or (phase -1) of the project."""
        key = (project, phase, finish)
        if key not in self._events:
            data = self.problem.projects[project]
            if phase >= 0:
                self._events[key] = self._phase_event(data, phase, finish=finish)
            elif data.fixed == 0:
                self._events[key] = {}
            elif not data.phases:
                self._events[key] = {data.first_start: [self.selected[project]]}
            elif self.patterns[project]:
                self._events[key] = self._pattern_event(project, finish=finish)
            elif data.ordered:
                outer = len(data.phases) - 1 if finish else 0
                self._events[key] = self.event(project, outer, finish=finish)
            else:
                self._events[key] = self._outer_event(data, finish=finish)
        return self._events[key]

    def _phase_event(self, project: ProjectData, phase: int, *, finish: bool) -> Event:
        event: Event = {}
        for work in self.works[project.index]:
            if work.phase == phase:
                duration = project.phases[phase].modes[work.mode].duration if finish else 0
                event.setdefault(work.start + duration, []).append(work.column)
        return dict(sorted(event.items()))

    def _pattern_event(self, project: int, *, finish: bool) -> Event:
        event: Event = {}
        for pattern in self.patterns[project]:
            event.setdefault(pattern.finish if finish else pattern.start, []).append(pattern.column)
        return dict(sorted(event.items()))

    def _outer_event(self, project: ProjectData, *, finish: bool) -> Event:
        """Add columns for the first start or last finish of a project with its own links.

        E(t) <= sum over phases of their events in t; and for all t, phase f:
        start: sum_{u<=t} S_f(u) <= sum_{u<=t} E(u); finish: sum_{u<=t} E(u) <= sum_{u<=t} F_f(u).
        """
        phases = range(len(project.phases))
        events = [self.event(project.index, f, finish=finish) for f in phases]
        last = project.last_finish if finish else project.last_start
        periods = sorted({t for event in events for t in event if t <= last})
        outer: Event = {t: [self.model.binary()] for t in periods}
        self._one(project, [columns[0] for columns in outer.values()])
        tag = f"outer:{project.id}"
        for t, columns in outer.items():
            terms = {column: -1 for event in events for column in event.get(t, ())}
            self.model.add(tag, terms | {columns[0]: 1}, None, 0)
        for event in events:
            if finish:
                add_order(self.model, tag, [event], outer, 0)
            else:
                add_order(self.model, tag, [outer], event, 0)
        return outer

    def start_is_finish(self, project: ProjectData) -> Event:
        """Return 0/1 columns that say that a project starts and finishes in t.

        z <= S(t), z <= F(t), z >= S(t) + F(t) - 1.
        """
        if any(mode.duration > 0 for f in project.phases for mode in f.modes) and not all(
            any(mode.duration == 0 for mode in f.modes) for f in project.phases
        ):
            return {}
        if project.index not in self._both:
            starts = self.event(project.index, -1, finish=False)
            finishes = self.event(project.index, -1, finish=True)
            both: Event = {}
            for t in sorted(set(starts) & set(finishes)):
                column = self.model.binary()
                both[t] = [column]
                start, finish = dict.fromkeys(starts[t], 1), dict.fromkeys(finishes[t], 1)
                tag = f"empty:{project.id}"
                self.model.add(tag, {column: 1} | _times(start, -1), None, 0)
                self.model.add(tag, {column: 1} | _times(finish, -1), None, 0)
                total = dict(start)
                for j in finish:
                    total[j] = total.get(j, 0) + 1
                self.model.add(tag, total | {column: -1}, None, 1)
            self._both[project.index] = both
        return self._both[project.index]

    # -- back and forth --------------------------------------------------------------------

    def owners(self) -> npt.NDArray[np.int64]:
        """Return the project of every column, -1 where it belongs to no single one."""
        owner = np.full(self.model.size, -1, np.int64)
        for project in self.problem.projects:
            index = project.index
            owner[self.selected[index]] = index
            owner[[work.column for work in self.works[index]]] = index
            if project.ordered or not project.phases or self.patterns[index]:
                continue
            for finish in (False, True):
                for columns in self._events.get((index, -1, finish), {}).values():
                    owner[columns] = index
        for index, both in self._both.items():
            for columns in both.values():
                owner[columns] = index
        return owner

    def decode(self, values: list[int], heads: tuple[tuple[int, int, int], ...]) -> Decisions:
        """Return the decisions that column values mean."""
        phases: list[tuple[PhaseDecision, ...]] = []
        selected = tuple(values[column] > 0 for column in self.selected)
        for project in self.problem.projects:
            placed: dict[int, PhaseDecision] = {}
            if selected[project.index]:
                for work in self.works[project.index]:
                    if values[work.column]:
                        placed[work.phase] = PhaseDecision(work.mode, work.start)
            phases.append(tuple(placed[f] for f in sorted(placed)))
        return Decisions(selected, tuple(phases), heads)

    def encode(self, decisions: Decisions) -> dict[int, int] | None:
        """Return column values of selection and schedule, or None where one has no column."""
        values = dict.fromkeys(range(self.model.size), 0)
        for project in self.problem.projects:
            if not decisions.selected[project.index]:
                continue
            values[self.selected[project.index]] = 1
            wanted = decisions.phases[project.index]
            found = self.columns_of(project, wanted)
            if len(found) != (1 if self.patterns[project.index] else len(project.phases)):
                return None
            values |= dict.fromkeys(found, 1)
        self._encode_events(values)
        return values

    def columns_of(self, project: ProjectData, wanted: tuple[PhaseDecision, ...]) -> list[int]:
        """Return the columns that place phases as wanted, as far as there are any."""
        if self.patterns[project.index]:
            return [p.column for p in self.patterns[project.index] if p.phases == wanted]
        return [
            work.column
            for work in self.works[project.index]
            if work.phase < len(wanted)
            and wanted[work.phase] == PhaseDecision(work.mode, work.start)
        ]

    def _encode_events(self, values: dict[int, int]) -> None:
        """Set the columns of outer events from those of the phases."""
        for (index, phase, finish), event in self._events.items():
            project = self.problem.projects[index]
            known = project.ordered or not project.phases or self.patterns[index]
            if phase >= 0 or known or project.fixed == 0:
                continue
            times = [
                t
                for f in range(len(project.phases))
                for t, columns in self.event(index, f, finish=finish).items()
                if any(values[column] for column in columns)
            ]
            if times:
                values[event[max(times) if finish else min(times)][0]] = 1
        for index, both in self._both.items():
            starts, finishes = (self.event(index, -1, finish=f) for f in (False, True))
            for t, columns in both.items():
                hit = any(values[j] for j in starts[t]) and any(values[j] for j in finishes[t])
                values[columns[0]] = int(hit)


def _end(project: ProjectData, phase: int, decision: PhaseDecision) -> int:
    return decision.start + project.phases[phase].modes[decision.mode].duration


def _chain_schedules(project: ProjectData) -> list[Placement]:
    """Return all schedules of phases that run one after the other, by start."""
    choices = tuple(product(*(range(len(phase.modes)) for phase in project.phases)))
    starts = range(project.first_start, project.last_start + 1)
    placed = (_placed(project, modes, start) for start in starts for modes in choices)
    return [placement for placement in placed if placement is not None]


def _schedules(project: ProjectData, most: int) -> list[Placement] | None:
    """Return all schedules that keep windows and inner links, or None if there are too many.

    Phases are placed one by one; a link is looked at as soon as both its phases are placed.
    """
    checks: list[list[Precedence]] = [[] for _ in project.phases]
    for link in project.inner:
        checks[max(link.source, link.target)].append(link)
    partial: list[Placement] = [()]
    for index, phase in enumerate(project.phases):
        longer: list[Placement] = []
        choices = []
        for number, mode in enumerate(phase.modes):
            starts = phase.starts(mode)
            decisions = {t: PhaseDecision(number, t) for t in starts}
            choices.append((mode.duration, starts, decisions))
        for placement in partial:
            for duration, starts, decisions in choices:
                low, high = starts.start, starts.stop - 1
                for link in checks[index]:
                    first, last = _room(project, link, index, duration, placement)
                    low, high = max(low, first), min(high, last)
                longer += [(*placement, decisions[t]) for t in range(low, high + 1)]
            if len(longer) > most * GROWTH:
                return None
        partial = longer
    kept = [placed for placed in partial if _in_window(project, placed)]
    return kept if len(kept) <= most else None


def _room(
    project: ProjectData, link: Precedence, phase: int, duration: int, placed: Placement
) -> tuple[int, int]:
    """Return the least and greatest start of a phase that keep an inner link to placed ones."""
    own_finish, other_finish = link.type in ENDS_AT_FINISH, link.type in STARTS_AT_FINISH
    other, sign = link.source, 1
    if link.source == phase:
        own_finish, other_finish = other_finish, own_finish
        other, sign = link.target, -1
    there = _end(project, other, placed[other]) if other_finish else placed[other].start
    lags = [None if lag is None else there + sign * lag for lag in (link.min_lag, link.max_lag)]
    low, high = lags if sign > 0 else reversed(lags)
    shift = duration if own_finish else 0
    return -FAR if low is None else low - shift, FAR if high is None else high - shift


def _in_window(project: ProjectData, placed: Placement) -> bool:
    start = min(decision.start for decision in placed)
    finish = max(_end(project, phase, decision) for phase, decision in enumerate(placed))
    return project.first_start <= start <= project.last_start and finish <= project.last_finish


def _placed(project: ProjectData, modes: tuple[int, ...], start: int) -> Placement | None:
    """Return a chain's phases one after the other, or None where a window is missed."""
    placed = []
    t = start
    for phase, number in zip(project.phases, modes, strict=True):
        end = t + phase.modes[number].duration
        if not phase.first_start <= t <= phase.last_start or end > phase.last_end:
            return None
        placed.append(PhaseDecision(number, t))
        t = end
    return tuple(placed) if t <= project.last_finish else None


def _times(terms: dict[int, int], factor: int) -> dict[int, int]:
    return {column: coef * factor for column, coef in terms.items()}


def add_order(
    model: LinearModel,
    tag: str,
    sources: list[Event],
    target: Event,
    lag: int,
    slack: dict[int, int] | None = None,
    limit: int = 0,
) -> None:
    """For all t: sum_{u<=t} B(u) <= sum over sources of sum_{u<=t-lag} A(u) + limit.

    ``slack`` are further terms on the left side. Only periods in which B can happen matter:
    between them the left side stays and the right side grows.
    """
    before = sorted(
        (t + lag, column) for event in sources for t, columns in event.items() for column in columns
    )
    last = max((t for t, _ in before), default=None)
    left: dict[int, int] = {}
    right: dict[int, int] = {}
    position = 0
    times = sorted(target)
    for t, following in zip_longest(times, times[1:]):
        left |= dict.fromkeys(target[t], 1)
        while position < len(before) and before[position][0] <= t:
            column = before[position][1]
            right[column] = right.get(column, 0) - 1
            position += 1
        complete = last is None or t >= last
        if complete and following is not None:
            continue  # the last row says more
        terms = dict(slack or {})
        for part in (left, right):
            for column, coef in part.items():
                terms[column] = terms.get(column, 0) + coef
        model.add(tag, terms, None, limit)
