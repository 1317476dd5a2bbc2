"""Problem -> intervals: one start per phase, and what it asks of each resource.

What a mode asks for is an optional interval. Where there are few phases, one that asks for a
constant rate to its end in each of its modes is a single interval, whose length and rate the mode
gives: the least of these is known from the start, so that more is proved. With many phases this
finds worse schedules in the same time (both seen on PSPLIB j30 and MMLIB50).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from pmo_optimizer.problem import PhaseData, Problem, ProjectData
from pmo_solvers.cp_sat.interval.constants import broken_row, constant_flows, selected, total
from pmo_solvers.cp_sat.interval.network import Event, ends_with, links
from pmo_solvers.cp_sat.interval.resources import Piece, Resource, binding_resources

Linear = cp_model.LinearExprT
"""A whole number, a variable, or a sum."""

Place = tuple[int, int]
"""Project and phase index."""

FEW_PHASES = 40
"""Phases, of which some have several modes, up to which these are single intervals."""

Given = tuple[cp_model.IntVar, Mapping[int, int]]
"""A variable, and its value by mode index."""


@dataclass(frozen=True, slots=True)
class Work:
    """The variables of a phase.

    Attributes
    ----------
    start, end
        First period and exclusive end.
    chosen
        0/1 variable of each mode that can be had, by mode index; empty where only ``mode``
        can be had.
    ends_freely
        Whether ``end`` is a variable of its own, because modes differ in length.
    """

    start: cp_model.IntVar
    end: Linear
    mode: int
    chosen: Mapping[int, cp_model.IntVar]
    ends_freely: bool = False


class IntervalModel:
    """The constraints of a problem that `suits_intervals` has accepted.

    Parameters
    ----------
    resources
        The capacity that can bind, from who knows it better than `binding_resources` does.
    merged
        Whether a phase of several modes is a single interval where it can be; by default where
        there are at most `FEW_PHASES`.

    Attributes
    ----------
    cp
        The CP-SAT model; objectives are for others to add.
    infeasible
        Name of a rule that cannot hold whatever is decided; empty otherwise.
    works
        The variables of every phase, by project and phase index.
    outer
        Variables of first starts and last finishes, where several phases compete.
    given
        Further variables and their value in each mode, by project and phase index.
    resources
        The capacity that can bind.
    """

    def __init__(
        self,
        problem: Problem,
        resources: Sequence[Resource] | None = None,
        *,
        merged: bool | None = None,
    ) -> None:
        self.problem = problem
        self.cp = cp_model.CpModel()
        self.infeasible = broken_row(problem)
        self.works: dict[Place, Work] = {}
        self.outer: dict[Event, cp_model.IntVar] = {}
        self.given: dict[Place, list[Given]] = defaultdict(list)
        self.resources: list[Resource] = []
        self._wholes: dict[Place, cp_model.IntervalVar] = {}
        phases = sum(len(project.phases) for project in selected(problem))
        self._merged = phases <= FEW_PHASES if merged is None else merged
        for project in selected(problem):
            for index, phase in enumerate(project.phases):
                self._add_phase(project, index, phase)
        if self.infeasible:
            return
        self._add_links()
        self._add_windows()
        self.resources = binding_resources(problem) if resources is None else list(resources)
        for resource in self.resources:
            self._add_resource(resource)
        self._add_funds()

    def fail(self, rule: str) -> None:
        """Note a rule that cannot hold."""
        self.infeasible = self.infeasible or rule

    # -- phases ----------------------------------------------------------------------------

    def _add_phase(self, project: ProjectData, index: int, phase: PhaseData) -> None:
        """Add start s, end e = s + d_m and, for several modes, x_m with sum of x_m = 1."""
        modes = [m for m, mode in enumerate(phase.modes) if len(phase.starts(mode))]
        if not modes:
            self.fail(f"schedule:{project.id}")
            return
        lengths = {m: phase.modes[m].duration for m in modes}
        last = min(phase.last_start, phase.last_end - min(lengths.values()))
        start = self.cp.new_int_var(phase.first_start, last, "")
        chosen = {m: self.cp.new_bool_var("") for m in modes} if len(modes) > 1 else {}
        if chosen:
            self.cp.add_exactly_one(chosen.values())
        end: Linear = start + lengths[modes[0]]
        freely = len(set(lengths.values())) > 1
        if freely:
            end = self._end(phase, start, lengths, chosen)
        self.works[project.index, index] = Work(start, end, modes[0], chosen, freely)

    def _end(
        self,
        phase: PhaseData,
        start: cp_model.IntVar,
        lengths: Mapping[int, int],
        chosen: Mapping[int, cp_model.IntVar],
    ) -> cp_model.IntVar:
        """Add e = s + sum of d_m x_m."""
        earliest = phase.first_start + min(lengths.values())
        end = self.cp.new_int_var(earliest, phase.last_end, "")
        taken = cp_model.LinearExpr.weighted_sum(
            list(chosen.values()), [lengths[m] for m in chosen]
        )
        self.cp.add(end == start + taken)
        return end

    # -- events and precedence -------------------------------------------------------------

    def event(self, event: Event) -> Linear:
        """Return the time of an event; a number where nothing can change it."""
        if event.phase >= 0:
            work = self.works[event.project, event.phase]
            return work.end if event.finish else work.start
        project = self.problem.projects[event.project]
        if not project.phases:
            return project.first_start
        phases = ends_with(project, finish=event.finish)
        times = [self.event(Event(event.project, f, event.finish)) for f in phases]
        return times[0] if len(times) == 1 else self._outer_event(project, event, times)

    def _outer_event(self, project: ProjectData, event: Event, times: list[Linear]) -> Linear:
        """Add the least of the starts, or the greatest of the ends, of the phases."""
        if event not in self.outer:
            if event.finish:
                variable = self.cp.new_int_var(project.first_start, project.last_finish, "")
                self.cp.add_max_equality(variable, times)
            else:
                variable = self.cp.new_int_var(project.first_start, project.last_start, "")
                self.cp.add_min_equality(variable, times)
            self.outer[event] = variable
        return self.outer[event]

    def _add_links(self) -> None:
        """Add min_lag <= event(target) - event(source) <= max_lag."""
        for source, target, least, most in links(self.problem):
            before, after = self.event(source), self.event(target)
            if least is not None:
                self._at_least(after, before, least)
            if most is not None:
                self._at_least(before, after, -most)

    def _at_least(self, later: Linear, earlier: Linear, lag: int) -> None:
        if isinstance(later, int) and isinstance(earlier, int):
            if later < earlier + lag:
                self.fail("links")
            return
        self.cp.add(later >= earlier + lag)

    def _add_windows(self) -> None:
        """Hold the first start of a project within its window where its phases do not say it."""
        for project in selected(self.problem):
            latest = min((phase.last_start for phase in project.phases), default=project.last_start)
            if project.last_start < latest:
                self.cp.add(self.event(Event(project.index, -1, False)) <= project.last_start)

    # -- resources -------------------------------------------------------------------------

    def _add_resource(self, resource: Resource) -> None:
        """At any time, sum of the rates of what runs <= capacity.

        The capacity is the greatest one; fixed intervals take what is missing in a period.
        """
        used = list(self._uses(resource))
        intervals = [interval for interval, _, _ in used]
        demands = [rate for _, rate, _ in used]
        gaps = list(resource.gaps())
        least = min((units for _, _, units in used), default=0)
        blocked = all(resource.most - missing < least for _, _, missing in gaps)
        fillers = [self.cp.new_fixed_size_interval_var(t, n, "") for t, n, _ in gaps]
        if resource.unary:
            self.cp.add_no_overlap(intervals + (fillers if blocked else []))
        if not (resource.unary and blocked):
            missing = [units for _, _, units in gaps]
            self.cp.add_cumulative(intervals + fillers, [*demands, *missing], resource.most)

    def _uses(
        self, resource: Resource
    ) -> Iterator[tuple[cp_model.IntervalVar, cp_model.LinearExprT, int]]:
        """Yield an interval, its rate, and the least of that where it asks for anything."""
        separate = resource.unary or not self._merged
        own: dict[Place, list[Piece]] = defaultdict(list)
        for piece in resource.pieces:
            own[piece.project, piece.phase].append(piece)
        for place, pieces in own.items():
            rates = None if separate else self._rates(place, pieces, resource.most)
            if rates is not None:
                if any(rates.values()):
                    least = min(units for units in rates.values() if units)
                    yield self._whole(place), self._by_mode(place, rates), least
                continue
            for piece in pieces:
                interval = self._interval(piece, resource.most)
                if interval is not None:
                    yield interval, piece.rate, piece.rate

    def _rates(self, place: Place, pieces: Sequence[Piece], most: int) -> dict[int, int] | None:
        """Return what each mode asks for all the time, or None where that is not so.

        A mode that asks for more than there is is out.
        """
        work = self.works[place]
        modes = self.problem.projects[place[0]].phases[place[1]].modes
        if not work.chosen or any(p.length != modes[p.mode].duration for p in pieces):
            return None
        rates = dict.fromkeys(work.chosen, 0) | {p.mode: p.rate for p in pieces}
        for mode, units in rates.items():
            if units > most and mode in work.chosen:
                self.cp.add(work.chosen[mode] == 0)
        return {m: units for m, units in rates.items() if m in work.chosen and units <= most}

    def _whole(self, place: Place) -> cp_model.IntervalVar:
        """Return the interval from the start to the end of a phase, whatever its mode."""
        if place not in self._wholes:
            work = self.works[place]
            modes = self.problem.projects[place[0]].phases[place[1]].modes
            size = self._by_mode(place, {m: modes[m].duration for m in work.chosen})
            self._wholes[place] = self.cp.new_interval_var(work.start, size, work.end, "")
        return self._wholes[place]

    def _by_mode(self, place: Place, values: Mapping[int, int]) -> cp_model.LinearExprT:
        """Return what has this value in each mode: v = v_m if x_m."""
        different = sorted(set(values.values()))
        if len(different) == 1:
            return different[0]
        variable = self.cp.new_int_var_from_domain(cp_model.Domain.from_values(different), "")
        for mode, value in values.items():
            chosen = self.works[place].chosen[mode]
            self.cp.add(variable == value).only_enforce_if(chosen)
        self.given[place].append((variable, values))
        return variable

    def _interval(self, piece: Piece, most: int) -> cp_model.IntervalVar | None:
        """Return the interval of a piece; a mode that asks for more than there is is out."""
        work = self.works[piece.project, piece.phase]
        present = work.chosen.get(piece.mode)
        if present is None:
            if piece.mode != work.mode or work.chosen:
                return None
            if piece.rate > most:
                self.fail(f"capacity:{piece.project}:{piece.phase}")
                return None
            return self.cp.new_fixed_size_interval_var(work.start + piece.offset, piece.length, "")
        if piece.rate > most:
            self.cp.add(present == 0)
            return None
        return self.cp.new_optional_fixed_size_interval_var(
            work.start + piece.offset, piece.length, present, ""
        )

    # -- money -----------------------------------------------------------------------------

    def _add_funds(self) -> None:
        """Spent by modes + spent anyway <= amount, for every fund."""
        spent: dict[int, list[Linear]] = defaultdict(list)
        fixed: dict[int, int] = defaultdict(int)
        for flow in constant_flows(self.problem):
            for fund in flow.payers:
                fixed[fund] += total(flow)
        for (project, phase), work in self.works.items():
            modes = self.problem.projects[project].phases[phase].modes
            for m in work.chosen or (work.mode,):
                for flow in modes[m].flows:
                    for fund in flow.payers:
                        spent[fund].append(total(flow) * (work.chosen[m] if work.chosen else 1))
        for index, data in enumerate(self.problem.funds):
            self._at_most(f"fund:{data.id}", spent[index], data.amounts[0] - fixed[index])

    def _at_most(self, rule: str, terms: list[Linear], limit: int) -> None:
        constant = sum(term for term in terms if isinstance(term, int))
        moving = [term for term in terms if not isinstance(term, int)]
        if moving:
            self.cp.add(cp_model.LinearExpr.sum(moving) <= limit - constant)
        elif constant > limit:
            self.fail(rule)
