"""What users stated in a portfolio and could take back: each with a path and words."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pmo_optimizer import (
    Amounts,
    AverageRule,
    Calendar,
    Cap,
    Choose,
    CountRule,
    Decision,
    Filter,
    Frozen,
    IfUnselected,
    Link,
    Mode,
    Pin,
    Portfolio,
    Project,
    Rule,
    Sense,
    ShareRule,
    StartsRule,
    State,
    UtilizationRule,
)

MOST_LISTED = 4
"""So many amounts or names stand in a sentence; of more, the range or the number."""


class Member(Frozen):
    """Something that users stated and that a plan must hold.

    Attributes
    ----------
    path
        Where it is in the portfolio, for instance ``funds/capex`` or ``projects/P7/decision``.
    kind
        ``fund``, ``cap``, ``capacity``, ``rule``, ``must``, ``never``, ``running``,
        ``earliest_start``, ``latest_start``, ``latest_finish``, ``due``, ``pin``, ``link``,
        ``requires``, ``excludes``, ``all_or_none`` or ``choose``.
    words
        What it says, from the data.
    """

    path: str
    kind: str
    words: str


def stated(portfolio: Portfolio) -> tuple[Member, ...]:
    """Return everything hard that users stated, each once, decisions first.

    Durations, needs, costs, the grid, people and hires are what rules are about, not rules;
    what is soft clashes with nothing.
    """
    parts = (_decisions, _relations, _rules, _money, _links, _dates, _capacities)
    return tuple(member for part in parts for member in part(portfolio))


def open_projects(portfolio: Portfolio) -> tuple[Project, ...]:
    """Return the projects that are not done."""
    return tuple(p for p in portfolio.projects if p.state is not State.DONE)


def bound_to_run(project: Project) -> bool:
    """Return whether it is running and cannot be stopped."""
    return project.state is State.RUNNING and not project.stoppable


def _decisions(portfolio: Portfolio) -> Iterator[Member]:
    for project in open_projects(portfolio):
        path = f"projects/{project.id}"
        if project.decision is Decision.NEVER:
            words = f"{project.id} must never be done"
            yield Member(path=f"{path}/decision", kind="never", words=words)
        if bound_to_run(project):
            words = f"{project.id} is running and cannot be stopped"
            yield Member(path=f"{path}/state", kind="running", words=words)
        elif project.decision is Decision.MUST:
            words = f"{project.id} must be done"
            yield Member(path=f"{path}/decision", kind="must", words=words)


def _relations(portfolio: Portfolio) -> Iterator[Member]:
    for excluded in portfolio.excludes:
        words = f"at most one of {_names(excluded.projects)} may be done"
        yield Member(path=f"excludes/{excluded.id}", kind="excludes", words=words)
    for needed in portfolio.requires:
        words = f"{needed.project} requires {_names(needed.needs)}"
        yield Member(path=f"requires/{needed.id}", kind="requires", words=words)
    for together in portfolio.all_or_none:
        words = f"either all of {_names(together.projects)} are done or none"
        yield Member(path=f"all_or_none/{together.id}", kind="all_or_none", words=words)
    for group in portfolio.choose:
        yield Member(path=f"choose/{group.id}", kind="choose", words=_choose(group))


def _choose(group: Choose) -> str:
    if group.unselected:
        parts = [f"{_names(group.projects)} done"] if group.projects else []
        parts.append(f"{_names(group.unselected)} left out")
        return f"{group.min} to {group.max} must hold of: {', '.join(parts)}"
    names = _names(group.projects)
    if group.min == group.max:
        return f"exactly {group.min} of {names} must be done"
    if group.min <= 0:
        return f"at most {group.max} of {names} may be done"
    return f"{group.min} to {group.max} of {names} must be done"


def _rules(portfolio: Portfolio) -> Iterator[Member]:
    for rule in portfolio.rules:
        if rule.price is None:
            yield Member(path=f"rules/{rule.id}", kind="rule", words=rule_words(rule))


def rule_words(rule: Rule) -> str:
    """Return what a rule says."""
    where = filter_words(rule.where)
    match rule:
        case CountRule() | StartsRule():
            ends = [f"at least {rule.min}"] if rule.min is not None else []
            ends += [f"at most {rule.max}"] if rule.max is not None else []
            verb = "start in each period" if isinstance(rule, StartsRule) else "are done"
            said = f"{' and '.join(ends) or 'any number of'} projects{where} {verb}"
        case ShareRule():
            of = {"selected": "all selected projects", "budget": "all funds"}.get(str(rule.of))
            said = (
                f"projects{where} have {_sense(rule.sense)} {number(100 * rule.share)} % of the "
                f"{rule.measure.value} of {of}"
                if of is not None
                else f"projects{where} have {_sense(rule.sense)} {number(rule.share)} x "
                f"{number(Decimal(str(rule.of)))} of {rule.measure.value}"
            )
        case AverageRule():
            said = (
                f"the average {rule.attribute} of projects{where} is {_sense(rule.sense)} "
                f"{number(rule.limit)}"
            )
        case UtilizationRule():
            said = f"people and pools{where} are used at {number(100 * rule.ceiling)} % at most"
    return f"{said} (rule {rule.id})"


def filter_words(where: Filter) -> str:
    """Return a filter as what follows ``projects``; nothing where all are meant."""
    said = []
    if where.category:
        said.append(f"of category {' or '.join(where.category)}")
    if where.tag:
        said.append(f"tagged {' or '.join(where.tag)}")
    if where.attribute:
        pairs = ", ".join(f"{name} = {value}" for name, value in where.attribute.items())
        said.append(f"with {pairs}")
    return f" {' '.join(said)}" if said else ""


def _sense(sense: Sense) -> str:
    return "at least" if sense is Sense.AT_LEAST else "at most"


def _money(portfolio: Portfolio) -> Iterator[Member]:
    for fund in portfolio.funds:
        if fund.price is None:
            words = f"fund {fund.id} has {amounts_words(fund.amounts)}"
            yield Member(path=f"funds/{fund.id}", kind="fund", words=words)
    for cap in portfolio.caps:
        if cap.price is None:
            yield Member(path=f"caps/{cap.id}", kind="cap", words=_cap(cap))


def _cap(cap: Cap) -> str:
    what = f"{' and '.join(cap.cost_categories)} " if cap.cost_categories else ""
    years = f" in their {cap.project_years.value} years" if cap.project_years else ""
    return (
        f"{what}cost of projects{filter_words(cap.where)}{years} is at most "
        f"{amounts_words(cap.amounts)} (cap {cap.id})"
    )


def amounts_words(amounts: Amounts) -> str:
    """Return amounts over time as words.

    Examples
    --------
    >>> amounts_words(Amounts(total=1200)), amounts_words(Amounts(years={2027: 200, 2028: 0}))
    ('1,200 in all', '200 in 2027, 0 in 2028')
    """
    if amounts.total is not None:
        return f"{number(amounts.total)} in all"
    if amounts.years is not None:
        years = sorted(amounts.years.items())
        if len(years) <= MOST_LISTED:
            return ", ".join(f"{number(amount)} in {year}" for year, amount in years) or "nothing"
        span = f"a year from {years[0][0]} to {years[-1][0]}"
        return f"{_range([amount for _, amount in years])} {span}"
    return f"{_range(amounts.periods or (Decimal(0),))} a period"


def _range(values: list[Decimal] | tuple[Decimal, ...]) -> str:
    low, high = min(values), max(values)
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def number(value: Decimal | float) -> str:
    """Return a number with thousands separators, at most six decimals.

    Examples
    --------
    >>> number(Decimal("1234567.50")), number(0.1), number(Decimal(0))
    ('1,234,567.5', '0.1', '0')
    """
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _links(portfolio: Portfolio) -> Iterator[Member]:
    for link in portfolio.links:
        yield Member(path=f"links/{link.id}", kind="link", words=_link(link))
    for project in open_projects(portfolio):
        # The links of a running project also say which of its phases goes on.
        for link in () if project.state is State.RUNNING else project.links:
            path = f"projects/{project.id}/links/{link.id}"
            yield Member(path=path, kind="link", words=f"in {project.id}, {_link(link)}")


def _link(link: Link) -> str:
    before, after = (("starts", "ends")[letter == "F"] for letter in link.type.value)
    needs = ", which it needs" if link.if_unselected is IfUnselected.BLOCK else ""
    return f"{link.target} {after} {_lag(link)} {link.source} {before}{needs}"


def _lag(link: Link) -> str:
    if link.min_lag is None:
        return "whenever" if link.max_lag is None else f"at most {link.max_lag} periods after"
    if link.max_lag is None:
        return f"at least {link.min_lag} periods after" if link.min_lag else "not before"
    return f"{link.min_lag} to {link.max_lag} periods after"


def _dates(portfolio: Portfolio) -> Iterator[Member]:
    calendar = portfolio.calendar
    for project in open_projects(portfolio):
        path, end = f"projects/{project.id}", calendar.periods
        if project.state is not State.RUNNING:
            # Without phases it is the date of the project, not a limit: nothing else has a time.
            if project.phases and project.first_start(calendar) > 0:
                words = f"{project.id} starts {when(project.earliest_start)} or later"
                yield Member(path=f"{path}/earliest_start", kind="earliest_start", words=words)
            if project.last_start(calendar) < end - 1:
                words = f"{project.id} starts {when(project.latest_start)} or earlier"
                yield Member(path=f"{path}/latest_start", kind="latest_start", words=words)
        if (
            project.latest_finish is not None
            and calendar.end_not_after(project.latest_finish) < end
        ):
            words = f"{project.id} must be finished {finish(project.latest_finish)}"
            yield Member(path=f"{path}/latest_finish", kind="latest_finish", words=words)
        if hard_due(project) and (project.due_period(calendar) or 0) < end:
            words = f"{project.id} is due {finish(project.due)}"
            yield Member(path=f"{path}/due", kind="due", words=words)
        yield from _pins(project, calendar)


def hard_due(project: Project) -> bool:
    """Return whether a due date has no price."""
    return project.due is not None and project.late_price is None


def when(value: object) -> str:
    """Return a date or period index as words."""
    return f"in period {value}" if isinstance(value, int) else f"on {value}"


def finish(value: object) -> str:
    """Return the latest end of work as words; an index is an exclusive end."""
    return f"before period {value}" if isinstance(value, int) else f"by {value}"


def _pins(project: Project, calendar: Calendar) -> Iterator[Member]:
    for phase in project.phases:
        pin = phase.pin
        if pin is not None and pin != free_pin(project, phase.id, pin):
            said = [f"starts {when(pin.start)}"] if pin.start is not None else []
            said += [f"is done in mode {pin.mode}"] if pin.mode is not None else []
            words = f"{project.id}/{phase.id} {' and '.join(said)}"
            path = f"projects/{project.id}/phases/{phase.id}/pin"
            yield Member(path=path, kind="pin", words=words)


def free_pin(project: Project, phase: str, pin: Pin) -> Pin | None:
    """Return what stays of a pin that holds no longer.

    The phase with which a running project goes on keeps its start: without it, it would be
    fixed to period 0 (formulation, section 1). People matter in named staffing only.
    """
    start = pin.start if phase == project.goes_on_with else None
    return Pin(start=start, people=pin.people) if start is not None or pin.people else None


def _capacities(portfolio: Portfolio) -> Iterator[Member]:
    needed = {
        need.skill
        for project in open_projects(portfolio)
        for mode in modes_of(project)
        for need in mode.needs
    }
    for skill in portfolio.skills:
        if skill.id in needed and skill.overload_price is None:
            words = f"capacity of {skill.id} is {_range(capacity(portfolio, skill.id))} FTE"
            yield Member(path=f"skills/{skill.id}", kind="capacity", words=words)


def modes_of(project: Project) -> Iterator[Mode]:
    """Yield every mode of every phase that its pin leaves."""
    for phase in project.phases:
        yield from project.allowed_modes(phase)


def capacity(portfolio: Portfolio, skill: str) -> tuple[Decimal, ...]:
    """Return what people with a skill and its pools deliver in each period, hires aside.

    People count as if they did nothing else.
    """
    total = [Decimal(0)] * portfolio.calendar.periods
    for group in portfolio.classes:
        proficiency = dict(group.skills).get(skill, Decimal(0))
        total = [x + proficiency * fte for x, fte in zip(total, group.available, strict=True)]
    for pool in portfolio.pools:
        if pool.skill == skill:
            total = [x + pool.capacity(t) for t, x in enumerate(total)]
    return tuple(total)


def _names(names: tuple[str, ...]) -> str:
    if len(names) <= MOST_LISTED:
        return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
    return f"{', '.join(names[: MOST_LISTED - 1])} and {len(names) - MOST_LISTED + 1} more"
