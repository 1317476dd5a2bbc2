"""Bounds that are proven elsewhere: a solve ends once its plan is near enough to one."""

from __future__ import annotations

import threading

from pmo_optimizer import EngineError, Incumbent, Method, Plan, Portfolio, Status, Termination

FUZZ = 1e-6
"""Differences below this part of the numbers are none: floats are no proof."""


class KnownBound:
    """A bound on a portfolio's objective, and what follows from it for a solve.

    Parameters
    ----------
    portfolio
        What is solved.
    bound
        No plan of it is better; in the unit of the objective, prices included.
    gap
        Relative gap at which the solve may end.
    stop
        What ends the solve.

    Notes
    -----
    Where several terms are optimized in order the bound is of the first; the solve then goes
    on to the later ones.
    """

    def __init__(
        self, portfolio: Portfolio, bound: float, gap: float, stop: threading.Event
    ) -> None:
        self._sign = 1 if portfolio.objective.maximised else -1
        goals = portfolio.objective
        self._staged = goals.method is Method.LEXICOGRAPHIC
        self._single = len(goals.terms) == 1 or not self._staged
        self._bound = bound
        self._gap = gap
        self._stop = stop
        self._near = False

    def watch(self, line: Incumbent) -> None:
        """End the solve where its plan is near enough to the bound."""
        distance = gap_between(line.value, self._bound)
        if self._single and distance is not None and distance <= max(self._gap, FUZZ):
            self._near = True
            self._stop.set()

    def told(self, plan: Plan) -> Plan:
        """Return the plan with the better of the two bounds, and what it proves.

        Raises
        ------
        EngineError
            The plan is better than the bound allows: one of the two is wrong.
        """
        if not plan.found:
            bound = self._better(plan.bound)
            return plan if plan.status is Status.INFEASIBLE else _with(plan, bound=bound)
        if plan.objective is None:
            return plan
        beyond = self._sign * (plan.objective - self._bound)
        if beyond > FUZZ * max(1.0, abs(self._bound)):
            raise EngineError(
                f"a plan of {plan.objective} contradicts a bound of {self._bound}, proven before"
            )
        bound = self._better(plan.bound)
        distance = gap_between(plan.objective, bound)
        terms = plan.terms
        if terms and self._staged:
            terms = (terms[0].model_copy(update={"bound": bound, "gap": distance}), *terms[1:])
        plan = _with(plan, bound=bound, gap=distance, terms=terms)
        if not self._single or distance is None:
            return plan
        if distance <= FUZZ:
            return _with(plan, status=Status.OPTIMAL, termination=Termination.PROVED)
        if self._near and plan.termination is Termination.STOPPED and distance <= self._gap:
            return _with(plan, termination=Termination.GAP)
        return plan

    def _better(self, bound: float | None) -> float:
        if bound is None:
            return self._bound
        return min(bound, self._bound) if self._sign > 0 else max(bound, self._bound)


def gap_between(value: float | None, bound: float | None) -> float | None:
    """Return abs(bound - value) / max of both; 0 where both are 0, None where one is missing."""
    if value is None or bound is None:
        return None
    scale = max(abs(value), abs(bound))
    return abs(bound - value) / scale if scale else 0.0


def _with(plan: Plan, **changes: object) -> Plan:
    return plan.model_copy(update=changes)
