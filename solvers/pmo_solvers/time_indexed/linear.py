"""A linear model in whole numbers: columns, rows, objectives.

All columns are at least 0 and bounded. A continuous column counts whole units that are fine
enough to be exact, so that an integer engine may take it as it is and a MIP engine may relax
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from fractions import Fraction
from math import gcd, lcm

from pmo_optimizer.model import TermName


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


class LinearModel:
    """Columns and rows under construction, then read by the engines.

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

    def __init__(self) -> None:
        self.lower: list[int] = []
        self.upper: list[int] = []
        self.kind: list[Kind] = []
        self.units: list[int] = []
        self.group: list[int] = []
        self.rows: list[Row] = []
        self.infeasible = ""

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

    def _column(self, lower: int, upper: int, kind: Kind, units: int, group: int) -> int:
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
        columns = tuple(column for column in sorted(terms) if terms[column])
        coefs = tuple(terms[column] for column in columns)
        if not columns:
            if (lower is not None and lower > 0) or (upper is not None and upper < 0):
                self.infeasible = self.infeasible or tag
            return
        divisor = gcd(*coefs)
        if any(self.kind[column] is Kind.CONTINUOUS for column in columns):
            divisor = gcd(divisor, lower or 0, upper or 0)
        if divisor > 1:
            coefs = tuple(coef // divisor for coef in coefs)
            lower = None if lower is None else -(-lower // divisor)
            upper = None if upper is None else upper // divisor
        self.rows.append(Row(tag, columns, coefs, lower, upper))

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

    def first_violated(self, values: list[int]) -> str:
        """Return the tag of a row without continuous columns that values break, or nothing."""
        for row in self.rows:
            if any(self.kind[column] is Kind.CONTINUOUS for column in row.columns):
                continue
            total = sum(c * values[j] for j, c in zip(row.columns, row.coefs, strict=True))
            if row.lower is not None and total < row.lower:
                return row.tag
            if row.upper is not None and total > row.upper:
                return row.tag
        return ""
