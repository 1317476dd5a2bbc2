"""Money: cost lines, benefits, funds and caps."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import Field

from pmo_optimizer.model.base import Amounts, Filter, Frozen, GeneratedId, Id, LocalId, Number, When


class Anchor(StrEnum):
    """Where a dated amount hangs."""

    START = "start"
    FINISH = "finish"


class CostLine(Frozen):
    """Money that a project or a mode spends; exactly one of the three amounts is given.

    On a mode the line runs with the phase, on a project with the whole project (first start
    to last end). A project without phases pays in the first period of its window.

    Attributes
    ----------
    category
        Cost category, for instance ``capex``; funds and caps look at it.
    per_period
        Amount in every period of the work.
    profile
        Amounts from the start on, one per period. On a mode it has exactly the mode's
        duration; on a project it may be longer or shorter than the project.
    lump
        One amount, in the first period (``at: start``) or the last period of work
        (``at: finish``; the start period where the duration is 0).
    fund
        Fund that pays. Absent: the line is open, and the optimizer splits it over the funds
        that are eligible for its category.
    """

    id: LocalId = ""
    category: str = "cost"
    per_period: Number | None = None
    profile: tuple[Number, ...] | None = None
    lump: Number | None = None
    at: Anchor = Anchor.START
    fund: Id | None = None

    def made_id(self) -> str:
        """Return the id that a line without one gets."""
        return self.category.replace("/", "-")


class Benefit(Frozen):
    """Money that a selected project earns.

    Attributes
    ----------
    profile
        Amount per period. Entry 0 falls in the project's start period (``anchor: start``)
        or in the period that begins at its exclusive finish (``anchor: finish``).
    """

    profile: tuple[Number, ...]
    anchor: Anchor = Anchor.FINISH


class Fund(Frozen):
    """A source of money, or any other non-renewable resource.

    Attributes
    ----------
    amounts
        What is there per fiscal year, per period, or in total.
    categories
        Cost categories that it may pay; empty: all.
    carry_over
        ``none``, ``all``, or the most that moves to the next year or period.
    price
        Price per unit of overspend; absent: the fund is hard.
    """

    id: Id
    name: str = ""
    amounts: Amounts
    categories: tuple[str, ...] = ()
    carry_over: Literal["none", "all"] | Number = "none"
    price: Number | None = None

    def pays(self, category: str) -> bool:
        """Return whether a cost category is eligible."""
        return not self.categories or category in self.categories

    @property
    def carry_limit(self) -> Decimal | None:
        """Most that is carried over: 0 for none, None for no limit."""
        if self.carry_over == "none":
            return Decimal(0)
        return None if isinstance(self.carry_over, str) else self.carry_over


class ProjectYears(StrEnum):
    """Part of a project's life: its first 12 months, or everything later."""

    FIRST = "first"
    LATER = "later"


class Cap(Frozen):
    """An upper limit on all cost that matches, beside the fund that pays.

    It covers cost lines of projects, charges of needs and exit costs; hires and savings are
    outside.

    Attributes
    ----------
    where
        Which projects.
    cost_categories
        Which cost categories; empty: all.
    project_years
        Only cost in the first year of a project (less than one year of periods after its
        start), or only later cost; both by default.
    first, last
        Range of periods (or dates), both included; the whole grid by default.
    amounts
        The limit per fiscal year, per period, or in total.
    price
        Price per unit of excess; absent: the cap is hard.
    """

    id: GeneratedId = ""
    name: str = ""
    where: Filter = Field(default_factory=Filter)
    cost_categories: tuple[str, ...] = ()
    project_years: ProjectYears | None = None
    first: When | None = None
    last: When | None = None
    amounts: Amounts
    price: Number | None = None
