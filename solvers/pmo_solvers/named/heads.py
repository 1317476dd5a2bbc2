"""More hired heads, for plans whose needs the people at hand cannot serve by name.

By capacity a plan may do without a hire that names need: because of people who may not work on
something, smallest shares, or most projects at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from threading import Event

from pmo_optimizer.backend import Clock, Decisions
from pmo_optimizer.problem import Problem
from pmo_solvers.hybrid.space import Space
from pmo_solvers.named.ledger import Ledger
from pmo_solvers.named.search import Staffing
from pmo_solvers.restrict import allows, fixed
from pmo_solvers.time_indexed.build import build

CHECK_SECONDS = 5.0
"""Most seconds for asking whether the rules allow other hires; it takes a fraction of one."""


def without_heads(decisions: Decisions) -> Decisions:
    """Return the decisions with no hires."""
    return replace(decisions, heads=())


def one_more(problem: Problem, decisions: Decisions, staffing: Staffing) -> Decisions | None:
    """Return decisions with one more head, which could do most of what is missing.

    Of equals the one who is there for the shortest time; None where no head is left, or none
    could help.
    """
    lacking = _lacking(staffing)
    best: tuple[tuple[int, int, int, int], int, int] | None = None
    for hire, order, works in _open(problem, decisions):
        help_ = sum(lacking.get((hire, period), 0) for period in works)
        rank = (-help_, len(works), hire, order)
        if help_ and (best is None or rank < best[0]):
            best = rank, hire, order
    if best is None:
        return None
    _, hire, order = best
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for other, period, count in (*decisions.heads, (hire, order, 1)):
        counts[other, period] += count
    heads = tuple(sorted((other, period, count) for (other, period), count in counts.items()))
    return replace(decisions, heads=heads)


def keep_rules(problem: Problem, decisions: Decisions) -> bool:
    """Return whether decisions keep all rules by capacity, hires as they are.

    The model is built for these decisions alone, and what they leave open is solved.
    """
    if not allows(problem, decisions):
        return False
    kept = fixed(problem, decisions)
    indexed = build(kept.problem)
    if indexed.model.infeasible:
        return False
    space = Space(indexed, indexed.stages[0], ())
    return space.point(kept.own(decisions), Clock(CHECK_SECONDS, Event())) is not None


def _lacking(staffing: Staffing) -> dict[tuple[int, int], int]:
    """Return the delivered units that are missing by hire that could serve them, and period."""
    ledger = Ledger(staffing.work)
    ledger.restore(staffing.given)
    found: dict[tuple[int, int], int] = defaultdict(int)
    for task in staffing.work.tasks:
        missing = ledger.missing(task)
        for kind, hire in task.anonymous:
            for period, units in missing.items():
                for t in task.periods if period < 0 else (period,):
                    if kind == "h":
                        found[hire, t] += units
    return found


def _open(problem: Problem, decisions: Decisions) -> Iterator[tuple[int, int, range]]:
    """Yield hire, order and periods of work of every head that may still be ordered."""
    ordered: dict[int, int] = defaultdict(int)
    for hire, _, count in decisions.heads:
        ordered[hire] += count
    for hire, data in enumerate(problem.hires):
        if ordered[hire] < data.max_heads:
            for number, order in enumerate(data.orders):
                yield hire, order, data.work[number]
