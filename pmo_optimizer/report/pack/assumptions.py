"""What a plan rests on, and what the words mean."""

from __future__ import annotations

from collections.abc import Iterator

from pmo_optimizer.model import (
    Method,
    Plan,
    Portfolio,
    Staffing,
    Termination,
    UtilizationRule,
)
from pmo_optimizer.report.charts.theme import counted, listed
from pmo_optimizer.report.words import first_day, last_day

GLOSSARY: tuple[tuple[str, str], ...] = (
    (
        "bound",
        "A value that no plan can exceed (or, where less is better, undercut). It is proved.",
    ),
    (
        "capacity",
        "What people, pools and hires can deliver in a period, in FTE, absences taken off.",
    ),
    ("FTE", "Full-time equivalent: the work of one person who is there all the time."),
    ("FTE-period", "The work of one FTE over one period (a month, where the grid is of months)."),
    ("fund", "A source of money, with an amount per fiscal year, per period or in all."),
    (
        "gap",
        "How much better the best possible plan can be at most, in percent: the distance of "
        "value and bound by the larger of both.",
    ),
    ("incumbent", "The best plan found so far."),
    (
        "link",
        "One project (or phase) waits for another: FS starts after its finish, SS after its "
        "start; FF and SF finish likewise.",
    ),
    (
        "mode",
        "One way to do a phase, such as normal or crashed, with its own time, people and cost.",
    ),
    ("optimal", "The bound proves that no plan is better."),
    ("phase", "A piece of a project's work that is done without interruption."),
    (
        "proven",
        "True of the best possible plans, not only of those found: the interval leaves out 0.",
    ),
    (
        "ranking list",
        "What boards often do: projects in order of value, cut where the money or the people end.",
    ),
    ("soft limit", "A limit that may be exceeded at a price, which is taken off the objective."),
    (
        "value",
        "Points: weighted scores of the criteria, worth less the later a project is delivered.",
    ),
)


def assumptions(portfolio: Portfolio, plan: Plan) -> tuple[tuple[str, str], ...]:
    """Return what the figures rest on, as pairs of a subject and a sentence."""
    return tuple(_assumed(portfolio, plan))


def _assumed(portfolio: Portfolio, plan: Plan) -> Iterator[tuple[str, str]]:
    calendar = portfolio.calendar
    first, last = first_day(calendar, 0), last_day(calendar, 0, calendar.periods)
    grid = f"{counted(calendar.periods, calendar.grain.value)} from {first} to {last}"
    fiscal = f"; fiscal years begin in month {calendar.fiscal_start_month}"
    yield "Time", grid + fiscal + ". What starts in a period starts on its first day."
    yield "Money", _money(portfolio)
    yield "Value", _value(portfolio)
    yield "Objective", _objective(portfolio)
    yield "People", _people(portfolio, plan)
    yield "Limits", _limits(portfolio)
    if plan.engine is not None:
        run = plan.engine
        mode = ", reproducible" if run.reproducible else ""
        yield (
            "Search",
            f"Engine {run.name}, {counted(run.workers, 'thread')}, seed "
            f"{run.seed}{mode}; ended after {plan.seconds:.1f} s by {ENDS[plan.termination]}.",
        )


ENDS = {
    Termination.PROVED: "proof",
    Termination.GAP: "reaching the wanted gap",
    Termination.TIME_LIMIT: "the time limit",
    Termination.WORK_LIMIT: "the limit of work",
    Termination.STOPPED: "a stop on request",
    Termination.MEMORY_LIMIT: "the limit of memory",
    Termination.CRASH: "a failure of the engine",
}


def _money(portfolio: Portfolio) -> str:
    unit = f"Amounts are in {portfolio.currency}. " if portfolio.currency else ""
    rate = float(portfolio.money_rate)
    worth = (
        f"A year later money is worth {100 * rate:.3g} % less."
        if rate
        else "Money is not discounted."
    )
    funds = (
        counted(len(portfolio.funds), "fund") if portfolio.funds else "No funds: money has no limit"
    )
    return f"{unit}{worth} {funds}."


def _value(portfolio: Portfolio) -> str:
    rate = float(portfolio.value_rate)
    late = (
        f"A year later value is worth {100 * rate:.3g} % less. "
        if rate
        else "Value is not discounted. "
    )
    risk = "multiplied by" if portfolio.risk_adjusted else "not adjusted for"
    text = f"{late}Value is {risk} the probability of success."
    if portfolio.criteria:
        weights = portfolio.criteria_weights
        ordered = sorted(portfolio.criteria, key=lambda c: -weights[c.id])
        parts = [f"{c.name or c.id} {100 * float(weights[c.id]):.0f} %" for c in ordered]
        text += f" Weights: {listed(parts, 8)}"
        vector = portfolio.priority_vector
        if vector is not None:
            text += (
                f", from pairwise comparisons (consistency ratio {vector.consistency_ratio:.2f})"
            )
        text += "."
    return text


def _objective(portfolio: Portfolio) -> str:
    objective = portfolio.objective
    names = [term.term.value for term in objective.terms]
    if len(names) == 1:
        return f"Optimized: {names[0]}."
    if objective.method is Method.WEIGHTED:
        return f"Optimized: the weighted sum of {', '.join(names)}."
    return f"Optimized in this order: {', '.join(names)}."


def _people(portfolio: Portfolio, plan: Plan) -> str:
    heads = sum(person.count for person in portfolio.people)
    text = (
        f"{counted(heads, 'person', 'people')} and {counted(len(portfolio.pools), 'pool')} with "
        f"{counted(len(portfolio.skills), 'skill')}; "
        + ("people by name" if plan.staffing is Staffing.NAMED else "capacity by skill, no names")
    )
    if portfolio.hires:
        text += f"; {counted(len(portfolio.hires), 'way')} to hire"
    ceilings = sum(isinstance(rule, UtilizationRule) for rule in portfolio.rules)
    if ceilings:
        text += f"; {counted(ceilings, 'rule')} keep a part of their time free"
    return text + "."


def _limits(portfolio: Portfolio) -> str:
    soft = [fund.name or fund.id for fund in portfolio.funds if fund.price is not None]
    soft += [cap.name or cap.id for cap in portfolio.caps if cap.price is not None]
    soft += [
        skill.name or skill.id for skill in portfolio.skills if skill.overload_price is not None
    ]
    text = (
        f"{counted(len(portfolio.links), 'link')}, {counted(len(portfolio.rules), 'rule')} and "
        f"{counted(len(portfolio.caps), 'cap')} beside the funds"
    )
    return (
        f"{text}; may be exceeded at a price: {listed(soft, 6)}." if soft else f"{text}, all hard."
    )
