"""Named staffing where nobody does two things at once: intervals of phases and of people."""

from __future__ import annotations

import time

from ortools.sat.python import cp_model

from pmo_optimizer.backend import Certificate, Clock, Decisions, Options, Outcome
from pmo_optimizer.problem import Problem
from pmo_solvers.cp_sat.interval.forms import figures
from pmo_solvers.cp_sat.interval.stages import Run
from pmo_solvers.unary.assign import Assignment, counted, individuals, known_people, staffed
from pmo_solvers.unary.check import certificate, keeps_frame
from pmo_solvers.unary.crew import Crew
from pmo_solvers.unary.model import Counts, UnaryModel, capacity
from pmo_solvers.unary.parallel import parallel_phases
from pmo_solvers.unary.relax import SEARCHES, Decomposition, Relaxation, suits_relaxation
from pmo_solvers.unary.serial import ORDERS, Serial

RELAXED_SHARE = 0.5
"""Share of the time in which starts alone are looked for, before starts and people at once."""

MOST_RELAXED = 600.0
"""Most seconds in which starts alone are looked for."""


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
        self.parallel = parallel_phases(self.crew)
        self.capacity = capacity(self.crew, self.parallel)
        self.unary = UnaryModel(self.crew, self.capacity)
        super().__init__(problem, options, self.unary)
        self._counts: dict[Decisions, Counts] = {}

    def further_stages(self, first: int) -> bool:
        """Begin with a plan by rules where there is none yet, then solve the stages."""
        if self.decisions is None and not self.model.infeasible:
            self._begin()
        if not first and self._relaxed():
            return super().further_stages(1)
        return super().further_stages(first)

    def _relaxed(self) -> bool:
        """Look for starts alone, then for people; return whether the first stage is solved.

        A bound that is proven holds in the stage otherwise.
        """
        form = self.forms[0]
        parallel = self.parallel
        if parallel is None or self.options.reproducible or self.model.infeasible:
            return False
        if not form.coefs or not suits_relaxation(self.crew, parallel):
            return False
        seconds = min(self.options.clock.left * RELAXED_SHARE, MOST_RELAXED)
        clock = Clock(seconds, self.options.clock.stop)
        relaxation = Relaxation(self.crew, parallel, self.capacity)
        found = Decomposition(self.crew, relaxation, form, self.options, clock).run(self.decisions)
        if found.decisions is not None and found.counts is not None:
            self._counts[found.decisions] = found.counts
            if self.decisions is None or self._improves(form, found.decisions):
                self._accept(found.decisions)
        if found.proved and self.decisions is not None:
            self.take(self.decisions, found.bound)
            return True
        if found.bound is not None:
            self.unary.cp.add(self.targets.whole(form) >= found.bound)
        return False

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

        Who serves the plan to begin with goes on serving it where they can. For other decisions
        that are not CP-SAT's own somebody is looked for to serve them.
        """
        if not keeps_frame(self.problem, decisions):
            return None
        if decisions == self.options.start and self.options.start_shares:
            known = known_people(self.crew, decisions, self.options.start_shares)
            found = certificate(self.crew, decisions, known)
            if found is not None:
                self._counts.setdefault(decisions, counted(self.crew, known))
                return found
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
        if self.options.workers <= len(SEARCHES):
            solver.parameters.subsolvers.extend(SEARCHES)

    def hint(self, decisions: Decisions) -> None:
        """Give CP-SAT a complete plan to begin with, or nothing."""
        if decisions in self._counts and self.targets.hint(decisions):
            self.unary.hint_counts(self._counts[decisions])
