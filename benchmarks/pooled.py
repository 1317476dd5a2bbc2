"""A portfolio in which people are plain numbers: capacity by skill and period."""

from __future__ import annotations

from collections.abc import Collection

from benchmarks.knapsack import supply
from pmo_optimizer import (
    Decision,
    Mode,
    Need,
    Phase,
    Pool,
    Portfolio,
    Project,
    State,
    UtilizationRule,
)


def pooled(portfolio: Portfolio, chosen: Collection[str]) -> Portfolio:
    """Return the schedule of the chosen projects under one pool per skill.

    A pool is as large as everybody who has the skill at their proficiency, as if each did
    nothing else, and the pools of before. Projects that are not chosen are out, unless they
    run or must be done. What is asked of single people is forgotten, ceilings of their time too.
    """
    pools = tuple(
        Pool(id=f"all-{skill}", skill=skill, profile=tuple(row))
        for skill, row in supply(portfolio).items()
    )
    return portfolio.model_copy(
        update={
            "people": (),
            "pools": pools,
            "projects": tuple(_project(p, p.id in chosen) for p in portfolio.projects),
            "rules": tuple(r for r in portfolio.rules if not isinstance(r, UtilizationRule)),
        }
    )


def _project(project: Project, chosen: bool) -> Project:
    phases = tuple(_phase(phase) for phase in project.phases)
    update: dict[str, object] = {"phases": phases}
    free = project.state is State.PROPOSED and project.decision is Decision.FREE
    if free and not chosen:
        update["decision"] = Decision.NEVER
    return project.model_copy(update=update)


def _phase(phase: Phase) -> Phase:
    update: dict[str, object] = {"modes": tuple(_mode(mode) for mode in phase.modes)}
    if phase.pin is not None:
        update["pin"] = phase.pin.model_copy(update={"people": ()})
    return phase.model_copy(update=update)


def _mode(mode: Mode) -> Mode:
    return mode.model_copy(update={"needs": tuple(_need(need) for need in mode.needs)})


def _need(need: Need) -> Need:
    nobody: dict[str, object] = {"must": (), "must_not": (), "prefer": ()}
    return need.model_copy(update=nobody | {"continuous": False, "min_share": None})
