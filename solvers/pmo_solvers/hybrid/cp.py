"""CP-SAT on a subproblem: whole numbers throughout, one worker, stopped by a signal."""

from __future__ import annotations

import numpy as np
from ortools.sat.python import cp_model

from pmo_optimizer.backend import Clock
from pmo_solvers.cp_sat.engine import NO_LIMIT, StopWatcher
from pmo_solvers.hybrid.highs import Effort, Solved
from pmo_solvers.hybrid.matrix import Floats
from pmo_solvers.hybrid.subproblem import WholeProgram

DIGITS = 1e9
"""Whole objective that the best solution has at least; enough digits for any gain."""

WORK = 0.5
"""Deterministic seconds per 100 nodes of effort in reproducible mode."""


def solve_cp(
    program: WholeProgram, effort: Effort, clock: Clock, seed: int, start: Floats
) -> Solved:
    """Return the best solution found within the limits, in scaled values.

    Parameters
    ----------
    start
        Scaled values of the columns, a feasible solution.
    """
    model = cp_model.CpModel()
    variables = [
        model.new_int_var(low, high, "")
        for low, high in zip(program.lower.tolist(), program.upper.tolist(), strict=True)
    ]
    bounds = np.concatenate(([0], np.flatnonzero(np.diff(program.row)) + 1, [len(program.row)]))
    column, value = program.column.tolist(), program.value.tolist()
    for begin, end in zip(bounds.tolist(), bounds[1:].tolist(), strict=False):
        if begin == end:
            continue
        row = int(program.row[begin])
        total = cp_model.LinearExpr.weighted_sum(
            [variables[j] for j in column[begin:end]], value[begin:end]
        )
        model.add_linear_constraint(total, int(program.row_lower[row]), int(program.row_upper[row]))
    scale = DIGITS / max(1e-12, float(np.abs(program.cost).max(initial=0.0)))
    coefs = np.rint(program.cost * scale).astype(np.int64)
    used = np.flatnonzero(coefs)
    model.minimize(
        cp_model.LinearExpr.weighted_sum([variables[j] for j in used], coefs[used].tolist())
    )
    hint = np.rint(start * program.units).astype(np.int64).tolist()
    for variable, number in zip(variables, hint, strict=True):
        model.add_hint(variable, number)
    return _solved(model, program, effort, clock, seed)


def _solved(
    model: cp_model.CpModel, program: WholeProgram, effort: Effort, clock: Clock, seed: int
) -> Solved:
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.num_workers = 1
    parameters.random_seed = seed
    parameters.catch_sigint_signal = False
    parameters.relative_gap_limit = effort.gap
    parameters.max_time_in_seconds = min(effort.seconds, clock.left, NO_LIMIT)
    if effort.nodes:
        parameters.max_deterministic_time = WORK * effort.nodes / 100
    with StopWatcher(solver, clock):
        status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return Solved(None, np.inf, -np.inf, False, status == cp_model.INFEASIBLE)
    x = np.array(list(solver.response_proto.solution), np.float64) / program.units
    value = float(np.dot(program.cost / 1.0, x * program.units))
    return Solved(x, value, -np.inf, status == cp_model.OPTIMAL, False)
