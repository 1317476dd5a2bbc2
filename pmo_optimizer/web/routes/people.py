"""Who works on what: the people of a plan, and the own plan of one of them."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.responses import Response

from pmo_optimizer.service.routes.runs import queue_run
from pmo_optimizer.web import people_rows
from pmo_optimizer.web.numbers import seconds_of
from pmo_optimizer.web.pages import go, page
from pmo_optimizer.web.read import planned
from pmo_optimizer.web.text import text
from pmo_optimizer.web.visitors import ReadVisit, SolveForm

router = APIRouter()


@router.get("/plans/{plan_id}/people")
def index(request: Request, visitor: ReadVisit, plan_id: str) -> Response:
    """Show the load of everybody by period, and the team of each project."""
    found = planned(request, visitor, plan_id)
    values = {
        "title": text("people.title.of", {"name": found.portfolio.name}),
        "record": found.record,
        "portfolio": found.portfolio,
        "named": people_rows.by_name(found.plan),
        "labels": people_rows.labels(found.portfolio),
        "rows": people_rows.load_rows(found.portfolio, found.plan),
        "teams": people_rows.team_rows(found.portfolio, found.plan),
    }
    return page(request, visitor, "people.html", values)


@router.get("/plans/{plan_id}/people/{person:path}")
def read(request: Request, visitor: ReadVisit, plan_id: str, person: str) -> Response:
    """Show what one person does, period by period."""
    found = planned(request, visitor, plan_id)
    rows = people_rows.own_rows(found.portfolio, found.plan, person)
    values = {
        "title": text("person.title", {"name": people_rows.Names(found.portfolio).of(person)}),
        "record": found.record,
        "portfolio": found.portfolio,
        "rows": rows,
    }
    return page(request, visitor, "person.html", values)


@router.post("/plans/{plan_id}/staff")
def staff(request: Request, sent: SolveForm, plan_id: str) -> Response:
    """Put a run in the queue that gives the plan names."""
    visitor = sent.visitor
    record = visitor.store.plan(visitor.tenant, plan_id)
    run = visitor.store.run(visitor.tenant, record.run_id)
    body = {
        "kind": "staff",
        "portfolio_id": record.portfolio_id,
        "revision": record.revision,
        "start_plan_id": plan_id,
        "parameters": {"time_limit": seconds_of(sent.fields.get("time_limit"))},
    }
    if run.scenario_document is not None:
        body["scenario"] = json.loads(run.scenario_document)
    return go(request, f"/runs/{queue_run(visitor.caller, json.dumps(body).encode()).id}")
