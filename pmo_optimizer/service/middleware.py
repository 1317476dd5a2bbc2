"""What every request passes first: its id, its host, where it comes from, how large it is.

Plain ASGI, so that event streams pass through untouched.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pmo_optimizer.service import logs
from pmo_optimizer.service.gates import too_many
from pmo_optimizer.service.headers import dress
from pmo_optimizer.service.metrics import Metrics
from pmo_optimizer.service.problems import ProblemError, response
from pmo_optimizer.service.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing, by which other sites may therefore ask (they cannot read)."""

SAME_SITE = frozenset({"same-origin", "none"})
"""What browsers say in ``Sec-Fetch-Site`` of the service's own pages and of typed addresses."""

LARGE_BODY = 1024 * 1024
"""Bytes above which a body is a large one."""

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")

log = logging.getLogger("pmo_optimizer.service.access")


class RequestMiddleware:
    """Names each request, logs and counts it, and puts security headers on the answer.

    The id is the caller's ``X-Request-ID`` where it is a short word, else a new one.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it was answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_urlsafe(12)
        scope.setdefault("state", {})["request_id"] = request_id
        begin = time.perf_counter()
        status = 500
        answered = begin

        async def send_named(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], time.perf_counter()
                dress(MutableHeaders(scope=message), request_id)
            await send(message)

        with logs.bound(request=request_id):
            try:
                await self.app(scope, receive, send_named)
            finally:
                seconds = (time.perf_counter() if answered == begin else answered) - begin
                self._note(scope, status, seconds)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        """Count and log an answer, under the pattern of its route: paths would hold ids."""
        route = getattr(scope.get("route"), "path", None)
        self.metrics.request(scope["method"], route, status, seconds)
        fields = {"method": scope["method"][:16], "route": route or "other", "status": status}
        log.info("request", extra={**fields, "seconds": round(seconds, 4)})


class HeadMiddleware:
    """Answers ``HEAD`` as ``GET`` would, without the body.

    Of event streams it does not: they have no end that could be waited for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, as ``GET`` where it is ``HEAD``."""
        asked = scope["type"] == "http" and scope["method"] == "HEAD"
        if not asked or scope["path"].endswith("/events"):
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                if message.get("more_body", False):
                    return
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        # Not in a copy: the router writes into the scope which route it was.
        scope["method"] = "GET"
        try:
            await self.app(scope, receive, send_head)
        finally:
            scope["method"] = "HEAD"


class HostMiddleware:
    """Refuses other host names: a site that lets its name lead here must reach nothing."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.names = settings.host_names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if its host name is known."""
        if scope["type"] == "http" and "*" not in self.names and not self._known(scope):
            detail = "Call the service by a name that it knows, or add it to PMO_ALLOWED_HOSTS."
            await _refuse(ProblemError(421, "misdirected", detail), scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _known(self, scope: Scope) -> bool:
        given = Headers(scope=scope).getlist("host")
        found = HOST.fullmatch(given[0]) if len(given) == 1 else None
        return found is not None and found["name"].strip("[]").lower() in self.names


class OriginMiddleware:
    """Refuses writes that a page of another site sends with the user's browser."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.allowed = frozenset(origin.lower() for origin in settings.allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if no other site sent it."""
        writes = scope["type"] == "http" and scope["method"] not in SAFE_METHODS
        if writes and not self._own(Headers(scope=scope)):
            detail = "Pages of other sites may not write here; see PMO_ALLOWED_ORIGINS."
            await _refuse(ProblemError(403, "cross-site", detail), scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _own(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none") in SAME_SITE
        if origin.lower() in self.allowed:
            return True
        try:
            place = urlsplit(origin)
        except ValueError:
            return False
        return place.scheme in {"http", "https"} and place.netloc == headers.get("host")


class BodyLimitMiddleware:
    """Refuses bodies over the limit: by their announced length, and while they come in.

    Of large ones only so many are held at the same time. A place is taken when the body is read,
    which routes do for callers that they know.
    """

    def __init__(self, app: ASGIApp, limit: int, large: int) -> None:
        self.app = app
        self.limit = limit
        self.places = large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body counted."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not (announced.isascii() and announced.isdigit()):
            detail = "The header `Content-Length` is not a number."
            await _refuse(ProblemError(400, "bad-request", detail), scope, receive, send)
            return
        if len(announced) > len(str(self.limit)) + 1 or int(announced) > self.limit:
            await _refuse(self._too_large(), scope, receive, send)
            return
        seen = 0
        placed = False

        async def receive_counted() -> Message:
            nonlocal seen, placed
            if not placed and max(seen, int(announced)) > LARGE_BODY:
                if not self.places:
                    raise too_many("large bodies")
                self.places -= 1
                placed = True
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > self.limit:
                    # Whoever reads the body fails, and the error is answered like any other.
                    raise self._too_large()
            return message

        try:
            await self.app(scope, receive_counted, send)
        finally:
            self.places += placed

    def _too_large(self) -> ProblemError:
        detail = f"A body may have at most {self.limit:,} bytes."
        return ProblemError(413, "body-too-large", detail, (), {"Connection": "close"})


async def _refuse(problem: ProblemError, scope: Scope, receive: Receive, send: Send) -> None:
    request_id = str(scope.get("state", {}).get("request_id", ""))
    await response(problem, scope["path"], request_id)(scope, receive, send)
