"""A linear model as arrays: what linear programs and neighbourhoods are cut from.

Rows and continuous columns are scaled to numbers near 1 for solvers in floats; the exact whole
numbers stay beside them, so that floats never decide feasibility.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from pmo_solvers.time_indexed.linear import Kind, LinearModel, LinearTerm, Row

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

REACH = 100
"""Largest value of a scaled continuous column; solvers' tolerances are absolute."""

SAFE = 2**62
"""Whole sums below this size are added up in 64 bits, others in Python integers."""


EXACT = 2**53
"""Whole numbers below this size are exact as floats."""

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
    """Return the arrays of a linear model, with further rows at the end.

    Every row is divided by its largest scaled coefficient; continuous columns are counted in
    units that make them reach about `REACH`.
    """
    rows = [(row.columns, row.coefs, _low(row), _high(row)) for row in model.rows]
    more = [(tuple(terms), tuple(terms.values()), low, high) for terms, low, high in extra]
    return _assembled(model, [*rows, *more], whole=not extra)


def _low(row: Row) -> float:
    return -np.inf if row.lower is None else float(row.lower)


def _high(row: Row) -> float:
    return np.inf if row.upper is None else float(row.upper)


def _assembled(
    model: LinearModel,
    rows: Sequence[tuple[Sequence[int], Sequence[float], float, float]],
    *,
    whole: bool,
) -> Matrix:
    length = np.fromiter((len(row[0]) for row in rows), np.int64, len(rows))
    start = np.concatenate(([0], np.cumsum(length)))
    count = int(start[-1])
    column = np.fromiter(chain.from_iterable(row[0] for row in rows), np.int64, count)
    value = np.fromiter(chain.from_iterable(row[1] for row in rows), np.float64, count)
    kind = np.array(model.kind, dtype=np.int64)
    lower = np.array([float(low) for low in model.lower])
    upper = np.array([float(high) for high in model.upper])
    continuous = kind == Kind.CONTINUOUS
    units = np.where(continuous, np.maximum(1.0, np.floor(upper / REACH)), 1.0)
    by_column = np.argsort(column, kind="stable")
    exact = _whole(model, value, column, by_column, length) if whole else None
    value *= units[column]
    largest = _largest(value, start)
    value /= np.repeat(largest, length)
    row_of = np.repeat(np.arange(len(rows)), length)
    counts = np.bincount(column, minlength=model.size)
    return Matrix(
        row_start=start,
        row_column=column,
        row_value=value,
        column_start=np.concatenate(([0], np.cumsum(counts))),
        column_row=row_of[by_column],
        column_value=value[by_column],
        row_lower=np.array([low for _, _, low, _ in rows]) / largest,
        row_upper=np.array([high for _, _, _, high in rows]) / largest,
        lower=lower / units,
        upper=upper / units,
        integral=~continuous,
        units=units,
        whole=exact,
    )


def _whole(
    model: LinearModel, value: Floats, column: Indices, by_column: Indices, length: Indices
) -> Whole | None:
    """Return the rows in whole numbers where all sums fit into 53 bits."""
    upper = np.array([float(high) for high in model.upper])
    row_of = np.repeat(np.arange(len(length)), length)
    reach = np.bincount(row_of, weights=np.abs(value) * upper[column], minlength=len(length))
    low = [-OPEN if row.lower is None else row.lower for row in model.rows]
    high = [OPEN if row.upper is None else row.upper for row in model.rows]
    closed = [abs(limit) for limit in (*low, *high) if abs(limit) != OPEN]
    if max(float(reach.max(initial=0.0)), *closed, 0) >= EXACT:
        return None
    return Whole(
        value[by_column].astype(np.int64), np.array(low, np.int64), np.array(high, np.int64)
    )


def _largest(value: Floats, start: Indices) -> Floats:
    """Return the largest absolute value of each row, 1 for empty rows."""
    if not len(value):
        return np.ones(len(start) - 1)
    filled = np.diff(start) > 0
    out = np.ones(len(start) - 1)
    out[filled] = np.maximum.reduceat(np.abs(value), start[:-1][filled])
    return out


class WholeRows:
    """Rows without continuous columns in exact whole numbers.

    Rows whose sums fit into 64 bits are checked at once, the others one by one.
    """

    def __init__(self, model: LinearModel) -> None:
        kinds = model.kind
        plain: list[Row] = []
        self.large: list[Row] = []
        self.tags: list[str] = []
        upper = model.upper
        for row in model.rows:
            if any(kinds[j] is Kind.CONTINUOUS for j in row.columns):
                continue
            reach = max(map(abs, row.coefs)) * sum(upper[j] for j in row.columns)
            limits = (abs(limit) for limit in (row.lower, row.upper) if limit is not None)
            if max(reach, *limits) < SAFE:
                plain.append(row)
            else:
                self.large.append(row)
        self.tags = [row.tag for row in plain]
        length = np.fromiter((len(row.columns) for row in plain), np.int64, len(plain))
        count = int(length.sum())
        self._column = np.fromiter((j for row in plain for j in row.columns), np.int64, count)
        self._value = np.fromiter((c for row in plain for c in row.coefs), np.int64, count)
        self._start = np.cumsum(length) - length
        self._lower = np.array([-SAFE if r.lower is None else r.lower for r in plain], np.int64)
        self._upper = np.array([SAFE if r.upper is None else r.upper for r in plain], np.int64)

    def first_violated(self, values: Sequence[int]) -> str:
        """Return the tag of a row that whole column values break, or nothing."""
        if len(self.tags):
            whole = np.zeros(len(values), np.int64)
            small = [min(value, SAFE) for value in values]
            whole[:] = small
            total = np.add.reduceat(self._value * whole[self._column], self._start)
            broken = np.flatnonzero((total < self._lower) | (total > self._upper))
            if len(broken):
                return self.tags[int(broken[0])]
        for row in self.large:
            exact = sum(c * values[j] for j, c in zip(row.columns, row.coefs, strict=True))
            low = row.lower is not None and exact < row.lower
            if low or (row.upper is not None and exact > row.upper):
                return row.tag
        return ""
