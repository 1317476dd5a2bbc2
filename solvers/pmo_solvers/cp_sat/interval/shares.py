"""Who serves which need where every bucket has suppliers of its own: no flow is needed."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from pmo_optimizer.backend import Decisions, Share
from pmo_optimizer.problem import Problem
from pmo_solvers.completion import claims
from pmo_solvers.staffing import Claim


def plain_shares(problem: Problem, decisions: Decisions) -> list[Share] | None:
    """Return shares that serve every need in full, or None where people do not suffice.

    Suppliers are used up one after the other; all of them are at proficiency 1 and serve one
    bucket only, as `suits_intervals` asks.
    """
    shares: list[Share] = []
    ftes: dict[int, Fraction] = {}
    for period, wanted in enumerate(claims(problem, decisions)):
        left = {bucket: _left(problem, bucket, period) for bucket in {c.bucket for c in wanted}}
        for claim in wanted:
            taken = _taken(left[claim.bucket], claim)
            if taken is None:
                return None
            for supplier, units in taken:
                if units not in ftes:
                    ftes[units] = Fraction(units, problem.fte_scale)
                data = problem.suppliers[supplier]
                place = claim.project, claim.phase, claim.need, period
                shares.append(Share(data.kind, data.id, *place, ftes[units]))
    return shares


def _left(problem: Problem, bucket: int, period: int) -> list[list[int]]:
    """Return [supplier, units] pairs of what there is, the last supplier first."""
    suppliers = sorted((index for index, _ in problem.buckets[bucket].suppliers), reverse=True)
    return [[index, problem.suppliers[index].available[period]] for index in suppliers]


def _taken(left: list[list[int]], claim: Claim) -> Sequence[tuple[int, int]] | None:
    """Take the units of a claim from what is left."""
    taken = []
    missing = claim.rate
    while missing:
        if not left:
            return None
        supplier, units = left[-1]
        used = min(units, missing)
        if used:
            taken.append((supplier, used))
        missing -= used
        left[-1][1] -= used
        if not left[-1][1]:
            left.pop()
    return taken
