"""Rows -> PuLP: every row scaled to numbers near 1, continuous columns in natural units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulp

from pmo_optimizer.backend import Clock
from pmo_solvers.time_indexed import Kind, LinearModel, LinearTerm
from pmo_solvers.time_indexed.driver import Hold, cut_rows
from pmo_solvers.time_indexed.linear import look

HOLD_SLACK = 1e-9
"""Relative slack of a held term, below every tolerance that users see."""


REACH = 100
"""Largest value of a continuous variable; the solver's tolerances are absolute."""


class Translation:
    """A PuLP problem of one stage; always a minimisation, since PuLP flips signs otherwise.

    Parameters
    ----------
    clock
        Ends the translation with `OutOfTime`; None: nothing does.

    Attributes
    ----------
    problem
        The PuLP problem.
    variables
        One per column of the linear model.
    sign
        -1 where the stage maximises.
    """

    def __init__(
        self,
        linear: LinearModel,
        stage: LinearTerm,
        holds: Sequence[Hold],
        cuts: Sequence[tuple[list[int], list[int]]],
        clock: Clock | None = None,
    ) -> None:
        self.linear = linear
        self.sign = -1.0 if stage.maximised else 1.0
        self.constant = stage.constant
        self.problem = pulp.LpProblem("plan", pulp.LpMinimize)
        self.variables = [self._variable(j) for j in range(linear.size)]
        # PuLP drops columns that are in no row, unless the objective names them.
        coefs = dict.fromkeys(range(linear.size), 0.0) | stage.coefs
        self.problem.setObjective(self._expression(coefs, self.sign))
        self._count = 0
        for row in linear.rows:
            look(clock, self._count)
            terms = dict(zip(row.columns, row.coefs, strict=True))
            self._add(terms, row.lower, row.upper)
        for terms, upper in cut_rows(cuts):
            self._add(terms, None, upper)
        for hold in holds:
            self._hold(hold)

    def _variable(self, column: int) -> pulp.LpVariable:
        linear = self.linear
        low, high = linear.lower[column], linear.upper[column]
        name = f"x{column}"
        if linear.kind[column] is Kind.CONTINUOUS:
            units = self._units(column)
            return self.problem.add_variable(name, low / units, high / units, pulp.LpContinuous)
        return self.problem.add_variable(name, low, high, pulp.LpInteger)

    def _units(self, column: int) -> int:
        """Return units of a column per unit of its variable: continuous ones reach about 100."""
        if self.linear.kind[column] is not Kind.CONTINUOUS:
            return 1
        return max(1, self.linear.upper[column] // REACH)

    def _expression(self, coefs: Mapping[int, float], factor: float) -> pulp.LpAffineExpression:
        pairs = [(self.variables[j], factor * c * self._units(j)) for j, c in coefs.items()]
        return pulp.LpAffineExpression(pairs)

    def _add(self, terms: Mapping[int, int], lower: int | None, upper: int | None) -> None:
        """Add a row, divided by its largest coefficient so that tolerances mean the same."""
        largest = max(abs(c) * self._units(j) for j, c in terms.items())
        expression = self._expression(terms, 1.0 / largest)
        if lower is not None and lower == upper:
            self._row(expression, pulp.LpConstraintEQ, lower / largest)
            return
        if lower is not None:
            self._row(expression, pulp.LpConstraintGE, lower / largest)
        if upper is not None:
            self._row(expression, pulp.LpConstraintLE, upper / largest)

    def _row(self, expression: pulp.LpAffineExpression, sense: int, limit: float) -> None:
        self._count += 1
        row = pulp.LpConstraint(expression, sense, f"r{self._count}", limit)
        self.problem.addConstraint(row)

    def _hold(self, hold: Hold) -> None:
        """Keep a term at its limit or better, but for a slack far below what users see."""
        term = hold.term
        limit = hold.limit - term.constant
        slack = HOLD_SLACK * max(1.0, abs(hold.limit))
        largest = max((abs(c) * self._units(j) for j, c in term.coefs.items()), default=0.0)
        if not largest:
            return
        expression = self._expression(term.coefs, 1.0 / largest)
        if term.maximised:
            self._row(expression, pulp.LpConstraintGE, (limit - slack) / largest)
        else:
            self._row(expression, pulp.LpConstraintLE, (limit + slack) / largest)

    def natural(self, value: float) -> float:
        """Return an objective of the minimisation in the stage's own sense."""
        return self.sign * value + self.constant

    def whole(self, values: Sequence[float]) -> list[int]:
        """Return column values in whole units."""
        return [round(value * self._units(column)) for column, value in enumerate(values)]
