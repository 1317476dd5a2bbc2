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
    for position, task in enumerate(schedule.tasks):
        uid, name = task.whole("UID", -1), task.text("Name")
        if task.yes("IsNull") or uid == 0 or task.text("OutlineLevel").strip() == "0":
            continue
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
            findings.append(
                Finding(
                    Severity.WARNING,
                    "schedule-task",
                    f"tasks/{uid if uid >= 0 else position}",
                    f"Task {label!r} is left out: {why}.",
                    "Nothing, or mend it in MS Project.",
                )
            )
            continue
        seen.add(uid)
        yield task
