"""Who is busy with what: the state of a staffing while it is built and changed."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from pmo_solvers.named.limits import Spent
from pmo_solvers.named.tasks import FULL, MISS, Given, Server, Task, Units, Work


class Ledger:
    """A staffing of some tasks, and what everybody has left.

    Attributes
    ----------
    given
        Shares by server and task.
    free
        Units that each individual has left, shape (individuals, periods).
    spent
        What dedications and staff budgets have left.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        self.given: Given = {}
        self.free: Units = work.available.copy()
        self._used: defaultdict[tuple[Server, int], int] = defaultdict(int)
        self._on: defaultdict[tuple[int, int], dict[int, int]] = defaultdict(dict)
        self._servers: defaultdict[int, set[Server]] = defaultdict(set)
        self.limits = np.array(
            [-1 if p.max_projects is None else p.max_projects for p in work.problem.people],
            dtype=np.int64,
        )
        self.projects = np.zeros_like(work.available)
        self.spent = Spent(work.limits)

    # -- changes ---------------------------------------------------------------------------

    def give(self, server: Server, task: Task, shares: dict[int, int]) -> None:
        """Add shares, by period, to what a server gives to a task."""
        own = self.given.setdefault((server, task.index), {})
        self._servers[task.index].add(server)
        for period, units in shares.items():
            if not units:
                continue
            fresh = period not in own
            own[period] = own.get(period, 0) + units
            if server[0] == "p":
                self.free[server[1], period] -= units
                self.spent.add(server[1], task.project, period, units)
                if fresh:
                    self._count(server[1], period, task.project, 1)
            else:
                self._used[server, period] += units
        if not own:
            self._forget(server, task.index)

    def take(self, server: Server, task: Task) -> None:
        """Take away all that a server gives to a task."""
        for period, units in self.given.get((server, task.index), {}).items():
            if server[0] == "p":
                self.free[server[1], period] += units
                self.spent.add(server[1], task.project, period, -units)
                self._count(server[1], period, task.project, -1)
            else:
                self._used[server, period] -= units
        self._forget(server, task.index)

    def clear(self, task: Task) -> None:
        """Take everybody off a task."""
        for server in tuple(self._servers[task.index]):
            self.take(server, task)

    def _forget(self, server: Server, task: int) -> None:
        self.given.pop((server, task), None)
        self._servers[task].discard(server)

    def _count(self, person: int, period: int, project: int, change: int) -> None:
        works = self._on[person, period]
        works[project] = works.get(project, 0) + change
        if not works[project]:
            del works[project]
        self.projects[person, period] = len(works)

    # -- questions -------------------------------------------------------------------------

    def servers(self, task: Task) -> list[Server]:
        """Return who serves a task, sorted."""
        return sorted(self._servers[task.index])

    def left(self, server: Server, period: int) -> int | None:
        """Return the units that an anonymous server has left in a period; None: no limit."""
        most = self.work.capacity(server, period)
        return None if most is None else most - self._used[server, period]

    def may_join(self, person: int, period: int, project: int) -> bool:
        """Return whether an individual may work on a project as far as their number goes."""
        limit = int(self.limits[person])
        return (
            limit < 0
            or self.projects[person, period] < limit
            or project in self._on[person, period]
        )

    def level(self, server: Server, task: Task) -> int:
        """Return the proficiency, in hundredths, at which a server serves a task."""
        return task.crowd.level_of[server[1]] if server[0] == "p" else FULL

    def delivered(self, task: Task) -> dict[int, int]:
        """Return delivered units per period of a task."""
        out = dict.fromkeys(range(task.start, task.end), 0)
        for server in self._servers[task.index]:
            level = self.level(server, task)
            for period, units in self.given[server, task.index].items():
                out[period] += units * level
        return out

    def missing(self, task: Task, miss: int = MISS) -> dict[int, int]:
        """Return delivered units that a task lacks, by period; more than the tolerance only.

        What effort lacks in all, beyond its least rates, is under the period -1.
        """
        got = self.delivered(task)
        short = {
            t: rate - got[t]
            for t, rate in enumerate(task.rates, task.start)
            if got[t] < rate - miss
        }
        if task.total:
            lacking = task.total - sum(got.values()) - sum(short.values())
            if lacking > miss:
                short[-1] = lacking
        return short

    def unmet(self) -> int:
        """Return the delivered units that all tasks lack together."""
        return sum(sum(self.missing(task).values()) for task in self.work.tasks)

    def copy_given(self) -> Given:
        """Return the shares as they are now."""
        return {key: dict(shares) for key, shares in self.given.items()}

    def restore(self, given: Given) -> None:
        """Make the shares what they were."""
        for server, index in tuple(self.given):
            self.take(server, self.work.tasks[index])
        for (server, index), shares in given.items():
            self.give(server, self.work.tasks[index], shares)
