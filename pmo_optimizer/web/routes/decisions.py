"""Decisions of the board: propose, approve, make the baseline, or reject with a reason."""

from __future__ import annotations

import json
import re

from fastapi import APIRouter, Request
from starlette.responses import Response

from pmo_optimizer.service.problems import refused
from pmo_optimizer.service.routes import decisions as api
from pmo_optimizer.service.store.decisions import MOVES
from pmo_optimizer.service.store.errors import NotFound
from pmo_optimizer.service.store.records import DecisionState
from pmo_optimizer.web.pages import go, page
from pmo_optimizer.web.text import text
from pmo_optimizer.web.visitors import DecideForm, ReadVisit, SolveForm

router = APIRouter()

SEEN = re.compile(r"[0-9]{1,6}")

ORDER = (
    DecisionState.PROPOSED,
    DecisionState.APPROVED,
    DecisionState.BASELINE,
    DecisionState.REJECTED,
)
"""In which order moves are offered."""


@router.get("/decisions")
def index(request: Request, visitor: ReadVisit, cursor: str | None = None) -> Response:
    """List the decisions, newest first."""
    found = visitor.store.decisions(visitor.tenant, cursor=cursor)
    values = {
        "title": text("decisions.title"),
        "decisions": found.items,
        "cursor": found.cursor,
    }
    return page(request, visitor, "decisions.html", values)


@router.post("/plans/{plan_id}/decisions")
def propose(request: Request, sent: SolveForm, plan_id: str) -> Response:
    """Begin a decision about a plan and put it before the board."""
    caller, fields = sent.visitor.caller, sent.fields
    body = {"plan_id": plan_id, "title": fields.get("title"), "why": fields.get("why")}
    answer = api.create(caller, json.dumps(body).encode())
    id = answer.headers["Location"].rpartition("/")[2]
    move = {"to": DecisionState.PROPOSED.value, "why": fields.get("why")}
    api.move(caller, id, json.dumps(move).encode())
    return go(request, f"/decisions/{id}")


@router.get("/decisions/{decision_id}")
def read(request: Request, visitor: ReadVisit, decision_id: str) -> Response:
    """Show a decision, its history, and what may be done next."""
    record = visitor.store.decision(visitor.tenant, decision_id)
    needed = {
        state: "solve" if state is DecisionState.PROPOSED else "approve"
        for state in ORDER
        if state in MOVES[record.state]
    }
    values = {
        "title": record.title,
        "record": record,
        "moves": [state for state, scope in needed.items() if visitor.may(scope)],
        "barred": [state for state, scope in needed.items() if not visitor.may(scope)],
        "plan": _plan(visitor, record.plan_id),
    }
    return page(request, visitor, "decision.html", values)


@router.post("/decisions/{decision_id}/move")
def move(request: Request, sent: DecideForm, decision_id: str) -> Response:
    """Move a decision; whoever rejects one says why."""
    to, why = sent.fields.get("to"), sent.fields.get("why")
    if to == DecisionState.REJECTED and not why:
        message = "A decision is rejected without a reason."
        raise refused("missing-field", "why", message, "Say why: the log keeps it.")
    body = {"to": to, "why": why}
    shown = sent.fields.get("seen")
    seen = int(shown) if SEEN.fullmatch(shown) else None
    api.moved(sent.visitor.caller, decision_id, json.dumps(body).encode(), seen)
    return go(request, f"/decisions/{decision_id}")


def _plan(visitor: ReadVisit, plan_id: str) -> object:
    """Return the plan that a decision is about; None where it is gone."""
    try:
        return visitor.store.plan(visitor.tenant, plan_id)
    except NotFound:
        return None
