"""Exact check of a schedule and its people, apart from CP-SAT: the certificate, or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

from pmo_optimizer.backend import Certificate, Decisions, Share
from pmo_optimizer.model import SupplierKind
from pmo_optimizer.problem import Demand, Problem
from pmo_solvers.completion import split_funds
from pmo_solvers.cp_sat.interval.constants import broken_row, selected
from pmo_solvers.cp_sat.interval.verify import keeps_dates
from pmo_solvers.unary.assign import Assignment, happens
from pmo_solvers.unary.crew import Crew, by_people, can_serve


def keeps_frame(problem: Problem, decisions: Decisions) -> bool:
    """Return whether decisions keep all that is not about people or money."""
    return (
        decisions.selected == tuple(project.fixed == 1 for project in problem.projects)
        and not decisions.heads
        and not broken_row(problem)
        and keeps_dates(problem, decisions)
    )


def certificate(crew: Crew, decisions: Decisions, people: Assignment) -> Certificate | None:
    """Return the certificate of decisions and people that keep every rule, or None.

    Formulation, section 13: availability of each person, exact heads, who can serve, who must
    and must not, pins, and the same people for the whole phase.
    """
    problem = crew.problem
    if not keeps_frame(problem, decisions):
        return None
    named = _named(crew, decisions, people)
    shares = None if named is None else _person_shares(problem, decisions, named)
    pooled = _pool_shares(problem, decisions)
    splits = split_funds(problem, decisions)
    if named is None or shares is None or pooled is None or splits is None:
        return None
    if not _pins_hold(problem, named):
        return None
    return Certificate(tuple(shares + pooled), tuple(splits))


Named = dict[tuple[int, int, str], tuple[int, ...]]
"""Indices of people by project, phase and need."""


def _named(crew: Crew, decisions: Decisions, people: Assignment) -> Named | None:
    """Return who serves every need, or None where a need is served by other people than it may."""
    given: Named = {}
    for index, ask in enumerate(crew.asks):
        if happens(ask, decisions):
            given[ask.project, ask.phase, ask.need] = people.get(index, ())
    for project, phase, _, demand in _needs(crew.problem, decisions):
        if by_people(crew.problem, demand):
            chosen = given.get((project, phase, demand.need), ())
            if not _is_served(crew.problem, demand, (project, phase), chosen):
                return None
    return given


def _needs(
    problem: Problem, decisions: Decisions
) -> Iterator[tuple[int, int, tuple[int, int], Demand]]:
    """Yield project, phase, (start, duration) and need of everything that happens."""
    for project in selected(problem):
        for number, decision in enumerate(decisions.phases[project.index]):
            mode = project.phases[number].modes[decision.mode]
            for demand in mode.demands:
                yield project.index, number, (decision.start, mode.duration), demand


def _is_served(
    problem: Problem, demand: Demand, place: tuple[int, int], chosen: tuple[int, ...]
) -> bool:
    """Return whether so many different people serve a need who can, the musts among them."""
    project, phase = place
    pinned = problem.projects[project].phases[phase].people
    entries = {problem.people[person].entry for person in chosen}
    return (
        len(set(chosen)) == len(chosen) == demand.names.heads
        and all(can_serve(problem, problem.people[p], demand, pinned) for p in chosen)
        and entries.issuperset(demand.names.must)
    )


def _pins_hold(problem: Problem, named: Named) -> bool:
    """Return whether of every person entry of a pin somebody works on the phase."""
    working: dict[tuple[int, int], set[str]] = defaultdict(set)
    for (project, phase, _), people in named.items():
        working[project, phase] |= {problem.people[person].entry for person in people}
    return all(
        working[project.index, number].issuperset(phase.people)
        for project in selected(problem)
        for number, phase in enumerate(project.phases)
    )


def _person_shares(problem: Problem, decisions: Decisions, named: Named) -> list[Share] | None:
    """Return the shares of people, or None where they exceed somebody's availability."""
    used: dict[tuple[int, int], int] = defaultdict(int)
    shares: list[Share] = []
    for project, phase, (start, duration), demand in _needs(problem, decisions):
        fte = Fraction(demand.names.share, problem.fte_scale)
        for person in named.get((project, phase, demand.need), ()):
            name = problem.people[person].id
            for period in range(start, start + duration):
                used[person, period] += demand.names.share
                place = project, phase, demand.need, period
                shares.append(Share(SupplierKind.PERSON, name, *place, fte))
    fits = all(
        units <= problem.people[person].available[period]
        for (person, period), units in used.items()
    )
    return shares if fits else None


def _pool_shares(problem: Problem, decisions: Decisions) -> list[Share] | None:
    """Return the shares of pools, or None where there is too little of one."""
    used: dict[tuple[int, int], int] = defaultdict(int)
    shares: list[Share] = []
    for project, phase, (start, _), demand in _needs(problem, decisions):
        if by_people(problem, demand):
            continue
        for (index, _), (offset, units) in (
            (supplier, rate)
            for supplier in problem.buckets[demand.bucket].suppliers
            for rate in enumerate(demand.rates)
            if rate[1]
        ):
            used[index, start + offset] += units
            pool = problem.suppliers[index]
            place = project, phase, demand.need, start + offset
            shares.append(Share(pool.kind, pool.id, *place, Fraction(units, problem.fte_scale)))
    fits = all(units <= problem.suppliers[s].available[t] for (s, t), units in used.items())
    return shares if fits else None
