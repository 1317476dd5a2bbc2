"""Precedence: cycles, and projects that their links leave no time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from pmo_optimizer.checks.facts import Facts, Hit, Path, listed
from pmo_optimizer.checks.timing import (
    FREE_THE_WINDOW,
    is_sound,
    is_timed,
    phase_too_long,
    pin_conflict,
    pin_in_window,
    pin_outside,
    room,
    timed,
    window_empty,
)
from pmo_optimizer.model import Link, Portfolio, Project, Requires, State
from pmo_optimizer.sequencing import (
    Cycle,
    ProjectWindow,
    certain_projects,
    cycles,
    split_reference,
    windows,
)


def _part(facts: Facts, projects: Iterable[Project], *, linked: bool) -> Portfolio:
    """Return a portfolio of these (and all done) projects, in an order that is always the same.

    Links and requirements that name anything else are left out, which only widens windows.
    """
    portfolio = facts.portfolio
    done = [p for p in portfolio.projects if p.state is State.DONE]
    kept = {p.id: p for p in (*done, *projects) if p.id not in facts.repeated_projects}
    links = [x for x in portfolio.links if linked and _is_linked(facts, kept, x)]
    needs = [x for x in portfolio.requires if linked and _is_needed(facts, kept, x)]
    return Portfolio.model_construct(
        calendar=portfolio.calendar,
        projects=tuple(kept[name] for name in sorted(kept)),
        links=tuple(sorted(links, key=lambda link: link.id)),
        requires=tuple(sorted(needs, key=lambda rule: rule.id)),
        choose=tuple(sorted(portfolio.choose, key=lambda group: group.id)),
    )


def _is_linked(facts: Facts, kept: dict[str, Project], link: Link) -> bool:
    """Return whether both ends of a link are there and the link makes sense."""
    for reference in (link.source, link.target):
        owner, phase = split_reference(reference)
        members = facts.members(owner)
        if not members or any(member not in kept for member in members):
            return False
        if phase and any(all(f.id != phase for f in kept[m].phases) for m in members):
            return False
    return is_sound(facts, "", link)


def _is_needed(facts: Facts, kept: dict[str, Project], rule: Requires) -> bool:
    named = (rule.project, *(m for need in rule.needs for m in facts.members(need)))
    return all(name in kept for name in named)


def _open_and_timed(facts: Facts) -> list[Project]:
    return [project for project in facts.open_projects if is_timed(facts, project)]


def _cycles(facts: Facts) -> list[tuple[bool, Cycle]]:
    """Return each cycle, and whether it makes the input contradict itself."""
    part = _part(facts, _open_and_timed(facts), linked=True)
    sure = certain_projects(part)
    return [
        (found.certain or {event.project for event in found.events} <= sure, found)
        for found in cycles(part)
    ]


def _cycle_hit(facts: Facts, cycle: Cycle, outcome: str) -> Hit:
    shown = _stations(cycle)
    links = _links_of(facts, cycle)
    path: Path = ("links", links[0].id) if links else ("projects", cycle.events[0].project)
    through = f" (links {listed(link.id for link in links)})" if links else ""
    return Hit(
        path,
        f"The precedence {' -> '.join([*shown, shown[0]])} runs in a circle{through}: something "
        f"would have to be {cycle.lag} period(s) later than itself. {outcome}",
        "Remove or turn one of the links, or shorten a lag.",
    )


def _stations(cycle: Cycle) -> list[str]:
    """Return the projects or phases on a cycle, as a link would name them, each visit once."""
    events = list(cycle.events)
    projects = [event.project for event in events]
    if len(set(projects)) == 1:
        phases = [f"{event.project}/{event.phase}" for event in events if event.phase]
        return list(dict.fromkeys(phases)) or projects[:1]
    while events[0].project == events[-1].project:
        events.append(events.pop(0))
    out: list[str] = []
    for project, visit in groupby(events, key=lambda event: event.project):
        passed = list(visit)
        whole = any(not event.phase for event in passed)
        phases = [f"{project}/{event.phase}" for event in passed]
        out += [project] if whole else dict.fromkeys(phases)
    return out


def _links_of(facts: Facts, cycle: Cycle) -> list[Link]:
    """Return the links between projects that a cycle runs through, by id."""
    steps = zip(cycle.events, (*cycle.events[1:], cycle.events[0]), strict=True)
    across = {frozenset((a.project, b.project)) for a, b in steps if a.project != b.project}
    found = []
    for link in facts.portfolio.links:
        sources, targets = (
            facts.members(split_reference(end)[0]) for end in (link.source, link.target)
        )
        if any(frozenset((a, b)) in across for a in sources for b in targets):
            found.append(link)
    return sorted(found, key=lambda link: link.id)


def cycle(facts: Facts) -> Iterator[Hit]:
    """Find precedence cycles that can never be walked."""
    for contradicts, found in facts.once(_cycles):
        if contradicts:
            yield _cycle_hit(facts, found, "No plan can hold that.")


def cycle_optional(facts: Facts) -> Iterator[Hit]:
    """Find precedence cycles that keep projects from being selected together."""
    for contradicts, found in facts.once(_cycles):
        if not contradicts:
            yield _cycle_hit(facts, found, "These projects can never be selected together.")


def _faulty(facts: Facts) -> set[str]:
    """Return the projects about whose own times there is a finding already."""
    own = (window_empty, pin_outside, pin_in_window, pin_conflict, phase_too_long)
    named = {str(hit.path[1]) for rule in own for hit in rule(facts)}
    in_cycles = {e.project for sure, found in facts.once(_cycles) if sure for e in found.events}
    return named | in_cycles


def _fitting(facts: Facts) -> list[Project]:
    """Return the projects that could be scheduled if they were alone."""
    faulty = facts.once(_faulty)
    rest = [project for project in timed(facts) if project.id not in faulty]
    alone = windows(_part(facts, rest, linked=False)) if rest else {}
    return [project for project in rest if alone[project.id].possible]


def phases_do_not_fit(facts: Facts) -> Iterator[Hit]:
    """Find projects whose phases, one after the other, do not fit window, pins or horizon."""
    faulty = facts.once(_faulty)
    fitting = {project.id for project in facts.once(_fitting)}
    for project in timed(facts):
        if project.id not in faulty and project.id not in fitting:
            path = ("projects", project.id)
            yield Hit(
                path,
                f"The phases of {facts.say(path)} do not fit together into the "
                f"{room(facts, project)} periods of its window and its pins.",
                FREE_THE_WINDOW,
            )


def _squeezed(facts: Facts) -> list[tuple[bool, Hit]]:
    """Return projects that the links leave no time; the flag says that every plan needs them."""
    fitting = facts.once(_fitting)
    if not fitting:
        return []
    part = _part(facts, fitting, linked=True)
    sure, found = certain_projects(part), windows(part)
    impossible = [project.id for project in fitting if not found[project.id].possible]
    return [(name in sure, _squeezed_hit(facts, name, found[name])) for name in impossible]


def _squeezed_hit(facts: Facts, name: str, window: ProjectWindow) -> Hit:
    path = ("projects", name)
    return Hit(
        path,
        f"{facts.subject(path)} can never be scheduled: {_why(facts, window)}.",
        "Look at its links, at the projects it needs, and at their windows and pins.",
    )


def _why(facts: Facts, window: ProjectWindow) -> str:
    """Return what leaves a project no time, in words."""
    if window.squeezed is None:
        needed = [facts.say(("projects", name)) for name in window.lacking]
        which = "which" if len(needed) == 1 else "none of which"
        verb = "never" if len(needed) == 1 else "ever"
        return f"it needs {' or '.join(needed)}, {which} can {verb} be scheduled"
    event, left = window.squeezed
    what = f"phase {event.phase}" if event.phase else "it"
    verb = "end" if event.finish else "start"
    low, high = (_edge(facts, time, event.finish) for time in (left.earliest, left.latest))
    return f"its links let {what} {verb} no earlier than {low} and no later than {high}"


def _edge(facts: Facts, time: int, is_end: bool) -> str:
    """Return a time in words; an end is exclusive, so it is where a period begins."""
    if time < 0:
        return f"{-time} period(s) before the calendar begins"
    return f"the beginning of {facts.when(time)}" if is_end else facts.when(time)


def must_not_schedulable(facts: Facts) -> Iterator[Hit]:
    """Find must and running projects that the links leave no time."""
    yield from (hit for stuck, hit in facts.once(_squeezed) if stuck)


def never_schedulable(facts: Facts) -> Iterator[Hit]:
    """Find free projects that the links leave no time."""
    yield from (hit for stuck, hit in facts.once(_squeezed) if not stuck)
