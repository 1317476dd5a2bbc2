"""Named staffing where nobody does two things at once: intervals of phases and of people."""

from __future__ import annotations

import time

from ortools.sat.python import cp_model

from pmo_optimizer.backend import Certificate, Decisions, Options, Outcome
from pmo_optimizer.problem import Problem
from pmo_solvers.cp_sat.interval.forms import figures
from pmo_solvers.cp_sat.interval.stages import Run
from pmo_solvers.unary.assign import Assignment, counted, individuals, staffed
from pmo_solvers.unary.check import certificate, keeps_frame
from pmo_solvers.unary.crew import Crew
from pmo_solvers.unary.model import Counts, UnaryModel
from pmo_solvers.unary.serial import ORDERS, Serial
from pmo_solvers.unary.suits import suits_unary

__all__ = ["solve_unary", "suits_unary"]

SUBSOLVERS = ("quick_restart_no_lp", "default_lp")
"""Searches of which two workers run one each; more workers run what CP-SAT chooses."""


def solve_unary(problem: Problem, options: Options) -> Outcome:
    """Return the best fully staffed plan found for a problem that `suits_unary` accepts.

    ``infeasible`` means that no plan serves every need in full.

    Raises
    ------
    EngineError
        CP-SAT called the model invalid, or its plan fails an exact check.
    """
    begin = time.monotonic()
    run = _Run(problem, options)
    build_seconds = time.monotonic() - begin
    return run.outcome(build_seconds, infeasible=run.all_stages())


class _Run(Run):
    """A run that knows, for schedules that CP-SAT found, who serves what."""

    def __init__(self, problem: Problem, options: Options) -> None:
        self.crew = Crew(problem)
        self.unary = UnaryModel(self.crew)
        super().__init__(problem, options, self.unary)
        self._counts: dict[Decisions, Counts] = {}

    def further_stages(self, first: int) -> bool:
        """Begin with a plan by rules where there is none yet, then solve the stages."""
        if self.decisions is None and not self.model.infeasible:
            self._begin()
        return super().further_stages(first)

    def _begin(self) -> None:
        """Take the best of some serial plans."""
        best: tuple[int, Decisions] | None = None
        for tried, found in enumerate(Serial(self.crew, self.options.seed).plans(), start=1):
            value = None if found is None else self._judged(*found)
            if found is not None and value is not None and (best is None or value < best[0]):
                best = value, found[0]
            if self.options.clock.over or (best is not None and tried >= ORDERS):
                break
        if best is not None and self._accept(best[1]):
            self.options.report(self.forms[0].natural(best[0]), None, "serial plan")

    def _judged(self, decisions: Decisions, people: Assignment) -> int | None:
        """Return the whole sum of a plan that keeps every rule, else None."""
        if certificate(self.crew, decisions, people) is None:
            return None
        self._counts[decisions] = counted(self.crew, people)
        return self.forms[0].whole(figures(self.problem, decisions))

    def certificate_of(self, decisions: Decisions) -> Certificate | None:
        """Return the certificate of decisions that keep every rule, or None.

        For decisions that are not CP-SAT's own somebody is looked for to serve them.
        """
        if not keeps_frame(self.problem, decisions):
            return None
        if decisions not in self._counts:
            counts = staffed(self.crew, decisions, self.options.clock, self.options)
            if counts is None:
                return None
            self._counts[decisions] = counts
        people = individuals(self.crew, decisions, self._counts[decisions])
        return None if people is None else certificate(self.crew, decisions, people)

    def read(self, solver: cp_model.CpSolver) -> Decisions:
        """Return the decisions of a solution; who serves what is kept."""
        decisions = super().read(solver)
        self._counts[decisions] = self.unary.counts(solver)
        return decisions

    def tune(self, solver: cp_model.CpSolver) -> None:
        """Search by conflicts; two workers with and without the linear relaxation."""
        solver.parameters.extra_subsolvers.clear()
        if self.options.workers <= len(SUBSOLVERS):
            solver.parameters.subsolvers.extend(SUBSOLVERS)

    def hint(self, decisions: Decisions) -> None:
        """Give CP-SAT a complete plan to begin with, or nothing."""
        if decisions in self._counts and self.targets.hint(decisions):
            self.unary.hint_counts(self._counts[decisions])
