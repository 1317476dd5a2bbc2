"""Projects in the making: plain numbers, in hundredths of an FTE and whole money units."""

from __future__ import annotations

from dataclasses import dataclass, field

from pmo_optimizer import Decision, State


@dataclass(slots=True)
class PhaseDraft:
    """One phase in its normal mode.

    Attributes
    ----------
    duration
        Periods, at least 1.
    weights
        Relative need by skill index, before the rates are fitted to the staff.
    rates
        Need by skill index in hundredths of an FTE.
    opex
        Money per period of the phase.
    """

    duration: int
    weights: dict[int, float]
    rates: dict[int, int] = field(default_factory=dict)
    opex: int = 0


@dataclass(slots=True)
class SecondMode:
    """Another way to do one phase: shorter and dearer, or longer and thinner.

    Attributes
    ----------
    phase
        0-based index of the phase.
    rates
        Need by skill index in hundredths of an FTE.
    """

    phase: int
    name: str
    duration: int
    rates: dict[int, int] = field(default_factory=dict)
    opex: int = 0


@dataclass(slots=True)
class ProjectDraft:
    """A project whose numbers are still being fitted to one another.

    Attributes
    ----------
    narrow
        Whether it is short, needs one scarce skill only and may run at any time.
    variant_of
        Index of the project that this one is a smaller variant of, or None.
    size
        Relative size, 1 for a full project.
    overlap
        Periods after which the second phase starts beside the first, or None for a chain.
    max_gap
        Most idle periods between phases.
    value
        Utility from 0 to 1 that the scores are drawn around.
    capex, capex_at_start, open_capex
        Investment in whole money units, which part of it falls in the first period, and
        whether the fund is left open.
    earliest_start, latest_start, latest_finish, due, late_price
        Window and due date as periods, None where free.
    """

    index: int
    name: str
    category: str
    tags: tuple[str, ...]
    phases: list[PhaseDraft]
    state: State = State.PROPOSED
    decision: Decision = Decision.FREE
    narrow: bool = False
    variant_of: int | None = None
    size: float = 1.0
    overlap: int | None = None
    max_gap: int = 0
    second: SecondMode | None = None
    value: float = 0.0
    probability: int = 100
    risk: int = 1
    capex: int = 0
    capex_at_start: int = 0
    open_capex: bool = False
    research: int = 0
    stoppable: bool = False
    exit_cost: int = 0
    earliest_start: int | None = None
    latest_start: int | None = None
    latest_finish: int | None = None
    due: int | None = None
    late_price: int | None = None

    @property
    def id(self) -> str:
        """Project id, 1-based as people count."""
        return f"P{self.index + 1:03d}"

    @property
    def offsets(self) -> tuple[int, ...]:
        """Earliest start of each phase, in periods after the project's start."""
        starts = [0] * bool(self.phases)
        for number, phase in enumerate(self.phases[:-1], start=1):
            if number == 1 and self.overlap is not None:
                starts.append(self.overlap)
            else:
                ends = (s + p.duration for s, p in zip(starts, self.phases, strict=False))
                starts.append(
                    max(ends) if self.overlap is not None else starts[-1] + phase.duration
                )
        return tuple(starts)

    @property
    def length(self) -> int:
        """Shortest time from start to finish in normal modes, in periods."""
        pairs = zip(self.offsets, self.phases, strict=True)
        return max((start + phase.duration for start, phase in pairs), default=0)

    @property
    def free(self) -> bool:
        """Whether the plan may still decide about this project in every respect."""
        return self.state is State.PROPOSED and self.decision is Decision.FREE

    def effort(self, skill: int) -> int:
        """Return the hundredths of FTE-periods of a skill in normal modes."""
        return sum(phase.rates.get(skill, 0) * phase.duration for phase in self.phases)

    def peak(self, skill: int) -> int:
        """Return the largest rate of a skill in normal modes, in hundredths of an FTE."""
        rates = [phase.rates.get(skill, 0) for phase in self.phases]
        if self.overlap is not None and len(rates) > 1:
            rates.append(rates[0] + rates[1])
        return max(rates, default=0)
