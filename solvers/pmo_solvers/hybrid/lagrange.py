"""Bounds by Lagrangian relaxation, for models whose linear program takes too long.

All rows are priced but two kinds: those that let a project choose one of its schedules, and
those that share out the time of a supplier. What is left falls apart into projects and
suppliers and is solved by looking (its solutions are whole anyway, so that the best bound is
that of the linear program). Prices are moved by the volume algorithm (Barahona & Anbil,
Mathematical Programming 87, 2000), which also gives a fractional solution to search around.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pmo_solvers.hybrid.bounds import Box, rounding
from pmo_solvers.hybrid.matrix import Floats, Indices, Mask, Matrix, ranges

PATIENCE = 20
"""Rounds without a better bound after which steps get shorter."""

AGAIN = 0.05
"""Step with which a settled run goes on once a better plan is known."""

GREEN = 1.1
YELLOW = 0.66
"""Factors on the step after a round that climbs well, and after many that do not."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """What a relaxation tells the search.

    Attributes
    ----------
    value
        Proven lower bound.
    x
        Fractional solution, nearly feasible and nearly optimal.
    reduced
        Reduced cost of every column.
    """

    value: float
    x: Floats
    reduced: Floats
    duals: Floats


class Structure:
    """The rows that stay: one choice per group of columns, groups that follow a column.

    Parameters
    ----------
    choices
        (column x, columns) pairs: sum of columns = x.
    shares
        Rows: sum of continuous columns <= limit, each column in one of them.
    """

    def __init__(
        self,
        matrix: Matrix,
        choices: list[tuple[int, int, list[int]]],
        shares: list[int],
    ) -> None:
        self.matrix = matrix
        kept = np.zeros(matrix.num_rows, dtype=np.bool_)
        kept[[row for row, _, _ in choices]] = True
        kept[shares] = True
        self.priced: Mask = ~kept
        self.head = np.array([x for _, x, _ in choices], np.int64)
        self.member = np.array([j for _, _, own in choices for j in own], np.int64)
        length = np.array([len(own) for _, _, own in choices], np.int64)
        self.member_start = np.cumsum(length) - length
        self.member_group = np.repeat(np.arange(len(choices)), length)
        self._take_shares(shares)
        rest = np.ones(matrix.num_columns, dtype=np.bool_)
        rest[self.member] = False
        rest[self.share] = False
        self.rest = np.flatnonzero(rest)

    def _take_shares(self, shares: list[int]) -> None:
        matrix = self.matrix
        rows = np.array(shares, np.int64)
        entries, owner = ranges(matrix.row_start[rows], matrix.row_start[rows + 1])
        self.share = matrix.row_column[entries]
        self.share_group = owner
        self.share_value = matrix.row_value[entries]
        length = np.bincount(owner, minlength=len(rows))
        self.share_start = np.cumsum(length) - length
        self.share_limit = matrix.row_upper[rows]

    def solve(self, reduced: Floats, box: Box) -> tuple[float, Floats]:
        """Return the least reduced cost and the columns that have it."""
        x = np.zeros(self.matrix.num_columns)
        total = 0.0
        worth = reduced.copy()
        if len(self.head):
            price = np.where(box.upper[self.member] > 0, reduced[self.member], np.inf)
            least = np.minimum.reduceat(price, self.member_start)
            np.add.at(worth, self.head, least)
            best = _first(price == least[self.member_group], self.member_group)
        rest = self.rest
        extent = np.where(worth[rest] > 0, box.lower[rest], box.upper[rest])
        used = extent != 0
        x[rest] = extent
        total += float(np.dot(worth[rest][used], extent[used]))
        if len(self.head):
            x[self.member[best]] = x[self.head]
        return total + self._share_out(reduced, box, x), x

    def losses(self, reduced: Floats, box: Box) -> Floats:
        """Return by how much the bound at least gets worse where a column is 1.

        For a member of a choice: its distance to the best member, and what its head costs where
        it does not pay. With the bound it tells which columns no better plan has.
        """
        loss = np.maximum(reduced, 0.0)
        if not len(self.head):
            return loss
        price = np.where(box.upper[self.member] > 0, reduced[self.member], np.inf)
        least = np.minimum.reduceat(price, self.member_start)
        worth = reduced.copy()
        np.add.at(worth, self.head, np.where(np.isfinite(least), least, 0.0))
        head = np.where(box.lower[self.head] > 0, 0.0, np.maximum(worth[self.head], 0.0))
        group = np.where(np.isfinite(least), least, 0.0)[self.member_group]
        loss[self.member] = reduced[self.member] - group + head[self.member_group]
        loss[self.head] = np.maximum(worth[self.head], 0.0)
        return loss

    def _share_out(self, reduced: Floats, box: Box, x: Floats) -> float:
        """Give the time of every supplier to whoever pays most for it."""
        if not len(self.share):
            return 0.0
        price = reduced[self.share] / self.share_value
        least = np.minimum.reduceat(price, self.share_start)
        best = _first(price == least[self.share_group], self.share_group)
        column = self.share[best]
        amount = np.where(least < 0, self.share_limit / self.share_value[best], 0.0)
        amount = np.minimum(amount, np.inf)
        x[column] = amount
        return float(np.dot(reduced[column], amount))


def _first(hits: Mask, group: Indices) -> Indices:
    """Return the position of the first hit of each group, groups in order."""
    positions = np.flatnonzero(hits)
    owners = group[positions]
    fresh = np.concatenate(([True], owners[1:] != owners[:-1]))
    return positions[fresh]


class Ascent:
    """The volume algorithm, to be run in slices.

    Parameters
    ----------
    target
        A value of a plan (minimised): steps aim between the bound and it.
    """

    def __init__(self, structure: Structure, cost: Floats, box: Box, target: float) -> None:
        self.structure = structure
        self.matrix = structure.matrix
        self.cost = cost
        self.box = box
        self.target = target
        self.step = 0.1
        self.stale = 0
        self.blend = 0.1
        self.y = np.zeros(self.matrix.num_rows)
        self.best = -np.inf
        self.best_y = self.y
        self.reduced = cost
        self.x = np.zeros(self.matrix.num_columns)
        self._activity = np.zeros(self.matrix.num_rows)
        self._evaluate(self.y, first=True)

    def run(self, rounds: int) -> None:
        """Move the prices so many times."""
        for _ in range(rounds):
            self._move()

    def _move(self) -> None:
        matrix = self.matrix
        short = self._violation(self._activity, self.best_y)
        norm = float(np.dot(short, short))
        if norm < 1e-18:
            return
        goal = max(self.target - self.best, 0.01 * max(abs(self.best), 1e-6))
        y = self.best_y + self.step * goal / norm * short
        y = np.where((y > 0) & np.isneginf(matrix.row_lower), 0.0, y)
        y = np.where((y < 0) & np.isposinf(matrix.row_upper), 0.0, y)
        self._evaluate(y)

    def _violation(self, activity: Floats, y: Floats) -> Floats:
        """Return the subgradient of priced rows: limit - activity, the limit that y prices."""
        matrix = self.matrix
        under = matrix.row_lower - activity
        over = matrix.row_upper - activity
        short = np.where(y > 0, under, np.where(y < 0, over, 0.0))
        idle = y == 0
        short = np.where(idle, np.maximum(under, 0.0) + np.minimum(over, 0.0), short)
        return np.where(self.structure.priced, short, 0.0)

    def _evaluate(self, y: Floats, *, first: bool = False) -> None:
        matrix = self.matrix
        reduced = self.cost - matrix.price(y)
        inner, x = self.structure.solve(reduced, self.box)
        limits = np.where(y > 0, matrix.row_lower, np.where(y < 0, matrix.row_upper, 0.0))
        value = inner + float(np.dot(y, limits))
        activity = matrix.activity(x)
        if first:
            self.x, self._activity = x, activity
        else:
            self.x = self.blend * x + (1 - self.blend) * self.x
            self._activity = self.blend * activity + (1 - self.blend) * self._activity
        if value > self.best:
            climbs = float(np.dot(self._violation(activity, y), y - self.best_y)) > 0
            self.best, self.best_y, self.reduced = value, y, reduced
            self.stale = 0
            if climbs:
                self.step = min(2.0, self.step * GREEN)
        else:
            self.stale += 1
            if self.stale % PATIENCE == 0:
                self.step = max(1e-4, self.step * YELLOW)

    def again(self, target: float) -> None:
        """Take long steps anew, towards a better plan."""
        self.target = target
        self.step = max(self.step, AGAIN)
        self.stale = 0

    @property
    def settled(self) -> bool:
        """Whether steps have become too short to matter."""
        return self.step < 2e-4

    def relaxation(self) -> Relaxation:
        """Return the best bound so far, lowered by what rounding can have added."""
        error = rounding(self.matrix, self.cost, self.best_y, self.box)
        return Relaxation(self.best - error, self.x, self.reduced, self.best_y)
