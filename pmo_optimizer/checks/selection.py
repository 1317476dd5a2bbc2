"""Must, never, requires, excludes and groups: selections that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pmo_optimizer.checks.facts import Facts, Hit, digits, listed
from pmo_optimizer.checks.logic import AtLeast, Conflict, Literal, Logic, Reason, Selection
from pmo_optimizer.model import Choose, CountRule, Decision, IfUnselected, Project, State
from pmo_optimizer.sequencing import split_reference

MAX_CONFLICTS = 20
"""At most this many contradictions are looked for."""


def _literals(names: Sequence[str], *, selected: bool) -> tuple[Literal, ...]:
    return tuple((name, selected) for name in sorted(set(names)))


def _without_done(facts: Facts, names: Sequence[str]) -> tuple[list[str], int]:
    """Return the projects that are not done, and how many are."""
    rest = sorted(set(names) - facts.done_ids)
    return rest, len(set(names)) - len(rest)


def _between(
    facts: Facts, names: Sequence[str], least: int | None, most: int | None, text: str
) -> Iterator[AtLeast]:
    """Yield "between least and most of these are selected"; what cannot hold is left out."""
    rest, done = _without_done(facts, names)
    text = f"{text}, of which {done} done" if done else text
    if least is not None and 0 < least - done <= len(rest):
        yield AtLeast(least - done, _literals(rest, selected=True), text)
    if most is not None and 0 <= most - done < len(rest):
        out = _literals(rest, selected=False)
        yield AtLeast(len(rest) - most + done, out, text, limits=True)


def _needs(facts: Facts, project: str, alternatives: Sequence[str], text: str) -> Iterator[AtLeast]:
    """Yield "the project needs one of the alternatives"; a done project is selected."""
    if not alternatives or project in alternatives or facts.done_ids & set(alternatives):
        return
    own = () if project in facts.done_ids else ((project, False),)
    yield AtLeast(1, (*own, *_literals(alternatives, selected=True)), text)


def _requires(facts: Facts) -> Iterator[AtLeast]:
    for rule in sorted(facts.portfolio.requires, key=lambda r: r.id):
        for need in sorted(rule.needs):
            text = f"{rule.project} requires {need} ({rule.id})"
            yield from _needs(facts, rule.project, facts.members(need), text)


def _blocking_links(facts: Facts) -> Iterator[AtLeast]:
    for link in sorted(facts.portfolio.links, key=lambda x: x.id):
        if link.if_unselected is IfUnselected.BLOCK:
            source, target = (split_reference(end)[0] for end in (link.source, link.target))
            for member in sorted(set(facts.members(target)) - facts.done_ids):
                text = f"{member} waits for {source} ({link.id})"
                yield from _needs(facts, member, facts.members(source), text)


def _groups(facts: Facts) -> Iterator[AtLeast]:
    portfolio = facts.portfolio
    for rule in sorted(portfolio.excludes, key=lambda r: r.id):
        text = f"at most one of {listed(sorted(rule.projects))} may be in ({rule.id})"
        yield from _between(facts, rule.projects, None, 1, text)
    for group in sorted(portfolio.choose, key=lambda g: g.id):
        if 0 <= group.min <= group.max:
            names = listed(sorted(group.projects))
            text = f"{group.id} allows {group.min} to {group.max} of {names}"
            if group.unselected:
                yield from _mixed(facts, group)
            else:
                yield from _between(facts, group.projects, group.min, group.max, text)


def _mixed(facts: Facts, group: Choose) -> Iterator[AtLeast]:
    """Yield "between min and max of these are selected, or of those left out"."""
    rest, done = _without_done(facts, group.projects)
    out, _ = _without_done(facts, group.unselected)
    literals = (*_literals(rest, selected=True), *_literals(out, selected=False))
    text = (
        f"{group.id} allows {group.min} to {group.max} of {listed(sorted(group.projects))} "
        f"selected or {listed(sorted(group.unselected))} left out"
    )
    if 0 < group.min - done <= len(literals):
        yield AtLeast(group.min - done, literals, text)
    if 0 <= group.max - done < len(literals):
        against = tuple((name, not selected) for name, selected in literals)
        yield AtLeast(len(literals) - group.max + done, against, text)


def _all_or_none(facts: Facts) -> Iterator[AtLeast]:
    """Yield a circle of "if this one then the next"; done members demand all others."""
    for rule in sorted(facts.portfolio.all_or_none, key=lambda r: r.id):
        rest, done = _without_done(facts, rule.projects)
        text = f"all or none of {listed(sorted(rule.projects))} are in ({rule.id})"
        if done:
            yield from _between(facts, rest, len(rest), None, text)
            continue
        for one, other in zip(rest, rest[1:] + rest[:1], strict=True):
            yield from _needs(facts, one, (other,), text)


def _counts(facts: Facts) -> Iterator[AtLeast]:
    for rule in sorted(facts.portfolio.rules, key=lambda r: r.id):
        if isinstance(rule, CountRule) and rule.price is None:
            names = [p.id for p in facts.open_projects if p.matches(rule.where)]
            bounds = [f"at least {digits(rule.min)}"] if rule.min is not None else []
            bounds += [f"at most {digits(rule.max)}"] if rule.max is not None else []
            text = f"rule {rule.id} wants {' and '.join(bounds)} of {listed(names)}"
            yield from _between(facts, names, rule.min, rule.max, text)


def _logic(facts: Facts) -> Logic:
    parts = (_requires, _blocking_links, _groups, _all_or_none, _counts)
    return Logic([rule for part in parts for rule in part(facts)])


def _decisions(facts: Facts) -> list[tuple[Literal, str]]:
    """Return what has been decided beforehand, with words for it: musts first, then by id."""
    out: list[tuple[Literal, str]] = []
    for project in facts.open_projects:
        if project.decision is Decision.MUST:
            out.append(((project.id, True), f"{project.id} is set to must"))
        elif project.state is State.RUNNING and not project.stoppable:
            out.append(((project.id, True), f"{project.id} is running and cannot be stopped"))
        elif project.decision is Decision.NEVER:
            out.append(((project.id, False), f"{project.id} is set to never"))
    return sorted(out, key=lambda decision: not decision[0][1])


class Outcome(NamedTuple):
    """What follows from the decisions, and where they contradict each other.

    ``selection`` holds what follows without the decisions that are part of a contradiction,
    ``involved`` the projects that are.
    """

    selection: Selection
    conflicts: list[tuple[str, str]]
    involved: frozenset[str]


def _decide(facts: Facts) -> Outcome:
    """Propagate all decisions; each contradiction takes its must decisions out of play."""
    logic, decisions = _logic(facts), _decisions(facts)
    conflicts: list[tuple[str, str]] = []
    involved: frozenset[str] = frozenset()
    while True:
        selection, conflict = _propagate(logic, decisions)
        if conflict is None:
            return Outcome(selection, conflicts, involved)
        causes = selection.history(conflict.projects)
        musts = [p for p in causes if selection.reason(p).decision and selection.value(p)]
        story = f"{selection.tell(conflict.projects)}; but {conflict.text}"
        conflicts.append(((musts or causes)[0], story))
        involved |= set(causes)
        left = [d for d in decisions if d[0][0] not in (musts or causes)]
        if len(left) == len(decisions) or len(conflicts) >= MAX_CONFLICTS:
            return Outcome(Selection(logic), conflicts, involved)
        decisions = left


def _propagate(
    logic: Logic, decisions: list[tuple[Literal, str]]
) -> tuple[Selection, Conflict | None]:
    selection = Selection(logic)
    conflict = selection.start()
    for literal, text in decisions if conflict is None else ():
        conflict = selection.assume(literal, Reason(text, (), False, True))
        if conflict is not None:
            break
    return selection, conflict


def selection_conflict(facts: Facts) -> Iterator[Hit]:
    """Find must and running projects that cannot all be selected."""
    for project, story in facts.once(_decide).conflicts:
        yield Hit(
            ("projects", project),
            f"The decisions contradict each other: {story}.",
            "Free one of these decisions, or change one of these rules.",
        )


MOST_TRIED = 200_000
"""Trials end after so many conclusions; of real portfolios each project has a few."""


def _probe(facts: Facts) -> list[tuple[bool, Hit]]:
    """Return free projects that can never be selected.

    The flag says that this follows from the rules alone, whatever is decided.
    """
    outcome = facts.once(_decide)
    found = []
    work = 0
    decided = {literal[0] for literal, _ in _decisions(facts)} | outcome.involved
    for project in facts.candidates:
        if project.id in decided:
            continue
        value = outcome.selection.value(project.id)
        if value is None:
            if work <= MOST_TRIED:
                hits, steps = _try(facts, outcome.selection, project)
                found += hits
                work += steps
        elif not value and not _is_rival(outcome.selection, project.id):
            found.append((False, _hit(facts, project, outcome.selection.tell((project.id,)))))
    return found


def _is_rival(selection: Selection, project: str) -> bool:
    """Return whether a project is out because another one of its group is in, as intended."""
    reason = selection.reason(project)
    return reason.limits and any(selection.value(p) for p in reason.projects)


def _try(facts: Facts, base: Selection, project: Project) -> tuple[list[tuple[bool, Hit]], int]:
    """Select a project for trial; return the finding if that contradicts itself.

    The number says how much followed from it.
    """
    trial = Selection(base.logic, base)
    conflict = trial.assume((project.id, True), Reason(f"select {project.id}", (), False, True))
    if conflict is None:
        return [], len(trial.known)
    causes = trial.history(conflict.projects)
    alone = all(trial.reason(p).projects or p == project.id for p in causes)
    story = f"{trial.tell(conflict.projects)}; but {conflict.text}"
    return [(alone, _hit(facts, project, story))], len(trial.known)


def _hit(facts: Facts, project: Project, story: str) -> Hit:
    path = ("projects", project.id)
    return Hit(
        path,
        f"{facts.subject(path)} can never be selected: {story}.",
        "Change one of these rules or decisions, or set the project to never.",
    )


def selection_impossible(facts: Facts) -> Iterator[Hit]:
    """Find free projects that the rules about the selection rule out by themselves."""
    yield from (hit for alone, hit in facts.once(_probe) if alone)


def selection_ruled_out(facts: Facts) -> Iterator[Hit]:
    """Find free projects that rules and decisions together rule out."""
    yield from (hit for alone, hit in facts.once(_probe) if not alone)
