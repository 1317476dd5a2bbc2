"""Projects, their phases and modes, and what the work needs."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from pmo_optimizer.model.base import (
    Count,
    Frozen,
    Id,
    Labelled,
    LocalId,
    Number,
    When,
    with_ids,
)
from pmo_optimizer.model.calendar import Calendar
from pmo_optimizer.model.money import Benefit, CostLine
from pmo_optimizer.model.relations import Link, LinkType
from pmo_optimizer.model.words import SHORT_PHASE

CENT = Decimal("0.01")
"""Step in which charges of effort are spread."""


class State(StrEnum):
    """Where a project is in its life."""

    PROPOSED = "proposed"
    RUNNING = "running"
    DONE = "done"


class Decision(StrEnum):
    """What has been decided about a project beforehand."""

    FREE = "free"
    MUST = "must"
    NEVER = "never"


class Need(Frozen):
    """Work of one skill that a mode asks for; exactly one of the four amounts is given.

    Attributes
    ----------
    skill
        What is asked for.
    fte
        Constant rate over the phase.
    profile
        Rate per period of the phase; exactly the mode's duration.
    effort
        Total FTE-periods, spread freely over the phase between ``min_fte`` (0 by default) and
        ``max_fte`` (any by default) per period.
    heads
        Number of different people, each at ``share`` FTE (1 by default) in every period; what
        they do counts by the head, not by proficiency.
    min_proficiency
        Only people at this proficiency or above count.
    charge_to
        Fund that pays the skill's standard rate for this need; absent: no charge.
    min_share, continuous, must, must_not, prefer
        Named staffing: smallest useful share per person, same people for the whole phase,
        people who must or must not work on it, preferred people or teams.
    """

    id: LocalId = ""
    skill: Id
    fte: Number | None = None
    profile: tuple[Number, ...] | None = None
    effort: Number | None = None
    min_fte: Number | None = None
    max_fte: Number | None = None
    heads: Count | None = None
    share: Number | None = None
    min_proficiency: Number | None = None
    charge_to: Id | None = None
    min_share: Number | None = None
    continuous: bool = False
    must: tuple[Id, ...] = ()
    must_not: tuple[Id, ...] = ()
    prefer: tuple[Id, ...] = ()

    def rate(self, offset: int) -> Decimal:
        """Return the FTE asked for in the ``offset``-th period of the phase (0-based).

        Heads count with their shares; needs that are given as ``effort`` have no rate, 0.
        """
        if self.profile is not None:
            return self.profile[offset]
        if self.heads is not None:
            return self.heads * self.head_share
        return self.fte or Decimal(0)

    @property
    def head_share(self) -> Decimal:
        """FTE of each head, 1 by default."""
        return Decimal(1) if self.share is None else self.share

    def charge(self, offset: int, duration: int, price: Decimal) -> Decimal:
        """Return what the need costs in the ``offset``-th period at ``price`` per FTE-period.

        Effort is charged evenly over the phase, each period's part rounded down to 0.01 and
        the rest in the last, however the work is spread (formulation, section 4).
        """
        if self.effort is None:
            return self.rate(offset) * price
        total = self.effort * price
        part = (total / duration).quantize(CENT, rounding=ROUND_FLOOR)
        return part if offset < duration - 1 else total - part * (duration - 1)


class Mode(Frozen):
    """One way to do a phase, for instance normal or crashed.

    Attributes
    ----------
    duration
        Periods; 0 is a milestone.
    needs, costs
        What the work takes while the phase runs.
    """

    id: LocalId = ""
    name: str = ""
    duration: Count
    needs: tuple[Need, ...] = ()
    costs: tuple[CostLine, ...] = ()

    @model_validator(mode="after")
    def _name_parts(self) -> Mode:
        _set(self, "needs", with_ids(self.needs, lambda n: n.skill))
        _set(self, "costs", with_ids(self.costs, CostLine.made_id))
        return self


class Pin(Frozen):
    """What is fixed about a phase, if its project is selected.

    Attributes
    ----------
    start
        Period, or a day in it.
    mode
        Mode id.
    people
        People who work on it (named staffing).
    """

    start: When | None = None
    mode: Id | None = None
    people: tuple[Id, ...] = ()


class Phase(Frozen):
    """A piece of work without interruption, done in one of its modes.

    A phase with a single mode may say ``duration``, ``needs`` and ``costs`` itself; they are
    read as a mode called ``normal``.
    """

    id: LocalId = ""
    name: str = ""
    modes: tuple[Mode, ...]
    pin: Pin | None = None

    @model_validator(mode="before")
    @classmethod
    def _single_mode(cls, data: Any) -> Any:  # noqa: ANN401 - raw input of any shape
        short = {}
        if isinstance(data, dict) and "modes" not in data:
            short = {k: data[k] for k in SHORT_PHASE if k in data}
        if short:
            rest = {k: v for k, v in data.items() if k not in short}
            return {**rest, "modes": [{"id": "normal", **short}]}
        return data

    @model_validator(mode="after")
    def _name_parts(self) -> Phase:
        alone = len(self.modes) == 1
        _set(self, "modes", _numbered(self.modes, "normal" if alone else "mode"))
        return self

    def mode(self, mode_id: str) -> Mode:
        """Return the mode of that id; KeyError where there is none."""
        for mode in self.modes:
            if mode.id == mode_id:
                return mode
        raise KeyError(mode_id)


class Project(Labelled):
    """A candidate, running or finished project.

    Attributes
    ----------
    scores
        Score per criterion, on the criterion's scale.
    value
        Strategic value, given directly instead of scores.
    benefit
        Money earned.
    probability
        Probability of success, 1 by default.
    state, decision
        See `State` and `Decision`. A running project lists its remaining phases and stays
        selected unless ``stoppable``.
    stoppable, exit_cost, exit_category, exit_fund
        Whether a running project may be stopped, and what that costs in period 0.
    earliest_start, latest_start, latest_finish
        Window, by date or period. A latest finish is the last day of work, or an exclusive
        end where it is a period.
    due, late_price
        Due date (as ``latest_finish``) and price per period of delay; without a price the
        due date is hard, with price 0 it is only measured.
    max_gap
        For projects without links of their own: most idle periods between one phase and the
        next, 0 by default; null: any.
    phases
        In order where the project has no links of its own.
    links
        Precedence between phases of this project, by phase id.
    costs
        Cost lines of the project as a whole.
    staff_budget
        Named staffing: most money for named people on the project, their shares (FTE) x
        ``cost_rate`` over all periods; pools, hires and extra supply do not count.
    """

    scores: dict[Id, Number] = Field(default_factory=dict)
    value: Number | None = None
    benefit: Benefit | None = None
    probability: Number = Decimal(1)
    state: State = State.PROPOSED
    decision: Decision = Decision.FREE
    stoppable: bool = False
    exit_cost: Number = Decimal(0)
    exit_category: str = "exit"
    exit_fund: Id | None = None
    earliest_start: When | None = None
    latest_start: When | None = None
    latest_finish: When | None = None
    due: When | None = None
    late_price: Number | None = None
    max_gap: Count | None = 0
    phases: tuple[Phase, ...] = ()
    links: tuple[Link, ...] = ()
    costs: tuple[CostLine, ...] = ()
    staff_budget: Number | None = None

    @model_validator(mode="after")
    def _name_parts(self) -> Project:
        _set(self, "phases", _numbered(self.phases, "phase"))
        _set(self, "links", with_ids(self.links, Link.made_id))
        _set(self, "costs", with_ids(self.costs, CostLine.made_id))
        return self

    def phase(self, phase_id: str) -> Phase:
        """Return the phase of that id; KeyError where there is none."""
        for phase in self.phases:
            if phase.id == phase_id:
                return phase
        raise KeyError(phase_id)

    def inner_links(self) -> tuple[Link, ...]:
        """Return the links between phases of this project, the implied chain included.

        Without links of its own the phases run in the given order, FS with lag 0 and a
        maximum lag of ``max_gap`` (formulation, section 2).
        """
        if self.links:
            return self.links
        pairs = zip(self.phases, self.phases[1:], strict=False)
        return tuple(
            Link(
                id=f"chain:{a.id}>{b.id}",
                source=a.id,
                target=b.id,
                type=LinkType.FS,
                min_lag=0,
                max_lag=self.max_gap,
            )
            for a, b in pairs
        )

    @property
    def is_chain(self) -> bool:
        """Whether the phases run one after the other without gaps."""
        return not self.links and self.max_gap == 0

    def first_start(self, calendar: Calendar) -> int:
        """Return the first period in which the project may start; a running one has begun."""
        if self.earliest_start is None or self.state is State.RUNNING:
            return 0
        return max(0, calendar.not_before(self.earliest_start))

    def last_start(self, calendar: Calendar) -> int:
        """Return the last period in which the project may start; a running one has begun."""
        if self.latest_start is None or self.state is State.RUNNING:
            return calendar.periods
        return calendar.start_not_after(self.latest_start)

    def last_finish(self, calendar: Calendar) -> int:
        """Return the last exclusive end: the window's, the hard due date's or the grid's."""
        limits = [calendar.periods]
        if self.latest_finish is not None:
            limits.append(calendar.end_not_after(self.latest_finish))
        if self.due is not None and self.late_price is None:
            limits.append(calendar.end_not_after(self.due))
        return min(limits)

    def due_period(self, calendar: Calendar) -> int | None:
        """Return the exclusive end that is due, or None."""
        return None if self.due is None else calendar.end_not_after(self.due)

    @property
    def goes_on_with(self) -> str | None:
        """Id of the phase that a running project is in; None for others, and without phases.

        It is the first listed phase whose start waits for no other one by the project's own
        links (formulation, section 1).
        """
        if self.state is not State.RUNNING or not self.phases:
            return None
        waiting = {
            link.target
            for link in self.links
            if link.min_lag is not None and link.type in {LinkType.FS, LinkType.SS}
        }
        free = (phase.id for phase in self.phases if phase.id not in waiting)
        return next(free, self.phases[0].id)

    def pinned_start(self, phase: Phase, calendar: Calendar) -> int | None:
        """Return the period in which a phase must start if the project is selected, or None.

        The phase that a running project goes on with is pinned at period 0 unless it has a pin
        of its own (formulation, section 1).
        """
        if phase.pin is not None and phase.pin.start is not None:
            return calendar.period_of(phase.pin.start)
        return 0 if phase.id == self.goes_on_with else None

    def allowed_modes(self, phase: Phase) -> tuple[Mode, ...]:
        """Return the modes of a phase that its pin leaves."""
        if phase.pin is not None and phase.pin.mode is not None:
            return tuple(mode for mode in phase.modes if mode.id == phase.pin.mode)
        return phase.modes


def _numbered(items: tuple[Any, ...], word: str) -> tuple[Any, ...]:
    """Give items without id a positional one: their order has a meaning."""
    alone = len(items) == 1 and word == "normal"
    return tuple(
        item if item.id else item.model_copy(update={"id": word if alone else f"{word}-{number}"})
        for number, item in enumerate(items, start=1)
    )


def _set(model: Frozen, name: str, value: object) -> None:
    """Replace a field while the frozen object is still being made."""
    model.__dict__[name] = value
