"""Everything that can happen to one project by itself: out, or one of its schedules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from pmo_optimizer.model import Calendar, Decision, Link, LinkType, Mode, Phase, Project, State


@dataclass(frozen=True, slots=True)
class Placed:
    """A phase in a mode, from ``start`` to ``end`` (exclusive), 0-based."""

    phase: Phase
    mode: Mode
    start: int

    @property
    def end(self) -> int:
        """Return the exclusive end."""
        return self.start + self.mode.duration


@dataclass(frozen=True)
class Option:
    """One fate of a project.

    Attributes
    ----------
    selected
        Whether it is in; a done project counts as in.
    start, finish
        First start and last exclusive end; 0 where the project is out or done.
    placed
        Its phases, in the listed order.
    """

    project: Project
    selected: bool
    start: int = 0
    finish: int = 0
    placed: tuple[Placed, ...] = ()

    @cached_property
    def done(self) -> bool:
        """Whether the project is over: in links only, in no term, measure or rule."""
        return self.project.state is State.DONE

    @cached_property
    def active(self) -> bool:
        """Whether it is selected and still has work, value and money in the plan."""
        return self.selected and not self.done

    @cached_property
    def stopped(self) -> bool:
        """Whether it is a running project that is stopped."""
        return self.project.state is State.RUNNING and not self.selected

    def event(self, phase: str | None, starting: bool) -> int:
        """Return when the project, or one of its phases, starts or ends."""
        if phase is None:
            return self.start if starting else self.finish
        found = next(p for p in self.placed if p.phase.id == phase)
        return found.start if starting else found.end


def options(project: Project, calendar: Calendar) -> tuple[Option, ...]:
    """Return every fate of a project that its own rules allow."""
    if project.state is State.DONE:
        return (Option(project, selected=True),)
    fates: list[Option] = []
    if _may_be_out(project):
        fates.append(Option(project, selected=False))
    if project.decision is not Decision.NEVER:
        fates += _schedules(project, calendar)
    return tuple(fates)


def _may_be_out(project: Project) -> bool:
    if project.decision is Decision.MUST:
        return False
    return project.state is not State.RUNNING or project.stoppable


def _schedules(project: Project, calendar: Calendar) -> Iterator[Option]:
    """Yield every schedule within window, pins and inner links."""
    per_phase = [list(_placements(project, phase, calendar)) for phase in project.phases]
    for placed in product(*per_phase):
        start = min((p.start for p in placed), default=project.first_start(calendar))
        finish = max((p.end for p in placed), default=start)
        option = Option(project, True, start, finish, placed)
        if _in_window(option, calendar) and _inner_links_hold(option):
            yield option


def _placements(project: Project, phase: Phase, calendar: Calendar) -> Iterator[Placed]:
    pinned = project.pinned_start(phase, calendar)
    for mode in project.allowed_modes(phase):
        for start in range(calendar.periods - mode.duration + 1):
            if pinned is None or start == pinned:
                yield Placed(phase, mode, start)


def _in_window(option: Option, calendar: Calendar) -> bool:
    project = option.project
    return project.first_start(calendar) <= option.start <= project.last_start(
        calendar
    ) and option.finish <= project.last_finish(calendar)


def _inner_links_hold(option: Option) -> bool:
    return all(
        lags_hold(link, (option, link.source), (option, link.target))
        for link in option.project.inner_links()
    )


STARTING: Mapping[LinkType, tuple[bool, bool]] = {
    LinkType.FS: (False, True),
    LinkType.SS: (True, True),
    LinkType.FF: (False, False),
    LinkType.SF: (True, False),
}
"""Whether the event of the source, and that of the target, is a start."""


def lags_hold(
    link: Link, source: tuple[Option, str | None], target: tuple[Option, str | None]
) -> bool:
    """Return whether the events of source and target keep the minimum and maximum lag."""
    source_starts, target_starts = STARTING[link.type]
    before = source[0].event(source[1], source_starts)
    after = target[0].event(target[1], target_starts)
    if link.min_lag is not None and after < before + link.min_lag:
        return False
    return link.max_lag is None or after <= before + link.max_lag
