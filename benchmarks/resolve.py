"""Re-solving after one change: what a what-if board waits for, against a long run from scratch."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from statistics import median

from benchmarks.child import AUTO, Job, failed, line_of, said_by
from benchmarks.items import Item
from benchmarks.lines import Line
from pmo_optimizer import Plan, PmoError, Portfolio, optimize

SUITE = "resolve"

STEP = Decimal("0.1")
"""Part by which a budget falls or rises."""

RAISED = Decimal("1.5")
"""Factor on the score that is raised most, within its scale."""

Changed = Callable[[], Portfolio]
"""Returns a changed portfolio."""

NEAR = 0.005
"""Loss against the long run up to which an answer counts as near."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds: the solved base, the answer after a change, and the run that it is held against."""

    base: float
    again: float
    reference: float


def resolve(
    portfolio: Portfolio, name: str, times: Times, workers: int, seed: int
) -> Iterator[Line]:
    """Solve a portfolio, then answer each change from its plan, and yield a line per change.

    ``best_known`` is what the long run from scratch finds; where the quick answer is better,
    ``gap_to_best_known`` is below 0. What goes wrong gives an error line, and others go on.
    """
    try:
        base = optimize(portfolio, time_limit=times.base, workers=workers)
    except PmoError as error:
        yield failed(_job(name, times, workers), said_by(error))
        return
    for change, update in changes(portfolio, base, seed):
        job = _job(f"{name}:{change}", times, workers)
        try:
            yield _answered(job, update(), base, times)
        except PmoError as error:
            yield failed(job, said_by(error))


def _job(name: str, times: Times, workers: int) -> Job:
    return Job(Item(SUITE, name), AUTO, times.again, workers)


def _answered(job: Job, changed: Portfolio, base: Plan, times: Times) -> Line:
    """Return the line of an answer from the plan at hand, against a long run from scratch."""
    begin = time.perf_counter()
    plan = optimize(changed, time_limit=times.again, workers=job.workers, start=base)
    seconds = time.perf_counter() - begin
    reference = optimize(changed, time_limit=times.reference, workers=job.workers)
    known = replace(job, item=replace(job.item, best_known=reference.objective))
    line = line_of(known, changed, plan, seconds)
    # The process has solved more than this: its memory says nothing of one answer.
    said = f"reference: {reference.status.value}, bound {reference.bound}"
    return replace(line, peak_memory=None, message=said)


def changes(portfolio: Portfolio, plan: Plan, seed: int) -> Iterator[tuple[str, Changed]]:
    """Yield the changes of one portfolio by name: budgets, a score, must and never.

    Each is a call that returns the changed portfolio.

    Which fund and which projects is drawn by the seed. Projects that another decision fixes
    already are left alone.
    """
    dice = random.Random(seed)  # noqa: S311 - no secret hangs on it
    free = {p.id for p in portfolio.projects if p.decision == "free" and p.state == "proposed"}
    inside = [p for p in plan.selected if p in free]
    outside = sorted(free - set(plan.selected))
    fund = dice.choice(sorted(fund.id for fund in portfolio.funds))
    yield f"{fund}-10%", partial(_with_budget, portfolio, fund, 1 - STEP)
    yield f"{fund}+10%", partial(_with_budget, portfolio, fund, 1 + STEP)
    if outside:
        worth, entering = dice.choice(outside), dice.choice(outside)
        yield f"score-{worth}", partial(_with_score, portfolio, worth)
        yield f"must-{entering}", partial(_with_project, portfolio, entering, {"decision": "must"})
    if inside:
        leaving = dice.choice(inside)
        yield f"never-{leaving}", partial(_with_project, portfolio, leaving, {"decision": "never"})


def summary(lines: Sequence[Line]) -> str:
    """Return medians of seconds and loss, and how many answers are within half a percent."""
    losses = [line.gap_to_best_known for line in lines if line.gap_to_best_known is not None]
    seconds = [line.seconds for line in lines if line.seconds is not None]
    if not losses or not seconds:
        return "no plan to compare"
    near = sum(loss <= NEAR for loss in losses)
    return (
        f"{len(lines)} changes: median {median(seconds):.2f} s, median loss {median(losses):.2%}, "
        f"{near} of {len(losses)} within {NEAR:.1%}"
    )


def _with_budget(portfolio: Portfolio, fund_id: str, factor: Decimal) -> Portfolio:
    data = portfolio.to_data()
    for fund in data["funds"]:
        if fund["id"] == fund_id:
            fund["amounts"] = _scaled(fund["amounts"], lambda amount: Decimal(str(amount)) * factor)
    return Portfolio.parse(data)


def _scaled(amounts: dict[str, object], change: Callable[[object], Decimal]) -> dict[str, object]:
    """Return amounts of any form, each changed."""
    scaled: dict[str, object] = {}
    for form, value in amounts.items():
        if isinstance(value, dict):
            scaled[form] = {key: str(change(amount)) for key, amount in value.items()}
        elif isinstance(value, (list, tuple)):
            scaled[form] = [str(change(amount)) for amount in value]
        elif value is not None:
            scaled[form] = str(change(value))
    return scaled


def _with_score(portfolio: Portfolio, project_id: str) -> Portfolio:
    """Return a portfolio in which a project is half as good again by every criterion."""
    (project,) = (p for p in portfolio.projects if p.id == project_id)
    scores = {}
    for criterion in portfolio.criteria:
        if criterion.id in project.scores:
            span = criterion.best - criterion.worst
            utility = (project.scores[criterion.id] - criterion.worst) / span
            raised = min(Decimal(1), utility * RAISED)
            scores[criterion.id] = str(criterion.worst + raised * span)
    return _with_project(portfolio, project_id, {"scores": scores})


def _with_project(portfolio: Portfolio, project_id: str, update: dict[str, object]) -> Portfolio:
    data = portfolio.to_data()
    for project in data["projects"]:
        if project["id"] == project_id:
            project |= update
    return Portfolio.parse(data)
