"""A project's own window, pins and horizon: what does not fit by itself."""

from __future__ import annotations

from collections.abc import Iterator

from pmo_optimizer.checks.facts import MAX_COUNT, Facts, Hit, Path, sane
from pmo_optimizer.checks.links import is_self_link
from pmo_optimizer.model import Link, Phase, Project
from pmo_optimizer.sequencing import END_OF, START_OF, durations

MIN_CONFLICT = 2
"""Pins that it takes to break a link between phases."""

FREE_THE_WINDOW = "Widen the window, extend the calendar, or shorten the work."


def is_timed(facts: Facts, project: Project) -> bool:
    """Return whether a project's times can be calculated with."""
    dates = (
        project.earliest_start,
        project.latest_start,
        project.latest_finish,
        project.due,
        *(phase.pin.start for phase in project.phases if phase.pin is not None),
    )
    known = {phase.id for phase in project.phases}
    lengths = [mode.duration for phase in project.phases for mode in phase.modes]
    ends = {end for link in project.links for end in (link.source, link.target)}
    return (
        facts.calendar_ok
        and project.id not in facts.repeated_projects
        and all(sane(day) for day in dates)
        and len(known) == len(project.phases)
        and all(phase.modes for phase in project.phases)
        and all(0 <= length < MAX_COUNT for length in lengths)
        and ends <= known
        and all(is_sound(facts, project.id, link) for link in project.links)
        and (project.max_gap is None or 0 <= project.max_gap < MAX_COUNT)
    )


def is_sound(facts: Facts, owner: str, link: Link) -> bool:
    """Return whether a link's lags make sense and its ends differ."""
    low, high = link.min_lag, link.max_lag
    path: Path = ("projects", owner, "links", link.id) if owner else ("links", link.id)
    return (
        sane(low)
        and sane(high)
        and (low is None or high is None or low <= high)
        and not is_self_link(facts, path, link)
    )


def timed(facts: Facts) -> list[Project]:
    """Return the projects that may be selected and whose times can be calculated with."""
    return facts.once(_timed)


def _timed(facts: Facts) -> list[Project]:
    return [project for project in facts.candidates if is_timed(facts, project)]


def _shortest(project: Project, phase: Phase) -> int:
    return durations(project, phase)[0]


def _work(project: Project) -> int:
    """Return 1 if the project takes any time at all, else 0."""
    return int(any(_shortest(project, phase) > 0 for phase in project.phases))


def _is_open(facts: Facts, project: Project) -> bool:
    """Return whether the project's own window holds at least one start."""
    calendar = facts.portfolio.calendar
    first, last = project.first_start(calendar), project.last_start(calendar)
    end = project.last_finish(calendar) - _work(project)
    if not project.phases:
        end = min(end, calendar.periods - 1)
    return first <= min(last, end)


def window_empty(facts: Facts) -> Iterator[Hit]:
    """Find projects whose own dates leave no period to start in."""
    calendar = facts.portfolio.calendar
    for project in timed(facts):
        if not _is_open(facts, project):
            last, end = project.last_start(calendar), project.last_finish(calendar)
            limit = (
                f"must start by {facts.when(last)}"
                if last < end
                else f"must be finished before {facts.when(end)}"
            )
            if end == calendar.periods <= last:
                limit = f"must end within the {calendar.periods} periods of the calendar"
            path = ("projects", project.id)
            yield Hit(
                path,
                f"The window of {facts.say(path)} is empty: it may start from "
                f"{facts.when(project.first_start(calendar))} on and {limit}.",
                "Correct earliest start, latest start, latest finish or due date.",
            )


def _pins(facts: Facts) -> Iterator[tuple[Path, Project, Phase, int]]:
    """Yield pinned phases of projects whose window is open, with the pinned period."""
    for project in timed(facts):
        if not _is_open(facts, project):
            continue
        for phase in project.phases:
            start = project.pinned_start(phase, facts.portfolio.calendar)
            if start is not None:
                path = ("projects", project.id, "phases", phase.id)
                yield path, project, phase, start


def pin_outside(facts: Facts) -> Iterator[Hit]:
    """Find phases that are pinned before or after the calendar."""
    for path, _, _, start in _pins(facts):
        if not 0 <= start < facts.portfolio.calendar.periods:
            yield Hit(
                (*path, "pin", "start"),
                f"{facts.subject(path)} is pinned outside the calendar.",
                "Pin it to a period of the calendar; of work that has begun, list only what "
                "remains, without a pin.",
            )


def pin_in_window(facts: Facts) -> Iterator[Hit]:
    """Find phases that are pinned outside the window of their project."""
    calendar = facts.portfolio.calendar
    for path, project, phase, start in _pins(facts):
        if not 0 <= start < calendar.periods:
            continue
        first, end = project.first_start(calendar), project.last_finish(calendar)
        leads = phase is project.phases[0] and not project.links
        late = leads and start > project.last_start(calendar)
        if late or not first <= start <= end - _shortest(project, phase):
            running = phase.pin is None or phase.pin.start is None
            why = " because the project is running" if running else ""
            yield Hit(
                path if running else (*path, "pin", "start"),
                f"{facts.subject(path)} is fixed to {facts.when(start)}{why}, which does not fit "
                "the project's window.",
                "Change the pin, the window or the duration.",
            )


def pin_conflict(facts: Facts) -> Iterator[Hit]:
    """Find two pinned phases of a project that break the link between them."""
    calendar = facts.portfolio.calendar
    for project in timed(facts):
        pins = {f.id: project.pinned_start(f, calendar) for f in project.phases}
        if sum(pin is not None for pin in pins.values()) < MIN_CONFLICT:
            continue
        for link in project.inner_links():
            source, target = pins[link.source], pins[link.target]
            if source is None or target is None or _holds(project, link, source, target):
                continue
            path = ("projects", project.id, "phases", link.target)
            yield Hit(
                path,
                f"Phases {link.source} and {link.target} of {facts.say(path[:2])} are fixed to "
                f"{facts.when(source)} and {facts.when(target)}, which breaks the link between "
                "them.",
                "Change one of the pins, the lag between the phases, or `max_gap`.",
            )


def _holds(project: Project, link: Link, source: int, target: int) -> bool:
    """Return whether some modes of two phases with fixed starts satisfy the link."""
    sources, targets = (
        {mode.duration for mode in project.allowed_modes(project.phase(phase_id))} or {0}
        for phase_id in (link.source, link.target)
    )
    lags = (
        target + (b if END_OF[link.type] else 0) - source - (a if START_OF[link.type] else 0)
        for a in sources
        for b in targets
    )
    low = link.min_lag
    return any(
        (low is None or lag >= low) and (link.max_lag is None or lag <= link.max_lag)
        for lag in lags
    )


def running_pin(facts: Facts) -> Iterator[Hit]:
    """Find running projects whose first remaining phase is pinned to a later period."""
    for path, project, phase, start in _pins(facts):
        first = phase.id == project.goes_on_with
        if first and 0 < start < facts.portfolio.calendar.periods:
            yield Hit(
                (*path, "pin", "start"),
                f"{facts.subject(path)} is pinned to {facts.when(start)}, although the project "
                "is running and work would go on in period 0.",
                "Remove the pin, or set the state to proposed if work has not begun.",
            )


def room(facts: Facts, project: Project) -> int:
    """Return how many periods the project's window has."""
    calendar = facts.portfolio.calendar
    return project.last_finish(calendar) - project.first_start(calendar)


def _unpinned(facts: Facts) -> Iterator[tuple[Path, Project, Phase]]:
    for project in timed(facts):
        for phase in project.phases if _is_open(facts, project) else ():
            if project.pinned_start(phase, facts.portfolio.calendar) is None:
                yield ("projects", project.id, "phases", phase.id), project, phase


def phase_too_long(facts: Facts) -> Iterator[Hit]:
    """Find phases that do not fit the window or the horizon in any mode."""
    for path, project, phase in _unpinned(facts):
        shortest, there = _shortest(project, phase), room(facts, project)
        if shortest > there:
            yield Hit(
                path,
                f"{facts.subject(path)} takes at least {shortest} periods; the project's window "
                f"has {there}.",
                FREE_THE_WINDOW,
            )


def mode_too_long(facts: Facts) -> Iterator[Hit]:
    """Find modes that do not fit the window or the horizon, beside one that does."""
    calendar = facts.portfolio.calendar
    for project in timed(facts):
        for phase in project.phases if _is_open(facts, project) else ():
            pin = project.pinned_start(phase, calendar)
            first = project.first_start(calendar) if pin is None else pin
            there = project.last_finish(calendar) - first
            if _shortest(project, phase) > there:
                continue
            for mode in project.allowed_modes(phase):
                if mode.duration > there:
                    path = ("projects", project.id, "phases", phase.id, "modes", mode.id)
                    yield Hit(
                        path,
                        f"{facts.subject(path)} takes {mode.duration} periods, of which the "
                        f"project's window leaves {there}; it can never be used.",
                        FREE_THE_WINDOW,
                    )
