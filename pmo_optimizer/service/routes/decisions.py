"""Decisions: what the board makes of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from pmo_optimizer import __version__
from pmo_optimizer.service import examples, openapi
from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.bodies import parsed_plain
from pmo_optimizer.service.dependencies import (
    Body,
    Caller,
    Creation,
    Cursor,
    Decider,
    IdempotencyKey,
    Limit,
    Reader,
    Solver,
)
from pmo_optimizer.service.routes.plans import plan_of
from pmo_optimizer.service.routes.shared import JSON
from pmo_optimizer.service.schemas import (
    DecisionFull,
    DecisionId,
    DecisionOut,
    DecisionPage,
    DecisionRequest,
    MoveRequest,
    PlanId,
)
from pmo_optimizer.service.store.records import DecisionRecord, DecisionState, Reply

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])

Id = Annotated[DecisionId, Path(examples=[examples.DECISION_ID])]

CREATED = {"Location": openapi.header("Where it is.", "/v1/decisions/...")}
LINKS = openapi.links("decision_id", "get_decision", "move_decision")


@router.post(
    "",
    operation_id="create_decision",
    summary="Begin a decision about a plan",
    status_code=201,
    response_model=DecisionFull,
    responses={
        201: {"description": "A draft.", "headers": CREATED, "links": LINKS},
        **openapi.problems(404, 409, 415, 422),
    },
    openapi_extra=openapi.body("DecisionRequest", examples.DECISIONS),
)
def create(caller: Solver, body: Body, key: IdempotencyKey = None) -> Response:
    """Begin a decision, as a draft. Its plan is kept from now on, and so is the run.

    The digests of portfolio and plan, the versions, the bound and the gap are pinned.
    """
    creation = Creation(caller, "create_decision", key, body)
    request = parsed_plain(body, DecisionRequest)

    def reply(record: DecisionRecord) -> Reply:
        headers = {"Location": f"/v1/decisions/{record.id}"}
        return Reply(201, headers, DecisionFull.full(record).model_dump_json())

    record = caller.store.create_decision(
        caller.tenant,
        request.plan_id,
        request.title,
        actor=caller.actor,
        actor_name=caller.principal.name,
        why=request.why,
        versions=_versions(caller, request.plan_id),
        once=creation.once(reply),
        audited=caller.audited,
    )
    answer = reply(record)
    return Response(answer.body, answer.status, dict(answer.headers), media_type=JSON)


@router.get(
    "",
    operation_id="list_decisions",
    summary="List decisions",
    responses=openapi.problems(422),
)
def index(
    caller: Reader,
    state: Annotated[DecisionState | None, Query(description="Only those in this state.")] = None,
    plan_id: Annotated[PlanId | None, Query(description="Only those about it.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> DecisionPage:
    """List decisions, newest first."""
    page = caller.store.decisions(caller.tenant, state, plan_id, cursor, limit)
    return DecisionPage(items=[DecisionOut.of(item) for item in page.items], cursor=page.cursor)


@router.get(
    "/{decision_id}",
    operation_id="get_decision",
    summary="Read a decision",
    responses=openapi.problems(404),
)
def read(caller: Reader, decision_id: Id) -> DecisionFull:
    """Read a decision with its history: who moved it where, when, why, and on what grounds."""
    return DecisionFull.full(caller.store.decision(caller.tenant, decision_id))


@router.post(
    "/{decision_id}/move",
    operation_id="move_decision",
    summary="Move a decision to its next state",
    responses=openapi.problems(404, 409, 415, 422),
    openapi_extra=openapi.body("MoveRequest", examples.MOVES),
)
def move(caller: Decider, decision_id: Id, body: Body) -> DecisionFull:
    """Move a decision: draft, proposed, approved, baseline; or rejected, from each but the last.

    Who proposes needs the scope `solve`; approving, rejecting and making it the baseline need
    `approve`. What was decided is never changed: each move is added to the history.
    """
    return moved(caller, decision_id, body)


def moved(caller: Caller, decision_id: str, body: bytes, seen: int | None = None) -> DecisionFull:
    """Move a decision; with `seen` only where it has had no more moves than that."""
    request = parsed_plain(body, MoveRequest)
    target = DecisionState(request.to)
    caller.require(Scope.SOLVE if target is DecisionState.PROPOSED else Scope.APPROVE)
    before = caller.store.decision(caller.tenant, decision_id)
    record = caller.store.move_decision(
        caller.tenant,
        decision_id,
        target,
        actor=caller.actor,
        actor_name=caller.principal.name,
        why=request.why,
        versions=_versions(caller, before.plan_id),
        overrides=[override.model_dump(mode="json") for override in request.overrides],
        audited=caller.audited,
        seen=seen,
    )
    return DecisionFull.full(record)


def _versions(caller: Caller, plan_id: str) -> Mapping[str, str]:
    """Return the versions of this package and of the engine's libraries."""
    engine = plan_of(caller.store.plan(caller.tenant, plan_id)).engine
    return {"pmo-optimizer": __version__, **(engine.versions if engine is not None else {})}
