"""Which tasks are staffed together: parts that share nobody, neighbourhoods, single periods."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.limits import joined
from pmo_solvers.named.tasks import Task, Work

PERIOD_CELLS = 1_000
"""Pairs of task and server up to which a single period is staffed anew as a whole."""


def cells(tasks: Sequence[Task]) -> int:
    """Return the number of pairs of server and period that tasks have."""
    return sum((len(t.people) + len(t.anonymous)) * len(t.periods) for t in tasks)


def parts(work: Work) -> list[list[Task]]:
    """Return the tasks in parts that share nobody in any period, small parts first.

    Tasks whose shares one dedication or staff budget limits are in one part.
    """
    parent = list(range(len(work.tasks)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first: dict[tuple[str, int, int], int] = {}
    for task in work.tasks:
        servers = [("p", p) for p in task.people] + [s for s in task.anonymous if s[0] != "o"]
        for kind, server in servers:
            for period in task.periods:
                known = first.setdefault((kind, server, period), task.index)
                parent[root(task.index)] = root(known)
        for limit in joined(work.limits, task.people, task.project, task.periods):
            known = first.setdefault(("limit", limit, 0), task.index)
            parent[root(task.index)] = root(known)
    for team in work.teams:
        for index in team.tasks[1:]:
            parent[root(index)] = root(team.tasks[0])
    groups: dict[int, list[Task]] = defaultdict(list)
    for task in work.tasks:
        groups[root(task.index)].append(task)
    return sorted(groups.values(), key=lambda part: (cells(part), part[0].index))


def is_loose(work: Work, task: Task) -> bool:
    """Return whether what a task gets in one period hangs on no other period."""
    tied = task.total or task.musts or task.pinned or task.demand.names.continuous
    return not (tied or work.limits.on(task.project))


def rivals(short: Sequence[Task], tasks: Sequence[Task]) -> list[Task]:
    """Return tasks that lack people, and those that their servers could serve as well.

    As many as `PERIOD_CELLS` allows for one period each, those with most servers in common first.
    """
    mine = {task.index for task in short}
    able = {server for task in short for server in (*task.people, *task.anonymous)}
    shared = [
        (len(able.intersection((*task.people, *task.anonymous))), task)
        for task in tasks
        if task.index not in mine
    ]
    ranked = sorted(shared, key=lambda pair: (-pair[0], pair[1].index))
    chosen: list[Task] = []
    used = 0
    for task in (*short, *(task for common, task in ranked if common)):
        if used > PERIOD_CELLS:
            break
        chosen.append(task)
        used += len(task.people) + len(task.anonymous)
    return chosen


def neighbourhood(
    ledger: Ledger, task: Task, part: Sequence[Task], size: int, dice: random.Random
) -> list[Task]:
    """Return a task and others whose people could help it, up to a number of cells.

    Those who could serve the task and are busy with others at the same time bring these in;
    a phase with a pin comes as a whole.
    """
    able = set(task.people)
    window = range(task.start, task.end)
    rivals = []
    for other in part:
        apart = other.end <= window.start or other.start >= window.stop
        if apart and other.project == task.project:
            apart = not ledger.work.limits.on(task.project)
        if other.index == task.index or apart:
            continue
        shared = sum(1 for s in ledger.servers(other) if s[0] == "p" and s[1] in able)
        shared += sum(1 for s in ledger.servers(other) if s in task.anonymous)
        rivals.append((shared + dice.random(), other))
    rivals.sort(key=lambda pair: -pair[0])
    chosen = [task]
    used = cells(chosen)
    for _, other in rivals:
        if used > size:
            break
        chosen.append(other)
        used += cells([other])
    return _with_teams(ledger.work, chosen)


def _with_teams(work: Work, tasks: Sequence[Task]) -> list[Task]:
    mine = {task.index for task in tasks}
    for team in work.teams:
        if mine & set(team.tasks):
            mine |= set(team.tasks)
    return [work.tasks[index] for index in sorted(mine)]
