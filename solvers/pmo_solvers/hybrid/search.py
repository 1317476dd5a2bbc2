"""Large-neighbourhood search: threads that free a part of the best plan and solve it as a MIP.

The first thread also works on the bound. Everything that a thread finds is verified exactly
before others see it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np

from pmo_optimizer.backend import Certificate, Clock, Decisions, relative_gap
from pmo_solvers.hybrid.bounds import dual_bound
from pmo_solvers.hybrid.cp import solve_cp
from pmo_solvers.hybrid.highs import Effort, Solved, relax, solve_mip
from pmo_solvers.hybrid.lagrange import Ascent, Structure
from pmo_solvers.hybrid.matrix import Floats, Indices
from pmo_solvers.hybrid.neighbourhoods import Arm, Guide, Kind, Neighbourhoods, Scale
from pmo_solvers.hybrid.space import Point, Space
from pmo_solvers.hybrid.starts import Starts
from pmo_solvers.hybrid.subproblem import Subproblem, cut_out, cut_whole, whole_program
from pmo_solvers.time_indexed.driver import OPTIMAL_GAP

MOST_SECONDS = 3.0
"""Longest time for one neighbourhood."""

SHARES_ANEW = 4
"""One neighbourhood in so many shares out the time of people anew."""

EASY = 0.3
"""Part of the time of a neighbourhood below which it was easy."""

SUB_GAP = 1e-4
"""Gap at which a neighbourhood counts as solved."""

NODES = 100
"""Nodes for one neighbourhood in reproducible mode."""

SLICE = 25
FIRST_SLICES = 3
"""Rounds of price moves between looks at the clock, and slices before prices are used."""

ASCENT_SHARE = 0.25
ASCENT_ROUNDS = 2000
"""Part of the time, and most rounds, for the first bound by Lagrangian relaxation."""

MOST_WAIT = 0.5
WAIT_SHARE = 0.2
"""Most seconds, and part of the time, that other threads wait for the linear program."""

POLL = 0.05
LEAST_POLL = 0.005
"""Most and least seconds between looks at the stop signal."""

PROGRAM_SECONDS = 0.5
PROGRAM_SHARE = 0.35
PROGRAM_STEPS = 20_000
"""Seconds, or part of the time if that is more, for the linear program; in reproducible mode
iterations of the simplex method."""

MOST_ENTRIES = 8_000_000
"""Entries up to which HiGHS gets the whole model; beyond it needs gigabytes, and too long."""

MOST_WHOLE = 4_000_000
"""Entries of the plausible columns up to which HiGHS solves them at once: of 6.5 million it ended
seconds after the limit, with a worse plan."""

WHOLE_SHARE = 0.65
"""Part of the time left for all plausible columns at once, of models that no exact engine ends."""

FIRST_SECONDS = 5.0
FIRST_SHARE = 0.3
"""Most seconds, and part of the time, for a first plan."""

SUPPORT_SHARE = 0.12
SUPPORT_PATIENCE = 2.0
"""Part of the time for the columns that a relaxation uses, and most, in `MOST_SECONDS`."""

PATIENCE = 40
"""Neighbourhoods without a gain after which a patient search ends, plus one per project."""

Report = Callable[[float | None, float | None, str], None]
"""Called with value and bound (natural sense) and a source."""

Followed = Callable[[], tuple[Decisions, float] | None]
"""Returns the plan that follows the caller's, and its worth; None where there is none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to search.

    Attributes
    ----------
    gap
        Relative gap at which the search may end.
    rounds
        Neighbourhoods in all in reproducible mode; 0: the clock decides.
    """

    workers: int
    seed: int
    gap: float
    rounds: int = 0


class Search:
    """One stage; see the module."""

    def __init__(self, space: Space, limits: Limits, clock: Clock, report: Report) -> None:
        self.space = space
        self.limits = limits
        self.user_clock = clock
        self.clock = clock
        self.starts: Starts | None = None
        self.followed: Followed | None = None
        self.report = report
        self.show: Callable[[Decisions, Certificate], None] | None = None
        self.best: Point | None = None
        self.bound = -np.inf
        self.refused = 0
        self.done = 0
        self.patience = 0
        self.improved = 0
        self.loops = np.inf
        self.lock = threading.RLock()
        self.hoods = Neighbourhoods(space, limits.seed)
        self.relaxed = threading.Event()

    # -- running ---------------------------------------------------------------------------

    def run(self, seconds: float, *, patience: bool = False, loops: float = np.inf) -> None:
        """Search until the gap or a limit is reached; a plan must be at hand.

        Parameters
        ----------
        patience
            Whether to end where nothing is found for long.
        loops
            Seconds after which no other neighbourhood is begun.
        """
        self.patience = PATIENCE + self.hoods.count if patience else 0
        self.clock = Clock(min(seconds, self.user_clock.left), threading.Event())
        self.loops = loops
        if self.limits.rounds:
            self.clock = Clock(self.user_clock.left, self.user_clock.stop)
            self._improve_bound()
            self._loop()
            return
        threads = max(1, self.limits.workers)
        with ThreadPoolExecutor(threads) as pool:
            waiting = [pool.submit(self._work, number) for number in range(threads)]
            try:
                self._watch(waiting)
            finally:
                self.clock.stop.set()
            for future in waiting:
                future.result()

    def _watch(self, waiting: list[Future[None]]) -> None:
        """Stop the threads where the limit, the gap or an error asks for it."""
        while not all(future.done() for future in waiting):
            failed = any(future.done() and future.exception() for future in waiting)
            if self.user_clock.over or self.closed or failed:
                self.clock.stop.set()
            wait(waiting, max(LEAST_POLL, min(POLL, self.user_clock.left)))

    def _work(self, number: int) -> None:
        if number == min(1, self.limits.workers - 1) and self.followed is not None:
            self._follow(self.followed)
        if number == 0:
            self._improve_bound()
            self._solve_whole()
        else:
            self.relaxed.wait(min(MOST_WAIT, WAIT_SHARE * self.clock.left))
        self._loop()

    def _follow(self, followed: Followed) -> None:
        """Keep the plan that follows the caller's, to which other projects are added."""
        found = followed()
        point = None if found is None else self.space.point(found[0], self.clock)
        if point is not None:
            self.keep(point, "start")

    def halt(self) -> None:
        """End a run from outside; the caller's own stop signal stays as it is."""
        if self.clock is not self.user_clock:
            self.clock.stop.set()

    @property
    def resting(self) -> bool:
        """Whether neighbourhoods have had their time, or found nothing for long."""
        with self.lock:
            tired = self.patience and self.done - self.improved > self.patience
            return bool(tired) or self.clock.elapsed > self.loops

    @property
    def closed(self) -> bool:
        """Whether the gap is small enough."""
        gap = self.gap
        return gap is not None and gap <= max(self.limits.gap, OPTIMAL_GAP)

    @property
    def gap(self) -> float | None:
        """Relative gap so far, None without a plan or a bound."""
        with self.lock:
            if self.best is None or not np.isfinite(self.bound):
                return None
            return relative_gap(self._natural(self.best.cost), self._natural(self.bound))

    def _natural(self, cost: float) -> float:
        """Return a minimised value in the stage's own sense."""
        return self.space.sign * cost

    @property
    def word(self) -> str:
        """What was done, for the record."""
        return f"{self.done} neighbourhoods, {self.refused} refused"

    # -- bound -----------------------------------------------------------------------------

    def _improve_bound(self) -> None:
        """Price the rows, solve the linear program if it can be done soon, and use both.

        After some rounds the prices are good enough to add projects by. Where the linear
        program is solved they can get no better; elsewhere they go on. At the end the columns
        that the relaxation uses are solved as a MIP, and with its plan as the aim prices get
        better once more.
        """
        if self.clock.over:
            return
        space = self.space
        ascent = Ascent(space.structure(), space.cost, space.box, self._aim)
        self._climb(ascent, FIRST_SLICES)
        self._guided()
        best = self._linear_program(ascent.structure)
        self.relaxed.set()
        if best:
            self._guided()
        else:
            ascent.target = self._aim
            self._climb(ascent, ASCENT_ROUNDS // SLICE)
        self._solve_support()
        if not best and self.best is not None:
            ascent.again(self._aim)
            self._climb(ascent, ASCENT_ROUNDS // SLICE)

    @property
    def _aim(self) -> float:
        """Value of the best plan without the constant, 0 without a plan."""
        return 0.0 if self.best is None else self.best.cost - self._offset

    def _climb(self, ascent: Ascent, slices: int) -> None:
        """Move prices until steps are short or their share of the time is used."""
        begin = self.clock.elapsed
        share = ASCENT_SHARE * (self.clock.left if np.isfinite(self.clock.limit) else 60.0)
        for _ in range(slices):
            for _ in range(SLICE):
                if not self.user_clock.over:
                    ascent.run(1)
            late = self.clock.elapsed - begin > share and not self.limits.rounds
            if self.clock.over or late or ascent.settled:
                break
            self.take_bound(ascent.relaxation().value + self._offset, "prices")
        self._tell(ascent)

    def _solve_support(self) -> None:
        """Solve the columns that the relaxation uses, beside those of the plan."""
        with self.lock:
            point = self.best
            if point is None or self.hoods.guide is None or self.clock.over:
                return
            columns = self.hoods.support(point)
        patience = max(1.0, SUPPORT_SHARE * self.clock.left / MOST_SECONDS)
        patience = min(patience, SUPPORT_PATIENCE)
        kind = Kind(name="support", draw=self.hoods.support, patience=patience, steady=True)
        hoods = self.hoods
        seed = self.limits.seed + 1
        self._solve_hood(kind, hoods.solvers[0], hoods.scales[0], point, columns, seed)

    def _solve_whole(self) -> None:
        """Solve all plausible columns as one MIP, in this thread alone.

        Where people share their time HiGHS by itself comes near what neighbourhoods find, and
        both together are better than either; where only money binds it stays far behind. Models
        that exact engines end are solved as they are, for all the time of the search; in
        reproducible mode no thread is to spare.
        """
        with self.lock:
            point = self.best
            if point is None or self.hoods.guide is None or self.clock.over:
                return
            if self.limits.workers < 2 or not self.space.share.any():
                return
            if len(self.space.matrix.row_value) > MOST_ENTRIES:
                return
            self.hoods.room = point.cost - self.bound
            columns = self.hoods.columns if self.patience else self.hoods.plausible(point)
        space = self.space
        free = space.with_shared(columns)
        sub = cut_out(space.matrix, space.cost, space.box, free, point.x, point.activity)
        if len(sub.program.value) > MOST_WHOLE:
            return

        def take(part: Floats) -> None:
            self._offer(point, point.x, sub, part, "whole")

        share = 1.0 if self.patience else WHOLE_SHARE
        effort = Effort(share * self.clock.left, SUB_GAP)
        start = point.x[sub.columns]
        solved = solve_mip(sub.program, effort, self.clock, self.limits.seed, start, take)
        if len(free) == np.count_nonzero(space.box.lower < space.box.upper):
            self._take_whole_bound(sub, solved, point)

    def _take_whole_bound(self, sub: Subproblem, solved: Solved, point: Point) -> None:
        """Keep what HiGHS proves of the whole model; a proof is asked for again without presolve.

        See the MILP engine for why.
        """
        if solved.proved:
            effort = Effort(self.clock.left, SUB_GAP)
            start = point.x[sub.columns] if solved.x is None else solved.x
            seed = self.limits.seed
            solved = solve_mip(sub.program, effort, self.clock, seed, start, presolve=False)
        fixed = np.ones(len(point.x), np.bool_)
        fixed[sub.columns] = False
        rest = float(np.dot(self.space.cost[fixed], point.x[fixed]))
        if np.isfinite(solved.bound):
            self.take_bound(solved.bound + rest + self._offset, "highs")

    @property
    def _offset(self) -> float:
        return self.space.sign * self.space.stage.constant

    def _tell(self, ascent: Ascent) -> None:
        found = ascent.relaxation()
        self.take_bound(found.value + self._offset, "prices")
        with self.lock:
            loss = ascent.structure.losses(found.reduced, self.space.box)
            self.hoods.learn(Guide(found.x, found.duals, loss))

    def _linear_program(self, structure: Structure) -> bool:
        """Solve the linear program within its share of time or work; return whether it was."""
        space = self.space
        if self.clock.over or len(space.matrix.row_value) > MOST_ENTRIES:
            return False
        program = whole_program(space.matrix, space.cost, space.box)
        seconds = max(PROGRAM_SECONDS, PROGRAM_SHARE * self.clock.left)
        iterations = PROGRAM_STEPS if self.limits.rounds else 0
        relaxed = relax(
            program, self.clock, np.inf if self.limits.rounds else seconds, iterations=iterations
        )
        if relaxed is None:
            return False
        found = dual_bound(space.matrix, space.cost, relaxed.duals, space.box)
        self.take_bound(found.value + self._offset, "lp")
        if relaxed.optimal:
            with self.lock:
                loss = structure.losses(found.reduced, space.box)
                self.hoods.learn(Guide(relaxed.x, relaxed.duals, loss))
        return relaxed.optimal

    def take_bound(self, bound: float, source: str) -> None:
        """Keep a proven bound (minimised) where it is the best and no plan disproves it."""
        with self.lock:
            if self.best is not None:
                if bound > self.best.cost + _noise(self.best.cost):
                    return
                bound = min(bound, self.best.cost)
            if bound > self.bound:
                self.bound = bound
                self._report(source)

    def _report(self, source: str) -> None:
        value = None if self.best is None else self._natural(self.best.cost)
        bound = self._natural(self.bound) if np.isfinite(self.bound) else None
        self.report(value, bound, source)

    # -- neighbourhoods --------------------------------------------------------------------

    def _loop(self) -> None:
        while not (self.clock.over or self.closed):
            with self.lock:
                if self.limits.rounds and self.done >= self.limits.rounds:
                    return
                if self.resting:
                    return
                self.done += 1
                point = self.best
                if point is None:
                    return
                self.hoods.room = point.cost - self.bound
                kind = self.hoods.pick()
                kind.tried += 1
                scale = self.hoods.pick_scale()
                scale.tried += 1
                columns = kind.draw(point, max(1, round(kind.size * scale.factor)))
                solver = self.hoods.pick_solver()
                solver.tried += 1
                seed = self.hoods.random.randrange(2**31)
            self._solve_hood(kind, solver, scale, point, columns, seed)

    def _solve_hood(
        self, kind: Kind, solver: Arm, scale: Scale, point: Point, columns: Indices, seed: int
    ) -> None:
        space = self.space
        begin = time.monotonic()
        anew = seed % SHARES_ANEW == 0
        free = space.with_shared(columns, shares=anew)
        x, activity = point.x, point.activity
        if not anew:
            duals = self.hoods.guide.duals if self.hoods.guide is not None else None
            x, activity = space.spread(x, activity, duals)
        if solver.name == "cp-sat":
            free = space.with_fractions(free, x)
        sub = cut_out(space.matrix, space.cost, space.box, free, x, activity)
        seconds = kind.patience * min(MOST_SECONDS, max(0.2, 0.05 * self.clock.limit))
        seconds *= 1.0 if kind.steady else self.hoods.patience
        seconds = np.inf if self.limits.rounds else seconds
        effort = Effort(seconds, SUB_GAP, NODES if self.limits.rounds else 0)
        solved = self._solve_sub(solver.name, sub, effort, x, seed)
        gain = 0.0
        if solved.x is not None:
            gain = self._offer(point, x, sub, solved.x, kind.name)
        # Where work is counted nothing may depend on the clock.
        spent = 1.0 if self.limits.rounds else time.monotonic() - begin
        with self.lock:
            easy = solved.proved and spent < EASY * seconds
            kind.note(gain, spent)
            solver.note(gain, spent)
            scale.note(gain, spent)
            vain = not solved.proved and gain <= 0
            self.hoods.wait(vain=vain)
            if scale is self.hoods.scales[0]:
                self.hoods.resize(kind, easy=easy, hard=vain)

    def _solve_sub(
        self, solver: str, sub: Subproblem, effort: Effort, x: Floats, seed: int
    ) -> Solved:
        space = self.space
        start = x[sub.columns]
        if solver == "cp-sat":
            whole = cut_whole(space.matrix, space.cost, space.box, sub.columns, x)
            if whole is not None:
                return solve_cp(whole, effort, self.clock, seed, start)
        return solve_mip(sub.program, effort, self.clock, seed, start)

    def _offer(self, base: Point, x: Floats, sub: Subproblem, part: Floats, source: str) -> float:
        """Take a solution where it is better than the best plan; return the gain."""
        cost = self.space.cost
        change = float(np.dot(cost[sub.columns], part - base.x[sub.columns]))
        noise = 1e-9 * max(1.0, abs(base.cost))
        if change >= -noise:
            return 0.0
        with self.lock:
            current = self.best
        if current is not None and current is not base:
            merged = sub.whole(current.x, part)
            if float(np.dot(cost, merged - current.x)) < -noise and self._fits(merged):
                gain = self.offer(merged, source)
                if gain > 0:
                    return gain
        return self.offer(sub.whole(x, part), source)

    def _fits(self, x: Floats) -> bool:
        matrix = self.space.matrix
        activity = matrix.activity(x)
        return bool(
            np.all(activity <= matrix.row_upper + 1e-7)
            and np.all(activity >= matrix.row_lower - 1e-7)
        )

    def take(self, values: list[int], source: str) -> None:
        """Keep whole column values of another engine where they seem to be better."""
        x = self.space.scaled(values)
        with self.lock:
            best = self.best
        if best is None or float(np.dot(self.space.cost, x - best.x)) < -_noise(best.cost):
            self.offer(x, source)

    def offer(self, x: Floats, source: str) -> float:
        """Verify a candidate and keep it if it is the best; return the gain."""
        point = self.space.verify(x)
        if point is None:
            with self.lock:
                self.refused += 1
            return 0.0
        return self.keep(point, source)

    def keep(self, point: Point, source: str) -> float:
        """Keep a verified plan if it is the best; return the gain."""
        with self.lock:
            if self.best is not None and point.cost >= self.best.cost:
                return 0.0
            gain = abs(point.cost) if self.best is None else self.best.cost - point.cost
            self.best = point
            self.improved = self.done
            if self.bound > point.cost:
                # Within the noise of floats the two have met; beyond it the bound was wrong.
                near = self.bound <= point.cost + _noise(point.cost)
                self.bound = point.cost if near else -np.inf
            self._report(source)
        if self.show is not None:
            self.show(point.decisions, point.certificate)
        return gain

    # -- starts ----------------------------------------------------------------------------

    def construct(self) -> None:
        """Make a first plan of what must be and nothing else."""
        space = self.space
        must = np.array([p.fixed == 1 for p in space.problem.projects], dtype=np.bool_)
        base = np.where(space.box.lower > 0, space.box.lower, 0.0)
        shared = np.flatnonzero(space.block >= 0)
        self._extend(base, np.union1d(space.columns_of(must), shared), "must")

    def _guided(self) -> None:
        """Let projects enter by what the relaxation says of them."""
        guide, space = self.hoods.guide, self.space
        if guide is None or self.starts is None:
            return
        wanted = space.mostly(guide.x)
        decisions = self.starts.guided(tuple(guide.project.tolist()), wanted)
        point = None if decisions is None else space.point(decisions, self.clock)
        if point is not None:
            self.keep(point, "prices")

    def repair(self, decisions: Decisions) -> None:
        """Keep as much of a plan of a portfolio like this one as fits."""
        space = self.space
        wanted = self.hoods.wanted = space.near(decisions)
        base = np.where(space.box.lower > 0, space.box.lower, 0.0)
        shared = np.flatnonzero(space.block >= 0)
        self._extend(base, np.union1d(wanted, shared), "repair")

    def _extend(self, x: Floats, free: Indices, source: str) -> None:
        """Solve some columns from scratch, all others as they are."""
        space = self.space
        free = free[space.box.lower[free] < space.box.upper[free]]
        sub = cut_out(space.matrix, space.cost, space.box, free, x, space.matrix.activity(x))
        seconds = min(FIRST_SECONDS, FIRST_SHARE * self.clock.left)
        seconds = np.inf if self.limits.rounds else seconds
        effort = Effort(seconds, 1e-3, NODES if self.limits.rounds else 0)
        solved = solve_mip(sub.program, effort, self.clock, self.limits.seed)
        if solved.x is not None:
            self.offer(sub.whole(x, solved.x), source)


def _noise(value: float) -> float:
    """Return how far floats may put a bound beyond its own plan."""
    return OPTIMAL_GAP * max(1.0, abs(value))
