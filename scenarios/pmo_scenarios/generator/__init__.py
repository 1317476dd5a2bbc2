"""Realistic portfolios of any size, made from a seed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

from pmo_optimizer import (
    Calendar,
    Fund,
    Grain,
    Person,
    Pool,
    Portfolio,
    Severity,
    Site,
    State,
    check,
)
from pmo_scenarios.generator.assemble import make_criteria, make_project, make_skills
from pmo_scenarios.generator.drafts import ProjectDraft
from pmo_scenarios.generator.limits import make_rules
from pmo_scenarios.generator.money import OPEX, make_funds, money_ratio
from pmo_scenarios.generator.named import name_people
from pmo_scenarios.generator.options import SITES, Options
from pmo_scenarios.generator.relations import draw_relations
from pmo_scenarios.generator.staff import (
    capacity_of,
    demand_ratios,
    draw_people,
    holidays_of,
    make_hires,
    make_pools,
    usual_ratios,
    wanted_demand,
)
from pmo_scenarios.generator.timing import (
    Ledger,
    decide_musts,
    draw_windows,
    keep_running,
    shrink_costs,
)
from pmo_scenarios.generator.work import (
    draw_projects,
    fit_rates,
    level_peaks,
    relative_demand,
)
from pmo_scenarios.generator.worth import draw_worth

FIRST_DAY = date(2027, 1, 1)
"""First day of a generated portfolio, unless asked otherwise."""

FISCAL_START_MONTH = 4
"""Fiscal years begin in April, so that they are not the grid's years."""

VALUE_RATE = Decimal("0.06")
"""Annual discount rate of strategic value: early delivery is worth more."""

MONEY_RATE = Decimal("0.05")
"""Annual discount rate of money."""

MOST_DRAWS = 50
"""Most portfolios that are drawn until the checks find no error in one."""

MOST_ROUNDS = 6
"""Most attempts to size the funds; dear projects get cheaper in each."""


def generate(
    *,
    projects: int = 60,
    periods: int = 24,
    skills: int = 8,
    seed: int = 0,
    people: int | None = None,
    scarce: int | None = None,
    grain: Grain | str = Grain.MONTH,
    start: date = FIRST_DAY,
    tightness_low: float = 2.0,
    tightness_high: float = 2.4,
    share_linked: float = 0.35,
    share_two_modes: float = 0.3,
    share_multi_skilled: float = 0.4,
    share_running: float = 0.15,
    share_flexible: float = 0.15,
    hires: int = 0,
    rules: bool = True,
    named: bool = False,
) -> Portfolio:
    """Return a portfolio in which more is wanted than people and money allow.

    The same arguments give the same portfolio, on every machine and in every process. The
    running and the obligatory projects alone are a plan, so that one always exists.

    Parameters
    ----------
    projects
        Number of projects, variants and finished ones included.
    periods, grain, start
        The time grid; 24 months from January 2027 by default.
    skills, scarce
        Number of skills, and how many of them are scarce: a quarter of them by default, fewer
        below 10 projects per scarce skill. The pools of scarce skills carry the tag ``scarce``.
    seed
        Any whole number.
    people
        Heads; by default three for four projects, and at least two per skill. With more of
        them projects need more, so that skills are as scarce as before.
    tightness_low, tightness_high
        Range of demand over capacity, for each scarce skill and for money. Demand is the
        effort (cost) of all projects in their normal modes. Capacity is what people offer
        at their main skill, plus pools (the amounts of all funds). With the default range
        it also holds where people are counted at every skill they have.
    share_linked
        Least part of the projects that a precedence link names.
    share_two_modes
        Part of the projects with a phase that can be done in two modes.
    share_multi_skilled
        Least part of the heads that have two skills or more.
    share_running
        Most running projects, as a part of all.
    share_flexible
        Part of the proposed projects of several phases that may pause or overlap these.
    hires
        Number of hiring options, none by default.
    rules
        Whether there are rules beside the capacities: starts, shares, counts, risk.
    named
        Whether it asks what named staffing can do: every person is an entry with a cost
        rate and a team, most with most projects at once (2 to 4) and a smallest useful
        share (0.1 or 0.2), some with likes and dislikes; many largest needs of a phase want
        the same people throughout, some needs are heads at half their time or effort, a few
        name people who must, must not or should work on them. That running and obligatory
        projects can be staffed is then likely, no longer certain.

    Raises
    ------
    ValueError
        An argument is out of its range.

    Examples
    --------
    >>> portfolio = generate(projects=12, periods=12, skills=4, seed=7)
    >>> len(portfolio.projects), portfolio.digest() == generate(
    ...     projects=12, periods=12, skills=4, seed=7
    ... ).digest()
    (12, True)
    """
    options = Options(
        projects=projects,
        periods=periods,
        skills=skills,
        seed=seed,
        people=people,
        scarce=scarce,
        grain=Grain(grain),
        start=start,
        tightness_low=tightness_low,
        tightness_high=tightness_high,
        share_linked=share_linked,
        share_two_modes=share_two_modes,
        share_multi_skilled=share_multi_skilled,
        share_running=share_running,
        share_flexible=share_flexible,
        hires=hires,
        rules=rules,
        named=named,
    )
    rng = Random(seed)  # noqa: S311 - reproducible, not secret
    for _ in range(MOST_DRAWS):
        portfolio = _build(options, rng)
        if named:
            # dice of its own: the portfolio beneath stays what it is for so many people
            portfolio = name_people(Random(seed), options, portfolio)  # noqa: S311
        if not any(finding.severity is Severity.ERROR for finding in check(portfolio)):
            return portfolio
    raise ValueError(f"no valid portfolio in {MOST_DRAWS} draws; ask for more projects or periods")


def _build(options: Options, rng: Random) -> Portfolio:
    calendar = _calendar(options)
    drafts = draw_projects(rng, options)
    live = [draft for draft in drafts if draft.state is not State.DONE]
    people, pools, capacity = _staff(rng, options, calendar, live)
    draw_worth(rng, options, live, capacity)
    draw_windows(rng, options, live)
    funds = _settle(rng, options, calendar, live, capacity)
    relations = draw_relations(rng, options, drafts)
    return Portfolio(
        name=f"generated-{options.projects}x{options.periods}x{options.skills}-{options.seed}",
        description=_description(options),
        calendar=calendar,
        value_rate=VALUE_RATE,
        money_rate=MONEY_RATE,
        risk_adjusted=True,
        criteria=make_criteria(),
        skills=make_skills(options),
        people=people,
        pools=pools,
        hires=make_hires(rng, options, OPEX),
        funds=funds,
        projects=tuple(make_project(rng, options, draft) for draft in drafts),
        links=relations.links,
        requires=relations.requires,
        excludes=relations.excludes,
        all_or_none=relations.all_or_none,
        choose=relations.choose,
        synergies=relations.synergies,
        rules=make_rules(rng, options, live),
    )


def _calendar(options: Options) -> Calendar:
    """Return the grid, with Christmas for everyone and New Year's Day at the sites."""
    bare = Calendar(start=options.start, periods=options.periods, grain=options.grain)
    shared, local = holidays_of(bare)
    return Calendar(
        start=options.start,
        periods=options.periods,
        grain=options.grain,
        fiscal_start_month=FISCAL_START_MONTH,
        holidays=shared,
        sites=(Site(id=SITES[0], holidays=local), Site(id=SITES[1])),
    )


def _description(options: Options) -> str:
    scarce = ", ".join(options.skill_ids[: options.num_scarce])
    return f"Generated from seed {options.seed}. Scarce skills: {scarce}."


def _staff(
    rng: Random, options: Options, calendar: Calendar, live: list[ProjectDraft]
) -> tuple[tuple[Person, ...], tuple[Pool, ...], list[list[int]]]:
    """Draw people, and fit the needs of the projects to them.

    Returns
    -------
    people, pools, capacity
        Capacity in hundredths of an FTE by skill and period, people at their main skill.
    """
    usual = usual_ratios(options)
    level_peaks(live, options, usual)
    shares = [relative_demand(live, skill) / ratio for skill, ratio in enumerate(usual)]
    people = draw_people(rng, options, calendar, shares)
    offered = capacity_of(options, calendar, people)
    ratios = demand_ratios(rng, options)
    wanted = wanted_demand(options, offered, ratios, shares)
    supply = [w / r / options.periods for w, r in zip(wanted, ratios, strict=True)]
    fit_rates(live, wanted, supply)
    demand = [sum(draft.effort(skill) for draft in live) for skill in range(options.skills)]
    peaks = [max(draft.peak(skill) for draft in live) for skill in range(options.skills)]
    pools = make_pools(options, offered, ratios, demand, peaks)
    extra = {pool.skill: int(pool.capacity(0) * 100) for pool in pools}
    capacity = [
        [hundredths + extra.get(name, 0) for hundredths in row]
        for name, row in zip(options.skill_ids, offered.main, strict=True)
    ]
    return people, pools, capacity


def _settle(
    rng: Random,
    options: Options,
    calendar: Calendar,
    live: list[ProjectDraft],
    capacity: list[list[int]],
) -> tuple[Fund, ...]:
    """Size the funds, and adjust projects until each of them fits beside the fixed ones."""
    ratio = money_ratio(rng, options)
    for _ in range(MOST_ROUNDS):
        funds = make_funds(options, calendar, live, ratio)
        ledger = Ledger(options, calendar, capacity, funds)
        keep_running(ledger, live)
        if not shrink_costs(ledger, options, live):
            break
    decide_musts(rng, ledger, live)
    return funds
