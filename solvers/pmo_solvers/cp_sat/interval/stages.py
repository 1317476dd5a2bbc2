"""The stages of a run on the interval model: exact holds, bounds, work limits, progress."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from math import ceil

from ortools.sat.python import cp_model

from pmo_optimizer.backend import (
    Certificate,
    Clock,
    Decisions,
    Options,
    Outcome,
    Stage,
    relative_gap,
)
from pmo_optimizer.model import EngineError, Method, Status, Termination
from pmo_optimizer.problem import Problem
from pmo_solvers.completion import complete
from pmo_solvers.cp_sat.engine import NO_LIMIT, StopWatcher, set_parameters
from pmo_solvers.cp_sat.interval.forms import Form, figures, stage_forms
from pmo_solvers.cp_sat.interval.model import IntervalModel
from pmo_solvers.cp_sat.interval.targets import Targets
from pmo_solvers.time_indexed.driver import FIRST_SHARE, OPTIMAL_GAP

ROUNDING = 1e-6
"""By how much CP-SAT's bound, a float, may exceed the whole number that it means."""


def solve_intervals(problem: Problem, options: Options) -> Outcome:
    """Return the best plan found for a problem that `suits_intervals` accepts.

    Raises
    ------
    EngineError
        CP-SAT called the model invalid, or its schedule cannot be staffed and paid.
    """
    begin = time.monotonic()
    run = _Run(problem, options)
    build_seconds = time.monotonic() - begin
    infeasible = run.all_stages()
    return Outcome(
        status=run.status(infeasible=infeasible),
        termination=Termination.PROVED if infeasible else run.termination,
        stages=tuple(run.stages),
        decisions=run.decisions,
        certificate=run.certificate(),
        word=run.word,
        build_seconds=build_seconds,
        columns=len(run.model.cp.proto.variables),
        rows=len(run.model.cp.proto.constraints),
        reproducible=options.reproducible and not options.clock.over,
    )


@dataclass(slots=True)
class _Answer:
    """What CP-SAT says of one stage; ``bound`` is one of the form's whole sum."""

    decisions: Decisions | None
    bound: int | None
    infeasible: bool
    termination: Termination


@dataclass(slots=True)
class _Work:
    """Seconds, or units of deterministic work, that are left."""

    options: Options
    left: float = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.options.clock.limit

    def clock(self, *, last: bool) -> Clock:
        """Return a clock for one stage: the rest, or a part of it where others follow."""
        left = self.left if self.options.reproducible else self.options.clock.left
        return Clock(left if last else left * FIRST_SHARE, self.options.clock.stop)


class _Run:
    """State of a run: the best decisions and what the stages found."""

    def __init__(self, problem: Problem, options: Options) -> None:
        self.problem = problem
        self.options = options
        self.model = IntervalModel(problem)
        self.targets = Targets(self.model)
        self.forms = stage_forms(problem)
        self.stages: list[Stage] = []
        self.decisions: Decisions | None = None
        self.termination = Termination.PROVED
        self.word = ""
        self._work = _Work(options)

    def all_stages(self) -> bool:
        """Solve stage after stage; return whether the problem is infeasible."""
        for number, form in enumerate(self.forms):
            if number and (self.decisions is None or self.options.clock.over):
                break
            if self._stage(number, form):
                return True
        return False

    def _stage(self, number: int, form: Form) -> bool:
        """Solve one stage and hold its term; return whether it is infeasible."""
        if not form.coefs and self.decisions is not None:
            self._record(number, form, Termination.PROVED, None)
            return False
        total = self.targets.whole(form) if not self.model.infeasible else 0
        answer = self._solve(number, form, total)
        if answer.infeasible:
            if number:
                raise EngineError(f"stage {number + 1} was called infeasible: {self.word}")
            return True
        if answer.decisions is not None:
            self.decisions = answer.decisions
        self._record(number, form, answer.termination, answer.bound)
        if self.decisions is not None and number < len(self.forms) - 1:
            limit, _ = form.limit(self._best(form), self.problem.terms[number])
            self.model.cp.add(total <= limit)
        return False

    def _best(self, form: Form) -> int:
        assert self.decisions is not None  # noqa: S101 - callers have looked
        return form.whole(figures(self.problem, self.decisions))

    # -- one solve -------------------------------------------------------------------------

    def _solve(self, number: int, form: Form, total: cp_model.LinearExprT) -> _Answer:
        if self.model.infeasible:
            self.word = f"rule {self.model.infeasible} cannot hold"
            return _Answer(None, None, True, Termination.PROVED)
        self.model.cp.minimize(total + form.offset)
        start = self.decisions or self.options.start
        if start is not None:
            self.targets.hint(start)
        clock = self._work.clock(last=number == len(self.forms) - 1)
        answer = self._search(number, form, clock, presolve=True)
        if answer.infeasible:
            # Presolve has been wrong about this (or-tools 5295): ask again without it.
            answer = self._search(number, form, clock, presolve=False)
        return answer

    def _search(self, number: int, form: Form, clock: Clock, *, presolve: bool) -> _Answer:
        solver = cp_model.CpSolver()
        set_parameters(solver.parameters, self.options, clock)
        solver.parameters.cp_model_presolve = presolve
        if self.options.reproducible:
            # What is left on a clock depends on the moment; its limit does not.
            solver.parameters.max_deterministic_time = min(clock.limit, NO_LIMIT)
        observer = _Observer(form, self.options, first=not number)
        solver.best_bound_callback = observer.on_bound
        with StopWatcher(solver, clock):
            status = solver.solve(self.model.cp, observer)
        self._work.left -= solver.response_proto.deterministic_time
        self.word = solver.status_name(status)
        if status == cp_model.MODEL_INVALID:
            raise EngineError("CP-SAT called the interval model invalid")
        decisions = None
        if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            observer.on_bound(solver.best_objective_bound)
            decisions = self.targets.decode(solver)
        infeasible = status == cp_model.INFEASIBLE
        return _Answer(decisions, observer.bound, infeasible, self._termination(status, clock))

    def _termination(self, status: cp_model.CpSolverStatus, clock: Clock) -> Termination:
        if status == cp_model.OPTIMAL:
            return Termination.GAP if self.options.gap else Termination.PROVED
        if clock.stop.is_set():
            return Termination.STOPPED
        return Termination.WORK_LIMIT if self.options.reproducible else Termination.TIME_LIMIT

    # -- what was found --------------------------------------------------------------------

    def _record(self, number: int, form: Form, ended: Termination, whole_bound: int | None) -> None:
        """Note best, bound and tolerance of a stage, and why the run ended."""
        if not form.coefs:
            whole_bound = 0
        best = None
        tolerance = 0.0
        if self.decisions is not None:
            whole = self._best(form)
            best = form.natural(whole)
            if whole_bound is not None:
                whole_bound = min(whole_bound, whole)
            if number < len(self.forms) - 1:
                _, tolerance = form.limit(whole, self.problem.terms[number])
        bound = None if whole_bound is None else form.natural(whole_bound)
        self.stages.append(Stage(best, bound, tolerance))
        if not number or self.termination is Termination.PROVED:
            self.termination = self._ending(best, bound, ended)

    def _ending(self, best: float | None, bound: float | None, ended: Termination) -> Termination:
        gap = relative_gap(best, bound)
        if gap is not None and gap <= OPTIMAL_GAP:
            return Termination.PROVED
        if gap is not None and gap <= self.options.gap:
            return Termination.GAP
        return ended

    def status(self, *, infeasible: bool) -> Status:
        """Return the status of the whole run."""
        if infeasible:
            return Status.INFEASIBLE
        if self.decisions is None:
            return Status.NO_PLAN_FOUND
        wanted = 1 if self.problem.method is Method.WEIGHTED else len(self.problem.terms)
        gaps = [relative_gap(stage.best, stage.bound) for stage in self.stages]
        proved = len(gaps) == wanted and all(g is not None and g <= OPTIMAL_GAP for g in gaps)
        return Status.OPTIMAL if proved else Status.FEASIBLE

    def certificate(self) -> Certificate:
        """Return who serves what and which fund pays."""
        if self.decisions is None:
            return Certificate()
        certificate = complete(self.problem, self.decisions)
        if certificate is None:
            raise EngineError("the schedule of the interval model cannot be staffed and paid")
        return certificate


class _Observer(cp_model.CpSolverSolutionCallback):
    """Follows incumbent and bound of a stage; reports those of the first in natural units."""

    def __init__(self, form: Form, options: Options, *, first: bool) -> None:
        super().__init__()
        self.bound: int | None = None
        self._value: int | None = None
        self._form = form
        self._options = options
        self._first = first

    def on_solution_callback(self) -> None:
        """Report a new incumbent."""
        self._value = round(self.objective_value) - self._form.offset
        self._report()

    def on_bound(self, bound: float) -> None:
        """Report a new bound."""
        whole = ceil(bound - ROUNDING) - self._form.offset
        self.bound = whole if self.bound is None else max(self.bound, whole)
        self._report()

    def _report(self) -> None:
        if self._first:
            natural = self._form.natural
            value = None if self._value is None else natural(self._value)
            bound = None if self.bound is None else natural(self.bound)
            self._options.report(value, bound, "cp-sat")
