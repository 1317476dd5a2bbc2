"""What projects bring and cost: skewed, and tied to effort only loosely."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pmo_optimizer import State
from pmo_scenarios.generator.drafts import ProjectDraft
from pmo_scenarios.generator.options import Options
from pmo_scenarios.generator.work import lognormal

VALUE_ELASTICITY = 0.95
"""Value grows with this power of the scarce effort: large projects bring more, yet less per
person."""

VALUE_SPREAD = 0.45
"""Sigma of the lognormal part of the value that has nothing to do with effort."""

COST_ELASTICITY = 0.8
"""External cost grows with this power of the effort."""

COST_SPREAD = 0.5
"""Sigma of the lognormal part of the external cost."""

BASE_COST = 40_000
"""External cost of a project of one FTE-period, in money units."""

HIGHEST_VALUE = 0.85
"""Utility around which the scores of the best project are drawn."""

CRASH_PREMIUM = 1.2
"""External cost per period of work of a second mode, relative to the normal mode's share."""


def draw_worth(
    rng: Random, options: Options, projects: list[ProjectDraft], capacity: Sequence[Sequence[int]]
) -> None:
    """Give each project its value, probability, risk and external cost.

    Parameters
    ----------
    capacity
        By skill and period; effort is measured against that of the scarce skills.
    """
    supply = [sum(row) for row in capacity[: options.num_scarce]]
    for project in projects:
        scarce = sum(project.effort(skill) / total for skill, total in enumerate(supply))
        project.value = scarce**VALUE_ELASTICITY * lognormal(rng, VALUE_SPREAD)
        project.risk = min(5, max(1, round(2.5 * lognormal(rng, 0.4))))
        project.probability = 100 - 5 * min(8, max(0, project.risk - 1 + rng.randint(-1, 2)))
        _draw_cost(rng, options, project)
    _align_variants(projects)
    highest = max(project.value for project in projects)
    for project in projects:
        project.value *= HIGHEST_VALUE / highest


def _draw_cost(rng: Random, options: Options, project: ProjectDraft) -> None:
    effort = sum(project.effort(skill) for skill in range(options.skills)) / 100
    external = BASE_COST * effort**COST_ELASTICITY * lognormal(rng, COST_SPREAD)
    project.capex = _thousands(external * rng.uniform(0.4, 0.8))
    running = project.state is State.RUNNING
    project.capex_at_start = 0 if running else _thousands(project.capex * rng.choice((0, 0.3, 0.6)))
    project.open_capex = not running and rng.random() < 0.3
    if not running and rng.random() < 0.15:
        project.research = _thousands(external * 0.15)
    monthly = max(0.0, external - project.capex) / sum(p.duration for p in project.phases)
    for phase in project.phases:
        phase.opex = _hundreds(monthly * rng.uniform(0.7, 1.3))
    if project.second is not None:
        normal = project.phases[project.second.phase]
        total = normal.opex * normal.duration * CRASH_PREMIUM
        project.second.opex = _hundreds(total / project.second.duration) + 100
    if running and rng.random() < 0.3:
        project.stoppable = True
        project.exit_cost = _thousands(external * 0.1)


def _align_variants(projects: list[ProjectDraft]) -> None:
    """Smaller variants of a project bring less and cost less, each at its own rate."""
    by_index = {project.index: project for project in projects}
    for project in projects:
        if project.variant_of is not None:
            full = by_index[project.variant_of]
            project.value = full.value * project.size**0.6
            project.capex = _thousands(full.capex * project.size)
            project.capex_at_start = min(project.capex, full.capex_at_start)
            project.probability, project.risk = full.probability, full.risk


def _thousands(amount: float) -> int:
    return max(1000, 1000 * round(amount / 1000)) if amount else 0


def _hundreds(amount: float) -> int:
    return max(100, 100 * round(amount / 100))
