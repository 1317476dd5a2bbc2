"""Which features of the model a portfolio uses."""

from __future__ import annotations

from collections.abc import Iterator

from pmo_optimizer.model import (
    AverageRule,
    CountRule,
    Method,
    Need,
    Portfolio,
    ShareRule,
    StartsRule,
    State,
    TermName,
    UtilizationRule,
)
from pmo_optimizer.problem.data import Feature

RULE_FEATURES = {
    ShareRule: Feature.SHARE_RULES,
    CountRule: Feature.COUNT_RULES,
    StartsRule: Feature.STARTS_RULES,
    AverageRule: Feature.AVERAGE_RULES,
    UtilizationRule: Feature.UTILIZATION,
}


def features(portfolio: Portfolio) -> frozenset[Feature]:
    """Return every feature that the portfolio uses."""
    found = set(_work(portfolio)) | set(_money(portfolio)) | set(_people(portfolio))
    found |= {RULE_FEATURES[type(rule)] for rule in portfolio.rules}
    found |= set(_objective(portfolio)) | set(_relations(portfolio))
    return frozenset(found)


def _needs(portfolio: Portfolio) -> Iterator[Need]:
    for project in portfolio.projects:
        for phase in project.phases:
            for mode in phase.modes:
                yield from mode.needs


def _work(portfolio: Portfolio) -> Iterator[Feature]:
    for project in portfolio.projects:
        if any(len(phase.modes) > 1 for phase in project.phases):
            yield Feature.MODES
        if any(phase.pin is not None for phase in project.phases):
            yield Feature.PINS
        if project.links or project.max_gap != 0:
            yield Feature.GAPS
        if project.state is State.RUNNING:
            yield Feature.RUNNING
        if project.due is not None:
            yield Feature.DUE_DATES
        if project.benefit is not None:
            yield Feature.BENEFITS
        if project.late_price:
            yield Feature.SOFT
    for need in _needs(portfolio):
        yield Feature.SKILLS
        if need.effort is not None:
            yield Feature.EFFORT
        if need.heads is not None:
            yield Feature.HEADS
        if need.min_proficiency is not None:
            yield Feature.PROFICIENCY


def _people(portfolio: Portfolio) -> Iterator[Feature]:
    if any(level != 1 for person in portfolio.people for level in person.skills.values()):
        yield Feature.PROFICIENCY
    if portfolio.pools:
        yield Feature.POOLS
    if portfolio.hires:
        yield Feature.HIRES
    if any(skill.overload_price is not None for skill in portfolio.skills):
        yield from (Feature.OVERLOAD, Feature.SOFT)


def _money(portfolio: Portfolio) -> Iterator[Feature]:
    if portfolio.funds:
        yield from (Feature.FUNDS, Feature.OPEN_LINES)
    if portfolio.caps:
        yield Feature.CAPS
    if any(fund.carry_over != "none" for fund in portfolio.funds):
        yield Feature.CARRY_OVER
    priced = (*portfolio.funds, *portfolio.caps, *portfolio.rules)
    if any(item.price is not None for item in priced):
        yield Feature.SOFT
    if portfolio.value_rate or portfolio.money_rate:
        yield Feature.DISCOUNTING


def _relations(portfolio: Portfolio) -> Iterator[Feature]:
    if portfolio.links:
        yield Feature.LINKS
    if any(link.max_lag is not None for link in portfolio.links):
        yield Feature.MAX_LAGS
    if portfolio.requires or portfolio.excludes or portfolio.all_or_none or portfolio.choose:
        yield Feature.SELECTION_RULES
    if portfolio.synergies:
        yield Feature.SYNERGIES


def _objective(portfolio: Portfolio) -> Iterator[Feature]:
    objective = portfolio.objective
    if objective.method is Method.WEIGHTED:
        yield Feature.WEIGHTED
    elif len(objective.terms) > 1:
        yield Feature.LEXICOGRAPHIC
    for term in objective.terms:
        if term.term in {TermName.MAKESPAN, TermName.DELAY, TermName.CHANGES}:
            yield Feature(term.term.value)
