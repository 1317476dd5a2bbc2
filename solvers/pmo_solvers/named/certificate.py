"""A staffing as a certificate of a plan, and a certificate as a staffing to begin with."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from pmo_optimizer.backend import Certificate, Decisions, Share
from pmo_optimizer.model import SupplierKind
from pmo_optimizer.problem import Problem
from pmo_solvers.completion import split_funds
from pmo_solvers.named.tasks import STEP, Given, Server, Work

KINDS = {
    "p": SupplierKind.PERSON,
    "s": SupplierKind.POOL,
    "h": SupplierKind.HIRE,
    "o": SupplierKind.OVERLOAD,
}


def certificate_of(work: Work, given: Given, decisions: Decisions) -> Certificate | None:
    """Return shares and fund splits; None where the funds do not suffice."""
    splits = split_funds(work.problem, decisions)
    if splits is None:
        return None
    shares = []
    for (server, index), units in sorted(given.items()):
        task = work.tasks[index]
        shares += [
            Share(
                KINDS[server[0]],
                _name(work.problem, server),
                task.project,
                task.phase,
                task.demand.need,
                period,
                Fraction(number, STEP),
            )
            for period, number in sorted(units.items())
        ]
    return Certificate(tuple(shares), tuple(splits))


def given_of(work: Work, shares: tuple[Share, ...]) -> Given:
    """Return the shares that mean something for this work, and are whole units."""
    problem = work.problem
    servers: dict[tuple[SupplierKind, str], Server] = {
        (SupplierKind.PERSON, person.id): ("p", i) for i, person in enumerate(problem.people)
    }
    servers |= {(s.kind, s.id): ("s", i) for i, s in enumerate(problem.suppliers)}
    servers |= {(SupplierKind.HIRE, hire.id): ("h", i) for i, hire in enumerate(problem.hires)}
    tasks = {(t.project, t.phase, t.demand.need): t for t in work.tasks}
    given: dict[tuple[Server, int], dict[int, int]] = defaultdict(dict)
    for share in shares:
        task = tasks.get((share.project, share.phase, share.need))
        server = servers.get((share.kind, share.supplier))
        if share.kind is SupplierKind.OVERLOAD and task is not None:
            server = ("o", task.demand.bucket)
        units = share.fte * STEP
        if task is not None and server is not None and units.denominator == 1 and units > 0:
            own = given[server, task.index]
            own[share.period] = own.get(share.period, 0) + int(units)
    return dict(given)


def members_of(work: Work, given: Given) -> frozenset[tuple[int, int, int]]:
    """Return who is on which phase: (individual, project, phase) triples."""
    return frozenset(
        (server[1], work.tasks[index].project, work.tasks[index].phase)
        for server, index in given
        if server[0] == "p"
    )


def _name(problem: Problem, server: Server) -> str:
    kind, index = server
    if kind == "p":
        return problem.people[index].id
    if kind == "s":
        return problem.suppliers[index].id
    if kind == "h":
        return problem.hires[index].id
    return problem.buckets[index].skill
