"""Everything in a portfolio that limits a plan, and one step more of each, as changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import TypeGuard

from pmo_optimizer import (
    Amounts,
    AverageRule,
    Cap,
    CountRule,
    Decision,
    Frozen,
    Fund,
    Measure,
    Number,
    Portfolio,
    Project,
    Rule,
    Sense,
    ShareRule,
    StartsRule,
    State,
    TermName,
    UtilizationRule,
    When,
)
from pmo_scenarios.changes import Budget, Capacity, Change, Dates, Decide, Off
from pmo_scenarios.changes import Limit as LimitChange
from pmo_scenarios.changes.amounts import SMALLEST

POINT = Decimal("0.01")
"""One percentage point, the step of shares and ceilings."""

RELATIONS = (
    ("requires", "requirement"),
    ("excludes", "exclusion"),
    ("all_or_none", "all-or-none rule"),
    ("choose", "choose group"),
)
"""Lists of what ties selections together, and what one entry is called."""


class Kind(StrEnum):
    """What kind of limit it is."""

    BUDGET = "budget"
    CAP = "cap"
    SKILL = "skill"
    RULE = "rule"
    FORCED = "forced"
    RELATION = "relation"
    LINK = "link"
    DATE = "date"
    PIN = "pin"
    HIRE = "hire"
    PERSON = "person"


class Limit(Frozen):
    """A limit of a portfolio, and one step more of it.

    Attributes
    ----------
    path
        Where it is in the portfolio, with the fiscal year, the field or the like.
    kind
        See `Kind`.
    name, part
        Id of the fund, cap, skill, rule or link between projects; the fiscal year or field of it.
    words
        The step in words, for instance ``1 more FTE of architect``.
    unit
        What ``amount`` counts.
    amount
        How much more the step gives; null where something is dropped.
    changes
        The step as changes of a scenario; none where it cannot be stated.
    contains
        Whether every plan of the portfolio is one after the step, and no worse.
    reason
        Why the step cannot be stated, where it cannot.
    """

    path: str
    kind: Kind
    name: str = ""
    part: str = ""
    words: str = ""
    unit: str = ""
    amount: Number | None = None
    changes: tuple[Change, ...] = ()
    contains: bool = True
    reason: str = ""


class Steps(Frozen):
    """How large one step of a limit is.

    Attributes
    ----------
    percent
        Of the amount of a fund or cap.
    fte
        Of a skill, in each period of the range.
    first, last
        The range, both included; the whole grid by default.
    """

    percent: Number = Decimal(1)
    fte: Number = Decimal(1)
    first: When | None = None
    last: When | None = None


def limits_of(portfolio: Portfolio, steps: Steps, *, named: bool = False) -> tuple[Limit, ...]:
    """Return every limit of a portfolio, each with one step more of it or why there is none.

    Parameters
    ----------
    named
        Whether people are planned by name, so that limits of single people bind.
    """
    found: list[Limit] = []
    for fund in portfolio.funds:
        found += _fund(portfolio, fund, steps)
    for cap in portfolio.caps:
        found += _cap(portfolio, cap, steps)
    found += _skills(portfolio, steps)
    for rule in portfolio.rules:
        found += _rule(portfolio, rule)
    found += _relations(portfolio)
    found += _links(portfolio)
    for project in portfolio.projects:
        found += _decision(project)
        found += _dates(portfolio, project)
    found += _unstated(portfolio, named=named)
    return tuple(found)


def plain(number: Decimal) -> str:
    """Return a number for a text: no exponent, no zeros at the end."""
    return f"{number.normalize():f}"


def _fund(portfolio: Portfolio, fund: Fund, steps: Steps) -> Iterator[Limit]:
    """Yield a limit per fiscal year, or one for the total.

    More money tightens a rule by which a part of the budget must go somewhere.
    """
    contains = not any(
        isinstance(rule, ShareRule) and rule.of == "budget" and rule.sense is Sense.AT_LEAST
        for rule in portfolio.rules
    )
    for year, amounts in _buckets(portfolio, fund.amounts, every_year=True):
        path, more, words = _step(portfolio, f"funds/{fund.id}", year, amounts, fund.amounts, steps)
        if not more:
            yield _refused(path, Kind.BUDGET, "It has no amount of which a percentage could be.")
            continue
        change = _spread(Budget(fund=fund.id, year=year), more, fund.amounts, steps)
        yield Limit(
            path=path,
            kind=Kind.BUDGET,
            name=fund.id,
            part="" if year is None else str(year),
            words=f"{words} of {fund.id}{_in_year(year)}",
            unit=portfolio.currency,
            amount=sum(more, Decimal(0)),
            changes=(change,),
            contains=contains,
        )


def _cap(portfolio: Portfolio, cap: Cap, steps: Steps) -> Iterator[Limit]:
    for year, amounts in _buckets(portfolio, cap.amounts, every_year=False):
        path, more, words = _step(portfolio, f"caps/{cap.id}", year, amounts, cap.amounts, steps)
        if not more:
            yield _refused(path, Kind.CAP, "It has no amount of which a percentage could be.")
            continue
        target = LimitChange(target=f"caps/{cap.id}", year=year)
        yield Limit(
            path=path,
            kind=Kind.CAP,
            name=cap.id,
            part="" if year is None else str(year),
            words=f"{words} under cap {cap.id}{_in_year(year)}",
            unit=portfolio.currency,
            amount=sum(more, Decimal(0)),
            changes=(_spread(target, more, cap.amounts, steps),),
        )


def _buckets(
    portfolio: Portfolio, amounts: Amounts, *, every_year: bool
) -> Iterator[tuple[int | None, list[Decimal]]]:
    """Yield the fiscal years (None for a total) and the amounts in each.

    A fiscal year that a fund does not list has 0; one that a cap does not list has no limit.
    """
    calendar = portfolio.calendar
    if amounts.total is not None:
        yield None, [amounts.total]
    elif amounts.years is not None:
        years = {*amounts.years, *(calendar.fiscal_years() if every_year else ())}
        for year in sorted(years):
            yield year, [amounts.years.get(year, Decimal(0))]
    else:
        periods = amounts.periods or ()
        for year in calendar.fiscal_years():
            yield year, [x for t, x in enumerate(periods) if calendar.fiscal_year(t) == year]


def _step(
    portfolio: Portfolio,
    path: str,
    year: int | None,
    amounts: Sequence[Decimal],
    whole: Amounts,
    steps: Steps,
) -> tuple[str, list[Decimal], str]:
    """Return the path of a bucket, how much more each of its amounts gets, and words for it.

    Where there is nothing, the percentage is of the largest amount elsewhere.
    """
    where = path if year is None else f"{path}/{year}"
    part = plain(steps.percent)
    if any(amounts):
        more = [_part(x, steps.percent) for x in amounts]
        words = f"{part} % more ({plain(sum(more, Decimal(0)))} {portfolio.currency})"
    else:
        elsewhere = [*(whole.years or {}).values(), *(whole.periods or ()), Decimal(0)]
        more = [_part(max(elsewhere), steps.percent)] * len(amounts)
        words = f"{plain(sum(more, Decimal(0)))} {portfolio.currency} where there is nothing"
    return where, more if any(more) else [], words


def _part(amount: Decimal, percent: Decimal) -> Decimal:
    exact = amount * percent / 100
    rounded = exact.quantize(SMALLEST, rounding=ROUND_HALF_EVEN)
    return rounded.normalize() if rounded else rounded


def _spread(
    change: Budget | LimitChange, more: list[Decimal], whole: Amounts, steps: Steps
) -> Budget | LimitChange:
    """Return the change that gives so much more; amounts per period grow by the percentage."""
    several = len(more) > 1 and len(set(more)) > 1
    if whole.periods is not None and several:
        return change.model_copy(update={"percent": steps.percent})
    return change.model_copy(update={"by": more[0]})


def _in_year(year: int | None) -> str:
    return "" if year is None else f" in fiscal year {year}"


def _skills(portfolio: Portfolio, steps: Steps) -> Iterator[Limit]:
    calendar = portfolio.calendar
    span = ""
    if steps.first is not None or steps.last is not None:
        first = 0 if steps.first is None else calendar.period_of(steps.first)
        last = calendar.periods - 1 if steps.last is None else calendar.period_of(steps.last)
        first, last = max(first, 0), min(last, calendar.periods - 1)
        span = f" from {calendar.label(first)} to {calendar.label(last)}"
    for skill in portfolio.skills:
        change = Capacity(skill=skill.id, fte=steps.fte, first=steps.first, last=steps.last)
        yield Limit(
            path=f"skills/{skill.id}",
            kind=Kind.SKILL,
            name=skill.id,
            words=f"{plain(steps.fte)} more FTE of {skill.id}{span}",
            unit="FTE",
            amount=steps.fte,
            changes=(change,),
        )


def _rule(portfolio: Portfolio, rule: Rule) -> Iterator[Limit]:
    """Yield the limits of a rule, moved by one step in the direction that lets more plans in."""
    path = f"rules/{rule.id}"
    if isinstance(rule, CountRule | StartsRule):
        yield from _whole(rule, path)
    elif isinstance(rule, UtilizationRule):
        least = min(POINT, 1 - rule.ceiling)
        yield _moved(path, rule.id, "ceiling", least, "higher", "of 1; it is 1 already")
    elif isinstance(rule, ShareRule):
        up = rule.sense is Sense.AT_MOST
        step = min(POINT, 1 - rule.share) if up else -min(POINT, rule.share)
        positive = rule.measure is not Measure.VALUE or _positive(portfolio)
        end = "of 1; it is 1 already" if up else "of 0; it is 0 already"
        word = "higher" if up else "lower"
        yield _moved(path, rule.id, "share", step, word, end, contains=positive)
    else:
        yield _average(portfolio, rule, path)


def _whole(rule: CountRule | StartsRule, path: str) -> Iterator[Limit]:
    what = "project" if isinstance(rule, CountRule) else "start a period"
    for field, step in (("max", 1), ("min", -1)):
        value = getattr(rule, field)
        if value is None:
            continue
        if value + step < 0:
            yield _refused(f"{path}/{field}", Kind.RULE, "It is 0 already, which limits nothing.")
            continue
        more = "more" if step > 0 else "less"
        change = LimitChange.model_validate({"target": path, "field": field, "by": step})
        yield Limit(
            path=f"{path}/{field}",
            kind=Kind.RULE,
            name=rule.id,
            part=field,
            words=f"1 {what} {more} by rule {rule.id}",
            unit=what,
            amount=Decimal(1),
            changes=(change,),
        )


def _moved(
    path: str, name: str, field: str, step: Decimal, word: str, end: str, *, contains: bool = True
) -> Limit:
    """Return a limit in parts of 1 that moves by a percentage point at most."""
    if not step:
        return _refused(path, Kind.RULE, f"Its {field} cannot pass the end {end}.")
    points = abs(step) * 100
    word_of = "percentage point" if points == 1 else "percentage points"
    return Limit(
        path=path,
        kind=Kind.RULE,
        name=name,
        words=f"the {field} of rule {name} {plain(points)} {word_of} {word}",
        unit="percentage point",
        amount=points,
        changes=(LimitChange.model_validate({"target": path, "field": field, "by": step}),),
        contains=contains,
    )


def _average(portfolio: Portfolio, rule: AverageRule, path: str) -> Limit:
    """Return the limit of an average, moved by about a tenth of how far the values spread."""
    meant = [p for p in portfolio.projects if p.matches(rule.where)]
    values = [Decimal(v) for p in meant if _is_number(v := p.attributes.get(rule.attribute))]
    spread = max(values) - min(values) if values else Decimal(0)
    size = Decimal(10) ** ((spread / 10).adjusted() if spread else 0)
    up = rule.sense is Sense.AT_MOST
    weights = {m.value for m in Measure}
    if rule.weight == Measure.VALUE.value:
        contains = _positive(portfolio)
    elif rule.weight in weights:
        contains = True
    else:
        weighed = [p.attributes.get(rule.weight, Decimal(0)) for p in meant]
        contains = all(_is_number(w) and Decimal(w) >= 0 for w in weighed)
    change = {"target": path, "field": "limit", "by": size if up else -size}
    return Limit(
        path=path,
        kind=Kind.RULE,
        name=rule.id,
        words=f"the average of {rule.attribute} by rule {rule.id} {plain(size)} "
        f"{'higher' if up else 'lower'}",
        unit=rule.attribute,
        amount=size,
        changes=(LimitChange.model_validate(change),),
        contains=contains,
    )


def _is_number(value: object) -> TypeGuard[Decimal | int]:
    return isinstance(value, Decimal | int) and not isinstance(value, bool)


def _positive(portfolio: Portfolio) -> bool:
    """Return whether no project has a value below 0: then higher shares allow more."""
    return all(portfolio.raw_value(project) >= 0 for project in portfolio.projects)


def _relations(portfolio: Portfolio) -> Iterator[Limit]:
    for field, word in RELATIONS:
        for item in getattr(portfolio, field):
            path = f"{field}/{item.id}"
            yield Limit(
                path=path,
                kind=Kind.RELATION,
                words=f"dropping {word} {item.id}",
                changes=(Off(targets=(path,)),),
            )


def _links(portfolio: Portfolio) -> Iterator[Limit]:
    for link in portfolio.links:
        path = f"links/{link.id}"
        yield _dropped(path, f"dropping link {link.id}", link.id)
    for project in portfolio.projects:
        for link in project.links:
            path = f"projects/{project.id}/links/{link.id}"
            if len(project.links) == 1:
                reason = "Without its only link the phases of the project would be a chain."
                yield _refused(path, Kind.LINK, reason)
            elif project.state is State.RUNNING:
                reason = "Without it another phase could be the one that the project goes on with."
                yield _refused(path, Kind.LINK, reason)
            else:
                yield _dropped(path, f"dropping link {link.id} of {project.id}")


def _dropped(path: str, words: str, name: str = "") -> Limit:
    change = Off(targets=(path,))
    return Limit(path=path, kind=Kind.LINK, name=name, words=words, changes=(change,))


def _decision(project: Project) -> Iterator[Limit]:
    if project.decision is Decision.FREE:
        return
    path = f"projects/{project.id}/decision"
    must = project.decision is Decision.MUST
    if project.state is State.DONE:
        yield _refused(path, Kind.FORCED, "The project is done, so that it decides nothing.")
    elif must and project.state is State.RUNNING and not project.stoppable:
        yield _refused(path, Kind.FORCED, "The project runs and cannot be stopped anyway.")
    else:
        yield Limit(
            path=path,
            kind=Kind.FORCED,
            words=f"not having to do {project.id}" if must else f"being free to do {project.id}",
            changes=(Decide(projects=(project.id,), decision=Decision.FREE),),
        )


def _dates(portfolio: Portfolio, project: Project) -> Iterator[Limit]:
    """Yield the dates of a project, one period wider each; a date that only measures is none."""
    if project.state is State.DONE:
        return
    calendar, running = portfolio.calendar, project.state is State.RUNNING
    if project.earliest_start is not None and not running:
        path, first = f"projects/{project.id}/earliest_start", project.first_start(calendar)
        if not project.phases:
            reason = "It is the period of a project without phases, not a limit."
            yield _refused(path, Kind.DATE, reason)
        elif first == 0:
            yield _refused(path, Kind.DATE, "It is the start of the calendar already.")
        else:
            yield _date(project, "earliest_start", first - 1, "starting", "earlier")
    if project.latest_start is not None and not running:
        last = calendar.start_not_after(project.latest_start)
        yield _date(project, "latest_start", last + 1, "starting", "later")
    if project.latest_finish is not None:
        end = calendar.end_not_after(project.latest_finish)
        yield _date(project, "latest_finish", end + 1, "finishing", "later")
    due = project.due_period(calendar)
    delayed = any(term.term is TermName.DELAY for term in portfolio.objective.terms)
    if due is not None and (project.late_price or delayed):
        yield _date(project, "due", due + 1, "being due", "later")


def _date(project: Project, field: str, period: int, doing: str, word: str) -> Limit:
    path = f"projects/{project.id}/{field}"
    if period < 0:
        return _refused(path, Kind.DATE, "It lies before the calendar.")
    return Limit(
        path=path,
        kind=Kind.DATE,
        words=f"{doing} 1 period {word} with {project.id}",
        unit="period",
        amount=Decimal(1),
        changes=(Dates.model_validate({"projects": (project.id,), field: period}),),
    )


def _unstated(portfolio: Portfolio, *, named: bool) -> Iterator[Limit]:
    """Yield what limits plans as well, and no change of scenarios can move."""
    for hire in portfolio.hires:
        reason = "More heads are no change of scenarios; one more FTE of the skill is priced."
        yield _refused(f"hires/{hire.id}", Kind.HIRE, reason)
    for project in portfolio.projects:
        for phase in project.phases:
            if phase.pin is not None:
                path = f"projects/{project.id}/phases/{phase.id}/pin"
                yield _refused(path, Kind.PIN, "No change of scenarios takes a pin away.")
        if named and project.staff_budget is not None:
            path = f"projects/{project.id}/staff_budget"
            yield _refused(path, Kind.PERSON, "No change of scenarios moves a staff budget.")
    for person in portfolio.people if named else ():
        if person.max_projects is not None or person.min_share or person.dedications:
            reason = "No change of scenarios moves what binds a single person."
            yield _refused(f"people/{person.id}", Kind.PERSON, reason)


def _refused(path: str, kind: Kind, reason: str) -> Limit:
    return Limit(path=path, kind=kind, reason=reason)
