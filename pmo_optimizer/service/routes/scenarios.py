"""Scenarios of a portfolio."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Path, Response

from pmo_optimizer.model import InvalidInput
from pmo_optimizer.service import examples, openapi
from pmo_optimizer.service.bodies import parsed
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
from pmo_optimizer.service.documents import has_errors, portfolio_of, scenario_text
from pmo_optimizer.service.problems import FindingOut, ProblemError
from pmo_optimizer.service.routes.shared import (
    JSON,
    IfMatch,
    IfNoneMatch,
    named_tags,
    not_modified,
)
from pmo_optimizer.service.schemas import (
    PortfolioId,
    ScenarioFull,
    ScenarioId,
    ScenarioOut,
    ScenarioPage,
    ScenarioStored,
)
from pmo_optimizer.service.store.records import Reply, ScenarioRecord
from pmo_scenarios import Scenario

router = APIRouter(prefix="/v1", tags=["scenarios"])

OfPortfolio = Annotated[PortfolioId, Path(examples=[examples.PORTFOLIO_ID])]
Id = Annotated[ScenarioId, Path(examples=[examples.SCENARIO_ID])]

TAGGED = {"ETag": openapi.header("Changes with the scenario.", '"9f86d081884c7d65"')}
CREATED = {**TAGGED, "Location": openapi.header("Where it is.", "/v1/scenarios/...")}
LINKS = openapi.links("scenario_id", "get_scenario", "replace_scenario", "delete_scenario")


@router.post(
    "/portfolios/{portfolio_id}/scenarios",
    operation_id="create_scenario",
    summary="Store a scenario",
    status_code=201,
    response_model=ScenarioStored,
    responses={
        201: {"description": "Stored.", "headers": CREATED, "links": LINKS},
        **openapi.problems(404, 415, 422, 429),
    },
    openapi_extra=openapi.body("Scenario", examples.SCENARIOS),
)
def create(
    caller: Solver, portfolio_id: OfPortfolio, body: Body, key: IdempotencyKey = None
) -> Response:
    """Store a scenario, the content of a scenario file as JSON, that fits the portfolio."""
    creation = Creation(caller, f"create_scenario {portfolio_id}", key, body)
    scenario, findings = _fitting(caller, portfolio_id, body)

    def reply(record: ScenarioRecord) -> Reply:
        headers = {"Location": f"/v1/scenarios/{record.id}", "ETag": etag(record)}
        out = ScenarioStored(**dict(ScenarioOut.of(record)), findings=findings)
        return Reply(201, headers, out.model_dump_json())

    record = caller.store.create_scenario(
        caller.tenant,
        portfolio_id,
        scenario.label,
        scenario_text(scenario),
        once=creation.once(reply),
        audited=caller.audited,
    )
    answer = reply(record)
    return Response(answer.body, answer.status, dict(answer.headers), media_type=JSON)


@router.get(
    "/portfolios/{portfolio_id}/scenarios",
    operation_id="list_scenarios",
    summary="List the scenarios of a portfolio",
    responses=openapi.problems(404, 422),
)
def index(
    caller: Reader, portfolio_id: OfPortfolio, cursor: Cursor = None, limit: Limit = 50
) -> ScenarioPage:
    """List the scenarios of a portfolio, newest first."""
    page = caller.store.scenarios(caller.tenant, portfolio_id, cursor, limit)
    return ScenarioPage(items=[ScenarioOut.of(r) for r in page.items], cursor=page.cursor)


@router.get(
    "/scenarios/{scenario_id}",
    operation_id="get_scenario",
    summary="Read a scenario",
    response_model=ScenarioFull,
    responses={
        200: {"headers": TAGGED},
        304: {"description": "It is as it was."},
        **openapi.problems(404, 422),
    },
)
def read(caller: Reader, scenario_id: Id, known: IfNoneMatch = None) -> Response:
    """Read a scenario with its document."""
    record = caller.store.scenario(caller.tenant, scenario_id)
    headers = {"ETag": etag(record)}
    if not_modified(known, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    text = ScenarioFull.full(record).model_dump_json()
    return Response(text, headers=headers, media_type=JSON)


@router.put(
    "/scenarios/{scenario_id}",
    operation_id="replace_scenario",
    summary="Replace a scenario",
    response_model=ScenarioStored,
    responses={
        200: {"description": "As it is now.", "headers": TAGGED},
        **openapi.problems(404, 412, 415, 422, 429),
    },
    openapi_extra=openapi.body("Scenario", examples.SCENARIOS),
)
def replace(caller: Solver, scenario_id: Id, body: Body, match: IfMatch = None) -> Response:
    """Replace a scenario; runs that used it keep what they had.

    What is stored already may be sent again, whatever the tag: the answer may have been lost.
    """
    before = caller.store.scenario(caller.tenant, scenario_id)
    scenario, findings = _fitting(caller, before.portfolio_id, body)
    text, tags = scenario_text(scenario), named_tags(match)
    if tags is not None and etag(before) not in tags and before.document != text:
        detail = "The scenario was replaced meanwhile; read it, and send its `ETag`."
        raise ProblemError(412, "precondition-failed", detail)
    record = caller.store.replace_scenario(
        caller.tenant,
        scenario_id,
        text,
        name=scenario.label,
        expected=None if tags is None else before.document,
        audited=caller.audited,
    )
    out = ScenarioStored(**dict(ScenarioOut.of(record)), findings=findings)
    return Response(out.model_dump_json(), headers={"ETag": etag(record)}, media_type=JSON)


@router.delete(
    "/scenarios/{scenario_id}",
    operation_id="delete_scenario",
    summary="Delete a scenario",
    status_code=204,
    responses=openapi.problems(404),
)
def delete(caller: Solver, scenario_id: Id) -> None:
    """Delete a scenario; runs that used it keep what they had."""
    caller.store.delete_scenario(caller.tenant, scenario_id, audited=caller.audited)


def etag(record: ScenarioRecord) -> str:
    """Return the entity tag of a scenario: what it says, not when."""
    return f'"{hashlib.sha256(record.document.encode()).hexdigest()[:16]}"'


def _fitting(caller: Caller, portfolio_id: str, body: bytes) -> tuple[Scenario, list[FindingOut]]:
    """Return the scenario of a body and the warnings about it.

    Raises
    ------
    InvalidInput
        With every finding, where it is too large or does not fit the latest revision of the
        portfolio.
    """
    record = caller.store.portfolio(caller.tenant, portfolio_id)
    scenario = parsed(body, Scenario)
    scenario_text(scenario)
    with caller.service.heavy.place():
        findings = scenario.check(portfolio_of(record))
    if has_errors(findings):
        raise InvalidInput(findings)
    return scenario, [FindingOut.of(finding) for finding in findings]
