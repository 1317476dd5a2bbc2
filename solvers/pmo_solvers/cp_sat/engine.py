"""The CP-SAT engine: capabilities, and one stage solved."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from importlib import metadata

from ortools.sat.python import cp_model

from pmo_optimizer.backend import Clock, Options, Outcome, relative_gap
from pmo_optimizer.model import EngineError, Termination
from pmo_optimizer.problem import NAMED_STAFFING, Feature, Problem
from pmo_solvers.cp_sat.translate import MAX_ERROR, ScaledObjective, Translation
from pmo_solvers.time_indexed.driver import OPTIMAL_GAP, Answer, Request, no_time, run
from pmo_solvers.time_indexed.linear import OutOfTime

MIN_WORKERS = 2
"""With one worker CP-SAT has no neighbourhood search."""

LP_SUBSOLVER = "max_lp"
"""With few workers CP-SAT leaves out the search on the full linear relaxation, which these
models need: without it portfolios of a few projects with priced shares stay open."""

POLL_SECONDS = 0.05
"""How often a stop signal is looked at."""

NO_LIMIT = 1e9
"""Seconds that mean no limit."""


class CpSatBackend:
    """CP-SAT on the rows of the time-indexed model, or on intervals where these suit better."""

    name = "cp-sat"
    capabilities = frozenset(Feature) - NAMED_STAFFING
    exact = True

    def versions(self) -> dict[str, str]:
        """Return the version of OR-Tools."""
        return {"ortools": metadata.version("ortools")}

    def solve(self, problem: Problem, options: Options) -> Outcome:
        """Return the best plan found; see `pmo_optimizer.backend.Backend`."""
        # Imported here because the interval model uses the parameters of this module.
        from pmo_solvers.cp_sat.interval import solve_intervals, suits_intervals

        if suits_intervals(problem):
            return solve_intervals(problem, options)
        return run(problem, options, CpSatStages())


class CpSatStages:
    """Solves stages; the translation of the rows is kept between them."""

    def __init__(self) -> None:
        self.translation: Translation | None = None

    def solve(self, request: Request) -> Answer:
        """Return the best solution of one stage, finer where rounding left a gap."""
        try:
            if self.translation is None:
                self.translation = Translation(request.model.model, request.clock)
        except OutOfTime:
            return no_time(request.clock, "CP-SAT")
        answer, objective = self._attempt(request, MAX_ERROR)
        error = MAX_ERROR
        while _blurred(answer, objective) and not request.clock.over:
            start = dict(enumerate(answer.values or ()))
            error /= 1000
            answer, objective = self._attempt(replace(request, start=start), error)
        return answer

    def _attempt(self, request: Request, error: float) -> tuple[Answer, ScaledObjective]:
        """Solve with an objective whose rounding error is at most ``error`` of its reach."""
        assert self.translation is not None  # noqa: S101 - made by the caller
        objective = ScaledObjective(request.stage, request.model.model, error)
        model = self.translation.stage(objective, request.holds, request.cuts, request.start)
        solve = partial(_solved, model, request, objective, self.translation)
        solver, status = solve(presolve=True)
        if status == cp_model.INFEASIBLE:
            # Presolve has been wrong about this (or-tools 5295): ask again without it.
            solver, status = solve(presolve=False)
        return _answer(solver, status, request, objective, self.translation), objective


def _blurred(answer: Answer, objective: ScaledObjective) -> bool:
    """Return whether a proved optimum is only left open by the rounding of the objective."""
    gap = relative_gap(answer.value, answer.bound)
    return answer.proved and objective.finer and gap is not None and gap > OPTIMAL_GAP / 2


def _solved(
    model: cp_model.CpModel,
    request: Request,
    objective: ScaledObjective,
    translation: Translation,
    *,
    presolve: bool,
) -> tuple[cp_model.CpSolver, cp_model.CpSolverStatus]:
    solver = cp_model.CpSolver()
    set_parameters(solver.parameters, request.options, request.clock, request.work)
    solver.parameters.cp_model_presolve = presolve
    observer = _Observer(request, objective, translation)
    solver.best_bound_callback = observer.on_bound
    with StopWatcher(solver, request.clock):
        status = solver.solve(model, observer)
    return solver, status


def set_parameters(
    parameters: object, options: Options, clock: Clock, work: float | None = None
) -> None:
    """Set limits, workers, seed and gap of a solve; ``work`` counts in reproducible mode."""
    limit = min(clock.left, NO_LIMIT)
    work = min(options.work_limit if work is None else work, NO_LIMIT)
    workers = max(options.workers, MIN_WORKERS)
    settings: dict[str, object] = {
        "num_workers": workers,
        "random_seed": options.seed,
        "relative_gap_limit": options.gap,
        "absolute_gap_limit": 0.0,
        # CP-SAT's own handler aborts the process; interrupts come through the stop signal.
        "catch_sigint_signal": False,
    }
    if options.reproducible:
        settings["interleave_search"] = True
        settings["max_deterministic_time"] = work
    settings["max_time_in_seconds"] = limit
    for name, value in settings.items():
        setattr(parameters, name, value)
    parameters.extra_subsolvers.append(LP_SUBSOLVER)  # type: ignore[attr-defined]


class StopWatcher:
    """Stops a CP-SAT solver soon after the stop signal; a context manager."""

    def __init__(self, solver: cp_model.CpSolver, clock: Clock) -> None:
        self._solver = solver
        self._clock = clock
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._done.wait(POLL_SECONDS):
            if self._clock.stop.is_set():
                # A stop before the search begins is ignored, so it is repeated until the end.
                self._solver.stop_search()

    def __enter__(self) -> StopWatcher:
        """Start watching."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self._done.set()
        self._thread.join()


class _Observer(cp_model.CpSolverSolutionCallback):
    """Reports incumbents and bounds of the first stage in its own unit."""

    def __init__(
        self, request: Request, objective: ScaledObjective, translation: Translation
    ) -> None:
        super().__init__()
        self._request = request
        self._translation = translation
        self._objective = objective
        self._value: float | None = None
        self._bound: float | None = None

    def on_solution_callback(self) -> None:
        """Report a new incumbent."""
        self._value = self._objective.unscaled(self.objective_value)
        self._bound = self._objective.bound(self.best_objective_bound)
        self._report()
        if self._request.take is not None:
            self._request.take(self._translation.values(list(self.response_proto.solution)))

    def on_bound(self, bound: float) -> None:
        """Report a new bound."""
        self._bound = self._objective.bound(bound)
        self._report()

    def _report(self) -> None:
        if self._request.first:
            self._request.options.report(self._value, self._bound, "cp-sat")


def _answer(
    solver: cp_model.CpSolver,
    status: cp_model.CpSolverStatus,
    request: Request,
    objective: ScaledObjective,
    translation: Translation,
) -> Answer:
    word = solver.status_name(status)
    if status == cp_model.MODEL_INVALID:
        raise EngineError("CP-SAT called the model invalid")
    if status == cp_model.INFEASIBLE:
        return Answer(None, None, None, True, Termination.PROVED, word)
    termination = _termination(status, request)
    if status == cp_model.UNKNOWN:
        return Answer(None, None, None, False, termination, word)
    values = translation.values(list(solver.response_proto.solution))
    bound = objective.bound(solver.best_objective_bound)
    value = request.stage.value(values)
    # The integer objective may be off by its rounding: a bound never crosses its own incumbent.
    bound = max(bound, value) if request.stage.maximised else min(bound, value)
    proved = status == cp_model.OPTIMAL and not request.options.gap
    return Answer(values, value, bound, False, termination, word, proved)


def _termination(status: cp_model.CpSolverStatus, request: Request) -> Termination:
    if status == cp_model.OPTIMAL:
        return Termination.PROVED if not request.options.gap else Termination.GAP
    if request.clock.stop.is_set():
        return Termination.STOPPED
    return Termination.WORK_LIMIT if request.options.reproducible else Termination.TIME_LIMIT
