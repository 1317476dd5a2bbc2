"""Limits that no plan can reach: one step more of them is worth nothing, without a solve."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from pmo_optimizer import (
    Cap,
    CostLine,
    CountRule,
    Decision,
    Fund,
    Need,
    Phase,
    Portfolio,
    Project,
    ShareRule,
    StartsRule,
    State,
)
from pmo_scenarios.studies.limits import Kind, Limit

Pays = Callable[[str, str | None], bool]
"""Whether money of a category, with a named fund or none, is meant."""


def argument(portfolio: Portfolio, limit: Limit) -> str:
    """Return why a limit binds no plan at all; empty where only a solve can tell."""
    name = limit.name
    if limit.kind is Kind.BUDGET:
        return _fund(portfolio, next(f for f in portfolio.funds if f.id == name), limit.part)
    if limit.kind is Kind.CAP:
        return _cap(portfolio, next(c for c in portfolio.caps if c.id == name), limit.part)
    if limit.kind is Kind.SKILL:
        return _skill(portfolio, name)
    if limit.kind is Kind.RULE:
        return _rule(portfolio, name, limit.part)
    if limit.kind is Kind.LINK and name:
        return _link(portfolio, name)
    return ""


def _candidates(portfolio: Portfolio) -> list[Project]:
    """Return the projects that some plan could select; done ones are in no limit."""
    return [
        project
        for project in portfolio.projects
        if project.state is not State.DONE and project.decision is not Decision.NEVER
    ]


def _skill(portfolio: Portfolio, skill: str) -> str:
    needs = (
        need
        for project in _candidates(portfolio)
        for phase in project.phases
        for mode in project.allowed_modes(phase)
        for need in mode.needs
    )
    return "" if any(n.skill == skill for n in needs) else "No project that can be done needs it."


def _fund(portfolio: Portfolio, fund: Fund, year: str) -> str:
    """Argue with all money that the fund could ever pay.

    What is left may be carried over, so that later years must have enough as well.
    """
    if any(isinstance(rule, ShareRule) and rule.of == "budget" for rule in portfolio.rules):
        return ""

    def pays(category: str, named: str | None) -> bool:
        return named == fund.id or (named is None and fund.pays(category))

    most = _most(portfolio, pays, _candidates(portfolio)) + _hires(portfolio, pays)
    most += _exits(portfolio, pays)
    amounts = fund.amounts
    enough = [amounts.total or Decimal(0)]
    if amounts.years is not None:
        known = {*amounts.years, *portfolio.calendar.fiscal_years()}
        enough = [amounts.years.get(y, Decimal(0)) for y in known if y >= int(year)]
        enough = enough if fund.carry_limit != 0 else [amounts.years.get(int(year), Decimal(0))]
    elif amounts.periods is not None:
        enough = list(amounts.periods)
    if most <= min(enough):
        return f"All projects and hires together could draw {most:f} on it at most."
    return ""


def _cap(portfolio: Portfolio, cap: Cap, year: str) -> str:
    def pays(category: str, _: str | None) -> bool:
        return not cap.cost_categories or category in cap.cost_categories

    meant = [p for p in portfolio.projects if p.matches(cap.where)]
    most = _most(portfolio, pays, [p for p in _candidates(portfolio) if p in meant])
    most += _exits(portfolio, pays, meant)
    amounts = cap.amounts
    enough = amounts.total or Decimal(0)
    if amounts.years is not None:
        enough = amounts.years[int(year)]
    elif amounts.periods is not None:
        enough = min(amounts.periods)
    return f"What it limits comes to {most:f} at most." if most <= enough else ""


def _most(portfolio: Portfolio, pays: Pays, projects: list[Project]) -> Decimal:
    """Return the most that these projects can cost, of the money that is meant, within the grid."""
    total = Decimal(0)
    for project in projects:
        total += sum(
            (_line(line, portfolio.calendar.periods, pays) for line in project.costs), Decimal(0)
        )
        total += sum((_phase(portfolio, project, p, pays) for p in project.phases), Decimal(0))
    return total


def _phase(portfolio: Portfolio, project: Project, phase: Phase, pays: Pays) -> Decimal:
    """Return the cost of a phase in its dearest mode."""
    costs = [Decimal(0)]
    for mode in project.allowed_modes(phase):
        lines = sum((_line(line, mode.duration, pays) for line in mode.costs), Decimal(0))
        charges = sum(
            (_charge(portfolio, need, mode.duration, pays) for need in mode.needs), Decimal(0)
        )
        costs.append(lines + charges)
    return max(costs)


def _line(line: CostLine, periods: int, pays: Pays) -> Decimal:
    if not pays(line.category, line.fund):
        return Decimal(0)
    if line.per_period is not None:
        return line.per_period * max(periods, 1)
    if line.profile is not None:
        return sum(line.profile, Decimal(0))
    return line.lump or Decimal(0)


def _charge(portfolio: Portfolio, need: Need, duration: int, pays: Pays) -> Decimal:
    if need.charge_to is None:
        return Decimal(0)
    skill = next(s for s in portfolio.skills if s.id == need.skill)
    if not pays(skill.rate_category, need.charge_to):
        return Decimal(0)
    return sum((need.charge(t, duration, skill.rate) for t in range(duration)), Decimal(0))


def _hires(portfolio: Portfolio, pays: Pays) -> Decimal:
    periods = portfolio.calendar.periods
    return sum(
        (
            hire.max_heads * (hire.cost_once + hire.cost_per_period * periods)
            for hire in portfolio.hires
            if pays(hire.cost_category, hire.fund)
        ),
        Decimal(0),
    )


def _exits(portfolio: Portfolio, pays: Pays, projects: list[Project] | None = None) -> Decimal:
    return sum(
        (
            p.exit_cost
            for p in (portfolio.projects if projects is None else projects)
            if p.stoppable and pays(p.exit_category, p.exit_fund)
        ),
        Decimal(0),
    )


def _rule(portfolio: Portfolio, name: str, field: str) -> str:
    rule = next(r for r in portfolio.rules if r.id == name)
    if not isinstance(rule, CountRule | StartsRule):
        return ""
    meant = [p for p in _candidates(portfolio) if p.matches(rule.where)]
    if isinstance(rule, StartsRule):
        meant = [p for p in meant if p.state is not State.RUNNING]
    if field == "max" and rule.max is not None and len(meant) <= rule.max:
        return f"Only {len(meant)} projects could count."
    if field == "min" and rule.min is not None and isinstance(rule, CountRule):
        forced = [p for p in meant if _forced(p)]
        if len(forced) >= rule.min:
            return f"{len(forced)} projects count in any case."
    return ""


def _forced(project: Project) -> bool:
    runs_on = project.state is State.RUNNING and not project.stoppable
    return runs_on or project.decision is Decision.MUST


def _link(portfolio: Portfolio, name: str) -> str:
    link = next(item for item in portfolio.links if item.id == name)
    source, target = (
        portfolio.project_by_id.get(end.partition("/")[0]) for end in (link.source, link.target)
    )
    if source is not None and source.state is State.DONE:
        return f"{source.id} is done."
    if target is not None and target.state is State.DONE:
        return f"{target.id} is done."
    if target is not None and target.decision is Decision.NEVER:
        return f"{target.id} is never done."
    return ""
