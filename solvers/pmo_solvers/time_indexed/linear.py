"""A linear model in whole numbers: columns, rows, objectives.

All columns are at least 0 and bounded. A continuous column counts whole units that are fine
enough to be exact, so that an integer engine may take it as it is and a MIP engine may relax
it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from fractions import Fraction
from itertools import chain
from math import gcd, lcm

import numpy as np
import numpy.typing as npt

from pmo_optimizer.backend import Clock
from pmo_optimizer.model import TermName
from pmo_solvers.time_indexed.entries import SAFE, Indices, Whole, greatest_divisor

LOOK = 1024
"""Columns and rows added between looks at the clock."""


class OutOfTime(Exception):
    """The clock ran out, or a stop was asked for, while a model was made."""


def look(clock: Clock | None, count: int) -> None:
    """Raise `OutOfTime` where a clock is over; it is looked at now and then, by a count."""
    if clock is not None and not count % LOOK and clock.over:
        raise OutOfTime


class Kind(IntEnum):
    """What values a column takes."""

    BINARY = 0
    INTEGER = 1
    CONTINUOUS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """lower <= sum of coefs x columns <= upper, in whole numbers; None: no limit.

    ``tag`` names the rule that the row stands for, for people and tests.
    """

    tag: str
    columns: tuple[int, ...]
    coefs: tuple[int, ...]
    lower: int | None
    upper: int | None


@dataclass(slots=True)
class LinearTerm:
    """An objective: constant + sum of coefs x columns, to be maximised or minimised."""

    name: TermName | None
    maximised: bool
    coefs: dict[int, float] = field(default_factory=dict)
    constant: float = 0.0

    def add(self, column: int, coef: float) -> None:
        """Add coef x column."""
        self.coefs[column] = self.coefs.get(column, 0.0) + coef

    def value(self, values: list[int]) -> float:
        """Return the objective at given column values."""
        return self.constant + sum(c * values[j] for j, c in self.coefs.items() if values[j])


@dataclass(frozen=True, slots=True)
class Frame:
    """Bounds and groups of the columns of a model at one time, as arrays."""

    lower: Whole
    upper: Whole
    group: Indices

    def most(self, columns: Indices, coefs: Whole) -> int:
        """Return what `LinearModel.most` returns, for columns that ascend.

        The columns of a group must stand side by side, as those of a project do.
        """
        if not columns.size:
            return 0
        reach = np.maximum(coefs * self.lower[columns], coefs * self.upper[columns])
        group = self.group[columns]
        single = group < 0
        first = np.flatnonzero(np.r_[True, (group[1:] != group[:-1]) | single[1:]])
        best = np.maximum.reduceat(reach, first)
        return int(sum(np.where(single[first], best, np.maximum(best, 0)).tolist()))


EXACT = 2**53
"""Whole numbers below this size are exact as float64, and only they are below it there."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """All rows of a model in compressed sparse row form; indices are 0-based.

    Attributes
    ----------
    starts
        int64, shape (rows + 1): row i has the entries ``starts[i]`` to ``starts[i + 1]``,
        exclusive.
    columns
        int32, shape (entries): column of each entry, ascending within a row.
    values
        float64, shape (entries): its coefficient.
    lower, upper
        float64, shape (rows): limits; -inf and inf where there is none.
    exact
        Whether all coefficients and limits are the whole numbers of the rows; otherwise some
        reach 2^53 and may be rounded to the nearest float.
    """

    starts: Indices
    columns: npt.NDArray[np.int32]
    values: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    exact: bool


class LinearModel:
    """Columns and rows under construction, then read by the engines.

    Parameters
    ----------
    clock
        Ends the construction with `OutOfTime`; None: nothing does.

    Attributes
    ----------
    lower, upper, kind
        Bounds and kind of each column.
    units
        Units per natural unit of a continuous column (FTE, currency), for scaling.
    group
        Project index of a column of which at most one per project is 1; -1: none.
    rows
        See `Row`.
    infeasible
        Tag of a row without columns that cannot hold; empty otherwise.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.lower: list[int] = []
        self.upper: list[int] = []
        self.kind: list[Kind] = []
        self.units: list[int] = []
        self.group: list[int] = []
        self.rows: list[Row] = []
        self.infeasible = ""
        self._checked: WholeRows | None = None
        self._known: dict[int, int] = {}
        self._clock = clock
        self._added = 0

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.lower)

    def binary(self, group: int = -1) -> int:
        """Add a 0/1 column and return its index."""
        return self._column(0, 1, Kind.BINARY, 1, group)

    def integer(self, upper: int) -> int:
        """Add a whole-number column 0..upper and return its index."""
        return self._column(0, upper, Kind.INTEGER, 1, -1)

    def continuous(self, upper: int, units: int) -> int:
        """Add a column 0..upper in whole units of 1/``units`` and return its index."""
        return self._column(0, upper, Kind.CONTINUOUS, units, -1)

    def fix(self, column: int, value: int) -> None:
        """Fix a column."""
        self.lower[column] = self.upper[column] = value

    def _look(self) -> None:
        self._added += 1
        look(self._clock, self._added)

    def _column(self, lower: int, upper: int, kind: Kind, units: int, group: int) -> int:
        self._look()
        self.lower.append(lower)
        self.upper.append(upper)
        self.kind.append(kind)
        self.units.append(units)
        self.group.append(group)
        return len(self.lower) - 1

    def add(self, tag: str, terms: Mapping[int, int], lower: int | None, upper: int | None) -> None:
        """Add a row, divided by its greatest common divisor, limits rounded inward.

        Limits are part of the divisor where a continuous column is in the row, so that
        nothing is cut off for engines that relax it.
        """
        if lower is None and upper is None:
            return
        columns = tuple([column for column in sorted(terms) if terms[column]])
        coefs = tuple([terms[column] for column in columns])
        if not columns:
            self._add_empty(tag, lower, upper)
            return
        divisor = gcd(*coefs, *self._limits(columns, lower, upper))
        if divisor > 1:
            coefs = tuple([coef // divisor for coef in coefs])
        self._keep(tag, columns, coefs, divisor, lower, upper)

    def add_sorted(
        self, tag: str, columns: Indices, coefs: Whole, rest: Mapping[int, int], upper: int
    ) -> None:
        """Add a row without lower limit as `add` would, the most of it given as arrays.

        Parameters
        ----------
        columns, coefs
            Columns, ascending and none of them continuous, and their coefficients.
        rest
            Further terms; their columns come after the others.
        """
        kept = coefs != 0
        if not kept.all():
            columns, coefs = columns[kept], coefs[kept]
        later = [column for column in sorted(rest) if rest[column]]
        if not (columns.size or later):
            self._add_empty(tag, None, upper)
            return
        tail = [rest[column] for column in later]
        divisor = gcd(greatest_divisor(coefs), *tail, *self._limits(later, None, upper))
        names, numbers = columns.tolist(), (coefs // divisor).tolist()
        share = self._known.setdefault  # many rows have the same few numbers
        self._keep(
            tag,
            (*map(share, names, names), *later),
            (*map(share, numbers, numbers), *(coef // divisor for coef in tail)),
            divisor,
            None,
            upper,
        )

    def _limits(
        self, columns: Sequence[int], lower: int | None, upper: int | None
    ) -> tuple[int, ...]:
        """Return the limits where they are part of the divisor."""
        if Kind.CONTINUOUS in map(self.kind.__getitem__, columns):
            return lower or 0, upper or 0
        return ()

    def _add_empty(self, tag: str, lower: int | None, upper: int | None) -> None:
        if (lower is not None and lower > 0) or (upper is not None and upper < 0):
            self.infeasible = self.infeasible or tag

    def _keep(
        self,
        tag: str,
        columns: tuple[int, ...],
        coefs: tuple[int, ...],
        divisor: int,
        lower: int | None,
        upper: int | None,
    ) -> None:
        """Keep a row whose coefficients are divided; its limits are rounded inward."""
        low = None if lower is None else -(-lower // divisor)
        high = None if upper is None else upper // divisor
        self._look()
        self.rows.append(Row(tag, columns, coefs, low, high))

    def add_exact(
        self,
        tag: str,
        terms: Mapping[int, Fraction],
        lower: Fraction | None,
        upper: Fraction | None,
    ) -> int:
        """Add a row of fractions at its own least multiplier, which is returned."""
        limits = [limit for limit in (lower, upper) if limit is not None]
        scale = lcm(*(c.denominator for c in (*terms.values(), *limits)))
        self.add(
            tag,
            {column: int(coef * scale) for column, coef in terms.items()},
            None if lower is None else int(lower * scale),
            None if upper is None else int(upper * scale),
        )
        return scale

    def most(self, terms: Mapping[int, int]) -> int:
        """Return an upper bound of a sum: per project only its largest column counts."""
        total = 0
        best: dict[int, int] = {}
        for column, coef in terms.items():
            reach = max(coef * self.upper[column], coef * self.lower[column])
            group = self.group[column]
            if group < 0:
                total += reach
            else:
                best[group] = max(best.get(group, 0), reach)
        return total + sum(best.values())

    def frame(self) -> Frame:
        """Return bounds and groups of the columns so far, as arrays."""
        return Frame(np.array(self.lower), np.array(self.upper), np.array(self.group))

    def matrix(self) -> Matrix:
        """Return all rows as one sparse matrix, for engines that take arrays."""
        rows = self.rows
        sizes = [len(row.columns) for row in rows]
        count = sum(sizes)
        columns = chain.from_iterable(row.columns for row in rows)
        coefs = chain.from_iterable(row.coefs for row in rows)
        values = np.fromiter(coefs, np.float64, count)
        lower = np.array([-np.inf if row.lower is None else row.lower for row in rows], np.float64)
        upper = np.array([np.inf if row.upper is None else row.upper for row in rows], np.float64)
        every = np.abs(np.concatenate((values, lower, upper)))
        return Matrix(
            starts=np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))),
            columns=np.fromiter(columns, np.int32, count),
            values=values,
            lower=lower,
            upper=upper,
            exact=bool((every[np.isfinite(every)] < EXACT).all()),
        )

    def within_bounds(self, values: list[int]) -> bool:
        """Return whether all columns that are not continuous lie within their bounds."""
        return all(
            low <= value <= high or kind is Kind.CONTINUOUS
            for low, value, high, kind in zip(
                self.lower, values, self.upper, self.kind, strict=True
            )
        )

    def first_violated(self, values: list[int]) -> str:
        """Return the tag of a row without continuous columns that values break, or nothing."""
        if self._checked is None or self._checked.count != len(self.rows):
            self._checked = WholeRows(self)
        return self._checked.first_violated(values)


class WholeRows:
    """Rows without continuous columns in exact whole numbers.

    Rows whose sums fit into 64 bits are checked at once, the others one by one. ``count`` is
    the number of all rows of the model at that time.
    """

    def __init__(self, model: LinearModel) -> None:
        self.count = len(model.rows)
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
