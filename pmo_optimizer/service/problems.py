"""Errors as problem documents (RFC 9457): what is wrong, where, and what to do about it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from functools import singledispatch
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pmo_optimizer.model import Finding, InvalidInput, Severity, errors
from pmo_optimizer.service.headers import dress
from pmo_optimizer.service.store.errors import (
    BadCursor,
    BadText,
    Conflict,
    Fenced,
    KeyReused,
    LimitReached,
    NotFound,
    Replayed,
    Unavailable,
)

PROBLEM_TYPE = "application/problem+json"
"""Media type of every error."""

URN = "urn:pmo-optimizer:problem:"
"""Beginning of the ``type`` of every problem."""

RETRY_SECONDS = 5
"""When to try again what failed for want of the database."""

MOST_FINDINGS = errors.MOST_FINDINGS + 1
"""More findings are counted, not listed: those of one input, and that there are more."""

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "bad-request": "The request cannot be read",
        "unauthenticated": "A valid API key is needed",
        "forbidden": "The API key does not allow this",
        "cross-site": "Another site may not do this",
        "not-found": "There is no such thing here",
        "method-not-allowed": "This method is not for this path",
        "conflict": "This does not fit the present state",
        "precondition-failed": "It was changed in the meantime",
        "body-too-large": "The body is too large",
        "unsupported-media-type": "The body is of a kind that is not taken",
        "misdirected": "The service does not answer to this host name",
        "invalid": "The input cannot be used",
        "idempotency-key-reused": "The idempotency key was used for another request",
        "limit-reached": "A limit is reached",
        "unavailable": "The database does not answer",
        "internal": "Something went wrong in the service",
    }
)
"""What each kind of problem is called."""

BY_STATUS: Mapping[int, str] = MappingProxyType(
    {400: "bad-request", 401: "unauthenticated", 403: "forbidden", 404: "not-found"}
    | {405: "method-not-allowed", 409: "conflict", 413: "body-too-large"}
    | {415: "unsupported-media-type", 422: "invalid", 429: "limit-reached", 503: "unavailable"}
)

PATH_DETAILS: Mapping[int, str] = MappingProxyType(
    {
        404: "There is nothing at this path; see /docs.",
        405: "This method is not for this path; see the header `Allow`, and /docs.",
    }
)
"""What is said where no route answers."""

log = logging.getLogger(__name__)


class FindingOut(BaseModel):
    """One thing that is wrong, or odd, in an input."""

    severity: Severity
    rule: str = Field(description="Code of the check, as `unknown-id`.")
    path: str = Field(description="Where, as `projects/P12/phases/build`.")
    message: str
    fix: str = Field(description="What to do about it.")

    @classmethod
    def of(cls, finding: Finding) -> FindingOut:
        """Return a finding as it is sent."""
        return cls(
            severity=finding.severity,
            rule=finding.rule,
            path=clean(finding.path),
            message=clean(finding.message),
            fix=clean(finding.fix),
        )


class ProblemOut(BaseModel):
    """An error: what is wrong, where, and what to do about it (RFC 9457)."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(description="Kind of problem, a URN that does not change.")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str = Field(description="Path of the request.")
    request_id: str = Field("", description="To be named when asking for help.")
    findings: list[FindingOut] = Field(
        default=[], description="Everything that is wrong with the input, at once."
    )


class ProblemError(Exception):
    """A request that cannot be answered as asked.

    Attributes
    ----------
    status
        Status code.
    code
        Kind of problem, a key of `TITLES`.
    detail
        What is wrong with this request.
    findings
        Everything that is wrong with its input.
    headers
        Headers of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        findings: Iterable[Finding] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.findings = tuple(findings)
        self.headers = dict(headers or {})


def clean(text: str) -> str:
    """Return a text that every encoding of Unicode can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def refused(rule: str, path: str, message: str, fix: str) -> ProblemError:
    """Return the problem of an input with one error."""
    return invalid((Finding(Severity.ERROR, rule, path, message, fix),))


def invalid(findings: Iterable[Finding]) -> ProblemError:
    """Return the problem of an input with these findings."""
    found = tuple(findings)
    number = sum(finding.severity is Severity.ERROR for finding in found)
    cut = len(found) > MOST_FINDINGS or any(finding.rule == errors.MORE for finding in found)
    least, listed = ("At least ", "; the first findings are listed") if cut else ("", "")
    detail = f"{least}{number} error{'' if number == 1 else 's'} in the input{listed}."
    return ProblemError(422, "invalid", detail, found[:MOST_FINDINGS])


def missing(what: str) -> ProblemError:
    """Return the problem of an id that the tenant does not have."""
    return ProblemError(404, "not-found", f"There is no such {what}.")


def document(problem: ProblemError, path: str, request_id: str) -> dict[str, Any]:
    """Return a problem as it is sent."""
    out = ProblemOut(
        type=URN + problem.code,
        title=TITLES[problem.code],
        status=problem.status,
        detail=clean(problem.detail),
        instance=quote(path, safe="/:@!$&'()*+,;=~", errors="replace"),
        request_id=request_id,
        findings=[FindingOut.of(finding) for finding in problem.findings],
    )
    data = out.model_dump(mode="json")
    if not data["findings"]:
        del data["findings"]
    return data


def response(problem: ProblemError, path: str, request_id: str) -> JSONResponse:
    """Return the answer for a problem."""
    headers = dict(problem.headers)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="pmo-optimizer"')
    return JSONResponse(
        document(problem, path, request_id),
        status_code=problem.status,
        headers=headers,
        media_type=PROBLEM_TYPE,
    )


def _answer(request: Request, problem: ProblemError) -> JSONResponse:
    return response(problem, request.scope["path"], _request_id(request))


def _request_id(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))


@singledispatch
def problem_of(error: Exception) -> ProblemError:
    """Return the problem that an exception stands for; one that nobody expected says nothing."""
    log.error("internal error", exc_info=error)
    return ProblemError(500, "internal", "An internal error; it is in the log of the service.")


@problem_of.register
def _(error: ProblemError) -> ProblemError:
    return error


@problem_of.register
def _(error: HTTPException) -> ProblemError:
    code = BY_STATUS.get(error.status_code, "bad-request")
    detail = PATH_DETAILS.get(error.status_code, str(error.detail))
    return ProblemError(error.status_code, code, detail, (), error.headers)


@problem_of.register
def _(error: RequestValidationError) -> ProblemError:
    details = error.errors()
    if all(detail["loc"][0] == "path" for detail in details):
        # An id that no object can have is one that nobody has.
        return missing(str(details[0]["loc"][-1]).removesuffix("_id"))
    return invalid(_parameter(detail) for detail in details)


@problem_of.register
def _(error: InvalidInput) -> ProblemError:
    return invalid(error.findings)


@problem_of.register
def _(error: NotFound) -> ProblemError:
    return missing(error.kind)


@problem_of.register
def _(error: Conflict) -> ProblemError:
    if error.reason == "revision":
        return ProblemError(412, "precondition-failed", error.detail)
    return ProblemError(409, "conflict", error.detail)


@problem_of.register
def _(error: Fenced) -> ProblemError:
    del error
    return ProblemError(409, "conflict", "The run has moved on.")


@problem_of.register
def _(error: KeyReused) -> ProblemError:
    del error
    detail = "This key was used with another body; take a new one for a new request."
    return ProblemError(422, "idempotency-key-reused", detail)


@problem_of.register
def _(error: BadCursor) -> ProblemError:
    del error
    message = "The query parameter `cursor` is not one that this list gave out."
    return refused("wrong-value", "query/cursor", message, "Begin without a cursor.")


@problem_of.register
def _(error: BadText) -> ProblemError:
    del error
    return ProblemError(400, "bad-request", "A text holds NUL or half of a surrogate pair.")


@problem_of.register
def _(error: LimitReached) -> ProblemError:
    seconds = str(max(1, round(error.retry_after)))
    detail = f"The limit of {error.which} runs is reached; try again in {seconds} s."
    return ProblemError(429, "limit-reached", detail, (), {"Retry-After": seconds})


@problem_of.register
def _(error: Unavailable) -> ProblemError:
    log.warning("database unavailable", exc_info=error)
    headers = {"Retry-After": str(RETRY_SECONDS)}
    detail = "The database does not answer; try again in a few seconds."
    return ProblemError(503, "unavailable", detail, (), headers)


def _parameter(detail: Mapping[str, Any]) -> Finding:
    where, *names = (str(step) for step in detail["loc"])
    name = "/".join(names)
    rule = "missing-field" if detail["type"] == "missing" else "wrong-value"
    message = f"The {where} parameter `{name}`: {detail['msg'][:200]}."
    return Finding(Severity.ERROR, rule, f"{where}/{name}", message, "See /docs for its values.")


async def on_error(request: Request, error: Exception) -> Response:
    """Answer a request that ended in an exception."""
    problem = problem_of(error)
    if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
        # The framework names the methods of one route; a path may have several.
        methods = methods_of(request.app.openapi(), request.scope["path"])
        if methods:
            problem.headers["Allow"] = ", ".join(methods)
    answer = _answer(request, problem)
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        # What nobody expected is answered outside of every middleware.
        dress(answer.headers, _request_id(request))
    return answer


def methods_of(document: Mapping[str, Any], path: str) -> list[str]:
    """Return the methods that an OpenAPI document has for a path; one without ids goes first."""
    paths = document["paths"]
    if path in paths:
        return sorted(method.upper() for method in paths[path])
    return sorted(
        method.upper()
        for template, item in paths.items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
        for method in item
    )


async def on_replay(request: Request, error: Exception) -> Response:
    """Give the answer again that this request had before."""
    if not isinstance(error, Replayed):
        return await on_error(request, error)
    headers = {**error.reply.headers, "Idempotency-Replayed": "true"}
    return Response(error.reply.body, error.reply.status, headers, media_type="application/json")


def install(app: FastAPI) -> None:
    """Make every error of an app a problem document."""
    for kind in problem_of.registry:
        app.add_exception_handler(Exception if kind is object else kind, on_error)
    app.add_exception_handler(Replayed, on_replay)
