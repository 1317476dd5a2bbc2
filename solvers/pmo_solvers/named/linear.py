"""Parts of a staffing without yes/no decisions: linear programs, with a bound that is exact.

Where nobody has a smallest share, a most number of projects or a need for which it matters who
else works on it, only amounts are decided. GLOP's shares are cut down to whole units and filled
up again; its duals, as exact fractions, give a bound that does not hang on its arithmetic.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd, isfinite

from ortools.linear_solver.python import model_builder

from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.rows import sum_rows
from pmo_solvers.named.tasks import FULL, STEP, Given, Server, Task

PRECISION = 10**10
"""Largest denominator of a dual that is read as a fraction."""

CLOSE = 1e-6
"""Part of a unit by which GLOP may miss a whole number."""

Place = tuple[Server, int, int]
"""Server, task and period."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A staffing of a part, and what no staffing of it can better.

    Attributes
    ----------
    given
        Shares, which keep all limits.
    bound
        Least delivered units that are missing in all; needs are served in full here, without
        the tolerance.
    """

    given: Given
    bound: int


@dataclass(slots=True)
class _Row:
    """Sum of coefficient x column <= right side (or >=), all whole."""

    terms: dict[int, int]
    right: int
    at_least: bool


@dataclass(slots=True)
class _Table:
    """Minimise the sum of cost x column over columns in 0..most."""

    most: list[int] = field(default_factory=list)
    costs: list[int] = field(default_factory=list)
    units: list[int] = field(default_factory=list)
    rows: list[_Row] = field(default_factory=list)

    def column(self, most: int, cost: int, unit: int) -> int:
        """Add a column; ``unit`` is its size in the solver's numbers."""
        self.most.append(most)
        self.costs.append(cost)
        self.units.append(unit)
        return len(self.most) - 1

    def add(self, terms: Mapping[int, int], right: int, *, at_least: bool) -> None:
        """Add a row."""
        self.rows.append(_Row(dict(terms), right, at_least))

    def bound(self, duals: Sequence[Fraction]) -> Fraction:
        """Return a lower bound of the least cost, exact whatever the duals are.

        Duals of the wrong sign count as 0. By weak duality it is the sum of dual x right side
        plus, for each column, what its reduced cost can be worth within 0..most.
        """
        reduced = [Fraction(cost) for cost in self.costs]
        total = Fraction(0)
        for row, dual in zip(self.rows, duals, strict=True):
            if not dual or (dual > 0) is not row.at_least:
                continue
            total += dual * row.right
            for column, factor in row.terms.items():
                reduced[column] -= dual * factor
        worth = (d * most for d, most in zip(reduced, self.most, strict=True) if d < 0)
        return total + sum(worth, Fraction(0))


def is_linear(ledger: Ledger, tasks: Sequence[Task]) -> bool:
    """Return whether only amounts are decided in a part, not who works at all."""
    pinned = {index for team in ledger.work.teams for index in team.tasks}
    return all(
        not (task.heads or task.demand.names.continuous or task.musts or task.index in pinned)
        and all(
            ledger.work.least_share(person, task) == 1 and ledger.limits[person] < 0
            for person in task.people
        )
        for task in tasks
    )


def solve_linear(ledger: Ledger, tasks: Sequence[Task], seconds: float) -> Solved | None:
    """Return a staffing of a part with as little unmet need as can be, or None without optimum.

    Parameters
    ----------
    ledger
        The staffing so far; what others do than ``tasks`` stays as it is. It is not changed.
    tasks
        A part for which `is_linear` holds.
    seconds
        Most seconds for GLOP.
    """
    return _Part(ledger, tasks).solve(seconds)


class _Part:
    """The linear program of a part of the work."""

    def __init__(self, ledger: Ledger, tasks: Sequence[Task]) -> None:
        self.ledger = Ledger(ledger.work)
        self.ledger.restore(ledger.given)
        self.tasks = tuple(tasks)
        for task in self.tasks:
            self.ledger.clear(task)
        self.table = _Table()
        self.places: dict[Place, int] = {}
        self.step = 0
        for task in self.tasks:
            self._add_columns(task)
        for task in self.tasks:
            self._serve(task)
        self._limit_time()
        self._limit_sums()

    def _room(self, server: Server, period: int) -> int | None:
        if server[0] == "p":
            return int(self.ledger.free[server[1], period])
        return self.ledger.left(server, period)

    def _add_columns(self, task: Task) -> None:
        servers: list[Server] = [*(("p", person) for person in task.people), *task.anonymous]
        for server in servers:
            level = self.ledger.level(server, task)
            for period in task.periods:
                asked = task.rates[period - task.start]
                if task.total:
                    asked = task.total if task.most is None else min(task.total, task.most)
                room = self._room(server, period)
                most = -(-asked // level)
                most = most if room is None else min(room, most)
                if most > 0:
                    self.places[server, task.index, period] = self.table.column(most, 0, STEP)

    def _serve(self, task: Task) -> None:
        """Sum of level x share + unmet >= asked, in each period, for effort over the phase."""
        parts: dict[int, dict[int, int]] = {t: {} for t in task.periods}
        servers: list[Server] = [*(("p", person) for person in task.people), *task.anonymous]
        for server in servers:
            level = self.ledger.level(server, task)
            self.step = gcd(self.step, level)
            for t in task.periods:
                column = self.places.get((server, task.index, t))
                if column is not None:
                    parts[t][column] = level
        below: dict[int, int] = {}
        for t, terms in parts.items():
            rate = task.rates[t - task.start]
            if rate:
                below[self._ask(terms, rate)] = 1
            if task.total and task.most is not None and terms:
                self.table.add(terms, task.most, at_least=False)
        if task.total:
            every = {column: level for terms in parts.values() for column, level in terms.items()}
            self._ask({**every, **below}, task.total)

    def _ask(self, terms: Mapping[int, int], asked: int) -> int:
        """Ask for delivered units, of which some are unmet; return the column of these."""
        self.step = gcd(self.step, asked)
        short = self.table.column(asked, 1, STEP * FULL)
        self.table.add({**terms, short: 1}, asked, at_least=True)
        return short

    def _limit_time(self) -> None:
        used: dict[tuple[Server, int], dict[int, int]] = defaultdict(dict)
        for (server, _, period), column in self.places.items():
            used[server, period][column] = 1
        for (server, period), terms in used.items():
            room = self._room(server, period)
            if room is not None and len(terms) > 1:
                self.table.add(terms, room, at_least=False)

    def _limit_sums(self) -> None:
        places = [((server, index), t) for server, index, t in self.places]
        for row in sum_rows(self.ledger, places, {task.index for task in self.tasks}):
            columns = [self.places[server, index, t] for (server, index), t in row.places]
            terms = dict(zip(columns, row.weights, strict=True))
            self.table.add(terms, row.cap, at_least=False)

    # -- solving ---------------------------------------------------------------------------

    def solve(self, seconds: float) -> Solved | None:
        """Return shares and bound, or None where GLOP ends without an optimum."""
        table = self.table
        model = model_builder.Model()  # type: ignore[no-untyped-call]
        sizes = [most / unit for most, unit in zip(table.most, table.units, strict=True)]
        columns = [model.new_num_var(0.0, size, "") for size in sizes]
        handles: list[model_builder.LinearConstraint] = []
        scales = []
        for row in table.rows:
            factors = [float(factor * table.units[j]) for j, factor in row.terms.items()]
            scale = max(factors)
            total = model_builder.LinearExpr.weighted_sum(
                [columns[j] for j in row.terms], [factor / scale for factor in factors]
            )
            right = row.right / scale
            row_added = model.add(total >= right if row.at_least else total <= right)
            assert isinstance(row_added, model_builder.LinearConstraint)  # noqa: S101 - of scalars
            handles.append(row_added)
            scales.append(scale)
        costs = [
            float(cost * unit) / (STEP * FULL)
            for cost, unit in zip(table.costs, table.units, strict=True)
        ]
        model.minimize(model_builder.LinearExpr.weighted_sum(columns, costs))
        solver = model_builder.Solver("GLOP")
        if isfinite(seconds):
            solver.set_time_limit_in_seconds(max(seconds, 0.01))
        if solver.solve(model) != model_builder.SolveStatus.OPTIMAL:
            return None
        duals = [
            Fraction(solver.dual_value(handle)).limit_denominator(PRECISION)
            * (STEP * FULL)
            / Fraction(scale)
            for handle, scale in zip(handles, scales, strict=True)
        ]
        values = {
            place: int(solver.value(columns[j]) * STEP + CLOSE) for place, j in self.places.items()
        }
        return Solved(self._whole(values), self._rounded(table.bound(duals)))

    def _rounded(self, bound: Fraction) -> int:
        """Return a bound of what is unmet in whole shares, which is a multiple of `step`."""
        step = self.step or 1
        return max(0, -(-bound // step) * step)

    def _whole(self, values: Mapping[Place, int]) -> Given:
        """Return whole shares that keep all limits: cut down first, then filled up."""
        fills = {task.index: _Fill(task) for task in self.tasks}
        for (server, index, period), units in values.items():
            self._add(server, fills[index], period, units)
        for server, index, period in self.places:
            if fills[index].lacking(period):
                self._add(
                    server,
                    fills[index],
                    period,
                    self.table.most[self.places[server, index, period]],
                )
        mine = {task.index for task in self.tasks}
        return {key: dict(own) for key, own in self.ledger.given.items() if key[1] in mine}

    def _add(self, server: Server, fill: _Fill, period: int, units: int) -> None:
        """Give as much of some units as is lacking and there is room for."""
        task, room = fill.task, self._room(server, period)
        level = self.ledger.level(server, task)
        units = min(units, fill.lacking(period) // level, units if room is None else room)
        if server[0] == "p" and units > 0:
            kept = self.ledger.spent.trimmed(server[1], task.project, {period: units}, 1)
            units = kept.get(period, 0)
        if units > 0:
            self.ledger.give(server, task, {period: units})
            fill.add(period, units * level)


class _Fill:
    """Delivered units of a task, and how many more it can use."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.got = dict.fromkeys(range(task.start, task.end), 0)
        self.total = 0
        self.below = sum(task.rates)

    def _short(self, period: int) -> int:
        return max(0, self.task.rates[period - self.task.start] - self.got[period])

    def lacking(self, period: int) -> int:
        """Return the delivered units that the task can use in a period."""
        own = self._short(period)
        if not self.task.total:
            return own
        most = self.task.total if self.task.most is None else self.task.most
        rest = self.task.total - self.total - self.below + own
        return max(0, min(most - self.got[period], max(rest, own)))

    def add(self, period: int, units: int) -> None:
        """Note delivered units."""
        before = self._short(period)
        self.got[period] += units
        self.total += units
        self.below -= before - self._short(period)
