"""What the search moves in: columns by project, their rows as arrays, and the exact check.

A candidate is a vector of scaled column values. It becomes an incumbent only after its rows
hold in whole numbers and people and funds have been shared out exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pmo_optimizer.backend import Certificate, Clock, Decisions, PhaseDecision
from pmo_solvers.completion import complete
from pmo_solvers.hybrid.bounds import Box, propagate
from pmo_solvers.hybrid.highs import relax
from pmo_solvers.hybrid.lagrange import Structure
from pmo_solvers.hybrid.matrix import Floats, Indices, Mask, Matrix, matrix_of
from pmo_solvers.hybrid.subproblem import cut_out
from pmo_solvers.milp.translate import HOLD_SLACK
from pmo_solvers.penalties import penalty
from pmo_solvers.staffing import Memory
from pmo_solvers.time_indexed.build import TimeIndexed
from pmo_solvers.time_indexed.driver import Hold
from pmo_solvers.time_indexed.linear import LinearTerm, look

SHARED = -1
"""Owner of a column that belongs to no single project."""

FRACTION = 1e-6
"""A value in whole units that is farther than this from a whole number is a fraction."""


@dataclass(frozen=True, slots=True)
class Point:
    """A verified plan.

    Attributes
    ----------
    x, activity
        Scaled column values and row sums.
    cost
        Value of the stage, minimised, prices of breaches exact.
    """

    x: Floats
    activity: Floats
    cost: float
    values: list[int]
    decisions: Decisions
    certificate: Certificate
    penalty: float


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of suppliers' time: availability row, column, capacity row, and both entries."""

    supply: Indices
    column: Indices
    row: Indices
    supply_value: Floats
    row_value: Floats


class Space:
    """One stage of a time-indexed model.

    Attributes
    ----------
    owner
        Project of every column, `SHARED` for none.
    cost
        Scaled coefficients, minimised.
    box
        Bounds of the columns after propagation.
    memory
        Who serves what in plans so far.

    Raises
    ------
    OutOfTime
        The clock ran out before the space was there.
    """

    def __init__(
        self,
        indexed: TimeIndexed,
        stage: LinearTerm,
        holds: tuple[Hold, ...],
        memory: Memory | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.memory = memory or Memory()
        self.indexed = indexed
        self.problem = indexed.problem
        self.stage = stage
        self.holds = holds
        self.sign = -1.0 if stage.maximised else 1.0
        self.matrix: Matrix = matrix_of(indexed.model, [_held(hold) for hold in holds])
        self.cost = self.sign * self.matrix.objective(stage)
        look(clock, 0)
        self.box: Box = propagate(self.matrix, self.matrix.lower, self.matrix.upper)
        self.owner = indexed.schedule.owners()
        self._find_blocks(clock)
        self._find_shares(clock)

    # -- structure -------------------------------------------------------------------------

    def _find_blocks(self, clock: Clock | None) -> None:
        """Join shared columns that meet in a row into blocks, which are freed together."""
        matrix = self.matrix
        shared = np.flatnonzero(self.owner == SHARED)
        entries, which = matrix.entries(shared)
        rows = matrix.column_row[entries]
        parent = np.arange(len(shared))

        def root(k: int) -> int:
            while parent[k] != k:
                parent[k] = parent[parent[k]]
                k = int(parent[k])
            return k

        order = np.argsort(rows, kind="stable")
        for number, (a, b) in enumerate(pairwise(order)):
            look(clock, number)
            if rows[a] == rows[b]:
                parent[root(int(which[b]))] = root(int(which[a]))
        label = np.array([root(k) for k in range(len(shared))], np.int64)
        self.block = np.full(matrix.num_columns, -1, np.int64)
        self.block[shared] = label
        self._shared_row = rows
        self._shared_block = label[which] if len(which) else which
        self._num_blocks = len(shared)

    def _find_shares(self, clock: Clock | None) -> None:
        """Find what a supplier's time can be given to without a price: two rows, no cost."""
        matrix = self.matrix
        own: list[tuple[int, int, int, float, float]] = []
        for number, row in enumerate(self.indexed.model.rows):
            look(clock, number)
            if not row.tag.startswith("availability:"):
                continue
            for column in row.columns:
                entries = slice(matrix.column_start[column], matrix.column_start[column + 1])
                rows = matrix.column_row[entries].tolist()
                if len(rows) == 2 and not self.cost[column] and number in rows:
                    values = matrix.column_value[entries].tolist()
                    here = rows.index(number)
                    own.append((number, column, rows[1 - here], values[here], values[1 - here]))
        table = np.array(own, np.float64).reshape(-1, 5)
        self.share = np.zeros(matrix.num_columns, dtype=np.bool_)
        self._shares = Shares(
            table[:, 0].astype(np.int64),
            table[:, 1].astype(np.int64),
            table[:, 2].astype(np.int64),
            table[:, 3],
            table[:, 4],
        )
        self.share[self._shares.column] = True

    def spread(self, x: Floats, activity: Floats, duals: Floats | None) -> tuple[Floats, Floats]:
        """Give the idle time of suppliers to the kind of need that lacks it most.

        Parameters
        ----------
        duals
            Prices of rows; without them the fullest row counts as the scarcest.

        Returns
        -------
        x, activity
            Changed copies; no row gets worse.
        """
        matrix, shares = self.matrix, self._shares
        if not len(shares.column):
            return x, activity
        x, activity = x.copy(), activity.copy()
        if duals is None:
            price = activity[shares.row] - matrix.row_upper[shares.row]
        else:
            price = np.abs(duals[shares.row] * shares.row_value)
        order = np.lexsort((-price, shares.supply))
        supply = shares.supply[order]
        first = np.concatenate(([True], supply[1:] != supply[:-1]))
        best = order[first]
        idle = matrix.row_upper[shares.supply[best]] - activity[shares.supply[best]]
        column = shares.column[best]
        more = np.minimum(idle / shares.supply_value[best], self.box.upper[column] - x[column])
        more = np.maximum(more, 0.0)
        x[column] += more
        np.add.at(activity, shares.supply[best], more * shares.supply_value[best])
        np.add.at(activity, shares.row[best], more * shares.row_value[best])
        return x, activity

    def structure(self) -> Structure:
        """Return the rows that a Lagrangian relaxation keeps."""
        selected = set(self.indexed.schedule.selected)
        choices = []
        shares = []
        taken: set[int] = set()
        for number, row in enumerate(self.indexed.model.rows):
            kind = row.tag.split(":", 1)[0]
            if kind == "schedule":
                heads = [j for j in row.columns if j in selected]
                others = [j for j in row.columns if j not in selected]
                if len(heads) == 1 and others:
                    choices.append((number, heads[0], others))
            elif kind == "availability" and not taken.intersection(row.columns):
                taken.update(row.columns)
                shares.append(number)
        return Structure(self.matrix, choices, shares)

    def columns_of(self, projects: Mask) -> Indices:
        """Return the columns of a set of projects (a mask by project index)."""
        wanted = np.append(projects, False)
        return np.flatnonzero(wanted[self.owner])

    def with_shared(self, columns: Indices, *, shares: bool = True) -> Indices:
        """Return columns together with all shared columns that a change of them may need.

        Parameters
        ----------
        shares
            Whether the time of suppliers may be shared out anew.
        """
        touched = np.zeros(self.matrix.num_rows, dtype=np.bool_)
        entries, _ = self.matrix.entries(columns)
        touched[self.matrix.column_row[entries]] = True
        blocks = np.zeros(self._num_blocks + 1, dtype=np.bool_)
        blocks[self._shared_block[touched[self._shared_row]]] = True
        blocks[-1] = False
        free = blocks[self.block]
        if not shares:
            free &= ~self.share
        free[columns] = True
        return np.flatnonzero(free & (self.box.lower < self.box.upper))

    def with_fractions(self, columns: Indices, x: Floats) -> Indices:
        """Return columns together with all that are not in whole units at scaled values x.

        Fixed and rounded, these would break rows of a program in whole numbers.
        """
        units = x * self.matrix.units
        broken = (np.abs(units - np.rint(units)) > FRACTION) & ~self.matrix.integral
        return np.union1d(columns, np.flatnonzero(broken & (self.box.lower < self.box.upper)))

    # -- plans -----------------------------------------------------------------------------

    def selected(self, x: Floats) -> Mask:
        """Return which projects are selected."""
        return x[np.array(self.indexed.schedule.selected, np.int64)] > 0.5

    def mostly(self, x: Floats) -> tuple[tuple[PhaseDecision, ...], ...]:
        """Return how fractional values place each project most; empty where they do not."""
        found = []
        for works in self.indexed.schedule.works:
            best: dict[int, tuple[float, PhaseDecision]] = {}
            for work in works:
                value = float(x[work.column])
                if value > 0.0 and (work.phase not in best or value > best[work.phase][0]):
                    best[work.phase] = value, PhaseDecision(work.mode, work.start)
            found.append(tuple(best[phase][1] for phase in sorted(best)))
        return tuple(found)

    def scaled(self, values: list[int]) -> Floats:
        """Return scaled values of whole column values."""
        return np.array([float(value) for value in values]) / self.matrix.units

    def verify(self, x: Floats) -> Point | None:
        """Return the plan that scaled values mean, or None where it is none, exactly."""
        x = np.where(self.matrix.integral, np.rint(x), x)
        values = self.matrix.whole_values(x)
        model = self.indexed.model
        if not model.within_bounds(values) or model.first_violated(values):
            return None
        decisions = self.indexed.decode(values)
        certificate = complete(self.problem, decisions, self.memory)
        if certificate is None:
            return None
        price = penalty(self.problem, decisions, certificate)
        if not all(self._keeps(hold, values, price) for hold in self.holds):
            return None
        cost = self.sign * self.value(self.stage, values, price)
        return Point(x, self.matrix.activity(x), cost, values, decisions, certificate, price)

    def value(self, term: LinearTerm, values: list[int], price: float) -> float:
        """Return a term at column values; in the first stage breaches count exactly."""
        value = term.value(values)
        if term is self.indexed.stages[0]:
            factor = self.indexed.penalty_weight * (-1.0 if term.maximised else 1.0)
            value += factor * (price - self.indexed.penalty.value(values))
        return value

    def _keeps(self, hold: Hold, values: list[int], price: float) -> bool:
        value = self.value(hold.term, values, price)
        slack = HOLD_SLACK * max(1.0, abs(hold.limit))
        if hold.term.maximised:
            return value >= hold.limit - slack
        return value <= hold.limit + slack

    def point(self, decisions: Decisions, clock: Clock) -> Point | None:
        """Return the plan of given decisions, or None where they are none here."""
        x = self._encode(decisions)
        if x is None:
            return None
        free = np.flatnonzero(~self.matrix.integral & (self.box.lower < self.box.upper))
        if len(free):
            activity = self.matrix.activity(x)
            sub = cut_out(self.matrix, self.cost, self.box, free, x, activity)
            relaxed = relax(sub.program, clock)
            if relaxed is None or not relaxed.optimal:
                return None
            x = sub.whole(x, relaxed.x)
        return self.verify(x)

    def near(self, decisions: Decisions) -> Indices:
        """Return the columns of a plan's own choices, and all those of projects that must be.

        Projects that the plan does not place as this problem could are left out.
        """
        mask = np.zeros(self.matrix.num_columns, dtype=np.bool_)
        schedule = self.indexed.schedule
        for project in self.problem.projects:
            index = project.index
            chosen = decisions.selected[index]
            if project.fixed == 1:
                mask[self.owner == index] = True
            elif chosen:
                found = schedule.columns_of(project, decisions.phases[index])
                mask[found] = True
                mask[schedule.selected[index]] = bool(found) or not project.phases
        return np.flatnonzero(mask)

    def _encode(self, decisions: Decisions) -> Floats | None:
        """Return scaled values of decisions, continuous columns 0, or None."""
        encoded = self.indexed.encode(decisions)
        if encoded is None:
            return None
        x = np.zeros(self.matrix.num_columns)
        x[np.fromiter(encoded.keys(), np.int64, len(encoded))] = np.fromiter(
            encoded.values(), np.float64, len(encoded)
        )
        return x


def _held(hold: Hold) -> tuple[dict[int, float], float, float]:
    """Return a held term as coefficients and limits, with a slack far below what users see."""
    limit = hold.limit - hold.term.constant
    slack = HOLD_SLACK * max(1.0, abs(hold.limit))
    if hold.term.maximised:
        return hold.term.coefs, limit - slack, float("inf")
    return hold.term.coefs, -float("inf"), limit + slack
