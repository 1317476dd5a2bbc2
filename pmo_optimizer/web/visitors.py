"""Who looks at a page: the session behind a cookie, and what forms must carry.

A session is begun with an API key and ends with it. Its cookie holds a random token, of which the
store keeps a hash. Where the service needs no keys, whoever is on this machine is let in as the
tenant ``local``. Writes carry a token that only pages of this service know, beside the check of
their origin.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pmo_optimizer.service.auth import Principal, Scope
from pmo_optimizer.service.dependencies import Caller, local_principal, service_of
from pmo_optimizer.service.problems import ProblemError
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.sessions import SESSION_LIFE
from pmo_optimizer.web.board import Board

COOKIE = "pmo_session"
"""Name of the cookie over plain HTTP; over TLS it begins with ``__Host-``."""

SECURE_COOKIE = f"__Host-{COOKIE}"

CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"

MOST_FIELDS = 5000
MOST_FIELD_BYTES = 256 * 1024

URLENCODED = "application/x-www-form-urlencoded"


class SignInNeeded(Exception):
    """Nobody is signed in; ``to`` is the page that was asked for."""

    def __init__(self, to: str) -> None:
        super().__init__(to)
        self.to = to


@dataclass(frozen=True)
class Visitor:
    """Who looks at a page.

    Attributes
    ----------
    caller
        Who asks, as routes of the API know it.
    token
        What stands behind the CSRF token: that of the session, or the application's secret.
    signed_in
        Whether there is a session, which can be ended.
    """

    caller: Caller
    token: str = field(repr=False)
    signed_in: bool

    @property
    def tenant(self) -> str:
        """Whose data is shown."""
        return self.caller.tenant

    @property
    def store(self) -> Store:
        """Where everything is kept."""
        return self.caller.store

    @property
    def principal(self) -> Principal:
        """Who it is, with what it may do."""
        return self.caller.principal

    @property
    def csrf(self) -> str:
        """What a form must carry."""
        return csrf_of(self.token)

    def may(self, scope: str) -> bool:
        """Return whether the visitor has a scope, such as ``solve``."""
        return self.principal.may(Scope(scope))

    def allowed(self) -> bool:
        """Return whether the session, where there is one, still opens what it opened."""
        return not self.signed_in or self.store.session(self.token) == self.principal


def board_of(request: Request) -> Board:
    """Return what the pages of the application share."""
    board: Board = request.app.state.board
    return board


def csrf_of(token: str) -> str:
    """Return the CSRF token of a session: it does not tell the session's own."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def session_cookie(request: Request) -> str | None:
    """Return the token that the browser sends, if any; over TLS only one that was set over it."""
    if over_tls(request):
        return request.cookies.get(SECURE_COOKIE)
    return request.cookies.get(SECURE_COOKIE) or request.cookies.get(COOKIE)


def over_tls(request: Request) -> bool:
    """Return whether the browser speaks TLS, to this service or to the proxy before it."""
    said = (
        request.url.scheme,
        urlsplit(request.headers.get("origin", "")).scheme,
        request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower(),
    )
    return "https" in said


def set_session(request: Request, response: Response, token: str) -> None:
    """Put the cookie of a new session on an answer."""
    secure = over_tls(request)
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        token,
        max_age=int(SESSION_LIFE.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def clear_session(response: Response) -> None:
    """Take the cookies of a session away."""
    for name in (COOKIE, SECURE_COOKIE):
        secure = name == SECURE_COOKIE
        response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")


def visitor_of(request: Request) -> Visitor:
    """Return who looks at a page.

    Raises
    ------
    SignInNeeded
        Nobody is signed in, and the service needs keys.
    ProblemError
        503 where the service is not ready.
    """
    service = service_of(request)
    request_id = str(request.scope.get("state", {}).get("request_id", ""))
    token = session_cookie(request)
    principal = None if token is None else service.store.session(token)
    if token is not None and principal is not None:
        return Visitor(Caller(principal, service, request_id), token, signed_in=True)
    if not service.settings.keyed:
        try:
            local = local_principal(request)
        except ProblemError:
            raise SignInNeeded(wanted(request)) from None
        return Visitor(Caller(local, service, request_id), board_of(request).secret, False)
    raise SignInNeeded(wanted(request))


def wanted(request: Request) -> str:
    """Return the page that was asked for, to come back to after signing in."""
    if request.method != "GET":
        return "/"
    query = request.url.query
    return quote(request.scope["path"]) + (f"?{query}" if query else "")


class Visit:
    """Dependency: a visitor with at least one of the scopes."""

    def __init__(self, *scopes: Scope) -> None:
        self.scopes = scopes

    def __call__(self, request: Request) -> Visitor:
        """Return who looks at a page.

        Raises
        ------
        SignInNeeded
            Nobody is signed in.
        ProblemError
            403 where the visitor has none of the scopes.
        """
        visitor = visitor_of(request)
        visitor.caller.require(*self.scopes)
        return visitor


@dataclass(frozen=True)
class Fields:
    """The fields of a form that was sent; a name may come several times."""

    values: Mapping[str, Sequence[str]]

    def get(self, name: str, default: str = "") -> str:
        """Return the last value of a field, without space around it."""
        found = self.values.get(name)
        return found[-1].strip() if found else default

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field."""
        return tuple(self.values.get(name, ()))


async def form_fields(request: Request) -> Fields:
    """Return the fields of a form.

    Raises
    ------
    ProblemError
        415 where the body is no form.
    HTTPException
        400 where it cannot be read.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind != URLENCODED:
        raise ProblemError(415, "unsupported-media-type", "A form is sent as URL-encoded fields.")
    form = await request.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=MOST_FIELD_BYTES)
    found: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            found.setdefault(name, []).append(value)
    if len(found) > MOST_FIELDS:
        raise HTTPException(400, "There are too many fields.")
    return Fields(found)


def require_csrf(visitor: Visitor, given: str) -> None:
    """Refuse a write that does not come from a page of this visitor.

    Raises
    ------
    ProblemError
        403.
    """
    if not hmac.compare_digest(given.encode("utf-8", "replace"), visitor.csrf.encode()):
        detail = "This page is out of date: reload it and try again. Nothing was changed."
        raise ProblemError(403, "cross-site", detail)


@dataclass(frozen=True)
class Sent:
    """A form that a visitor sent from a page of this service."""

    visitor: Visitor
    fields: Fields


class Submission:
    """Dependency: a form of a visitor with at least one of the scopes, with its CSRF token."""

    def __init__(self, *scopes: Scope) -> None:
        self.scopes = scopes

    async def __call__(
        self, request: Request, visitor: Annotated[Visitor, Depends(visitor_of)]
    ) -> Sent:
        """Return who sent a form, and its fields.

        Raises
        ------
        SignInNeeded
            Nobody is signed in.
        ProblemError
            403 without the token, or where the visitor has none of the scopes.
        """
        visitor.caller.require(*self.scopes)
        fields = await form_fields(request)
        given = request.headers.get(CSRF_HEADER) or fields.get(CSRF_FIELD)
        require_csrf(visitor, given)
        return Sent(visitor, fields)


ReadVisit = Annotated[Visitor, Depends(Visit(Scope.READ))]
SolveForm = Annotated[Sent, Depends(Submission(Scope.SOLVE))]
DecideForm = Annotated[Sent, Depends(Submission(Scope.SOLVE, Scope.APPROVE))]
AnyForm = Annotated[Sent, Depends(Submission(*Scope))]
