"""How much of the time of classes plans by capacity may use, so that names can be found."""

from __future__ import annotations

from dataclasses import replace

from pmo_optimizer.model import SupplierKind
from pmo_optimizer.problem import Problem, Supplier

FULL_PART = 1.0
FIRST_SLACK = 0.06
"""What is left free where names are not found for plans that may use all the time."""

STEP = 0.03
"""What more is left free each time that names are not found."""

UP = 1 / 3
"""How far to go towards a part that failed after one for which names were found."""

LEAST_PART = 0.7
"""Part below which it is given up."""


class Room:
    """The part of the time of classes that may be used; what single people cannot share is left.

    All of it at first, then less until names are found, then more: what can be planned with is
    narrowed down from both sides. Only plans that may use all of it tell a bound.
    """

    def __init__(self) -> None:
        self.part = self._failed = FULL_PART
        self._staffed: float | None = None

    @property
    def slack(self) -> bool:
        """Whether some of the time is left free."""
        return self.part < FULL_PART

    @property
    def used_up(self) -> bool:
        """Whether so much has been left free that more is not worth it."""
        return self.part < LEAST_PART

    @property
    def may_differ(self) -> bool:
        """Whether the next part differs much from one for which names were found."""
        return self._staffed is None or self._failed - self._staffed > STEP / 2

    def learn(self, *, staffed: bool) -> None:
        """Choose the part for the next plan by whether this one could be staffed."""
        if staffed:
            self._staffed = self.part
        else:
            self._failed = self.part
        known, failed = self._staffed, self._failed
        if known is not None and (known < failed or staffed):
            self.part = known + UP * (failed - known)
        else:
            self._staffed = None
            self.part = failed - (STEP if failed < FULL_PART else FIRST_SLACK)

    def suppliers(self, problem: Problem) -> tuple[Supplier, ...]:
        """Return the suppliers of a problem, of which classes have that part of their time."""
        if not self.slack:
            return problem.suppliers
        return tuple(
            replace(s, available=tuple(int(self.part * fte) for fte in s.available))
            if s.kind is SupplierKind.CLASS
            else s
            for s in problem.suppliers
        )
