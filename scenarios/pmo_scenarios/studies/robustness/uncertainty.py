"""What is uncertain about a portfolio: intervals and distributions of its data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field

from pmo_optimizer import (
    Filter,
    Finding,
    Frozen,
    Id,
    InvalidInput,
    Number,
    Portfolio,
    Project,
    Severity,
    State,
    Version,
    read_file,
    suggestion,
    validated,
    write_file,
)

FORMAT: Version = "1"
"""Version of the format of uncertainty files."""

NOTHING_LEFT = Decimal(-100)
"""Percent that leave nothing."""


class What(StrEnum):
    """Which data are uncertain.

    ``value``, ``duration``, ``effort`` and ``cost`` are percent of what the portfolio says,
    negative for less; ``score``, ``weight`` and ``success`` are the numbers themselves.
    """

    VALUE = "value"
    SCORE = "score"
    WEIGHT = "weight"
    SUCCESS = "success"
    DURATION = "duration"
    EFFORT = "effort"
    COST = "cost"


PERCENT = frozenset({What.VALUE, What.DURATION, What.EFFORT, What.COST})
"""Data that vary by percent."""

OF_WORK = frozenset({What.DURATION, What.EFFORT, What.COST})
"""Data that decide what is feasible; also those of single phases."""

OF_CRITERIA = frozenset({What.SCORE, What.WEIGHT})
"""Data that name a criterion."""


class Distribution(StrEnum):
    """How a number spreads between ``low`` and ``high``.

    ``triangular`` and ``pert`` have their peak at ``mode``; of ``lognormal``, low and high are
    the quantiles of 10 and 90 percent; ``two-point`` is one of both, each as often.
    """

    UNIFORM = "uniform"
    TRIANGULAR = "triangular"
    PERT = "pert"
    LOGNORMAL = "lognormal"
    TWO_POINT = "two-point"


PEAKED = frozenset({Distribution.TRIANGULAR, Distribution.PERT})
"""Distributions with a mode."""


class Uncertain(Frozen):
    """One statement of what is uncertain.

    Attributes
    ----------
    what
        Which data.
    target
        A project, or a phase as ``project/phase``; of weights nothing.
    where
        All projects that match, instead of a target. Each has a number of its own, unless a
        group holds them together.
    criterion
        Of a score or a weight.
    low, mode, high
        Percent or numbers, see `What`. The mode is the number of the portfolio by default.
    distribution
        See `Distribution`; triangular by default.
    group
        All statements of a group move together, from low to high.
    """

    what: What
    target: str = ""
    where: Filter | None = None
    criterion: Id | None = None
    low: Number
    mode: Number | None = None
    high: Number
    distribution: Distribution = Distribution.TRIANGULAR
    group: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """One number of a portfolio that varies.

    Attributes
    ----------
    entry
        The statement that it comes from.
    target
        A project, or ``project/phase``; empty for a weight.
    now
        The number of the portfolio; 0 where it varies by percent.
    rises
        Whether a higher number is better; None where that cannot be said.
    least, most
        What the number may be; ``most`` is null where there is no end.
    """

    entry: Uncertain
    target: str
    now: Decimal
    rises: bool | None
    least: Decimal
    most: Decimal | None

    @property
    def key(self) -> str:
        """Name that no other variable has."""
        return ":".join(filter(None, (self.entry.what, self.target, self.entry.criterion)))

    @property
    def project(self) -> str:
        """Id of the project; empty for a weight."""
        return self.target.partition("/")[0]

    @property
    def mode(self) -> Decimal:
        """Where the distribution has its peak."""
        return self.now if self.entry.mode is None else self.entry.mode


class Uncertainty(Frozen):
    """What is uncertain about a portfolio.

    Examples
    --------
    >>> base = Portfolio.parse({
    ...     "calendar": {"start": "2027-01-01", "periods": 12},
    ...     "projects": [{"id": "P1", "value": 5, "phases": [{"duration": 4}]}],
    ... })
    >>> uncertainty = Uncertainty.parse({
    ...     "uncertain": [{"what": "duration", "target": "P1", "low": -25, "high": 50}]
    ... })
    >>> [variable.key for variable in uncertainty.variables(base)]
    ['duration:P1']
    """

    schema_version: Version = FORMAT
    name: str = ""
    uncertain: tuple[Uncertain, ...] = Field(min_length=1)

    @classmethod
    def load(cls, path: str | Path) -> Uncertainty:
        """Read a ``.yaml``, ``.yml`` or ``.json`` file; InvalidInput with what is wrong in form."""
        return validated(cls, read_file(Path(path), begin="`uncertain:`"))

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Uncertainty:
        """Make it from plain data; InvalidInput with every finding about the form."""
        return validated(cls, data)

    def save(self, path: str | Path) -> None:
        """Write it as YAML or JSON, by the file's ending; all at once or not at all."""
        write_file(Path(path), self.to_data())

    def to_data(self) -> dict[str, Any]:
        """Return plain data without defaults, fit for YAML and JSON."""
        return {"schema_version": self.schema_version} | self.model_dump(
            mode="json", by_alias=True, exclude_defaults=True
        )

    def check(self, portfolio: Portfolio) -> tuple[Finding, ...]:
        """Return everything that is wrong for a portfolio; never raises."""
        return _Reader(portfolio).read(self)[1]

    def variables(self, portfolio: Portfolio) -> tuple[Variable, ...]:
        """Return the numbers that vary, sorted by key; InvalidInput with every finding."""
        found, findings = _Reader(portfolio).read(self)
        if findings:
            raise InvalidInput(findings)
        return found


class _Reader:
    """Holds the statements against a portfolio."""

    def __init__(self, portfolio: Portfolio) -> None:
        self._portfolio = portfolio
        self._criteria = {criterion.id: criterion for criterion in portfolio.criteria}
        self._findings: list[Finding] = []
        self._path = ""

    def read(self, uncertainty: Uncertainty) -> tuple[tuple[Variable, ...], tuple[Finding, ...]]:
        """Return the variables, and the findings."""
        found: dict[str, Variable] = {}
        for number, entry in enumerate(uncertainty.uncertain):
            self._path = f"uncertain/{number}"
            if not self._sound(entry):
                continue
            for variable in self._variables(entry):
                if variable.key in found:
                    self._error(
                        "duplicate-target",
                        "",
                        f"{variable.key} is said to be uncertain twice.",
                        "Keep one of the two statements.",
                    )
                found[variable.key] = variable
                self._check_range(variable)
        return tuple(found[key] for key in sorted(found)), tuple(self._findings)

    def _error(self, rule: str, field: str, message: str, fix: str) -> None:
        path = f"{self._path}/{field}" if field else self._path
        self._findings.append(Finding(Severity.ERROR, rule, path, message, fix))

    def _sound(self, entry: Uncertain) -> bool:
        """Return whether a statement names what it speaks of."""
        before = len(self._findings)
        weight = entry.what is What.WEIGHT
        named = bool(entry.target) + (entry.where is not None)
        if named != (0 if weight else 1):
            self._error(
                "uncertain-target",
                "target",
                f"A {entry.what} has {'neither' if weight else 'exactly one of'} `target` "
                f"{'nor' if weight else 'and'} `where`; {named} are given.",
                "Name the criterion only." if weight else "Name a project, or give a filter.",
            )
        if (entry.criterion is not None) != (entry.what in OF_CRITERIA):
            self._error(
                "uncertain-target",
                "criterion",
                f"A {entry.what} {'names a' if entry.what in OF_CRITERIA else 'has no'} criterion.",
                "Add `criterion`." if entry.what in OF_CRITERIA else "Remove `criterion`.",
            )
        elif entry.criterion is not None and entry.criterion not in self._criteria:
            self._unknown("criterion", entry.criterion, self._criteria, "criterion")
        if entry.low > entry.high:
            self._error(
                "uncertain-range",
                "low",
                f"The low end {entry.low} is above the high end {entry.high}.",
                "Exchange them.",
            )
        if entry.mode is not None and entry.distribution not in PEAKED:
            self._error(
                "uncertain-range",
                "mode",
                f"A {entry.distribution} distribution has no mode.",
                "Remove `mode`, or choose triangular or pert.",
            )
        return len(self._findings) == before

    def _unknown(self, word: str, name: str, known: Mapping[str, object], field: str) -> None:
        self._error(
            "unknown-target",
            field,
            f"There is no {word} {name} in the portfolio.",
            f"{suggestion(name, known)}Correct the id, or remove the statement.",
        )

    def _variables(self, entry: Uncertain) -> Iterator[Variable]:
        if entry.what is What.WEIGHT:
            now = self._portfolio.criteria_weights[entry.criterion or ""]
            yield Variable(entry, "", now, None, *self._limits(entry))
            return
        for target in self._targets(entry):
            project = self._portfolio.project_by_id[target.partition("/")[0]]
            if entry.what is What.SCORE and not self._scored(entry, project):
                continue
            now, rises = self._now(entry, project), self._rises(entry)
            yield Variable(entry, target, now, rises, *self._limits(entry))

    def _targets(self, entry: Uncertain) -> tuple[str, ...]:
        projects = self._portfolio.project_by_id
        if entry.where is not None:
            open_ = (p for p in projects.values() if p.state is not State.DONE)
            found = tuple(sorted(p.id for p in open_ if p.matches(entry.where)))
            if not found:
                self._error(
                    "unknown-target",
                    "where",
                    "No project matches the filter.",
                    "Correct the filter, or remove the statement.",
                )
            return found
        name, slash, phase = entry.target.partition("/")
        if name not in projects:
            self._unknown("project", name, projects, "target")
            return ()
        if not slash:
            return (name,)
        phases = {f"{name}/{part.id}": part for part in projects[name].phases}
        if entry.what not in OF_WORK:
            self._error(
                "uncertain-target",
                "target",
                f"A {entry.what} is one of the project, not of the phase {phase}.",
                f"Write {name}.",
            )
        elif entry.target not in phases:
            self._unknown("phase", entry.target, phases, "target")
        else:
            return (entry.target,)
        return ()

    def _scored(self, entry: Uncertain, project: Project) -> bool:
        scored = project.value is None and entry.criterion in project.scores
        if not scored and entry.where is None:
            self._error(
                "uncertain-target",
                "criterion",
                f"Project {project.id} has no score for {entry.criterion} that counts.",
                "Give it one in the portfolio, or make its `value` uncertain.",
            )
        return scored

    def _now(self, entry: Uncertain, project: Project) -> Decimal:
        if entry.what is What.SUCCESS:
            return project.probability
        if entry.what is What.SCORE:
            return project.scores[entry.criterion or ""]
        return Decimal(0)

    def _rises(self, entry: Uncertain) -> bool:
        if entry.what is What.SCORE:
            criterion = self._criteria[entry.criterion or ""]
            return criterion.best > criterion.worst
        return entry.what not in OF_WORK

    def _check_range(self, variable: Variable) -> None:
        entry = variable.entry
        least, most = self._limits(entry)
        if entry.low < least or (most is not None and entry.high > most):
            upper = "" if most is None else f" to {most.normalize():f}"
            self._error(
                "uncertain-range",
                "low" if entry.low < least else "high",
                f"A {entry.what} is from {least.normalize():f}{upper}.",
                "Keep low and high within.",
            )
        if entry.distribution in PEAKED and not entry.low <= variable.mode <= entry.high:
            self._error(
                "uncertain-range",
                "mode",
                f"The mode {variable.mode} of {variable.key} is not between low and high.",
                "Give a `mode` between them, or another distribution.",
            )
        if entry.distribution is Distribution.LOGNORMAL and entry.low <= least:
            self._error(
                "uncertain-range",
                "low",
                f"The low end of a lognormal {entry.what} is above {least.normalize():f}.",
                "Raise it, or choose another distribution.",
            )

    def _limits(self, entry: Uncertain) -> tuple[Decimal, Decimal | None]:
        if entry.what in PERCENT:
            return NOTHING_LEFT, None
        if entry.what is What.SCORE:
            criterion = self._criteria[entry.criterion or ""]
            ends = sorted((criterion.worst, criterion.best))
            return ends[0], ends[1]
        return Decimal(0), Decimal(1)
