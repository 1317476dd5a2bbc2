"""Links and groups that say nothing, or cannot be meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pmo_optimizer.checks.facts import Facts, Hit, Path, digits, listed
from pmo_optimizer.model import AllOrNone, Choose, Excludes, IfUnselected, Link, Requires, Synergy
from pmo_optimizer.sequencing import split_reference


def _ends(facts: Facts, path: Path, link: Link) -> list[tuple[str, str, str]]:
    """Return field, owner and phase of both ends; inside a project the project is the owner."""
    inner = len(path) > 2
    ends = []
    for field, reference in (("from", link.source), ("to", link.target)):
        owner, phase = (str(path[1]), reference) if inner else split_reference(reference)
        ends.append((field, owner, phase))
    return ends


def is_self_link(facts: Facts, path: Path, link: Link) -> bool:
    """Return whether a link ties something to itself, to its part, or to its own group."""
    (_, source, source_phase), (_, target, target_phase) = _ends(facts, path, link)
    if source == target:
        return source_phase == target_phase or not (source_phase and target_phase)
    return bool(set(facts.members(source)) & set(facts.members(target)))


def link_self(facts: Facts) -> Iterator[Hit]:
    """Find links from something to itself, to its own phase, or to a member of its group."""
    for path, link in facts.every(Link):
        if is_self_link(facts, path, link):
            yield Hit(
                path,
                f"{facts.subject(path)} ties {link.source} to {link.target}, which is (part of) "
                "the same thing.",
                "Name two different projects or phases, or remove the link.",
            )


def link_repeated(facts: Facts) -> Iterator[Hit]:
    """Find links of the same type between the same two ends with the same lags."""
    seen: dict[tuple[object, ...], Path] = {}
    for path, link in sorted(facts.every(Link), key=lambda item: [str(x) for x in item[0]]):
        says = (path[:-1], link.source, link.target, link.type, link.min_lag, link.max_lag)
        if says in seen and seen[says] != path:
            yield Hit(
                path,
                f"{facts.subject(path)} says the same as {facts.say(seen[says])}.",
                "Remove one of the two.",
            )
        seen.setdefault(says, path)


def lag_order(facts: Facts) -> Iterator[Hit]:
    """Find links whose minimum lag is above their maximum lag."""
    for path, link in facts.every(Link):
        low, high = link.min_lag, link.max_lag
        if low is not None and high is not None and low > high:
            yield Hit(
                path,
                f"{facts.subject(path)} has a minimum lag of {digits(low)} and a maximum lag of "
                f"{digits(high)} periods.",
                "Swap the two, or set `min_lag: null` where there is no lower limit.",
            )


def link_empty(facts: Facts) -> Iterator[Hit]:
    """Find links that neither limit a lag nor need their source."""
    for path, link in facts.every(Link):
        timeless = link.min_lag is None and link.max_lag is None
        inner = len(path) > 2
        if timeless and (inner or link.if_unselected is IfUnselected.IGNORE):
            yield Hit(
                path,
                f"{facts.subject(path)} has neither a minimum nor a maximum lag, so it says "
                "nothing.",
                "Give a lag, or remove the link.",
            )


def group_phase(facts: Facts) -> Iterator[Hit]:
    """Find links that name a phase of a choose group."""
    for path, link in facts.every(Link):
        for field, owner, phase in _ends(facts, path, link):
            if len(path) == 2 and phase and owner in facts.group_ids:
                yield Hit(
                    (*path, field),
                    f"{facts.subject(path)} names phase {phase} of the choose group {owner}; a "
                    "group has no phases.",
                    f"Name the group {owner} as a whole, or a phase of one of its members.",
                )


def group_not_one(facts: Facts) -> Iterator[Hit]:
    """Find choose groups of more than one that are named like a single project."""
    several = {
        group.id: group.max
        for group in facts.portfolio.choose
        if group.max != 1 or group.unselected
    }
    named: list[tuple[Path, str]] = []
    for path, link in facts.every(Link):
        if len(path) == 2:
            named += [((*path, field), owner) for field, owner, _ in _ends(facts, path, link)]
    for path, rule in facts.every(Requires):
        named += [((*path, "needs"), name) for name in rule.needs]
    for path, name in named:
        if name in several:
            yield Hit(
                path,
                f"{facts.subject(path[:2])} names the choose group {name}, of which up to "
                f"{digits(several[name])} are chosen; only a group of one can stand for a project.",
                "Set `max: 1` for the group, without `unselected`, or name single projects.",
            )


def _groups(facts: Facts) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    """Yield path, field and members of everything that lists projects."""
    for kind in (Excludes, AllOrNone, Choose, Synergy):
        for path, group in facts.every(kind):
            yield (
                path,
                "projects",
                group.__dict__["projects"] + group.__dict__.get("unselected", ()),
            )
    for path, rule in facts.every(Requires):
        yield path, "needs", rule.needs


def group_empty(facts: Facts) -> Iterator[Hit]:
    """Find groups and requirements without members."""
    for path, field, members in _groups(facts):
        if not members:
            yield Hit(
                (*path, field),
                f"{facts.subject(path)} lists no projects.",
                "List at least one project, or remove the entry.",
            )


def member_repeated(facts: Facts) -> Iterator[Hit]:
    """Find projects that stand twice in one group."""
    for path, field, members in _groups(facts):
        twice = sorted(name for name, number in Counter(members).items() if number > 1)
        if twice:
            yield Hit(
                (*path, field),
                f"{facts.subject(path)} lists {listed(twice)} more than once.",
                "List each project once.",
            )


def choose_range(facts: Facts) -> Iterator[Hit]:
    """Find choose groups from which no number of members can be chosen."""
    for path, group in facts.every(Choose):
        size = len({*group.projects, *group.unselected})
        if group.min > group.max or group.max < 0 or group.min < 0 or group.min > size:
            yield Hit(
                path,
                f"{facts.subject(path)} asks for {digits(group.min)} to {digits(group.max)} of "
                f"{size} projects.",
                "Give 0 <= min <= max, with min at most the number of projects.",
            )


def group_done(facts: Facts) -> Iterator[Hit]:
    """Find groups of which more projects are done than may be selected."""
    limits = [(path, group.projects, 1) for path, group in facts.every(Excludes)]
    limits += [(path, group.projects, group.max) for path, group in facts.every(Choose)]
    for path, members, most in limits:
        done = sorted(facts.done_ids & set(members))
        if 0 <= most < len(done):
            yield Hit(
                path,
                f"{facts.subject(path)} allows {digits(most)} of its projects, and "
                f"{listed(done)} are done already.",
                "Remove the done projects from it, or correct their state.",
            )
