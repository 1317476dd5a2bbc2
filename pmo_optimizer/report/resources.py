"""Load against capacity, spending against budget, soft breaches, hires and alignment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import RenderableType
from rich.text import Text

from pmo_optimizer.model import Calendar, FundUse, Grain, HireOrder, Plan, Portfolio
from pmo_optimizer.report.tables import Cell, section
from pmo_optimizer.report.words import ABSENT, amount, bar, first_day, percent, score

FIXED_WIDTH = (16 + 2) + (5 + 2) + (8 + 2) + (5 + 2)
"""Width of the columns skill (at least), load, capacity and peak, with their gaps."""
CELL_WIDTH = 5 + 2
"""Width of one column of percentages, with its gap."""
BAR_WIDTH = 16
HIGH, TIGHT = 1.0005, 0.9
"""Use above which a percentage is shown in red, and in yellow."""


def load(portfolio: Portfolio, plan: Plan, width: int, limit: int | None) -> list[RenderableType]:
    """Return the load of each skill in percent of its capacity, over time.

    The columns are periods, fiscal quarters or fiscal years: the finest that fit ``width``.
    """
    names = {skill.id: skill.name for skill in portfolio.skills}
    rows = [
        (names.get(s.skill) or s.skill, list(zip(s.load, s.capacity, strict=False)))
        for s in plan.kpis.skills
    ]
    title = "Load against capacity (mean FTE a period; use by {})"
    return use_table(portfolio.calendar, (title, "skill", "skills"), rows, width, limit)


def use_table(
    calendar: Calendar,
    words: tuple[str, str, str],
    rows: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    width: int,
    limit: int | None,
) -> list[RenderableType]:
    """Return a table of use over time, in percent of what is there.

    Parameters
    ----------
    calendar
        For the names of the columns: the finest split of the grid that fits ``width``.
    words
        Title, with braces where the split is named; header of the first column; what rows are.
    rows
        Name, and FTE used and available in each period.
    """
    periods = max((len(pairs) for _, pairs in rows), default=0)
    if not rows:
        return []
    title, header, what = words
    word, groups = buckets(calendar, periods, max((width - FIXED_WIDTH + 2) // CELL_WIDTH, 1))
    columns = [(header, "name"), ("FTE", "number"), ("capacity", "number"), ("peak", "number")]
    columns += [(name, "number") for name, _ in groups]
    cells = [_use_row(name, pairs, groups) for name, pairs in rows]
    return section(title.format(word), columns, cells, limit, what)


def _use_row(
    name: str, pairs: Sequence[tuple[float, float]], groups: list[tuple[str, range]]
) -> list[Cell]:
    if not pairs:  # a plan file may say nothing about a skill
        return [name, *[ABSENT] * (3 + len(groups))]
    peak = max(pairs, key=lambda pair: pair[0] / pair[1] if pair[1] > 0 else pair[0] * 1e9)
    row: list[Cell] = [
        name,
        amount(sum(used for used, _ in pairs) / len(pairs)),
        amount(sum(there for _, there in pairs) / len(pairs)),
        _use(*peak),
    ]
    for _, periods in groups:
        inside = [pairs[t] for t in periods if t < len(pairs)]
        row.append(_use(sum(a for a, _ in inside), sum(b for _, b in inside)))
    return row


def _use(part: float, whole: float) -> Text:
    ratio = part / whole if whole > 0 else 2.0 * (part > 0)
    style = "red" if ratio > HIGH else "yellow" if ratio >= TIGHT else ""
    return Text(percent(part, whole), style=style)


def buckets(calendar: Calendar, periods: int, most: int) -> tuple[str, list[tuple[str, range]]]:
    """Return the finest split of the grid into at most ``most`` named runs of periods.

    Returns
    -------
    tuple
        What a run is (``period``, ``fiscal quarter``, ``fiscal year``, ``whole horizon``), and
        the name and the 0-based periods of each.
    """
    choices: list[tuple[str, Callable[[int], str]]] = [("period", calendar.label)]
    if calendar.grain not in {Grain.QUARTER, Grain.YEAR}:
        choices.append(("fiscal quarter", lambda t: fiscal_quarter(calendar, t)))
    choices.append(("fiscal year", lambda t: str(calendar.fiscal_year(t))))
    for word, name in choices:
        runs: dict[str, list[int]] = {}
        for t in range(periods):
            runs.setdefault(name(t), []).append(t)
        if len(runs) <= most:
            return word, [(key, range(ts[0], ts[-1] + 1)) for key, ts in runs.items()]
    return "whole horizon", [("all", range(periods))]


def fiscal_quarter(calendar: Calendar, period: int) -> str:
    """Return the fiscal quarter of a period's first day: ``27-Q3`` is the third of FY2027."""
    month = (calendar.edge(period).month - calendar.fiscal_start_month) % 12
    return f"{calendar.fiscal_year(period) % 100:02d}-Q{month // 3 + 1}"


def funds(portfolio: Portfolio, plan: Plan, limit: int | None) -> list[RenderableType]:
    """Return what each fund has and spends per fiscal year, period or in total."""
    names = {fund.id: fund.name for fund in portfolio.funds}
    columns = [
        ("fund", "name"),
        ("year", "text"),
        ("available", "number"),
        ("spent", "number"),
        ("left", "number"),
        ("use", "number"),
        ("", "text"),
    ]
    rows = [_fund_row(names.get(use.fund) or use.fund, use) for use in plan.kpis.funds]
    title = f"Spending against budget ({portfolio.currency}; available includes what is carried)"
    return section(title, columns, rows, limit, "fund periods")


def _fund_row(name: str, use: FundUse) -> list[Cell]:
    left = use.available - use.spent
    return [
        name,
        use.bucket,
        amount(use.available),
        amount(use.spent),
        Text(amount(left), style="red" if use.overspent > 0 else ""),
        percent(use.spent, use.available),
        bar(use.spent, use.available, BAR_WIDTH),
    ]


def breaches(plan: Plan, limit: int | None) -> list[RenderableType]:
    """Return every soft limit that the plan exceeds, by how much and at what price."""
    columns = [
        ("soft limit", "name"),
        ("kind", "text"),
        ("period", "text"),
        ("breach", "number"),
        ("price", "number"),
        ("penalty", "number"),
    ]
    rows = [
        (b.id, b.kind, b.period, amount(b.amount), amount(b.price), score(b.penalty))
        for b in sorted(plan.kpis.breaches, key=lambda b: -b.penalty)
    ]
    return section(f"Soft limits exceeded ({len(rows)})", columns, rows, limit, "breaches")


def hires(portfolio: Portfolio, plan: Plan, limit: int | None) -> list[RenderableType]:
    """Return the ordered heads: when they are ordered, when they start, what they cost."""
    columns = [
        ("hire", "name"),
        ("skill", "text"),
        ("heads", "number"),
        ("ordered", "text"),
        ("first day", "text"),
        (f"cost {portfolio.currency}", "number"),
    ]
    rows = [_hire_row(portfolio, order) for order in plan.hires]
    return section(f"Hires ({sum(o.heads for o in plan.hires)})", columns, rows, limit, "hires")


def _hire_row(portfolio: Portfolio, order: HireOrder) -> list[Cell]:
    option = next((hire for hire in portfolio.hires if hire.id == order.hire), None)
    ordered = first_day(portfolio.calendar, order.period)
    if option is None:
        return [order.hire, "", str(order.heads), ordered, "", ""]
    work = option.work(order.period, portfolio.calendar)
    cost = order.heads * (option.cost_once + option.cost_per_period * len(work))
    starts = first_day(portfolio.calendar, work.start)
    return [
        option.name or option.id,
        option.skill,
        str(order.heads),
        ordered,
        starts,
        amount(float(cost)),
    ]


def alignment(portfolio: Portfolio, plan: Plan, limit: int | None) -> list[RenderableType]:
    """Return how much of the strategic value serves each criterion."""
    names = {criterion.id: criterion.name for criterion in portfolio.criteria}
    columns = [("criterion", "name"), ("value", "number"), ("share", "number"), ("", "text")]
    rows = [
        (
            names.get(entry.criterion) or entry.criterion,
            score(entry.value),
            percent(entry.share, 1),
            bar(entry.share, 1, BAR_WIDTH),
        )
        for entry in plan.kpis.alignment
    ]
    return section("Strategic alignment", columns, rows, limit, "criteria")
