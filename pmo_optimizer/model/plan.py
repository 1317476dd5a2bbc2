"""The plan: the answer of an optimization, complete enough to be checked on its own."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PlainSerializer

from pmo_optimizer.model import files
from pmo_optimizer.model.base import MAX_EXPONENT, Frozen, Version, plain_number
from pmo_optimizer.model.html import plan_html
from pmo_optimizer.model.objective import TermName

if TYPE_CHECKING:
    import pandas

Exact = Annotated[Decimal, PlainSerializer(plain_number, when_used="json")]


PLAN_DECIMALS = 150
"""Plan numbers with more decimals are refused: they could not be added up exactly."""


def usable(number: Decimal) -> bool:
    """Return whether a number of a plan is finite, below 10^18 and has at most 150 decimals."""
    if not number.is_finite():
        return False
    exponent = number.as_tuple().exponent
    too_fine = isinstance(exponent, int) and -exponent > PLAN_DECIMALS
    return not too_fine and (not number or number.adjusted() < MAX_EXPONENT)


class Status(StrEnum):
    """What is known about the plan; ``optimal`` means that the bound proves it."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    NO_PLAN_FOUND = "no_plan_found"
    FAILED = "failed"


class Termination(StrEnum):
    """Why the optimization ended."""

    PROVED = "proved"
    GAP = "gap"
    TIME_LIMIT = "time_limit"
    WORK_LIMIT = "work_limit"
    STOPPED = "stopped"
    MEMORY_LIMIT = "memory_limit"
    CRASH = "crash"


class PhasePlan(Frozen):
    """When and how a phase is done: periods ``start`` to ``end`` (exclusive), 0-based."""

    phase: str
    mode: str
    start: int
    end: int


class ProjectPlan(Frozen):
    """Decision about one project.

    ``start`` and ``finish`` (exclusive) are the first start and last end of its phases; for a
    project without phases both are the first period of its window; null where it is not
    selected or done already.
    """

    project: str
    selected: bool
    start: int | None = None
    finish: int | None = None
    phases: tuple[PhasePlan, ...] = ()


class SupplierKind(StrEnum):
    """Who serves a need: a class of people, a pool, hired heads, or bought extra supply."""

    CLASS = "class"
    PERSON = "person"
    POOL = "pool"
    HIRE = "hire"
    OVERLOAD = "overload"


class Allocation(Frozen):
    """Shares of time that a supplier gives to one need.

    Attributes
    ----------
    supplier
        Id of the class, person, pool or hire; for ``overload`` the skill id. In named mode
        persons are individuals: the id of the entry, or ``id#1``, ``id#2``, ... where it
        stands for several.
    start
        First period, 0-based.
    shares
        FTE of the supplier's time in ``start``, ``start + 1``, ...; delivered is share x
        proficiency.
    """

    kind: SupplierKind
    supplier: str
    project: str
    phase: str
    need: str
    start: int
    shares: tuple[Exact, ...]


class Staffing(StrEnum):
    """Who serves the needs of a plan: classes of people, or individuals by name."""

    CAPACITY = "capacity"
    NAMED = "named"


class UnmetReason(StrEnum):
    """Why named staffing leaves a need short; the first one that holds, in this order.

    ``no_skill``: nobody has the skill at that proficiency. ``barred``: ``must_not`` or a pin
    leaves nobody. ``absent``: all who could are away. ``busy``: all who could work elsewhere.
    ``share_too_small``: what is free is less than the smallest useful share. ``limits``: most
    projects at once, the same people for the whole phase, different heads. ``unplanned``:
    people were free, the search did not find it.
    """

    NO_SKILL = "no_skill"
    BARRED = "barred"
    ABSENT = "absent"
    BUSY = "busy"
    SHARE_TOO_SMALL = "share_too_small"
    LIMITS = "limits"
    UNPLANNED = "unplanned"


class UnmetNeed(Frozen):
    """What named staffing leaves open of one need (formulation, section 13).

    Attributes
    ----------
    period
        0-based; null for ``effort``, which is open over the whole phase.
    fte
        Need less delivered, in FTE, or in FTE-periods for ``effort``.
    busy_on
        With reason ``busy``, the projects that take the time of those who could, sorted.
    message
        The reason in words.
    """

    project: str
    phase: str
    need: str
    skill: str
    period: int | None
    fte: Exact
    reason: UnmetReason
    busy_on: tuple[str, ...] = ()
    message: str = ""


class HireOrder(Frozen):
    """Whole heads ordered in one period (0-based)."""

    hire: str
    period: int
    heads: int


class FundSplit(Frozen):
    """What a fund pays of one open cost line in one period.

    Attributes
    ----------
    line
        ``project/costs/line``, ``project/phase/mode/costs/line``, ``project/exit`` or
        ``hire/<id>``.
    """

    line: str
    fund: str
    period: int
    amount: Exact


class Breach(Frozen):
    """How far a soft limit is exceeded, and what that costs in the first term."""

    kind: str
    id: str
    period: str = ""
    amount: float
    price: float
    penalty: float


class Violation(Frozen):
    """A hard rule that a plan breaks; an accepted plan has none."""

    rule: str
    path: str
    message: str


class TermResult(Frozen):
    """One term of the objective.

    Attributes
    ----------
    value
        The plan's value of the term, without prices.
    best
        Incumbent of the stage that optimized it (prices included for the first term); null
        where no stage did.
    bound, gap
        Proven bound of that stage, given what earlier terms left, and its relative gap.
    tolerance
        How much later stages were allowed to worsen it.
    """

    term: TermName
    value: float
    best: float | None = None
    bound: float | None = None
    gap: float | None = None
    tolerance: float = 0.0


class FundUse(Frozen):
    """Spending of one fund in one fiscal year, period, or in total."""

    fund: str
    bucket: str
    available: float
    spent: float
    carried: float = 0.0
    overspent: float = 0.0


class SkillLoad(Frozen):
    """Load of one skill per period, in FTE.

    ``capacity`` is what people with the skill (at their proficiency), its pools and hires
    could deliver if they did nothing else, ceilings included.
    """

    skill: str
    load: tuple[float, ...]
    capacity: tuple[float, ...]


class Alignment(Frozen):
    """Weighted utility that the selected projects bring to a criterion, and its share."""

    criterion: str
    value: float
    share: float


class ProjectKpi(Frozen):
    """Money and value of one selected project; ``cost`` is undiscounted."""

    project: str
    raw_value: float
    value: float
    cost: float
    benefit: float
    effort: float


class Kpis(Frozen):
    """Everything the referee recomputes from the portfolio and the decisions alone.

    Attributes
    ----------
    staffed_value
        In named mode the value term with fully staffed projects only; else null.
    """

    terms: dict[TermName, float] = Field(default_factory=dict)
    penalty: float = 0.0
    objective: float = 0.0
    selected: int = 0
    projects: tuple[ProjectKpi, ...] = ()
    funds: tuple[FundUse, ...] = ()
    skills: tuple[SkillLoad, ...] = ()
    alignment: tuple[Alignment, ...] = ()
    breaches: tuple[Breach, ...] = ()
    staffed_value: float | None = None


class EngineInfo(Frozen):
    """Which engine answered, how it was run, and its own word on the outcome."""

    name: str
    versions: dict[str, str] = Field(default_factory=dict)
    word: str = ""
    workers: int = 1
    seed: int = 0
    reproducible: bool = False
    columns: int = 0
    rows: int = 0


class Incumbent(Frozen):
    """One line of the log: seconds since the call, best value (null before one), bound."""

    seconds: float
    value: float | None
    bound: float | None
    source: str = ""


class Plan(Frozen):
    """The answer: decisions, certificate, proof and key figures.

    ``objective``, ``bound`` and ``gap`` are the first term's after prices, or the weighted
    sum's (formulation, section 7); null where there is no plan, or no bound. In named mode
    ``fully_staffed`` says whether every need is served, and ``unmet`` lists what is not; in
    capacity mode they are null and empty.
    """

    schema_version: Version = "1"
    portfolio: str = ""
    digest: str = ""
    status: Status
    termination: Termination
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    terms: tuple[TermResult, ...] = ()
    message: str = ""
    seconds: float = 0.0
    build_seconds: float = 0.0
    engine: EngineInfo | None = None
    projects: tuple[ProjectPlan, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    hires: tuple[HireOrder, ...] = ()
    fund_splits: tuple[FundSplit, ...] = ()
    staffing: Staffing = Staffing.CAPACITY
    fully_staffed: bool | None = None
    unmet: tuple[UnmetNeed, ...] = ()
    kpis: Kpis = Field(default_factory=Kpis)
    violations: tuple[Violation, ...] = ()
    incumbents: tuple[Incumbent, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is a plan at all."""
        return self.status in {Status.OPTIMAL, Status.FEASIBLE}

    @property
    def short(self) -> bool:
        """Whether it is a named staffing that leaves needs open, and says so.

        Such a plan carries its decisions, though its status is ``no_plan_found``.
        """
        return self.staffing is Staffing.NAMED and self.fully_staffed is False

    @property
    def selected(self) -> tuple[str, ...]:
        """Ids of the selected projects, sorted."""
        return tuple(sorted(p.project for p in self.projects if p.selected))

    def _repr_html_(self) -> str:
        """Return what notebooks show: status, bound, gap and decisions."""
        return plan_html(self)

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """Read a plan from a ``.json`` or ``.yaml`` file; InvalidInput where it is not one."""
        return files.validated(cls, files.read(Path(path)))

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Plan:
        """Make a plan from plain data; InvalidInput where it is not one."""
        return files.validated(cls, data)

    def save(self, path: str | Path) -> None:
        """Write the plan as JSON or YAML, by the file's ending; all at once or not at all."""
        files.write(Path(path), self.to_data())

    def to_data(self) -> dict[str, Any]:
        """Return the plan as plain data, fit for JSON."""
        return self.model_dump(mode="json")

    def to_frame(self) -> pandas.DataFrame:
        """Return one row per phase of each project (one per project without phases).

        Columns: project, selected, phase, mode, start, end (0-based periods, end exclusive);
        null where they do not apply.
        """
        import pandas as pd

        columns = ["project", "selected", "phase", "mode", "start", "end"]
        rows: list[tuple[object, ...]] = []
        for project in self.projects:
            if project.phases:
                rows += [
                    (project.project, True, p.phase, p.mode, p.start, p.end) for p in project.phases
                ]
            else:
                rows.append(
                    (project.project, project.selected, None, None, project.start, project.finish)
                )
        frame = pd.DataFrame(rows, columns=columns)
        return frame.astype({"start": "Int64", "end": "Int64"})
