"""A schedule of MS Project as a portfolio."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pmo_optimizer.formats.imported import Imported, imported
from pmo_optimizer.formats.mspdi.fields import TaskField
from pmo_optimizer.formats.mspdi.grid import Wish, grid_of, longer, require_dates
from pmo_optimizer.formats.mspdi.outline import Group, Leaf, groups_of
from pmo_optimizer.formats.mspdi.parse import Record, Schedule, parse
from pmo_optimizer.formats.mspdi.relations import Relations
from pmo_optimizer.formats.mspdi.team import Team
from pmo_optimizer.model import Finding, Grain, InvalidInput, Severity
from pmo_optimizer.model.files import refused

Data = dict[str, Any]

CENTS = 100
MOST_NAMES = 5
FINISHED = 100

CONSTRAINTS = {
    1: "as late as possible",
    2: "must start on",
    3: "must finish on",
    4: "start no earlier than",
    5: "start no later than",
    6: "finish no earlier than",
    7: "finish no later than",
}


def read_schedule(
    path: str | Path,
    *,
    level: int = 1,
    grain: Grain | None = None,
    start: date | None = None,
    periods: int | None = None,
) -> Imported:
    """Read MS Project XML as a portfolio.

    Parameters
    ----------
    path
        The file.
    level
        Outline level of the tasks that are projects, 1 by default; those below become their
        phases, those above categories. 0 makes one project of the whole file.
    grain
        Length of a period; by default that of a file of ours, else a week.
    start
        First day of the grid; by default the period in which the schedule begins.
    periods
        Length of the grid; by default half as long again as the schedule.

    Returns
    -------
    Imported
        The portfolio, and what could not be represented. The dates of the schedule are its
        baseline.
    """
    try:
        schedule = parse(Path(path))
        return _Builder(schedule, level, Wish(grain, start, periods)).build(Path(path))
    except InvalidInput as error:
        return Imported(None, error.findings)


class _Builder:
    def __init__(self, schedule: Schedule, level: int, wish: Wish) -> None:
        self.schedule = schedule
        self.findings: list[Finding] = []
        require_dates(schedule, wish)
        self.grid = grid_of(schedule, wish, self.findings)
        self.fixed_length = wish.periods is not None
        own = self.grid.own
        self.groups = groups_of(schedule, level, self.findings, own=own)
        self.lengths: dict[int, int] = {}
        self.rounded: Counter[str] = Counter()

    def build(self, path: Path) -> Imported:
        if not any(group.leaves for group in self.groups):
            raise refused(
                "schedule-empty",
                path.name,
                "The file has no tasks that could be projects.",
                "Check the outline level of the projects, or whether tasks are inactive.",
            )
        for group in self.groups:
            for leaf in group.leaves:
                self.lengths[leaf.uid] = self._length(group, leaf)
        if not self.grid.own and not self.fixed_length:
            total = max(sum(self.lengths[x.uid] for x in g.leaves) for g in self.groups)
            self.grid = longer(self.grid, total + total // 2)
        team = Team(self.schedule, self.grid, self.findings)
        relations = Relations(self.groups, self.grid, self.findings)
        projects = [self._project(group, team, relations) for group in self.groups]
        data: Data = {
            "name": self.schedule.texts.text("Title") or path.stem,
            "currency": self.schedule.texts.text("CurrencyCode")
            or self.schedule.texts.text("CurrencySymbol")
            or "EUR",
            "calendar": self._calendar(),
            "projects": projects,
            "links": relations.outer(),
            "baseline": [row for group in self.groups if (row := self._baseline(group))],
        }
        data |= team.data()
        relations.report()
        team.report()
        self._report_rounding()
        self._warn(
            "schedule-value",
            "projects",
            "A schedule says nothing of value: all projects are free and worth nothing.",
            "Give the projects a value, or criteria and scores, and budgets.",
        )
        return imported(data, self.findings)

    def _calendar(self) -> Data:
        data = self.grid.calendar.model_dump(mode="json", exclude_defaults=True)
        return {"start": self.grid.calendar.start} | data

    def _exact(self, leaf: Leaf) -> tuple[int, int] | None:
        """Return start and end in a file of ours, where nobody has moved the task."""
        parts = leaf.task.attributes.get(TaskField.PERIODS, "").split(" ")
        if not self.grid.own or len(parts) != 2 or not all(p.isdecimal() for p in parts):
            return None
        start, end = (int(part) for part in parts)
        clock, most = self.grid.clock, self.grid.calendar.periods
        if not 0 <= start <= end <= most:
            return None
        unchanged = leaf.task.moment("Start") == clock.begin(start) and leaf.task.moment(
            "Finish"
        ) == clock.finish(start, end)
        return (start, end) if unchanged else None

    def _length(self, group: Group, leaf: Leaf) -> int:
        exact = self._exact(leaf)
        if exact is not None:
            return exact[1] - exact[0]
        periods, rounded = self.grid.length(leaf.task)
        self.rounded[group.id] += rounded
        return periods

    def _project(self, group: Group, team: Team, relations: Relations) -> Data:
        project: Data = {"id": group.id, "name": group.name, "value": 0}
        if group.category:
            project["category"] = group.category
        if group.task is not None and not group.alone:
            project |= self._window(group, group.task)
            summaries = [group.task, *group.summaries]
        else:
            summaries = group.summaries
        costs = [line for task in summaries for line in _fixed_cost(task, 1, whole=True)]
        if costs:
            project["costs"] = costs
        done = [leaf for leaf in group.leaves if leaf.task.whole("PercentComplete", 0) > 0]
        if done and all(x.task.whole("PercentComplete", 0) >= FINISHED for x in group.leaves):
            project["state"] = "done"
        elif done:
            self._warn(
                "schedule-progress",
                f"projects/{group.id}",
                f"Work on {len(done)} of {len(group.leaves)} tasks has begun: all of it is planned "
                "again.",
                "Remove finished phases, and set the state to running, where that matters.",
            )
        if group.alone and not self.lengths[group.leaves[0].uid] and self.grid.own:
            return project
        project["phases"] = [self._phase(leaf, team) for leaf in group.leaves]
        project |= relations.inner(group)
        self._report_constraints(group)
        return project

    def _phase(self, leaf: Leaf, team: Team) -> Data:
        duration = self.lengths[leaf.uid]
        exact = self._exact(leaf)
        start = None if exact is None else exact[0]
        mode: Data = {"id": leaf.task.attributes.get(TaskField.MODE, "") or "normal"}
        mode["duration"] = duration
        needs = team.needs(leaf.uid, duration, start)
        if needs:
            mode["needs"] = needs
        costs = _fixed_cost(leaf.task, duration, whole=False)
        if costs:
            mode["costs"] = costs
        name = " / ".join((*leaf.above, leaf.task.text("Name")))
        return {"id": leaf.id, "name": "" if name == leaf.id else name, "modes": [mode]}

    def _window(self, group: Group, task: Record) -> Data:
        """Return the limits that the task of a project states itself."""
        out: Data = {}
        deadline = task.moment("Deadline")
        if deadline is not None:
            out["due"] = deadline.date()
            out["late_price"] = 0
        day = task.moment("ConstraintDate")
        kind = task.whole("ConstraintType", 0)
        if day is not None and kind == 4:
            out["earliest_start"] = day.date()
        elif day is not None and kind == 7:
            out["latest_finish"] = day.date()
        elif kind:
            self._warn(
                "schedule-constraint",
                f"projects/{group.id}",
                f"The constraint {CONSTRAINTS.get(kind, kind)!r} of the project is left out.",
                "Set a window of the project, or pin a phase.",
            )
        return out

    def _report_constraints(self, group: Group) -> None:
        """Say which constraints and deadlines of phases are left out; our own say nothing new."""
        names = [
            leaf.task.text("Name")
            for leaf in group.leaves
            if self._exact(leaf) is None
            and (
                leaf.task.whole("ConstraintType", 0) in CONSTRAINTS
                or leaf.task.moment("Deadline") is not None
            )
        ]
        if names:
            self._warn(
                "schedule-constraint",
                f"projects/{group.id}",
                f"Constraints or deadlines of {len(names)} tasks are left out: {_some(names)}.",
                "Pin phases, or set a window of the project, where they must hold.",
            )

    def _baseline(self, group: Group) -> Data | None:
        """Return where the schedule has the phases of a project."""
        rows: list[Data] = []
        for leaf in group.leaves:
            exact, begin = self._exact(leaf), leaf.task.moment("Start")
            if exact is not None:
                rows.append({"phase": leaf.id, "start": exact[0]})
            elif begin is not None:
                index = self.grid.calendar.index_of(begin.date())
                if 0 <= index < self.grid.calendar.periods:
                    rows.append({"phase": leaf.id, "start": index})
        if group.alone and not self.lengths[group.leaves[0].uid] and self.grid.own:
            rows = []
        return {"project": group.id} | ({"phases": rows} if rows else {})

    def _report_rounding(self) -> None:
        grain = self.grid.calendar.grain.value
        for name, count in sorted(self.rounded.items()):
            if count:
                self._warn(
                    "schedule-rounded",
                    f"projects/{name}",
                    f"The durations of {count} tasks are rounded up to whole {grain}s.",
                    "Nothing, or read it with a finer grain (--grain).",
                )

    def _warn(self, rule: str, path: str, message: str, fix: str) -> None:
        self.findings.append(Finding(Severity.WARNING, rule, path, message, fix))


def _some(names: list[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _fixed_cost(task: Record, periods: int, *, whole: bool) -> list[Data]:
    """Return the fixed cost of a task as a cost line: at its start, its end, or over it."""
    amount = task.number("FixedCost")
    if not amount:
        return []
    money = amount / CENTS
    accrual = task.whole("FixedCostAccrual", 3)
    if accrual == 1:
        return [{"lump": money}]
    if accrual == 2 and not whole and periods > 1:
        return [{"profile": list(_spread(money, periods))}]
    return [{"lump": money, "at": "finish"}]


def _spread(amount: Decimal, periods: int) -> Iterator[Decimal]:
    """Yield an amount in equal parts, to the hundredth; the last takes the rest."""
    part = (amount / periods).quantize(Decimal("0.01"))
    for _ in range(periods - 1):
        yield part
    yield amount - part * (periods - 1)
