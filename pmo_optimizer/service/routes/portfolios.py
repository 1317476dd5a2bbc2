"""Portfolios: stored, revised, validated."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from pmo_optimizer.service import examples, openapi
from pmo_optimizer.service.dependencies import (
    Caller,
    Creation,
    Cursor,
    Document,
    IdempotencyKey,
    Limit,
    Reader,
    Solver,
)
from pmo_optimizer.service.documents import Checked, checked, has_errors, judged
from pmo_optimizer.service.problems import FindingOut, ProblemError
from pmo_optimizer.service.routes.shared import (
    JSON,
    IfMatch,
    IfNoneMatch,
    named_tags,
    not_modified,
    refuse_methods,
)
from pmo_optimizer.service.schemas import (
    PortfolioFull,
    PortfolioId,
    PortfolioOut,
    PortfolioPage,
    PortfolioStored,
    Revision,
    Validation,
)
from pmo_optimizer.service.store.records import PortfolioRecord, PortfolioSummary, Reply

router = APIRouter(prefix="/v1/portfolios", tags=["portfolios"])

Id = Annotated[PortfolioId, Path(examples=[examples.PORTFOLIO_ID])]

TAGGED = {"ETag": openapi.header("Changes with every revision.", '"3"')}
CREATED = {**TAGGED, "Location": openapi.header("Where it is.", "/v1/portfolios/...")}
LINKS = openapi.links(
    "portfolio_id",
    "get_portfolio",
    "replace_portfolio",
    "delete_portfolio",
    "create_scenario",
    "list_scenarios",
    body={"create_run": "portfolio_id"},
)


def etag(record: PortfolioSummary) -> str:
    """Return the entity tag of a revision."""
    return f'"{record.revision}"'


def stored(record: PortfolioRecord, found: Checked) -> PortfolioStored:
    """Return what is answered to a portfolio that was stored, warnings included."""
    findings = [FindingOut.of(finding) for finding in found.findings]
    return PortfolioStored(**dict(PortfolioOut.of(record)), findings=findings)


@router.post(
    "",
    operation_id="create_portfolio",
    summary="Store a portfolio",
    status_code=201,
    response_model=PortfolioStored,
    responses={
        201: {"description": "Stored as revision 1.", "headers": CREATED, "links": LINKS},
        **openapi.problems(415, 422, 429),
    },
    openapi_extra=openapi.portfolio_body(openapi.body("Portfolio", examples.PORTFOLIOS)),
)
def create(caller: Solver, body: Document, key: IdempotencyKey = None) -> Response:
    """Store a portfolio: the content of a portfolio file as JSON, or a workbook.

    All findings come at once; those about a workbook name sheet and cell.
    """
    creation = Creation(caller, "create_portfolio", key, body.content)
    with caller.service.heavy.place():
        found = checked(body)

    def reply(record: PortfolioRecord) -> Reply:
        headers = {"Location": f"/v1/portfolios/{record.id}", "ETag": etag(record)}
        return Reply(201, headers, stored(record, found).model_dump_json())

    record = caller.store.create_portfolio(
        caller.tenant,
        found.portfolio.name,
        found.text,
        found.portfolio.digest(),
        caller.actor,
        once=creation.once(reply),
        audited=caller.audited,
    )
    answer = reply(record)
    return Response(answer.body, answer.status, dict(answer.headers), media_type=JSON)


@router.get(
    "",
    operation_id="list_portfolios",
    summary="List portfolios",
    responses=openapi.problems(422),
)
def index(caller: Reader, cursor: Cursor = None, limit: Limit = 50) -> PortfolioPage:
    """List portfolios at their latest revisions, newest first."""
    page = caller.store.portfolios(caller.tenant, cursor, limit)
    return PortfolioPage(items=[PortfolioOut.of(r) for r in page.items], cursor=page.cursor)


@router.post(
    "/validate",
    operation_id="validate_portfolio",
    summary="Check a portfolio without storing it",
    responses=openapi.problems(415, 429),
    openapi_extra=openapi.portfolio_body(openapi.any_object(examples.PORTFOLIOS)),
)
def validate(caller: Reader, body: Document) -> Validation:
    """Return everything that is wrong with or odd about a portfolio; nothing is stored."""
    with caller.service.heavy.place():
        portfolio, findings = judged(body)
    return Validation(
        valid=portfolio is not None and not has_errors(findings),
        digest=None if portfolio is None else portfolio.digest(),
        findings=[FindingOut.of(finding) for finding in findings],
    )


refuse_methods(router, "/validate", allowed="POST")


@router.get(
    "/{portfolio_id}",
    operation_id="get_portfolio",
    summary="Read a portfolio",
    response_model=PortfolioFull,
    responses={
        200: {"headers": TAGGED},
        304: {"description": "It is as it was."},
        **openapi.problems(404, 422),
    },
)
def read(
    caller: Reader,
    portfolio_id: Id,
    revision: Annotated[Revision | None, Query(description="The latest by default.")] = None,
    known: IfNoneMatch = None,
) -> Response:
    """Read a portfolio at a revision, with its document."""
    record = caller.store.portfolio(caller.tenant, portfolio_id, revision)
    headers = {"ETag": etag(record)}
    if not_modified(known, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    text = PortfolioFull.full(record).model_dump_json()
    return Response(text, headers=headers, media_type=JSON)


@router.put(
    "/{portfolio_id}",
    operation_id="replace_portfolio",
    summary="Store a new revision",
    response_model=PortfolioStored,
    responses={
        200: {"description": "The latest revision.", "headers": TAGGED},
        **openapi.problems(404, 412, 415, 422, 429),
    },
    openapi_extra=openapi.portfolio_body(openapi.body("Portfolio", examples.PORTFOLIOS)),
)
def replace(caller: Solver, portfolio_id: Id, body: Document, match: IfMatch = None) -> Response:
    """Store a new revision of a portfolio; older ones stay, and runs of them keep theirs.

    What is stored already makes no new revision, so that a request may be sent again.
    """
    caller.store.portfolio(caller.tenant, portfolio_id)
    with caller.service.heavy.place():
        found = checked(body)
    record = caller.store.replace_portfolio(
        caller.tenant,
        portfolio_id,
        found.text,
        found.portfolio.digest(),
        caller.actor,
        _expected(caller, portfolio_id, match, found),
        name=found.portfolio.name,
        audited=caller.audited,
    )
    text = stored(record, found).model_dump_json()
    return Response(text, headers={"ETag": etag(record)}, media_type=JSON)


@router.delete(
    "/{portfolio_id}",
    operation_id="delete_portfolio",
    summary="Delete a portfolio",
    status_code=204,
    responses=openapi.problems(404, 409),
)
def delete(caller: Solver, portfolio_id: Id) -> None:
    """Delete a portfolio with its revisions and scenarios; 409 while it has runs."""
    caller.store.delete_portfolio(caller.tenant, portfolio_id, audited=caller.audited)


def _expected(caller: Caller, portfolio_id: str, match: str | None, found: Checked) -> int | None:
    """Return the revision that must be the latest; None for any.

    Whatever the tag, what is stored already may be sent again: the answer may have been lost.

    Raises
    ------
    ProblemError
        412 where no tag is that of a revision.
    """
    tags = named_tags(match)
    if tags is None:
        return None
    latest = caller.store.portfolio(caller.tenant, portfolio_id)
    same = (latest.document, latest.name) == (found.text, found.portfolio.name)
    if etag(latest) not in tags and not same:
        detail = f"The latest revision is {latest.revision}; read it, and send its `ETag`."
        raise ProblemError(412, "precondition-failed", detail)
    return latest.revision
