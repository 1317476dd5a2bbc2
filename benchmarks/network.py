"""Schedules of public suites as they are: activities, modes, resources; and as portfolios."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pmo_optimizer import (
    Amounts,
    Calendar,
    CostLine,
    Decision,
    Fund,
    Grain,
    Link,
    Mode,
    Need,
    Objective,
    Person,
    Phase,
    Pool,
    Portfolio,
    Project,
    Skill,
    Term,
    TermName,
    Weekday,
)

FIRST_DAY = date(2027, 1, 1)
"""First day of every benchmark portfolio; suites count periods, not dates."""


@dataclass(frozen=True, slots=True)
class ActivityMode:
    """One way to do an activity.

    Attributes
    ----------
    duration
        Periods.
    rates
        Units of each renewable resource in every period, by resource.
    amounts
        Units of each non-renewable resource in all, by resource.
    """

    duration: int
    rates: dict[str, int]
    amounts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Activity:
    """Work of one project; ``after`` are activities of that project, by index."""

    name: str
    modes: tuple[ActivityMode, ...]
    after: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A project: its activities (predecessors may stand anywhere), release and due date.

    Attributes
    ----------
    release
        First period in which it may start, 0-based.
    due
        Exclusive end from which on delay counts; None where delay is not measured.
    """

    name: str
    activities: tuple[Activity, ...]
    release: int = 0
    due: int | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """Projects that share resources.

    Attributes
    ----------
    capacities
        Units per period of each renewable resource.
    budgets
        Units in all of each non-renewable resource.
    terms
        What is minimised, in order.
    people
        Where single people do the work: the renewable resources that each can be a unit of,
        one at a time. Whoever serves an activity stays to its end. Empty: units are anonymous.
    """

    name: str
    jobs: tuple[Job, ...]
    capacities: dict[str, int]
    budgets: dict[str, int]
    terms: tuple[TermName, ...] = (TermName.MAKESPAN,)
    people: dict[str, frozenset[str]] = field(default_factory=dict)

    def activities(self) -> Iterator[tuple[Job, Activity]]:
        """Yield every activity with its project."""
        for job in self.jobs:
            for activity in job.activities:
                yield job, activity


def to_portfolio(network: Network, periods: int) -> Portfolio:
    """Return the network as a portfolio in which every project is obligatory.

    Renewable resources are pools of a skill each, or skills of people; non-renewable ones are
    funds with one amount for the horizon, which the modes draw on in lumps. Periods are days,
    all of them working days, so that everybody is there in full.

    Parameters
    ----------
    periods
        Length of the grid.
    """
    return Portfolio(
        name=network.name,
        calendar=_calendar(network, periods),
        skills=tuple(Skill(id=name) for name in network.capacities),
        people=tuple(
            Person(id=name, skills=dict.fromkeys(sorted(skills), Decimal(1)))
            for name, skills in network.people.items()
        ),
        pools=_pools(network),
        funds=tuple(
            Fund(id=name, amounts=Amounts(total=Decimal(units)))
            for name, units in network.budgets.items()
        ),
        projects=tuple(_project(job, named=bool(network.people)) for job in network.jobs),
        objective=Objective(terms=tuple(Term(term=name) for name in network.terms)),
    )


def _calendar(network: Network, periods: int) -> Calendar:
    if network.people:
        days = tuple(Weekday)
        return Calendar(start=FIRST_DAY, periods=periods, grain=Grain.DAY, working_days=days)
    return Calendar(start=FIRST_DAY, periods=periods, grain=Grain.DAY)


def _pools(network: Network) -> tuple[Pool, ...]:
    if network.people:
        return ()
    return tuple(
        Pool(id=f"pool-{name}", skill=name, fte=Decimal(units))
        for name, units in network.capacities.items()
    )


def _project(job: Job, *, named: bool) -> Project:
    kept = _without_dummies(job.activities)
    links = tuple(
        Link(source=job.activities[before].name, target=job.activities[index].name)
        for index in kept
        for before in job.activities[index].after
        if before in kept
    )
    return Project(
        id=job.name,
        decision=Decision.MUST,
        earliest_start=job.release or None,
        due=job.due,
        late_price=None if job.due is None else Decimal(0),
        phases=tuple(_phase(job.activities[index], named=named) for index in sorted(kept)),
        links=links,
    )


def _without_dummies(activities: tuple[Activity, ...]) -> set[int]:
    """Return the activities that are not idle sources or sinks.

    A milestone that nothing precedes, or that precedes nothing, changes no start and no
    finish. All are kept where without them no link would be left: phases without links run
    one after the other.
    """
    before = {earlier for activity in activities for earlier in activity.after}
    kept = {
        index
        for index, activity in enumerate(activities)
        if not _idle(activity) or (activity.after and index in before)
    }
    linked = any(set(activities[index].after) & kept for index in kept)
    return kept if linked or len(kept) == 1 else set(range(len(activities)))


def _idle(activity: Activity) -> bool:
    return all(not mode.duration and not any(mode.amounts.values()) for mode in activity.modes)


def _phase(activity: Activity, *, named: bool) -> Phase:
    modes = tuple(_mode(mode, named=named) for mode in activity.modes)
    return Phase(id=activity.name, modes=modes)


def _mode(mode: ActivityMode, *, named: bool) -> Mode:
    working = mode.rates.items() if mode.duration else ()
    return Mode(
        duration=mode.duration,
        needs=tuple(_need(r, units, named=named) for r, units in working if units),
        costs=tuple(
            CostLine(id=name, lump=Decimal(units), fund=name)
            for name, units in mode.amounts.items()
            if units
        ),
    )


def _need(resource: str, units: int, *, named: bool) -> Need:
    if named:
        return Need(id=resource, skill=resource, heads=units, share=Decimal(1), continuous=True)
    return Need(id=resource, skill=resource, fte=Decimal(units))
