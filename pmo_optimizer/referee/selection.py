"""Relations between selections: requires, excludes, all or none, choose."""

from __future__ import annotations

from pmo_optimizer.referee.report import Code, Log
from pmo_optimizer.referee.schedule import Schedule


def check_selection(schedule: Schedule, log: Log) -> None:
    """Note every relation that the selection breaks; done projects count as selected."""
    _check_requires(schedule, log)
    _check_excludes(schedule, log)
    _check_all_or_none(schedule, log)
    _check_choose(schedule, log)


def _check_requires(schedule: Schedule, log: Log) -> None:
    groups = {group.id: group.projects for group in schedule.portfolio.choose}
    for rule in schedule.portfolio.requires:
        if not schedule.selected(rule.project):
            continue
        for need in rule.needs:
            if not any(schedule.selected(member) for member in groups.get(need, (need,))):
                message = f"{rule.project} requires {need}, which is not selected."
                log.broken(Code.REQUIRES, f"requires/{rule.id}", message)


def _check_excludes(schedule: Schedule, log: Log) -> None:
    for rule in schedule.portfolio.excludes:
        chosen = _chosen(schedule, rule.projects)
        if len(chosen) > 1:
            message = f"At most one may be selected of {', '.join(chosen)}."
            log.broken(Code.EXCLUDES, f"excludes/{rule.id}", message)


def _check_all_or_none(schedule: Schedule, log: Log) -> None:
    for rule in schedule.portfolio.all_or_none:
        chosen = _chosen(schedule, rule.projects)
        if chosen and len(chosen) < len(set(rule.projects)):
            missing = sorted(set(rule.projects) - set(chosen))
            message = f"{', '.join(chosen)} selected without {', '.join(missing)}."
            log.broken(Code.ALL_OR_NONE, f"all_or_none/{rule.id}", message)


def _check_choose(schedule: Schedule, log: Log) -> None:
    for rule in schedule.portfolio.choose:
        number = len(_chosen(schedule, rule.projects))
        left = len(set(rule.unselected)) - len(_chosen(schedule, rule.unselected))
        if not rule.min <= number + left <= rule.max:
            also = f" and {left} left out" if rule.unselected else ""
            message = f"{number} selected{also}, {rule.min} to {rule.max} are asked."
            log.broken(Code.CHOOSE, f"choose/{rule.id}", message)


def _chosen(schedule: Schedule, projects: tuple[str, ...]) -> list[str]:
    return sorted({project for project in projects if schedule.selected(project)})
