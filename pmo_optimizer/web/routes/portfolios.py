"""The list of portfolios, and what one of them holds."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.responses import Response

from pmo_optimizer.report import charts
from pmo_optimizer.service.bodies import PortfolioBody
from pmo_optimizer.service.documents import text_of
from pmo_optimizer.service.problems import FindingOut
from pmo_optimizer.service.routes import portfolios as api
from pmo_optimizer.service.routes.runs import queue_run
from pmo_optimizer.web import overview
from pmo_optimizer.web.numbers import seconds_of
from pmo_optimizer.web.pages import go, page
from pmo_optimizer.web.read import stored
from pmo_optimizer.web.sample import sample_portfolio
from pmo_optimizer.web.text import text
from pmo_optimizer.web.visitors import ReadVisit, SolveForm

router = APIRouter()

LAST = 8
"""Runs and decisions that the page of a portfolio lists."""


@router.get("/portfolios")
def index(request: Request, visitor: ReadVisit, cursor: str | None = None) -> Response:
    """List the portfolios, newest first."""
    found = visitor.store.portfolios(visitor.tenant, cursor)
    values = {"title": text("portfolios.title"), "found": found}
    return page(request, visitor, "portfolios.html", values)


@router.post("/portfolios/sample")
def sample(request: Request, sent: SolveForm) -> Response:
    """Store the sample portfolio and show it."""
    body = PortfolioBody(text_of(sample_portfolio()).encode())
    answer = api.create(sent.visitor.caller, body)
    return go(request, answer.headers["Location"].removeprefix("/v1"))


@router.get("/portfolios/{portfolio_id}")
def read(
    request: Request, visitor: ReadVisit, portfolio_id: str, revision: int | None = None
) -> Response:
    """Show a portfolio: facts, findings, money, people, and what was planned and decided."""
    found = stored(request, visitor, portfolio_id, revision)
    runs = visitor.store.runs(visitor.tenant, portfolio_id=portfolio_id, limit=LAST)
    values = {
        "title": found.portfolio.name,
        "record": found.record,
        "portfolio": found.portfolio,
        "findings": [FindingOut.of(finding) for finding in found.findings],
        "facts": overview.facts(found.portfolio),
        "funds": overview.fund_rows(found.portfolio),
        "skills": overview.skill_rows(found.portfolio),
        "projects": overview.project_rows(found.portfolio),
        "runs": runs.items,
        "most_seconds": visitor.caller.service.settings.time_limit,
        "charts": [charts.bubbles(found.portfolio), charts.dependencies(found.portfolio)],
    }
    return page(request, visitor, "portfolio.html", values)


@router.post("/portfolios/{portfolio_id}/runs")
def plan(request: Request, sent: SolveForm, portfolio_id: str) -> Response:
    """Put a solve of the portfolio in the queue and show its run."""
    parameters = {"time_limit": seconds_of(sent.fields.get("time_limit"))}
    body = {"kind": "solve", "portfolio_id": portfolio_id, "parameters": parameters}
    run = queue_run(sent.visitor.caller, json.dumps(body).encode())
    return go(request, f"/runs/{run.id}")
