"""What servers may give to tasks beside all that is given already, and who must work on them."""

from __future__ import annotations

from collections.abc import Sequence

from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.tasks import MISS, Given, Server, Task, Work


def fits(work: Work, given: Given) -> bool:
    """Return whether shares keep all limits of those who give them; needs are not looked at."""
    ledger = Ledger(work)
    for (server, index), shares in sorted(given.items()):
        task = work.tasks[index]
        if not may_give(ledger, server, task, shares):
            return False
        ledger.give(server, task, shares)
    return True


def may_give(ledger: Ledger, server: Server, task: Task, shares: dict[int, int]) -> bool:
    """Return whether a server may give shares to a task beside all that is given already."""
    if not all(task.start <= t < task.end for t in shares):
        return False
    if server[0] != "p":
        if server not in task.anonymous:
            return False
        rooms = {t: ledger.left(server, t) for t in shares}
        share = ledger.work.unit(task.demand.names.share)
        whole = not task.heads or all(
            units % share == 0 and units <= ledger.work.head_limit(server, t) * share
            for t, units in shares.items()
        )
        return (
            whole
            and _below_most(ledger, server, task, shares)
            and all(room is None or shares[t] <= room for t, room in rooms.items())
        )
    person = server[1]
    if person not in task.crowd.level_of:
        return False
    if task.demand.names.continuous and not set(task.periods) <= set(shares):
        return False
    if not ledger.spent.allows(person, task.project, shares):
        return False
    if not _below_most(ledger, server, task, shares):
        return False
    least = ledger.work.least_share(person, task)
    return all(
        (units == least if task.heads else units >= least)
        and units <= int(ledger.free[person, t])
        and ledger.may_join(person, t, task.project)
        for t, units in shares.items()
    )


def unbound(ledger: Ledger, tasks: Sequence[Task]) -> list[Task]:
    """Return tasks on which somebody who must work does not, pins of their phases included."""
    mine = {task.index for task in tasks}
    out = [task for task in tasks if any(_fails(ledger, people, [task]) for people in task.musts)]
    for team in ledger.work.teams:
        if team.tasks and mine.issuperset(team.tasks):
            members = [ledger.work.tasks[index] for index in team.tasks]
            if any(_fails(ledger, people, members) for people in team.entries):
                out.append(members[0])
    return out


def _fails(ledger: Ledger, people: Sequence[int], tasks: Sequence[Task]) -> bool:
    """Return whether somebody of an entry should work on some tasks and does not.

    Nobody who could is an excuse where the tasks lack something (formulation, section 13).
    """
    if any(("p", person) in ledger.servers(task) for person in people for task in tasks):
        return False
    if any(ledger.work.could(person, task) for person in people for task in tasks):
        return True
    asked = any(task.asked for task in tasks)
    return asked and not any(ledger.missing(task) for task in tasks)


def _below_most(ledger: Ledger, server: Server, task: Task, shares: dict[int, int]) -> bool:
    """Return whether effort stays below its most in every period, with these shares added."""
    if task.most is None:
        return True
    got, level = ledger.delivered(task), ledger.level(server, task)
    return all(got[t] + units * level <= task.most + MISS for t, units in shares.items())
