"""The engine behind ``backend="auto"``: the hybrid engine, or exact ones on small problems.

Small problems are proved fastest by the exact engines themselves. Which one wins depends on
the portfolio: a MIP solver where money binds, CP-SAT where few people bind. Where people with
skills serve needs CP-SAT runs alone. Elsewhere both run at once, the better plan and the better
bound count, and both stop as soon as the two meet; in reproducible mode, and with one worker,
one engine runs alone.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

from pmo_optimizer.backend import (
    Backend,
    Clock,
    Options,
    Outcome,
    Stage,
    backend_names,
    better_of,
    load_backend,
    relative_gap,
    stages_of,
)
from pmo_optimizer.model import (
    EngineError,
    Incumbent,
    Status,
    SupplierKind,
    Termination,
    Unsupported,
)
from pmo_optimizer.problem import NAMED_STAFFING, Feature, Problem

PREFERRED = ("cp-sat", "milp")
"""Engines that take part, the one that runs alone first."""

LARGE = "hybrid"
"""Engine of problems that are not small."""

SMALL = 200
"""Choices of mode and start, over all phases, up to which a problem is small; a project without
phases is one choice."""

OPTIMAL_GAP = 1e-6
"""Relative gap at which a plan is proved optimal (formulation, section 10)."""

LEAST_THREADS = 2
"""Threads that CP-SAT gets in a race at least."""

POLL_SECONDS = 0.05
"""How often the stop signal is looked at."""


class AutoBackend:
    """Runs the hybrid engine; on small problems CP-SAT, or the exact engines side by side."""

    name = "auto"
    capabilities = frozenset(Feature) - NAMED_STAFFING
    exact = True

    def versions(self) -> dict[str, str]:
        """Return the versions of all engines that may take part."""
        engines = (*_engines(), *_large())
        return {name: v for engine in engines for name, v in engine.versions().items()}

    def solve(self, problem: Problem, options: Options) -> Outcome:
        """Return the best plan with the best bound; see `pmo_optimizer.backend.Backend`."""
        if choices(problem) > SMALL:
            for engine in _large():
                return engine.solve(problem, options)
        engines = _engines()
        alone = options.reproducible or options.workers == 1 or len(engines) == 1
        if alone or _people_bind(problem):
            return engines[0].solve(problem, options)
        return _Race(problem, options, engines).run()


def _engines() -> tuple[Backend, ...]:
    registered = backend_names()
    engines = tuple(load_backend(name) for name in PREFERRED if name in registered)
    if not engines:
        raise Unsupported("no exact engine is installed; install pmo-optimizer anew")
    return engines


def _large() -> tuple[Backend, ...]:
    """Return the engine of large problems, where it is installed."""
    return (load_backend(LARGE),) if LARGE in backend_names() else ()


def choices(problem: Problem) -> int:
    """Return the number of modes x starts over all phases, a measure of size."""
    plain = sum(not project.phases for project in problem.projects)
    return plain + sum(
        len(phase.starts(mode))
        for project in problem.projects
        for phase in project.phases
        for mode in phase.modes
    )


def _people_bind(problem: Problem) -> bool:
    """Return whether people with skills serve needs: there CP-SAT needs all the time it gets."""
    kinds = (problem.suppliers[s].kind for b in problem.buckets for s, _ in b.suppliers)
    return any(kind is SupplierKind.CLASS for kind in kinds)


def threads_of(name: str, workers: int) -> int:
    """Return the threads of an engine in a race: together as many as there are workers.

    The MIP solver has one. CP-SAT gets the others, but never fewer than two, since with a
    single one it leaves out its search in neighbourhoods; two workers thus make three threads,
    which on two cores gave the same plans and bounds as two threads.
    """
    return max(LEAST_THREADS, workers - 1) if name == PREFERRED[0] else 1


class _Race:
    """Engines in threads of their own; their libraries release the interpreter lock."""

    def __init__(self, problem: Problem, options: Options, engines: tuple[Backend, ...]) -> None:
        self.problem = problem
        self.options = options
        self.engines = engines
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.value: float | None = None
        self.bound: float | None = None
        self.outcomes: dict[str, Outcome] = {}
        self.failures: dict[str, EngineError] = {}

    def run(self) -> Outcome:
        with ThreadPoolExecutor(len(self.engines)) as pool:
            waiting = {pool.submit(self._solve, engine) for engine in self.engines}
            try:
                while waiting:
                    done, waiting = wait(waiting, POLL_SECONDS)
                    broken = any(future.exception() is not None for future in done)
                    if broken or self.options.clock.stop.is_set():
                        self.stop.set()
                    for future in done:
                        future.result()
            finally:
                self.stop.set()
        if not self.outcomes:
            raise next(iter(self.failures.values()))
        return self._merged()

    def _solve(self, engine: Backend) -> None:
        options = replace(
            self.options,
            clock=Clock(self.options.clock.left, self.stop),
            workers=threads_of(engine.name, self.options.workers),
            on_progress=self._listen,
        )
        try:
            outcome = engine.solve(self.problem, options)
        except EngineError as error:
            self.failures[engine.name] = error
            return
        self.outcomes[engine.name] = outcome
        if outcome.status in {Status.OPTIMAL, Status.INFEASIBLE} or self._near_enough(outcome):
            self.stop.set()

    def _near_enough(self, outcome: Outcome) -> bool:
        gaps = [relative_gap(stage.best, stage.bound) for stage in outcome.stages]
        return bool(gaps) and all(gap is not None and gap <= self.options.gap for gap in gaps)

    def _listen(self, line: Incumbent) -> None:
        """Keep the best value and bound of all, tell the caller, stop when they meet."""
        with self.lock:
            value = self._better(self.value, line.value)
            # The MIP solver confirms its bounds at the end only.
            proven = None if line.source == PREFERRED[1] else line.bound
            bound = self._better(self.bound, proven, tighter=True)
            if (value, bound) == (self.value, self.bound):
                return
            self.value, self.bound = value, bound
            self.options.report(value, bound, line.source)
            gap = relative_gap(value, bound)
            single = len(self.problem.terms) == 1
            if single and gap is not None and gap <= max(self.options.gap, OPTIMAL_GAP):
                self.stop.set()

    def _better(
        self, old: float | None, new: float | None, *, tighter: bool = False
    ) -> float | None:
        return better_of(old, new, higher=self.problem.maximised != tighter)

    # -- the end ---------------------------------------------------------------------------

    def _merged(self) -> Outcome:
        """Return the best plan with the best bound of all engines.

        An engine that calls infeasible what another one planned is wrong: its word is noted
        and nothing of it is used.
        """
        word = "; ".join(
            [f"{name}: {outcome.word}" for name, outcome in sorted(self.outcomes.items())]
            + [f"{name}: {error}" for name, error in sorted(self.failures.items())]
        )
        planned = [o for o in self.outcomes.values() if o.decisions is not None]
        if not planned:
            return replace(self._without_plan(), word=word)
        best = planned[0]
        for outcome in planned[1:]:
            if self._beats(outcome, best):
                best = outcome
        # What was streamed counts too: the engine that was stopped by it may end with less.
        bounds = [o.stages[0].bound for o in self.outcomes.values() if o.stages] + [self.bound]
        first = self._with_bound(best.stages[0], bounds)
        stages = (first, *best.stages[1:])
        return replace(
            best,
            stages=stages,
            word=word,
            status=self._status(best, stages),
            termination=self._termination(best, stages),
        )

    def _without_plan(self) -> Outcome:
        for outcome in self.outcomes.values():
            if outcome.status is Status.INFEASIBLE:
                return outcome
        return next(iter(self.outcomes.values()))

    def _beats(self, left: Outcome, right: Outcome) -> bool:
        """Compare plans stage by stage, more finished stages first where all are equal."""
        for number, (a, b) in enumerate(zip(left.stages, right.stages, strict=False)):
            if a.best is None or b.best is None:
                break
            if abs(a.best - b.best) > OPTIMAL_GAP * max(1.0, abs(a.best)):
                maximised = self.problem.terms[number].name.maximised
                return (a.best > b.best) == maximised
        return len(left.stages) > len(right.stages)

    def _with_bound(self, stage: Stage, bounds: list[float | None]) -> Stage:
        """Return the stage with the tightest bound that its own plan does not disprove."""
        bound: float | None = None
        for other in (stage.bound, *bounds):
            if not self._disproved(other, stage.best):
                bound = self._better(bound, other, tighter=True)
        if bound is not None and stage.best is not None:
            bound = max(bound, stage.best) if self.problem.maximised else min(bound, stage.best)
        return replace(stage, bound=bound)

    def _disproved(self, bound: float | None, value: float | None) -> bool:
        if bound is None or value is None:
            return False
        wrong = value - bound if self.problem.maximised else bound - value
        return wrong > OPTIMAL_GAP * max(1.0, abs(value))

    def _status(self, best: Outcome, stages: tuple[Stage, ...]) -> Status:
        wanted = stages_of(self.problem)
        gaps = [relative_gap(stage.best, stage.bound) for stage in stages]
        proved = len(gaps) == wanted and all(g is not None and g <= OPTIMAL_GAP for g in gaps)
        return Status.OPTIMAL if proved else Status.FEASIBLE

    def _termination(self, best: Outcome, stages: tuple[Stage, ...]) -> Termination:
        gaps = [relative_gap(stage.best, stage.bound) for stage in stages]
        widest = max((float("inf") if gap is None else gap for gap in gaps), default=0.0)
        if len(gaps) == stages_of(self.problem):
            if widest <= OPTIMAL_GAP:
                return Termination.PROVED
            if widest <= self.options.gap:
                return Termination.GAP
        if self.options.clock.stop.is_set():
            return Termination.STOPPED
        ended = best.termination is not Termination.STOPPED
        return best.termination if ended else Termination.TIME_LIMIT
