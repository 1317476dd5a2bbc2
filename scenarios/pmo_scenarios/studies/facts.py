"""What has begun and ended by a status date, from a plan and the progress since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from math import ceil

from pmo_optimizer import (
    Decision,
    Finding,
    Link,
    LinkType,
    Mode,
    Phase,
    PhasePlan,
    Plan,
    Portfolio,
    Project,
    Severity,
    State,
    When,
    suggestion,
)
from pmo_scenarios.progress import PhaseProgress, Progress, ProjectProgress

FROM_END = frozenset({LinkType.FS, LinkType.FF})
TO_END = frozenset({LinkType.FF, LinkType.SF})


@dataclass(frozen=True, slots=True)
class Fact:
    """A phase that has begun: it occupies periods ``start`` to ``end`` (exclusive) in a mode."""

    start: int
    end: int
    mode: Mode
    reported: bool


class Notes:
    """Findings about a progress file."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def error(self, rule: str, path: str, message: str, fix: str) -> None:
        """Note an error."""
        self.findings.append(Finding(Severity.ERROR, rule, f"progress/{path}", message, fix))

    def warn(self, rule: str, path: str, message: str, fix: str) -> None:
        """Note a warning."""
        self.findings.append(Finding(Severity.WARNING, rule, f"progress/{path}", message, fix))

    def unknown(self, path: str, what: str, name: str, known: Iterable[str]) -> None:
        """Note that nothing carries a name."""
        fix = f"{suggestion(name, known)}Correct the id, or remove the entry."
        self.error("unknown-target", path, f"There is no {what} {name}.", fix)


class Facts:
    """What is known at the status date.

    Attributes
    ----------
    now
        First period that is not past.
    phases
        Facts by project and phase; of projects that were given up too.
    """

    def __init__(self, portfolio: Portfolio, plan: Plan, progress: Progress, notes: Notes) -> None:
        self.portfolio = portfolio
        self.calendar = portfolio.calendar
        self.now = self.calendar.not_before(progress.as_of)
        self.notes = notes
        self.planned = {entry.project: entry for entry in plan.projects if entry.selected}
        self.reports = {entry.project: entry for entry in progress.projects}
        self._check_head(progress)
        self.phases: dict[str, dict[str, Fact]] = {}
        for project in portfolio.projects:
            found = dict(self._of_project(project))
            if found:
                self.phases[project.id] = found
        self._forget_what_cannot_have_begun()

    def begun(self, project: Project) -> bool:
        """Return whether a project has begun; one without phases in its first period."""
        planned = self.planned.get(project.id)
        if project.phases or planned is None or planned.start is None:
            return project.id in self.phases
        report = self.reports.get(project.id)
        return planned.start < self.now and (report is None or report.not_before is None)

    def event(self, reference: str, *, end: bool) -> int | None:
        """Return when a project or ``project/phase`` has begun, or ends; None where open."""
        name, _, phase = reference.partition("/")
        facts = self.phases.get(name, {})
        if phase:
            fact = facts.get(phase)
            return None if fact is None else fact.end if end else fact.start
        project = self.portfolio.project_by_id.get(name)
        if project is None or not facts:
            return None
        if end:
            whole = len(facts) == len(project.phases)
            return max(fact.end for fact in facts.values()) if whole else None
        return min(fact.start for fact in facts.values())

    def in_hand(self, reference: str) -> tuple[str, ...]:
        """Return what a link's end stands for, as far as it is in the plan or has begun.

        That is the end itself, or of a choose-one group the members that are in; those that
        were given up only where there are no others.
        """
        members = self.portfolio.members(reference)
        found = [x for x in members if (name := owner_of(x)) in self.planned or name in self.phases]
        going = [x for x in found if not self._given_up(owner_of(x))]
        return tuple(going or found)

    def _given_up(self, project: str) -> bool:
        report = self.reports.get(project)
        return report is not None and report.stopped

    # -- the file ------------------------------------------------------------------------------

    def _check_head(self, progress: Progress) -> None:
        if not 0 <= self.now <= self.calendar.periods:
            self.notes.error(
                "progress-outside",
                "as_of",
                f"The status date {progress.as_of} is outside the calendar, which runs from "
                f"{self.calendar.start} for {self.calendar.periods} periods.",
                "Check the year, or extend the calendar.",
            )
        known = self.portfolio.project_by_id
        names = [entry.project for entry in progress.projects]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._clash(f"projects/{name}", f"Project {name} is listed {names.count(name)} times.")
        for name in dict.fromkeys(names):
            if name not in known:
                self.notes.unknown(f"projects/{name}", "project", name, known)
            elif known[name].state is State.DONE:
                self._clash(f"projects/{name}", f"Project {name} is done already.")
        suppliers = {x.id for x in (*self.portfolio.people, *self.portfolio.pools)}
        for entry in progress.left:
            if entry.person not in suppliers:
                path = f"left/{entry.person}"
                self.notes.unknown(path, "person or pool", entry.person, suppliers)
        for promise in progress.promised:
            self._check_promise(promise.project, promise.finish, on_time=promise.on_time)

    def _check_promise(self, name: str, finish: When | None, *, on_time: bool) -> None:
        path, known = f"promised/{name}", self.portfolio.project_by_id
        report = self.reports.get(name)
        if name not in known:
            self.notes.unknown(path, "project", name, known)
        elif report is not None and report.stopped:
            self._clash(path, f"Project {name} is promised, and given up.")
        elif known[name].decision is Decision.NEVER:
            self._clash(path, f"Project {name} is promised, and must never be selected.")
        elif on_time and name not in self.planned:
            self._clash(path, f"Project {name} is promised on time, and not in the plan.")
        if finish is not None:
            self._inside(f"{path}/finish", finish, self.calendar.end_not_after(finish))

    def _clash(self, path: str, message: str) -> None:
        self.notes.error("progress-conflict", path, message, "Correct one of the two.")

    def _inside(self, path: str, when: When, period: int) -> bool:
        fine = 0 <= period <= self.calendar.periods
        if not fine:
            self.notes.error(
                "progress-outside",
                path,
                f"{when} is outside the calendar, which runs from {self.calendar.start} for "
                f"{self.calendar.periods} periods.",
                "Check the year.",
            )
        return fine

    # -- phases --------------------------------------------------------------------------------

    def _of_project(self, project: Project) -> Iterator[tuple[str, Fact]]:
        report = self.reports.get(project.id) or ProjectProgress(project=project.id)
        if project.state is State.DONE:
            return
        known = {phase.id: phase for phase in project.phases}
        path = f"projects/{project.id}"
        if report.not_before is not None:
            self._check_not_before(f"{path}/not_before", report.not_before)
        names = [part.phase for part in report.phases]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._clash(f"{path}/phases/{name}", f"The phase is listed {names.count(name)} times.")
        for name in dict.fromkeys(names):
            if name not in known:
                what = f"phase of project {project.id}"
                self.notes.unknown(f"{path}/phases/{name}", what, name, known)
        parts = {part.phase: part for part in report.phases}
        planned = self.planned.get(project.id)
        plans = {} if planned is None else {part.phase: part for part in planned.phases}
        if project.decision is Decision.NEVER and not report.stopped:
            plans = {}
        for phase in project.phases:
            part, plan = parts.get(phase.id), plans.get(phase.id)
            if part is not None:
                fact = self._reported(f"{path}/phases/{phase.id}", phase, part, plan)
            else:
                fact = None if report.not_before is not None else self._as_planned(phase, plan)
            if fact is not None:
                yield phase.id, fact
        if project.decision is Decision.NEVER and not report.stopped and parts:
            self._clash(path, f"Project {project.id} goes on, and must never be selected.")

    def _check_not_before(self, path: str, when: When) -> None:
        period = self.calendar.not_before(when)
        if self._inside(path, when, period) and period < self.now:
            self._order(path, f"{when} is before the status date.")

    def _order(self, path: str, message: str) -> None:
        self.notes.error("progress-order", path, message, "Correct the date, or the status date.")

    def _as_planned(self, phase: Phase, plan: PhasePlan | None) -> Fact | None:
        if plan is None or plan.start >= self.now:
            return None
        mode = next((m for m in phase.modes if m.id == plan.mode), phase.modes[0])
        return Fact(plan.start, plan.start + mode.duration, mode, reported=False)

    def _reported(
        self, path: str, phase: Phase, part: PhaseProgress, plan: PhasePlan | None
    ) -> Fact | None:
        said = [n for n in ("finished", "remaining", "percent") if getattr(part, n) is not None]
        if part.not_before is not None:
            self._check_not_before(f"{path}/not_before", part.not_before)
            if said or part.started is not None:
                self._clash(path, "The phase has begun, and has not.")
            return None
        if len(said) > 1:
            self._clash(path, f"Only one of {' and '.join(said)} can be given.")
            return None
        mode, start = self._mode(path, phase, part, plan), self._start(path, part, plan)
        if mode is None or start is None:
            return None
        end = self._end(path, part, start, mode)
        return None if end is None else Fact(start, end, mode, reported=True)

    def _mode(
        self, path: str, phase: Phase, part: PhaseProgress, plan: PhasePlan | None
    ) -> Mode | None:
        modes = {mode.id: mode for mode in phase.modes}
        if part.mode is not None:
            if part.mode not in modes:
                self.notes.unknown(f"{path}/mode", "mode", part.mode, modes)
            return modes.get(part.mode)
        if plan is not None and plan.mode in modes:
            return modes[plan.mode]
        if len(modes) > 1:
            self.notes.error(
                "progress-missing",
                f"{path}/mode",
                f"The plan does not say in which mode phase {phase.id} is done.",
                f"Give `mode`: {', '.join(modes)}.",
            )
            return None
        return phase.modes[0]

    def _start(self, path: str, part: PhaseProgress, plan: PhasePlan | None) -> int | None:
        if part.started is None:
            if plan is not None and plan.start < self.now:
                return plan.start
            self.notes.error(
                "progress-missing",
                path,
                "The phase is reported, and should not have begun by the plan.",
                "Give `started`.",
            )
            return None
        start = self.calendar.period_of(part.started)
        if not self._inside(f"{path}/started", part.started, start):
            return None
        if start >= self.now:
            self._order(f"{path}/started", f"It started on {part.started}, after the status date.")
            return None
        return start

    def _end(self, path: str, part: PhaseProgress, start: int, mode: Mode) -> int | None:
        if part.finished is not None:
            return self._finish(f"{path}/finished", part.finished, start, mode)
        if part.remaining is not None:
            if part.remaining < 0:
                self._amount(f"{path}/remaining", "The remaining work is negative.")
                return None
            return max(self.now + part.remaining, start + min(mode.duration, 1))
        if part.percent is not None:
            if not 0 <= part.percent < 100:
                self._amount(f"{path}/percent", f"{part.percent} percent of the work are done.")
                return None
            spent = self.now - start
            if not part.percent:
                return self.now + mode.duration
            return start + max(spent + 1, ceil(spent * 100 / part.percent))
        return max(start + mode.duration, self.now + min(mode.duration, 1))

    def _amount(self, path: str, message: str) -> None:
        fix = (
            "Give periods of at least 0, or percent from 0 to below 100; what is done is finished."
        )
        self.notes.error("progress-amount", path, message, fix)

    def _finish(self, path: str, finished: When, start: int, mode: Mode) -> int | None:
        last = self.calendar.period_of(finished) + 1 if isinstance(finished, date) else finished
        end = last if mode.duration else start
        if not self._inside(path, finished, last):
            return None
        if end < start + min(mode.duration, 1):
            self._order(path, f"It finished on {finished}, before it started.")
            return None
        if last > self.now:
            self._order(path, f"It finished on {finished}, after the status date.")
            return None
        return end

    # -- what follows --------------------------------------------------------------------------

    def _forget_what_cannot_have_begun(self) -> None:
        """Take phases as open that are not reported and whose predecessors were late."""
        while late := {(name, phase) for name, phase in self._waiting()}:
            for name, phase in late:
                del self.phases[name][phase]
            self.phases = {name: facts for name, facts in self.phases.items() if facts}

    def _waiting(self) -> Iterator[tuple[str, str]]:
        for name, facts in self.phases.items():
            for link in self.portfolio.project_by_id[name].inner_links():
                fact = facts.get(link.target)
                if fact is not None and not fact.reported and self._broken(link, name):
                    yield name, link.target
        for link in self.portfolio.links:
            for target in self.portfolio.members(link.target):
                name, _, phase = target.partition("/")
                if name not in self.phases or not self._doubted(link):
                    continue
                facts = self.phases[name]
                chosen = [phase] if phase else list(facts)
                open_ = [x for x in chosen if x in facts and not facts[x].reported]
                sources = self.in_hand(link.source)
                if open_ and all(self._late(link, x, target) for x in sources):
                    yield from ((name, x) for x in open_)

    def _doubted(self, link: Link) -> bool:
        """Return whether something is reported of what a link waits for by the plan."""
        owners = {owner_of(x) for x in self.portfolio.members(link.source)}
        return any(name in self.reports and name in self.planned for name in owners)

    def _broken(self, link: Link, owner: str) -> bool:
        return self._late(link, f"{owner}/{link.source}", f"{owner}/{link.target}")

    def _late(self, link: Link, source: str, target: str) -> bool:
        """Return whether a target has begun before a source of its link lets it."""
        if link.min_lag is None or link.type in TO_END:
            return False
        start = self.event(target, end=False)
        if start is None:
            return False
        event = self.event(source, end=link.type in FROM_END)
        return event is None or start - event < link.min_lag


def owner_of(reference: str) -> str:
    """Return the project of ``project`` or ``project/phase``."""
    return reference.partition("/")[0]
