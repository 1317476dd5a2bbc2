"""What the chosen modes need, and which need an allocation means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
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
    key
        Ids of project, phase and need.
    pinned
        Ids of the person entries that the phase's pin names.
    start
        First period of the phase, 0-based.
    rates
        FTE asked for in each period of the phase; of ``effort`` its least rate.
    delivered
        FTE delivered in each period of the phase.
    present
        In named mode the different heads in each period of the phase, for ``heads``; else
        empty.
    """

    key: NeedKey
    need: Need
    pinned: tuple[str, ...]
    start: int
    rates: tuple[Decimal, ...]
    delivered: list[Decimal]
    present: list[int] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Where in the portfolio, for messages."""
        project, phase, need = self.key
        return f"projects/{project}/phases/{phase}/needs/{need}"

    @property
    def asked(self) -> tuple[int, ...]:
        """Periods in which the need asks for work; for ``effort`` all of the phase."""
        if self.need.effort is not None:
            return (
                tuple(range(self.start, self.start + len(self.rates))) if self.need.effort else ()
            )
        return tuple(period for period, rate in enumerate(self.rates, self.start) if rate > 0)

    def level(self, proficiency: Decimal) -> Decimal:
        """Return what one FTE of a supplier counts for: heads count by the head."""
        return Decimal(1) if self.need.heads is not None else proficiency

    def missing(self, offset: int) -> Decimal:
        """Return the FTE missing in a period of the phase, 0 within the tolerance.

        Where single heads are counted, those that are missing x their share.
        """
        if self.present and self.need.heads is not None:
            return max(self.need.heads - self.present[offset], 0) * self.need.head_share
        missing = self.rates[offset] - self.delivered[offset]
        return missing if missing > NEED_TOLERANCE else Decimal(0)

    @property
    def total_short(self) -> Decimal:
        """FTE-periods of ``effort`` that are not delivered, 0 within the tolerance."""
        if self.need.effort is None or not self.rates:
            return Decimal(0)
        missing = self.need.effort - sum(self.delivered, Decimal(0))
        return missing if missing > NEED_TOLERANCE else Decimal(0)


@dataclass(frozen=True, slots=True)
class Gap:
    """What a need lacks: FTE in a period (0-based), or FTE-periods over the phase (None)."""

    demand: Demand
    period: int | None
    fte: Decimal


class Demands:
    """The needs of all selected projects.

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
        pin = placed.phase.pin
        for need in placed.mode.needs:
            key = (active.project.id, placed.phase.id, need.id)
            rates = _rates(need, placed.mode.duration)
            self._demands[key] = Demand(
                key=key,
                need=need,
                pinned=() if pin is None else pin.people,
                start=placed.start,
                rates=rates,
                delivered=[Decimal(0)] * len(rates),
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
        """Note what is delivered less than asked for, or more than an effort's greatest rate."""
        for demand in self:
            for offset in self._offsets(demand):
                self._check_rate(demand, offset)
            if self._inside(demand) and demand.total_short:
                message = (
                    f"{plain(demand.need.effort or 0)} FTE-periods of {demand.need.skill} are "
                    f"needed, {plain(sum(demand.delivered, Decimal(0)))} are delivered."
                )
                self._log.broken(Code.NEED_UNMET, demand.path, message)

    def gaps(self) -> Iterator[Gap]:
        """Yield what every need lacks, by period; of effort over the whole phase.

        An effort lacks what its sum is short of, or, where that is more, what its periods are
        short of the least rate together.
        """
        for demand in self:
            missing = {offset: demand.missing(offset) for offset in self._offsets(demand)}
            if demand.need.effort is None:
                yield from (
                    Gap(demand, demand.start + offset, fte)
                    for offset, fte in missing.items()
                    if fte
                )
            elif any(missing.values()) or (self._inside(demand) and demand.total_short):
                lacking = zip(demand.rates, demand.delivered, strict=True)
                least = sum((max(r - d, Decimal(0)) for r, d in lacking), Decimal(0))
                rest = demand.need.effort - sum(demand.delivered, Decimal(0))
                yield Gap(demand, None, max(least, rest))

    def _offsets(self, demand: Demand) -> range:
        """Return the periods of the phase (0-based within it) that lie within the grid."""
        first = min(max(-demand.start, 0), len(demand.rates))
        return range(
            first, max(first, min(len(demand.rates), self._schedule.periods - demand.start))
        )

    def _inside(self, demand: Demand) -> bool:
        """Return whether the whole phase lies within the grid; else its dates are the fault."""
        return 0 <= demand.start <= self._schedule.periods - len(demand.rates)

    def _check_rate(self, demand: Demand, offset: int) -> None:
        need, period, delivered = demand.need, demand.start + offset, demand.delivered[offset]
        path = f"{demand.path}/{period}"
        there = f"in period {period}, {plain(delivered)} are delivered."
        if demand.missing(offset):
            rate = demand.rates[offset]
            if demand.present and delivered >= rate - NEED_TOLERANCE:
                there = f"in period {period}, {demand.present[offset]} are there."
                message = f"{need.heads} different heads of {need.skill} are needed {there}"
                self._log.broken(Code.HEADS_MISSING, path, message)
            else:
                message = f"{plain(rate)} FTE of {need.skill} are needed {there}"
                self._log.broken(Code.NEED_UNMET, path, message)
        most = need.max_fte if need.effort is not None else None
        if most is not None and delivered > most + NEED_TOLERANCE:
            message = f"At most {plain(most)} FTE of {need.skill} are useful {there}"
            self._log.broken(Code.EFFORT_RATE, path, message)


def _rates(need: Need, duration: int) -> tuple[Decimal, ...]:
    """Return the least FTE of every period of the phase."""
    if need.effort is not None:
        return (need.min_fte or Decimal(0),) * duration
    return tuple(need.rate(offset) for offset in range(duration))
