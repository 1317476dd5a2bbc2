"""Rows of links between projects, selection rules, synergies, conflicts."""

from __future__ import annotations

import numpy as np

from pmo_optimizer.model import LinkType
from pmo_optimizer.problem import Problem, ProjectLink
from pmo_solvers.time_indexed.linear import LinearModel
from pmo_solvers.time_indexed.schedule import Event, Schedule, add_order


def add_links(problem: Problem, model: LinearModel, schedule: Schedule) -> None:
    """Add the rows of every link between projects (formulation, section 2)."""
    for link in problem.links:
        finish_a = link.type in {LinkType.FS, LinkType.FF}
        finish_b = link.type in {LinkType.FF, LinkType.SF}
        sources = [schedule.event(p, f, finish=finish_a) for p, f in link.sources]
        target = schedule.event(*link.target, finish=finish_b)
        chosen = {schedule.selected[p]: 1 for p, _ in link.sources}
        target_column = schedule.selected[link.target[0]]
        if link.min_lag is not None:
            _add_min_lag(model, link, sources, target, chosen)
        elif link.block:
            model.add(f"link:{link.id}", _needs(target_column, chosen), None, 0)
        if link.max_lag is not None:
            _add_max_lag(model, link, sources, target, chosen, target_column)


def _add_min_lag(
    model: LinearModel,
    link: ProjectLink,
    sources: list[Event],
    target: Event,
    chosen: dict[int, int],
) -> None:
    """For all t: sum_{u<=t} B(u) <= sum_{u<=t-L} A(u); with ignore: + x[a] left, + 1 right."""
    lag = link.min_lag or 0
    if link.block:
        add_order(model, f"link:{link.id}", sources, target, lag)
    else:
        add_order(model, f"link:{link.id}", sources, target, lag, slack=chosen, limit=1)


def _needs(target: int, sources: dict[int, int]) -> dict[int, int]:
    """Return x[b] - sum of x[a]; source and target may be phases of one project."""
    terms = {target: 1}
    for column in sources:
        terms[column] = terms.get(column, 0) - 1
    return terms


def _add_max_lag(
    model: LinearModel,
    link: ProjectLink,
    sources: list[Event],
    target: Event,
    chosen: dict[int, int],
    target_column: int,
) -> None:
    """For all t: sum_{u<=t} A(u) + x[b] - sum_{u<=t+M} B(u) <= 1, or with block <= x[a]."""
    merged: Event = {}
    for event in sources:
        for t, columns in event.items():
            merged.setdefault(t, []).extend(columns)
    slack = _needs(target_column, chosen) if link.block else {target_column: 1}
    lag = -(link.max_lag or 0)
    limit = 0 if link.block else 1
    add_order(model, f"link:{link.id}", [target], merged, lag, slack=slack, limit=limit)


def add_selection(problem: Problem, model: LinearModel, schedule: Schedule) -> None:
    """Add requires, excludes, all-or-none and choose: lower <= sum c x <= upper."""
    for row in problem.selection:
        terms = {schedule.selected[project]: coef for project, coef in row.terms}
        model.add(f"selection:{row.id}", terms, row.lower, row.upper)


def add_conflicts(problem: Problem, model: LinearModel, schedule: Schedule) -> None:
    """Add, for placements that are not possible all at once: sum over members <= number - 1.

    Each member is the sum of the columns that place its phase in its mode at one of its starts;
    a column that places several members counts for each.
    """
    for number, members in enumerate(problem.conflicts):
        terms: dict[int, int] = {}
        for member in members:
            placed = schedule.placed(member.project).get((member.phase, member.mode))
            if placed is None:
                continue
            hit = np.isin(placed.starts, np.array(member.starts, np.int64))
            for column in placed.columns[hit].tolist():
                terms[column] = terms.get(column, 0) + 1
        model.add(f"conflict:{number}", terms, None, len(members) - 1)


def add_synergies(problem: Problem, model: LinearModel, schedule: Schedule) -> list[int]:
    """Add y = 1 if and only if all members are selected; return the column of each synergy.

    y <= x[p] for every member, y >= sum x - (n - 1).
    """
    columns = []
    for synergy in problem.synergies:
        column = model.binary()
        columns.append(column)
        members = [schedule.selected[project] for project in synergy.projects]
        tag = f"synergy:{synergy.id}"
        for member in members:
            model.add(tag, {column: 1, member: -1}, None, 0)
        model.add(tag, dict.fromkeys(members, 1) | {column: -1}, None, len(members) - 1)
        if not members:
            model.fix(column, 1)
    return columns
