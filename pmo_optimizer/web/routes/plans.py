"""A plan: what it decides, what it is worth, and how sure that is."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from pmo_optimizer.report import charts
from pmo_optimizer.web.pages import page
from pmo_optimizer.web.read import planned
from pmo_optimizer.web.text import text
from pmo_optimizer.web.visitors import ReadVisit

router = APIRouter()


@router.get("/plans/{plan_id}")
def read(request: Request, visitor: ReadVisit, plan_id: str) -> Response:
    """Show a plan."""
    found = planned(request, visitor, plan_id)
    plan, portfolio = found.plan, found.portfolio
    values = {
        "title": text("plan.title", {"name": portfolio.name}),
        "record": found.record,
        "plan": plan,
        "portfolio": portfolio,
        "charts": [
            charts.roadmap(portfolio, plan),
            charts.bubbles(portfolio, plan),
            charts.spending(portfolio, plan),
            charts.load_map(portfolio, plan),
            charts.progress(plan),
        ],
    }
    return page(request, visitor, "plan.html", values)
