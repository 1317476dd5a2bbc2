"""Portfolios whose limits stretch at a price: what the cheapest repair is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from pmo_optimizer import (
    Amounts,
    AverageRule,
    Breach,
    CountRule,
    Decision,
    Filter,
    Measure,
    Plan,
    Portfolio,
    Project,
    Rule,
    ShareRule,
    StartsRule,
    State,
    UtilizationRule,
)
from pmo_scenarios.studies.relaxing import Relaxer, fitted, smaller
from pmo_scenarios.studies.stated import capacity, hard_due, modes_of

WHOLE = 100
"""Price of a decision or relation that is dropped, and of exceeding a limit by all of it."""

DIGITS = 3
"""Significant digits of prices."""

AMOUNTS = frozenset({"fund", "cap", "capacity", "rule", "due", "latest_finish"})
"""Kinds of members that can be exceeded by an amount."""

COUNTED = frozenset({"must", "excludes", "choose"})
"""Kinds of members that are also rules about a number of projects, and can be soft as such."""

MARK = "stated:"
"""Beginning of tags and rules that stand for a decision or relation."""


class Stretch(NamedTuple):
    """By how much a plan exceeds a member.

    Attributes
    ----------
    path
        Of the member.
    cost
        In whole limits: 0.1 is a tenth of the limit, 1 a decision or relation that is dropped.
    spans
        Amounts by year or period; empty for what is dropped.
    """

    path: str
    cost: float
    spans: tuple[tuple[str, float], ...] = ()


def elastic(relaxer: Relaxer, soft: frozenset[str], off: frozenset[str]) -> Portfolio | None:
    """Return the portfolio in which some members have a price and some are dropped.

    None where the checks prove that it still has no plan.

    Parameters
    ----------
    soft
        Members of the kinds in `AMOUNTS` and `COUNTED`.
    off
        Members that hold no longer.
    """
    base = relaxer.without(off)
    scale = _usual(base)
    rules = [
        rule.model_copy(update={"price": _price(_rule_scale(rule, base))})
        if f"rules/{rule.id}" in soft
        else rule
        for rule in base.rules
    ]
    stretched = base.model_copy(
        update={
            "funds": _soft(base.funds, "funds", soft, scale),
            "caps": _soft(base.caps, "caps", soft, scale),
            "skills": tuple(
                skill.model_copy(update={"overload_price": _price(_mean(capacity(base, skill.id)))})
                if f"skills/{skill.id}" in soft
                else skill
                for skill in base.skills
            ),
            "projects": tuple(_soft_project(p, base, soft) for p in base.projects),
            "excludes": tuple(x for x in base.excludes if f"excludes/{x.id}" not in soft),
            "choose": tuple(x for x in base.choose if f"choose/{x.id}" not in soft),
            "rules": (*rules, *_counts(base, soft)),
        }
    )
    return fitted(smaller(stretched))


def counted(portfolio: Portfolio, path: str, kind: str) -> bool:
    """Return whether a decision or relation can be soft as a rule about a number of projects.

    A choose group that links or requirements name cannot, nor one that counts what is left
    out, nor what concerns a done project.
    """
    if kind not in COUNTED or kind == "must":
        return kind == "must"
    field, _, name = path.partition("/")
    rule = next(item for item in getattr(portfolio, field) if item.id == name)
    members = rule.projects
    if getattr(rule, "unselected", ()):
        return False
    if any(portfolio.project_by_id[member].state is State.DONE for member in members):
        return False
    ends = {end for link in portfolio.links for end in (link.source, link.target)}
    return name not in ends | {need for rule in portfolio.requires for need in rule.needs}


def _soft(
    items: Sequence[Any], field: str, soft: frozenset[str], usual: Decimal
) -> tuple[Any, ...]:
    return tuple(
        item.model_copy(update={"price": _price(_typical(item.amounts) or usual)})
        if f"{field}/{item.id}" in soft
        else item
        for item in items
    )


def _price(scale: Decimal) -> Decimal:
    """Return the price of a unit where ``scale`` of them are a whole limit."""
    return Decimal(f"{WHOLE / float(scale or 1):.{DIGITS}g}")


def _mean(values: Iterable[Decimal]) -> Decimal:
    """Return the mean of what is above 0, and 0 where nothing is."""
    positive = [value for value in values if value > 0]
    return sum(positive, Decimal(0)) / len(positive) if positive else Decimal(0)


def _typical(amounts: Amounts) -> Decimal:
    """Return the mean amount of a year or period, or the total."""
    if amounts.total is not None:
        return amounts.total
    return _mean(amounts.years.values() if amounts.years is not None else amounts.periods or ())


def _usual(portfolio: Portfolio) -> Decimal:
    """Return the mean amount of funds and caps, for those that have nothing."""
    amounts = [fund.amounts for fund in portfolio.funds] + [cap.amounts for cap in portfolio.caps]
    return _mean(map(_typical, amounts)) or Decimal(1)


def _rule_scale(rule: Rule, portfolio: Portfolio) -> Decimal:
    """Return how much of a rule's measure is a whole limit."""
    match rule:
        case CountRule() | StartsRule():
            return Decimal(max(rule.min or 0, rule.max or 0, 1))
        case ShareRule():
            return max(_measured(rule, portfolio), Decimal("0.01"))
        case AverageRule():
            there = sum(project.matches(rule.where) for project in portfolio.projects)
            return max(abs(rule.limit), Decimal(1)) * max(there, 1)
        case UtilizationRule():
            people = [group.available for group in portfolio.classes]
            return _mean(fte for available in people for fte in available)


def _measured(rule: ShareRule, portfolio: Portfolio) -> Decimal:
    """Return about how much a share rule asks for: of a constant, or of all projects."""
    if isinstance(rule.of, Decimal):
        return rule.share * rule.of
    of_each = (_measure(rule.measure, project, portfolio) for project in portfolio.projects)
    return rule.share * sum(of_each, Decimal(0))


def _measure(measure: Measure, project: Project, portfolio: Portfolio) -> Decimal:
    match measure:
        case Measure.COUNT:
            return Decimal(1)
        case Measure.VALUE:
            return Decimal(str(float(portfolio.raw_value(project))))
        case Measure.EFFORT:
            return Decimal(str(effort_of(project)))
        case Measure.COST:
            return _cost(project)


def _cost(project: Project) -> Decimal:
    lines = [*project.costs, *(line for mode in modes_of(project) for line in mode.costs)]
    return sum(
        (line.lump or line.per_period or _mean(line.profile or ()) for line in lines), Decimal(0)
    )


def effort_of(project: Project, skill: str | None = None) -> float:
    """Return the fewest FTE-periods that a project needs, of one skill or of all."""
    return sum(
        min(
            float(
                sum(
                    need.effort
                    if need.effort is not None
                    else sum((need.rate(t) for t in range(mode.duration)), Decimal(0))
                    for need in mode.needs
                    if skill in {None, need.skill}
                )
            )
            for mode in project.allowed_modes(phase)
        )
        for phase in project.phases
    )


def _soft_project(project: Project, portfolio: Portfolio, soft: frozenset[str]) -> Project:
    path = f"projects/{project.id}"
    update: dict[str, object] = {}
    tags = [
        f"{MARK}{field}/{item.id}"
        for field in ("excludes", "choose")
        for item in getattr(portfolio, field)
        if project.id in item.projects and f"{field}/{item.id}" in soft
    ]
    if f"{path}/decision" in soft:
        update["decision"] = Decision.FREE
        tags.append(f"{MARK}{path}/decision")
    if tags:
        update["tags"] = (*project.tags, *tags)
    ends = [
        getattr(project, name)
        for name in ("due", "latest_finish")
        if f"{path}/{name}" in soft and getattr(project, name) is not None
    ]
    if ends:
        calendar = portfolio.calendar
        late = _price(Decimal(calendar.periods))
        update |= {"due": min(map(calendar.end_not_after, ends)), "late_price": late}
        hard = [
            getattr(project, name)
            for name in ("due", "latest_finish")
            if f"{path}/{name}" not in soft and getattr(project, name) is not None
            if name != "due" or hard_due(project)
        ]
        update["latest_finish"] = min(map(calendar.end_not_after, hard)) if hard else None
    return project.model_copy(update=update) if update else project


def _counts(portfolio: Portfolio, soft: frozenset[str]) -> Iterator[CountRule]:
    """Yield soft rules that stand for decisions and relations."""
    for project in portfolio.projects:
        path = f"projects/{project.id}/decision"
        if path in soft:
            yield _count(path, 1, None)
    for group in portfolio.choose:
        if f"choose/{group.id}" in soft:
            yield _count(f"choose/{group.id}", group.min, group.max)
    for excluded in portfolio.excludes:
        if f"excludes/{excluded.id}" in soft:
            yield _count(f"excludes/{excluded.id}", None, 1)


def _count(path: str, least: int | None, most: int | None) -> CountRule:
    mark = f"{MARK}{path}"
    where = Filter(tag=(mark,))
    return CountRule(id=mark, where=where, min=least, max=most, price=Decimal(WHOLE))


def stretches(
    portfolio: Portfolio, plan: Plan, soft: frozenset[str], off: frozenset[str]
) -> tuple[Stretch, ...]:
    """Return what a plan of an elastic portfolio exceeds, and what was dropped for it.

    Where a project has two ends that are late, the delay beyond the first one is what costs.
    """
    found: dict[str, list[Breach]] = {}
    for breach in plan.kpis.breaches:
        for path, part in _parts(portfolio, breach, soft):
            found.setdefault(path, []).append(part)
    out = [Stretch(path, 1.0) for path in sorted(off)]
    for path, breaches in sorted(found.items()):
        cost = sum(breach.penalty for breach in breaches) / WHOLE
        dropped = breaches[0].id.startswith(MARK)
        spans = () if dropped else tuple((b.period, b.amount) for b in breaches)
        out.append(Stretch(path, cost, spans))
    return tuple(out)


def _parts(
    portfolio: Portfolio, breach: Breach, soft: frozenset[str]
) -> Iterator[tuple[str, Breach]]:
    """Yield the members that a breach is of, and by how much; none where it costs nothing."""
    name = breach.id
    if name.startswith(MARK):
        yield name.removeprefix(MARK), breach
    elif breach.kind == "due":
        yield from _late(portfolio, breach, soft)
    else:
        field = {"fund": "funds", "cap": "caps", "overload": "skills"}.get(breach.kind, "rules")
        if f"{field}/{name}" in soft:
            yield f"{field}/{name}", breach


def _late(
    portfolio: Portfolio, breach: Breach, soft: frozenset[str]
) -> Iterator[tuple[str, Breach]]:
    """Yield the ends of a project that it misses, the first one at the whole penalty."""
    project = portfolio.project_by_id[breach.id]
    ends = sorted(
        (portfolio.calendar.end_not_after(getattr(project, name)), f"projects/{project.id}/{name}")
        for name in ("due", "latest_finish")
        if f"projects/{project.id}/{name}" in soft
    )
    for number, (end, path) in enumerate(ends):
        late = breach.amount - (end - ends[0][0])
        if late > 0:
            penalty = 0.0 if number else breach.penalty
            yield path, breach.model_copy(update={"amount": late, "penalty": penalty})
