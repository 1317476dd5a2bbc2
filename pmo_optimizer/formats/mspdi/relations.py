"""Links of a schedule that is read: within projects, and between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from pmo_optimizer.formats.mspdi.fields import LINK_TYPES, TaskField
from pmo_optimizer.formats.mspdi.grid import Grid
from pmo_optimizer.formats.mspdi.outline import Group
from pmo_optimizer.formats.mspdi.parse import Record
from pmo_optimizer.model import Finding, LinkType, Severity

Data = dict[str, Any]

TYPES = {number: kind for kind, number in LINK_TYPES.items()}
MOST_NAMES = 5


class Relations:
    """Links by the tasks that they join.

    A link from or to a summary task within a project is one of each of its leaves, where that
    says the same: the end of a summary task is the last end of its leaves, its start the first.
    """

    def __init__(self, groups: list[Group], grid: Grid, findings: list[Finding]) -> None:
        self.grid = grid
        self.findings = findings
        self._rounded: list[str] = []
        self._place: dict[int, tuple[Group, str]] = {}
        self._leaves: dict[int, list[int]] = {}
        self._inner: dict[str, list[Data]] = {group.id: [] for group in groups}
        self._outer: list[Data] = []
        for group in groups:
            if group.task is not None and not group.alone:
                self._place[group.uid] = (group, "")
            for leaf in group.leaves:
                self._place[leaf.uid] = (group, "" if group.alone else leaf.id)
            self._leaves |= group.inner
        for group in groups:
            tasks = [*group.summaries, *(leaf.task for leaf in group.leaves)]
            if group.task is not None and not group.alone:
                tasks.append(group.task)
            for task in tasks:
                self._read(task)

    def _read(self, task: Record) -> None:
        words = _words(task.attributes.get(TaskField.LINKS, "")) if self.grid.own else {}
        for link in task.lists.get("PredecessorLink", []):
            record = Record(texts=link)
            kind = TYPES.get(record.whole("Type", 1))
            uid, source = task.whole("UID", -1), record.whole("PredecessorUID", -1)
            path = f"tasks/{uid}/links/{source}"
            if record.yes("CrossProject"):
                self._drop(path, "it leads to another file")
            elif kind is None:
                self._drop(path, f"there is no type {record.text('Type')!r}")
            else:
                lag, rounded = self.grid.lag(link)
                said = words.get((source, kind))
                exact = said is not None and int(said[0]) == lag
                if rounded and not exact:
                    self._rounded.append(task.text("Name"))
                data: Data = {"type": kind.value, "min_lag": lag}
                if said is not None and exact:
                    data |= {} if said[1] == "-" else {"max_lag": int(said[1])}
                    data |= {"if_unselected": said[2]} if said[2] == "ignore" else {}
                for a, b in self._pairs(source, uid, kind, path):
                    self._join(a, b, data, path)

    def _pairs(
        self, source: int, target: int, kind: LinkType, path: str
    ) -> Iterator[tuple[int, int]]:
        """Yield the pairs of leaves that say what a link of summary tasks says."""
        sources, targets = [source], [target]
        if source in self._leaves:
            sources = self._leaves[source]
            if kind in {LinkType.SS, LinkType.SF} and len(sources) > 1:
                self._drop(path, "it begins with the start of a group of tasks")
                return
        if target in self._leaves:
            targets = self._leaves[target]
            if kind in {LinkType.FF, LinkType.SF} and len(targets) > 1:
                self._drop(path, "it leads to the end of a group of tasks")
                return
        if set(sources) & set(targets):
            self._drop(path, "it joins a group of tasks with one of its own")
            return
        yield from ((a, b) for a in sources for b in targets)

    def _join(self, source: int, target: int, data: Data, path: str) -> None:
        if source not in self._place or target not in self._place:
            self._drop(path, "there is no such task, or it is left out")
            return
        (a, first), (b, second) = self._place[source], self._place[target]
        if a is b and first and second:
            self._inner[a.id].append({"from": first, "to": second} | data)
        elif a is b:
            self._drop(path, "it joins a project with its own task")
        else:
            start = f"{a.id}/{first}" if first else a.id
            end = f"{b.id}/{second}" if second else b.id
            self._outer.append({"from": start, "to": end} | data)

    def inner(self, group: Group) -> Data:
        """Return the links of a project, or how far its phases may be apart in the given order.

        Where the links are a plain chain of the phases, any time may pass between two of them:
        MS Project has no largest lag. Our own files say how much.
        """
        links = self._inner[group.id]
        order = [leaf.id for leaf in group.leaves]
        chain = [{"from": a, "to": b} for a, b in pairwise(order)]
        said = self._said(group)
        if len(order) < 2:
            return {} if said in {"", "own"} or said == "0" else {"max_gap": _gap(said)}
        plain = [{"from": x["from"], "to": x["to"]} for x in links]
        simple = all(x["type"] == "FS" and x["min_lag"] == 0 for x in links)
        if said != "own" and simple and sorted(plain, key=str) == sorted(chain, key=str):
            return {} if said == "0" else {"max_gap": _gap(said)}
        if not links:
            return {"links": [self._free(order)]}
        return {"links": links}

    def _free(self, order: list[str]) -> Data:
        """Return a link that every schedule satisfies: without any the phases are a chain."""
        far = -self.grid.calendar.periods
        return {"from": order[0], "to": order[1], "type": "SS", "min_lag": far}

    def _said(self, group: Group) -> str:
        """Return what our file says of a project's chain: ``own``, a number, ``any`` or nothing."""
        if not self.grid.own or group.task is None:
            return ""
        first = group.task.attributes.get(TaskField.LINKS, "").split(";")[0]
        return first.removeprefix("chain ") if first else ""

    def outer(self) -> list[Data]:
        """Return the links between projects."""
        return self._outer

    def report(self) -> None:
        """Say which lags were rounded."""
        if self._rounded:
            names = ", ".join(dict.fromkeys(self._rounded[:MOST_NAMES]))
            self.findings.append(
                Finding(
                    Severity.WARNING,
                    "schedule-lag",
                    "links",
                    f"{len(self._rounded)} lags are rounded to the nearest "
                    f"{self.grid.calendar.grain.value} (before {names}).",
                    "Nothing, or read it with a finer grain (--grain).",
                )
            )

    def _drop(self, path: str, why: str) -> None:
        self.findings.append(
            Finding(
                Severity.WARNING,
                "schedule-link",
                path,
                f"The link is left out: {why}.",
                "Add it to the portfolio, where it must hold.",
            )
        )


def _gap(said: str) -> int | None:
    return int(said) if said.isdecimal() else None


Said = tuple[str, str, str]


def _words(text: str) -> dict[tuple[int, LinkType], Said]:
    """Return what our file says of links: least and largest lag, and what holds without source."""
    out: dict[tuple[int, LinkType], Said] = {}
    for part in text.split(";"):
        words = part.split(" ")
        if len(words) == 5 and words[0].isdecimal() and words[1] in LinkType.__members__:
            lags = [word.removeprefix("-") for word in words[2:4]]
            if lags[0].isdecimal() and (words[3] == "-" or lags[1].isdecimal()):
                out[int(words[0]), LinkType(words[1])] = (words[2], words[3], words[4])
    return out
