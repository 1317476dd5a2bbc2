"""What named staffing aims at, once every need is served."""

from __future__ import annotations

from decimal import Decimal

from pmo_optimizer.model.base import Frozen, Number


class StaffingGoals(Frozen):
    """Weights of what makes one full staffing better than another; 0 leaves a goal out.

    Unmet need always comes first, prices of extra supply and of soft ceilings second.

    Attributes
    ----------
    cost
        Cost rates of the people who work.
    fit
        Preferred people and teams, and the projects that people like.
    people
        Few people on each phase.
    handoffs
        Nobody joins a need after it has begun.
    balance
        Nobody is loaded far above the others.
    changes
        The staffing of the plan to begin with is kept.
    """

    cost: Number = Decimal(1)
    fit: Number = Decimal(1)
    people: Number = Decimal(1)
    handoffs: Number = Decimal(1)
    balance: Number = Decimal(1)
    changes: Number = Decimal(1)
