"""What the rows of a time-indexed model leave where the decisions are given."""

from __future__ import annotations

from collections.abc import Hashable
from fractions import Fraction

from pmo_solvers.time_indexed import LinearTerm, Row, TimeIndexed
from tests.brute.simplex import LinearProgram


class Fixed:
    """A model in which selection, schedule and hires are given and everything else is free."""

    def __init__(self, indexed: TimeIndexed, values: dict[int, int]) -> None:
        model, schedule = indexed.model, indexed.schedule
        own = {work.column for works in schedule.works for work in works}
        own |= {*schedule.selected, *indexed.heads.values()}
        self.given = {column: values[column] for column in own}
        self.model = model
        self.broken = any(
            not model.lower[column] <= value <= model.upper[column]
            for column, value in self.given.items()
        )
        self.rows = [self._reduced(row) for row in model.rows]
        self.broken |= any(not terms and not low <= 0 <= high for terms, low, high in self.rows)

    def _reduced(self, row: Row) -> tuple[dict[Hashable, int], float, float]:
        """Return the free part of a row and its limits."""
        pairs = list(zip(row.columns, row.coefs, strict=True))
        constant = sum(coef * self.given[c] for c, coef in pairs if c in self.given)
        low = float("-inf") if row.lower is None else row.lower - constant
        high = float("inf") if row.upper is None else row.upper - constant
        return {c: coef for c, coef in pairs if c not in self.given}, low, high

    def best(self, stage: LinearTerm) -> Fraction | None:
        """Return the best of a stage over the free columns, exactly, or None."""
        if self.broken:
            return None
        program = LinearProgram()
        for terms, low, high in self.rows:
            if terms and high != float("inf"):
                program.add(terms, "<=", int(high))
            if terms and low != float("-inf"):
                program.add(terms, ">=", int(low))
        sign = -1 if stage.maximised else 1
        used: set[Hashable] = {column for terms, _, _ in self.rows for column in terms}
        total = Fraction(stage.constant)
        for column, coef in stage.coefs.items():
            if column in self.given:
                total += Fraction(coef) * self.given[column]
            else:
                program.price(column, sign * Fraction(coef))
                used.add(column)
        for free in used:
            assert isinstance(free, int)
            program.add({free: 1}, "<=", self.model.upper[free])
        found = program.minimum()
        return None if found is None else total + sign * found
