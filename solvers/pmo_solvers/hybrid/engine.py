"""The hybrid engine: a plan at once, a bound soon, and neighbourhoods until they meet.

Rankings give a plan before the model is built. Then a relaxation gives a bound and prices, and
threads free parts of the best plan and solve these as MIPs. Where the model is small enough an
exact engine gets the rest of the time, beginning with the best plan.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import metadata
from math import isfinite

from pmo_optimizer.backend import (
    Clock,
    Decisions,
    Options,
    Outcome,
    Stage,
    collector_paused,
    relative_gap,
    stages_of,
)
from pmo_optimizer.model import Incumbent, Status, Termination
from pmo_optimizer.problem import NAMED_STAFFING, Feature, Problem
from pmo_solvers.cp_sat import CpSatBackend
from pmo_solvers.cp_sat.engine import CpSatStages
from pmo_solvers.hybrid.progress import Progress
from pmo_solvers.hybrid.ready import Ready
from pmo_solvers.hybrid.search import Limits, Search
from pmo_solvers.hybrid.space import Point, Space
from pmo_solvers.hybrid.starts import Starts
from pmo_solvers.milp.engine import MilpStages
from pmo_solvers.schedules import solve_schedules, suits_schedules
from pmo_solvers.staffing import Memory
from pmo_solvers.time_indexed.build import TimeIndexed, build
from pmo_solvers.time_indexed.driver import (
    FIRST_SHARE,
    OPTIMAL_GAP,
    Hold,
    Request,
    StageSolver,
    left_off,
    out_of_time,
    run,
    settled,
)
from pmo_solvers.time_indexed.linear import LinearTerm, OutOfTime

EXACT_ENTRIES = 200_000
"""Entries of the model up to which an exact engine ends the search."""

SEARCH_SHARE = 0.4
SHARED_SHARE = 0.5
"""Part of the time that the search gets before an exact engine does, and that neighbourhoods get
where people share their time: there HiGHS works on the whole model beside them."""

ROUNDS_PER_SECOND = 3
"""Neighbourhoods that ``reproducible`` mode allows for every second of the limit."""

ENDS: tuple[tuple[str, type[StageSolver]], ...] = (("cp-sat", CpSatStages), ("milp", MilpStages))
"""Exact engines that end a search."""

LEAST_END = 2.0
"""Seconds that exact engines need at least, beside twice the time that the model took."""

POLL_SECONDS = 0.05
"""How often the stop signal is looked at."""

CELLS_PER_SECOND = 5000
"""Projects x periods for each second of the limit up to which the model is there before a plan
that follows the caller's is missed."""

LATE_SECONDS = 1.0
"""Seconds in which a plan that follows the caller's is made where time is over."""

TINY = 60
"""Undecided columns up to which the exact engine is left alone."""

SMALL = 500
QUICK_SHARE = 0.1
"""Undecided columns up to which the exact engine tries first, and its part of the time."""


class HybridBackend:
    """Rankings, relaxations, neighbourhoods, and an exact end where that is in reach.

    Parameters
    ----------
    exact_entries
        Entries of the model up to which an exact engine ends the search; 0: it never does.
    """

    name = "hybrid"
    capabilities = frozenset(Feature) - NAMED_STAFFING
    exact = True

    def __init__(self, exact_entries: int = EXACT_ENTRIES) -> None:
        self.exact_entries = exact_entries

    def versions(self) -> dict[str, str]:
        """Return the versions of OR-Tools and HiGHS."""
        return {"ortools": metadata.version("ortools"), "highspy": metadata.version("highspy")}

    def solve(self, problem: Problem, options: Options) -> Outcome:
        """Return the best plan found; see `pmo_optimizer.backend.Backend`."""
        if suits_schedules(problem):
            return solve_schedules(problem, options)
        return _Run(problem, options, self.exact_entries).run()


@dataclass(slots=True)
class _State:
    """What the stages so far have found."""

    point: Point | None = None
    stages: list[Stage] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    termination: Termination = Termination.PROVED
    words: list[str] = field(default_factory=list)


class _Ends:
    """Exact engines side by side: what they improve, their clock, and how they are stopped."""

    def __init__(self, search: Search, clock: Clock) -> None:
        self.search = search
        self.stop = threading.Event()
        self.clock = Clock(clock.left, self.stop)


class _Run:
    """One solve."""

    def __init__(self, problem: Problem, options: Options, exact_entries: int) -> None:
        self.problem = problem
        self.options = options
        self.exact_entries = exact_entries
        self.progress = Progress(problem, options)
        self.state = _State()
        self.memory = Memory()
        self.ready = Ready(problem, options, self.progress, self.memory)
        self.early: float | None = None
        self.build_seconds = 0.0
        self.late = False

    def run(self) -> Outcome:
        """Return the outcome."""
        return self.ready.at_least(self._search(), self.build_seconds)

    def _search(self) -> Outcome:
        with collector_paused():
            starts = Starts(self.problem, self._start_clock())
            if self.options.start is None:
                self.ready.rank(starts)
            elif not self._built_soon:
                self.ready.follow(starts, self.options.start)
            indexed = self._built()
        if indexed is None or self.options.clock.over:
            return self._late_start()
        if indexed.model.infeasible:
            word = f"row {indexed.model.infeasible} cannot hold"
            return Outcome(Status.INFEASIBLE, Termination.PROVED, word=word)
        if self.exact_entries and open_columns(indexed) <= SMALL:
            share = 1.0 if open_columns(indexed) <= TINY else QUICK_SHARE
            outcome = self._alone(indexed, share)
            if self._enough(outcome, indexed):
                return outcome
        for number, stage in enumerate(indexed.stages):
            if number and (self.state.point is None or self.options.clock.over):
                break
            if not self._stage(indexed, number, stage, starts):
                break
        if self.state.point is None:
            return self._late_start() if self.options.clock.over else self._without_plan()
        return self._outcome(indexed)

    @property
    def _built_soon(self) -> bool:
        """Return whether the model is there soon: then a plan to begin with is tried as it is."""
        cells = len(self.problem.projects) * self.problem.periods
        return not self.options.reproducible and (
            cells <= CELLS_PER_SECOND * self.options.clock.left
        )

    def _built(self) -> TimeIndexed | None:
        """Return the model, or None where time is over before."""
        if self.options.clock.over:
            return None
        begin = time.monotonic()
        try:
            indexed = build(self.problem, self.options.clock)
        except OutOfTime:
            return None
        self.build_seconds = time.monotonic() - begin
        return indexed

    def _late_start(self) -> Outcome:
        """Return what there is when time is over before the search begins."""
        if self.options.start is not None:
            late = Clock(LATE_SECONDS, threading.Event())
            self.ready.follow(Starts(self.problem, late), self.options.start)
        return self._without_plan()

    def _alone(self, indexed: TimeIndexed, share: float) -> Outcome:
        """Leave a part of the time to the exact engine, with the best start at hand."""
        ready = self.ready.best
        start = self.options.start or (ready.decisions if ready is not None else None)
        clock = self.options.clock
        whole = share == 1.0 or self.options.reproducible
        options = replace(
            self.options,
            clock=clock if whole else Clock(share * clock.left, clock.stop),
            work_limit=share * self.options.work_limit,
            start=start,
            on_progress=self.progress.listen,
        )
        return run(self.problem, options, CpSatStages(), indexed)

    def _enough(self, outcome: Outcome, indexed: TimeIndexed) -> bool:
        """Return whether the exact engine has done it all; else keep what it found."""
        done = outcome.status in {Status.OPTIMAL, Status.INFEASIBLE}
        gaps = [relative_gap(stage.best, stage.bound) for stage in outcome.stages]
        near = len(gaps) == stages_of(self.problem) and all(
            gap is not None and gap <= self.options.gap for gap in gaps
        )
        if done or near or self.options.clock.over or open_columns(indexed) <= TINY:
            return True
        if outcome.decisions is not None:
            self.ready.first.insert(0, outcome.decisions)
        self.early = outcome.stages[0].bound if outcome.stages else None
        return False

    def _start_clock(self) -> Clock:
        """Return a clock for rankings, which must not take all the time."""
        if self.options.reproducible:
            return Clock(float("inf"), self.options.clock.stop)
        return Clock(0.3 * self.options.clock.left, self.options.clock.stop)

    # -- a stage ---------------------------------------------------------------------------

    def _stage(self, indexed: TimeIndexed, number: int, stage: LinearTerm, starts: Starts) -> bool:
        """Search one stage; return whether it has a plan."""
        last = number == len(indexed.stages) - 1
        left = self.options.clock.left
        clock = Clock(left if last else left * FIRST_SHARE, self.options.clock.stop)
        with collector_paused():
            try:
                space = Space(indexed, stage, tuple(self.state.holds), self.memory, clock)
                search = Search(space, self._limits(), clock, self._reporter(number))
            except OutOfTime:
                return False
            search.starts = starts if number == 0 else None
            search.show = self.options.offer
            if self.early is not None and not number:
                search.take_bound(space.sign * self.early, "cp-sat")
            self._begin(search, clock)
        if search.best is None:
            return False
        exact = len(space.matrix.row_value) <= self.exact_entries
        share = SEARCH_SHARE if exact and clock.left > 2 * self._least_end() else 1.0
        names = tuple(name for name, _ in ENDS)
        if share < 1.0 and self._beside(space):
            names = self._search_beside(search, indexed, number, clock)
        else:
            search.run(clock.left * share, patience=exact)
        self.late = self.late or clock.over
        if exact and names and not search.closed and clock.left > self._least_end():
            self._exact(search, indexed, number, clock, names)
            self.late = self.late or clock.over
        self._record(search, number, last=last)
        return True

    def _beside(self, space: Space) -> bool:
        """Return whether HiGHS works on the whole model from the start: people share their time."""
        plenty = self.options.workers > 1 and not self.options.reproducible
        return plenty and bool(space.share.any())

    def _search_beside(
        self, search: Search, indexed: TimeIndexed, number: int, clock: Clock
    ) -> tuple[str, ...]:
        """Search with HiGHS on the whole model, then CP-SAT beside HiGHS; return who is left.

        HiGHS began with the search and goes on where CP-SAT takes the place of the
        neighbourhoods: it is the better one at plans where people share their time, but late.
        """
        loops = SHARED_SHARE * clock.left
        begin = clock.elapsed
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(search.run, clock.left, patience=True, loops=loops)
            try:
                while not (running.done() or search.resting or clock.elapsed - begin > loops):
                    time.sleep(POLL_SECONDS)
                if running.done():
                    return tuple(name for name, _ in ENDS)
                if not search.closed and clock.left > self._least_end():
                    self._exact(search, indexed, number, clock, ("cp-sat",))
            finally:
                search.halt()
                running.result()
        return ()

    def _least_end(self) -> float:
        """Return the seconds below which exact engines could not even begin."""
        return 0.0 if self.options.reproducible else LEAST_END + 2.0 * self.build_seconds

    def _limits(self) -> Limits:
        options = self.options
        rounds = 0
        if options.reproducible:
            work = options.work_limit if isfinite(options.work_limit) else 1e6
            rounds = max(1, int(work * ROUNDS_PER_SECOND))
        return Limits(options.workers, options.seed, options.gap, rounds)

    def _reporter(self, number: int) -> Callable[[float | None, float | None, str], None]:
        def quiet(_value: float | None, _bound: float | None, _source: str) -> None:
            return

        return quiet if number else self.progress.add

    def _begin(self, search: Search, clock: Clock) -> None:
        """Give the search its first plans."""
        if self.state.point is not None:
            search.offer(self.state.point.x, "earlier stage")
        else:
            if self.options.start is not None:
                self._take_start(search, self.options.start, clock)
            for decisions in self.ready.first:
                point = search.space.point(decisions, clock)
                if point is not None:
                    search.keep(point, "ranking")
        if search.best is None:
            search.construct()

    def _take_start(self, search: Search, start: Decisions, clock: Clock) -> None:
        """Begin with the caller's plan, or with as much of it as still fits."""
        point = search.space.point(start, clock)
        if point is not None:
            search.keep(point, "start")
            search.starts = None
            return
        search.repair(start)
        if search.best is not None:
            if search.starts is not None and not self.ready.first:
                search.followed = partial(Starts(self.problem, clock).followed, start)
            search.starts = None
        elif search.starts is not None:
            self.ready.follow(Starts(self.problem, clock), start)

    def _exact(
        self,
        search: Search,
        indexed: TimeIndexed,
        number: int,
        clock: Clock,
        names: tuple[str, ...],
    ) -> None:
        """Let exact engines go on from the best plan, side by side, on the whole stage.

        CP-SAT is the better one at plans, HiGHS often at bounds; in reproducible mode CP-SAT
        runs alone.
        """
        ends = _Ends(search, clock)
        with ThreadPoolExecutor(len(names)) as pool:
            waiting = [
                pool.submit(self._one_end, ends, name, solver(), indexed, number)
                for name, solver in ENDS
                if name in names and (name == "cp-sat" or not self.options.reproducible)
            ]
            try:
                while not all(future.done() for future in waiting):
                    failed = any(future.done() and future.exception() for future in waiting)
                    # Where work is counted, engines end by themselves at the wanted gap.
                    closed = search.closed and not self.options.reproducible
                    if clock.over or closed or failed:
                        ends.stop.set()
                    time.sleep(POLL_SECONDS)
            finally:
                ends.stop.set()
            for future in waiting:
                future.result()

    def _one_end(
        self, ends: _Ends, name: str, solver: StageSolver, indexed: TimeIndexed, number: int
    ) -> None:
        """Run one exact engine; what the exact check refuses is cut off and asked again.

        Bounds of the first attempt are the only ones that count.
        """
        search = ends.search
        cuts: list[tuple[list[int], list[int]]] = []
        while not ends.clock.over:
            answer = solver.solve(self._request(ends, name, indexed, number, cuts))
            self.state.words.append(f"{name}: {answer.word}")
            if answer.bound is not None and not cuts:
                search.take_bound(search.space.sign * answer.bound, name)
            if answer.values is None:
                return
            point = search.space.verify(search.space.scaled(answer.values))
            if point is not None:
                search.keep(point, name)
                if answer.proved:
                    ends.stop.set()
                return
            cuts.append(indexed.decision_columns(answer.values))

    def _request(
        self,
        ends: _Ends,
        name: str,
        indexed: TimeIndexed,
        number: int,
        cuts: list[tuple[list[int], list[int]]],
    ) -> Request:
        best, space = ends.search.best, ends.search.space
        assert best is not None  # noqa: S101 - callers have looked
        # Shares too: where they are fractions CP-SAT may find none that fit by itself.
        start = {} if self.options.reproducible else dict(enumerate(best.values))
        share = (1.0 - FIRST_SHARE) ** number
        workers = 1 if name == "milp" else self.options.workers
        return Request(
            model=indexed,
            stage=space.stage,
            holds=space.holds,
            cuts=tuple(cuts),
            start=start,
            options=replace(
                self.options,
                clock=ends.clock,
                workers=workers,
                on_progress=self._listener(
                    ends.search, number, proven=name == "cp-sat" and not cuts
                ),
            ),
            clock=ends.clock,
            first=not number,
            work=self.options.work_limit * share * (1.0 - SEARCH_SHARE),
            take=None if self.options.reproducible else partial(ends.search.take, source=name),
        )

    def _listener(
        self, search: Search, number: int, *, proven: bool
    ) -> Callable[[Incumbent], None]:
        """Return what takes the lines of an exact engine while it runs.

        Bounds count at once where they are ``proven``; those of HiGHS wait for the end of the
        run, which confirms them.
        """

        def listen(line: Incumbent) -> None:
            if proven and line.bound is not None and number == 0:
                search.take_bound(search.space.sign * line.bound, line.source)
            self.progress.add(line.value, line.bound if proven else None, line.source)

        return listen

    def _record(self, search: Search, number: int, *, last: bool) -> None:
        """Note best, bound and tolerance of a stage."""
        point, space = search.best, search.space
        assert point is not None  # noqa: S101 - callers have looked
        self.state.point = point
        best = space.sign * point.cost
        bound = settled(space.sign * search.bound if isfinite(search.bound) else None, best)
        gap = relative_gap(best, bound)
        if gap is not None and gap <= OPTIMAL_GAP:
            termination = Termination.PROVED
        elif gap is not None and gap <= self.options.gap:
            termination = Termination.GAP
        elif self.options.clock.stop.is_set():
            termination = Termination.STOPPED
        elif self.options.reproducible and not self.options.clock.over:
            termination = Termination.WORK_LIMIT
        else:
            termination = Termination.TIME_LIMIT
        if not number or self.state.termination is Termination.PROVED:
            self.state.termination = termination
        tolerance = 0.0
        if not last:
            term = self.problem.terms[number]
            tolerance = max(term.abs_tol, term.rel_tol * abs(best))
            stage = space.stage
            limit = best - tolerance if stage.maximised else best + tolerance
            self.state.holds.append(Hold(stage, limit))
        self.state.stages.append(Stage(best, bound, tolerance))
        self.state.words.append(search.word)

    # -- the end ---------------------------------------------------------------------------

    def _without_plan(self) -> Outcome:
        """Ask the exact engine where no start leads to a plan, and time is left."""
        if self.options.clock.over:
            outcome = out_of_time(self.options, "no time for more than rankings")
            known = self.early
            return outcome if known is None else replace(outcome, stages=(Stage(None, known),))
        return CpSatBackend().solve(
            self.problem, replace(self.options, on_progress=self.progress.listen)
        )

    def _outcome(self, indexed: TimeIndexed) -> Outcome:
        point = self.state.point
        assert point is not None  # noqa: S101 - callers have looked
        stages = self.state.stages
        gaps = [relative_gap(stage.best, stage.bound) for stage in stages]
        complete_stages = len(gaps) == stages_of(self.problem)
        proved = complete_stages and all(g is not None and g <= OPTIMAL_GAP for g in gaps)
        termination = self.state.termination
        if not complete_stages:
            termination = left_off(termination, self.options.clock)
        return Outcome(
            status=Status.OPTIMAL if proved else Status.FEASIBLE,
            termination=termination,
            stages=tuple(stages),
            decisions=point.decisions,
            certificate=point.certificate,
            word="; ".join(self.state.words),
            build_seconds=self.build_seconds,
            columns=indexed.model.size,
            rows=len(indexed.model.rows),
            reproducible=self.options.reproducible and not self.late,
        )


def open_columns(indexed: TimeIndexed) -> int:
    """Return the number of columns that are not fixed from the start."""
    model = indexed.model
    return sum(low < high for low, high in zip(model.lower, model.upper, strict=True))
