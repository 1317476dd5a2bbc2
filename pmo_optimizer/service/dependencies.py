"""What routes are given: who asks, and the parts of the service."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from pmo_optimizer.service.auth import LOCAL, Principal, Scope
from pmo_optimizer.service.bodies import PortfolioBody, json_body, portfolio_body
from pmo_optimizer.service.events import Feeds
from pmo_optimizer.service.gates import Gate
from pmo_optimizer.service.metrics import Metrics
from pmo_optimizer.service.problems import ProblemError
from pmo_optimizer.service.settings import Settings, is_loopback
from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.errors import Replayed
from pmo_optimizer.service.store.records import Audited, Once, Reply

R = TypeVar("R")

PROXIED = ("forwarded", "x-forwarded-", "x-real-ip", "via")
"""How headers begin that only proxies send."""


@dataclass(frozen=True)
class Service:
    """The parts of a running service.

    ``wake`` says that there is a new run; ``alive`` returns whether runs are executed here, where
    that is this service's work; ``heavy`` bounds how many checks go on at the same time; ``warm``
    says that a run will come soon.
    """

    settings: Settings
    store: Store
    feeds: Feeds
    metrics: Metrics
    wake: Callable[[], None]
    alive: Callable[[], bool]
    heavy: Gate
    warm: Callable[[], None]


def service_of(request: Request) -> Service:
    """Return the parts of the service.

    Raises
    ------
    ProblemError
        503 before it has started and after it has ended.
    """
    service = getattr(request.app.state, "service", None)
    if not isinstance(service, Service):
        raise ProblemError(
            503, "unavailable", "The service is not ready.", (), {"Retry-After": "1"}
        )
    return service


@dataclass(frozen=True)
class Caller:
    """Who asks, with what it may do, and the parts of the service that serve it."""

    principal: Principal
    service: Service
    request_id: str
    key: str | None = field(default=None, repr=False)

    def allowed(self) -> bool:
        """Return whether the key, where there is one, still opens what it opened."""
        return self.key is None or self.store.authenticate(self.key) == self.principal

    @property
    def tenant(self) -> str:
        """Whose data is meant: the first argument of every call to the store."""
        return self.principal.tenant

    @property
    def actor(self) -> str:
        """Who acts, for records: the id of the key."""
        return self.principal.actor

    @property
    def store(self) -> Store:
        """Where everything is kept."""
        return self.service.store

    def require(self, *scopes: Scope) -> None:
        """Refuse a caller that has none of the scopes.

        Raises
        ------
        ProblemError
            403.
        """
        if not any(self.principal.may(scope) for scope in scopes):
            wanted = " or ".join(f"`{scope}`" for scope in scopes)
            raise ProblemError(403, "forbidden", f"This needs a key with the scope {wanted}.")

    @property
    def audited(self) -> Audited:
        """What makes a write of the store add its link to the audit log."""
        name = self.principal.name
        return Audited(self.actor, self.request_id, {} if name is None else {"actor_name": name})


bearer = HTTPBearer(
    auto_error=False,
    scheme_name="apiKey",
    bearerFormat="pmo_<id>_<secret>",
    description="An API key, from `pmo-optimizer keys create`. Not needed where the service "
    "listens on 127.0.0.1 only and was not told to require keys.",
)


class Require:
    """Dependency: a caller with at least one of the scopes."""

    def __init__(self, *scopes: Scope) -> None:
        self.scopes = scopes

    def __call__(
        self,
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    ) -> Caller:
        """Return who asks.

        Raises
        ------
        ProblemError
            401 without a valid key where one is needed, 403 where it has none of the scopes.
        """
        service = service_of(request)
        request_id = str(request.scope.get("state", {}).get("request_id", ""))
        principal = _principal(request, service, credentials)
        key = None if principal is LOCAL or credentials is None else credentials.credentials
        caller = Caller(principal, service, request_id, key)
        caller.require(*self.scopes)
        return caller


def _principal(
    request: Request, service: Service, credentials: HTTPAuthorizationCredentials | None
) -> Principal:
    if "authorization" not in request.headers and not service.settings.keyed:
        return local_principal(request)
    if credentials is None:
        raise _unknown("Send `Authorization: Bearer` with an API key.")
    found = service.store.authenticate(credentials.credentials)
    if found is None:
        raise _unknown("This API key is unknown, expired or revoked.")
    return found


def local_principal(request: Request) -> Principal:
    """Return the principal of this machine; nobody else gets in without a key, whatever is set.

    Raises
    ------
    ProblemError
        401 where somebody else may ask.
    """
    ends = (request.scope.get("client"), request.scope.get("server"))
    if not all(end is None or end[1] is None or is_loopback(str(end[0])) for end in ends):
        raise _unknown("Only this machine may ask without an API key.")
    if any(name.startswith(PROXIED) for name in request.headers):
        # The other end is on this machine, but it asks for somebody who may not be.
        raise _unknown(
            "Requests through a proxy need an API key: put its name in PMO_ALLOWED_HOSTS, "
            "or set PMO_REQUIRE_KEYS."
        )
    return LOCAL


def _unknown(detail: str) -> ProblemError:
    return ProblemError(401, "unauthenticated", detail)


@dataclass(frozen=True)
class Creation:
    """A request that creates something, perhaps once for an idempotency key."""

    caller: Caller
    route: str
    key: str | None
    body: bytes

    def __post_init__(self) -> None:
        """Give the answer of before at once, whatever has become of what it was about.

        Raises
        ------
        Replayed, KeyReused
            The key was used before.
        """
        if self.key is None:
            return
        store, tenant = self.caller.store, self.caller.tenant
        reply = store.replay(tenant, self.route, self.key, self.body_hash)
        if reply is not None:
            raise Replayed(reply)

    @property
    def body_hash(self) -> str:
        """Hash of the body, by which the same request is known."""
        return hashlib.sha256(self.body).hexdigest()

    def once(self, reply: Callable[[R], Reply]) -> Once[R] | None:
        """Return what makes the store do it once; None without a key."""
        if self.key is None:
            return None
        return Once(route=self.route, key=self.key, body_hash=self.body_hash, reply=reply)


Reader = Annotated[Caller, Depends(Require(Scope.READ))]
Solver = Annotated[Caller, Depends(Require(Scope.SOLVE))]
Decider = Annotated[Caller, Depends(Require(Scope.SOLVE, Scope.APPROVE))]
Administrator = Annotated[Caller, Depends(Require(Scope.ADMIN))]
Parts = Annotated[Service, Depends(service_of)]
Body = Annotated[bytes, Depends(json_body)]
Document = Annotated[PortfolioBody, Depends(portfolio_body)]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key with the same body within 24 hours gives the same answer, and "
        "nothing is created twice.",
    ),
]
Cursor = Annotated[
    str | None,
    Query(max_length=500, pattern=r"^[A-Za-z0-9_-]+$", description="`cursor` of the page before."),
]
Limit = Annotated[int, Query(ge=1, le=200, description="Most items of the page.")]
