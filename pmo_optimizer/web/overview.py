"""What the page of a portfolio says about it, as rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pmo_optimizer.model import Fund, Portfolio
from pmo_optimizer.report.projects import least_cost
from pmo_optimizer.web.text import count, text

Row = tuple[object, ...]


@dataclass(frozen=True)
class Fact:
    """One figure of a portfolio, with what is beside it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class ProjectRow:
    """A candidate project in a list; money is in the portfolio's currency."""

    id: str
    name: str
    category: str
    state: str
    decision: str
    value: float
    cost: float
    probability: float


def facts(portfolio: Portfolio) -> tuple[Fact, ...]:
    """Return the main figures of a portfolio."""
    calendar = portfolio.calendar
    people = sum(person.count for person in portfolio.people)
    money = sum((_total(portfolio, fund) for fund in portfolio.funds), Decimal(0))
    states: dict[str, int] = {}
    for project in portfolio.projects:
        states[project.state.value] = states.get(project.state.value, 0) + 1
    note = ", ".join(f"{n} {word}" for word, n in states.items())
    length = text("portfolio.facts.periods", {"n": calendar.periods, "grain": calendar.grain.value})
    return (
        Fact(text("portfolio.facts.projects"), f"{len(portfolio.projects):,}", note),
        Fact(
            text("portfolio.facts.horizon"),
            f"{calendar.label(0)} – {calendar.label(calendar.periods - 1)}",
            length,
        ),
        Fact(
            text("portfolio.facts.people"),
            f"{people:,}",
            count(len(portfolio.skills), "skills"),
        ),
        Fact(
            text("portfolio.facts.money"),
            f"{money:,.0f} {portfolio.currency}",
            count(len(portfolio.funds), "funds"),
        ),
    )


def _total(portfolio: Portfolio, fund: Fund) -> Decimal:
    return sum((amount for _, amount in _amounts(portfolio, fund)), Decimal(0))


def _amounts(portfolio: Portfolio, fund: Fund) -> Iterator[tuple[str, Decimal]]:
    given = fund.amounts
    if given.total is not None:
        yield text("portfolio.total"), given.total
    for year, amount in sorted((given.years or {}).items()):
        yield str(year), amount
    for period, amount in enumerate(given.periods or ()):
        yield portfolio.calendar.label(period), amount


def fund_rows(portfolio: Portfolio) -> list[Row]:
    """Return fund, year or period, and amount."""
    return [
        (fund.name or fund.id, bucket, amount)
        for fund in portfolio.funds
        for bucket, amount in _amounts(portfolio, fund)
    ]


def skill_rows(portfolio: Portfolio) -> list[Row]:
    """Return skill, how many people have it, and the mean capacity of people and pools in FTE.

    People with several skills count in each of them.
    """
    periods = range(portfolio.calendar.periods)
    rows: list[Row] = []
    for skill in portfolio.skills:
        people = sum(p.count for p in portfolio.people if p.skills.get(skill.id))
        mean = Decimal(0)
        for group in portfolio.classes:
            level = dict(group.skills).get(skill.id)
            if level:
                mean += level * sum(group.available, Decimal(0)) / len(periods)
        for pool in portfolio.pools:
            if pool.skill == skill.id:
                mean += sum((pool.capacity(t) for t in periods), Decimal(0)) / len(periods)
        rows.append((skill.name or skill.id, people, mean))
    return rows


def project_rows(portfolio: Portfolio) -> list[ProjectRow]:
    """Return the candidate projects, the most valuable first."""
    rows = [
        ProjectRow(
            id=project.id,
            name=project.name or project.id,
            category=project.category or "",
            state=project.state.value,
            decision=project.decision.value,
            value=float(portfolio.raw_value(project)),
            cost=float(least_cost(portfolio, project)),
            probability=float(project.probability),
        )
        for project in portfolio.projects
    ]
    return sorted(rows, key=lambda row: (-row.value, row.id))
