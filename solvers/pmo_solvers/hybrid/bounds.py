"""Bounds of columns by propagation, and proven bounds of the objective from any duals.

Everything here is minimised; callers turn the sign where a term is maximised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pmo_solvers.hybrid.matrix import Floats, Matrix

CLEAR = 1e-7
"""A scaled row that is broken by more than this is broken whatever floats round."""

ROUNDS = 5
"""Most rounds of propagation."""

NOISE = 1e-13
"""Relative rounding error of sums of products, with room for their length."""


@dataclass(frozen=True, slots=True)
class Box:
    """Bounds of all columns; ``empty`` where some row cannot hold within them."""

    lower: Floats
    upper: Floats
    empty: bool = False


def propagate(matrix: Matrix, lower: Floats, upper: Floats) -> Box:
    """Return tighter bounds of 0/1 columns: whatever alone breaks a row is fixed.

    A column x of entry a > 0 is 0 where a + least activity of the rest > limit; the other
    cases are mirror images.
    """
    lower, upper = lower.copy(), upper.copy()
    row_of = np.repeat(np.arange(matrix.num_rows), np.diff(matrix.row_start))
    column, value = matrix.row_column, matrix.row_value
    for _ in range(ROUNDS):
        low, high = value * lower[column], value * upper[column]
        least, most = np.minimum(low, high), np.maximum(low, high)
        least_sum = np.bincount(row_of, weights=least, minlength=matrix.num_rows)
        most_sum = np.bincount(row_of, weights=most, minlength=matrix.num_rows)
        if np.any(least_sum > matrix.row_upper + CLEAR) or np.any(
            most_sum < matrix.row_lower - CLEAR
        ):
            return Box(lower, upper, empty=True)
        free = matrix.integral[column] & (lower[column] == 0) & (upper[column] == 1)
        swing = most - least
        over = free & (least_sum[row_of] + swing > matrix.row_upper[row_of] + CLEAR)
        under = free & (most_sum[row_of] - swing < matrix.row_lower[row_of] - CLEAR)
        zero = (over & (value > 0)) | (under & (value < 0))
        one = (over & (value < 0)) | (under & (value > 0))
        if not (zero.any() or one.any()):
            break
        upper[column[zero]] = 0.0
        lower[column[one]] = 1.0
        if np.any(lower > upper):
            return Box(lower, upper, empty=True)
    return Box(lower, upper)


@dataclass(frozen=True, slots=True)
class DualBound:
    """A proven lower bound and the reduced cost of every column that goes with it."""

    value: float
    reduced: Floats


def dual_bound(matrix: Matrix, cost: Floats, duals: Floats, box: Box) -> DualBound:
    """Return the Lagrangian bound of given duals; it holds for duals of any quality.

    b(y) = sum over rows of y_i x (lower limit where y_i > 0, else upper limit)
         + sum over columns of the least (c_j - a_j y) x_j within its bounds,
    lowered by what rounding can have added.
    """
    y = np.where((duals > 0) & np.isneginf(matrix.row_lower), 0.0, duals)
    y = np.where((y < 0) & np.isposinf(matrix.row_upper), 0.0, y)
    limits = np.where(y > 0, matrix.row_lower, np.where(y < 0, matrix.row_upper, 0.0))
    reduced = cost - matrix.price(y)
    extent = np.where(reduced > 0, box.lower, box.upper)
    value = float(np.dot(y, limits) + np.dot(reduced, extent))
    return DualBound(value - rounding(matrix, cost, y, box), reduced)


def rounding(matrix: Matrix, cost: Floats, duals: Floats, box: Box) -> float:
    """Return more than what the rounding of floats can add to a bound of such prices."""
    limits = np.where(duals > 0, matrix.row_lower, np.where(duals < 0, matrix.row_upper, 0.0))
    largest = np.maximum(np.abs(box.lower), np.abs(box.upper))
    weight = np.bincount(
        matrix.row_column,
        weights=np.abs(matrix.row_value) * np.repeat(np.abs(duals), np.diff(matrix.row_start)),
        minlength=matrix.num_columns,
    )
    size = float(np.dot(weight + np.abs(cost), largest) + np.dot(np.abs(duals), np.abs(limits)))
    return NOISE * size
