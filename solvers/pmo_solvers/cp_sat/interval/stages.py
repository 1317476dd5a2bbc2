"""The stages of a run on the interval model: exact holds, bounds, work limits, progress."""

from __future__ import annotations

import time
from dataclasses import dataclass
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
from pmo_solvers.cp_sat.engine import StopWatcher, set_parameters
from pmo_solvers.cp_sat.interval.forms import Form, figures, stage_forms
from pmo_solvers.cp_sat.interval.model import IntervalModel
from pmo_solvers.cp_sat.interval.targets import Targets
from pmo_solvers.cp_sat.interval.verify import certified
from pmo_solvers.time_indexed.driver import FIRST_SHARE, OPTIMAL_GAP, left_off

ROUNDING = 1e-6
"""By how much CP-SAT's bound, a float, may exceed the whole number that it means."""


def solve_intervals(problem: Problem, options: Options) -> Outcome:
    """Return the best plan found for a problem that `suits_intervals` accepts.

    Raises
    ------
    EngineError
        CP-SAT called the model invalid, or its schedule fails an exact check.
    """
    begin = time.monotonic()
    run = Run(problem, options)
    build_seconds = time.monotonic() - begin
    return run.outcome(build_seconds, infeasible=run.all_stages())


def continue_intervals(
    problem: Problem, options: Options, decisions: Decisions, bound: int | None
) -> Outcome:
    """Return the best plan of all stages after the first, which others have solved.

    Parameters
    ----------
    decisions
        The best plan of the first stage.
    bound
        Proven bound of the first stage's whole sum.

    Raises
    ------
    EngineError
        As `solve_intervals`; also where the decisions break a rule.
    """
    begin = time.monotonic()
    run = Run(problem, options)
    build_seconds = time.monotonic() - begin
    run.take(decisions, bound)
    return run.outcome(build_seconds, infeasible=run.further_stages(1))


def _ended(options: Options) -> Termination:
    """Return why a search without a proof has ended."""
    if options.clock.stop.is_set():
        return Termination.STOPPED
    return Termination.WORK_LIMIT if options.reproducible else Termination.TIME_LIMIT


@dataclass(slots=True)
class _Answer:
    """What CP-SAT says of one stage; ``bound`` is one of the form's whole sum."""

    decisions: Decisions | None
    bound: int | None
    infeasible: bool
    termination: Termination


class Run:
    """State of a run: the best decisions and what the stages found.

    Parameters
    ----------
    model
        The interval model of the problem, or one that says more.
    """

    def __init__(
        self, problem: Problem, options: Options, model: IntervalModel | None = None
    ) -> None:
        self.problem = problem
        self.options = options
        self.model = IntervalModel(problem) if model is None else model
        self.targets = Targets(self.model)
        self.forms = stage_forms(problem)
        self.stages: list[Stage] = []
        self.decisions: Decisions | None = None
        self.certificate = Certificate()
        self.termination = Termination.PROVED
        self.word = ""

    def all_stages(self) -> bool:
        """Solve stage after stage; return whether the problem is infeasible."""
        if self.model.infeasible:
            self.word = f"rule {self.model.infeasible} cannot hold"
            return True
        if self.options.start is not None and self._accept(self.options.start):
            self.options.report(self.forms[0].natural(self._whole(self.forms[0])), None, "start")
        return self.further_stages(0)

    def take(self, decisions: Decisions, bound: int | None) -> None:
        """Take the first stage as solved.

        Raises
        ------
        EngineError
            The decisions break a rule.
        """
        if not self._accept(decisions):
            raise EngineError("the schedule of the first stage breaks a rule")
        answer = _Answer(decisions, bound, False, _ended(self.options))
        self._record(0, self.forms[0], answer)
        if len(self.forms) > 1:
            self._hold(0, self.forms[0], self.targets.whole(self.forms[0]))

    def further_stages(self, first: int) -> bool:
        """Solve the stages from this one on; return whether the problem is infeasible."""
        for number in range(first, len(self.forms)):
            if number and (self.decisions is None or self.options.clock.over):
                self.termination = left_off(self.termination, self.options.clock)
                break
            if self._stage(number, self.forms[number]):
                return True
        return False

    def outcome(self, build_seconds: float, *, infeasible: bool) -> Outcome:
        """Return what was found."""
        return Outcome(
            status=self.status(infeasible=infeasible),
            termination=Termination.PROVED if infeasible else self.termination,
            stages=tuple(self.stages),
            decisions=self.decisions,
            certificate=self.certificate,
            word=self.word,
            build_seconds=build_seconds,
            columns=len(self.model.cp.proto.variables),
            rows=len(self.model.cp.proto.constraints),
            reproducible=self.options.reproducible and not self.options.clock.over,
        )

    def _stage(self, number: int, form: Form) -> bool:
        """Solve one stage and hold its term; return whether the problem is infeasible."""
        if not form.coefs and self.decisions is not None:
            self._record(number, form, _Answer(self.decisions, 0, False, Termination.PROVED))
            return False
        total = self.targets.whole(form)
        answer = self._solve(number, form, total)
        if answer.infeasible and self.decisions is None:
            return True
        if answer.infeasible:
            # A plan that keeps all rules is at hand, so the engine is wrong.
            answer = _Answer(None, None, False, Termination.TIME_LIMIT)
        found = answer.decisions
        if found is not None and self._improves(form, found) and not self._accept(found):
            raise EngineError("the schedule of the interval model breaks a rule")
        self._record(number, form, answer)
        if self.decisions is not None and number < len(self.forms) - 1:
            self._hold(number, form, total)
        return False

    def _hold(self, number: int, form: Form, total: cp_model.LinearExprT) -> None:
        """Hold the term of a stage within its tolerance."""
        limit, _ = form.limit(self._whole(form), self.problem.terms[number])
        self.model.cp.add(total <= limit)

    def _accept(self, decisions: Decisions) -> bool:
        """Keep decisions that an exact check finds to be a plan."""
        certificate = self.certificate_of(decisions)
        if certificate is None:
            return False
        self.decisions, self.certificate = decisions, certificate
        return True

    # -- what other models than the plain one do in their own way --------------------------

    def certificate_of(self, decisions: Decisions) -> Certificate | None:
        """Return the certificate of decisions that keep every rule, or None."""
        return certified(self.problem, decisions)

    def read(self, solver: cp_model.CpSolver) -> Decisions:
        """Return the decisions of a solution."""
        return self.targets.decode(solver)

    def hint(self, decisions: Decisions) -> None:
        """Give CP-SAT decisions to begin with."""
        self.targets.hint(decisions)

    def tune(self, solver: cp_model.CpSolver) -> None:
        """Set parameters that suit the model, before a search."""

    def _improves(self, form: Form, decisions: Decisions) -> bool:
        """Return whether decisions are better than those at hand."""
        if self.decisions is None:
            return True
        return form.whole(figures(self.problem, decisions)) < self._whole(form)

    def _whole(self, form: Form) -> int:
        """Return the whole sum of a form at the kept decisions."""
        assert self.decisions is not None  # noqa: S101 - callers have looked
        return form.whole(figures(self.problem, self.decisions))

    # -- one solve -------------------------------------------------------------------------

    def _solve(self, number: int, form: Form, total: cp_model.LinearExprT) -> _Answer:
        if self.model.infeasible:
            self.word = f"rule {self.model.infeasible} cannot hold"
            return _Answer(None, None, True, Termination.PROVED)
        self.model.cp.minimize(total + form.offset)
        start = self.decisions or self.options.start
        if start is not None and not self.options.reproducible:
            # With a hint two runs of two workers were seen to end at different points.
            self.hint(start)
        last = number == len(self.forms) - 1
        left = self.options.clock.left
        clock = Clock(left if last else left * FIRST_SHARE, self.options.clock.stop)
        answer = self._search(number, form, clock, presolve=True)
        if answer.infeasible:
            # Presolve has been wrong about this (or-tools 5295): ask again without it.
            answer = self._search(number, form, clock, presolve=False)
        return answer

    def _search(self, number: int, form: Form, clock: Clock, *, presolve: bool) -> _Answer:
        solver = cp_model.CpSolver()
        work = self.options.work_limit * _share(number, len(self.forms))
        set_parameters(solver.parameters, self.options, clock, work)
        solver.parameters.cp_model_presolve = presolve
        self.tune(solver)
        observer = _Observer(form, self.options, first=not number)
        solver.best_bound_callback = observer.on_bound
        with StopWatcher(solver, clock):
            status = solver.solve(self.model.cp, observer)
        self.word = solver.status_name(status)
        if status == cp_model.MODEL_INVALID:
            raise EngineError("CP-SAT called the interval model invalid")
        decisions = None
        if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            observer.on_bound(solver.best_objective_bound)
            decisions = self.read(solver)
        infeasible = status == cp_model.INFEASIBLE
        return _Answer(decisions, observer.bound, infeasible, self._termination(status, clock))

    def _termination(self, status: cp_model.CpSolverStatus, clock: Clock) -> Termination:
        if status == cp_model.OPTIMAL:
            return Termination.GAP if self.options.gap else Termination.PROVED
        return _ended(self.options)

    # -- what was found --------------------------------------------------------------------

    def _record(self, number: int, form: Form, answer: _Answer) -> None:
        """Note best, bound and tolerance of a stage, and why the run ended."""
        whole_bound = answer.bound if form.coefs else 0
        best = None
        tolerance = 0.0
        if self.decisions is not None:
            whole = self._whole(form)
            best = form.natural(whole)
            # The variables of a solution may lie above the figures of its decisions.
            whole_bound = None if whole_bound is None else min(whole_bound, whole)
            if number < len(self.forms) - 1:
                _, tolerance = form.limit(whole, self.problem.terms[number])
        bound = None if whole_bound is None else form.natural(whole_bound)
        self.stages.append(Stage(best, bound, tolerance))
        if not number or self.termination is Termination.PROVED:
            self.termination = self._ending(best, bound, answer.termination)

    def _ending(self, best: float | None, bound: float | None, ended: Termination) -> Termination:
        gap = relative_gap(best, bound)
        if gap is not None and gap <= OPTIMAL_GAP:
            return Termination.PROVED
        if gap is not None and gap <= self.options.gap:
            return Termination.GAP
        return Termination.TIME_LIMIT if ended is Termination.PROVED else ended

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


def _share(number: int, stages: int) -> float:
    """Return the part of all work that a stage gets, whatever earlier ones used."""
    rest = (1.0 - FIRST_SHARE) ** number
    return rest if number == stages - 1 else rest * FIRST_SHARE


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
