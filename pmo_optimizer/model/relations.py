"""Relations between projects: precedence, requires, excludes, groups, synergies."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from pydantic import ConfigDict, Field

from pmo_optimizer.model.base import Count, Frozen, GeneratedId, Id, Number, When


class LinkType(StrEnum):
    """Which event of the target waits for which event of the source."""

    FS = "FS"
    SS = "SS"
    FF = "FF"
    SF = "SF"


class IfUnselected(StrEnum):
    """What a link means where its source is not selected."""

    BLOCK = "block"
    IGNORE = "ignore"


class Link(Frozen):
    """Precedence: an event of ``target`` not before (and not long after) one of ``source``.

    FS: start >= end + lag; SS: start >= start + lag; FF: end >= end + lag;
    SF: end >= start + lag; a maximum lag is the matching <= (formulation, section 2).

    Attributes
    ----------
    source, target
        A project id, ``project/phase``, or a choose-one group, of which the selected member
        counts. Within a project's own ``links``: phase ids.
    min_lag
        Periods, may be negative; 0 by default. Null: no lower limit.
    max_lag
        Periods; no upper limit by default.
    if_unselected
        ``block`` (the target needs the source) or ``ignore``, which makes the link hold
        only if both are selected. A source never needs its target.
    """

    id: GeneratedId = ""
    source: str = Field(alias="from")
    target: str = Field(alias="to")
    type: LinkType = LinkType.FS
    min_lag: Count | None = 0
    max_lag: Count | None = None
    if_unselected: IfUnselected = IfUnselected.BLOCK

    model_config = ConfigDict(
        validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )

    def made_id(self) -> str:
        """Return the id that a link without one gets."""
        return f"{self.type}:{self.source}>{self.target}"


class Requires(Frozen):
    """If ``project`` is selected, so is each of ``needs``.

    Attributes
    ----------
    needs
        Project ids, or choose-one groups of which any selected member will do.
    """

    id: GeneratedId = ""
    project: Id
    needs: tuple[Id, ...]

    def made_id(self) -> str:
        """Return the id that a rule without one gets."""
        return f"requires:{self.project}>{'+'.join(sorted(self.needs))}"


class Excludes(Frozen):
    """At most one of ``projects`` is selected."""

    id: GeneratedId = ""
    projects: tuple[Id, ...]

    def made_id(self) -> str:
        """Return the id that a rule without one gets."""
        return f"excludes:{'+'.join(sorted(self.projects))}"


class AllOrNone(Frozen):
    """Either all of ``projects`` are selected or none."""

    id: GeneratedId = ""
    projects: tuple[Id, ...]

    def made_id(self) -> str:
        """Return the id that a rule without one gets."""
        return f"all-or-none:{'+'.join(sorted(self.projects))}"


class Choose(Frozen):
    """Between ``min`` and ``max`` of ``projects`` are selected.

    With ``max: 1`` it is a choose-one group (variants of one project), which links and
    ``requires`` may name.

    Attributes
    ----------
    unselected
        Projects that count where they are *not* selected. With the selected projects of a plan
        here and all others in ``projects``, the group counts in how many projects a selection
        differs from that plan.
    """

    id: Id
    projects: tuple[Id, ...]
    unselected: tuple[Id, ...] = ()
    min: Count = 0
    max: Count = 1


class Saving(Frozen):
    """Money that a synergy saves: it lowers what a fund pays in one period."""

    fund: Id
    period: When
    amount: Number


class Synergy(Frozen):
    """Extra value or saved cost if and only if all members are selected (formulation, section 3).

    Attributes
    ----------
    value
        Added to the ``value`` term, undiscounted; negative for a penalty.
    savings
        Money saved, by fund and period.
    """

    id: GeneratedId = ""
    projects: tuple[Id, ...]
    value: Number = Decimal(0)
    savings: tuple[Saving, ...] = ()

    def made_id(self) -> str:
        """Return the id that a synergy without one gets."""
        return f"synergy:{'+'.join(sorted(self.projects))}"
