"""Studies: their results, and the pages that begin a comparison and a frontier."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from pmo_optimizer.model import InvalidInput, Portfolio
from pmo_optimizer.service.problems import refused
from pmo_optimizer.service.routes.runs import queue_run
from pmo_optimizer.service.store.errors import NotFound
from pmo_optimizer.service.store.records import RunRecord
from pmo_optimizer.web.answers import Answer, answer_of
from pmo_optimizer.web.numbers import numbers_of, seconds_of
from pmo_optimizer.web.pages import by_script, go, page
from pmo_optimizer.web.read import stored
from pmo_optimizer.web.text import text
from pmo_optimizer.web.visitors import ReadVisit, SolveForm, Visitor
from pmo_optimizer.web.workshop.planned import portfolio_of_run

router = APIRouter()

SECONDS = "10"
"""Time limit of each solve that the pages propose."""

LEVELS = "50, 75, 100, 125, 150"

LAST = 8
"""Earlier results that a page lists."""

MOST_SAVED = 200

SOLVE = "solve"

Values = dict[str, Any]


@router.get("/runs/{run_id}/answer")
def answer(request: Request, visitor: ReadVisit, run_id: str) -> Response:
    """Show what a study found; while it goes on, how far it is."""
    run = visitor.store.run(visitor.tenant, run_id)
    if run.kind == SOLVE:
        raise NotFound("result", run_id)
    template = "parts/answer.html" if by_script(request) else "answer.html"
    return page(request, visitor, template, _answered(request, visitor, run))


@router.get("/runs/{run_id}/answer/document")
def document(visitor: ReadVisit, run_id: str) -> Response:
    """Give the result of a study as JSON, as the command line prints it."""
    result = visitor.store.run(visitor.tenant, run_id).result
    if result is None:
        raise NotFound("result", run_id)
    headers = {"Content-Disposition": f'attachment; filename="{run_id}.json"'}
    return Response(result, headers=headers, media_type="application/json")


@router.post("/runs/{run_id}/answer/stop")
def stop(request: Request, sent: SolveForm, run_id: str) -> Response:
    """End a study now with what it knows."""
    visitor = sent.visitor
    visitor.store.request_stop(visitor.tenant, run_id, audited=visitor.caller.audited)
    if by_script(request):
        return Response(status_code=204)
    return go(request, f"/runs/{run_id}/answer")


@router.get("/portfolios/{portfolio_id}/compare")
def compare(
    request: Request, visitor: ReadVisit, portfolio_id: str, run: str | None = None
) -> Response:
    """Offer the saved scenarios for a comparison, and show one."""
    return _study(request, visitor, portfolio_id, "compare", run)


@router.post("/portfolios/{portfolio_id}/compare")
def begin_compare(request: Request, sent: SolveForm, portfolio_id: str) -> Response:
    """Put a comparison of the chosen scenarios in the queue."""
    visitor, chosen = sent.visitor, sent.fields.all("scenario")
    if not chosen:
        fix = text("compare.nothing.fix")
        raise refused("missing-field", "scenario", text("compare.nothing"), fix)
    parameters = {
        "time_limit": seconds_of(sent.fields.get("seconds")),
        "scenarios": _documents(visitor, portfolio_id, chosen),
    }
    return _begin(request, visitor, portfolio_id, "compare", parameters)


@router.get("/portfolios/{portfolio_id}/frontier")
def frontier(
    request: Request, visitor: ReadVisit, portfolio_id: str, run: str | None = None
) -> Response:
    """Offer what can be varied, and show a frontier."""
    return _study(request, visitor, portfolio_id, "frontier", run)


@router.post("/portfolios/{portfolio_id}/frontier")
def begin_frontier(request: Request, sent: SolveForm, portfolio_id: str) -> Response:
    """Put a frontier in the queue."""
    visitor, fields = sent.visitor, sent.fields
    parameters: Values = {
        "time_limit": seconds_of(fields.get("seconds")),
        "levels": numbers_of(fields.get("levels"), "levels"),
        **_axis(fields.get("axis")),
    }
    chosen = fields.all("scenario")
    if chosen:
        parameters["scenarios"] = _documents(visitor, portfolio_id, chosen)
    return _begin(request, visitor, portfolio_id, "frontier", parameters)


def _axis(given: str) -> Values:
    """Return the parameters that say what is varied."""
    kind, _, name = given.partition(":")
    match kind:
        case "funds":
            return {}
        case "fund":
            return {"funds": [name]}
        case "skill" | "limit":
            return {kind: name}
    message = text("frontier.axis.wrong", {"given": given[:40]})
    raise refused("wrong-value", "axis", message, text("frontier.axis.fix"))


def _axes(portfolio: Portfolio) -> list[tuple[str, str]]:
    """Return what can be varied: value of the field, and words."""
    axes = [("funds:", text("frontier.funds"))] if portfolio.funds else []
    groups = (
        ("fund", "frontier.fund", portfolio.funds),
        ("skill", "frontier.skill", portfolio.skills),
        ("limit", "frontier.limit", portfolio.caps),
        ("limit", "frontier.limit", portfolio.rules),
    )
    for kind, key, items in groups:
        axes += [(f"{kind}:{x.id}", text(key, {"name": x.name or x.id})) for x in items]
    return axes


def _documents(visitor: Visitor, portfolio_id: str, chosen: tuple[str, ...]) -> list[Values]:
    """Return stored scenarios of the portfolio, with ids that differ."""
    found: list[Values] = []
    taken: set[str] = set()
    for id in dict.fromkeys(chosen):
        record = visitor.store.scenario(visitor.tenant, id)
        if record.portfolio_id != portfolio_id:
            raise NotFound("scenario", id)
        document = json.loads(record.document)
        name, number = document["id"], 1
        while document["id"] in taken or document["id"] == "base":
            number += 1
            document["id"] = f"{name}-{number}"
        taken.add(document["id"])
        found.append(document)
    return found


def _begin(
    request: Request, visitor: Visitor, portfolio_id: str, kind: str, parameters: Values
) -> Response:
    body = {"kind": kind, "portfolio_id": portfolio_id, "parameters": parameters}
    run = queue_run(visitor.caller, json.dumps(body).encode())
    return go(request, f"/portfolios/{portfolio_id}/{kind}?run={run.id}")


def _study(
    request: Request, visitor: Visitor, portfolio_id: str, kind: str, run_id: str | None
) -> Response:
    """Show the page of a study: what it is asked, one result, and those before it."""
    found = stored(request, visitor, portfolio_id)
    last = visitor.store.runs(visitor.tenant, kind=kind, portfolio_id=portfolio_id, limit=LAST)
    values: Values = {
        "title": text(f"{kind}.title", {"name": found.portfolio.name}),
        "lead": text(f"{kind}.lead"),
        "portfolio": found.portfolio,
        "portfolio_id": portfolio_id,
        "kind": kind,
        "saved": visitor.store.scenarios(visitor.tenant, portfolio_id, limit=MOST_SAVED).items,
        "axes": _axes(found.portfolio),
        "levels": LEVELS,
        "seconds": SECONDS,
        "most_seconds": visitor.caller.service.settings.time_limit,
        "runs": last.items,
        "run": None,
    }
    if run_id is not None:
        run = visitor.store.run(visitor.tenant, run_id)
        if run.portfolio_id != portfolio_id or run.kind != kind:
            raise NotFound("run", run_id)
        values |= _answered(request, visitor, run) | {"title": values["title"]}
    return page(request, visitor, "study.html", values)


def _answered(request: Request, visitor: Visitor, run: RunRecord) -> Values:
    """Return what a study found, if it has ended."""
    found: Answer | None = None
    portfolio = stored(request, visitor, run.portfolio_id, run.revision).portfolio
    if run.result is not None:
        # Where the scenario does not fit any more, names of the base do.
        with suppress(InvalidInput):
            portfolio = portfolio_of_run(request, visitor, run)
        found = answer_of(run.kind, portfolio, json.loads(run.result))
    name = portfolio.name
    return {
        "title": text("study.title", {"kind": run.kind}),
        "run": run,
        "portfolio_id": run.portfolio_id,
        "portfolio_name": name,
        "answer": found,
    }
