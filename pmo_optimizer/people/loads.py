"""How much each person has to do."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pmo_optimizer.model import Plan, Portfolio, SupplierKind
from pmo_optimizer.people.roster import Roster, exact


@dataclass(frozen=True, slots=True)
class PersonLoad:
    """One person in one period.

    Attributes
    ----------
    person
        The individual; in a capacity plan the class.
    period
        0-based.
    available
        FTE that absences and hard ceilings leave.
    used
        FTE that the plan uses.
    spare
        Available less used, in FTE; below 0 where a plan breaks the limit.
    projects
        Number of projects worked on.
    """

    person: str
    period: int
    available: Decimal
    used: Decimal
    spare: Decimal
    projects: int


def person_loads(portfolio: Portfolio, plan: Plan) -> tuple[PersonLoad, ...]:
    """Return the load of every person in every period, by person and period.

    Parameters
    ----------
    portfolio
        A portfolio without errors.
    plan
        One of its plans. In a capacity plan the rows are those of classes of people.

    Returns
    -------
    tuple of PersonLoad
        Idle people included; pools, hires and extra supply are no persons.

    Raises
    ------
    InvalidInput
        The plan has no decisions, or is not of this portfolio.
    """
    with exact():
        roster = Roster(portfolio, plan)
        rows = []
        for key, supplier in roster.suppliers.items():
            if key[0] not in {SupplierKind.PERSON, SupplierKind.CLASS}:
                continue
            used, projects = roster.used[key], roster.projects[key]
            rows += [
                PersonLoad(key[1], t, fte, used[t], fte - used[t], len(projects[t]))
                for t, fte in enumerate(supplier.available)
            ]
        return tuple(rows)
