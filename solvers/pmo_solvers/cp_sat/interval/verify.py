"""Exact check of decisions, apart from CP-SAT: windows, links, people and money."""

from __future__ import annotations

from pmo_optimizer.backend import Certificate, Decisions
from pmo_optimizer.problem import Problem, ProjectData
from pmo_solvers.completion import span, split_funds
from pmo_solvers.cp_sat.interval.constants import broken_row, selected
from pmo_solvers.cp_sat.interval.network import Event, links
from pmo_solvers.cp_sat.interval.shares import plain_shares


def certified(problem: Problem, decisions: Decisions) -> Certificate | None:
    """Return the certificate of decisions that keep every rule, or None."""
    if decisions.selected != tuple(project.fixed == 1 for project in problem.projects):
        return None
    if broken_row(problem) or decisions.heads:
        return None
    if not keeps_dates(problem, decisions):
        return None
    shares = plain_shares(problem, decisions)
    splits = split_funds(problem, decisions)
    if shares is None or splits is None:
        return None
    return Certificate(tuple(shares), tuple(splits))


def keeps_dates(problem: Problem, decisions: Decisions) -> bool:
    """Return whether decisions that select what is selected keep all windows and links."""
    inside = all(_in_window(problem, project, decisions) for project in selected(problem))
    return inside and _links_hold(problem, decisions)


def _in_window(problem: Problem, project: ProjectData, decisions: Decisions) -> bool:
    """Return whether every phase has a mode and a start that its window leaves."""
    placed = decisions.phases[project.index]
    if len(placed) != len(project.phases):
        return False
    for phase, decision in zip(project.phases, placed, strict=True):
        if not 0 <= decision.mode < len(phase.modes):
            return False
        if decision.start not in phase.starts(phase.modes[decision.mode]):
            return False
    start, finish = span(problem, decisions, project.index)
    return project.first_start <= start <= project.last_start and finish <= project.last_finish


def _links_hold(problem: Problem, decisions: Decisions) -> bool:
    for source, target, least, most in links(problem):
        lag = _time(problem, target, decisions) - _time(problem, source, decisions)
        if (least is not None and lag < least) or (most is not None and lag > most):
            return False
    return True


def _time(problem: Problem, event: Event, decisions: Decisions) -> int:
    """Return the period of an event."""
    if event.phase < 0:
        return span(problem, decisions, event.project)[int(event.finish)]
    decision = decisions.phases[event.project][event.phase]
    mode = problem.projects[event.project].phases[event.phase].modes[decision.mode]
    return decision.start + (mode.duration if event.finish else 0)
