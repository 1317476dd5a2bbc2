"""Figures as expressions over intervals, lower bounds for them, hints and decisions."""

from __future__ import annotations

from collections.abc import Callable

from ortools.sat.python import cp_model

from pmo_optimizer.backend import Decisions, PhaseDecision
from pmo_optimizer.model import TermName
from pmo_optimizer.problem import Problem, ProjectData
from pmo_solvers.completion import span
from pmo_solvers.cp_sat.interval.constants import constant_cost, mode_cost, selected
from pmo_solvers.cp_sat.interval.forms import Form, figures
from pmo_solvers.cp_sat.interval.model import IntervalModel, Linear
from pmo_solvers.cp_sat.interval.network import (
    Event,
    Load,
    ends_with,
    energy_bound,
    path_bound,
    tails,
)
from pmo_solvers.cp_sat.interval.resources import Resource

Solution = cp_model.CpSolver | cp_model.CpSolverSolutionCallback
"""Where values of variables can be read."""


class Targets:
    """What an interval model can minimise."""

    def __init__(self, model: IntervalModel) -> None:
        self.model = model
        self.problem: Problem = model.problem
        self._delays: dict[int, cp_model.IntVar] = {}
        self._made: dict[TermName, Linear] = {}

    def whole(self, form: Form) -> Linear:
        """Return the whole sum of a form; never below its true value."""
        return sum(coef * self._figure(name) for name, coef in form.coefs.items())

    def _figure(self, name: TermName) -> Linear:
        makers: dict[TermName, Callable[[], Linear]] = {
            TermName.MAKESPAN: self._makespan,
            TermName.DELAY: self._delay,
            TermName.COST: self._cost,
        }
        if name not in self._made:
            self._made[name] = makers[name]()
        return self._made[name]

    # -- makespan --------------------------------------------------------------------------

    def _makespan(self) -> Linear:
        """Add C >= every end, and at least what paths and the energy of resources ask for."""
        cp, chosen = self.model.cp, selected(self.problem)
        after = tails(self.problem)
        loads = [(r, r.loads(self.problem, after)) for r in self.model.resources]
        bounds = [energy_bound(resource.capacity, own) for resource, own in loads]
        least = max([path_bound(self.problem, after), *bounds])
        most = max((project.last_finish for project in chosen), default=0)
        if least > most:
            self.model.fail("capacity")
        makespan = cp.new_int_var(min(least, most), most, "")
        for project in chosen:
            for end in self._ends(project):
                cp.add(makespan >= end)
        for resource, own in loads:
            self._add_energy(resource, makespan, own)
        return makespan

    def _ends(self, project: ProjectData) -> list[Linear]:
        """Return the ends of which the greatest is the project's finish."""
        phases = ends_with(project, finish=True) or (-1,)
        return [self.model.event(Event(project.index, phase, True)) for phase in phases]

    def _add_energy(self, resource: Resource, makespan: cp_model.IntVar, loads: list[Load]) -> None:
        """Sum of energy_m x_m <= c (C - h - q): greatest capacity c, least head h, least tail q.

        Only where modes differ in their work; otherwise the bound says it.
        """
        moving: list[Linear] = []
        fixed = 0
        for place, energy in resource.energy.items():
            work = self.model.works[place]
            fixed += 0 if work.chosen else energy[work.mode]
            moving += [energy[m] * variable for m, variable in work.chosen.items()]
        if moving:
            room = min(load.head for load in loads) + min(load.tail for load in loads)
            used = cp_model.LinearExpr.sum(moving) + fixed
            self.model.cp.add(used <= resource.most * (makespan - room))

    # -- delay and cost --------------------------------------------------------------------

    def _delay(self) -> Linear:
        """Sum of D, D >= finish - due, D >= 0."""
        constant = 0
        for project in selected(self.problem):
            if project.due is None or project.last_finish <= project.due:
                continue
            if project.phases:
                self._delays[project.index] = self._late(project, project.due)
            else:
                constant += project.first_start - project.due
        return cp_model.LinearExpr.sum(list(self._delays.values())) + constant

    def _late(self, project: ProjectData, due: int) -> cp_model.IntVar:
        late = self.model.cp.new_int_var(0, project.last_finish - due, "")
        for end in self._ends(project):
            self.model.cp.add(late >= end - due)
        return late

    def _cost(self) -> Linear:
        """Sum over modes of cost x chosen, and what is paid anyway."""
        constant = constant_cost(self.problem)
        moving: list[Linear] = []
        for (project, phase), work in self.model.works.items():
            modes = self.problem.projects[project].phases[phase].modes
            constant += 0 if work.chosen else mode_cost(modes[work.mode])
            moving += [mode_cost(modes[m]) * x for m, x in work.chosen.items()]
        return cp_model.LinearExpr.sum(moving) + constant

    # -- back and forth --------------------------------------------------------------------

    def decode(self, solver: Solution) -> Decisions:
        """Return the decisions of a solution."""
        problem = self.problem
        return Decisions(
            tuple(project.fixed == 1 for project in problem.projects),
            tuple(
                tuple(
                    self._decision(solver, project.index, phase)
                    for phase in range(len(project.phases))
                )
                if project.fixed == 1
                else ()
                for project in problem.projects
            ),
        )

    def _decision(self, solver: Solution, project: int, phase: int) -> PhaseDecision:
        work = self.model.works[project, phase]
        taken = [m for m, variable in work.chosen.items() if solver.boolean_value(variable)]
        return PhaseDecision(taken[0] if taken else work.mode, solver.value(work.start))

    def hint(self, decisions: Decisions) -> bool:
        """Give every variable its value in the decisions; return whether they fit.

        A hint that misses a variable is worth little, so one that does not fit is not given.
        """
        self.model.cp.clear_hints()  # type: ignore[no-untyped-call]
        if not self._fits(decisions):
            return False
        for (project, phase), work in self.model.works.items():
            decision = decisions.phases[project][phase]
            mode = self.problem.projects[project].phases[phase].modes[decision.mode]
            self._hint(work.start, decision.start)
            if work.ends_freely:
                self._hint(work.end, decision.start + mode.duration)
            for m, variable in work.chosen.items():
                self._hint(variable, int(m == decision.mode))
            for variable, values in self.model.given[project, phase]:
                self._hint(variable, values.get(decision.mode, 0))
        for event, variable in self.model.outer.items():
            times = span(self.problem, decisions, event.project)
            self._hint(variable, times[1] if event.finish else times[0])
        for project, variable in self._delays.items():
            due = self.problem.projects[project].due or 0
            self._hint(variable, max(0, span(self.problem, decisions, project)[1] - due))
        makespan = figures(self.problem, decisions)[TermName.MAKESPAN]
        self._hint(self._made.get(TermName.MAKESPAN, 0), makespan)
        return True

    def _hint(self, place: Linear, value: int) -> None:
        if isinstance(place, cp_model.IntVar):
            self.model.cp.add_hint(place, value)

    def _fits(self, decisions: Decisions) -> bool:
        """Return whether decisions select what is selected, in modes that can be had."""
        if decisions.selected != tuple(project.fixed == 1 for project in self.problem.projects):
            return False
        for (project, phase), work in self.model.works.items():
            placed = decisions.phases[project]
            if phase >= len(placed) or placed[phase].mode not in (work.chosen or (work.mode,)):
                return False
        return True
