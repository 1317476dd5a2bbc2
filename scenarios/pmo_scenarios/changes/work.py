"""More or less work: durations, effort and cost by percent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, Literal, TypeVar

from pmo_optimizer import CostLine, Mode, Need, Number, Phase, Project
from pmo_scenarios.changes.amounts import CENT, BaseChange, grown, hundredths
from pmo_scenarios.changes.draft import PROJECTS, Draft

NUMBERS_OF_NEEDS = ("fte", "effort", "min_fte", "max_fte", "share")
"""Fields of needs that more effort makes larger; heads stay, each at more of their time."""


class Work(BaseChange):
    """Duration, effort or cost of projects or phases, larger or smaller by percent.

    What is a rate stays a rate: a longer phase at the same FTE per period is more effort, and
    at the same cost per period more cost; profiles are stretched. Totals (lumps, ``effort``)
    stay. Durations are rounded to whole periods, at least 1; FTE to 0.01.

    Attributes
    ----------
    targets
        Projects, or phases as ``project/phase``.
    duration, effort, cost
        Percent; negative for less. Cost is that of cost lines, not of charged needs.
    """

    change: Literal["work"] = "work"
    targets: tuple[str, ...]
    duration: Number | None = None
    effort: Number | None = None
    cost: Number | None = None

    def apply_to(self, draft: Draft) -> None:
        """Change the modes of every phase that is meant, and the cost lines of projects."""
        given = {n: getattr(self, n) for n in ("duration", "effort", "cost")}
        given = {name: percent for name, percent in given.items() if percent is not None}
        for name, percent in given.items():
            if percent < -100:
                draft.error(
                    "change-amount",
                    name,
                    f"{percent} percent would leave less than nothing.",
                    "Give -100 or more.",
                )
        if not given:
            draft.idle("", "It gives no percentage.")
        for target in dict.fromkeys(self.targets):
            self._target(draft, target)

    def _target(self, draft: Draft, target: str) -> None:
        name, _, phase_id = target.partition("/")
        project = draft.find(PROJECTS, name, "targets")
        if project is None:
            return
        phases = [p for p in project.phases if phase_id in {"", p.id}]
        if phase_id and not phases:
            known = [f"{name}/{phase.id}" for phase in project.phases]
            draft.unknown("phase", target, known, "targets")
            return
        changed = self._changed(project, phases, whole=not phase_id)
        if changed == project and (self.duration or self.effort or self.cost):
            draft.idle("targets", f"It changes nothing of {target}.")
        else:
            draft.put(PROJECTS, project, changed)

    def _changed(self, project: Project, phases: list[Phase], *, whole: bool) -> Project:
        new = tuple(
            phase.model_copy(update={"modes": tuple(self._mode(m) for m in phase.modes)})
            if phase in phases
            else phase
            for phase in project.phases
        )
        update: dict[str, object] = {"phases": new}
        if whole:
            update["costs"] = tuple(self._line(line) for line in project.costs)
        return project.model_copy(update=update)

    def _mode(self, mode: Mode) -> Mode:
        if self.duration is not None and mode.duration:
            exact = mode.duration * (100 + self.duration) / 100
            duration = max(1, int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)))
            mode = with_duration(mode, duration)
        return mode.model_copy(
            update={
                "needs": tuple(self._need(need) for need in mode.needs),
                "costs": tuple(self._line(line) for line in mode.costs),
            }
        )

    def _need(self, need: Need) -> Need:
        if self.effort is None:
            return need
        percent = self.effort
        names = [n for n in NUMBERS_OF_NEEDS if getattr(need, n) is not None]
        if need.heads is not None and need.share is None:
            names.append("share")
        return _scaled(
            need,
            names,
            lambda name, value: hundredths(
                grown(need.head_share if name == "share" else value, percent)
            ),
        )

    def _line(self, line: CostLine) -> CostLine:
        if self.cost is None:
            return line
        percent = self.cost
        names = [n for n in ("per_period", "lump") if getattr(line, n) is not None]
        return _scaled(line, names, lambda _, value: grown(value, percent))


def with_duration(mode: Mode, duration: int) -> Mode:
    """Return a mode that takes so many periods: rates stay, profiles are stretched."""
    return mode.model_copy(
        update={
            "duration": duration,
            "needs": tuple(_stretched(need, duration) for need in mode.needs),
            "costs": tuple(_stretched(line, duration) for line in mode.costs),
        }
    )


Amounted = TypeVar("Amounted", Need, CostLine)


def _scaled(item: Amounted, names: list[str], make: Callable[[str, Any], Decimal]) -> Amounted:
    """Return a need or cost line with other numbers, in its profile as well."""
    update: dict[str, object] = {name: make(name, getattr(item, name)) for name in names}
    if item.profile is not None:
        update["profile"] = tuple(make("profile", value) for value in item.profile)
    return item.model_copy(update=update)


def _stretched(item: Amounted, duration: int) -> Amounted:
    """Return a need or cost line whose profile has as many periods, each the mean over its part."""
    profile = item.profile
    if not profile or len(profile) == duration:
        return item
    step = Fraction(len(profile), duration)
    new = []
    for t in range(duration):
        begin, end = t * step, (t + 1) * step
        area = sum(
            max(min(end, Fraction(i + 1)) - max(begin, Fraction(i)), Fraction(0)) * Fraction(value)
            for i, value in enumerate(profile)
        )
        mean = area / step
        new.append((Decimal(mean.numerator) / Decimal(mean.denominator)).quantize(CENT))
    return item.model_copy(update={"profile": tuple(new)})
