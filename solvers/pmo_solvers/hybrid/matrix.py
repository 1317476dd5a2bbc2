"""A linear model as arrays: what linear programs and neighbourhoods are cut from.

Rows and continuous columns are scaled to numbers near 1 for solvers in floats; the exact whole
numbers stay beside them, so that floats never decide feasibility.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pmo_solvers.time_indexed import linear
from pmo_solvers.time_indexed.linear import Kind, LinearModel, LinearTerm

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

REACH = 100
"""Largest value of a scaled continuous column; solvers' tolerances are absolute."""

OPEN = 2**62
"""Stands for a limit that is not there, in whole numbers."""


@dataclass(frozen=True, slots=True)
class Whole:
    """Entries by column and limits of rows in exact whole units."""

    value: Indices
    row_lower: Indices
    row_upper: Indices


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of a linear model, by row and by column.

    Attributes
    ----------
    num_rows, num_columns
        Shape.
    row_start, row_column, row_value
        Compressed rows: entries of row i are ``row_start[i]:row_start[i + 1]``.
    column_start, column_row, column_value
        The same by column.
    row_lower, row_upper
        Scaled limits; infinite where there is none.
    lower, upper
        Scaled bounds of the columns.
    integral
        Whether a column takes whole numbers only.
    units
        Whole units of the linear model per unit of a scaled column.
    whole
        The same rows in whole numbers; None where their sums need more than 64 bits, or where
        a row is not in whole numbers.
    """

    row_start: Indices
    row_column: Indices
    row_value: Floats
    column_start: Indices
    column_row: Indices
    column_value: Floats
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integral: Mask
    units: Floats
    whole: Whole | None

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return len(self.row_lower)

    @property
    def num_columns(self) -> int:
        """Number of columns."""
        return len(self.lower)

    def activity(self, x: Floats) -> Floats:
        """Return the sum of every row at scaled column values."""
        used = np.flatnonzero(x)
        entries, owner = self.entries(used)
        return _sums(
            self.column_row[entries], self.column_value[entries] * x[used][owner], self.num_rows
        )

    def entries(self, columns: Indices) -> tuple[Indices, Indices]:
        """Return the positions of all entries of columns, and which column each belongs to.

        Returns
        -------
        entries, owner
            Positions in ``column_row`` and ``column_value``; index into ``columns``.
        """
        return ranges(self.column_start[columns], self.column_start[columns + 1])

    def price(self, duals: Floats) -> Floats:
        """Return the sum of duals x entries of every column."""
        weights = self.row_value * np.repeat(duals, np.diff(self.row_start))
        return _sums(self.row_column, weights, self.num_columns)

    def objective(self, term: LinearTerm) -> Floats:
        """Return a term's coefficients per unit of the scaled columns, in its own sense."""
        coefs = np.zeros(self.num_columns)
        if term.coefs:
            coefs[np.fromiter(term.coefs.keys(), np.int64, len(term.coefs))] = np.fromiter(
                term.coefs.values(), np.float64, len(term.coefs)
            )
        return coefs * self.units

    def whole_values(self, x: Floats) -> list[int]:
        """Return scaled values in whole units of the linear model."""
        return [int(value) for value in np.rint(x * self.units)]


def _sums(place: Indices, weights: Floats, number: int) -> Floats:
    return np.bincount(place, weights=weights, minlength=number).astype(np.float64, copy=False)


def ranges(begin: Indices, end: Indices) -> tuple[Indices, Indices]:
    """Return begin[k]..end[k]-1 for all k in one array, and the k of each number."""
    length = end - begin
    owner = np.repeat(np.arange(len(begin)), length)
    first = np.cumsum(length) - length
    return np.arange(length.sum()) - np.repeat(first - begin, length), owner


FloatRow = tuple[Mapping[int, float], float, float]
"""Coefficients by column, least and most."""


def matrix_of(model: LinearModel, extra: Sequence[FloatRow] = ()) -> Matrix:
    """Return the scaled arrays of a linear model, with further rows at the end.

    Every row is divided by its largest scaled coefficient; continuous columns are counted in
    units that make them reach about `REACH`.
    """
    rows = model.matrix()
    further = [len(terms) for terms, _, _ in extra]
    length = np.concatenate((np.diff(rows.starts), np.array(further, np.int64)))
    column = np.concatenate((rows.columns, *(list(terms) for terms, _, _ in extra)))
    column = column.astype(np.int64)
    value = np.concatenate((rows.values, *(list(terms.values()) for terms, _, _ in extra)))
    low = np.concatenate((rows.lower, [low for _, low, _ in extra]))
    high = np.concatenate((rows.upper, [high for _, _, high in extra]))
    start = np.concatenate(([0], np.cumsum(length)))
    lower = np.array([float(low) for low in model.lower])
    upper = np.array([float(high) for high in model.upper])
    continuous = np.array(model.kind, dtype=np.int64) == Kind.CONTINUOUS
    units = np.where(continuous, np.maximum(1.0, np.floor(upper / REACH)), 1.0)
    by_column = np.argsort(column, kind="stable")
    exact = None if extra else _whole(rows, upper, by_column)
    value = value * units[column]
    largest = _largest(value, start)
    value /= np.repeat(largest, length)
    row_of = np.repeat(np.arange(len(length)), length)
    counts = np.bincount(column, minlength=model.size)
    return Matrix(
        row_start=start,
        row_column=column,
        row_value=value,
        column_start=np.concatenate(([0], np.cumsum(counts))),
        column_row=row_of[by_column],
        column_value=value[by_column],
        row_lower=low / largest,
        row_upper=high / largest,
        lower=lower / units,
        upper=upper / units,
        integral=~continuous,
        units=units,
        whole=exact,
    )


def _whole(rows: linear.Matrix, upper: Floats, by_column: Indices) -> Whole | None:
    """Return the rows in whole numbers where all sums fit into 53 bits."""
    number = len(rows.lower)
    row_of = np.repeat(np.arange(number), np.diff(rows.starts))
    reach = np.bincount(row_of, weights=np.abs(rows.values) * upper[rows.columns], minlength=number)
    if not rows.exact or reach.max(initial=0.0) >= linear.EXACT:
        return None
    low = np.where(np.isfinite(rows.lower), rows.lower, -OPEN).astype(np.int64)
    high = np.where(np.isfinite(rows.upper), rows.upper, OPEN).astype(np.int64)
    return Whole(rows.values[by_column].astype(np.int64), low, high)


def _largest(value: Floats, start: Indices) -> Floats:
    """Return the largest absolute value of each row, 1 for empty rows."""
    if not len(value):
        return np.ones(len(start) - 1)
    filled = np.diff(start) > 0
    out = np.ones(len(start) - 1)
    out[filled] = np.maximum.reduceat(np.abs(value), start[:-1][filled])
    return out
