"""The schedule search: bounds, rules, populations and CP-SAT side by side."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite

from pmo_optimizer.backend import Clock, Found, Options, Outcome, Stage
from pmo_optimizer.model import EngineError, Status, Termination
from pmo_optimizer.problem import Problem
from pmo_solvers.cp_sat.interval.constants import broken_row
from pmo_solvers.cp_sat.interval.stages import continue_intervals, solve_intervals
from pmo_solvers.cp_sat.interval.suits import is_expressible
from pmo_solvers.cp_sat.interval.verify import certified
from pmo_solvers.generation.breed import Breeder
from pmo_solvers.schedules.board import Best, Board, Planless, Until
from pmo_solvers.schedules.bounds import first_bound
from pmo_solvers.schedules.compile import Compiled
from pmo_solvers.schedules.complete import FEW_JOBS, Complete
from pmo_solvers.schedules.crew import Crew
from pmo_solvers.schedules.score import Score
from pmo_solvers.schedules.windows import Windows
from pmo_solvers.time_indexed.driver import FIRST_SHARE, OPTIMAL_GAP, cut_short

LONG = 1e6
"""Seconds that stand for no limit, since shares of the time are made of it."""


def suits_schedules(problem: Problem) -> bool:
    """Return whether the search plans a problem exactly; see `is_expressible`."""
    return is_expressible(problem)


MODAL_JOBS = 150
"""Jobs, of which some have several ways, up to which CP-SAT has all threads at first; where there
are `FEW_JOBS` its first strategies often prove the best schedule, others need more of them."""

MORE_THREADS = 4
"""Threads that CP-SAT has there for each worker."""


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
    if not isfinite(options.clock.left):
        options = replace(options, clock=Clock(LONG, options.clock.stop))
    begin = time.monotonic()
    compiled = Compiled(problem)
    if not (compiled.possible and compiled.whole and compiled.shop.jobs):
        return solve_intervals(problem, options)
    return Run(compiled, options, time.monotonic() - begin).outcome()


class Run:
    """One run of the search."""

    def __init__(self, compiled: Compiled, options: Options, build_seconds: float) -> None:
        self.compiled = compiled
        self.problem = compiled.problem
        self.options = options
        self.build_seconds = build_seconds
        self.score = Score(compiled)
        several = len(self.score.forms) > 1
        left = options.clock.left
        self.clock = Clock(left * (FIRST_SHARE if several else 1.0), options.clock.stop)
        self.board = Board(self.score, self.clock, options)
        self.breeder = Breeder(compiled.shop, options.seed)
        self.words: list[str] = []
        if options.on_offer is not None:
            self.board.listeners.append(self._show)
        self.complete = Complete(compiled, self.board, options)

    def outcome(self) -> Outcome:
        """Search, and return what was found."""
        self.search()
        best = self.board.best
        if best is None:
            return self.planless()
        decisions = self.compiled.decisions(best.ways, best.starts)
        if len(self.score.forms) > 1:
            return continue_intervals(self.problem, self.options, decisions, self.board.bound)
        certificate = certified(self.problem, decisions)
        if certificate is None:
            raise EngineError("a schedule of the search breaks a rule")
        natural = self.score.forms[0].natural
        bound = None if self.board.bound is None else natural(self.board.bound)
        proved = self._termination() is Termination.PROVED
        return Outcome(
            status=Status.OPTIMAL if proved else Status.FEASIBLE,
            termination=self._termination(),
            stages=(Stage(natural(best.key[0]), bound),),
            decisions=decisions,
            certificate=certificate,
            word="; ".join([best.source, *self.words]),
            build_seconds=self.build_seconds,
        )

    def _show(self, best: Best) -> None:
        """Offer the plan of a schedule; it is completed only if somebody looks at it."""
        if self.options.on_offer is not None:
            self.options.on_offer(lambda: self._found(best))

    def _found(self, best: Best) -> Found | None:
        decisions = self.compiled.decisions(best.ways, best.starts)
        certificate = certified(self.problem, decisions)
        return None if certificate is None else Found(decisions, certificate)

    def _termination(self) -> Termination:
        gap = self.board.gap
        if gap is not None and gap <= OPTIMAL_GAP:
            return Termination.PROVED
        if gap is not None and gap <= self.options.gap:
            return Termination.GAP
        return cut_short(self.options.clock)

    def planless(self) -> Outcome:
        """Return what is known without a schedule: that there is none, or a bound."""
        proved = self.complete.infeasible
        bound = None if proved else self.board.bound
        known = None if bound is None else self.score.forms[0].natural(bound)
        return Outcome(
            status=Status.INFEASIBLE if proved else Status.NO_PLAN_FOUND,
            termination=Termination.PROVED if proved else self._termination(),
            stages=() if known is None else (Stage(None, known),),
            word=self.complete.word,
            build_seconds=self.build_seconds,
        )

    # -- phases ----------------------------------------------------------------------------

    def search(self) -> None:
        """Prove simple bounds, try rules, then breed beside CP-SAT.

        Raises
        ------
        EngineError
            CP-SAT failed.
        """
        self._start()
        bound = first_bound(self.problem, self.compiled.resources, self.score)
        if bound is not None:
            self.board.prove(bound, "paths and energy")
        self.breeder.by_rules(self.board)
        if self.board.over:
            return
        if self.options.workers > 1:
            self._side_by_side()
        else:
            self._one_after_the_other()

    def _start(self) -> None:
        """Take the start that was given; where it is no plan, its modes and its order."""
        start = self.options.start
        if start is None:
            return
        certain = certified(self.problem, start) is not None
        placed = self.compiled.placed(start) if certain else None
        if placed is not None:
            self.board.offer(*placed, self.score.of(start), "start")
        else:
            self.breeder.follow(self.board, *self.compiled.followed(start))

    def _one_after_the_other(self) -> None:
        """Give the time of one worker to CP-SAT, to populations and to windows."""
        self.complete.run(1)
        half = Until(self.board, self.clock.left / 2)
        self.breeder.breed(half, lambda: half.left)
        self._windows(self.options.seed)

    def _side_by_side(self) -> None:
        """Breed in processes of their own beside CP-SAT, first as a whole, then in windows.

        Where jobs have several ways CP-SAT has all threads, and more of them than there are
        workers: what it searches besides the first few strategies pays there.
        """
        workers = self.options.workers
        jobs = self.compiled.shop.jobs
        modal = len(jobs) <= MODAL_JOBS and any(len(job.ways) > 1 for job in jobs)
        # Where rules found no schedule at all, funds are so tight that breeding hardly will.
        children = workers // 2 if self.board.best is not None and not modal else 0
        threads = workers - children
        first = self.options.seed + 1
        seeds = range(first, first + children)
        # A first error ends the run, an interrupt too: nobody goes on alone.
        with (
            Crew(self.compiled.shop, self.board, self.clock.left, seeds) as crew,
            ThreadPoolExecutor(threads + 1) as pool,
            self._ended(),
        ):
            more = modal and len(jobs) > FEW_JOBS
            self.complete.run(MORE_THREADS * threads if more else threads)
            others = [
                pool.submit(self._windows, seed) for seed in range(first, first + threads - 1)
            ]
            if children and not crew.size:
                breed = self.breeder.breed
                others.append(pool.submit(breed, self.board, lambda: self.clock.left))
            for other in others:
                other.add_done_callback(self.board.end_if_failed)
            self._windows(self.options.seed)
            for other in others:
                other.result()
        if crew.lost:
            self.words.append(f"{crew.lost} of {crew.size} processes ended with an error")

    def _windows(self, seed: int) -> None:
        """Plan parts anew; without any schedule there are none, so breed on."""
        if self.board.best is None:
            self.breeder.breed(Planless(self.board), lambda: self.clock.left)
        Windows(self.compiled, self.board, seed).run()

    @contextmanager
    def _ended(self) -> Iterator[None]:
        """Whatever happens within, the run is over after it."""
        try:
            yield
        finally:
            self.board.end()
