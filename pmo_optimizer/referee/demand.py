"""What the chosen modes need, and which need an allocation means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pmo_optimizer.model import NEED_TOLERANCE, Allocation, Need
from pmo_optimizer.referee.report import Code, Log, plain
from pmo_optimizer.referee.schedule import Active, PlacedPhase, Schedule

NeedKey = tuple[str, str, str]
"""Ids of project, phase and need."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A need of the chosen mode of a placed phase, and what is delivered to it.

    Attributes
    ----------
    path
        Where in the portfolio, for messages.
    start
        First period of the phase.
    rates, delivered
        FTE asked for and delivered, per period of the phase.
    """

    path: str
    need: Need
    start: int
    rates: tuple[Decimal, ...]
    delivered: list[Decimal]


class Demands:
    """The needs of all selected projects.

    Needs of kind ``effort`` or ``heads`` are noted as unsupported and have no demand.

    Parameters
    ----------
    schedule
        The decisions about projects.
    log
        Where violations go.
    """

    def __init__(self, schedule: Schedule, log: Log) -> None:
        self._schedule = schedule
        self._log = log
        self._demands: dict[NeedKey, Demand] = {}
        for active, placed in schedule.placed():
            self._add(active, placed)

    def __iter__(self) -> Iterator[Demand]:
        return iter(self._demands.values())

    def _add(self, active: Active, placed: PlacedPhase) -> None:
        phase_path = f"projects/{active.project.id}/phases/{placed.phase.id}"
        for need in placed.mode.needs:
            path = f"{phase_path}/needs/{need.id}"
            if need.effort is not None or need.heads is not None:
                message = f"{path} is given as effort or heads, which is not planned yet."
                self._log.broken(Code.UNSUPPORTED_NEED, path, message)
                continue
            rates = tuple(need.rate(offset) for offset in range(placed.mode.duration))
            self._demands[active.project.id, placed.phase.id, need.id] = Demand(
                path, need, placed.start, rates, [Decimal(0)] * len(rates)
            )

    def of(self, allocation: Allocation, path: str) -> Demand | None:
        """Return the demand that an allocation serves; None, with a violation, where none is."""
        demand = self._demands.get((allocation.project, allocation.phase, allocation.need))
        if demand is None:
            self._note_fault(allocation, path)
        return demand

    def _note_fault(self, allocation: Allocation, path: str) -> None:
        """Say why an allocation serves no need of the plan."""
        project = self._schedule.portfolio.project_by_id.get(allocation.project)
        if project is None:
            message = f"There is no project {allocation.project}."
            self._log.broken(Code.UNKNOWN_PROJECT, path, message)
            return
        phase = next((p for p in project.phases if p.id == allocation.phase), None)
        if phase is None:
            message = f"{project.id} has no phase {allocation.phase}."
            self._log.broken(Code.UNKNOWN_PHASE, path, message)
            return
        if not any(need.id == allocation.need for mode in phase.modes for need in mode.needs):
            message = f"{project.id}/{phase.id} has no need {allocation.need}."
            self._log.broken(Code.UNKNOWN_NEED, path, message)
            return
        active = self._schedule.active.get(project.id)
        if active is None:
            message = f"Somebody works on {project.id}, which is not selected."
            self._log.broken(Code.ALLOCATION_UNSELECTED, path, message)
        elif phase.id in active.phases:
            self._note_wrong_mode(allocation, active.phases[phase.id], path)

    def _note_wrong_mode(self, allocation: Allocation, placed: PlacedPhase, path: str) -> None:
        if allocation.need not in {need.id for need in placed.mode.needs}:
            message = f"Need {allocation.need} is not one of the chosen mode {placed.mode.id}."
            self._log.broken(Code.ALLOCATION_MODE, path, message)

    def deliver(self, demand: Demand, period: int, amount: Decimal) -> bool:
        """Book FTE on a need; return False where the period lies outside phase or grid."""
        offset = period - demand.start
        inside = 0 <= offset < len(demand.rates) and 0 <= period < self._schedule.periods
        if inside:
            demand.delivered[offset] += amount
        return inside

    def check(self) -> None:
        """Note every need and period with less delivered than asked for."""
        for demand in self:
            for offset, (rate, delivered) in enumerate(
                zip(demand.rates, demand.delivered, strict=True)
            ):
                period = demand.start + offset
                on_grid = 0 <= period < self._schedule.periods
                if on_grid and delivered < rate - NEED_TOLERANCE:
                    message = (
                        f"{plain(rate)} FTE of {demand.need.skill} are needed "
                        f"in period {period}, {plain(delivered)} are delivered."
                    )
                    self._log.broken(Code.NEED_UNMET, f"{demand.path}/{period}", message)
