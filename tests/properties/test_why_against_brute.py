"""Why a project is in or out: losses and flips are those of brute force."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from pmo_optimizer.model import Decision, Portfolio, State
from pmo_scenarios import Flip, FlipStatus, Lever, Reason, Verdict, Why, why
from pmo_scenarios.studies.flips import scaled
from pmo_scenarios.studies.forced import leading, with_project
from tests.brute.evaluate import Evaluator
from tests.properties.agreement import TOLERANCE, same, tiny_case
from tests.properties.selections import best_of_selections

SEEDS = 12
"""Random portfolios of a normal run."""

DRILL_SEEDS = 130
"""Random portfolios of a drill."""

RANGE = 10
"""Portfolios of one test of a drill."""

EVERY = 20
"""Of seeds that are a multiple of this every solve is held against brute force."""


def _differences(seed: int) -> list[str]:
    """Return everything in which the answer about one project contradicts brute force.

    Held against enumeration are the ends of a bracket, and of some seeds every factor.
    """
    every = seed % EVERY == 0
    portfolio, _ = tiny_case(seed)
    names = [p.id for p in portfolio.projects if p.state is not State.DONE]
    if not names:
        return []
    name = Random(seed).choice(names)
    with ThreadPoolExecutor(2) as pool:
        answer = why(portfolio, name, precision=0.05, executor=pool, workers=1, backend="milp")
    return [
        *_sides(portfolio, answer),
        *(text for flip in answer.flips for text in _flip(portfolio, name, flip, every)),
    ]


def _bests(portfolio: Portfolio, name: str) -> tuple[float | None, float | None]:
    """Return the best objective with a project and without it, whatever is decided about it."""
    freed = with_project(portfolio, name, selected=False)
    project = freed.project_by_id[name].model_copy(update={"decision": Decision.FREE})
    projects = tuple(project if p.id == name else p for p in freed.projects)
    values = best_of_selections(Evaluator(freed.model_copy(update={"projects": projects})))
    sign = 1 if portfolio.objective.maximised else -1
    sides = ([v for c, v in values.items() if (name in c) is wanted] for wanted in (True, False))
    inside, outside = (
        sign * max(sign * value for value in side) if side else None for side in sides
    )
    return inside, outside


def _sides(portfolio: Portfolio, answer: Why) -> Iterator[str]:
    sign = 1 if portfolio.objective.maximised else -1
    inside, outside = _bests(portfolio, answer.project)
    if answer.reason is Reason.NO_PLAN or answer.opposite is None:
        if inside is not None or outside is not None:
            yield f"{answer.reason}, but there is a plan"
        return
    pinned = answer.reason in {Reason.MUST, Reason.RUNNING}
    is_in = pinned if answer.selected is None else answer.selected
    here, there = (inside, outside) if is_in else (outside, inside)
    if (here is None) is not (answer.base.objective is None):
        yield f"base {answer.base.objective}, brute force {here}"
    if (there is None) is not (answer.opposite.objective is None):
        yield f"opposite {answer.opposite.objective}, brute force {there}"
    if here is None or there is None or answer.loss is None:
        return
    loss = sign * (here - there)
    slack = TOLERANCE * max(1.0, abs(here), abs(there))
    if answer.loss.low is None or answer.loss.low > loss + slack:
        yield f"loss at least {answer.loss.low}, brute force {loss}"
    if answer.loss.high is None or answer.loss.high < loss - slack:
        yield f"loss at most {answer.loss.high}, brute force {loss}"
    exact = len(portfolio.objective.terms) == 1
    if exact and not same(answer.loss.value, loss):
        yield f"loss {answer.loss.value}, brute force {loss}"
    if answer.reason is Reason.BETTER and loss <= 0:
        yield f"proven better, brute force {loss}"
    if answer.reason is Reason.EQUAL and abs(loss) > 10 * slack:
        yield f"proven equal, brute force {loss}"


def _flip(portfolio: Portfolio, name: str, flip: Flip, every: bool) -> Iterator[str]:
    """Hold trials against brute force, and the bracket against what it promises."""
    ends = (flip.inside, flip.outside)
    for trial in flip.trials:
        if not (every or trial.factor in ends or flip.status is FlipStatus.NONE):
            continue
        base = leading(portfolio)
        changed = scaled(base, base.project_by_id[name], flip.lever, trial.factor)
        inside, outside = _bests(changed if trial.factor != 1 else base, name)
        truth = _verdict(portfolio, inside, outside)
        if trial.verdict is not truth:
            yield f"{flip.lever} x {trial.factor}: {trial.verdict}, brute force {truth}"
    if flip.status is FlipStatus.FOUND:
        if flip.inside is None or flip.outside is None:
            yield f"{flip.lever}: no bracket"
            return
        more = flip.inside > flip.outside
        if more is not (flip.lever is Lever.VALUE):
            yield f"{flip.lever}: in at {flip.inside}, out at {flip.outside}"
        wide = abs(flip.inside - flip.outside) > 0.05 * max(flip.inside, flip.outside) + 1e-5
        if wide:
            yield f"{flip.lever}: from {flip.inside} to {flip.outside} is wide"
    if flip.status is FlipStatus.OPEN and all(t.verdict is not Verdict.OPEN for t in flip.trials):
        yield f"{flip.lever}: open, {flip.reason}"


def _verdict(portfolio: Portfolio, inside: float | None, outside: float | None) -> Verdict:
    if inside is None or outside is None:
        return Verdict.OPEN if inside is outside else [Verdict.OUT, Verdict.IN][outside is None]
    sign = 1 if portfolio.objective.maximised else -1
    slack = TOLERANCE * max(1.0, abs(inside), abs(outside))
    return Verdict.IN if sign * (inside - outside) >= -slack else Verdict.OUT


@pytest.mark.parametrize("seed", range(SEEDS))
def test_an_answer_is_that_of_brute_force(seed: int) -> None:
    """Losses enclose the true one, and each trial decides as enumeration does."""
    assert _differences(seed) == []


@pytest.mark.drill
@pytest.mark.parametrize("first", range(SEEDS, DRILL_SEEDS, RANGE))
def test_an_answer_is_that_of_brute_force_on_many(first: int) -> None:
    """The same on further portfolios; every seed with a difference is listed."""
    found = {s: _differences(s) for s in range(first, min(first + RANGE, DRILL_SEEDS))}
    assert {seed: texts for seed, texts in found.items() if texts} == {}
