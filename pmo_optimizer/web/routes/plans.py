"""A plan: what it decides, what it is worth, how sure that is, and files of it."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pmo_optimizer.model import Plan, Portfolio
from pmo_optimizer.report import charts
from pmo_optimizer.service.routes.shared import JSON
from pmo_optimizer.web import plan_rows
from pmo_optimizer.web.downloads import DOWNLOADS
from pmo_optimizer.web.pages import page
from pmo_optimizer.web.read import planned
from pmo_optimizer.web.text import text
from pmo_optimizer.web.visitors import ReadVisit

router = APIRouter()


@router.get("/plans/{plan_id}")
def read(request: Request, visitor: ReadVisit, plan_id: str) -> Response:
    """Show a plan: its figures, charts, decisions with reasons, and what may be done with it."""
    found = planned(request, visitor, plan_id)
    plan, portfolio = found.plan, found.portfolio
    inside, outside = plan_rows.decided(portfolio, plan)
    values = {
        "title": text("plan.title", {"name": portfolio.name}),
        "record": found.record,
        "plan": plan,
        "portfolio": portfolio,
        "meaning": plan_rows.meaning(plan),
        "cost": plan_rows.cost_of(plan),
        "inside": inside,
        "outside": outside,
        "violations": plan_rows.violation_rows(plan),
        "breaches": plan_rows.breach_rows(plan),
        "unmet": plan_rows.unmet_rows(portfolio, plan),
        "downloads": DOWNLOADS,
        "decisions": visitor.store.decisions(visitor.tenant, plan_id=plan_id).items,
        "charts": plan_charts(portfolio, plan),
        "search": charts.progress(plan),
    }
    return page(request, visitor, "plan.html", values)


def plan_charts(portfolio: Portfolio, plan: Plan) -> list[charts.Chart]:
    """Return the charts of a plan; none where it has no decisions."""
    if not plan.projects:
        return []
    return [
        charts.roadmap(portfolio, plan),
        charts.bubbles(portfolio, plan),
        charts.spending(portfolio, plan),
        charts.load_map(portfolio, plan),
        charts.dependencies(portfolio, plan),
    ]


@router.get("/plans/{plan_id}/files/{form}")
def download(request: Request, visitor: ReadVisit, plan_id: str, form: str) -> Response:
    """Give a plan as a file."""
    if form == "json":
        record = visitor.store.plan(visitor.tenant, plan_id)
        text_of = json.dumps(json.loads(record.document), indent=1)
        return _file(text_of.encode(), f"{plan_id}.json", JSON)
    if form not in DOWNLOADS:
        raise HTTPException(404)
    chosen = DOWNLOADS[form]
    found = planned(request, visitor, plan_id)
    with visitor.caller.service.heavy.place():
        content = chosen.make(found.portfolio, found.plan)
    return _file(content, f"{plan_id}.{chosen.suffix}", chosen.media_type)


def _file(content: bytes, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=media_type)
