"""Who works on which phase, and which heads are taken on for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from pmo_optimizer.model import InvalidInput, Plan, Portfolio, SupplierKind
from pmo_optimizer.people.roster import NONE, Roster, Work, exact, finding, require_decisions


@dataclass(frozen=True, slots=True)
class TeamMember:
    """What somebody does on one need of one phase.

    Attributes
    ----------
    kind, who
        What serves (a person, in capacity plans a class, a pool, hired heads, or extra supply)
        and its id; for extra supply that of the skill.
    start, end
        First period of work, and the one after the last; 0-based.
    shares
        FTE in each period from ``start``.
    total
        Their sum, in FTE-periods.
    cost
        Total x cost rate of the person; None where no rate is known.
    """

    project: str
    phase: str
    need: str
    skill: str
    kind: SupplierKind
    who: str
    start: int
    end: int
    shares: tuple[Decimal, ...]
    total: Decimal
    cost: Decimal | None


def teams(portfolio: Portfolio, plan: Plan) -> tuple[TeamMember, ...]:
    """Return who works on what, by project, start of the phase, phase, need and who.

    Parameters
    ----------
    portfolio
        A portfolio without errors.
    plan
        One of its plans; a capacity plan names classes.

    Raises
    ------
    InvalidInput
        The plan has no decisions, or is not of this portfolio.
    """
    with exact():
        joined: defaultdict[tuple[object, ...], list[Work]] = defaultdict(list)
        for work in Roster(portfolio, plan).work:
            item = work.allocation
            place = (item.project, work.phase.start, item.phase, item.need)
            joined[(*place, item.supplier, item.kind)].append(work)
        rows = (_member(joined[key]) for key in sorted(joined, key=lambda k: tuple(map(_rank, k))))
        return tuple(row for row in rows if row is not None)


def _rank(part: object) -> tuple[int, str]:
    return (part, "") if isinstance(part, int) else (0, str(part))


def _member(works: list[Work]) -> TeamMember | None:
    """Return the allocations of one supplier to one need as one row; None without work."""
    shares: defaultdict[int, Decimal] = defaultdict(Decimal)
    for work in works:
        for t, share in enumerate(work.allocation.shares, work.allocation.start):
            if share:
                shares[t] += share
    if not shares:
        return None
    first, item = works[0], works[0].allocation
    start, end = min(shares), max(shares) + 1
    total = sum(shares.values(), NONE)
    rate = None if first.person is None else first.person.cost_rate
    return TeamMember(
        project=item.project,
        phase=item.phase,
        need=item.need,
        skill=first.need.skill,
        kind=item.kind,
        who=item.supplier,
        start=start,
        end=end,
        shares=tuple(shares.get(t, NONE) for t in range(start, end)),
        total=total,
        cost=None if rate is None else total * rate,
    )


@dataclass(frozen=True, slots=True)
class HiredHeads:
    """One order of heads.

    Attributes
    ----------
    ordered
        Period of the order, 0-based.
    start, end
        First period of work, and the one after the last; the end may lie beyond the grid.
    cost
        Of all its heads: once, and for each period of work.
    """

    hire: str
    skill: str
    heads: int
    ordered: int
    start: int
    end: int
    cost: Decimal


def hires(portfolio: Portfolio, plan: Plan) -> tuple[HiredHeads, ...]:
    """Return the heads that a plan orders, by start and id.

    Parameters
    ----------
    portfolio
        A portfolio without errors.
    plan
        One of its plans.

    Raises
    ------
    InvalidInput
        The plan has no decisions, or orders heads that this portfolio does not offer.
    """
    require_decisions(plan)
    known = {hire.id: hire for hire in portfolio.hires}
    foreign = sorted({order.hire for order in plan.hires} - set(known))
    if foreign:
        fix = "Give the portfolio that the plan was made of."
        raise InvalidInput(
            tuple(
                finding("plan-foreign", f"hires/{name}", f"There is no hire {name}.", fix)
                for name in foreign
            )
        )
    rows = []
    with exact():
        for order in plan.hires:
            hire = known[order.hire]
            work = hire.work(order.period, portfolio.calendar)
            cost = order.heads * (hire.cost_once + hire.cost_per_period * len(work))
            rows.append(
                HiredHeads(
                    hire=hire.id,
                    skill=hire.skill,
                    heads=order.heads,
                    ordered=order.period,
                    start=work.start,
                    end=work.stop,
                    cost=cost,
                )
            )
    return tuple(sorted(rows, key=lambda row: (row.start, row.hire)))
