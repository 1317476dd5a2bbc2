"""Rules of the portfolio, each hard, or soft with a price per unit of breach."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from pmo_optimizer.model.base import (
    Count,
    Filter,
    Frozen,
    GeneratedId,
    Number,
    When,
    content_hash,
)


class Measure(StrEnum):
    """What is added up over projects: raw, undiscounted, unadjusted (formulation, section 6).

    ``value`` is the weighted utility (or the direct value), ``cost`` all money of the chosen
    modes and the project lines, ``effort`` the FTE-periods of all needs, ``count`` 1.
    """

    VALUE = "value"
    COST = "cost"
    EFFORT = "effort"
    COUNT = "count"


class Sense(StrEnum):
    """Direction of a limit."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class _Rule(Frozen):
    id: GeneratedId = ""
    name: str = ""
    price: Number | None = Field(default=None, description="per unit of breach; absent: hard")

    @model_serializer(mode="wrap")
    def _keep_type(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write ``type`` even where defaults are left out: readers choose the rule by it."""
        fields: dict[str, Any] = handler(self)
        return {"type": getattr(self, "type", "")} | fields

    def made_id(self) -> str:
        """Return the id that a rule without one gets: its type and a hash of what it says."""
        content = self.model_dump(mode="json", exclude={"id", "name"})
        return f"{content['type']}-{content_hash(content)[:6]}"


class ShareRule(_Rule):
    """The matching projects' part of a total: N >= share x D, or <= (formulation, section 6).

    Attributes
    ----------
    of
        D: the total over all selected projects (``selected``), the sum of all amounts of
        all funds (``budget``, with the cost measure), or a constant.
    """

    type: Literal["share"] = "share"
    measure: Measure
    where: Filter
    sense: Sense
    share: Number
    of: Literal["selected", "budget"] | Number = "selected"


class CountRule(_Rule):
    """Number of selected projects that match, running ones included."""

    type: Literal["count"] = "count"
    where: Filter = Field(default_factory=Filter)
    min: Count | None = None
    max: Count | None = None


class StartsRule(_Rule):
    """Number of matching projects that start in each period of a range, running ones left out."""

    type: Literal["starts"] = "starts"
    where: Filter = Field(default_factory=Filter)
    min: Count | None = None
    max: Count | None = None
    first: When | None = None
    last: When | None = None


class AverageRule(_Rule):
    """Weighted average of an attribute over matching selected projects (formulation, section 6).

    ``at_most``: sum of w (a - limit) <= 0 over the selected ones, or >= for ``at_least``.

    Attributes
    ----------
    attribute
        Name of a numeric attribute, for instance ``risk``.
    weight
        A measure, or the name of a numeric attribute; ``count`` by default.
    """

    type: Literal["average"] = "average"
    attribute: str
    weight: str = Measure.COUNT.value
    where: Filter = Field(default_factory=Filter)
    sense: Sense = Sense.AT_MOST
    limit: Number


class UtilizationRule(_Rule):
    """A buffer: use at most ``ceiling`` of the availability of each person class and pool.

    Attributes
    ----------
    where
        Which people and pools.
    ceiling
        Part of the availability, for instance 0.9. Several rules on one person each hold.
    """

    type: Literal["utilization"] = "utilization"
    where: Filter = Field(default_factory=Filter)
    ceiling: Number


Rule = Annotated[
    ShareRule | CountRule | StartsRule | AverageRule | UtilizationRule,
    Field(discriminator="type"),
]
