"""From a flat list of tasks to projects with leaves, by their outline levels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pmo_optimizer.formats.mspdi.fields import TaskField
from pmo_optimizer.formats.mspdi.parse import Record, Schedule
from pmo_optimizer.model import Finding, Severity

NOT_ID = re.compile(r"[^\w.:+-]+")
LONGEST_ID = 60
MOST_NAMES = 5


@dataclass(slots=True)
class Leaf:
    """A task without children.

    Attributes
    ----------
    uid
        Unique number in the file.
    id
        Id of the phase.
    above
        Names of the summary tasks between the project and the task.
    """

    uid: int
    id: str
    task: Record
    above: tuple[str, ...] = ()


@dataclass(slots=True)
class Group:
    """A project: its task where the file has one, and its leaves.

    Attributes
    ----------
    inner
        Leaves under each summary task within the project, by its number.
    summaries
        Those summary tasks, in the order of the file.
    alone
        Whether the task of the project is itself the only work.
    """

    uid: int
    id: str
    name: str
    task: Record | None
    category: str | None = None
    leaves: list[Leaf] = field(default_factory=list)
    inner: dict[int, list[int]] = field(default_factory=dict)
    summaries: list[Record] = field(default_factory=list)
    alone: bool = False


def groups_of(schedule: Schedule, level: int, findings: list[Finding], *, own: bool) -> list[Group]:
    """Return the projects of a schedule in the order of the file.

    Parameters
    ----------
    schedule
        The file.
    level
        Outline level of the tasks that are projects; 0 makes one project of the whole file.
    findings
        Warnings are appended about tasks that are left out.
    own
        Whether the ids in our custom fields count.
    """
    tasks = list(_usable(schedule, findings))
    ids = _Ids(own=own)
    groups: list[Group] = []
    if level == 0:
        title = schedule.texts.text("Title") or schedule.texts.text("Name") or "project"
        groups.append(Group(-1, ids.make("", title, -1), title, None))
    path: list[Record] = []
    for position, task in enumerate(tasks):
        depth = max(task.whole("OutlineLevel", 1), 1)
        following = tasks[position + 1].whole("OutlineLevel", 1) if position + 1 < len(tasks) else 0
        parent = following > depth
        path = [*path[: depth - 1], task]
        if depth < level and parent:
            _tell_above(task, findings)
            continue
        if level and depth <= level:
            above = path[-2].text("Name") if len(path) > 1 else None
            groups.append(_group(task, ids, above))
            if parent:
                continue
            groups[-1].alone = True
        if not groups:
            continue
        _place(groups[-1], task, path[level:], parent=parent)
    for group in groups:
        _name_leaves(group, own=own)
    return groups


def _group(task: Record, ids: _Ids, above: str | None) -> Group:
    uid, name = task.whole("UID", -1), task.text("Name")
    return Group(uid, ids.make(task.attributes.get(TaskField.ID, ""), name, uid), name, task, above)


def _place(group: Group, task: Record, path: list[Record], *, parent: bool) -> None:
    """Put a task under its project, and note the summary tasks that it stands under."""
    uid = task.whole("UID", -1)
    if parent:
        group.inner.setdefault(uid, [])
        group.summaries.append(task)
        return
    above = path[:-1]
    for summary in above:
        group.inner.setdefault(summary.whole("UID", -1), []).append(uid)
    group.leaves.append(Leaf(uid, "", task, tuple(s.text("Name") for s in above)))


def _name_leaves(group: Group, *, own: bool) -> None:
    ids = _Ids(own=own)
    for leaf in group.leaves:
        given = "" if group.alone else leaf.task.attributes.get(TaskField.ID, "")
        name = "work" if group.alone else leaf.task.text("Name")
        leaf.id = ids.make(given, name, leaf.uid)


class _Ids:
    """Makes ids out of names: short, without odd characters, each once."""

    def __init__(self, *, own: bool) -> None:
        self.own = own
        self._taken: set[str] = set()

    def make(self, given: str, name: str, uid: int) -> str:
        """Return the id in our custom field where it may count, else one made of the name."""
        made = given if self.own and given else slug(name) or f"task-{uid}"
        if made in self._taken:
            made = f"{made}-{uid}"
        base, number = made, 2
        while made in self._taken:
            made, number = f"{base}-{number}", number + 1
        self._taken.add(made)
        return made


def slug(text: str) -> str:
    """Return a text as an id.

    Examples
    --------
    >>> slug("  Build & test (v2)/prod "), slug("--"), slug("Größe")
    ('build-test-v2-prod', '', 'größe')
    """
    return NOT_ID.sub("-", text.strip().lower())[:LONGEST_ID].strip("-.:+")


def _usable(schedule: Schedule, findings: list[Finding]) -> Iterator[Record]:
    """Yield the tasks that mean work, once each; what is left out is told."""
    seen: set[int] = set()
    dropped: list[_Dropped] = []
    for position, task in enumerate(schedule.tasks):
        uid, name = task.whole("UID", -1), task.text("Name")
        if task.yes("IsNull") or uid == 0 or task.text("OutlineLevel").strip() == "0":
            continue
        depth = max(task.whole("OutlineLevel", 1), 1)
        if dropped and dropped[-1].depth is not None:
            if depth > dropped[-1].depth:
                dropped[-1].below.append(name or f"in place {position + 1}")
                continue
            dropped[-1].depth = None
        why = ""
        if uid < 0:
            why = "it has no unique number"
        elif uid in seen:
            why = f"the unique number {uid} stands twice"
        elif task.text("Active") and not task.yes("Active"):
            why = "it is inactive"
        elif task.yes("IsSubproject") or task.yes("ExternalTask"):
            why = "it stands in another file"
        if why:
            label = name or f"in place {position + 1}"
            path = f"tasks/{uid if uid >= 0 else position}"
            dropped.append(_Dropped(path, label, why, depth))
            continue
        seen.add(uid)
        yield task
    findings += (item.finding() for item in dropped)


@dataclass(slots=True)
class _Dropped:
    """A task that is left out with everything below it.

    Attributes
    ----------
    depth
        Its outline level while tasks below it may follow.
    """

    path: str
    label: str
    why: str
    depth: int | None
    below: list[str] = field(default_factory=list)

    def finding(self) -> Finding:
        """Return what the user is told."""
        more = ""
        if self.below:
            names = ", ".join(self.below[:MOST_NAMES])
            rest = len(self.below) - MOST_NAMES
            names += f" and {rest} more" if rest > 0 else ""
            more = f", and so are the {len(self.below)} tasks below it ({names})"
        return Finding(
            Severity.WARNING,
            "schedule-task",
            self.path,
            f"Task {self.label!r} is left out: {self.why}{more}.",
            "Nothing, or mend it in MS Project.",
        )


def _tell_above(task: Record, findings: list[Finding]) -> None:
    """Say what a summary task above the projects has that nothing can hold."""
    lost = []
    if task.lists.get("PredecessorLink"):
        lost.append("links")
    if task.number("FixedCost"):
        lost.append("fixed cost")
    if lost:
        findings.append(
            Finding(
                Severity.WARNING,
                "schedule-task",
                f"tasks/{task.whole('UID', -1)}",
                f"Task {task.text('Name')!r} stands above the projects: its "
                f"{' and '.join(lost)} are left out.",
                "Give them to the projects below it, or set another --project-level.",
            )
        )
