"""A portfolio without dates: which projects are worth their money and their effort."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import ROUND_FLOOR, Decimal

from pmo_optimizer import (
    FTE_STEP,
    Amounts,
    AverageRule,
    CostLine,
    CountRule,
    Decision,
    Fund,
    IfUnselected,
    Measure,
    Objective,
    Portfolio,
    Project,
    Requires,
    Rule,
    ShareRule,
    State,
    Term,
    TermName,
)

Amount = tuple[str, str | None, Decimal]
"""Cost category, fund that pays (None: any that may) and money or FTE-periods."""

DATED = Measure.COST, Measure.EFFORT
"""Measures that effort written as cost would falsify."""


def knapsack(portfolio: Portfolio) -> Portfolio:
    """Return the choice of projects by value under money and effort in total.

    Projects lose their phases and windows and cost what their first modes cost, at once;
    funds hold what they hold in all years. Each skill is a fund of FTE-periods, as many as
    everybody who has it could work, as if each did nothing else. Links become requirements.
    What speaks of dates, people or cost over time (caps, starts, savings) is left out.
    """
    skills = {skill.id: f"effort-{skill.id}" for skill in portfolio.skills}
    supplies = {skill: sum(row, Decimal(0)) for skill, row in supply(portfolio).items()}
    efforts = tuple(
        Fund(id=name, categories=(name,), amounts=Amounts(total=supplies[skill]))
        for skill, name in skills.items()
    )
    return portfolio.model_copy(
        update={
            "skills": (),
            "people": (),
            "pools": (),
            "hires": (),
            "caps": (),
            "baseline": (),
            "funds": tuple(_in_total(fund) for fund in portfolio.funds) + efforts,
            "projects": tuple(_at_once(portfolio, skills, p) for p in portfolio.projects),
            "links": (),
            "requires": _requires(portfolio),
            "synergies": tuple(
                rule.model_copy(update={"savings": ()}) for rule in portfolio.synergies
            ),
            "rules": tuple(rule for rule in portfolio.rules if _is_undated(rule)),
            "objective": Objective(terms=(Term(term=TermName.VALUE),)),
        }
    )


def supply(portfolio: Portfolio) -> dict[str, list[Decimal]]:
    """Return FTE by skill and period: people at each skill that they have, and pools.

    A person's FTE counts with the proficiency; sums are rounded down to 0.01.
    """
    periods = range(portfolio.calendar.periods)
    rows = {skill.id: [Decimal(0) for _ in periods] for skill in portfolio.skills}
    for group in portfolio.classes:
        for skill, level in group.skills:
            for t in periods:
                rows[skill][t] += group.available[t] * level
    for pool in portfolio.pools:
        for t in periods:
            rows[pool.skill][t] += pool.capacity(t)
    return {
        skill: [fte.quantize(FTE_STEP, rounding=ROUND_FLOOR) for fte in row]
        for skill, row in rows.items()
    }


def _in_total(fund: Fund) -> Fund:
    """Return the fund with one amount for all years."""
    amounts = fund.amounts
    parts = [*(amounts.years or {}).values(), *(amounts.periods or ())]
    total = sum(parts, amounts.total or Decimal(0))
    return fund.model_copy(update={"amounts": Amounts(total=total), "carry_over": "none"})


def _at_once(portfolio: Portfolio, skills: dict[str, str], project: Project) -> Project:
    """Return a yes or no with all money and effort; what runs goes on."""
    if project.state is State.DONE:
        return project
    goes_on = project.state is State.RUNNING
    totals: dict[tuple[str, str | None], Decimal] = defaultdict(Decimal)
    for category, fund, amount in _amounts(portfolio, skills, project):
        totals[category, fund] += amount
    return Project(
        id=project.id,
        name=project.name,
        category=project.category,
        tags=project.tags,
        attributes=project.attributes,
        scores=project.scores,
        value=project.value,
        probability=project.probability,
        decision=Decision.MUST if goes_on else project.decision,
        costs=tuple(
            CostLine(id=f"c{number}", category=category, lump=amount, fund=fund)
            for number, ((category, fund), amount) in enumerate(totals.items())
            if amount
        ),
    )


def _amounts(portfolio: Portfolio, skills: dict[str, str], project: Project) -> Iterator[Amount]:
    rates = {skill.id: skill for skill in portfolio.skills}
    modes = [project.allowed_modes(phase)[0] for phase in project.phases]
    length = sum(mode.duration for mode in modes)
    yield from _money(project.costs, length)
    for mode in modes:
        yield from _money(mode.costs, mode.duration)
        for need in mode.needs:
            total = need.effort or sum(map(need.rate, range(mode.duration)), Decimal(0))
            yield skills[need.skill], skills[need.skill], total
            if need.charge_to is not None:
                skill = rates[need.skill]
                yield skill.rate_category, need.charge_to, total * skill.rate


def _money(lines: Sequence[CostLine], length: int) -> Iterator[Amount]:
    """Yield what cost lines amount to over ``length`` periods."""
    for line in lines:
        profile = sum(line.profile or (), Decimal(0))
        total = profile + (line.per_period or 0) * length + (line.lump or 0)
        yield line.category, line.fund, total


def _requires(portfolio: Portfolio) -> tuple[Requires, ...]:
    """Return what requires what, successors their predecessors too."""
    rules = {rule.id: rule for rule in portfolio.requires}
    for link in portfolio.links:
        if link.if_unselected is IfUnselected.BLOCK:
            need = link.source.partition("/")[0]
            for project in portfolio.members(link.target.partition("/")[0]):
                rule = Requires(project=project, needs=(need,))
                rule = rule.model_copy(update={"id": rule.made_id()})
                rules.setdefault(rule.id, rule)
    return tuple(rules.values())


def _is_undated(rule: Rule) -> bool:
    """Return whether a rule means the same where money is spent and work done at once."""
    if isinstance(rule, ShareRule):
        return rule.measure not in DATED and rule.of != "budget"
    if isinstance(rule, AverageRule):
        return rule.weight not in {measure.value for measure in DATED}
    return isinstance(rule, CountRule)
