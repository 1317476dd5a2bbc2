"""How much of what is stated a plan keeps beyond what it was asked to."""

from __future__ import annotations

from collections.abc import Iterator

import pmo_optimizer as pmo
from pmo_optimizer import Plan, SupplierKind, Violation
from pmo_scenarios.studies.relaxing import Relaxer

DECIDED = frozenset({"must", "never", "running-stopped"})
"""Codes of the referee that are about whether a project is selected."""

ROUNDS = 3
"""So often what a plan breaks is dropped, before what it was asked to keep is taken."""


def kept_by(relaxer: Relaxer, kept: frozenset[str], plan: Plan) -> frozenset[str]:
    """Return a set of members that a plan keeps; at least those that it was made for.

    What it breaks is guessed from what the referee says of it where everything holds; the
    referee's approval where only the rest holds is the proof.
    """
    extra = {f"skills/{a.supplier}" for a in plan.allocations if a.kind is SupplierKind.OVERLOAD}
    off = frozenset(extra & set(relaxer.paths)) - kept
    for _ in range(ROUNDS):
        portfolio = relaxer.without(off)
        own = plan.model_copy(update={"digest": portfolio.digest()})
        violations = pmo.referee.check(portfolio, own).violations
        if not violations:
            return frozenset(relaxer.paths) - off
        more = {path for violation in violations for path in _broken(relaxer, violation)}
        # What it was asked to keep is never dropped: a link holds beside its choose group only.
        if not more - off - kept:
            break
        off |= more - kept
    return kept


def _broken(relaxer: Relaxer, violation: Violation) -> Iterator[str]:
    """Yield the members that a violation may be of."""
    place = f"{violation.path}/"
    exact = [path for path in relaxer.paths if place.startswith(f"{path}/")]
    if exact:
        yield from exact
        return
    owner = "/".join(violation.path.split("/")[:2]) + "/"
    own = [path for path in relaxer.paths if path.startswith(owner)]
    decided = [path for path in own if path.endswith(("/decision", "/state"))]
    yield from decided if violation.rule in DECIDED else own
