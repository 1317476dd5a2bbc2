"""The MILP engine: PuLP states the model, HiGHS solves it in this process."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata
from math import isfinite

import highspy
import pulp
from highspy import HighsModelStatus

from pmo_optimizer.backend import Clock, Options, Outcome
from pmo_optimizer.model import EngineError, Termination
from pmo_optimizer.problem import NAMED_STAFFING, Feature, Problem
from pmo_solvers.milp.translate import Translation
from pmo_solvers.time_indexed.driver import OPTIMAL_GAP, Answer, Request, no_time, run
from pmo_solvers.time_indexed.linear import OutOfTime

NODES_PER_SECOND = 200
"""Nodes that ``reproducible`` mode allows for every second of the limit."""

FEASIBILITY = 1e-7
"""Feasibility tolerance asked of HiGHS. Its default of 1e-6 shows in large budgets; at 1e-9 the
noise of floats in rows that mix cents and millions was seen to cut off the optimum."""

HighsCallbackType = highspy.cb.HighsCallbackType

LEAST_SECONDS = 0.01
"""Least time limit that HiGHS is given."""

CONFIRM_SECONDS = 1.0
CONFIRM_FACTOR = 3.0
"""Seconds, and times the first solve, that confirming a proof may take."""

SMALLEST = 1e-12
"""Least matrix value that HiGHS keeps; at its default of 1e-9 cents vanish beside billions."""

INTERRUPTS = (
    HighsCallbackType.kCallbackMipInterrupt,
    HighsCallbackType.kCallbackSimplexInterrupt,
    HighsCallbackType.kCallbackIpmInterrupt,
)

IMPROVED = HighsCallbackType.kCallbackMipImprovingSolution

LIMITS = {
    HighsModelStatus.kTimeLimit: Termination.TIME_LIMIT,
    HighsModelStatus.kInterrupt: Termination.STOPPED,
    HighsModelStatus.kSolutionLimit: Termination.WORK_LIMIT,
    HighsModelStatus.kIterationLimit: Termination.WORK_LIMIT,
    HighsModelStatus.kMemoryLimit: Termination.MEMORY_LIMIT,
    HighsModelStatus.kSolveError: Termination.CRASH,
    HighsModelStatus.kPostsolveError: Termination.CRASH,
}
"""HiGHS statuses that end a run early; its node limit shows as a solution limit."""


class MilpBackend:
    """PuLP and HiGHS on the rows of the time-indexed model."""

    name = "milp"
    capabilities = frozenset(Feature) - NAMED_STAFFING
    exact = True

    def versions(self) -> dict[str, str]:
        """Return the versions of PuLP and HiGHS."""
        return {"pulp": metadata.version("pulp"), "highspy": metadata.version("highspy")}

    def solve(self, problem: Problem, options: Options) -> Outcome:
        """Return the best plan found; see `pmo_optimizer.backend.Backend`."""
        return run(problem, options, MilpStages())


class MilpStages:
    """Solves stages one by one."""

    def solve(self, request: Request) -> Answer:
        """Return the best solution of one stage; a proof is confirmed without presolve."""
        begin = request.clock.elapsed
        try:
            answer = self._attempt(request, request.clock.limit, clock=request.clock)
        except OutOfTime:
            return no_time(request.clock, "HiGHS")
        if not (answer.infeasible or answer.proved):
            return answer
        # HiGHS 1.12 was seen to prove wrong optima of models with a few hundred columns in
        # presolve, so that a proof is asked for again without it, as far as time allows.
        allowed = CONFIRM_SECONDS + CONFIRM_FACTOR * (request.clock.elapsed - begin)
        start = dict(enumerate(answer.values or ()))
        again = replace(request, start=start or request.start)
        second = self._attempt(again, allowed, presolve=False)
        if answer.infeasible and not second.infeasible and second.values is None:
            # Not confirmed, so not said.
            return replace(second, bound=None)
        return second if _better(second, answer, request) else answer

    def _attempt(
        self,
        request: Request,
        seconds: float,
        *,
        presolve: bool = True,
        clock: Clock | None = None,
    ) -> Answer:
        translation = Translation(
            request.model.model, request.stage, request.holds, request.cuts, clock
        )
        watch = _Watch(request, translation)
        solver = pulp.HiGHS(
            msg=False,
            gapRel=max(request.options.gap, 0.0),
            gapAbs=0.0,
            threads=request.options.workers,
            callbackTuple=(watch, None),
            callbacksToActivate=[
                *INTERRUPTS,
                IMPROVED,
                HighsCallbackType.kCallbackMipLogging,
            ],
            presolve="choose" if presolve else "off",
            **_settings(request),
        )
        # HiGHS keeps a thread pool for every thread that calls it and refuses another size, so a
        # change of the number of workers needs a new one; pools of other threads go on.
        highspy.Highs.resetGlobalScheduler(True)
        solver.createAndConfigureSolver(translation.problem)
        solver.buildSolverModel(translation.problem)
        highs = translation.problem.solverModel
        _give_start(highs, request, translation)
        # What making the model took is gone by now.
        left = min(seconds, request.clock.left)
        if isfinite(left):
            highs.setOptionValue("time_limit", max(left, LEAST_SECONDS))
        solver.callSolver(translation.problem)
        return _answer(highs, request, translation)


def _better(second: Answer, first: Answer, request: Request) -> bool:
    """Return whether a second attempt found what the first one said does not exist."""
    if second.value is None or first.value is None:
        return second.value is not None
    noise = OPTIMAL_GAP * max(1.0, abs(first.value))
    gain = second.value - first.value
    return gain > noise if request.stage.maximised else gain < -noise


def _settings(request: Request) -> dict[str, object]:
    """Return HiGHS options: tolerances, seed, and a limit on work."""
    settings: dict[str, object] = {
        "random_seed": request.options.seed,
        "mip_feasibility_tolerance": FEASIBILITY,
        "primal_feasibility_tolerance": FEASIBILITY,
        "small_matrix_value": SMALLEST,
    }
    if request.options.reproducible and isfinite(request.work):
        settings["mip_max_nodes"] = max(1, int(request.work * NODES_PER_SECOND))
    return settings


class _Watch:
    """HiGHS callback: stops on signal, reports incumbents and bounds of the first stage."""

    def __init__(self, request: Request, translation: Translation) -> None:
        self.request = request
        self.translation = translation
        self.value: float | None = None
        self.bound: float | None = None

    def __call__(
        self, kind: int, _message: str, data_out: object, data_in: object, _user: object
    ) -> None:
        if HighsCallbackType(kind) in INTERRUPTS:
            if self.request.options.clock.stop.is_set() and data_in is not None:
                data_in.user_interrupt = True  # type: ignore[attr-defined]
            return
        if self.request.take is not None and HighsCallbackType(kind) == IMPROVED:
            solution = data_out.mip_solution  # type: ignore[attr-defined]
            variables = self.translation.variables
            self.request.take(self.translation.whole([solution[v.index] for v in variables]))
        primal = getattr(data_out, "mip_primal_bound", None)
        dual = getattr(data_out, "mip_dual_bound", None)
        value = self._natural(primal)
        bound = self._natural(dual)
        if (value, bound) != (self.value, self.bound) and (value or bound) is not None:
            self.value, self.bound = value, bound
            if self.request.first:
                self.request.options.report(value, bound, "milp")

    def _natural(self, value: float | None) -> float | None:
        if value is None or not isfinite(value) or abs(value) >= highspy.kHighsInf:
            return None
        return self.translation.natural(value)


def _give_start(highs: highspy.Highs, request: Request, translation: Translation) -> None:
    """Hand over the whole-number part of a start; HiGHS completes and checks it."""
    if not request.start:
        return
    kinds = request.model.model.kind
    columns = sorted(column for column in request.start if kinds[column] != 2)
    values = [float(request.start[column]) for column in columns]
    index = [translation.variables[column].index for column in columns]
    highs.setSolution(len(index), index, values)


def _answer(highs: highspy.Highs, request: Request, translation: Translation) -> Answer:
    """Read status, solution and bound from HiGHS itself: PuLP's status hides limits."""
    status = highs.getModelStatus()
    word = highs.modelStatusToString(status)
    info = highs.getInfo()
    if status in {HighsModelStatus.kInfeasible, HighsModelStatus.kUnboundedOrInfeasible}:
        return Answer(None, None, None, True, Termination.PROVED, word)
    if status in {
        HighsModelStatus.kLoadError,
        HighsModelStatus.kModelError,
        HighsModelStatus.kPresolveError,
        HighsModelStatus.kUnbounded,
    }:
        raise EngineError(f"HiGHS ended with {word!r}")
    if status == HighsModelStatus.kModelEmpty:
        constant = translation.natural(0.0)
        return Answer(
            request.model.model.lower[:], constant, constant, False, Termination.PROVED, word
        )
    broken = status in {HighsModelStatus.kSolveError, HighsModelStatus.kPostsolveError}
    bound = None if broken else _bound(status, info, translation)
    termination = LIMITS.get(status, Termination.PROVED)
    if request.options.clock.stop.is_set() and status != HighsModelStatus.kOptimal:
        termination = Termination.STOPPED
    if info.primal_solution_status != highspy.kSolutionStatusFeasible:
        return Answer(None, None, bound, False, termination, word)
    solution = list(highs.getSolution().col_value)
    values = translation.whole([solution[v.index] for v in translation.variables])
    value = translation.natural(info.objective_function_value)
    if bound is not None:
        bound = max(bound, value) if request.stage.maximised else min(bound, value)
    proved = status == HighsModelStatus.kOptimal
    return Answer(values, value, bound, False, termination, word, proved)


def _bound(
    status: HighsModelStatus, info: highspy.HighsInfo, translation: Translation
) -> float | None:
    """Return the proven bound in the stage's own sense."""
    dual = info.mip_dual_bound
    if status == HighsModelStatus.kOptimal and not isfinite(dual):
        dual = info.objective_function_value
    return translation.natural(dual) if isfinite(dual) else None
