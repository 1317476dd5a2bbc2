"""HiGHS on arrays: linear relaxations and small MIPs, one thread each, stopped by a signal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite

import highspy
import numpy as np
from highspy import HighsModelStatus

from pmo_optimizer.backend import Clock
from pmo_solvers.hybrid.matrix import Floats, Indices, Mask

FEASIBILITY = 1e-7
"""Feasibility tolerance; see the MILP engine for why not less."""

CallbackType = highspy.cb.HighsCallbackType

INTERRUPTS = (
    CallbackType.kCallbackMipInterrupt,
    CallbackType.kCallbackSimplexInterrupt,
    CallbackType.kCallbackIpmInterrupt,
)


IMPROVED = CallbackType.kCallbackMipImprovingSolution

Found = Callable[[Floats], None]
"""Called with each better solution while a MIP is solved."""


@dataclass(frozen=True, slots=True)
class Program:
    """min cost x, rows within limits, columns within bounds; entries by column."""

    cost: Floats
    lower: Floats
    upper: Floats
    integral: Mask
    row_lower: Floats
    row_upper: Floats
    start: Indices
    row: Indices
    value: Floats


@dataclass(frozen=True, slots=True)
class Relaxed:
    """Solution, row duals and objective of a relaxation; ``duals`` may be of any quality."""

    x: Floats
    duals: Floats
    value: float
    optimal: bool


@dataclass(frozen=True, slots=True)
class Solved:
    """Best solution of a MIP (None: none found), its bound, and whether it is proved."""

    x: Floats | None
    value: float
    bound: float
    proved: bool
    infeasible: bool


def _model(program: Program, *, integral: bool) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_col_ = len(program.cost)
    lp.num_row_ = len(program.row_lower)
    lp.col_cost_ = program.cost
    lp.col_lower_ = program.lower
    lp.col_upper_ = program.upper
    lp.row_lower_ = program.row_lower
    lp.row_upper_ = program.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = program.start.astype(np.int32)
    lp.a_matrix_.index_ = program.row.astype(np.int32)
    lp.a_matrix_.value_ = program.value
    if integral:
        kinds = highspy.HighsVarType
        lp.integrality_ = [
            kinds.kInteger if whole else kinds.kContinuous for whole in program.integral.tolist()
        ]
    return lp


def _solver(clock: Clock, seconds: float, seed: int, found: Found | None = None) -> highspy.Highs:
    """Return a silent solver of one thread that ends at the stop signal."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    # The number of threads is left open: HiGHS refuses to run where the thread that calls it has
    # used another number before.
    solver.setOptionValue("parallel", "off")
    solver.setOptionValue("simplex_max_concurrency", 1)
    solver.setOptionValue("random_seed", seed)
    solver.setOptionValue("primal_feasibility_tolerance", FEASIBILITY)
    solver.setOptionValue("mip_feasibility_tolerance", FEASIBILITY)
    if isfinite(seconds):
        solver.setOptionValue("time_limit", max(seconds, 0.01))

    def watch(kind: int, _text: str, out: object, data_in: object, _user: object) -> None:
        if found is not None and CallbackType(kind) == IMPROVED:
            found(np.array(out.mip_solution))  # type: ignore[attr-defined]
        elif data_in is not None and clock.stop.is_set():
            data_in.user_interrupt = True  # type: ignore[attr-defined]

    solver.setCallback(watch, None)
    for event in INTERRUPTS if found is None else (*INTERRUPTS, IMPROVED):
        solver.startCallback(event)
    return solver


def relax(
    program: Program, clock: Clock, seconds: float = inf, *, iterations: int = 0
) -> Relaxed | None:
    """Return the solution of the linear relaxation, or None where there is none in time.

    The simplex method solves it: on models of one choice per project, which have few rows for
    their columns, it was seen to be two to four times as fast as interior points.

    Parameters
    ----------
    iterations
        Most steps of the simplex method; 0: no limit.
    """
    solver = _solver(clock, min(seconds, clock.left), 0)
    solver.setOptionValue("solver", "simplex")
    if iterations:
        solver.setOptionValue("simplex_iteration_limit", iterations)
    solver.passModel(_model(program, integral=False))
    solver.run()
    status = solver.getModelStatus()
    solution = solver.getSolution()
    if not solution.dual_valid or not len(solution.row_dual):
        return None
    return Relaxed(
        np.array(solution.col_value),
        np.array(solution.row_dual),
        solver.getInfo().objective_function_value,
        status == HighsModelStatus.kOptimal,
    )


@dataclass(frozen=True, slots=True)
class Effort:
    """Limits of a MIP: seconds, relative gap, and nodes (0: no limit)."""

    seconds: float
    gap: float = 0.0
    nodes: int = 0


def solve_mip(
    program: Program,
    effort: Effort,
    clock: Clock,
    seed: int = 0,
    start: Floats | None = None,
    found: Found | None = None,
    *,
    presolve: bool = True,
) -> Solved:
    """Return the best solution of a MIP within limits, beginning with a start."""
    solver = _solver(clock, min(effort.seconds, clock.left), seed, found)
    if not presolve:
        solver.setOptionValue("presolve", "off")
    solver.setOptionValue("mip_rel_gap", effort.gap)
    solver.setOptionValue("mip_abs_gap", 0.0)
    if effort.nodes:
        solver.setOptionValue("mip_max_nodes", effort.nodes)
    solver.passModel(_model(program, integral=True))
    if start is not None:
        columns = np.flatnonzero(program.integral)
        solver.setSolution(len(columns), columns.astype(np.int32), start[columns])
    solver.run()
    status = solver.getModelStatus()
    info = solver.getInfo()
    infeasible = status in {HighsModelStatus.kInfeasible, HighsModelStatus.kUnboundedOrInfeasible}
    planned = info.primal_solution_status == highspy.kSolutionStatusFeasible
    x = np.array(solver.getSolution().col_value) if planned else None
    bound = info.mip_dual_bound if isfinite(info.mip_dual_bound) else -np.inf
    if status == HighsModelStatus.kModelEmpty:
        x, bound = np.zeros(len(program.cost)), 0.0
    return Solved(
        x,
        float(np.dot(program.cost, x)) if x is not None else np.inf,
        bound,
        status == HighsModelStatus.kOptimal,
        infeasible,
    )
