"""First plans: rankings, and projects by the prices of a relaxation."""

from __future__ import annotations

from collections.abc import Iterator

from pmo_optimizer.backend import Clock, Decisions, PhaseDecision
from pmo_optimizer.problem import Problem
from pmo_solvers.ranking.engine import hardened
from pmo_solvers.ranking.fill import Desk, Placed, Rule, decided, fill

RULES = (Rule("ratio", per_cost=True), Rule("priority"))
"""Rankings that are tried, the one that is usually better first."""

FOLLOWED = Rule("priority")
"""In which order the projects of a plan that is followed enter."""


class Starts:
    """Rank-and-fill plans; what all of them share is computed once."""

    def __init__(self, problem: Problem, clock: Clock) -> None:
        self.problem = problem
        self.clock = clock
        self._hard = Desk(hardened(problem), clock)
        self._soft: Desk | None = None

    def rankings(self) -> Iterator[tuple[Decisions, float]]:
        """Yield plans of rankings and what they are worth before prices of breaches."""
        for desk in self._desks():
            found = False
            for rule in RULES:
                placed = fill(desk, rule)
                if placed is not None:
                    found = True
                    yield decided(self.problem, placed), self._value(desk, placed)
            if found:
                return

    def _value(self, desk: Desk, placed: Placed) -> float:
        figure = desk.worth.of_plan(placed)[0]
        return figure if self.problem.maximised else -figure

    def followed(self, start: Decisions) -> tuple[Decisions, float] | None:
        """Return the plan in which the projects of a plan come first, each placed as there.

        Of these, and of the others, the worthiest come first: where less fits than before, it is
        the others that stay out. Returns it with what it is worth before prices of breaches.
        """
        for desk in self._desks():
            order = sorted(self.problem.projects, key=lambda p: desk.rank(p, FOLLOWED))
            score = [float(chosen) for chosen in start.selected]
            for place, project in enumerate(order):
                score[project.index] -= place / (2 * len(order))
            placed = fill(desk, Rule("start", scores=tuple(score), wanted=start.phases))
            if placed is not None:
                return decided(self.problem, placed), self._value(desk, placed)
        return None

    def _desks(self) -> Iterator[Desk]:
        """Yield the desk on which limits with a price are hard, then the other one."""
        yield self._hard
        self._soft = self._soft or Desk(self.problem, self.clock)
        yield self._soft

    def guided(
        self, scores: tuple[float, ...], wanted: tuple[tuple[PhaseDecision, ...], ...]
    ) -> Decisions | None:
        """Return the plan in which projects enter by their scores, the highest first.

        Parameters
        ----------
        wanted
            How projects are placed if they can be; empty: as early as possible.
        """
        rule = Rule("guided", scores=scores, wanted=wanted)
        placed = fill(self._soft or self._hard, rule)
        return None if placed is None else decided(self.problem, placed)
