"""Plans that are there before the model is: rankings, and the one that the caller begins with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Event

from pmo_optimizer.backend import Certificate, Clock, Decisions, Options, Outcome, Stage
from pmo_optimizer.model import Method, Status
from pmo_optimizer.problem import Problem
from pmo_solvers.completion import complete
from pmo_solvers.hybrid.progress import Progress
from pmo_solvers.hybrid.space import Space
from pmo_solvers.hybrid.starts import Starts
from pmo_solvers.penalties import penalty
from pmo_solvers.restrict import allows, fixed
from pmo_solvers.staffing import Memory
from pmo_solvers.time_indexed.build import build
from pmo_solvers.time_indexed.driver import OPTIMAL_GAP, cut_short, settled

CHECK_SECONDS = 5.0
"""Most seconds for checking the caller's plan, also where time is over; it takes a fraction of
one."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A plan that needs nothing but the referee, and its value with all prices."""

    value: float
    decisions: Decisions
    certificate: Certificate
    source: str


class Ready:
    """Collects plans that no model is needed for, and keeps the best one.

    Attributes
    ----------
    first
        Decisions that a search may begin with, whether or not they are a plan.
    """

    def __init__(
        self, problem: Problem, options: Options, progress: Progress, memory: Memory
    ) -> None:
        self.problem = problem
        self.options = options
        self.progress = progress
        self.memory = memory
        self.first: list[Decisions] = []
        self.best: _Plan | None = None

    def rank(self, starts: Starts) -> None:
        """Collect plans of rankings."""
        for decisions, value in starts.rankings():
            self._collect(decisions, value)

    def follow(self, starts: Starts, start: Decisions) -> None:
        """Collect the caller's plan; else one that follows it as far as limits allow; else rank."""
        if self.best is not None and self.best.decisions is start:
            return
        plan = self._checked(start)
        if plan is not None:
            self._keep(plan)
            return
        found = starts.followed(start)
        if found is None:
            self.rank(starts)
        else:
            self._collect(*found)

    def at_least(self, outcome: Outcome, build_seconds: float) -> Outcome:
        """Return the outcome, or the best plan here where that is better.

        The bound of the outcome stays unless that plan disproves it.
        """
        best = self.best
        if best is None:
            return outcome
        first = outcome.stages[0] if outcome.stages else Stage(None, None)
        if outcome.decisions is not None and first.best is not None:
            gain = best.value - first.best
            gain = gain if self.problem.maximised else -gain
            if gain <= OPTIMAL_GAP * max(1.0, abs(first.best)):
                return outcome
        bound = settled(first.bound, best.value)
        if bound is not None and (bound < best.value) == self.problem.maximised:
            bound = bound if bound == best.value else None
        return replace(
            outcome,
            status=Status.FEASIBLE,
            termination=cut_short(self.options.clock),
            stages=(Stage(best.value, bound),),
            decisions=best.decisions,
            certificate=best.certificate,
            word=f"{best.source}; {outcome.word}",
            build_seconds=build_seconds,
        )

    def _checked(self, start: Decisions) -> _Plan | None:
        """Return the plan of some decisions, hires and all, or None where they are none.

        The model is built for these decisions alone, and what they leave open is solved.
        """
        if not allows(self.problem, start):
            return None
        kept = fixed(self.problem, start)
        indexed = build(kept.problem)
        if indexed.model.infeasible:
            return None
        space = Space(indexed, indexed.stages[0], ())
        point = space.point(kept.own(start), Clock(CHECK_SECONDS, Event()))
        if point is None:
            return None
        return _Plan(space.sign * point.cost, start, point.certificate, "start")

    def _collect(self, decisions: Decisions, value: float) -> None:
        self.first.append(decisions)
        certificate = complete(self.problem, decisions, self.memory)
        if certificate is not None:
            price = penalty(self.problem, decisions, certificate)
            self._keep(_Plan(self._paid(value, price), decisions, certificate, "ranking"))

    def _paid(self, value: float, price: float) -> float:
        """Return a first stage's value less (or, minimised, more) the price of breaches."""
        weighted = self.problem.method is Method.WEIGHTED
        factor = self.problem.terms[0].weight if weighted else 1.0
        return value - factor * price if self.problem.maximised else value + factor * price

    def _keep(self, found: _Plan) -> None:
        better = self.best is None or (
            found.value > self.best.value
            if self.problem.maximised
            else found.value < self.best.value
        )
        if better:
            self.best = found
            self.options.offer(found.decisions, found.certificate)
            self.progress.add(found.value, None, found.source)
