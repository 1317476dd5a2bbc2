"""The integer-indexed form of a portfolio: what engines read.

All objects are in canonical order (sorted by id), so that the order of rows in a file never
matters. Money is in whole units of 1 / ``money_scale`` of the currency and people in whole
units of 1 / ``fte_scale`` FTE; both scales are powers of ten or least common denominators, so
nothing is rounded. Periods are 0-based, ends exclusive. Done projects are gone: what they mean
for others is built in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from pmo_optimizer.model import LinkType, Method, SupplierKind, TermName


class Feature(StrEnum):
    """Parts of the model that an engine may or may not support."""

    MODES = "modes"
    LINKS = "links"
    MAX_LAGS = "max_lags"
    GAPS = "gaps"
    SELECTION_RULES = "selection_rules"
    SYNERGIES = "synergies"
    RUNNING = "running"
    PINS = "pins"
    SKILLS = "skills"
    PROFICIENCY = "proficiency"
    POOLS = "pools"
    HIRES = "hires"
    OVERLOAD = "overload"
    UTILIZATION = "utilization"
    FUNDS = "funds"
    OPEN_LINES = "open_lines"
    CARRY_OVER = "carry_over"
    CAPS = "caps"
    SHARE_RULES = "share_rules"
    COUNT_RULES = "count_rules"
    STARTS_RULES = "starts_rules"
    AVERAGE_RULES = "average_rules"
    SOFT = "soft"
    DUE_DATES = "due_dates"
    BENEFITS = "benefits"
    DISCOUNTING = "discounting"
    LEXICOGRAPHIC = "lexicographic"
    WEIGHTED = "weighted"
    MAKESPAN = "makespan"
    DELAY = "delay"
    CHANGES = "changes"
    EFFORT = "effort"
    HEADS = "heads"
    NAMED = "named"


NAMED_STAFFING = frozenset({Feature.NAMED})
"""What belongs to named staffing alone; everything else is the capacity model."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that a mode or a project spends.

    Attributes
    ----------
    line
        Name in fund splits; empty where the fund is named, which needs none.
    payers
        Indices of the funds that may pay, sorted; one where the fund is named, none where
        the portfolio has no funds.
    caps
        Indices of the caps that count it.
    kind
        ``start``: ``amounts`` are (offset from the start, money) pairs; ``running``: one
        amount in every period of the project; ``finish``: one amount in its last period.
    """

    line: str
    payers: tuple[int, ...]
    caps: tuple[int, ...]
    kind: Literal["start", "running", "finish"]
    amounts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Effort:
    """Work that is spread over a phase: FTE units in all, and per period of the phase.

    ``most`` is None where any number is allowed.
    """

    total: int
    least: int
    most: int | None

    @property
    def limit(self) -> int:
        """FTE units that no period needs to exceed, and none may where ``most`` is given."""
        return max(self.total, self.least) if self.most is None else self.most

    @property
    def key(self) -> tuple[int, int, int]:
        """Numbers that are the same for work that may be spread in the same ways."""
        return self.total, self.least, self.limit


@dataclass(frozen=True, slots=True)
class Names:
    """What a need asks of single people; looked at in named staffing only.

    Attributes
    ----------
    heads
        Number of different people; 0 where the need is given in FTE.
    share
        FTE units of each head.
    min_share
        FTE units that are the smallest useful share of a person.
    continuous
        Whether the same people stay for the whole phase.
    must, must_not, prefer
        Ids of person entries; ``prefer`` may name teams as well.
    """

    heads: int = 0
    share: int = 0
    min_share: int = 0
    continuous: bool = False
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Demand:
    """One need of a mode, and the bucket that can serve it.

    Attributes
    ----------
    rates
        FTE units per period of the mode; empty where the need is given as effort.
    effort
        Work that may be spread; None where the need has rates.
    """

    need: str
    bucket: int
    rates: tuple[int, ...]
    effort: Effort | None = None
    names: Names = Names()

    @property
    def units(self) -> int:
        """FTE units of the whole mode, over all its periods."""
        return sum(self.rates) if self.effort is None else self.effort.total


@dataclass(frozen=True, slots=True)
class ModeData:
    """One way to do a phase."""

    id: str
    duration: int
    demands: tuple[Demand, ...]
    flows: tuple[Flow, ...]


@dataclass(frozen=True, slots=True)
class PhaseData:
    """A phase with the modes and periods that pins and windows leave.

    ``first_start`` to ``last_start`` (included), end at most ``last_end`` (exclusive end).
    ``people`` are the person entries to which named staffing is pinned; empty: to none.
    """

    id: str
    modes: tuple[ModeData, ...]
    first_start: int
    last_start: int
    last_end: int
    people: tuple[str, ...] = ()

    def starts(self, mode: ModeData) -> range:
        """Return the periods in which the phase may start in this mode."""
        return range(self.first_start, min(self.last_start, self.last_end - mode.duration) + 1)


@dataclass(frozen=True, slots=True)
class Precedence:
    """``event(target) - event(source)`` in [min_lag, max_lag] periods; None: unlimited.

    Events are starts or finishes by the link type. Within a project source and target are
    phase indices.
    """

    source: int
    target: int
    type: LinkType
    min_lag: int | None
    max_lag: int | None


@dataclass(frozen=True, slots=True)
class ProjectLink:
    """A precedence between projects.

    Attributes
    ----------
    sources
        (project, phase) indices, of which the selected one counts; phase -1: the project.
    target
        (project, phase) index.
    block
        Whether the target needs one of the sources.
    """

    id: str
    sources: tuple[tuple[int, int], ...]
    target: tuple[int, int]
    type: LinkType
    min_lag: int | None
    max_lag: int | None
    block: bool


@dataclass(frozen=True, slots=True)
class BaselineData:
    """What the baseline says of a project: (phase index, start, mode id or None) each."""

    selected: bool
    phases: tuple[tuple[int, int, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectData:
    """A project that is not done.

    Attributes
    ----------
    fixed
        1 where every plan selects it, 0 where none does, else None.
    chain
        Whether its phases run in order without gaps.
    first_start, last_start, last_finish
        Window of the project's own events after propagation.
    inner
        Precedence between its phases, by phase index; empty where ``chain``.
    raw_value
        Strategic value, neither discounted nor risk-adjusted.
    value_factor
        Probability of success where value is risk-adjusted, else 1.
    benefit, benefit_at_finish
        Expected money per period from the anchor (currency, times probability).
    exit
        Cost of stopping in period 0, None where it cannot be stopped.
    due, late_price
        Exclusive end that is due, and price per period of delay (0 where hard or free).
    staff_budget
        Most money for individuals on it, in the currency; None: any. Named staffing only.
    """

    index: int
    id: str
    fixed: int | None
    running: bool
    phases: tuple[PhaseData, ...]
    chain: bool
    ordered: bool
    inner: tuple[Precedence, ...]
    first_start: int
    last_start: int
    last_finish: int
    flows: tuple[Flow, ...]
    exit: Flow | None
    raw_value: Fraction
    value_factor: float
    benefit: tuple[float, ...]
    benefit_at_finish: bool
    due: int | None
    late_price: float
    baseline: BaselineData
    staff_budget: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """Needs of one skill at one least proficiency, and who can serve them.

    Attributes
    ----------
    heads
        Whether people count by the head: everybody at proficiency 1.
    suppliers
        (supplier index, proficiency in hundredths) pairs.
    hires
        Indices of the hire options that can serve it, at proficiency 1.
    overload_price
        Price per FTE-period of extra supply; None: there is none.
    """

    skill: str
    min_proficiency: Fraction
    suppliers: tuple[tuple[int, int], ...]
    hires: tuple[int, ...]
    overload_price: float | None
    heads: bool = False


@dataclass(frozen=True, slots=True)
class Supplier:
    """A class of people or a pool.

    Attributes
    ----------
    available
        FTE units per period, hard ceilings applied.
    soft_ceilings
        (rule index in `Problem.ceilings`, FTE units per period) pairs.
    """

    kind: SupplierKind
    id: str
    available: tuple[int, ...]
    soft_ceilings: tuple[tuple[int, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class DedicationData:
    """Most FTE-periods (exact) that an individual may give to a project over some periods."""

    project: int
    periods: range
    most: Fraction


@dataclass(frozen=True, slots=True)
class PersonData:
    """One individual, for named staffing.

    Attributes
    ----------
    id
        Id of the person entry, with ``#1``, ``#2``, ... behind it where that counts several.
    entry
        Id of the person entry.
    supplier
        Index of the individual's class among the suppliers.
    available
        FTE units per period, hard ceilings applied.
    soft_ceilings
        (rule index in `Problem.ceilings`, FTE units per period) pairs.
    max_projects
        Most projects in any one period; None: any number.
    min_share
        FTE units that are the smallest useful share on one need.
    cost_rate
        Cost of one FTE-period in the currency, exact.
    likes
        (project index, score) pairs.
    dedications
        Most time for open projects over some periods.
    """

    id: str
    entry: str
    supplier: int
    available: tuple[int, ...]
    soft_ceilings: tuple[tuple[int, tuple[int, ...]], ...] = ()
    max_projects: int | None = None
    min_share: int = 0
    cost_rate: Fraction = Fraction(0)
    team: str = ""
    likes: tuple[tuple[int, float], ...] = ()
    dedications: tuple[DedicationData, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """A phase in one mode, starting in one of some periods."""

    project: int
    phase: int
    mode: int
    starts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A soft utilization rule."""

    id: str
    price: float


@dataclass(frozen=True, slots=True)
class HireData:
    """An option to take on whole heads (see `pmo_optimizer.model.Hire`)."""

    id: str
    orders: range
    work: tuple[range, ...]
    max_heads: int
    payers: tuple[int, ...]
    line: str
    cost_once: int
    cost_per_period: int


@dataclass(frozen=True, slots=True)
class FundData:
    """A fund: money per bucket, and the bucket of every period.

    ``carry`` is the most that moves on to the next bucket: 0 none, None unlimited.
    """

    id: str
    bucket: tuple[int, ...]
    amounts: tuple[int, ...]
    carry: int | None
    price: float | None


@dataclass(frozen=True, slots=True)
class CapData:
    """A cap: the row of every period (-1: not counted) and the limit of each row."""

    id: str
    row: tuple[int, ...]
    limits: tuple[int, ...]
    years: Literal["first", "later"] | None
    price: float | None


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """A share or average rule: sum of weight x measure over projects, in [lower, upper].

    Attributes
    ----------
    measure
        ``value``, ``cost``, ``effort`` or ``count``.
    weights
        Factor per project index; projects that are left out have none.
    lower, upper
        In the measure's unit (currency, FTE-periods); None: no limit.
    """

    id: str
    measure: str
    weights: Mapping[int, Fraction]
    lower: Fraction | None
    upper: Fraction | None
    price: float | None


@dataclass(frozen=True, slots=True)
class CountRow:
    """A limit on the number of selected projects, or (``periods``) of starts in each period."""

    id: str
    projects: tuple[int, ...]
    periods: range | None
    lower: int | None
    upper: int | None
    price: float | None


@dataclass(frozen=True, slots=True)
class SelectionRow:
    """lower <= sum of coefficient x selected <= upper; None: no limit."""

    id: str
    terms: tuple[tuple[int, int], ...]
    lower: int | None
    upper: int | None


@dataclass(frozen=True, slots=True)
class SynergyData:
    """Value and savings if and only if all ``projects`` are selected.

    ``savings`` are (fund index, period, money); ``projects`` leaves done members out.
    """

    id: str
    projects: tuple[int, ...]
    value: float
    savings: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class TermData:
    """One term of the objective."""

    name: TermName
    weight: float
    abs_tol: float
    rel_tol: float
    project_weight: float


@dataclass(frozen=True, slots=True)
class Problem:
    """A portfolio, indexed and scaled; see the module's text for units and order.

    Attributes
    ----------
    people
        Individuals, sorted by id; empty unless it was compiled for named staffing.
    conflicts
        Placements that may not be all at once, because named staffing has proved that they cannot
        be staffed, or avoids them for a while.
    """

    digest: str
    periods: int
    periods_a_year: int
    money_scale: int
    fte_scale: int
    value_discount: tuple[float, ...]
    money_rate: float
    projects: tuple[ProjectData, ...]
    links: tuple[ProjectLink, ...]
    selection: tuple[SelectionRow, ...]
    synergies: tuple[SynergyData, ...]
    buckets: tuple[Bucket, ...]
    suppliers: tuple[Supplier, ...]
    ceilings: tuple[Ceiling, ...]
    hires: tuple[HireData, ...]
    funds: tuple[FundData, ...]
    caps: tuple[CapData, ...]
    measures: tuple[MeasureRow, ...]
    counts: tuple[CountRow, ...]
    method: Method
    terms: tuple[TermData, ...]
    features: frozenset[Feature]
    people: tuple[PersonData, ...] = ()
    conflicts: tuple[tuple[Placement, ...], ...] = ()
    infeasible: str = ""
    index: Mapping[str, int] = field(default_factory=dict)

    def money_discount(self, period: int) -> float:
        """Return d(t) for money; periods beyond the grid are allowed."""
        if not self.money_rate:
            return 1.0
        return float((1 + self.money_rate) ** (-period / self.periods_a_year))

    @property
    def maximised(self) -> bool:
        """Whether the first term is maximised."""
        return self.terms[0].name.maximised
