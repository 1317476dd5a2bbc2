"""What the service says about its objects: frozen, and open to fields of later versions.

Times are timezone-aware. Portfolios and plans themselves are those of `pmo_optimizer.model`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from pmo_optimizer.client.errors import ServiceError
from pmo_optimizer.model import Incumbent, Violation

ENDED = frozenset({"succeeded", "failed", "cancelled"})
"""States that a run does not leave."""

T = TypeVar("T")


class Record(BaseModel):
    """Base of what the service sends."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class PortfolioInfo(Record):
    """A portfolio at one revision, without its document.

    Attributes
    ----------
    revision
        1 for the first; each replacement is the next.
    digest
        Hash of the content, as `Portfolio.digest`.
    """

    id: str
    name: str
    revision: int
    digest: str
    created: datetime
    updated: datetime


class Scenario(Record):
    """A named list of changes of a portfolio; ``document`` is empty in lists."""

    id: str
    portfolio_id: str
    name: str
    created: datetime
    updated: datetime
    document: dict[str, Any] = {}


class Failure(Record):
    """Why a run failed; codes as in `RunFailed`."""

    code: str
    detail: str = ""


class Run(Record):
    """A solve or a study.

    Attributes
    ----------
    digest
        Of the portfolio that is planned, its scenario applied.
    state
        ``queued``, ``starting``, ``running``, ``stopping``, ``succeeded``, ``failed`` or
        ``cancelled``. An infeasible portfolio is an answer, so that its run has succeeded.
    status, termination
        Those of the plan; None while not known.
    objective, bound, gap
        Of the best plan so far.
    solves_done, solves_total
        Progress of a study; None for a solve.
    plan_id
        The best plan so far.
    """

    id: str
    kind: str
    state: str
    portfolio_id: str
    revision: int
    scenario_id: str | None = None
    digest: str = ""
    attempt: int = 0
    created: datetime
    started: datetime | None = None
    completed: datetime | None = None
    status: str | None = None
    termination: str | None = None
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    solves_done: int | None = None
    solves_total: int | None = None
    failure: Failure | None = None
    plan_id: str | None = None

    @property
    def ended(self) -> bool:
        """Whether the run has ended, one way or another."""
        return self.state in ENDED


class Event(Record):
    """Something that happened to a run.

    Attributes
    ----------
    seq
        Its number in the run, from 1 on, without holes.
    type
        ``state``, ``progress``, ``plan``, ``solves`` and what later versions add.
    """

    seq: int
    attempt: int = 0
    at: datetime
    type: str
    data: Mapping[str, Any] = {}

    @property
    def last(self) -> bool:
        """Whether the run has ended with this event."""
        return self.type == "state" and self.data.get("state") in ENDED

    @property
    def incumbent(self) -> Incumbent | None:
        """The line of the search's log that this event is; None where it is another."""
        if self.type != "progress":
            return None
        known = {n: v for n, v in self.data.items() if n in Incumbent.model_fields}
        return Incumbent.model_validate({"seconds": 0.0, "value": None, "bound": None} | known)


class PlanInfo(Record):
    """A plan without its document; ``final`` is false while its run may improve it."""

    id: str
    run_id: str
    portfolio_id: str
    revision: int
    digest: str
    status: str
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    final: bool
    created: datetime


class Check(Record):
    """What the referee of the service says of a plan."""

    accepted: bool
    violations: tuple[Violation, ...] = ()
    fully_staffed: bool | None = None


class Pins(Record):
    """What a decision was taken on: the input, the plan, the versions, what was proven."""

    input_digest: str
    plan_digest: str
    versions: Mapping[str, str] = {}
    bound: float | None = None
    gap: float | None = None


class Move(Record):
    """One move of a decision: who, when, why; the first comes from no state."""

    seq: int
    from_state: str | None
    to_state: str
    actor: str
    at: datetime
    why: str = ""
    overrides: tuple[Mapping[str, Any], ...] = ()
    pins: Pins
    actor_name: str | None = None
    replaces: str | None = None


class Decision(Record):
    """A decision about a plan; ``events`` is its history, oldest first, and empty in lists.

    Attributes
    ----------
    state
        ``draft``, ``proposed``, ``approved``, ``baseline`` or ``rejected``.
    replaced_by
        For a baseline: the decision that took its place; None for the one that counts.
    """

    id: str
    plan_id: str
    title: str
    state: str
    created: datetime
    updated: datetime
    replaced_by: str | None = None
    events: tuple[Move, ...] = ()


class Override(Record):
    """What the board decides otherwise than the plan.

    Attributes
    ----------
    what
        The project or rule that is meant, and how.
    cost
        What that costs in the unit of the plan's objective, as far as known.
    """

    what: str
    project: str | None = None
    cost: float | None = None


class Engine(Record):
    """An engine of the service: whether it can be used, and whether it proves bounds."""

    name: str
    available: bool
    exact: bool
    versions: Mapping[str, str] = {}
    capabilities: tuple[str, ...] = ()
    problem: str = ""


def read(kind: type[T], value: object) -> T:
    """Return the JSON of an answer as a record.

    Raises
    ------
    ServiceError
        Where the answer has another form: the service is of another version.
    """
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = "/".join(map(str, first["loc"]))
        raise ServiceError(
            200, "The answer has another form", f"{where}: {first['msg']}"
        ) from error
