"""Which projects of a plan people can serve together, at the plan's dates.

A program with a yes or no for each project, and shares of everybody's time as fractions: a
relaxation of named staffing. What heads, continuity, smallest shares and most projects at once ask
for is in it as far as fractions can say it; a margin on all needs stands for the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from math import inf

import numpy as np

from pmo_optimizer.backend import Clock, Decisions, Options
from pmo_optimizer.problem import Problem
from pmo_solvers.hybrid.highs import Effort, Program, solve_mip
from pmo_solvers.hybrid.matrix import Floats, matrix_of
from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.rows import Key, sum_rows
from pmo_solvers.named.tasks import FULL, MISS, STEP, Server, Task, Work
from pmo_solvers.restrict import among, idle
from pmo_solvers.time_indexed.build import build

MOST_MARGIN = 0.15
"""Greatest part of needs that is left free beside them."""

GAP = 0.002
"""Relative gap at which the choice of projects is good enough."""

CHOSEN = 0.5
"""Value from which on a yes or no is a yes."""

NODES = 100
"""Nodes in reproducible mode, and for what a plan is worth without some projects, which takes
milliseconds."""

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

    def with_margin(self, margin: float) -> float:
        """Return what is asked for with what is left free beside it, as far as that can be."""
        if self.task.heads:
            return self.amount
        return max(self.amount, min(self.amount * (1.0 + margin), self.reach))


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

    Its other rows and its costs are those of the time-indexed model in which every project is in
    at its dates, or out: links, rules, funds, synergies, and what each project is worth there.

    Parameters
    ----------
    problem
        By capacity.
    decisions
        The plan; what must be selected stays.
    work
        Of the plan.
    """

    def __init__(self, problem: Problem, decisions: Decisions, work: Work) -> None:
        self.work = work
        self.ledger = Ledger(work)
        self.certain = {p.index for p in problem.projects if p.fixed == 1}
        indexed = build(idle(among(problem, decisions, ()).problem))
        self.impossible = bool(indexed.model.infeasible)
        self.base = matrix_of(indexed.model)
        stage = indexed.stages[0]
        self.cost = (-1.0 if stage.maximised else 1.0) * self.base.objective(stage)
        self.constant = stage.constant if stage.maximised else -stage.constant
        chosen = indexed.schedule.selected
        self.kept = {p: chosen[p] for p, inside in enumerate(decisions.selected) if inside}
        self.most: list[float] = self.base.upper.tolist()
        self.shares: dict[tuple[Key, int], int] = {}
        self.rows = _Rows()
        self.asked: list[_Ask] = []
        self.last: Floats | None = None
        self.start: Floats | None = None
        for task in work.tasks:
            self._add_task(task)
        self._limit_time()
        self._limit_projects()
        self._limit_sums()
        self._ask_for_people()

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
                self.asked.append(_Ask(terms, task, rate, reach[t]))
            if task.total and task.most is not None and terms:
                most = (task.most + miss) / unit
                reach[t] = min(reach[t], most)
                self.rows.add(terms, upper=most)
        if task.total:
            every = {column: level for terms in parts.values() for column, level in terms.items()}
            total = (task.total - miss) / unit
            self.asked.append(_Ask(every, task, total, sum(reach.values())))

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
        most = (1.0 + MOST_MARGIN) * asked / (self.ledger.level(server, task) * STEP)
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

    # -- solving ---------------------------------------------------------------------------

    def out(self, margin: float, seconds: float, clock: Clock, options: Options) -> set[int] | None:
        """Return the projects that go for the others to be served, or None where none was found.

        Parameters
        ----------
        margin
            How much more is asked for than is needed, as a part of it.
        """
        if self.impossible:
            return None
        rows = _Rows(list(self.rows.lower), list(self.rows.upper), list(self.rows.cells))
        for ask in self.asked:
            project = ask.task.project
            amount = ask.amount if project in self.certain else ask.with_margin(margin)
            rows.add({**ask.terms, self.kept[project]: -amount}, lower=0.0)
        effort = Effort(seconds, GAP, NODES if options.reproducible else 0)
        solved = solve_mip(self._program(rows), effort, clock, options.seed, self.start)
        if solved.x is None:
            return None
        self.last = solved.x
        return {project for project, column in self.kept.items() if solved.x[column] < CHOSEN}

    def begin_with_last(self) -> None:
        """Begin with the last choice from now on, as one with a smaller margin may."""
        self.start = self.last

    def worth(self, out: Collection[int], clock: Clock) -> float | None:
        """Return the first term without some projects, more is better; None where rules forbid it.

        What cannot be without them goes with them.
        """
        upper = self.base.upper.copy()
        upper[[self.kept[project] for project in out]] = 0.0
        program = replace(self._program(_Rows(), names=False), upper=upper)
        solved = solve_mip(program, Effort(inf, GAP, NODES), clock)
        return None if solved.x is None else self.constant - float(np.dot(self.cost, solved.x))

    def losses(self, clock: Clock) -> dict[int, float]:
        """Return by project what is lost if it goes, with all that goes with it.

        Those that cannot go are left out.
        """
        whole = self.worth((), clock)
        if whole is None:
            return {}
        less = {p: self.worth((p,), clock) for p in self.kept if p not in self.certain}
        return {p: whole - worth for p, worth in less.items() if worth is not None}

    def _program(self, rows: _Rows, *, names: bool = True) -> Program:
        """Return the rows of the model, and below them those of names."""
        base = self.base
        count = len(self.most) if names else base.num_columns
        more = count - base.num_columns
        cost = np.concatenate((self.cost, np.zeros(more)))
        cost[list(self.kept.values())] -= LEAST_VALUE * (np.abs(self.cost).max(initial=0.0) or 1.0)
        cells = np.array(rows.cells, np.float64).reshape(-1, 3)
        lengths = np.diff(base.column_start)
        owners = np.concatenate(
            (np.repeat(np.arange(base.num_columns), lengths), cells[:, 0].astype(np.int64))
        )
        below = np.concatenate((base.column_row, base.num_rows + cells[:, 1].astype(np.int64)))
        values = np.concatenate((base.column_value, cells[:, 2]))
        order = np.argsort(owners, kind="stable")
        starts = np.concatenate(([0], np.cumsum(np.bincount(owners, minlength=count))))
        return Program(
            cost=cost,
            lower=np.concatenate((base.lower, np.zeros(more))),
            upper=np.array(self.most[:count]),
            integral=np.concatenate((base.integral, np.zeros(more, np.bool_))),
            row_lower=np.concatenate((base.row_lower, rows.lower)),
            row_upper=np.concatenate((base.row_upper, rows.upper)),
            start=starts,
            row=below[order],
            value=values[order],
        )
