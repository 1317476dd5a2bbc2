"""Rows -> CP-SAT: whole numbers throughout, overflow checked row by row."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

from ortools.sat.python import cp_model

from pmo_optimizer.backend import Clock
from pmo_solvers.time_indexed import LinearModel, LinearTerm, Row
from pmo_solvers.time_indexed.driver import Hold, cut_rows
from pmo_solvers.time_indexed.linear import look

MAX_ACTIVITY = 2**60
"""Largest absolute sum that a row may reach; CP-SAT needs sums to fit into 64 bits."""

MAX_OBJECTIVE = 2**60
"""Largest absolute scaled objective; CP-SAT keeps it in 64 bits."""

MAX_ERROR = 2e-8
"""Rounding error that an objective may have, relative to the most it can reach. Numbers no
larger than that needs: presolve of CP-SAT 9.15 was seen to call models with coefficients of
11 digits infeasible that are not."""


FLOAT_SLACK = 1e-9
"""Relative slack of a held term, for the float that its limit is."""


MAX_COLUMN = 2**40
"""Largest value of a variable; larger continuous columns count in coarser units."""


class ScaledObjective:
    """A float objective in whole numbers, with the error that rounding can make.

    Attributes
    ----------
    scale
        Power of ten that multiplies every coefficient.
    coefs
        Whole coefficients by column.
    finer
        Whether more digits would fit and tell more.
    error
        Most by which the whole objective / scale can differ from the true one.
    """

    def __init__(self, term: LinearTerm, model: LinearModel, error: float = MAX_ERROR) -> None:
        self.term = term
        sizes = {j: abs(c) * model.upper[j] for j, c in term.coefs.items()}
        room = floor(log10(MAX_OBJECTIVE / sum(sizes.values()))) if any(sizes.values()) else 0
        most = _by_group(sizes, model)
        digits = min(0, room)
        self._round(digits, model)
        while self.error > error * most and digits < room:
            digits += 1
            self._round(digits, model)
        self.finer = self.error > 0 and digits < room

    def _round(self, digits: int, model: LinearModel) -> None:
        self.scale = 10.0**digits
        self.coefs = {j: round(c * self.scale) for j, c in self.term.coefs.items()}
        self.error = self._error(model) / self.scale

    def _error(self, model: LinearModel) -> float:
        """Add up rounding errors; of a project's patterns only the largest can count."""
        off = {
            column: abs(self.coefs[column] - coef * self.scale) * model.upper[column]
            for column, coef in self.term.coefs.items()
        }
        return _by_group(off, model)

    def unscaled(self, value: float) -> float:
        """Return an objective of CP-SAT in natural units."""
        return value / self.scale + self.term.constant

    def bound(self, value: float) -> float:
        """Return a bound of CP-SAT in natural units, moved outward by the rounding error."""
        margin = self.error if self.term.maximised else -self.error
        return self.unscaled(value) + margin

    def limit(self, value: float) -> int:
        """Return a whole limit that keeps every solution at least as good as ``value``."""
        whole = (value - self.term.constant) * self.scale
        slack = 2 * self.error * self.scale + FLOAT_SLACK * max(1.0, abs(whole))
        return ceil(whole - slack) if self.term.maximised else floor(whole + slack)


def _by_group(sizes: dict[int, float], model: LinearModel) -> float:
    """Add up sizes; of columns of which at most one is 1 only the largest counts."""
    total = 0.0
    largest: dict[int, float] = {}
    for column, size in sizes.items():
        group = model.group[column]
        if group < 0:
            total += size
        else:
            largest[group] = max(largest.get(group, 0.0), size)
    return total + sum(largest.values())


class Translation:
    """The CP-SAT form of the rows, cloned for every stage.

    Parameters
    ----------
    clock
        Ends the translation with `OutOfTime`; None: nothing does.

    Attributes
    ----------
    steps
        Units of each column per unit of its variable: 1, or more where a continuous column is
        too large for 64 bits.
    """

    def __init__(self, linear: LinearModel, clock: Clock | None = None) -> None:
        self.linear = linear
        self.steps = [-(-high // MAX_COLUMN) or 1 for high in linear.upper]
        self.base = cp_model.CpModel()
        self.variables = [
            self.base.new_int_var(low // step, -(-high // step), "")
            for low, high, step in zip(linear.lower, linear.upper, self.steps, strict=True)
        ]
        for number, row in enumerate(linear.rows):
            look(clock, number)
            for part in fit(row, linear, self.steps):
                self._add(self.base, self.variables, part)

    @staticmethod
    def _add(model: cp_model.CpModel, variables: list[cp_model.IntVar], row: Row) -> None:
        total = cp_model.LinearExpr.weighted_sum([variables[j] for j in row.columns], row.coefs)
        low = cp_model.INT_MIN if row.lower is None else row.lower
        high = cp_model.INT_MAX if row.upper is None else row.upper
        model.add_linear_constraint(total, low, high)

    def stage(
        self,
        objective: ScaledObjective,
        holds: Sequence[Hold],
        cuts: Sequence[tuple[list[int], list[int]]],
        start: dict[int, int],
    ) -> cp_model.CpModel:
        """Return a model with an objective, held terms, cuts and a hint."""
        model = self.base.clone()
        variables = [model.get_int_var_from_proto_index(v.index) for v in self.variables]
        for hold in holds:
            held = ScaledObjective(hold.term, self.linear)
            limit = held.limit(hold.limit)
            total = self._weighted(variables, held.coefs)
            model.add(total >= limit if hold.term.maximised else total <= limit)
        for terms, upper in cut_rows(cuts):
            model.add(self._weighted(variables, terms) <= upper)
        total = self._weighted(variables, objective.coefs)
        if objective.term.maximised:
            model.maximize(total)
        else:
            model.minimize(total)
        for column, value in start.items():
            model.add_hint(variables[column], value // self.steps[column])
        return model

    def _weighted(
        self, variables: list[cp_model.IntVar], coefs: dict[int, int]
    ) -> cp_model.LinearExprT:
        columns = list(coefs)
        return cp_model.LinearExpr.weighted_sum(
            [variables[j] for j in columns], [coefs[j] * self.steps[j] for j in columns]
        )

    def values(self, solution: Sequence[int]) -> list[int]:
        """Return column values of a solution."""
        return [v * step for v, step in zip(solution, self.steps, strict=False)]


def fit(row: Row, model: LinearModel, steps: Sequence[int]) -> tuple[Row, ...]:
    """Return rows over the variables that stand for a row and whose sums fit into 64 bits.

    All columns are at least 0, so that smaller coefficients and larger limits only relax a
    <= row, and a coarse variable moves a sum by less than a step. A solution that uses the
    difference is refused when it is checked exactly.
    """
    coarse = [steps[j] for j in row.columns]
    blur = sum(abs(c) * (step - 1) for c, step in zip(row.coefs, coarse, strict=True))
    coefs = [c * step for c, step in zip(row.coefs, coarse, strict=True)]
    upper = None if row.upper is None else row.upper + blur
    lower = None if row.lower is None else row.lower - blur
    highs = [-(-model.upper[j] // steps[j]) for j in row.columns]
    reach = sum(abs(c) * high for c, high in zip(coefs, highs, strict=True))
    largest = max([reach, *(abs(limit) for limit in (lower, upper) if limit is not None)])
    if largest <= MAX_ACTIVITY:
        return (Row(row.tag, row.columns, tuple(coefs), lower, upper),)
    # Rounding moves every coefficient by less than 1, which must not fill 64 bits either.
    room = MAX_ACTIVITY - sum(highs)
    divisor = -(-largest // max(room, 1))
    parts = []
    if upper is not None:
        down = tuple(c // divisor for c in coefs)
        parts.append(Row(row.tag, row.columns, down, None, -(-upper // divisor)))
    if lower is not None:
        up = tuple(-(-c // divisor) for c in coefs)
        parts.append(Row(row.tag, row.columns, up, lower // divisor, None))
    return tuple(parts)
