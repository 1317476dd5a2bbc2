"""What binds projects together: selection logic, links between projects, synergies."""

from __future__ import annotations

from collections.abc import Mapping

from pmo_optimizer.model import IfUnselected, Link, Portfolio, Synergy
from tests.brute.schedules import Option, lags_hold


def selection_allowed(portfolio: Portfolio, chosen: frozenset[str]) -> bool:
    """Return whether requires, excludes, all-or-none and choose hold for the selected ids.

    ``chosen`` holds done projects too.
    """
    for need in portfolio.requires:
        if need.project in chosen and not all(
            chosen & set(members(portfolio, name)) for name in need.needs
        ):
            return False
    if any(len(chosen & set(rule.projects)) > 1 for rule in portfolio.excludes):
        return False
    if any(0 < len(chosen & set(s.projects)) < len(set(s.projects)) for s in portfolio.all_or_none):
        return False
    return all(
        group.min
        <= len(chosen & set(group.projects)) + len(set(group.unselected) - chosen)
        <= group.max
        for group in portfolio.choose
    )


def members(portfolio: Portfolio, name: str) -> tuple[str, ...]:
    """Return the projects that a project id or the id of a choose group stands for."""
    groups = {group.id: group.projects for group in portfolio.choose}
    return groups.get(name, (name,))


def blocked(portfolio: Portfolio, chosen: frozenset[str]) -> bool:
    """Return whether a selected project lacks the source of a link that blocks."""
    for link in portfolio.links:
        if link.if_unselected is IfUnselected.IGNORE:
            continue
        sources = members(portfolio, link.source.partition("/")[0])
        targets = members(portfolio, link.target.partition("/")[0])
        live = [t for t in targets if t in chosen and not _is_done(portfolio, t)]
        if live and not chosen & set(sources):
            return True
    return False


def _is_done(portfolio: Portfolio, project: str) -> bool:
    return portfolio.project_by_id[project].state == "done"


def link_holds(portfolio: Portfolio, link: Link, fates: Mapping[str, Option]) -> bool:
    """Return whether the lags of a link hold between all selected sources and targets."""
    source_name, _, source_phase = link.source.partition("/")
    target_name, _, target_phase = link.target.partition("/")
    sources = [fates[name] for name in members(portfolio, source_name)]
    targets = [fates[name] for name in members(portfolio, target_name)]
    if any(source.done for source in sources):
        return True
    return all(
        lags_hold(link, (source, source_phase or None), (target, target_phase or None))
        for source in sources
        if source.selected
        for target in targets
        if target.active
    )


def active_synergies(portfolio: Portfolio, chosen: frozenset[str]) -> list[Synergy]:
    """Return the synergies of which all members are selected (done ones count)."""
    return [synergy for synergy in portfolio.synergies if chosen >= set(synergy.projects)]
