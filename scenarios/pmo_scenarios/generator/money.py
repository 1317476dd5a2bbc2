"""Funds that hold a given part of what all projects ask for, and who pays what."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from pmo_optimizer import Amounts, Calendar, Fund, State
from pmo_scenarios.generator.drafts import ProjectDraft
from pmo_scenarios.generator.options import Options

CAPEX, OPEX, INNOVATION = "capex", "opex", "innovation"
"""The three funds; capex and opex are cost categories too."""

RESEARCH = "research"
"""A cost category that only the innovation fund pays."""

OPEN_TO_INNOVATION = 0.2
"""Part of the open capex that the innovation fund is sized for."""

MONEY_RATIO = (0.0, 0.1)
"""Where the ratio of cost to money lies in the asked range: near its low end, so that money
binds beside the scarce skills and not instead of them."""

EVEN_YEARS = 0.8
"""Part of a fund that is shared over fiscal years by their length alone."""

CHARGE_RATE = 9000
"""Standard cost of one FTE-period of the skill whose needs are charged."""


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that a project spends in one period of its life, in its normal modes.

    Attributes
    ----------
    offset
        Periods after the project's start.
    fund
        Fund that pays; open lines are written to the capex fund, which may pay them all.
    """

    offset: int
    fund: str
    amount: Decimal


def charged_skill(options: Options) -> int | None:
    """Return the index of the skill whose needs are charged to opex, the last general one."""
    return options.skills - 1 if options.skills > options.num_scarce else None


def capex_profile(project: ProjectDraft) -> tuple[int, ...]:
    """Return capex per period of the project, without what falls at the start; exact."""
    rest = project.capex - project.capex_at_start
    length = project.length
    base = rest // length
    return (base + rest - base * length,) + (base,) * (length - 1)


def payments(project: ProjectDraft, options: Options) -> list[Payment]:
    """Return all payments of a project in normal modes, phases at their earliest."""
    out = [Payment(0, CAPEX, Decimal(project.capex_at_start))]
    out += [Payment(t, CAPEX, Decimal(amount)) for t, amount in enumerate(capex_profile(project))]
    out.append(Payment(project.length - 1, INNOVATION, Decimal(project.research)))
    charged = charged_skill(options)
    for start, phase in zip(project.offsets, project.phases, strict=True):
        rate = 0 if charged is None else phase.rates.get(charged, 0)
        amount = Decimal(phase.opex) + Decimal(rate * CHARGE_RATE) / 100
        out += [Payment(start + t, OPEX, amount) for t in range(phase.duration)]
    return [payment for payment in out if payment.amount]


def money_ratio(rng: Random, options: Options) -> float:
    """Return the wanted cost of all projects over the sum of all fund amounts."""
    span = options.tightness_high - options.tightness_low
    return options.tightness_low + span * rng.uniform(*MONEY_RATIO)


def make_funds(
    options: Options, calendar: Calendar, projects: list[ProjectDraft], ratio: float
) -> tuple[Fund, ...]:
    """Return capex and opex per fiscal year, and an innovation fund for the whole time."""
    demand: dict[str, Decimal] = defaultdict(Decimal)
    for project in projects:
        for payment in payments(project, options):
            demand[payment.fund] += payment.amount
    moved = Decimal(str(OPEN_TO_INNOVATION)) * sum(p.capex for p in projects if p.open_capex)
    amounts = {
        CAPEX: (demand[CAPEX] - moved) / Decimal(str(ratio)),
        OPEX: demand[OPEX] / Decimal(str(ratio)),
        INNOVATION: (demand[INNOVATION] + moved) / Decimal(str(ratio)),
    }
    return (
        Fund(
            id=CAPEX,
            name="Investment budget",
            categories=(CAPEX,),
            carry_over="all",
            amounts=Amounts(years=_by_year(options, calendar, projects, CAPEX, amounts[CAPEX])),
        ),
        Fund(
            id=OPEX,
            name="Operating budget",
            categories=(OPEX, "labour", "hiring", "exit"),
            amounts=Amounts(years=_by_year(options, calendar, projects, OPEX, amounts[OPEX])),
        ),
        Fund(
            id=INNOVATION,
            name="Innovation fund",
            categories=(CAPEX, RESEARCH),
            amounts=Amounts(total=_round(amounts[INNOVATION])),
        ),
    )


def _by_year(
    options: Options,
    calendar: Calendar,
    projects: list[ProjectDraft],
    fund: str,
    total: Decimal,
) -> dict[int, Decimal]:
    """Share an amount over fiscal years: mostly even, partly as the projects would spend it."""
    years = [calendar.fiscal_year(t) for t in range(calendar.periods)]
    asked = _asked_by_year(options, years, projects, fund)
    everything = sum(asked.values())
    amounts = {}
    for year in calendar.fiscal_years():
        even = years.count(year) / len(years)
        spent = asked[year] / everything if everything else even
        amounts[year] = _round(total * Decimal(EVEN_YEARS * even + (1 - EVEN_YEARS) * spent))
    return amounts


def _asked_by_year(
    options: Options, years: list[int], projects: list[ProjectDraft], fund: str
) -> Counter[int]:
    """Return what the projects would spend by fiscal year if their starts were spread evenly."""
    last = len(years) - 1
    asked: Counter[int] = Counter()
    for project in projects:
        running = project.state is State.RUNNING
        starts = 1 if running else max(1, len(years) - project.length + 1)
        for offset, amount in _by_offset(project, options, fund).items():
            reached = Counter(years[min(offset, last) : offset + starts])
            for year, number in reached.items():
                asked[year] += round(amount * number / starts)
    return asked


def _by_offset(project: ProjectDraft, options: Options, fund: str) -> dict[int, float]:
    amounts: dict[int, float] = defaultdict(float)
    for payment in payments(project, options):
        if payment.fund == fund:
            amounts[payment.offset] += float(payment.amount)
    return amounts


def _round(amount: Decimal) -> Decimal:
    return Decimal(1000 * int(amount / 1000))
