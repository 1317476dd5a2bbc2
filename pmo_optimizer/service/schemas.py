"""What goes in and out as JSON, beside portfolios, scenarios and plans, which have models.

Requests refuse fields that they do not know, and types that are not the ones named.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from pmo_optimizer.service.problems import FindingOut
from pmo_optimizer.service.store.records import (
    AuditRecord,
    DecisionRecord,
    DecisionState,
    DecisionSummary,
    EventRecord,
    FailureCode,
    PlanRecord,
    PlanSummary,
    PortfolioRecord,
    PortfolioSummary,
    RunState,
    RunStatus,
    RunSummary,
    ScenarioRecord,
    ScenarioSummary,
)

RANDOM_PART = r"[A-Za-z0-9_-]{22}"

Kind = Literal[
    "solve",
    "staff",
    "compare",
    "frontier",
    "prices",
    "why",
    "conflicts",
    "alternatives",
    "robustness",
    "replan",
]
"""What a run does: a solve, or a study by its name in Python and on the command line."""

KINDS: tuple[str, ...] = get_args(Kind)

PortfolioId = Annotated[str, Field(pattern=rf"^pf_{RANDOM_PART}$", max_length=25)]
ScenarioId = Annotated[str, Field(pattern=rf"^sc_{RANDOM_PART}$", max_length=25)]
RunId = Annotated[str, Field(pattern=rf"^run_{RANDOM_PART}$", max_length=26)]
PlanId = Annotated[str, Field(pattern=rf"^pl_{RANDOM_PART}$", max_length=25)]
DecisionId = Annotated[str, Field(pattern=rf"^de_{RANDOM_PART}$", max_length=25)]
Revision = Annotated[int, Field(ge=1, le=2**31 - 1)]

MoveTarget = Literal["proposed", "approved", "baseline", "rejected"]
"""Where a decision can be moved to."""


class Request(BaseModel):
    """Base of what comes in."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class RunRequest(Request):
    """A solve or a study that is to be run.

    Attributes
    ----------
    revision
        Of the portfolio; the latest by default.
    scenario_id, scenario
        A stored scenario, or one that is written here; at most one of the two.
    parameters
        Those of the kind, as the command line has them: ``time_limit``, ``gap``, ``seed`` ...
    start_plan_id
        A plan of this tenant to begin with.
    """

    model_config = ConfigDict(
        json_schema_extra={
            # JSON Schema can say that not both may stand.
            "not": {"required": ["scenario_id", "scenario"]},
        }
    )

    kind: Kind = "solve"
    portfolio_id: PortfolioId
    revision: Revision | None = None
    scenario_id: ScenarioId | None = None
    scenario: dict[str, Any] | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    start_plan_id: PlanId | None = None


class Override(Request):
    """What the board decided otherwise than the plan.

    Attributes
    ----------
    what
        The project or rule that is meant, and how.
    cost
        What it costs in the unit of the plan's objective, as far as known.
    """

    what: str = Field(min_length=1, max_length=1000)
    project: str | None = Field(default=None, max_length=400)
    cost: float | None = Field(default=None, allow_inf_nan=False, ge=-1e18, le=1e18)


class DecisionRequest(Request):
    """A plan that is to be decided on; the decision begins as a draft."""

    plan_id: PlanId
    title: str = Field(min_length=1, max_length=200)
    why: str = Field(default="", max_length=10_000)


class MoveRequest(Request):
    """The next state of a decision, and why.

    Attributes
    ----------
    to
        From draft to proposed; from there to approved or rejected; from approved to baseline.
    """

    to: MoveTarget
    why: str = Field(default="", max_length=10_000)
    overrides: list[Override] = Field(default_factory=list, max_length=1000)


class Out(BaseModel):
    """Base of what goes out."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class PortfolioOut(Out):
    """A portfolio at one revision, without its document."""

    id: str
    name: str
    revision: int
    digest: str = Field(description="Hash of the content; the order of rows does not count.")
    actor: str = Field(description="Who stored this revision.")
    created: datetime
    updated: datetime

    @classmethod
    def of(cls, record: PortfolioSummary) -> PortfolioOut:
        """Return a record as it is sent."""
        return cls.model_validate(record)


class PortfolioFull(PortfolioOut):
    """A portfolio at one revision, with its document."""

    document: dict[str, Any]

    @classmethod
    def full(cls, record: PortfolioRecord) -> PortfolioFull:
        """Return a record as it is sent."""
        return cls(**dict(PortfolioOut.of(record)), document=json.loads(record.document))


class PortfolioStored(PortfolioOut):
    """A portfolio that was stored, and what is odd about it."""

    findings: list[FindingOut]


class PortfolioPage(Out):
    """Portfolios, newest first; ``cursor`` asks for the next page, null on the last."""

    items: list[PortfolioOut]
    cursor: str | None


class Validation(Out):
    """Whether a portfolio can be planned, and everything that is wrong with or odd about it."""

    valid: bool
    digest: str | None = Field(description="Of the portfolio; null where it cannot be read.")
    findings: list[FindingOut]


class ScenarioOut(Out):
    """A scenario of a portfolio, without its document."""

    id: str
    portfolio_id: str
    name: str
    created: datetime
    updated: datetime

    @classmethod
    def of(cls, record: ScenarioSummary) -> ScenarioOut:
        """Return a record as it is sent."""
        return cls.model_validate(record)


class ScenarioFull(ScenarioOut):
    """A scenario of a portfolio, with its document."""

    document: dict[str, Any]

    @classmethod
    def full(cls, record: ScenarioRecord) -> ScenarioFull:
        """Return a record as it is sent."""
        return cls(**dict(ScenarioOut.of(record)), document=json.loads(record.document))


class ScenarioStored(ScenarioOut):
    """A scenario that was stored, and what is odd about it."""

    findings: list[FindingOut]


class ScenarioPage(Out):
    """Scenarios of a portfolio, newest first."""

    items: list[ScenarioOut]
    cursor: str | None


class FailureOut(Out):
    """Why a run failed."""

    code: FailureCode
    detail: str


class RunItem(Out):
    """A run in a list: its own state, and status and figures of its plan so far.

    ``status``, ``termination`` and the figures are those of the plan (of the base plan in a
    study); null while not known. ``plan_id`` is the best plan so far.
    """

    id: str
    kind: str
    state: RunState
    portfolio_id: str
    revision: int
    scenario_id: str | None
    digest: str
    attempt: int = Field(description="How often the run was begun.")
    stop_requested: bool
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
    failure: FailureOut | None
    plan_id: str | None

    @classmethod
    def item(cls, record: RunSummary) -> RunItem:
        """Return a record as it is sent."""
        return cls.model_validate(record)


class RunOut(RunItem):
    """A run: its own state, its parameters, and status and figures of its plan so far.

    ``status``, ``termination`` and the figures are those of the plan (of the base plan in a
    study); null while not known. ``plan_id`` is the best plan so far.
    """

    parameters: dict[str, Any]

    @classmethod
    def of(cls, record: RunStatus) -> RunOut:
        """Return a record as it is sent."""
        return cls.model_validate(record)


class RunPage(Out):
    """Runs without their parameters, newest first."""

    items: list[RunItem]
    cursor: str | None


class ResultOut(Out):
    """What a study found; its form is that of ``--json`` of the command of the same name."""

    run_id: str
    kind: str
    result: dict[str, Any]


class EventOut(Out):
    """Data of one server-sent event; its ``id`` is ``seq``, its ``event`` is ``type``."""

    seq: int
    attempt: int
    at: datetime
    type: str
    data: dict[str, Any]

    @classmethod
    def of(cls, record: EventRecord) -> EventOut:
        """Return a record as it is sent."""
        return cls.model_validate(record)


class PlanOut(Out):
    """A plan without its document; ``final`` is false while its run may still improve it."""

    id: str
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

    @classmethod
    def of(cls, record: PlanSummary) -> PlanOut:
        """Return a record as it is sent."""
        return cls.model_validate(record)


class PlanFull(PlanOut):
    """A plan; ``document`` is the plan itself, as ``solve --json`` prints it."""

    document: dict[str, Any]

    @classmethod
    def full(cls, record: PlanRecord) -> PlanFull:
        """Return a record as it is sent."""
        return cls(**dict(PlanOut.of(record)), document=json.loads(record.document))


class PlanPage(Out):
    """Plans of a run, oldest first."""

    items: list[PlanOut]


class ViolationOut(Out):
    """A hard rule that a plan breaks, or a claim of it that does not hold."""

    rule: str
    path: str
    message: str


class CheckOut(Out):
    """What the referee finds when it computes a plan again from portfolio and decisions."""

    accepted: bool
    violations: list[ViolationOut]
    kpis: dict[str, Any]
    fully_staffed: bool | None
    unmet: list[dict[str, Any]]


class PinsOut(Out):
    """What a decision was taken on."""

    input_digest: str
    plan_digest: str
    versions: dict[str, str]
    bound: float | None
    gap: float | None


class DecisionEventOut(Out):
    """One move of a decision: who, when, why, and on what."""

    seq: int
    from_state: DecisionState | None
    to_state: DecisionState
    actor: str
    at: datetime
    why: str
    overrides: list[dict[str, Any]]
    pins: PinsOut
    actor_name: str | None = Field(description="Name that the key had then.")
    replaces: str | None = Field(description="The baseline until then, for a move to baseline.")


class DecisionOut(Out):
    """A decision about a plan."""

    id: str
    plan_id: str
    title: str
    state: DecisionState
    created: datetime
    updated: datetime
    replaced_by: str | None = Field(description="For a baseline: the one that took its place.")

    @classmethod
    def of(cls, record: DecisionSummary) -> DecisionOut:
        """Return a record as it is sent."""
        return cls.model_validate(record)


class DecisionFull(DecisionOut):
    """A decision about a plan with its history, oldest first."""

    events: list[DecisionEventOut]

    @classmethod
    def full(cls, record: DecisionRecord) -> DecisionFull:
        """Return a record as it is sent."""
        return cls.model_validate(asdict(record))


class DecisionPage(Out):
    """Decisions, newest first."""

    items: list[DecisionOut]
    cursor: str | None


class EngineOut(Out):
    """An engine: whether it can be used, proves bounds, and what it can plan."""

    name: str
    available: bool
    exact: bool
    versions: dict[str, str]
    capabilities: list[str]
    problem: str = Field(description="Why it cannot be used; empty where it can.")


class Engines(Out):
    """The engines that are installed."""

    engines: list[EngineOut]


class Health(Out):
    """The process answers."""

    status: Literal["ok"]
    version: str


class Ready(Out):
    """The process can do its work: the database answers and has the right tables."""

    status: Literal["ready"]


class AuditOut(Out):
    """One write; each carries the hash of the one before."""

    seq: int
    at: datetime
    actor: str
    action: str
    object: str
    request_id: str
    detail: dict[str, Any]
    previous_hash: str
    hash: str

    @classmethod
    def of(cls, record: AuditRecord) -> AuditOut:
        """Return a record as it is sent."""
        return cls.model_validate(record)


class AuditPage(Out):
    """Writes of the tenant, newest first."""

    items: list[AuditOut]
    cursor: str | None
