"""Money: amounts, profiles, funds that may not pay, fiscal years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from pmo_optimizer.checks.facts import Facts, Hit, Path, digits, listed
from pmo_optimizer.model import (
    Amounts,
    Benefit,
    Cap,
    CostLine,
    Decision,
    Fund,
    Hire,
    Mode,
    Need,
    Pool,
    Project,
    State,
)
from pmo_optimizer.model.base import Frozen

ONE_OF: Mapping[type[Frozen], tuple[str, ...]] = MappingProxyType(
    {
        Amounts: ("total", "years", "periods"),
        CostLine: ("per_period", "profile", "lump"),
        Need: ("fte", "profile", "effort", "heads"),
        Pool: ("fte", "profile"),
    }
)
"""Fields of which exactly one is given."""


def amount_choice(facts: Facts) -> Iterator[Hit]:
    """Find objects that give no amount, or the same amount in two ways."""
    for node_type, fields in ONE_OF.items():
        for path, node in facts.every(node_type):
            given = [field for field in fields if node.__dict__[field] is not None]
            if len(given) != 1:
                what = f"Both {' and '.join(given)} are" if given else "No amount is"
                yield Hit(
                    path,
                    f"{what} given for {facts.say(path)}.",
                    f"Give exactly one of {', '.join(f'`{field}`' for field in fields)}.",
                )


def profile_length(facts: Facts) -> Iterator[Hit]:
    """Find profiles that are not as long as their mode or the calendar."""
    for path, mode in facts.every(Mode):
        for field, parts in (("needs", mode.needs), ("costs", mode.costs)):
            for part in parts:
                place = (*path, field, part.id, "profile")
                yield from _wrong_length(facts, place, part.profile, mode.duration, "the mode")
    periods = facts.portfolio.calendar.periods
    for path, pool in facts.every(Pool):
        yield from _wrong_length(facts, (*path, "profile"), pool.profile, periods, "the calendar")
    for path, amounts in facts.every(Amounts):
        yield from _wrong_length(
            facts, (*path, "periods"), amounts.periods, periods, "the calendar"
        )


def _wrong_length(
    facts: Facts, path: Path, profile: tuple[object, ...] | None, wanted: int, owner: str
) -> Iterator[Hit]:
    if profile is not None and wanted >= 0 and len(profile) != wanted:
        yield Hit(
            path,
            f"{facts.subject(path)} lists {len(profile)} value(s); {owner} has {digits(wanted)} "
            "period(s).",
            "Give one entry per period.",
        )


def benefit_empty(facts: Facts) -> Iterator[Hit]:
    """Find benefits without any amount."""
    for path, benefit in facts.every(Benefit):
        if not any(benefit.profile):
            yield Hit(
                (*path, "profile"),
                f"{facts.subject(path)} earns nothing.",
                "Give an amount per period, or remove the benefit.",
            )


class Payment(NamedTuple):
    """Something that costs money: where, which category, which fund, and whether anything."""

    path: Path
    category: str
    fund: str | None
    due: bool


def payments(facts: Facts) -> Iterator[Payment]:
    """Yield everything that a plan may have to pay."""
    paying = {p.id for p in facts.open_projects if _may_cost(p)}
    for path, line in facts.every(CostLine):
        if path[1] in paying:
            yield Payment(path, line.category, line.fund, _costs(line))
    rates = {skill.id: skill for skill in facts.portfolio.skills}
    for path, need in facts.every(Need):
        skill = rates.get(need.skill)
        if need.charge_to is not None and skill is not None and path[1] in paying:
            yield Payment((*path, "charge_to"), skill.rate_category, need.charge_to, True)
    for path, project in facts.every(Project):
        if project.state is State.RUNNING and project.stoppable:
            due = project.exit_cost > 0
            yield Payment((*path, "exit_cost"), project.exit_category, project.exit_fund, due)
    for path, hire in facts.every(Hire):
        due = hire.cost_once > 0 or hire.cost_per_period > 0
        yield Payment(path, hire.cost_category, hire.fund, due)


def _may_cost(project: Project) -> bool:
    return project.decision is not Decision.NEVER


def _costs(line: CostLine) -> bool:
    return bool(line.per_period or line.lump or any(line.profile or ()))


def fund_ineligible(facts: Facts) -> Iterator[Hit]:
    """Find payments that name a fund which may not pay their category."""
    funds = {fund.id: fund for fund in facts.portfolio.funds}
    for payment in payments(facts):
        fund = funds.get(payment.fund or "")
        if fund is not None and not fund.pays(payment.category):
            yield Hit(
                payment.path,
                f"Fund {fund.id} may not pay {facts.say(payment.path)}: its category is "
                f"{payment.category}, and the fund pays {listed(sorted(fund.categories))}.",
                f"Name another fund, or add {payment.category} to the fund's `categories`.",
            )


def line_unpayable(facts: Facts) -> Iterator[Hit]:
    """Find payments without a fund that none of the funds may make."""
    funds = facts.portfolio.funds
    for payment in payments(facts):
        open_line = payment.fund is None and payment.due and bool(funds)
        if open_line and not any(fund.pays(payment.category) for fund in funds):
            yield Hit(
                payment.path,
                f"No fund may pay {facts.say(payment.path)}: its category is {payment.category}.",
                f"Add {payment.category} to the `categories` of a fund, or correct the category.",
            )


def _categories(facts: Facts) -> frozenset[str]:
    """Return every cost category that the portfolio uses."""
    portfolio = facts.portfolio
    return frozenset(
        {line.category for _, line in facts.every(CostLine)}
        | {skill.rate_category for skill in portfolio.skills}
        | {hire.cost_category for hire in portfolio.hires}
        | {project.exit_category for project in portfolio.projects}
    )


def category_unused(facts: Facts) -> Iterator[Hit]:
    """Find cost categories of funds and caps that nothing carries."""
    used = _categories(facts)
    named = [((*path, "categories"), fund.categories) for path, fund in facts.every(Fund)]
    named += [((*path, "cost_categories"), cap.cost_categories) for path, cap in facts.every(Cap)]
    for path, categories in named:
        unused = sorted(set(categories) - used)
        if unused:
            yield Hit(
                path,
                f"No cost has the category {listed(unused)}, which {facts.say(path[:2])} names.",
                f"Correct the name; the categories in use are {listed(sorted(used))}.",
            )


def _fiscal_years(facts: Facts) -> tuple[int, ...]:
    return facts.portfolio.calendar.fiscal_years() if facts.calendar_ok else ()


def fund_year_missing(facts: Facts) -> Iterator[Hit]:
    """Find fiscal years of the grid for which a fund lists nothing; they count as 0."""
    for path, fund in facts.every(Fund):
        years = fund.amounts.years
        without = [y for y in _fiscal_years(facts) if years is not None and y not in years]
        if without:
            yield Hit(
                (*path, "amounts", "years"),
                f"{facts.subject(path)} lists nothing for fiscal year {listed(without)}; that "
                "counts as 0.",
                "List the amount of each fiscal year of the calendar, 0 where there is none.",
            )


def year_outside(facts: Facts) -> Iterator[Hit]:
    """Find fiscal years of funds and caps that the grid does not touch."""
    grid = _fiscal_years(facts)
    for path, amounts in facts.every(Amounts):
        outside = sorted(set(amounts.years or ()) - set(grid))
        if grid and outside:
            yield Hit(
                (*path, "years"),
                f"{facts.subject(path)} are for fiscal year {listed(map(digits, outside))}, in "
                f"which no period of the calendar begins; it covers {grid[0]} to {grid[-1]}.",
                "Correct the year (a fiscal year is named by the year in which it ends), or "
                "remove it.",
            )
