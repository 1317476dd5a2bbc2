"""Stored portfolios and plans as pages need them."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from pmo_optimizer.checks import check
from pmo_optimizer.model import Finding, Plan, Portfolio
from pmo_optimizer.service.documents import portfolio_of
from pmo_optimizer.service.planned import planned_portfolio
from pmo_optimizer.service.routes.plans import plan_of
from pmo_optimizer.service.store.records import PlanRecord, PortfolioRecord
from pmo_optimizer.web.visitors import Visitor, board_of


@dataclass(frozen=True)
class Stored:
    """A portfolio at one revision, and what is odd about it."""

    record: PortfolioRecord
    portfolio: Portfolio
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Planned:
    """A plan, and the portfolio that it is of: with the scenario of its run, if it had one."""

    record: PlanRecord
    plan: Plan
    portfolio: Portfolio


def stored(request: Request, visitor: Visitor, id: str, revision: int | None = None) -> Stored:
    """Return a portfolio at a revision, by default the newest.

    Raises
    ------
    NotFound
        The tenant has no such portfolio or revision.
    """
    record = visitor.store.portfolio(visitor.tenant, id, revision)

    def make() -> tuple[Portfolio, tuple[Finding, ...]]:
        with visitor.caller.service.heavy.place():
            portfolio = portfolio_of(record)
            return portfolio, check(portfolio)

    # Lists show it, charts draw it, scenarios change it: reading it takes long where it is large.
    portfolio, findings = board_of(request).portfolios.get((id, record.revision), make)
    return Stored(record, portfolio, findings)


def planned(request: Request, visitor: Visitor, id: str) -> Planned:
    """Return a plan with its portfolio.

    Raises
    ------
    NotFound
        The tenant has no such plan.
    """
    record = visitor.store.plan(visitor.tenant, id)

    def make() -> tuple[Plan, Portfolio]:
        with visitor.caller.service.heavy.place():
            return plan_of(record), planned_portfolio(visitor.store, visitor.tenant, record)

    # The result of a study, which may hold the portfolio, is there when the plan is final.
    if record.final:
        plan, portfolio = board_of(request).plans.get(id, make)
    else:
        plan, portfolio = make()
    return Planned(record, plan, portfolio)
