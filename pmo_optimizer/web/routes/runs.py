"""Runs: the list, and one with its progress."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.sse import EventSourceResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from pmo_optimizer.web.pages import go, page
from pmo_optimizer.web.text import text
from pmo_optimizer.web.visitors import ReadVisit, SolveForm

router = APIRouter()


@router.get("/runs")
def index(request: Request, visitor: ReadVisit, cursor: str | None = None) -> Response:
    """List the runs, newest first."""
    found = visitor.store.runs(visitor.tenant, cursor=cursor)
    values = {"title": text("runs.title"), "runs": found.items, "cursor": found.cursor}
    return page(request, visitor, "runs.html", values)


@router.get("/runs/{run_id}")
def read(request: Request, visitor: ReadVisit, run_id: str) -> Response:
    """Show a run: its state, and the figures of its best plan so far."""
    return page(request, visitor, "run.html", _values(visitor, run_id))


@router.get("/runs/{run_id}/live")
def live(request: Request, visitor: ReadVisit, run_id: str) -> Response:
    """Give the part of the page that changes while the run goes on."""
    return page(request, visitor, "parts/run.html", _values(visitor, run_id))


@router.get("/runs/{run_id}/events")
async def events(
    visitor: ReadVisit,
    run_id: str,
    last: Annotated[str | None, Header(alias="Last-Event-ID", pattern=r"^[0-9]{1,9}$")] = None,
) -> Response:
    """Follow a run: the same stream that the API gives, for the page's own session."""
    await run_in_threadpool(visitor.store.run_status, visitor.tenant, run_id)
    feeds = visitor.caller.service.feeds
    feeds.require_room(visitor.tenant)
    stream = feeds.stream(visitor.tenant, run_id, int(last or 0), visitor.allowed)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return EventSourceResponse(stream, headers=headers)


@router.post("/runs/{run_id}/stop")
def stop(request: Request, sent: SolveForm, run_id: str) -> Response:
    """Ask a run to end now with the best plan that it has."""
    visitor = sent.visitor
    visitor.store.request_stop(visitor.tenant, run_id, audited=visitor.caller.audited)
    return go(request, f"/runs/{run_id}")


def _values(visitor: ReadVisit, run_id: str) -> dict[str, object]:
    run = visitor.store.run_status(visitor.tenant, run_id)
    portfolio = visitor.store.portfolio(visitor.tenant, run.portfolio_id, run.revision)
    title = text("run.title", {"kind": run.kind})
    return {"title": title, "run": run, "portfolio_name": portfolio.name}
