"""Runs: created, followed, stopped, discarded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.sse import EventSourceResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from pmo_optimizer.model import Finding, InvalidInput, Severity
from pmo_optimizer.service import examples, openapi
from pmo_optimizer.service.bodies import parsed, plain
from pmo_optimizer.service.dependencies import (
    Body,
    Caller,
    Creation,
    Cursor,
    IdempotencyKey,
    Limit,
    Reader,
    Solver,
)
from pmo_optimizer.service.documents import applied, portfolio_of, scenario_of, scenario_text
from pmo_optimizer.service.problems import ProblemError
from pmo_optimizer.service.routes.shared import JSON
from pmo_optimizer.service.runs.parameters import parameter_findings
from pmo_optimizer.service.schemas import (
    Kind,
    PlanFull,
    PortfolioId,
    ResultOut,
    RunId,
    RunItem,
    RunOut,
    RunPage,
    RunRequest,
)
from pmo_optimizer.service.store.errors import NotFound
from pmo_optimizer.service.store.records import PortfolioRecord, Reply, RunRecord, RunState
from pmo_scenarios import Scenario

router = APIRouter(prefix="/v1/runs", tags=["runs"])

LONGEST_WAIT = 30
"""Seconds that ``Prefer: wait`` may ask for."""

WAIT = re.compile(r"(?:^|[\s,;])wait\s*=\s*\"?([0-9]{1,6})\"?(?:$|[\s,;])")

MOST_PARAMETERS = 1024 * 1024
"""Characters of the parameters of a run: lists of runs show them."""

POLL_SECONDS = "1"
"""``Retry-After`` of a run that goes on."""

Id = Annotated[RunId, Path(examples=[examples.RUN_ID])]

Prefer = Annotated[
    str | None,
    Header(
        max_length=500,
        description=f"`wait=N` waits up to N seconds, at most {LONGEST_WAIT}, and answers 200 "
        "with the run where it has ended by then.",
    ),
]
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        pattern=r"^[0-9]{1,9}$",
        description="Number of the last event seen; those after it are sent.",
    ),
]

LOCATION = openapi.header("Where the run is.", "/v1/runs/...")
RETRY = openapi.header("Seconds after which to ask again.", POLL_SECONDS, "integer")
LINKS = openapi.links(
    "run_id",
    "get_run",
    "get_run_events",
    "list_plans",
    "stop_run",
    "delete_run",
)
APPLIED = openapi.header("That the wait was granted.", "wait=10")


@dataclass(frozen=True)
class _Input:
    """What a run is of."""

    portfolio: PortfolioRecord
    digest: str
    scenario_document: str | None


@router.post(
    "",
    operation_id="create_run",
    summary="Solve a portfolio, or study it",
    status_code=202,
    response_model=RunOut,
    responses={
        200: {
            "model": RunOut,
            "description": "It has ended within the wait that `Prefer` asked for.",
            "headers": {"Location": LOCATION, "Preference-Applied": APPLIED},
        },
        202: {
            "description": "In the queue.",
            "headers": {
                "Location": LOCATION,
                "Retry-After": RETRY,
                "Preference-Applied": APPLIED | {"required": False},
            },
            "links": LINKS,
        },
        **openapi.problems(404, 415, 422, 429),
    },
    openapi_extra=openapi.body("RunRequest", examples.RUNS),
)
async def create(
    caller: Solver, body: Body, key: IdempotencyKey = None, prefer: Prefer = None
) -> Response:
    """Put a run in the queue: a solve, or a study of the kind that is named.

    It runs in a process of its own. Follow it by `GET`, or by its events.
    """
    record = await run_in_threadpool(queue_run, caller, body, key)
    wait = waiting(prefer)
    headers = {"Location": f"/v1/runs/{record.id}"}
    if wait is None or caller.service.feeds.full(caller.tenant):
        # The run is in the queue: a wait that is one too many is not granted, and nothing else.
        return _accepted(RunOut.of(record), headers)
    headers["Preference-Applied"] = f"wait={wait}"
    ended = await caller.service.feeds.ended(caller.tenant, record.id, wait)
    if ended is not None:
        return Response(RunOut.of(ended).model_dump_json(), 200, headers, media_type=JSON)
    latest = await run_in_threadpool(caller.store.run_status, caller.tenant, record.id)
    return _accepted(RunOut.of(latest), headers)


@router.get(
    "",
    operation_id="list_runs",
    summary="List runs",
    responses=openapi.problems(422),
)
def index(
    caller: Reader,
    state: Annotated[RunState | None, Query(description="Only those in this state.")] = None,
    kind: Annotated[Kind | None, Query(description="Only those of this kind.")] = None,
    portfolio_id: Annotated[PortfolioId | None, Query(description="Only those of it.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> RunPage:
    """List runs, newest first."""
    page = caller.store.runs(caller.tenant, state, kind, portfolio_id, cursor, limit)
    return RunPage(items=[RunItem.item(run) for run in page.items], cursor=page.cursor)


@router.get(
    "/{run_id}",
    operation_id="get_run",
    summary="Read a run",
    responses=openapi.problems(404),
)
def read(caller: Reader, run_id: Id, response: Response) -> RunOut:
    """Read the state of a run, and the figures of its best plan so far. It is cheap to ask."""
    record = caller.store.run_status(caller.tenant, run_id)
    if not record.state.terminal:
        response.headers["Retry-After"] = POLL_SECONDS
    return RunOut.of(record)


@router.delete(
    "/{run_id}",
    operation_id="delete_run",
    summary="Discard a run",
    status_code=204,
    responses=openapi.problems(404, 409),
)
def delete(caller: Solver, run_id: Id) -> None:
    """Cancel a run if it still goes on, and remove it with its plans.

    409 where a decision pins one of its plans. To end a run and keep its plan, stop it.
    """
    caller.store.delete_run(caller.tenant, run_id, audited=caller.audited)


@router.post(
    "/{run_id}/stop",
    operation_id="stop_run",
    summary="Stop a run and keep its best plan",
    status_code=202,
    responses={
        202: {"description": "It ends soon, or has ended."},
        **openapi.problems(404),
    },
)
def stop(caller: Solver, run_id: Id) -> RunOut:
    """Ask a run to end now with the best plan that it has. Asking again changes nothing."""
    record = caller.store.request_stop(caller.tenant, run_id, audited=caller.audited)
    return RunOut.of(record)


@router.get(
    "/{run_id}/plan",
    operation_id="get_run_plan",
    summary="Read the best plan so far",
    responses=openapi.problems(404),
)
def plan(caller: Reader, run_id: Id) -> PlanFull:
    """Read the best plan of a run so far; 404 while it has none."""
    for _ in range(PLAN_TRIES):
        record = caller.store.run_status(caller.tenant, run_id)
        if record.plan_id is None:
            break
        found = _unless_replaced(caller, record.plan_id)
        if found is not None:
            return found
    raise ProblemError(404, "not-found", "The run has no plan, or none yet.")


@router.get(
    "/{run_id}/result",
    operation_id="get_run_result",
    summary="Read what a study found",
    responses=openapi.problems(404),
)
def result(caller: Reader, run_id: Id) -> ResultOut:
    """Read the result of a study, in the form of the command line's `--json`.

    404 while it has none; a solve has a plan instead.
    """
    record = caller.store.run(caller.tenant, run_id)
    if record.result is None:
        raise ProblemError(404, "not-found", "The run has no result of a study, or none yet.")
    return ResultOut(run_id=run_id, kind=record.kind, result=json.loads(record.result))


@router.get(
    "/{run_id}/events",
    operation_id="get_run_events",
    summary="Follow a run",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events. `id` is the number of an event; the last one, "
            "`end`, carries the run and closes the stream. Comments are heartbeats.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **openapi.problems(404, 422, 429),
    },
)
async def events(caller: Reader, run_id: Id, last: LastEventId = None) -> Response:
    """Follow a run: its states, incumbents, bounds and gaps as they come, then `end`.

    Each event's data has the form `Event`. Those of a run that has ended are played back.
    """
    await run_in_threadpool(caller.store.run_status, caller.tenant, run_id)
    feeds = caller.service.feeds
    feeds.require_room(caller.tenant)
    stream = feeds.stream(caller.tenant, run_id, int(last or 0), caller.allowed)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return EventSourceResponse(stream, headers=headers)


PLAN_TRIES = 5
"""How often a plan is asked for that its run replaces at that moment by a better one."""


def waiting(prefer: str | None) -> int | None:
    """Return the seconds that a ``Prefer`` header asks to wait; None where it does not.

    Examples
    --------
    >>> waiting("respond-async, wait=10"), waiting("wait=99"), waiting("wait=soon")
    (10, 30, None)
    """
    found = WAIT.search(prefer or "")
    return None if found is None else min(int(found[1]), LONGEST_WAIT)


def _accepted(run: RunOut, headers: dict[str, str]) -> Response:
    headers = {**headers, "Retry-After": POLL_SECONDS}
    return Response(run.model_dump_json(), 202, headers, media_type=JSON)


def queue_run(caller: Caller, body: bytes, key: str | None = None) -> RunRecord:
    """Put the run that a body asks for in the queue.

    Raises
    ------
    InvalidInput
        With every finding about the scenario and the parameters.
    NotFound
        The tenant has no such portfolio, revision, scenario or plan.
    Replayed, KeyReused
        The idempotency key was used before.
    """
    creation = Creation(caller, "create_run", key, body)
    request = parsed(body, RunRequest)
    parameters = plain(request.parameters)
    found = _input(caller, request, parameters)

    def reply(record: RunRecord) -> Reply:
        headers = {"Location": f"/v1/runs/{record.id}", "Retry-After": POLL_SECONDS}
        return Reply(202, headers, RunOut.of(record).model_dump_json())

    record = caller.store.create_run(
        caller.tenant,
        request.kind,
        found.portfolio.id,
        found.portfolio.revision,
        parameters=parameters,
        digest=found.digest,
        queued_limit=caller.service.settings.queued,
        scenario_id=request.scenario_id,
        scenario_document=found.scenario_document,
        start_plan_id=request.start_plan_id,
        once=creation.once(reply),
        audited=caller.audited,
    )
    caller.service.wake()
    return record


def _input(caller: Caller, request: RunRequest, parameters: dict[str, Any]) -> _Input:
    """Return what a run is of.

    Raises
    ------
    NotFound
        The tenant has no such portfolio, revision or scenario.
    InvalidInput
        With every finding about the scenario and the parameters.
    """
    portfolio = caller.store.portfolio(caller.tenant, request.portfolio_id, request.revision)
    findings = [*_about(caller, request, parameters)]
    digest, text = portfolio.digest, None
    try:
        scenario = _scenario(caller, request)
        if scenario is not None:
            text = scenario_text(scenario)
            with caller.service.heavy.place():
                digest = applied(scenario, portfolio_of(portfolio)).digest()
    except InvalidInput as error:
        findings += error.findings
    if findings:
        raise InvalidInput(tuple(findings))
    return _Input(portfolio, digest, text)


def _about(caller: Caller, request: RunRequest, parameters: dict[str, Any]) -> Iterable[Finding]:
    """Return what is wrong with a request beside its scenario."""
    limits = caller.service.settings.limits
    has_plan = request.start_plan_id is not None
    yield from parameter_findings(request.kind, parameters, limits, has_plan=has_plan)
    if len(json.dumps(parameters)) > MOST_PARAMETERS:
        yield Finding(
            Severity.ERROR,
            "parameters-too-large",
            "parameters",
            f"The parameters have more than {MOST_PARAMETERS:,} characters.",
            "Store scenarios, and name a plan by `start_plan_id`.",
        )
    if request.scenario_id is not None and request.scenario is not None:
        yield Finding(
            Severity.ERROR,
            "wrong-value",
            "scenario",
            "The run has both `scenario_id` and `scenario`.",
            "Name a stored scenario, or write one, not both.",
        )


def _scenario(caller: Caller, request: RunRequest) -> Scenario | None:
    if request.scenario_id is not None:
        record = caller.store.scenario(caller.tenant, request.scenario_id)
        return scenario_of(record.document)
    return None if request.scenario is None else Scenario.parse(request.scenario)


def _unless_replaced(caller: Caller, plan_id: str) -> PlanFull | None:
    """Return a plan; None where its run has just replaced it by a better one."""
    try:
        return PlanFull.full(caller.store.plan(caller.tenant, plan_id))
    except NotFound:
        return None
