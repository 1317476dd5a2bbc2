"""A plan as MS Project XML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

from pmo_optimizer.formats.answers.reasons import line_cost
from pmo_optimizer.formats.clock import Clock, duration_text
from pmo_optimizer.formats.mspdi.calendars import add_calendars
from pmo_optimizer.formats.mspdi.fields import (
    ACCRUAL,
    ALIASES,
    LAG_IN_DAYS,
    LINK_TYPES,
    LONGEST_FIELD,
    MARK,
    NAMESPACE,
    START_NO_EARLIER,
    TaskField,
)
from pmo_optimizer.formats.mspdi.staff import add_assignments, add_resources
from pmo_optimizer.formats.mspdi.xml import Element, add, add_all, attribute
from pmo_optimizer.model import (
    Anchor,
    Finding,
    InvalidInput,
    Link,
    LinkType,
    PhasePlan,
    Plan,
    Portfolio,
    Project,
    ProjectPlan,
    Severity,
)
from pmo_optimizer.model.files import write_text

DAY_FORMAT = 7
CENTS = 100
"""Money in the format is in hundredths."""


@dataclass(frozen=True, slots=True)
class Into:
    """A link into a task: its element, and what it says in periods.

    The words are the predecessor's number, the type, the least and the largest lag (``-`` for
    none) and what holds where the source is not selected.
    """

    element: Element
    words: str


def _words(links: Iterable[Into]) -> Iterator[str]:
    """Yield the words of links, as many as fit a custom field."""
    left = LONGEST_FIELD - len("chain any;") - 10
    for link in links:
        left -= len(link.words) + 1
        if left >= 0:
            yield link.words


def export_schedule(portfolio: Portfolio, plan: Plan, path: str | Path) -> tuple[Finding, ...]:
    """Write the selected projects of a plan as MS Project XML, all at once or not at all.

    Parameters
    ----------
    portfolio
        What the plan was made from.
    plan
        A plan with decisions.
    path
        The file, usually ``.xml``.

    Returns
    -------
    tuple of Finding
        Warnings about what the format cannot hold.

    Raises
    ------
    InvalidInput
        The plan has no decisions, or is not of this portfolio.
    OSError
        The file cannot be written.
    """
    text, findings = schedule_xml(portfolio, plan)
    write_text(Path(path), text)
    return findings


def schedule_xml(portfolio: Portfolio, plan: Plan) -> tuple[str, tuple[Finding, ...]]:
    """Return the XML of `export_schedule`, and the warnings."""
    if not (plan.found or plan.short):
        raise InvalidInput(
            (
                Finding(
                    Severity.ERROR,
                    "plan-empty",
                    "plan",
                    f"It has no decisions: its status is {plan.status.value}.",
                    "Export a plan that was found.",
                ),
            )
        )
    _require_known(portfolio, plan)
    writer = _Writer(portfolio, plan)
    root = writer.project()
    ElementTree.indent(root, " ")
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', tuple(writer.findings)


def _require_known(portfolio: Portfolio, plan: Plan) -> None:
    """Refuse plans with projects, phases or modes that the portfolio does not have."""
    wrong = []
    for entry in plan.projects:
        project = portfolio.project_by_id.get(entry.project)
        for phase in entry.phases:
            known = project is not None and any(
                phase.phase == p.id and any(m.id == phase.mode for m in p.modes)
                for p in project.phases
            )
            grid = 0 <= phase.start <= phase.end <= portfolio.calendar.periods
            if not (known and grid):
                wrong.append(f"projects/{entry.project}/phases/{phase.phase}")
    if wrong:
        more = f", and {len(wrong) - 1:,} more of the plan" if len(wrong) > 1 else ""
        raise InvalidInput(
            (
                Finding(
                    Severity.ERROR,
                    "plan-foreign",
                    wrong[0],
                    f"The portfolio has no such phase, mode or period{more}.",
                    "Give the portfolio that the plan was made of.",
                ),
            )
        )


class _Writer:
    def __init__(self, portfolio: Portfolio, plan: Plan) -> None:
        self.portfolio = portfolio
        self.plan = plan
        self.clock = Clock(portfolio.calendar)
        self.findings: list[Finding] = []
        self.entries = sorted(
            (p for p in plan.projects if p.selected and p.start is not None),
            key=lambda p: (p.start or 0, p.project),
        )
        self.uids = self._numbers()
        self.planned = {p.project: p for p in self.entries}

    def _numbers(self) -> dict[str, int]:
        """Return the unique number of each task, by project or ``project/phase``."""
        uids: dict[str, int] = {}
        for entry in self.entries:
            uids[entry.project] = len(uids) + 1
            for phase in entry.phases:
                uids[f"{entry.project}/{phase.phase}"] = len(uids) + 1
        return uids

    def project(self) -> Element:
        calendar = self.portfolio.calendar
        root = ElementTree.Element("Project", {"xmlns": NAMESPACE})
        days = len(calendar.working_days)
        first = self.clock.stretches[0][0]
        last = self.clock.stretches[-1][1]
        finish = max((e.finish or 0 for e in self.entries), default=0)
        add_all(
            root,
            {
                "SaveVersion": 14,
                "Name": _short(f"{self.portfolio.name}.xml"),
                "Title": _short(self.portfolio.name),
                "ScheduleFromStart": 1,
                "StartDate": datetime.combine(calendar.start, first),
                "FinishDate": self.clock.finish(0, max(finish, 1)),
                "FYStartDate": calendar.fiscal_start_month,
                "CriticalSlackLimit": 0,
                "CurrencyDigits": 2,
                "CurrencySymbol": _short(self.portfolio.currency)[:20],
                "CalendarUID": 1,
                "DefaultStartTime": first.isoformat(),
                "DefaultFinishTime": last.isoformat(),
                "MinutesPerDay": self.clock.minutes_per_day,
                "MinutesPerWeek": self.clock.minutes_per_day * days,
                "DaysPerMonth": round(Decimal("30.436875") * days / 7),
                "DefaultTaskType": 1,
                "DurationFormat": DAY_FORMAT,
                "NewTasksEffortDriven": 0,
                "NewTasksEstimated": 0,
            },
        )
        fields = add(root, "ExtendedAttributes")
        for field, (name, alias) in ALIASES.items():
            add_all(
                add(fields, "ExtendedAttribute"),
                {"FieldID": field.value, "FieldName": name, "Alias": alias},
            )
        calendars = add_calendars(root, self.portfolio, self.plan, self.clock, self.findings)
        self._tasks(add(root, "Tasks"))
        resources = add_resources(root, self.portfolio, self.plan, calendars)
        add_assignments(root, self.portfolio, self.plan, self.clock, (self.uids, resources))
        self._left_out()
        return root

    def _left_out(self) -> None:
        out = [p for p in self.plan.projects if not p.selected]
        undated = [p for p in self.plan.projects if p.selected and p.start is None]
        for count, what in ((len(out), "not selected"), (len(undated), "done already")):
            if count:
                message = f"{count} project{'s' * (count != 1)} {what}: left out."
                fix = "Nothing; a schedule holds what is planned."
                self._warn("schedule-left-out", "projects", message, fix)

    def _warn(self, rule: str, path: str, message: str, fix: str) -> None:
        self.findings.append(Finding(Severity.WARNING, rule, path, message, fix))

    def _tasks(self, tasks: Element) -> None:
        calendar = self.portfolio.calendar
        whole = add(tasks, "Task")
        first, last = _span(self.entries)
        self._head(whole, (0, 0, self.portfolio.name), (first, last))
        grid = f"{calendar.grain.value} {calendar.start} {calendar.periods}"
        attribute(whole, TaskField.ID, MARK)
        attribute(whole, TaskField.PERIODS, f"{grid} {calendar.fiscal_start_month}")
        links = self._links()
        for number, entry in enumerate(self.entries, start=1):
            project = self.portfolio.project_by_id[entry.project]
            self._project(tasks, project, entry, number, links)

    def _head(
        self,
        task: Element,
        name: tuple[int, int, str],
        span: tuple[int, int],
        number: str = "0",
        level: int = 0,
    ) -> None:
        """Write what summary tasks and others have in common, in the order of the schema."""
        uid, position, title = name
        start, end = span
        days = self.clock.days_between(start, end)
        add_all(
            task,
            {
                "UID": uid,
                "ID": position,
                "Name": _short(title),
                "Active": 1,
                "Manual": 0,
                "Type": 1,
                "IsNull": 0,
                "WBS": number,
                "OutlineNumber": number,
                "OutlineLevel": level,
                "Priority": 500,
                "Start": self.clock.begin(start),
                "Finish": self.clock.finish(start, end),
                "Duration": duration_text(days * self.clock.minutes_per_day),
                "DurationFormat": DAY_FORMAT,
                "EffortDriven": 0,
                "Estimated": 0,
                "Milestone": int(end <= start),
            },
        )

    def _project(
        self,
        tasks: Element,
        project: Project,
        entry: ProjectPlan,
        number: int,
        links: Mapping[str, list[Into]],
    ) -> None:
        start, finish = entry.start or 0, entry.finish or 0
        task = add(tasks, "Task")
        uid = self.uids[project.id]
        self._head(task, (uid, uid, project.label), (start, finish), str(number), 1)
        add(task, "Summary", int(bool(entry.phases)))
        self._costs(task, project, None, finish - start)
        if not entry.phases:
            self._constraint(task, start)
        if project.due is not None:
            due = self.portfolio.calendar.end_not_after(project.due)
            add(task, "Deadline", self.clock.finish(0, max(due, 1)))
        task.extend(into.element for into in links.get(project.id, ()))
        attribute(task, TaskField.ID, project.id)
        gap = "any" if project.max_gap is None else str(project.max_gap)
        chain = "own" if project.links else f"chain {gap}"
        attribute(task, TaskField.LINKS, ";".join([chain, *_words(links.get(project.id, ()))]))
        for position, phase in enumerate(entry.phases, start=1):
            self._phase(tasks, project, phase, f"{number}.{position}", links)

    def _phase(
        self,
        tasks: Element,
        project: Project,
        phase: PhasePlan,
        number: str,
        links: Mapping[str, list[Into]],
    ) -> None:
        key = f"{project.id}/{phase.phase}"
        task = add(tasks, "Task")
        name = project.phase(phase.phase).name or phase.phase
        uid = self.uids[key]
        self._head(task, (uid, uid, name), (phase.start, phase.end), number, 2)
        add(task, "Summary", 0)
        self._costs(task, project, phase, phase.end - phase.start)
        self._constraint(task, phase.start)
        task.extend(into.element for into in links.get(key, ()))
        attribute(task, TaskField.ID, phase.phase)
        attribute(task, TaskField.MODE, phase.mode)
        attribute(task, TaskField.PERIODS, f"{phase.start} {phase.end}")
        if key in links:
            attribute(task, TaskField.LINKS, ";".join(_words(links[key])))

    def _constraint(self, task: Element, start: int) -> None:
        add(task, "ConstraintType", START_NO_EARLIER)
        add(task, "CalendarUID", -1)
        add(task, "ConstraintDate", self.clock.begin(start))

    def _costs(
        self, task: Element, project: Project, phase: PhasePlan | None, periods: int
    ) -> None:
        """Write the cost lines of a phase's mode, or of the project itself, as a fixed cost."""
        lines = (
            project.costs if phase is None else project.phase(phase.phase).mode(phase.mode).costs
        )
        amount = sum((line_cost(line, max(periods, 1)) for line in lines), Decimal(0))
        if not amount:
            return
        lumps = {line.at for line in lines if line.lump is not None}
        if len(lumps) == 1 and all(line.lump is not None for line in lines):
            accrual = "start" if lumps == {Anchor.START} else "end"
        else:
            accrual = "prorated"
        add(task, "FixedCost", f"{amount * CENTS:f}")
        add(task, "FixedCostAccrual", ACCRUAL[accrual])

    def _links(self) -> dict[str, list[Into]]:
        """Return the links into each task, by project or ``project/phase``."""
        out: dict[str, list[Into]] = {}
        for path, link, source, target in self._all_links():
            if source not in self.uids or target not in self.uids:
                continue
            to_end = link.type in {LinkType.FF, LinkType.SF}
            if to_end and "/" not in target and self.planned[target].phases:
                message = f"A link {link.type.value} cannot lead to a summary task: left out."
                fix = "Let it lead to the last phase of the project."
                self._warn("schedule-link", path, message, fix)
                continue
            if link.min_lag is None:
                message = "A link with a largest lag only cannot be said: left out."
                self._warn("schedule-link", path, message, "Nothing; the dates respect it.")
                continue
            out.setdefault(target, []).append(self._link(link, link.min_lag, source))
        return out

    def _all_links(self) -> Iterator[tuple[str, Link, str, str]]:
        """Yield path, link, source and target, with the selected members of choose groups."""
        for entry in self.entries:
            project = self.portfolio.project_by_id[entry.project]
            for link in project.inner_links() if entry.phases else ():
                path = f"projects/{project.id}/links/{link.id}"
                yield path, link, f"{project.id}/{link.source}", f"{project.id}/{link.target}"
        for link in self.portfolio.links:
            for source in self._ends(link.source):
                for target in self._ends(link.target):
                    yield f"links/{link.id}", link, source, target

    def _ends(self, reference: str) -> tuple[str, ...]:
        if "/" in reference:
            return (reference,)
        members = self.portfolio.members(reference)
        return tuple(name for name in members if name in self.uids)

    def _link(self, link: Link, lag: int, source: str) -> Into:
        """Return a link; its lag is the working time of that many periods where it falls."""
        start, end = self._times(source)
        event = end if link.type in {LinkType.FS, LinkType.FF} else start
        minutes = self.clock.days_between(event, event + lag) * self.clock.minutes_per_day
        element = ElementTree.Element("PredecessorLink")
        add_all(
            element,
            {
                "PredecessorUID": self.uids[source],
                "Type": LINK_TYPES[link.type],
                "CrossProject": 0,
                "LinkLag": minutes * 10,
                "LagFormat": LAG_IN_DAYS,
            },
        )
        most = "-" if link.max_lag is None else str(link.max_lag)
        words = f"{self.uids[source]} {link.type.value} {lag} {most} {link.if_unselected.value}"
        return Into(element, words)

    def _times(self, reference: str) -> tuple[int, int]:
        name, _, phase = reference.partition("/")
        entry = self.planned[name]
        if not phase:
            return entry.start or 0, entry.finish or 0
        found = next(p for p in entry.phases if p.phase == phase)
        return found.start, found.end


def _span(entries: list[ProjectPlan]) -> tuple[int, int]:
    starts = [entry.start or 0 for entry in entries]
    ends = [entry.finish or 0 for entry in entries]
    return min(starts, default=0), max(ends, default=0)


def _short(text: str) -> str:
    return text[:LONGEST_FIELD]
