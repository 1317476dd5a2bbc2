"""The parameters of each kind of run: those of its command, without files and clusters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, Strict, model_validator

from pmo_optimizer.backend import backend_names
from pmo_optimizer.model import (
    Finding,
    Frozen,
    Id,
    InvalidInput,
    Number,
    Plan,
    Severity,
    StaffingGoals,
    When,
    validated,
)
from pmo_optimizer.service.runs.limits import LEAST_MEMORY, Limits
from pmo_scenarios import Progress, Scenario, Uncertainty

MAX_SEED = 2**31 - 1
MOST = 100_000
"""Most cases, plans and the like that a study may be asked for."""

AUTO = "auto"


def _known(name: str) -> str:
    names = (AUTO, *backend_names())
    if name not in names:
        raise ValueError(f"there is no engine {name!r}; there are: {', '.join(names)}")
    return name


def _hundredth(value: float) -> float:
    if round(value * 100) / 100 != value:
        raise ValueError("a multiple of 0.01 is expected")
    return value


def _above_zero(value: float) -> float:
    if not value > 0:
        raise ValueError("a number above 0 is expected")
    return value


def _part(value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError("a number from 0 to below 1 is expected; 0.01 is one percent")
    return value


@dataclass(frozen=True, slots=True)
class Within:
    """A range of whole numbers, both ends included, with a message that planners understand."""

    low: int
    high: int

    def __call__(self, value: int) -> int:
        """Return the number; ValueError where it is outside."""
        if not self.low <= value <= self.high:
            raise ValueError(f"a whole number from {self.low} to {self.high:,} is expected")
        return value


Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Real = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Text = Annotated[str, Strict(), Field(max_length=400)]
Positive = Annotated[
    Real, AfterValidator(_above_zero), Field(json_schema_extra={"exclusiveMinimum": 0})
]
Fraction = Annotated[
    Real,
    AfterValidator(_part),
    Field(json_schema_extra={"minimum": 0, "exclusiveMaximum": 1}),
]
Fte = Annotated[Positive, AfterValidator(_hundredth)]
Seed = Annotated[
    Whole,
    AfterValidator(Within(0, MAX_SEED)),
    Field(json_schema_extra={"minimum": 0, "maximum": MAX_SEED}),
]
Some = Annotated[
    Whole, AfterValidator(Within(1, MOST)), Field(json_schema_extra={"minimum": 1, "maximum": MOST})
]
AnyNumber = Annotated[
    Whole, AfterValidator(Within(0, MOST)), Field(json_schema_extra={"minimum": 0, "maximum": MOST})
]
Memory = Annotated[
    Whole,
    AfterValidator(Within(LEAST_MEMORY, MAX_SEED)),
    Field(json_schema_extra={"minimum": LEAST_MEMORY, "maximum": MAX_SEED}),
]
Engine = Annotated[Text, AfterValidator(_known)]
Staffing = Literal["capacity", "named"]


class Parameters(Frozen):
    """What all kinds take; defaults are those of the command line.

    Attributes
    ----------
    time_limit
        Seconds of each solve; 60 by default, or the limit of the service where that is less.
    workers
        Threads; by default all processors that the service allows.
    memory_mb
        Memory in MiB, less than what the service allows.
    """

    time_limit: Positive = 60.0
    workers: Some | None = None
    seed: Seed = 0
    memory_mb: Memory | None = None

    @property
    def lacks_plan(self) -> bool:
        """Whether the kind works on a plan that is not among the parameters."""
        return False

    def seconds(self, limits: Limits) -> float:
        """Return the seconds of each solve."""
        return min(self.time_limit, limits.time_limit)

    def threads(self, limits: Limits) -> int:
        """Return the number of threads."""
        return min(self.workers or os.cpu_count() or 1, limits.workers)

    def memory(self, limits: Limits) -> int:
        """Return the memory in MiB."""
        return min(self.memory_mb or limits.memory_mb, limits.memory_mb)


class Searching(Parameters):
    """What all kinds take that look for dates and selections."""

    gap: Fraction = 0.0
    backend: Engine = AUTO
    reproducible: Flag = False


class SolveParameters(Searching):
    """Of ``solve``; the plan to begin with is that of the run."""

    staffing: Staffing = "capacity"
    goals: StaffingGoals | None = None


class StaffParameters(Parameters):
    """Of ``staff``; without a plan, the run's start plan is staffed."""

    plan: Plan | None = None
    goals: StaffingGoals | None = None
    reproducible: Flag = False

    @property
    def lacks_plan(self) -> bool:
        """Whether there is no plan among the parameters."""
        return self.plan is None


class CompareParameters(Searching):
    """Of ``compare``."""

    scenarios: Annotated[tuple[Scenario, ...], Field(min_length=1, max_length=1000)]
    staffing: Staffing = "capacity"


class FrontierParameters(Searching):
    """Of ``frontier``."""

    funds: tuple[Text, ...] = ()
    skill: Text | None = None
    limit: Text | None = None
    field: Text | None = None
    levels: Annotated[tuple[Number, ...], Field(max_length=1000)] | None = None
    unit: Literal["percent", "amount"] = "percent"
    scenarios: Annotated[tuple[Scenario, ...], Field(max_length=1000)] = ()
    staffing: Staffing = "capacity"


class PricesParameters(Searching):
    """Of ``prices``."""

    only: tuple[Text, ...] = ()
    percent: Positive = 1.0
    fte: Fte = 1.0
    first: When | None = None
    last: When | None = None
    total_time: Positive | None = None
    staffing: Staffing = "capacity"

    @model_validator(mode="after")
    def _by_one_clock(self) -> Self:
        if self.reproducible and self.total_time is not None:
            raise ValueError("total_time goes by the clock, which reproducible rules out")
        return self


class WhyParameters(Searching):
    """Of ``why``."""

    project: Id
    flips: Flag = True
    staffing: Staffing = "capacity"


class ConflictsParameters(Searching):
    """Of ``conflicts``."""

    limit: Some = 5
    max_solves: Some = 500


class AlternativesParameters(Searching):
    """Of ``alternatives``."""

    plans: Some = 5
    within: Fraction = 0.05
    differences: Some = 1
    staffing: Staffing = "capacity"


class RobustnessParameters(Searching):
    """Of ``robustness``; without a plan, that of the run is studied, or else the best."""

    uncertainty: Uncertainty
    plan: Plan | None = None
    cases: AnyNumber = 20
    simulate: AnyNumber = 1000
    robust: Literal["mean", "worst"] | None = None


class ReplanParameters(Searching):
    """Of ``replan``; without a plan, the run's start plan is the one in force."""

    plan: Plan | None = None
    progress: Progress | None = None
    method: Literal["changes", "objective", "priced"] = "changes"
    extra: AnyNumber = 0
    loss: Fraction = 0.0
    price: Positive | None = None
    points: AnyNumber = 6
    staffing: Staffing | None = None

    @property
    def lacks_plan(self) -> bool:
        """Whether there is no plan among the parameters."""
        return self.plan is None

    @model_validator(mode="after")
    def _price_for_its_method(self) -> Self:
        if (self.method == "priced") != (self.price is not None):
            raise ValueError("a price and the method priced go together")
        return self


MODELS: Mapping[str, type[Parameters]] = MappingProxyType(
    {
        "solve": SolveParameters,
        "staff": StaffParameters,
        "compare": CompareParameters,
        "frontier": FrontierParameters,
        "prices": PricesParameters,
        "why": WhyParameters,
        "conflicts": ConflictsParameters,
        "alternatives": AlternativesParameters,
        "robustness": RobustnessParameters,
        "replan": ReplanParameters,
    }
)
"""The parameters of each kind of run, by its name."""


def parse_parameters(
    kind: str, data: Mapping[str, Any], limits: Limits, *, has_plan: bool = True
) -> Parameters:
    """Return the parameters of a run of some kind.

    Parameters
    ----------
    kind
        A key of `MODELS`.
    data
        Plain data, as read from JSON.
    limits
        What the service allows; whoever asks for more gets a finding, not less than asked.
    has_plan
        Whether the run has a plan to start from.

    Raises
    ------
    InvalidInput
        With every finding; paths begin with ``parameters/``.
    """
    if kind not in MODELS:
        kinds = ", ".join(MODELS)
        raise InvalidInput(
            (_finding("unknown-kind", "kind", f"There is no kind {kind!r}.", f"One of {kinds}."),)
        )
    model = MODELS[kind]
    try:
        parameters = validated(model, data)
    except InvalidInput as error:
        raise InvalidInput(tuple(_placed(finding) for finding in error.findings)) from error
    findings = [*_above(parameters, limits)]
    if not has_plan and parameters.lacks_plan:
        findings.append(
            _finding(
                "plan-missing",
                "parameters/plan",
                f"{kind} works on a plan, and there is none.",
                "Give `plan`, or let the run start from a stored plan.",
            )
        )
    if findings:
        raise InvalidInput(tuple(findings))
    return parameters


def parameter_findings(
    kind: str, data: Mapping[str, Any], limits: Limits, *, has_plan: bool = False
) -> tuple[Finding, ...]:
    """Return all that is wrong with the parameters of a run; see `parse_parameters`."""
    try:
        parse_parameters(kind, data, limits, has_plan=has_plan)
    except InvalidInput as error:
        return error.findings
    return ()


def _above(parameters: Parameters, limits: Limits) -> list[Finding]:
    allowed: dict[str, float] = {
        "time_limit": limits.time_limit,
        "total_time": limits.time_limit,
        "workers": limits.workers,
        "memory_mb": limits.memory_mb,
    }
    given = {name: getattr(parameters, name) for name in parameters.model_fields_set}
    return [
        _finding(
            "above-limit",
            f"parameters/{name}",
            f"{name} is {given[name]:g}; this service allows {most:g}.",
            f"Ask for at most {most:g}, or leave it out.",
        )
        for name, most in allowed.items()
        if given.get(name) is not None and given[name] > most
    ]


def _placed(finding: Finding) -> Finding:
    path = f"parameters/{finding.path}".removesuffix("/.")
    return Finding(finding.severity, finding.rule, path, finding.message, finding.fix)


def _finding(rule: str, path: str, message: str, fix: str) -> Finding:
    return Finding(Severity.ERROR, rule, path, message, fix)
