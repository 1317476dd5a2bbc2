"""What makes one full staffing better than another, in points.

A point is 1 / `STEP` of an FTE-period of a person with the mean cost rate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from pmo_optimizer.model import StaffingGoals
from pmo_solvers.named.tasks import STEP, Task, Work

FIT_POINTS = 0.2 * STEP
"""Points of an FTE-period of somebody who is preferred, or who likes the project by 1."""

IDLE_POINTS = 0.1
"""Points of a share unit whatever it costs: nobody gives more than is asked for."""

TEAM_POINTS = 0.5 * STEP
"""Points of one more person on a phase."""

HANDOFF_POINTS = 0.5 * STEP
"""Points of somebody who joins a need after its first period."""

BALANCE_POINTS = 0.1 * STEP
"""Points of an FTE-period of use beyond `BALANCED` of somebody's time."""

BALANCED = 0.8
"""Part of an individual's time up to which load is balanced."""

CHANGE_POINTS = 1.0 * STEP
"""Points of a person who leaves or joins a phase, against the baseline."""


@dataclass(frozen=True)
class Points:
    """Points of everything that a staffing may contain.

    Attributes
    ----------
    baseline
        (individual, project, phase) triples of the staffing that is to be kept.
    """

    work: Work
    goals: StaffingGoals
    baseline: frozenset[tuple[int, int, int]] = field(default=frozenset())

    @cached_property
    def _mean_rate(self) -> float:
        rates = [float(p.cost_rate) for p in self.work.problem.people if p.cost_rate > 0]
        return sum(rates) / len(rates) if rates else 1.0

    @cached_property
    def _likes(self) -> list[dict[int, float]]:
        return [dict(person.likes) for person in self.work.problem.people]

    def share(self, person: int, task: Task) -> float:
        """Return the points of one share unit: cost less fit."""
        data = self.work.problem.people[person]
        cost = float(self.goals.cost) * float(data.cost_rate) / self._mean_rate + IDLE_POINTS
        liked = self._likes[person].get(task.project, 0.0)
        preferred = data.entry in task.demand.names.prefer or data.team in task.demand.names.prefer
        fit = float(self.goals.fit) * FIT_POINTS / STEP * (liked + preferred)
        return cost - fit

    def member(self, person: int, project: int, phase: int) -> float:
        """Return the points of an individual's being on a phase."""
        points = TEAM_POINTS * float(self.goals.people)
        if self.baseline:
            known = (person, project, phase) in self.baseline
            points += CHANGE_POINTS * float(self.goals.changes) * (-1 if known else 1)
        return points

    @property
    def handoff(self) -> float:
        """Points of somebody who joins late."""
        return HANDOFF_POINTS * float(self.goals.handoffs)

    @property
    def busy(self) -> float:
        """Points of a share unit beyond `BALANCED` of somebody's time."""
        return BALANCE_POINTS / STEP * float(self.goals.balance)
