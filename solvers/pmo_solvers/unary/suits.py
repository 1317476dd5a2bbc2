"""For which problems nobody does two things at once, so that intervals say it exactly."""

from __future__ import annotations

from collections import defaultdict

from pmo_optimizer.model import SupplierKind
from pmo_optimizer.problem import Demand, Feature, Problem
from pmo_solvers.cp_sat.interval.constants import selected
from pmo_solvers.cp_sat.interval.suits import is_undated, used_buckets
from pmo_solvers.networks import FULL
from pmo_solvers.unary.crew import by_people, can_serve, demands


def suits_unary(problem: Problem) -> bool:
    """Return whether `solve_unary` says the whole meaning of a problem exactly.

    Selection is fixed, nothing is priced and no date changes an amount; what people serve is
    asked for by the head, for whole phases, and takes more than half of anybody's time; what
    pools serve has a pool of its own.
    """
    return (
        Feature.NAMED in problem.features
        and not problem.conflicts
        and not problem.hires
        and is_undated(problem)
        and _buckets_are_apart(problem)
        and all(_is_continuous(problem, length, d) for _, length, d in demands(problem))
        and _people_are_unary(problem)
        and _pins_ask(problem)
    )


def _buckets_are_apart(problem: Problem) -> bool:
    """Each need is served by people only, or by one pool that serves no other kind of need.

    With units finer than 0.01 FTE the tolerance of pools' needs (formulation, section 4) would
    count.
    """
    taken: set[int] = set()
    for index in sorted(used_buckets(problem)):
        bucket = problem.buckets[index]
        if bucket.overload_price is not None:
            return False
        own = {s for s, _ in bucket.suppliers}
        pools = {s for s in own if problem.suppliers[s].kind is SupplierKind.POOL}
        if pools and (own != pools or len(pools) > 1 or pools & taken):
            return False
        if pools and problem.fte_scale > FULL:
            return False
        taken |= pools
    return True


def _is_continuous(problem: Problem, duration: int, demand: Demand) -> bool:
    """Return whether a need is a pool's, or one of heads who stay."""
    if not by_people(problem, demand):
        return demand.effort is None
    return bool(demand.names.heads) and (demand.names.continuous or duration <= 1)


def _people_are_unary(problem: Problem) -> bool:
    """Return whether twice the least share of a person's needs exceeds what they ever have.

    A smallest share above that of a need by the head is left to others.
    """
    least: dict[int, int] = defaultdict(lambda: problem.fte_scale * FULL)
    for (project, phase, _), _, demand in demands(problem):
        pinned = problem.projects[project].phases[phase].people
        if not by_people(problem, demand):
            continue
        if demand.names.min_share > demand.names.share:
            return False
        for index, person in enumerate(problem.people):
            if can_serve(problem, person, demand, pinned):
                least[index] = min(least[index], demand.names.share)
    return all(
        2 * share > max(person.available) and share >= person.min_share
        for person, share in ((problem.people[index], share) for index, share in least.items())
    )


def _pins_ask(problem: Problem) -> bool:
    """Return whether in every phase that is pinned to people, every mode asks for people."""
    return all(
        any(by_people(problem, demand) for demand in mode.demands)
        for project in selected(problem)
        for phase in project.phases
        if phase.people
        for mode in phase.modes
    )
