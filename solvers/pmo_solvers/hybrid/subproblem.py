"""Some columns free, the others fixed: the MIPs that the search is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pmo_solvers.hybrid.bounds import Box
from pmo_solvers.hybrid.highs import Program
from pmo_solvers.hybrid.matrix import OPEN, Floats, Indices, Matrix


@dataclass(frozen=True, slots=True)
class Subproblem:
    """A program over ``columns`` of the whole model."""

    columns: Indices
    program: Program

    def whole(self, x: Floats, part: Floats) -> Floats:
        """Return x with the free columns at the part's values."""
        full = x.copy()
        full[self.columns] = part
        return full


def cut_out(
    matrix: Matrix, cost: Floats, box: Box, columns: Indices, x: Floats, activity: Floats
) -> Subproblem:
    """Return the program over some columns, all others fixed at x.

    Parameters
    ----------
    activity
        Row sums at x.
    """
    entries, owner = matrix.entries(columns)
    row = matrix.column_row[entries]
    value = matrix.column_value[entries]
    touched = np.zeros(matrix.num_rows, dtype=np.bool_)
    touched[row] = True
    rows = np.flatnonzero(touched)
    place = np.zeros(matrix.num_rows, np.int64)
    place[rows] = np.arange(len(rows))
    own = np.bincount(row, weights=value * x[columns][owner], minlength=matrix.num_rows)
    fixed = (activity - own)[rows]
    fixed[np.abs(fixed) < 1e-12] = 0.0
    lengths = matrix.column_start[columns + 1] - matrix.column_start[columns]
    return Subproblem(
        columns,
        Program(
            cost=cost[columns],
            lower=box.lower[columns],
            upper=box.upper[columns],
            integral=matrix.integral[columns],
            row_lower=matrix.row_lower[rows] - fixed,
            row_upper=matrix.row_upper[rows] - fixed,
            start=np.concatenate(([0], np.cumsum(lengths))),
            row=place[row],
            value=value,
        ),
    )


def whole_program(matrix: Matrix, cost: Floats, box: Box) -> Program:
    """Return the program over all columns."""
    return Program(
        cost,
        box.lower,
        box.upper,
        matrix.integral,
        matrix.row_lower,
        matrix.row_upper,
        matrix.column_start,
        matrix.column_row,
        matrix.column_value,
    )


@dataclass(frozen=True, slots=True)
class WholeProgram:
    """A subproblem in whole numbers, entries by row.

    Attributes
    ----------
    cost
        Per whole unit of a column.
    units
        Whole units per scaled unit of each column.
    row, column, value
        Entries, sorted by row.
    """

    cost: Floats
    units: Floats
    lower: Indices
    upper: Indices
    row_lower: Indices
    row_upper: Indices
    row: Indices
    column: Indices
    value: Indices


def cut_whole(
    matrix: Matrix, cost: Floats, box: Box, columns: Indices, x: Floats
) -> WholeProgram | None:
    """Return the program over some columns in whole numbers, or None where 64 bits are too few.

    Scaled values of x are rounded to whole units.
    """
    if matrix.whole is None:
        return None
    exact = matrix.whole
    entries, owner = matrix.entries(columns)
    row = matrix.column_row[entries]
    touched = np.zeros(matrix.num_rows, dtype=np.bool_)
    touched[row] = True
    rows = np.flatnonzero(touched)
    place = np.zeros(matrix.num_rows, np.int64)
    place[rows] = np.arange(len(rows))
    fixed = np.rint(x * matrix.units).astype(np.int64)
    fixed[columns] = 0
    others = np.flatnonzero(fixed)
    own, which = matrix.entries(others)
    total = np.zeros(matrix.num_rows, np.int64)
    np.add.at(total, matrix.column_row[own], exact.value[own] * fixed[others][which])
    order = np.argsort(row, kind="stable")
    units = matrix.units[columns]
    return WholeProgram(
        cost=cost[columns] / units,
        units=units,
        lower=np.rint(box.lower[columns] * units).astype(np.int64),
        upper=np.rint(box.upper[columns] * units).astype(np.int64),
        row_lower=_moved(exact.row_lower[rows], total[rows]),
        row_upper=_moved(exact.row_upper[rows], total[rows]),
        row=place[row][order],
        column=owner[order],
        value=exact.value[entries][order],
    )


def _moved(limit: Indices, used: Indices) -> Indices:
    """Return limits less what is used; open ones stay open."""
    return np.where(np.abs(limit) >= OPEN, limit, limit - used)
