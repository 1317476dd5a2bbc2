"""Signing in with an API key, and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from pmo_optimizer.service.dependencies import Parts
from pmo_optimizer.web.pages import page
from pmo_optimizer.web.text import text
from pmo_optimizer.web.visitors import (
    AnyForm,
    Fields,
    board_of,
    clear_session,
    form_fields,
    session_cookie,
    set_session,
)

router = APIRouter()

LONGEST_PATH = 500
"""Characters of a path to come back to."""


@router.get("/")
def root() -> Response:
    """Begin with the portfolios."""
    return RedirectResponse("/portfolios", 303)


@router.get("/sign-in")
def show(request: Request, service: Parts, to: str = "/", out: bool = False) -> Response:
    """Ask for a key."""
    del service
    message = text("sign.out.done") if out else ""
    return _form(request, own_path(to), message, "good", 200)


@router.post("/sign-in")
def enter(
    request: Request, service: Parts, fields: Annotated[Fields, Depends(form_fields)]
) -> Response:
    """Begin a session, in place of the one before."""
    board, address = board_of(request), _address(request)
    to = own_path(fields.get("to", "/"))
    request_id = str(request.scope.get("state", {}).get("request_id", ""))
    # Behind a proxy everybody has one address: a right key is let in whatever others tried.
    token = service.store.open_session(fields.get("key"), request_id=request_id)
    if token is None:
        wait = board.failures.wait(address)
        if wait:
            message = text("sign.wait", {"n": wait})
            answer = _form(request, to, message, "error", 429)
            answer.headers["Retry-After"] = str(wait)
            return answer
        board.failures.note(address)
        return _form(request, to, text("sign.wrong"), "error", 401)
    before = session_cookie(request)
    if before is not None:
        service.store.close_session(before, request_id=request_id)
    answer = RedirectResponse(to, 303)
    set_session(request, answer, token)
    return answer


@router.post("/sign-out")
def leave(sent: AnyForm) -> Response:
    """End the session."""
    visitor = sent.visitor
    if visitor.signed_in:
        visitor.store.close_session(visitor.token, request_id=visitor.caller.request_id)
    answer = RedirectResponse("/sign-in?out=1", 303)
    clear_session(answer)
    return answer


def own_path(to: str) -> str:
    """Return a path of this service to go to; its beginning where the text is none.

    Examples
    --------
    >>> own_path("/plans/pl_1?a=b"), own_path("//evil.example"), own_path("https://evil.example")
    ('/plans/pl_1?a=b', '/', '/')
    """
    safe = (
        to.startswith("/")
        and not to.startswith(("//", "/\\"))
        and to.isascii()
        and to.isprintable()
        and "\\" not in to
        and len(to) <= LONGEST_PATH
    )
    return to if safe else "/"


def _form(request: Request, to: str, message: str, kind: str, status: int) -> Response:
    values = {"title": text("sign.in"), "to": to, "message": message, "kind": kind}
    return page(request, None, "sign_in.html", values, status=status)


def _address(request: Request) -> str:
    return "" if request.client is None else request.client.host
