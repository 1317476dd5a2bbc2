"""What the store returns: frozen records. Times are in UTC and timezone-aware.

A summary has everything but the documents, which may be large: lists hold summaries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class RunState(StrEnum):
    """Where a run is; the last three are terminal."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Return whether the run has ended."""
        return self in TERMINAL


TERMINAL = frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED})
ACTIVE = frozenset({RunState.STARTING, RunState.RUNNING, RunState.STOPPING})
"""States in which an attempt owns the run."""


class DecisionState(StrEnum):
    """Where a decision is; the last two are final."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    APPROVED = "approved"
    BASELINE = "baseline"
    REJECTED = "rejected"


class FailureCode(StrEnum):
    """Why a run failed."""

    ENGINE = "engine"
    CRASH = "crash"
    MEMORY_LIMIT = "memory_limit"
    LOST = "lost"
    INVALID = "invalid"
    QUEUE_TIMEOUT = "queue_timeout"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, newest first.

    Attributes
    ----------
    items : tuple
        The summaries of this page.
    cursor : str or None
        What to pass for the next page; None where this is the last.
    """

    items: tuple[T, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is given again when the same request comes again."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Once(Generic[R]):
    """Makes a ``create_`` method do its work once for one idempotency key.

    The reply is stored in the transaction that stores the object.

    Attributes
    ----------
    route : str
        The route of the request; the key counts per tenant and route.
    key : str
        The client's key.
    body_hash : str
        Hash of the request's body; another body under the same key is refused.
    reply : callable
        Gives the reply for the new object. It must not call the store.
    """

    route: str
    key: str
    body_hash: str
    reply: Callable[[R], Reply]


@dataclass(frozen=True, slots=True)
class Audited:
    """Makes a write add a link to the tenant's audit chain, in its own transaction.

    Either both are there afterwards or neither is. What changes nothing adds no link.

    Attributes
    ----------
    actor : str
        Who does it.
    request_id : str
        The request that does it; empty where there is none.
    detail : mapping
        What the link tells beside what the write tells of itself, as JSON values.
    """

    actor: str
    request_id: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PortfolioSummary:
    """A portfolio at one revision, without its document."""

    id: str
    tenant: str
    name: str
    revision: int
    digest: str
    actor: str
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class PortfolioRecord(PortfolioSummary):
    """A portfolio at one revision; ``updated`` is when that revision was stored."""

    document: str


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """A portfolio file that was read and waits to be accepted.

    Attributes
    ----------
    file : str
        Name of the file, for people.
    portfolio_id : str or None
        The portfolio of which it is to be a new revision; None for a new portfolio.
    findings : list of mappings
        What is wrong with or odd about it.
    document, digest : str or None
        The portfolio as JSON text, and its digest; None where it has errors.
    source : bytes or None
        The file, where a copy with comments may be wanted.
    """

    id: str
    tenant: str
    actor: str
    file: str
    portfolio_id: str | None
    findings: list[dict[str, str]]
    document: str | None
    digest: str | None
    source: bytes | None = field(repr=False)
    created: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class ScenarioSummary:
    """A scenario of a portfolio, without its document."""

    id: str
    tenant: str
    portfolio_id: str
    name: str
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class ScenarioRecord(ScenarioSummary):
    """A scenario of a portfolio."""

    document: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed."""

    code: FailureCode
    detail: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run, without the parameters, the scenario and the result, which may be large.

    Attributes
    ----------
    attempt : int
        How often the run was claimed; 0 while it was not.
    worker : str or None
        Who holds the run, or held it last.
    stop_requested : bool
        Whether somebody asked for a stop.
    warm_plan_id : str or None
        Best plan of an earlier attempt, to start from.
    start_plan_id : str or None
        Plan that the client asked to start from.
    status, termination : str or None
        Those of the plan; None until the run ended.
    objective, bound, gap : float or None
        Best so far, the first term's.
    solves_done, solves_total : int or None
        Progress of a study.
    plan_id : str or None
        The plan of the run, best so far while it runs.
    deferred : datetime or None
        When a job for this attempt was given to the queue of the workers.
    """

    id: str
    tenant: str
    kind: str
    state: RunState
    portfolio_id: str
    revision: int
    scenario_id: str | None
    digest: str
    attempt: int
    worker: str | None
    heartbeat: datetime | None
    stop_requested: bool
    warm_plan_id: str | None
    start_plan_id: str | None
    created: datetime
    started: datetime | None
    completed: datetime | None
    status: str | None
    termination: str | None
    objective: float | None
    bound: float | None
    gap: float | None
    solves_done: int | None
    solves_total: int | None
    failure: Failure | None
    plan_id: str | None
    deferred: datetime | None


@dataclass(frozen=True, slots=True)
class RunStatus(RunSummary):
    """A run with its parameters, as JSON values."""

    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunRecord(RunStatus):
    """A run with its scenario (JSON text) and its result (JSON text)."""

    scenario_document: str | None
    result: str | None


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event of a run; ``seq`` starts at 1 and has no holes.

    Events of type ``state`` are written by the store at each change of state; the one with a
    terminal state is the last event of a run.
    """

    run_id: str
    seq: int
    attempt: int
    at: datetime
    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What the store must know of a plan beside its document.

    Attributes
    ----------
    status : str
        The plan's status.
    digest : str
        Digest of the portfolio that the plan is for, its scenario applied.
    objective, bound, gap : float or None
        The plan's figures.
    maximise : bool
        Whether a greater objective is better.
    """

    status: str
    digest: str
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    maximise: bool = True


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """A plan, without its document; ``final`` is False while its run may replace it."""

    id: str
    tenant: str
    run_id: str
    attempt: int
    portfolio_id: str
    revision: int
    digest: str
    status: str
    objective: float | None
    bound: float | None
    gap: float | None
    final: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class PlanRecord(PlanSummary):
    """A plan; ``document`` is its JSON text."""

    document: str


@dataclass(frozen=True, slots=True)
class Pins:
    """What a decision was taken on.

    Attributes
    ----------
    input_digest : str
        Digest of the portfolio that was planned, its scenario applied.
    plan_digest : str
        SHA-256 of the plan's document, in hex.
    versions : mapping
        Name of a package to its version.
    bound, gap : float or None
        What was proven about the plan.
    """

    input_digest: str
    plan_digest: str
    versions: Mapping[str, str]
    bound: float | None
    gap: float | None


@dataclass(frozen=True, slots=True)
class DecisionEvent:
    """One move of a decision; the first has no state it came from.

    Attributes
    ----------
    actor, actor_name : str, str or None
        Id of the key that made it, and the key's name then; None where it was not noted.
    replaces : str or None
        For a move to baseline: the decision that was the portfolio's baseline until then.
    """

    seq: int
    from_state: DecisionState | None
    to_state: DecisionState
    actor: str
    at: datetime
    why: str
    overrides: tuple[Mapping[str, Any], ...]
    pins: Pins
    actor_name: str | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionSummary:
    """A decision about a plan, without its history.

    Attributes
    ----------
    replaced_by : str or None
        For a baseline: the decision that took its place. A portfolio has one baseline at most
        that nothing has replaced.
    """

    id: str
    tenant: str
    plan_id: str
    title: str
    state: DecisionState
    created: datetime
    updated: datetime
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class DecisionRecord(DecisionSummary):
    """A decision about a plan, with all its moves, oldest first."""

    events: tuple[DecisionEvent, ...]


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An API key, without its secret, which is not stored."""

    id: str
    tenant: str
    name: str
    scopes: frozenset[str]
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One link of a tenant's audit chain; ``seq`` starts at 1 and has no holes."""

    seq: int
    tenant: str
    at: datetime
    actor: str
    action: str
    object: str
    request_id: str
    detail: Mapping[str, Any] = field(repr=False)
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Whether a tenant's audit chain holds.

    Attributes
    ----------
    entries : int
        Links that were read.
    broken : int or None
        ``seq`` of the first link that does not hold; None where all do.
    head : str
        Hash of the last good link. Kept elsewhere, it shows later that the end was cut off.
    """

    entries: int
    broken: int | None
    head: str
