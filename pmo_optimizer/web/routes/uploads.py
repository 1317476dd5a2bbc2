"""A portfolio as a file: sent, checked, compared, accepted; and downloaded."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pmo_optimizer.formats import save_portfolio
from pmo_optimizer.formats.workbook import template as write_template
from pmo_optimizer.model import Portfolio
from pmo_optimizer.model.files import parse_json
from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.bodies import WORKBOOK
from pmo_optimizer.service.problems import ProblemError
from pmo_optimizer.service.settings import MIB
from pmo_optimizer.service.store.errors import Conflict, Replayed
from pmo_optimizer.service.store.records import Once, PortfolioRecord, Reply, UploadRecord
from pmo_optimizer.web import overview
from pmo_optimizer.web.pages import go, page
from pmo_optimizer.web.read import stored
from pmo_optimizer.web.text import text
from pmo_optimizer.web.uploads.preview import finding_rows, preview
from pmo_optimizer.web.uploads.reading import ACCEPTED, read_file
from pmo_optimizer.web.uploads.sent import FileForm, SentFile
from pmo_optimizer.web.visitors import ReadVisit, SolveForm, Visitor, board_of

router = APIRouter()

FILES: Mapping[str, str] = MappingProxyType(
    {"xlsx": WORKBOOK, "yaml": "application/yaml", "json": "application/json"}
)
"""Forms in which a portfolio leaves, and their media types."""

LARGEST_REVISION_DIGITS = 9


@router.get("/upload")
def new(request: Request, visitor: ReadVisit) -> Response:
    """Ask for the file of a new portfolio."""
    return _asking(request, visitor, "", text("upload.new"), text("upload.new.help"))


@router.get("/upload/template.xlsx")
def template(visitor: ReadVisit) -> Response:
    """Give an empty workbook."""
    with visitor.caller.service.heavy.place():
        return _file(_made(".xlsx", write_template), "portfolio.xlsx", WORKBOOK)


@router.get("/portfolios/{portfolio_id}/upload")
def revise(request: Request, visitor: ReadVisit, portfolio_id: str) -> Response:
    """Ask for the file of a new revision."""
    record = visitor.store.portfolio(visitor.tenant, portfolio_id)
    title, words = text("upload.revision"), text("upload.revision.help")
    return _asking(request, visitor, portfolio_id, title, words, record.name)


@router.post("/upload")
def send_new(request: Request, sent: FileForm) -> Response:
    """Read the file of a new portfolio, and show what it says."""
    return _taken(request, sent, None)


@router.post("/portfolios/{portfolio_id}/upload")
def send_revision(request: Request, sent: FileForm, portfolio_id: str) -> Response:
    """Read the file of a new revision, and show what it says."""
    sent.visitor.store.portfolio(sent.visitor.tenant, portfolio_id)
    return _taken(request, sent, portfolio_id)


@router.get("/uploads/{upload_id}")
def read(request: Request, visitor: ReadVisit, upload_id: str) -> Response:
    """Show what is wrong with a file, or what accepting it would change."""
    return _shown(request, visitor, _waiting(visitor, upload_id))


@router.get("/uploads/{upload_id}/comments")
def comments(visitor: ReadVisit, upload_id: str) -> Response:
    """Give a workbook with comments at the cells that something is wrong with."""
    from pmo_optimizer.formats.workbook.sandbox import annotated_safely

    record = _waiting(visitor, upload_id)
    if record.source is None:
        raise HTTPException(404)
    with visitor.caller.service.heavy.place():
        _, copy = annotated_safely(record.source)
    if copy is None:
        raise ProblemError(409, "conflict", text("upload.comments.none"))
    return _file(copy, "commented.xlsx", WORKBOOK)


@router.post("/uploads/{upload_id}/accept")
def accept(request: Request, sent: SolveForm, upload_id: str) -> Response:
    """Store what was shown: as a new portfolio, or as the revision after the one beside it."""
    visitor = sent.visitor
    record = _waiting(visitor, upload_id)
    if record.document is None or record.digest is None:
        raise ProblemError(409, "conflict", text("upload.not.faulty"))
    name = _portfolio(request, record).name
    caller = visitor.caller
    if record.portfolio_id is None:
        return go(request, f"/portfolios/{_created(visitor, record, name)}")
    try:
        caller.store.replace_portfolio(
            caller.tenant,
            record.portfolio_id,
            record.document,
            record.digest,
            caller.actor,
            _revision(sent.fields.get("revision")),
            name=name,
            audited=caller.audited,
        )
    except Conflict:
        return _shown(request, visitor, record, refused=True)
    return go(request, f"/portfolios/{record.portfolio_id}")


@router.get("/portfolios/{portfolio_id}/files/{form}")
def download(
    request: Request,
    visitor: ReadVisit,
    portfolio_id: str,
    form: str,
    revision: int | None = None,
) -> Response:
    """Give a portfolio as a file that can be uploaded again."""
    if form not in FILES:
        raise HTTPException(404)
    found = stored(request, visitor, portfolio_id, revision)

    def write(path: Path) -> None:
        save_portfolio(found.portfolio, path)

    with visitor.caller.service.heavy.place():
        content = _made(f".{form}", write)
    return _file(content, f"{portfolio_id}-{found.record.revision}.{form}", FILES[form])


def _asking(
    request: Request, visitor: Visitor, portfolio_id: str, title: str, words: str, name: str = ""
) -> Response:
    """Return the page with the form for a file."""
    visitor.caller.require(Scope.SOLVE)
    most = visitor.caller.service.settings.body_limit
    values = {
        "title": title,
        "words": words,
        "portfolio_id": portfolio_id,
        "name": name,
        "accepted": ",".join(ACCEPTED),
        "most": f"{most / MIB:.3g}",
        "most_bytes": most,
    }
    return page(request, visitor, "upload.html", values)


def _taken(request: Request, sent: SentFile, portfolio_id: str | None) -> Response:
    """Read a file, keep what it says for a while, and go to the page that shows it."""
    caller = sent.visitor.caller
    with caller.service.heavy.place():
        found = read_file(sent, caller.service.settings.body_limit)
    id = caller.store.keep_upload(
        caller.tenant,
        caller.actor,
        sent.name,
        portfolio_id=portfolio_id,
        findings=found.rows,
        document=found.document,
        digest=found.digest,
        source=found.source,
    )
    return go(request, f"/uploads/{id}")


def _waiting(visitor: Visitor, upload_id: str) -> UploadRecord:
    """Return a file that this visitor sent."""
    return visitor.store.upload(visitor.tenant, visitor.caller.actor, upload_id)


def _portfolio(request: Request, record: UploadRecord) -> Portfolio:
    """Return the portfolio of a file without errors."""

    def make() -> Portfolio:
        data = parse_json(record.document or "", "document")
        return Portfolio.parse(data if isinstance(data, dict) else {})

    return board_of(request).changed.get(record.id, make)


def _shown(
    request: Request, visitor: Visitor, record: UploadRecord, *, refused: bool = False
) -> Response:
    """Return the page of a file; ``refused`` where another revision was stored meanwhile."""
    old = None if record.portfolio_id is None else stored(request, visitor, record.portfolio_id)
    portfolio = seen = None
    if record.document is not None:
        with visitor.caller.service.heavy.place():
            portfolio = _portfolio(request, record)
            seen = None if old is None else preview(old.portfolio, portfolio)
    errors = sum(finding["severity"] == "error" for finding in record.findings)
    findings = finding_rows(record.findings)
    values = {
        "title": text("upload.title", {"file": record.file}),
        "findings": findings,
        "cells": any(row.cell for row in findings),
        "record": record,
        "errors": errors,
        "old": old,
        "refused": refused,
        "preview": seen,
        "facts": [] if portfolio is None or seen is not None else overview.facts(portfolio),
    }
    return page(request, visitor, "uploaded.html", values, status=409 if refused else 200)


def _created(visitor: Visitor, record: UploadRecord, name: str) -> str:
    """Store a new portfolio, once however often it is accepted, and return its id."""
    caller = visitor.caller

    def reply(made: PortfolioRecord) -> Reply:
        return Reply(201, {"Location": made.id}, "")

    once = Once(route="accept_upload", key=record.id, body_hash=str(record.digest), reply=reply)
    try:
        made = caller.store.create_portfolio(
            caller.tenant,
            name,
            str(record.document),
            str(record.digest),
            caller.actor,
            once=once,
            audited=caller.audited,
        )
    except Replayed as before:
        return before.reply.headers["Location"]
    return made.id


def _revision(given: str) -> int:
    """Return the revision with which a file was compared, as its form says; 0 for none."""
    plain = given.isascii() and given.isdigit() and len(given) <= LARGEST_REVISION_DIGITS
    return int(given) if plain else 0


def _made(suffix: str, write: Callable[[Path], object]) -> bytes:
    """Return the bytes of a file that a function writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"portfolio{suffix}"
        write(path)
        return path.read_bytes()


def _file(content: bytes, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=media_type)
