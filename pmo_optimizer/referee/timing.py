"""Windows, pins and precedence: when phases and projects may run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pmo_optimizer.model import Calendar, IfUnselected, Link, LinkType
from pmo_optimizer.referee.report import Code, Log
from pmo_optimizer.referee.schedule import Active, PlacedPhase, Schedule


@dataclass(frozen=True, slots=True)
class Span:
    """Start and end (exclusive) of a phase or a project."""

    start: int
    end: int


def check_timing(schedule: Schedule, log: Log) -> None:
    """Note every broken window, pin, inner order and link of the portfolio."""
    calendar = schedule.portfolio.calendar
    for active in schedule.active.values():
        for placed in active.phases.values():
            _check_phase(active, placed, calendar, log)
        _check_window(active, calendar, log)
        _check_inner_links(active, log)
    _check_links(schedule, log)


def _check_phase(active: Active, placed: PlacedPhase, calendar: Calendar, log: Log) -> None:
    project, phase = active.project, placed.phase
    path = f"projects/{project.id}/phases/{phase.id}"
    if placed.start < 0:
        log.broken(Code.NEGATIVE_START, path, f"{path} starts at {placed.start}, before period 0.")
    if placed.end > calendar.periods:
        message = f"{path} ends at {placed.end}, after the {calendar.periods} periods of the grid."
        log.broken(Code.HORIZON, path, message)
    pinned = project.pinned_start(phase, calendar)
    if pinned is not None and placed.start != pinned:
        message = f"{path} is pinned at period {pinned}, but starts at {placed.start}."
        log.broken(Code.PINNED_START, path, message)
    if placed.mode.id not in {mode.id for mode in project.allowed_modes(phase)}:
        message = f"{path} is pinned to another mode than {placed.mode.id}."
        log.broken(Code.PINNED_MODE, path, message)


def _check_window(active: Active, calendar: Calendar, log: Log) -> None:
    """Hold start and finish of a project against its own three limits and its hard due date."""
    project, path = active.project, f"projects/{active.project.id}"
    if not active.phases and active.finish > calendar.periods:
        log.broken(Code.HORIZON, path, f"Project {project.id} lies after the grid.")
    if project.earliest_start is not None and active.start < project.first_start(calendar):
        limit = project.first_start(calendar)
        message = f"Project {project.id} starts at {active.start}, earliest is {limit}."
        log.broken(Code.EARLIEST_START, path, message)
    if project.latest_start is not None and active.start > project.last_start(calendar):
        limit = project.last_start(calendar)
        message = f"Project {project.id} starts at {active.start}, latest is {limit}."
        log.broken(Code.LATEST_START, path, message)
    if project.latest_finish is not None:
        limit = calendar.end_not_after(project.latest_finish)
        if active.finish > limit:
            message = f"Project {project.id} finishes at {active.finish}, latest is {limit}."
            log.broken(Code.LATEST_FINISH, path, message)
    due = project.due_period(calendar)
    if due is not None and project.late_price is None and active.finish > due:
        message = f"Project {project.id} finishes at {active.finish}, due is {due}."
        log.broken(Code.HARD_DUE, path, message)


def _check_inner_links(active: Active, log: Log) -> None:
    project = active.project
    for link in project.inner_links():
        source, target = active.phases.get(link.source), active.phases.get(link.target)
        if source is None or target is None:
            continue
        lag = _lag(link.type, Span(source.start, source.end), Span(target.start, target.end))
        path = f"projects/{project.id}/links/{link.id}"
        if link.min_lag is not None and lag < link.min_lag:
            code = Code.PHASE_LINK if project.links else Code.PHASE_ORDER
            log.broken(code, path, _lag_message(link, lag, "least", link.min_lag))
        if link.max_lag is not None and lag > link.max_lag:
            code = Code.PHASE_LINK if project.links else Code.MAX_GAP
            log.broken(code, path, _lag_message(link, lag, "most", link.max_lag))


def _lag(kind: LinkType, source: Span, target: Span) -> int:
    """Return the periods from the source's event to the target's."""
    before = source.end if kind in {LinkType.FS, LinkType.FF} else source.start
    after = target.start if kind in {LinkType.FS, LinkType.SS} else target.end
    return after - before


def _lag_message(link: Link, lag: int, word: str, limit: int) -> str:
    return f"{link.type} {link.source} > {link.target}: lag {lag}, at {word} {limit} is asked."


def _check_links(schedule: Schedule, log: Log) -> None:
    groups = {group.id: group.projects for group in schedule.portfolio.choose}
    for link in schedule.portfolio.links:
        sources = tuple(_members(link.source, groups))
        finished = any(project in schedule.done for project, _ in sources)
        targets = [t for t in _members(link.target, groups) if t[0] in schedule.active]
        if finished or not targets:
            continue
        chosen = [s for s in sources if s[0] in schedule.active]
        if chosen:
            for target in targets:
                _check_link(schedule, link, chosen, target, log)
        elif link.if_unselected is IfUnselected.BLOCK:
            message = f"{link.target} needs {link.source}, which is not selected."
            log.broken(Code.LINK_BLOCKED, f"links/{link.id}", message)


def _members(
    reference: str, groups: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str | None]]:
    """Yield the (project, phase) pairs that a link's end stands for; no phase is the project."""
    project, slash, phase = reference.partition("/")
    for member in (project,) if slash else groups.get(reference, (reference,)):
        yield member, phase if slash else None


def _check_link(
    schedule: Schedule,
    link: Link,
    sources: list[tuple[str, str | None]],
    target: tuple[str, str | None],
    log: Log,
) -> None:
    """Hold one target against the sources; of a group any selected member will do."""
    after = _span(schedule, target)
    spans = [span for span in (_span(schedule, source) for source in sources) if span is not None]
    if after is None or not spans:
        return
    lags = [_lag(link.type, before, after) for before in spans]
    low, high = link.min_lag, link.max_lag
    if low is not None and all(lag < low for lag in lags):
        message = _lag_message(link, max(lags), "least", low)
        log.broken(Code.LINK_MIN_LAG, f"links/{link.id}", message)
    if high is not None and all(lag > high for lag in lags):
        message = _lag_message(link, min(lags), "most", high)
        log.broken(Code.LINK_MAX_LAG, f"links/{link.id}", message)


def _span(schedule: Schedule, end: tuple[str, str | None]) -> Span | None:
    """Return when a selected project or one of its phases runs; None where it is not planned."""
    active = schedule.active[end[0]]
    if end[1] is None:
        return Span(active.start, active.finish)
    placed = active.phases.get(end[1])
    return None if placed is None else Span(placed.start, placed.end)
