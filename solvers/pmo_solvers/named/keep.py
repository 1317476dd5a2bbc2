"""Which projects of a plan people can serve together, at the plan's dates.

A program with a yes or no for each project, and shares of everybody's time as fractions: a
relaxation of named staffing. What heads, continuity, smallest shares and most projects at once ask
for is in it as far as fractions can say it; a margin on all needs stands for the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pmo_optimizer.backend import Clock, Options
from pmo_optimizer.problem import Problem
from pmo_solvers.hybrid.highs import Effort, Program, solve_mip
from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.room import MOST, Room
from pmo_solvers.named.rows import Key, sum_rows
from pmo_solvers.named.tasks import FULL, MISS, STEP, Server, Task, Work

GAP = 0.002
"""Relative gap at which the choice of projects is good enough."""

CHOSEN = 0.5
"""Value from which on a yes or no is a yes."""

NODES = 100
"""Nodes in reproducible mode."""

LEAST_VALUE = 1e-3
"""Value that every project has at least, as a part of the greatest: none goes without need."""


@dataclass(frozen=True, slots=True)
class _Ask:
    """What a need asks for.

    Attributes
    ----------
    terms
        Columns of shares and what one FTE of each delivers.
    amount
        FTE.
    reach
        FTE that its servers could deliver if they did nothing else.
    """

    terms: dict[int, float]
    task: Task
    amount: float
    reach: float
    periods: tuple[int, ...] = ()

    def with_room(self, room: Room) -> float:
        """Return what is asked for with what is left free beside it, as far as that can be."""
        if self.task.heads:
            return self.amount
        more = max((room.part(self.task.demand.bucket, t) for t in self.periods), default=0.0)
        return max(self.amount, min(self.amount * (1.0 + more), self.reach))


@dataclass(slots=True)
class _Rows:
    """Entries of rows as they are added; columns of shares count in FTE."""

    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    cells: list[tuple[int, int, float]] = field(default_factory=list)

    def add(
        self, terms: Mapping[int, float], lower: float = -np.inf, upper: float = np.inf
    ) -> None:
        """Add: lower <= sum of factor x column <= upper."""
        row = len(self.lower)
        self.lower.append(lower)
        self.upper.append(upper)
        self.cells += [(column, row, factor) for column, factor in terms.items() if factor]


class Keep:
    """The program of one plan, whose needs are served in full or not at all, project by project.

    Parameters
    ----------
    problem
        Its rules about which projects go together hold as well.
    selected
        The projects of the plan; those that need nobody stay.
    values
        By project.
    certain
        Projects that stay in any case.
    """

    def __init__(
        self,
        problem: Problem,
        work: Work,
        selected: Sequence[bool],
        values: Sequence[float],
        certain: Collection[int],
    ) -> None:
        self.problem = problem
        self.selected = selected
        self.work = work
        self.ledger = Ledger(work)
        self.values = values
        self.certain = certain
        needy = sorted({task.project for task in work.tasks})
        self.kept = {project: column for column, project in enumerate(needy)}
        self.most: list[float] = [1.0] * len(needy)
        self.shares: dict[tuple[Key, int], int] = {}
        self.rows = _Rows()
        self.asked: list[_Ask] = []
        for task in work.tasks:
            self._add_task(task)
        self._limit_time()
        self._limit_projects()
        self._limit_sums()
        self._ask_for_people()
        self._keep_rules()

    # -- columns and needs -----------------------------------------------------------------

    def _column(self, most: float) -> int:
        self.most.append(most)
        return len(self.most) - 1

    def _add_task(self, task: Task) -> None:
        parts: dict[int, dict[int, float]] = {t: {} for t in task.periods}
        servers: list[Server] = [*(("p", person) for person in task.people), *task.anonymous]
        for server in servers:
            level = self.ledger.level(server, task) / FULL
            for t, column in self._add_server(server, task).items():
                parts[t][column] = level
        unit = STEP * FULL
        miss = 0 if task.heads else MISS
        reach = {
            t: sum(self.most[c] * level for c, level in own.items()) for t, own in parts.items()
        }
        for t, terms in parts.items():
            rate = max(0, task.rates[t - task.start] - miss) / unit
            if rate:
                self.asked.append(_Ask(terms, task, rate, reach[t], (t,)))
            if task.total and task.most is not None and terms:
                most = (task.most + miss) / unit
                reach[t] = min(reach[t], most)
                self.rows.add(terms, upper=most)
        if task.total:
            every = {column: level for terms in parts.values() for column, level in terms.items()}
            total = (task.total - miss) / unit
            self.asked.append(_Ask(every, task, total, sum(reach.values()), task.periods))

    def _add_server(self, server: Server, task: Task) -> dict[int, int]:
        """Add the shares of a server in a task; return their columns by period."""
        rooms = {t: self._useful(server, task, t) for t in task.periods}
        least = self.work.least_share(server[1], task) / STEP if server[0] == "p" else 0.0
        always = server[0] == "p" and task.demand.names.continuous
        if always and any(room < least for room in rooms.values()):
            return {}
        columns = {t: self._column(room) for t, room in rooms.items() if room >= max(least, 1e-9)}
        for t, column in columns.items():
            self.shares[(server, task.index), t] = column
        if always:
            there = self._column(1.0)
            for t, column in columns.items():
                self.rows.add({column: 1.0, there: -rooms[t]}, upper=0.0)
                self.rows.add({column: 1.0, there: -least}, lower=0.0)
        return columns

    def _useful(self, server: Server, task: Task, period: int) -> float:
        """Return the FTE of a server's time that a task can use in a period."""
        room = self.work.capacity(server, period)
        share = self.work.unit(task.demand.names.share)
        if task.heads and server[0] == "p":
            return share / STEP if room is not None and room >= share else 0.0
        asked = task.rates[period - task.start]
        if task.total:
            asked = task.total if task.most is None else min(task.total, task.most)
        most = (1.0 + MOST) * asked / (self.ledger.level(server, task) * STEP)
        if server[0] == "p":
            most = max(most, self.work.least_share(server[1], task) / STEP)
        return most if room is None else min(room / STEP, most)

    # -- rows ------------------------------------------------------------------------------

    def _limit_time(self) -> None:
        """Sum over tasks of share <= time, for every server and period."""
        used: dict[tuple[Server, int], dict[int, float]] = defaultdict(dict)
        for ((server, _), period), column in self.shares.items():
            used[server, period][column] = 1.0
        for (server, period), terms in used.items():
            room = self.work.capacity(server, period)
            if room is not None and len(terms) > 1:
                self.rows.add(terms, upper=room / STEP)

    def _limit_projects(self) -> None:
        """Sum over projects of share / most share <= most projects, for every individual."""
        used: dict[tuple[int, int], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for ((server, index), period), column in self.shares.items():
            if server[0] == "p" and self.ledger.limits[server[1]] >= 0:
                project = self.work.tasks[index].project
                used[server[1], period][project].append(column)
        for (person, period), projects in used.items():
            limit = int(self.ledger.limits[person])
            if len(projects) <= limit:
                continue
            room = int(self.work.available[person, period]) / STEP
            terms = {
                column: 1.0 / min(room, sum(self.most[c] for c in columns))
                for columns in projects.values()
                for column in columns
            }
            self.rows.add(terms, upper=float(limit))

    def _limit_sums(self) -> None:
        """Sum of weight x share <= what dedications and staff budgets allow."""
        mine = {task.index for task in self.work.tasks}
        for row in sum_rows(self.ledger, self.shares, mine):
            largest = max(row.weights)
            terms = {
                self.shares[place]: weight / largest
                for place, weight in zip(row.places, row.weights, strict=True)
            }
            self.rows.add(terms, upper=row.cap / (largest * STEP))

    def _ask_for_people(self) -> None:
        """Who must work on something gives it the smallest useful share at least."""
        asked = [(people, [task]) for task in self.work.tasks for people in task.musts]
        for team in self.work.teams:
            tasks = [self.work.tasks[index] for index in team.tasks]
            asked += [(people, tasks) for people in team.entries]
        for people, tasks in asked:
            able = [(p, task) for task in tasks for p in people if self.work.could(p, task)]
            terms = {
                column: 1.0
                for person, task in able
                for t in task.periods
                if (column := self.shares.get(((("p", person), task.index), t))) is not None
            }
            if terms:
                least = min(self.work.least_share(p, task) for p, task in able) / STEP
                self.asked.append(_Ask(terms, tasks[0], least, least))

    def _keep_rules(self) -> None:
        """Rules of selection; what else belongs together is left to who plans the rest anew."""
        for row in self.problem.selection:
            terms = {self.kept[p]: float(c) for p, c in row.terms if p in self.kept}
            stay = sum(c for p, c in row.terms if p not in self.kept and self.selected[p])
            self.rows.add(
                terms,
                -np.inf if row.lower is None else row.lower - stay,
                np.inf if row.upper is None else row.upper - stay,
            )

    # -- solving ---------------------------------------------------------------------------

    def out(self, room: Room, seconds: float, clock: Clock, options: Options) -> set[int] | None:
        """Return the projects that go for the others to be served, or None where none was found.

        Parameters
        ----------
        room
            How much more is asked for than is needed.
        """
        rows = _Rows(list(self.rows.lower), list(self.rows.upper), list(self.rows.cells))
        for ask in self.asked:
            project = ask.task.project
            amount = ask.amount if project in self.certain else ask.with_room(room)
            rows.add({**ask.terms, self.kept[project]: -amount}, lower=0.0)
        effort = Effort(seconds, GAP, NODES if options.reproducible else 0)
        solved = solve_mip(self._program(rows), effort, clock, options.seed)
        if solved.x is None:
            return None
        return {project for project, column in self.kept.items() if solved.x[column] < CHOSEN}

    def _program(self, rows: _Rows) -> Program:
        count = len(self.most)
        cost = np.zeros(count)
        lower = np.zeros(count)
        least = LEAST_VALUE * (max(map(abs, self.values), default=0.0) or 1.0)
        for project, column in self.kept.items():
            cost[column] = -max(self.values[project], 0.0) - least
            lower[column] = project in self.certain
        cells = np.array(rows.cells, np.float64).reshape(-1, 3)
        owners = cells[:, 0].astype(np.int64)
        order = np.argsort(owners, kind="stable")
        starts = np.concatenate(([0], np.cumsum(np.bincount(owners, minlength=count))))
        return Program(
            cost=cost,
            lower=lower,
            upper=np.array(self.most),
            integral=np.arange(count) < len(self.kept),
            row_lower=np.array(rows.lower),
            row_upper=np.array(rows.upper),
            start=starts,
            row=cells[order, 1].astype(np.int64),
            value=cells[order, 2],
        )
