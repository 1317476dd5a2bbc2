"""Stages, refused solutions, and progress: what every engine on the time-indexed model does.

Stage k optimizes term k while every earlier term stays within its tolerance of its best
(formulation, section 7). Every solution is checked row by row in whole numbers and completed
exactly; one that fails is cut off and the stage solved again, so that an engine's tolerances
never decide feasibility.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from pmo_optimizer.backend import (
    Certificate,
    Clock,
    Decisions,
    Found,
    Options,
    Outcome,
    Stage,
    relative_gap,
    stages_of,
)
from pmo_optimizer.model import Status, Termination
from pmo_optimizer.problem import Problem
from pmo_solvers.completion import complete
from pmo_solvers.penalties import penalty
from pmo_solvers.time_indexed.build import TimeIndexed, build
from pmo_solvers.time_indexed.linear import Kind, LinearTerm, OutOfTime

OPTIMAL_GAP = 1e-6
"""A stage is proved at this relative gap (formulation, section 10)."""

FLOAT_NOISE = 1e-8
"""A bound this near to its incumbent, relative above 1, is the same number."""

FIRST_SHARE = 0.75
"""Part of the time that is left which a stage gets when others follow."""


@dataclass(frozen=True, slots=True)
class Hold:
    """An earlier term that must stay at ``limit`` or better."""

    term: LinearTerm
    limit: float


@dataclass(frozen=True, slots=True)
class Request:
    """One solve: a stage, what earlier stages hold, cuts, and a start.

    Attributes
    ----------
    cuts
        Refused solutions as (columns at 1, columns at 0): at least one must differ.
    work
        Seconds of a reference machine that ``reproducible`` mode allows for this stage.
    start
        Values of columns, or empty.
    take
        Called with the column values of every new solution, from any thread, where somebody
        wants them before the end; they are not checked yet.
    """

    model: TimeIndexed
    stage: LinearTerm
    holds: tuple[Hold, ...]
    cuts: tuple[tuple[list[int], list[int]], ...]
    start: dict[int, int]
    options: Options
    clock: Clock
    first: bool
    work: float
    take: Callable[[list[int]], None] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine says of one request.

    Attributes
    ----------
    values
        Whole column values, or None. Continuous columns are rounded.
    value, bound
        Objective of the values by the engine, and its proven bound.
    proved
        Whether the engine closed its own, possibly rounded, objective.
    """

    values: list[int] | None
    value: float | None
    bound: float | None
    infeasible: bool
    termination: Termination
    word: str
    proved: bool = False


class StageSolver(Protocol):
    """The part that differs between engines."""

    def solve(self, request: Request) -> Answer:
        """Return the best solution of one stage."""
        ...


@dataclass(slots=True)
class _Run:
    """State of a run: the best verified decisions and what the stages found.

    ``loose`` is set once a cut may have taken more than the refused solution (the schedule with
    every number of heads); from then on only ``kept_bound``, from before, is proven.
    """

    stages: list[Stage] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    cuts: list[tuple[list[int], list[int]]] = field(default_factory=list)
    values: list[int] | None = None
    decisions: Decisions | None = None
    certificate: Certificate = field(default_factory=Certificate)
    termination: Termination = Termination.PROVED
    word: str = ""
    penalty: float = 0.0
    loose: bool = False
    kept_bound: float | None = None


def run(
    problem: Problem, options: Options, solver: StageSolver, indexed: TimeIndexed | None = None
) -> Outcome:
    """Return the outcome of all stages, on a model that is built already or built here."""
    begin = time.monotonic()
    try:
        indexed = indexed or build(problem, options.clock)
    except OutOfTime:
        return out_of_time(options, "the time was over before the model was built")
    build_seconds = time.monotonic() - begin
    state = _Run()
    infeasible = False
    if indexed.model.infeasible:
        infeasible = True
        state.word = f"row {indexed.model.infeasible} cannot hold"
    else:
        _take_start(indexed, options, state)
        for number, stage in enumerate(indexed.stages):
            if number and (state.decisions is None or options.clock.over):
                state.termination = left_off(state.termination, options.clock)
                break
            infeasible = _solve_stage(indexed, number, stage, options, solver, state)
            if infeasible:
                break
    return Outcome(
        status=_status(problem, state, infeasible),
        termination=Termination.PROVED if infeasible else state.termination,
        stages=tuple(state.stages),
        decisions=state.decisions,
        certificate=state.certificate,
        word=state.word,
        build_seconds=build_seconds,
        columns=indexed.model.size,
        rows=len(indexed.model.rows),
        reproducible=options.reproducible and not options.clock.over,
    )


def out_of_time(options: Options, word: str) -> Outcome:
    """Return the outcome of a run that ended before its engine began."""
    return Outcome(Status.NO_PLAN_FOUND, cut_short(options.clock), word=word)


def cut_short(clock: Clock) -> Termination:
    """Return why a run ended that was not done: the stop signal, or the limit."""
    return Termination.STOPPED if clock.stop.is_set() else Termination.TIME_LIMIT


def left_off(termination: Termination, clock: Clock) -> Termination:
    """Return why a run ended before its last stages: that the first one is proved is not it."""
    return cut_short(clock) if termination is Termination.PROVED else termination


def no_time(clock: Clock, engine: str) -> Answer:
    """Return the answer of an engine whose time was over before it had the model."""
    word = f"the time was over before {engine} had the model"
    return Answer(None, None, None, False, cut_short(clock), word)


def _status(problem: Problem, state: _Run, infeasible: bool) -> Status:
    if infeasible:
        return Status.INFEASIBLE
    if state.decisions is None:
        return Status.NO_PLAN_FOUND
    wanted = stages_of(problem)
    gaps = [relative_gap(stage.best, stage.bound) for stage in state.stages]
    proved = len(gaps) == wanted and all(g is not None and g <= OPTIMAL_GAP for g in gaps)
    return Status.OPTIMAL if proved else Status.FEASIBLE


def _solve_stage(
    indexed: TimeIndexed,
    number: int,
    stage: LinearTerm,
    options: Options,
    solver: StageSolver,
    state: _Run,
) -> bool:
    """Solve one stage, cutting off what cannot be completed; return whether it is infeasible."""
    last = number == len(indexed.stages) - 1
    clock = Clock(options.clock.left * (1.0 if last else FIRST_SHARE), options.clock.stop)
    start = _start(indexed, options, state)
    while True:
        request = Request(
            model=indexed,
            stage=stage,
            holds=tuple(state.holds),
            cuts=tuple(state.cuts),
            start=start,
            options=_without_bounds(options) if state.loose else options,
            clock=clock,
            first=not number,
            work=options.work_limit * _share(number, len(indexed.stages)),
            take=_taker(indexed, options),
        )
        answer = solver.solve(request)
        state.word = answer.word
        if answer.infeasible:
            if state.decisions is None and not state.loose:
                return True
            # A plan that keeps all rules is at hand, so the engine is wrong.
            _no_solution(indexed, stage, replace(answer, bound=None), state)
            return False
        if answer.values is None:
            _no_solution(indexed, stage, answer, state)
            return False
        if _accept(indexed, answer.values, state, stage):
            break
        if not (state.loose or indexed.cuts_are_exact):
            state.loose, state.kept_bound = True, answer.bound
        state.cuts.append(indexed.decision_columns(answer.values))
        start = {}
        if clock.over:
            _no_solution(indexed, stage, answer, state)
            return False
    _finish_stage(indexed, number, stage, answer, options, state)
    return False


def _without_bounds(options: Options) -> Options:
    """Return options that pass incumbents on, but none of the bounds, which prove no more."""
    listen = options.on_progress
    if listen is None:
        return options
    return replace(
        options, on_progress=lambda line: listen(line.model_copy(update={"bound": None}))
    )


def _taker(indexed: TimeIndexed, options: Options) -> Callable[[list[int]], None] | None:
    """Return what turns solutions on the way into offers, if anyone wants these."""
    offer = options.on_offer
    if offer is None:
        return None
    return lambda values: offer(lambda: _found(indexed, values))


def _found(indexed: TimeIndexed, values: list[int]) -> Found | None:
    """Return the plan that column values mean, None where they are none, exactly."""
    if not indexed.model.within_bounds(values) or indexed.model.first_violated(values):
        return None
    decisions = indexed.decode(values)
    certificate = complete(indexed.problem, decisions)
    return None if certificate is None else Found(decisions, certificate)


def _accept(
    indexed: TimeIndexed, values: list[int], state: _Run, stage: LinearTerm | None = None
) -> bool:
    """Check rows in whole numbers and complete the decisions; return whether both succeed.

    They are kept unless a better solution of the stage is at hand.
    """
    found = _found(indexed, values)
    if found is None:
        return False
    decisions, certificate = found.decisions, found.certificate
    if stage is not None and _worse(indexed, stage, values, decisions, certificate, state):
        return True
    state.values, state.decisions, state.certificate = values, decisions, certificate
    state.penalty = penalty(indexed.problem, decisions, certificate)
    return True


def _worse(
    indexed: TimeIndexed,
    stage: LinearTerm,
    values: list[int],
    decisions: Decisions,
    certificate: Certificate,
    state: _Run,
) -> bool:
    """Return whether a solution is worse than the one at hand.

    An engine that was given that one as a start never says so; in reproducible mode none is.
    """
    before = _value(indexed, stage, state)
    if before is None:
        return False
    price = penalty(indexed.problem, decisions, certificate)
    after = _value(indexed, stage, _Run(values=values, penalty=price))
    return after is not None and (after < before if stage.maximised else after > before)


def _take_start(indexed: TimeIndexed, options: Options, state: _Run) -> None:
    """Keep the caller's start where it is a plan of this problem."""
    if options.start is None:
        return
    encoded = indexed.encode(options.start)
    if encoded is None:
        return
    values = [encoded.get(column, 0) for column in range(indexed.model.size)]
    if _accept(indexed, values, state) and state.decisions is not None:
        options.offer(state.decisions, state.certificate)
        options.report(_value(indexed, indexed.stages[0], state), None, "start")


def _value(indexed: TimeIndexed, stage: LinearTerm, state: _Run) -> float | None:
    """Return a stage's objective at the kept decisions, breaches counted exactly."""
    if state.values is None:
        return None
    value = stage.value(state.values)
    if stage is indexed.stages[0]:
        factor = indexed.penalty_weight * (-1.0 if stage.maximised else 1.0)
        value += factor * (state.penalty - indexed.penalty.value(state.values))
    return value


def _no_solution(indexed: TimeIndexed, stage: LinearTerm, answer: Answer, state: _Run) -> None:
    """Record a stage that ended without an accepted solution of its own."""
    best = _value(indexed, stage, state)
    state.stages.append(Stage(best, state.kept_bound if state.loose else answer.bound))
    state.termination = (
        answer.termination
        if answer.termination is not Termination.PROVED
        else Termination.TIME_LIMIT
    )


def settled(bound: float | None, value: float) -> float | None:
    """Return the bound, or the value where only the noise of floats lies between them."""
    if bound is not None and abs(bound - value) <= FLOAT_NOISE * max(1.0, abs(value)):
        return value
    return bound


def ended_at(stages: Sequence[Stage], values: Sequence[float]) -> bool:
    """Return whether stages ended at these values."""
    pairs = zip(stages, values, strict=False)
    return len(stages) >= len(values) and all(
        stage.best is not None and abs(stage.best - value) <= OPTIMAL_GAP * max(1.0, abs(value))
        for stage, value in pairs
    )


def _finish_stage(
    indexed: TimeIndexed,
    number: int,
    stage: LinearTerm,
    answer: Answer,
    options: Options,
    state: _Run,
) -> None:
    best = _value(indexed, stage, state) or 0.0
    bound = settled(state.kept_bound if state.loose else answer.bound, best)
    gap = relative_gap(best, bound)
    if gap is not None and gap <= OPTIMAL_GAP:
        termination = Termination.PROVED
    elif gap is not None and gap <= options.gap:
        termination = Termination.GAP
    elif answer.termination is Termination.PROVED:
        # The engine is done, but its tolerances left a gap to the exact value of its plan.
        termination = Termination.WORK_LIMIT
    else:
        termination = answer.termination
    if not number or state.termination is Termination.PROVED:
        state.termination = termination
    tolerance = 0.0
    if number < len(indexed.stages) - 1:
        term = indexed.problem.terms[number]
        tolerance = max(term.abs_tol, term.rel_tol * abs(best))
        limit = best - tolerance if stage.maximised else best + tolerance
        state.holds.append(Hold(stage, limit))
    state.stages.append(Stage(best, bound, tolerance))


def _share(number: int, stages: int) -> float:
    """Return the part of all work that a stage gets, whatever earlier ones used."""
    rest = (1.0 - FIRST_SHARE) ** number
    return rest if number == stages - 1 else rest * FIRST_SHARE


def _start(indexed: TimeIndexed, options: Options, state: _Run) -> dict[int, int]:
    """Return a start: the values at hand, or as much of the caller's decisions as fits.

    In reproducible mode there is none: CP-SAT 9.15 with a hint and two workers was seen to end
    at different points of the search in two runs.
    """
    if options.reproducible:
        return {}
    if state.values is not None:
        kinds = indexed.model.kind
        return {c: v for c, v in enumerate(state.values) if kinds[c] is not Kind.CONTINUOUS}
    if options.start is None:
        return {}
    return indexed.encode(options.start) or {}


def cut_rows(cuts: Sequence[tuple[list[int], list[int]]]) -> list[tuple[dict[int, int], int]]:
    """Return each cut as (terms, upper): sum over ones - sum over zeros <= number of ones - 1."""
    return [
        (dict.fromkeys(ones, 1) | dict.fromkeys(zeros, -1), len(ones) - 1) for ones, zeros in cuts
    ]
