"""One row of the tables: a portfolio, what is changed in it, and both optimal values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pmo_optimizer.referee import Code
from tests.contract.builders import Data, changed


@dataclass(frozen=True, slots=True)
class Binding:
    """A rule that holds the best plan back.

    Attributes
    ----------
    name
        The rule, in words.
    portfolio
        With the rule.
    drop
        Changes that drop or relax this rule and nothing else; see `changed`.
    kept, dropped
        Optimal objective with the rule and without it.
    broken
        What the referee says of the plan without the rule where the rule is kept: nothing
        for what forbids no plan, for instance a synergy; None where the change is another
        project or phase, so that the plan cannot be read with both.
    """

    name: str
    portfolio: Data
    drop: Mapping[str, object]
    kept: float
    dropped: float
    broken: tuple[Code, ...] | None

    @property
    def without(self) -> Data:
        """The portfolio without the rule."""
        return changed(self.portfolio, self.drop)


Priced = tuple[str, str, str, float]
"""Kind, id, period and amount of a breach."""


@dataclass(frozen=True, slots=True)
class Soft:
    """A limit that is hard, and soft once it has a price.

    Attributes
    ----------
    name
        The limit, in words.
    portfolio
        With the hard limit.
    field
        Path of the price.
    price
        Price per unit of breach.
    hard
        Optimal objective with the hard limit.
    soft
        Optimal objective with the price: that without the limit, worsened by price x breach.
    breaches
        What the soft plan breaches.
    """

    name: str
    portfolio: Data
    field: str
    price: float
    hard: float
    soft: float
    breaches: tuple[Priced, ...]

    @property
    def softened(self) -> Data:
        """The portfolio with the price."""
        return changed(self.portfolio, {self.field: self.price})
