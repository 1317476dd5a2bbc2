"""When phases run first, who serves them second: schedules of which only moments are checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, isfinite

from ortools.sat.python import cp_model

from pmo_optimizer.backend import Clock, Decisions, Options
from pmo_solvers.cp_sat.engine import StopWatcher, set_parameters
from pmo_solvers.cp_sat.interval.forms import Form, figures
from pmo_solvers.cp_sat.interval.model import IntervalModel
from pmo_solvers.cp_sat.interval.resources import Resource
from pmo_solvers.cp_sat.interval.stages import ROUNDING
from pmo_solvers.cp_sat.interval.targets import Targets
from pmo_solvers.unary.assign import never_staffed, staffed
from pmo_solvers.unary.crew import Crew
from pmo_solvers.unary.model import Counts
from pmo_solvers.unary.parallel import Members, Parallel

SEARCHES = ("quick_restart_no_lp", "default_lp")
"""Searches of which two workers run one each; more workers run what CP-SAT chooses."""

MOST_REFUSED = 3
"""From how many of the last schedules that nobody can serve something is learnt in a round."""


class Relaxation(IntervalModel):
    """Starts alone: at every moment people can serve what runs, but they may change.

    What can run at once is said by pairs: sets of intervals that overlap pairwise have a moment
    in common.

    Attributes
    ----------
    before
        0/1 variables by pairs of numbers of phases: the first ends before the second starts.
    """

    def __init__(self, crew: Crew, parallel: Parallel, resources: Sequence[Resource]) -> None:
        super().__init__(crew.problem, resources)
        self.parallel = parallel
        self.before: dict[tuple[int, int], cp_model.IntVar] = {}
        if self.infeasible:
            return
        for pair in combinations(range(len(parallel.places)), 2):
            if pair not in parallel.ordered:
                self._add_pair(*pair)
        for members in parallel.forbidden:
            self.forbid(combinations(members, 2))

    def _add_pair(self, a: int, b: int) -> None:
        """Add o[a, b] = 1 only if s[a] + d[a] <= s[b], and o[a, b] + o[b, a] <= 1."""
        for first, second in ((a, b), (b, a)):
            work = self.works[self.parallel.places[first]]
            after = self.works[self.parallel.places[second]]
            literal = self.cp.new_bool_var("")
            length = self.parallel.lengths[first]
            self.cp.add(work.start + length <= after.start).only_enforce_if(literal)
            self.before[first, second] = literal
        self.cp.add_at_most_one(self.before[a, b], self.before[b, a])

    def forbid(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Sum of o[a, b] + o[b, a] over pairs that cannot all overlap >= 1."""
        literals = [self.before[p] for a, b in pairs for p in ((a, b), (b, a))]
        self.cp.add_bool_or(literals)

    def hint_pairs(self, decisions: Decisions) -> None:
        """Give every variable of pairs its value in decisions."""
        start = [decisions.phases[p][f].start for p, f in self.parallel.places]
        for (a, b), literal in self.before.items():
            self.cp.add_hint(literal, int(start[a] + self.parallel.lengths[a] <= start[b]))


@dataclass(slots=True)
class Found:
    """The best schedule that people can serve, and a bound of the whole sum."""

    decisions: Decisions | None = None
    counts: Counts | None = None
    bound: int | None = None
    proved: bool = False


def suits_relaxation(crew: Crew, parallel: Parallel) -> bool:
    """Return whether who can serve a schedule depends on nothing but what overlaps.

    Every phase that needs people has one mode, and nobody is ever away.
    """
    most = max((ask.share for ask in crew.asks), default=0)
    return {ask.place for ask in crew.asks} == set(parallel.places) and all(
        min(group.available, default=0) >= most for group in crew.groups
    )


class Decomposition:
    """Solves the relaxation again and again, forbidding what people cannot serve.

    Every schedule of the relaxation is given to the search for people. Where there are none,
    a least set of phases that nobody can serve is found, of which not all that overlap now may
    overlap again. The bound of the relaxation is one of the problem.
    """

    def __init__(
        self, crew: Crew, relaxation: Relaxation, form: Form, options: Options, clock: Clock
    ) -> None:
        self.crew = crew
        self.relaxation = relaxation
        self.form = form
        self.options = options
        self.clock = clock
        self.targets = Targets(relaxation)
        self.found = Found()
        self.value: float | None = None
        self._refused: list[Decisions] = []
        self._learnt: list[frozenset[tuple[int, int]]] = []
        relaxation.cp.minimize(self.targets.whole(form) + form.offset)

    def run(self, known: Decisions | None) -> Found:
        """Return what is found until the clock ends; ``known`` is a plan to begin with."""
        if known is not None:
            self.value = self.form.natural(self.form.whole(figures(self.crew.problem, known)))
        while not (self.found.proved or self.relaxation.infeasible or self.clock.over):
            if known is not None and self.targets.hint(known):
                self.relaxation.hint_pairs(known)
            known = self._round()
            if known is None:
                break
        return self.found

    def _round(self) -> Decisions | None:
        """Solve the relaxation once; return a schedule that nobody can serve, None at the end."""
        solver = cp_model.CpSolver()
        set_parameters(solver.parameters, self.options, self.clock)
        solver.parameters.extra_subsolvers.clear()
        if self.options.workers <= len(SEARCHES):
            solver.parameters.subsolvers.extend(SEARCHES)
        solver.best_bound_callback = self._on_bound
        with StopWatcher(solver, self.clock):
            status = solver.solve(self.relaxation.cp, _Incumbents(self))
        if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            return None
        self._on_bound(solver.best_objective_bound)
        decisions = self.targets.decode(solver)
        if self.serve(decisions):
            self.found.proved = status == cp_model.OPTIMAL
            return None
        return decisions if self._learn() else None

    def serve(self, decisions: Decisions) -> bool:
        """Look for people for a schedule; keep it, with them, if it is the best."""
        if decisions == self.found.decisions:
            return True
        counts = staffed(self.crew, decisions, self.options.clock, self.options)
        if counts is None:
            self._refused.append(decisions)
            return False
        value = self.form.natural(self.form.whole(figures(self.crew.problem, decisions)))
        if self.value is None or value <= self.value:
            self.value = value
            self.found.decisions, self.found.counts = decisions, counts
            self.options.report(value, None, "relaxation")
        return True

    def _on_bound(self, bound: float) -> None:
        if not isfinite(bound):
            return
        whole = ceil(bound - ROUNDING) - self.form.offset
        if self.found.bound is None or whole > self.found.bound:
            self.found.bound = whole
            self.options.report(self.value, self.form.natural(whole), "relaxation")

    # -- what nobody can serve ---------------------------------------------------------------

    def _learn(self) -> bool:
        """Forbid what nobody can serve; return whether something was found before the end."""
        known = len(self._learnt)
        for decisions in reversed(self._refused[-MOST_REFUSED:]):
            self._learn_from(decisions)
        self._refused.clear()
        return len(self._learnt) > known and not self.clock.over

    def _learn_from(self, decisions: Decisions) -> None:
        """Forbid what nobody can serve in a schedule, unless something of it is forbidden."""
        left = list(range(len(self.relaxation.parallel.places)))
        overlaps = frozenset(self._overlaps(decisions, tuple(left)))
        if any(learnt <= overlaps for learnt in self._learnt):
            return
        while (core := self._core(decisions, left)) is not None:
            pairs = self._overlaps(decisions, core)
            self.relaxation.forbid(pairs)
            self._learnt.append(frozenset(pairs))
            left = [phase for phase in left if phase not in core]

    def _core(self, decisions: Decisions, phases: Sequence[int]) -> Members | None:
        """Return a set of phases that nobody can serve and no phase of which can be left out."""
        if not self._unserved(decisions, phases):
            return None
        core = list(phases)
        for phase in phases:
            fewer = [other for other in core if other != phase]
            if self._unserved(decisions, fewer):
                core = fewer
        return tuple(core)

    def _unserved(self, decisions: Decisions, phases: Sequence[int]) -> bool:
        """Return whether it is proven that nobody can serve these phases of a schedule."""
        places = {self.relaxation.parallel.places[phase] for phase in phases}
        return never_staffed(self.crew, decisions, places, self.clock, self.options)

    def _overlaps(self, decisions: Decisions, phases: Members) -> list[tuple[int, int]]:
        """Return the pairs of phases that overlap."""
        parallel = self.relaxation.parallel
        start = {i: decisions.phases[p][f].start for i in phases for p, f in [parallel.places[i]]}
        return [
            (a, b)
            for a, b in combinations(phases, 2)
            if start[a] < start[b] + parallel.lengths[b]
            and start[b] < start[a] + parallel.lengths[a]
        ]


class _Incumbents(cp_model.CpSolverSolutionCallback):
    """Looks for people for every schedule that is better than those before."""

    def __init__(self, decomposition: Decomposition) -> None:
        super().__init__()
        self._decomposition = decomposition

    def on_solution_callback(self) -> None:
        """Serve a new schedule where that is possible."""
        decomposition = self._decomposition
        decomposition.serve(decomposition.targets.decode(self))
