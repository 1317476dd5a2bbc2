"""The engine that ranks: the best plan of several ways to rank and fill."""

from __future__ import annotations

from dataclasses import replace

from pmo_optimizer.backend import Certificate, Decisions, Options, Outcome, Stage
from pmo_optimizer.model import Status, Termination
from pmo_optimizer.problem import NAMED_STAFFING, Feature, Problem
from pmo_solvers.completion import complete
from pmo_solvers.penalties import penalty
from pmo_solvers.ranking.fill import Desk, Placed, Rule, decided, fill
from pmo_solvers.ranking.worth import Figures

RULES = (
    Rule("score", cut=True),
    Rule("ratio", per_cost=True),
    Rule("priority"),
    Rule("ratio, usual modes", per_cost=True, usual=True),
    Rule("priority, usual modes", usual=True),
)
"""Ways to rank, see the package's text."""


class RankingBackend:
    """The best of several rankings; a baseline, not an optimizer."""

    name = "ranking"
    capabilities = frozenset(Feature) - NAMED_STAFFING
    exact = False

    def versions(self) -> dict[str, str]:
        """Return nothing: no library decides."""
        return {}

    def solve(self, problem: Problem, options: Options) -> Outcome:
        """Return the best plan of the rules, without a bound."""
        for candidate in (hardened(problem), problem):
            run = _Run(problem, Desk(candidate, options.clock), options)
            run.all_rules()
            if run.decisions is not None:
                break
        over = options.clock.over
        if options.clock.stop.is_set():
            termination = Termination.STOPPED
        else:
            termination = Termination.TIME_LIMIT if over else Termination.WORK_LIMIT
        if run.decisions is None:
            return Outcome(Status.NO_PLAN_FOUND, termination, word="no ranking fits")
        return Outcome(
            status=Status.FEASIBLE,
            termination=termination,
            stages=(Stage(None, None),),
            decisions=run.decisions,
            certificate=run.certificate,
            word=run.word,
            reproducible=options.reproducible and not over,
        )


class _Run:
    """All rules on one form of the problem, and the best plan with who serves and pays what."""

    def __init__(self, problem: Problem, desk: Desk, options: Options) -> None:
        self.problem = problem
        self.desk = desk
        self.options = options
        self.decisions: Decisions | None = None
        self.certificate = Certificate()
        self.word = ""

    def all_rules(self) -> None:
        """Try every rule until the clock ends the run, and complete the best plan."""
        choice = any(len(f.modes) > 1 for p in self.problem.projects for f in p.phases)
        found: list[tuple[Figures, Rule, Placed]] = []
        for rule in RULES:
            if rule.usual and not choice:
                continue
            if found and self.options.clock.over:
                break
            placed = fill(self.desk, rule)
            if placed is not None:
                found.append((self.desk.worth.of_plan(placed), rule, placed))
        found.sort(key=lambda plan: plan[0], reverse=True)
        if self.desk.problem is self.problem:
            self._complete_all(found)
        else:
            self._complete_first(found)

    def _complete_first(self, found: list[tuple[Figures, Rule, Placed]]) -> None:
        """Keep the best plan that can be completed."""
        for figures, rule, placed in found:
            decisions = decided(self.problem, placed)
            certificate = complete(self.problem, decisions)
            if certificate is not None:
                self._keep(figures, rule, decisions, certificate)
                return

    def _complete_all(self, found: list[tuple[Figures, Rule, Placed]]) -> None:
        """Keep the plan that is best once soft limits are paid for."""
        best: Figures | None = None
        for _, rule, placed in found:
            decisions = decided(self.problem, placed)
            certificate = complete(self.problem, decisions)
            if certificate is None:
                continue
            prices = penalty(self.problem, decisions, certificate)
            figures = self.desk.worth.of_plan(placed, prices)
            if best is None or figures > best:
                best = figures
                self._keep(figures, rule, decisions, certificate)

    def _keep(
        self, figures: Figures, rule: Rule, decisions: Decisions, certificate: Certificate
    ) -> None:
        self.decisions, self.certificate, self.word = decisions, certificate, rule.name
        self.options.offer(decisions, certificate)
        value = figures[0] if self.problem.maximised else -figures[0]
        self.options.report(value, None, f"ranking by {rule.name}")


def hardened(problem: Problem) -> Problem:
    """Return the problem with every soft limit hard; delays keep their price."""
    return replace(
        problem,
        buckets=tuple(replace(b, overload_price=None) for b in problem.buckets),
        suppliers=tuple(
            replace(
                s,
                available=tuple(
                    min([a, *(limits[t] for _, limits in s.soft_ceilings)])
                    for t, a in enumerate(s.available)
                ),
                soft_ceilings=(),
            )
            for s in problem.suppliers
        ),
        funds=tuple(replace(f, price=None) for f in problem.funds),
        caps=tuple(replace(c, price=None) for c in problem.caps),
        measures=tuple(replace(m, price=None) for m in problem.measures),
        counts=tuple(replace(c, price=None) for c in problem.counts),
    )
