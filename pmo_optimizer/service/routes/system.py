"""The service itself: whether it lives, what it can do, what was written."""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from pmo_optimizer import __version__
from pmo_optimizer.backend import backend_names, load_backend
from pmo_optimizer.model import EngineError
from pmo_optimizer.service import openapi
from pmo_optimizer.service.auth import LOCAL_TENANT
from pmo_optimizer.service.dependencies import Administrator, Cursor, Limit, Parts, Reader
from pmo_optimizer.service.metrics import CONTENT_TYPE, RUN_BUCKETS
from pmo_optimizer.service.problems import RETRY_SECONDS, ProblemError
from pmo_optimizer.service.schemas import (
    AuditOut,
    AuditPage,
    EngineOut,
    Engines,
    Health,
    Ready,
)
from pmo_optimizer.service.store.errors import NotCurrent

router = APIRouter(prefix="/v1", tags=["service"])

_log = logging.getLogger(__name__)


class Schema(StrEnum):
    """Of which documents there is a JSON Schema."""

    PORTFOLIO = "portfolio"
    SCENARIO = "scenario"
    PLAN = "plan"


@router.get(
    "/health",
    operation_id="get_health",
    summary="Whether the process lives",
    responses=openapi.problems(keyed=False),
)
async def health() -> Health:
    """Answer, without looking at anything: for a check that restarts what does not answer."""
    return Health(status="ok", version=__version__)


@router.get(
    "/ready",
    operation_id="get_ready",
    summary="Whether the service can do its work",
    responses=openapi.problems(503, keyed=False),
)
def ready(service: Parts) -> Ready:
    """Ask the database for an answer, and whether its tables are those of this version.

    Where runs are executed by this service, whether that goes on.
    """
    service.store.ping()
    try:
        service.store.require_current()
    except NotCurrent as error:
        reason = f"revision {error.found or 'none'}, needed {error.wanted}"
        _log.error("not ready", extra={"reason": reason})
        headers = {"Retry-After": str(RETRY_SECONDS)}
        detail = "The tables of the database are not those of this version; its log says more."
        raise ProblemError(503, "unavailable", detail, (), headers) from error
    if not service.alive():
        headers = {"Retry-After": str(RETRY_SECONDS)}
        raise ProblemError(503, "unavailable", "Runs are not executed any more.", (), headers)
    return Ready(status="ready")


@router.get(
    "/engines",
    operation_id="list_engines",
    summary="List the engines",
    responses=openapi.problems(),
)
def engines(caller: Reader) -> Engines:
    """List the engines that are installed, with versions and what each can plan."""
    del caller
    return Engines(engines=[_engine(name) for name in backend_names()])


@router.get(
    "/schemas/{name}",
    operation_id="get_schema",
    summary="Read a JSON Schema",
    responses=openapi.problems(404),
)
def schema(caller: Reader, name: Annotated[Schema, Path()]) -> dict[str, Any]:
    """Read the JSON Schema of portfolios, scenarios or plans (2020-12)."""
    from pmo_optimizer.schemas import plan_schema, portfolio_schema, scenario_schema

    del caller
    if name is Schema.PORTFOLIO:
        return portfolio_schema()
    return scenario_schema() if name is Schema.SCENARIO else plan_schema()


@router.get(
    "/audit",
    operation_id="list_audit",
    summary="List what was written",
    responses=openapi.problems(422),
)
def audit(caller: Administrator, cursor: Cursor = None, limit: Limit = 50) -> AuditPage:
    """List the writes of the tenant, newest first; each carries the hash of the one before."""
    page = caller.store.audit_log(caller.tenant, cursor, limit)
    return AuditPage(items=[AuditOut.of(item) for item in page.items], cursor=page.cursor)


@router.get(
    "/metrics",
    operation_id="get_metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **openapi.problems(),
    },
)
def metrics(caller: Administrator) -> Response:
    """Read the metrics of this process and of runs, as Prometheus text.

    Runs are those of the caller's tenant; the tenant `local` sees those of all.
    """
    service = caller.service
    whose = None if caller.tenant == LOCAL_TENANT else caller.tenant
    figures = service.store.figures(whose, RUN_BUCKETS)
    text = service.metrics.render(figures, streams=service.feeds.streams)
    return Response(text, media_type=CONTENT_TYPE)


def _engine(name: str) -> EngineOut:
    try:
        backend = load_backend(name)
    except EngineError as error:
        return EngineOut(
            name=name,
            available=False,
            exact=False,
            versions={},
            capabilities=[],
            problem=str(error),
        )
    return EngineOut(
        name=name,
        available=True,
        exact=backend.exact,
        versions=backend.versions(),
        capabilities=sorted(str(feature) for feature in backend.capabilities),
        problem="",
    )
