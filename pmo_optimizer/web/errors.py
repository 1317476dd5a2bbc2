"""Errors as pages, for browsers; programs get problem documents as before."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from pmo_optimizer.service import problems
from pmo_optimizer.service.headers import dress
from pmo_optimizer.service.store.errors import Unavailable
from pmo_optimizer.web.pages import by_script, page
from pmo_optimizer.web.routes.sign_in import own_path
from pmo_optimizer.web.visitors import SignInNeeded, Visitor, visitor_of

API = ("/v1/", "/docs", "/openapi.json")
"""How paths begin that programs ask for."""


def install(app: FastAPI) -> None:
    """Answer browsers with pages where a request ends in an exception."""
    for kind in problems.problem_of.registry:
        app.add_exception_handler(Exception if kind is object else kind, on_error)
    app.add_exception_handler(SignInNeeded, on_sign_in)


def for_browser(request: Request) -> bool:
    """Return whether a browser asks for a page."""
    if request.scope["path"].startswith(API):
        return False
    return by_script(request) or "text/html" in request.headers.get("accept", "")


async def on_error(request: Request, error: Exception) -> Response:
    """Answer a request that ended in an exception."""
    if not for_browser(request):
        return await problems.on_error(request, error)
    problem = problems.problem_of(error)
    request_id = str(request.scope.get("state", {}).get("request_id", ""))
    values = {
        "problem": problem,
        "title": problems.TITLES[problem.code],
        "findings": [problems.FindingOut.of(finding) for finding in problem.findings],
        "request_id": request_id,
        "whole_page": not by_script(request),
    }
    headers = dict(problem.headers)
    if by_script(request):
        headers |= {"HX-Retarget": "#messages", "HX-Reswap": "innerHTML"}
        answer = page(
            request, None, "parts/problem.html", values, status=problem.status, headers=headers
        )
    else:
        who = await run_in_threadpool(_visitor, request)
        answer = page(request, who, "problem.html", values, status=problem.status, headers=headers)
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        # What nobody expected is answered outside of every middleware.
        dress(answer.headers, request_id)
    return answer


async def on_sign_in(request: Request, error: Exception) -> Response:
    """Send whoever is not signed in to where that is done."""
    if not for_browser(request) or not isinstance(error, SignInNeeded):
        detail = "Sign in at /sign-in."
        return await problems.on_error(
            request, problems.ProblemError(401, "unauthenticated", detail)
        )
    to = _shown(request) if by_script(request) else error.to
    path = "/sign-in" + ("" if to == "/" else "?" + urlencode({"to": to}))
    if by_script(request):
        return Response(status_code=401, headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)


def _shown(request: Request) -> str:
    """Return the page from which a script asks for a part: that is what to come back to."""
    shown = urlsplit(request.headers.get("hx-current-url", ""))
    if shown.netloc != request.headers.get("host"):
        return "/"
    return own_path(shown.path + (f"?{shown.query}" if shown.query else ""))


def _visitor(request: Request) -> Visitor | None:
    """Return who looks at the page of an error, where that can be told."""
    try:
        return visitor_of(request)
    except (SignInNeeded, problems.ProblemError, Unavailable):
        return None
