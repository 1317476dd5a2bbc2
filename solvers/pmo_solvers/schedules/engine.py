"""The schedule search: bounds, rules, populations and CP-SAT side by side."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from random import Random

from pmo_optimizer.backend import Clock, Options, Outcome, Stage
from pmo_optimizer.model import EngineError, Status, Termination
from pmo_optimizer.problem import Problem
from pmo_solvers.cp_sat.interval.constants import broken_row
from pmo_solvers.cp_sat.interval.stages import continue_intervals, solve_intervals
from pmo_solvers.cp_sat.interval.suits import is_expressible
from pmo_solvers.cp_sat.interval.verify import certified
from pmo_solvers.schedules.board import Board
from pmo_solvers.schedules.bounds import first_bound
from pmo_solvers.schedules.complete import Complete
from pmo_solvers.schedules.jobs import Jobs
from pmo_solvers.schedules.maker import Maker
from pmo_solvers.schedules.modes import Ways
from pmo_solvers.schedules.orders import Orders
from pmo_solvers.schedules.population import Population
from pmo_solvers.schedules.rules import Rules
from pmo_solvers.schedules.score import Score
from pmo_solvers.time_indexed.driver import FIRST_SHARE, OPTIMAL_GAP

PASSES_PER_MEMBER = 250
"""Passes of schedule generation that are worth one more member of a population."""

MEMBERS = (16, 120)
"""Least and most members of a population."""


def suits_schedules(problem: Problem) -> bool:
    """Return whether the search plans a problem exactly; see `is_expressible`."""
    return is_expressible(problem)


def solve_schedules(problem: Problem, options: Options) -> Outcome:
    """Return the best plan found for a problem that `suits_schedules` accepts.

    In reproducible mode this is the interval model alone, whose work can be limited.

    Raises
    ------
    EngineError
        A schedule fails the exact check, or CP-SAT called its model invalid.
    """
    if options.reproducible or broken_row(problem):
        return solve_intervals(problem, options)
    begin = time.monotonic()
    jobs = Jobs(problem)
    if not (jobs.possible and jobs.jobs and jobs.whole):
        return solve_intervals(problem, options)
    return _Run(jobs, options, time.monotonic() - begin).outcome()


class _Run:
    """One run of the search."""

    def __init__(self, jobs: Jobs, options: Options, build_seconds: float) -> None:
        self.jobs = jobs
        self.problem = jobs.problem
        self.options = options
        self.build_seconds = build_seconds
        self.score = Score(jobs)
        several = len(self.score.forms) > 1
        left = options.clock.left
        self.clock = Clock(left * (FIRST_SHARE if several else 1.0), options.clock.stop)
        self.board = Board(self.score, self.clock, options)
        self.orders = Orders(jobs)
        self.maker = Maker(jobs, self.score, self.orders)
        self.ways = Ways(jobs)
        self.random = Random(options.seed)  # noqa: S311 - a search, not a secret
        self.complete = Complete(jobs, self.board, options)
        self.failure: BaseException | None = None

    def outcome(self) -> Outcome:
        """Search, and return what was found."""
        self._begin()
        if not self.board.over:
            self._search()
        if self.failure is not None:
            raise self.failure
        best = self.board.best
        if best is None:
            return self._planless()
        decisions = self.jobs.decisions(best.ways, best.starts)
        if len(self.score.forms) > 1:
            return continue_intervals(self.problem, self.options, decisions, self.board.bound)
        certificate = certified(self.problem, decisions)
        if certificate is None:
            raise EngineError("a schedule of the search breaks a rule")
        natural = self.score.forms[0].natural
        bound = None if self.board.bound is None else natural(self.board.bound)
        gap = self.board.gap
        proved = gap is not None and gap <= OPTIMAL_GAP
        return Outcome(
            status=Status.OPTIMAL if proved else Status.FEASIBLE,
            termination=self._termination(),
            stages=(Stage(natural(best.key[0]), bound),),
            decisions=decisions,
            certificate=certificate,
            word=best.source,
            build_seconds=self.build_seconds,
        )

    def _termination(self) -> Termination:
        gap = self.board.gap
        if gap is not None and gap <= OPTIMAL_GAP:
            return Termination.PROVED
        if gap is not None and gap <= self.options.gap:
            return Termination.GAP
        stopped = self.options.clock.stop.is_set()
        return Termination.STOPPED if stopped else Termination.TIME_LIMIT

    def _planless(self) -> Outcome:
        if self.complete.infeasible:
            status, termination = Status.INFEASIBLE, Termination.PROVED
        else:
            status, termination = Status.NO_PLAN_FOUND, self._termination()
        return Outcome(
            status=status,
            termination=termination,
            word=self.complete.word,
            build_seconds=self.build_seconds,
        )

    # -- phases ----------------------------------------------------------------------------

    def _begin(self) -> None:
        """Prove the simple bounds, and make schedules by rules."""
        self._start()
        bound = first_bound(self.problem, self.jobs.resources, self.score)
        if bound is not None:
            self.board.prove(bound, "paths and energy")
        self.rules = Rules(self.jobs, self.score).all()
        for number in range(1 if self.ways.single else 3):
            chosen = (self.ways.shortest, self.ways.lightest, self.ways.cheapest)[number]
            ways = self.ways.mended(list(chosen), self.random)
            if ways is not None:
                self._by_rules(ways)

    def _start(self) -> None:
        start = self.options.start
        if start is None or certified(self.problem, start) is None:
            return
        placed = self.jobs.placed(start)
        if placed is not None:
            self.board.offer(*placed, self.score.of(start), "start")

    def _by_rules(self, ways: list[int]) -> None:
        setting = self.maker.setting(ways)
        for keys in self.rules:
            made = (
                ("parallel rule", self.maker.at_once(setting, keys)),
                ("serial rule", self.maker.forward(setting, self.orders.by_priority(keys))),
            )
            for source, starts in made:
                if self.board.over:
                    return
                if starts is not None:
                    moved, key = self.maker.improved(setting, starts)
                    self.board.offer(setting.ways, moved, key, source)

    def _search(self) -> None:
        """Run CP-SAT in threads of its own beside the populations."""
        threads = [threading.Thread(target=self._guarded, args=(self._model,))]
        for thread in threads:
            thread.start()
        try:
            self._populations()
        finally:
            for thread in threads:
                thread.join()

    def _guarded(self, work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except (EngineError, ValueError) as error:
            self.failure = error
            self.board.end()

    def _model(self) -> None:
        self.complete.run(max(1, self.options.workers - 1), self.clock.left)

    def _populations(self) -> None:
        """Breed until the run is over."""
        begin, passes = time.monotonic(), self.maker.passes
        size = MEMBERS[0]
        while not self.board.over:
            population = Population(
                self.maker, self.ways, self.board, self.rules, size, self.random
            )
            if not population.fill(lambda: self.board.over):
                self.options.clock.stop.wait(0.05)
                continue
            rate = (self.maker.passes - passes) / max(time.monotonic() - begin, 1e-6)
            size = min(max(int(rate * self.clock.left / PASSES_PER_MEMBER), MEMBERS[0]), MEMBERS[1])
            population.size = size
            population.more(lambda: self.board.over)
            while not self.board.over:
                population.generation(lambda: self.board.over)
