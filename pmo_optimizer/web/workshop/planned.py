"""Stored plans that the workshop compares: that of the base, and that of a run so far."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from pmo_optimizer.model import Plan, Portfolio
from pmo_optimizer.service.documents import scenario_of
from pmo_optimizer.service.routes.plans import plan_of
from pmo_optimizer.service.routes.runs import PLAN_TRIES
from pmo_optimizer.service.store.errors import NotFound
from pmo_optimizer.service.store.records import (
    PlanRecord,
    PortfolioRecord,
    RunRecord,
    RunState,
)
from pmo_optimizer.web.read import Planned, planned, stored
from pmo_optimizer.web.visitors import Visitor, board_of

PAGES, PAGE = 3, 200
"""So many runs at most are looked through for a plan of the base."""


@dataclass(frozen=True)
class Base:
    """The best stored plan of a portfolio as it is."""

    plan_id: str
    objective: float


def base_of(visitor: Visitor, record: PortfolioRecord, *, maximise: bool) -> Base | None:
    """Return the best plan of a portfolio as it is, the newest of equal ones; None without one."""
    best: Base | None = None
    cursor: str | None = None
    for _ in range(PAGES):
        found = visitor.store.runs(
            visitor.tenant, RunState.SUCCEEDED, "solve", record.id, cursor, PAGE
        )
        for run in found.items:
            if run.digest != record.digest or run.plan_id is None or run.objective is None:
                continue
            better = best is None or (run.objective - best.objective) * (1 if maximise else -1) > 0
            if better:
                best = Base(run.plan_id, run.objective)
        cursor = found.cursor
        if cursor is None:
            break
    return best


def portfolio_of_run(request: Request, visitor: Visitor, run: RunRecord) -> Portfolio:
    """Return the portfolio that a run plans: its revision, with its scenario."""
    base = stored(request, visitor, run.portfolio_id, run.revision).portfolio
    document = run.scenario_document
    if document is None:
        return base
    return board_of(request).changed.get(run.id, lambda: scenario_of(document).apply(base))


def plan_of_run(
    request: Request, visitor: Visitor, run: RunRecord
) -> tuple[PlanRecord, Plan, Portfolio] | None:
    """Return the best plan of a run so far, with its portfolio; None while it has none."""
    portfolio = portfolio_of_run(request, visitor, run)
    for _ in range(PLAN_TRIES):
        plan_id = visitor.store.run_status(visitor.tenant, run.id).plan_id
        if plan_id is None:
            return None
        try:
            record = visitor.store.plan(visitor.tenant, plan_id)
        except NotFound:
            # The run has just replaced it by a better one.
            continue
        return record, plan_of(record), portfolio
    return None


def base_plan(request: Request, visitor: Visitor, id: str, portfolio_id: str) -> Planned | None:
    """Return the plan to compare with, if there still is one and it is of the portfolio."""
    if not id:
        return None
    try:
        found = planned(request, visitor, id)
    except NotFound:
        return None
    return found if found.record.portfolio_id == portfolio_id else None
