"""A small exact linear programming solver: two phases, Bland's rule, integer pivoting."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Literal

Sense = Literal["<=", ">=", "="]


class Unbounded(ArithmeticError):
    """The objective can be improved without end."""


@dataclass(frozen=True, slots=True)
class Row:
    """One constraint: sum of coefficient x variable ``sense`` right side."""

    coefficients: Mapping[int, Fraction]
    sense: Sense
    right: Fraction


@dataclass(frozen=True, slots=True)
class Solution:
    """A vertex of least cost, one value per variable."""

    cost: Fraction
    values: tuple[Fraction, ...]


class LinearProgram:
    """Minimise a linear cost over variables >= 0; variables are named by any hashable key.

    Examples
    --------
    >>> lp = LinearProgram()
    >>> lp.add({"x": 1, "y": 2}, ">=", 4)
    >>> lp.price("x", 3)
    >>> lp.price("y", 5)
    >>> lp.minimum()
    Fraction(10, 1)
    """

    def __init__(self) -> None:
        self._index: dict[Hashable, int] = {}
        self._costs: list[Fraction] = []
        self._rows: list[Row] = []

    def _variable(self, key: Hashable) -> int:
        if key not in self._index:
            self._index[key] = len(self._costs)
            self._costs.append(Fraction(0))
        return self._index[key]

    def price(self, key: Hashable, cost: Fraction | int) -> None:
        """Set the cost of one unit of a variable; 0 unless set."""
        self._costs[self._variable(key)] = Fraction(cost)

    def add(
        self, terms: Mapping[Hashable, Fraction | int], sense: Sense, right: Fraction | int
    ) -> None:
        """Add a constraint over named variables."""
        row = {self._variable(key): Fraction(value) for key, value in terms.items()}
        self._rows.append(Row(row, sense, Fraction(right)))

    def solve(self) -> dict[Hashable, Fraction] | None:
        """Return the values of a cheapest solution, or None where there is none."""
        solution = minimise(self._costs, self._rows)
        if solution is None:
            return None
        return {key: solution.values[index] for key, index in self._index.items()}

    def minimum(self) -> Fraction | None:
        """Return the least cost, or None where no solution exists."""
        solution = minimise(self._costs, self._rows)
        return None if solution is None else solution.cost


def minimise(costs: Sequence[Fraction], rows: Sequence[Row]) -> Solution | None:
    """Minimise costs x variables over variables >= 0 that satisfy the rows.

    Returns
    -------
    Solution or None
        None where the rows contradict each other.

    Raises
    ------
    Unbounded
        The cost has no minimum.
    """
    tableau = _Tableau(len(costs), rows)
    if not tableau.find_vertex():
        return None
    return tableau.improve(costs)


class _Tableau:
    """Integer tableau with one common denominator (Edmonds' integer pivoting).

    Entry (i, j) stands for ``cells[i][j] / denominator``; the last cell of a row is its right
    side, which stays >= 0. Columns: variables, then slacks, then artificial variables.
    """

    def __init__(self, variables: int, rows: Sequence[Row]) -> None:
        self.variables = variables
        whole = [_whole(row, variables) for row in rows]
        slacks = sum(sense != "=" for _, sense, _ in whole)
        self.real = variables + slacks
        self.width = self.real + len(whole)
        self.denominator = 1
        self.cells: list[list[int]] = []
        self.basis: list[int] = []
        slack = variables
        for number, (row, sense, right) in enumerate(whole):
            cells = row + [0] * (self.width - variables) + [right]
            basic = self.real + number
            if sense != "=":
                cells[slack] = 1 if sense == "<=" else -1
                basic = slack if sense == "<=" else basic
                slack += 1
            cells[basic] = 1
            self.cells.append(cells)
            self.basis.append(basic)

    def find_vertex(self) -> bool:
        """Phase one: drive the artificial variables to 0; False where that cannot be."""
        goal = [0] * self.real + [1] * (self.width - self.real)
        line = self._descend(goal, self.width)
        if line[-1] != 0:
            return False
        for number, basic in enumerate(self.basis):
            if basic >= self.real:
                self._expel(number)
        return True

    def improve(self, costs: Sequence[Fraction]) -> Solution:
        """Phase two: minimise the costs from the vertex that was found."""
        scale = lcm(*(cost.denominator for cost in costs)) if costs else 1
        goal = [int(cost * scale) for cost in costs] + [0] * (self.width - self.variables)
        line = self._descend(goal, self.real)
        values = [Fraction(0)] * self.width
        for number, basic in enumerate(self.basis):
            values[basic] = Fraction(self.cells[number][-1], self.denominator)
        cost = Fraction(-line[-1], self.denominator * scale)
        return Solution(cost, tuple(values[: self.variables]))

    def _descend(self, goal: list[int], enterable: int) -> list[int]:
        """Pivot by Bland's rule until no column below ``enterable`` improves; return the goal row.

        The last cell of that row is minus the cost, times the denominator.
        """
        line = [cost * self.denominator for cost in goal] + [0]
        for number, basic in enumerate(self.basis):
            factor = goal[basic]
            if factor:
                row = self.cells[number]
                line = [a - factor * b for a, b in zip(line, row, strict=True)]
        self.cells.append(line)
        while (column := self._entering(enterable)) is not None:
            self._pivot(self._leaving(column), column)
        return self.cells.pop()

    def _entering(self, enterable: int) -> int | None:
        line = self.cells[-1]
        return next((j for j in range(enterable) if line[j] < 0), None)

    def _leaving(self, column: int) -> int:
        best: tuple[Fraction, int, int] | None = None
        for number, basic in enumerate(self.basis):
            row = self.cells[number]
            if row[column] > 0:
                candidate = (Fraction(row[-1], row[column]), basic, number)
                best = candidate if best is None else min(best, candidate)
        if best is None:
            raise Unbounded("the cost has no minimum")
        return best[2]

    def _expel(self, number: int) -> None:
        """Pivot an artificial variable at value 0 out of the basis, where its row allows."""
        row = self.cells[number]
        column = next((j for j in range(self.real) if row[j]), None)
        if column is None:
            return
        if row[column] < 0:
            self.cells[number] = [-cell for cell in row]
        self._pivot(number, column)

    def _pivot(self, number: int, column: int) -> None:
        pivot_row = self.cells[number]
        pivot, old = pivot_row[column], self.denominator
        for index, row in enumerate(self.cells):
            if index == number:
                continue
            factor = row[column]
            self.cells[index] = [
                (a * pivot - factor * b) // old for a, b in zip(row, pivot_row, strict=True)
            ]
        self.denominator = pivot
        self.basis[number] = column


def _whole(row: Row, variables: int) -> tuple[list[int], Sense, int]:
    """Return a row in whole numbers with a right side >= 0."""
    scale = lcm(row.right.denominator, *(v.denominator for v in row.coefficients.values()))
    cells = [0] * variables
    for index, value in row.coefficients.items():
        cells[index] = int(value * scale)
    right = int(row.right * scale)
    if right >= 0:
        return cells, row.sense, right
    flipped: dict[Sense, Sense] = {"<=": ">=", ">=": "<=", "=": "="}
    return [-cell for cell in cells], flipped[row.sense], -right
