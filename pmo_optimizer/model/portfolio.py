"""The portfolio: everything a plan is made from."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from pmo_optimizer.model import files
from pmo_optimizer.model.base import Frozen, Number, Version, content_hash, with_ids
from pmo_optimizer.model.calendar import Calendar
from pmo_optimizer.model.money import Cap, Fund
from pmo_optimizer.model.objective import BaselineProject, Objective
from pmo_optimizer.model.people import Hire, Person, PersonClass, Pool, Skill, person_classes
from pmo_optimizer.model.projects import Project
from pmo_optimizer.model.relations import AllOrNone, Choose, Excludes, Link, Requires, Synergy
from pmo_optimizer.model.rules import Rule, UtilizationRule
from pmo_optimizer.model.strategy import Comparison, Criterion, PriorityVector, priorities

SCHEMA_VERSION: Literal["1"] = "1"
"""Version of the portfolio file format."""


class Portfolio(Frozen):
    """Projects, strategy, money, people, links and rules, on one calendar.

    Attributes
    ----------
    schema_version
        Version of the file format.
    value_rate, money_rate
        Annual discount rates of strategic value and of money; 0 by default.
    risk_adjusted
        Whether strategic value is multiplied by each project's probability of success.
    comparisons
        Pairwise comparisons that give the criteria weights instead of ``weight``.
    baseline
        The plan against which the ``changes`` term counts.
    """

    schema_version: Version = SCHEMA_VERSION
    name: str = "portfolio"
    description: str = ""
    currency: str = "EUR"
    calendar: Calendar
    value_rate: Number = Decimal(0)
    money_rate: Number = Decimal(0)
    risk_adjusted: bool = False
    criteria: tuple[Criterion, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    skills: tuple[Skill, ...] = ()
    people: tuple[Person, ...] = ()
    pools: tuple[Pool, ...] = ()
    hires: tuple[Hire, ...] = ()
    funds: tuple[Fund, ...] = ()
    caps: tuple[Cap, ...] = ()
    projects: tuple[Project, ...] = ()
    links: tuple[Link, ...] = ()
    requires: tuple[Requires, ...] = ()
    excludes: tuple[Excludes, ...] = ()
    all_or_none: tuple[AllOrNone, ...] = ()
    choose: tuple[Choose, ...] = ()
    synergies: tuple[Synergy, ...] = ()
    rules: tuple[Rule, ...] = ()
    objective: Objective = Field(default_factory=Objective)
    baseline: tuple[BaselineProject, ...] = ()

    @model_validator(mode="after")
    def _name_parts(self) -> Portfolio:
        parts = self.__dict__
        parts["caps"] = with_ids(
            self.caps, lambda c: f"cap-{content_hash(c.model_dump(mode='json'))[:6]}"
        )
        for name in ("links", "requires", "excludes", "all_or_none", "synergies", "rules"):
            parts[name] = with_ids(parts[name], lambda item: item.made_id())
        return self

    @classmethod
    def load(cls, path: str | Path) -> Portfolio:
        """Read a portfolio from a ``.yaml``, ``.yml`` or ``.json`` file.

        Raises
        ------
        InvalidInput
            With every finding about the file's form; what the content means is judged by
            `pmo_optimizer.check`.
        """
        return cls.parse(files.read(Path(path)))

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Portfolio:
        """Make a portfolio from plain data, as read from YAML or JSON.

        Raises
        ------
        InvalidInput
            With every finding about the form.
        """
        return files.validated(cls, data)

    def save(self, path: str | Path) -> None:
        """Write the portfolio as YAML or JSON, by the file's ending; all at once or not at all."""
        files.write(Path(path), self.to_data())

    def to_data(self) -> dict[str, Any]:
        """Return the portfolio as plain data without defaults, fit for YAML and JSON."""
        return {"schema_version": self.schema_version} | self.model_dump(
            mode="json", by_alias=True, exclude_defaults=True
        )

    def digest(self) -> str:
        """Return a hash of the content that does not depend on the order of rows."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        return content_hash(self.model_dump(mode="json", by_alias=True))

    @cached_property
    def project_by_id(self) -> Mapping[str, Project]:
        """Projects by id."""
        return {project.id: project for project in self.projects}

    @cached_property
    def priority_vector(self) -> PriorityVector | None:
        """Weights (criteria sorted by id) and consistency ratio from comparisons, if any."""
        if not self.comparisons:
            return None
        index = {name: i for i, name in enumerate(sorted(c.id for c in self.criteria))}
        matrix = [[1.0] * len(index) for _ in index]
        for comparison in self.comparisons:
            a, b = index[comparison.a], index[comparison.b]
            matrix[a][b] = float(comparison.ratio)
            matrix[b][a] = 1 / float(comparison.ratio)
        return priorities(matrix)

    @cached_property
    def criteria_weights(self) -> Mapping[str, Decimal]:
        """Weight of each criterion, from ``weight`` or from the comparisons."""
        vector = self.priority_vector
        if vector is not None:
            names = sorted(criterion.id for criterion in self.criteria)
            return dict(zip(names, vector.weights, strict=True))
        return {c.id: c.weight or Decimal(0) for c in self.criteria}

    def raw_value(self, project: Project) -> Fraction:
        """Return the value, neither discounted nor adjusted for risk (formulation, section 7)."""
        if project.value is not None:
            return Fraction(project.value)
        return sum(
            (
                Fraction(self.criteria_weights[c.id]) * c.utility(project.scores[c.id])
                for c in self.criteria
                if c.id in project.scores
            ),
            Fraction(0),
        )

    def members(self, reference: str) -> tuple[str, ...]:
        """Return the projects that a project id or a choose group stands for."""
        for group in self.choose:
            if group.id == reference:
                return tuple(sorted(group.projects))
        return (reference,)

    @cached_property
    def ceilings(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """Utilization rules and the people and pools that each limits, by id."""
        return tuple(
            (
                rule.id,
                frozenset(p.id for p in (*self.people, *self.pools) if p.matches(rule.where)),
            )
            for rule in sorted(self.rules, key=lambda r: r.id)
            if isinstance(rule, UtilizationRule)
        )

    @cached_property
    def classes(self) -> tuple[PersonClass, ...]:
        """Interchangeable people, with their availability per period."""
        return person_classes(self.people, self.calendar, self.ceilings)
