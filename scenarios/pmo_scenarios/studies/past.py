"""A portfolio in which the past is fixed, and a plan as it has become."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from pmo_optimizer import (
    Allocation,
    Decision,
    Finding,
    InvalidInput,
    Link,
    LinkType,
    Mode,
    Phase,
    PhasePlan,
    Pin,
    Plan,
    Portfolio,
    Project,
    ProjectPlan,
    Severity,
    State,
    SupplierKind,
    check,
    require_valid,
)
from pmo_scenarios.changes.draft import Draft
from pmo_scenarios.changes.people import RemovePeople
from pmo_scenarios.changes.references import References
from pmo_scenarios.changes.work import with_duration
from pmo_scenarios.progress import Progress, Promise
from pmo_scenarios.studies.facts import FROM_END, TO_END, Fact, Facts, Notes, owner_of


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a plan stands.

    Attributes
    ----------
    portfolio
        What has begun is pinned, nothing else starts in the past, who left is gone, what was
        promised must come.
    plan
        The plan with what has happened: other starts and ends in the past, nothing of what
        was given up, nothing that the portfolio does not know.
    now
        First period that is not past.
    findings
        Warnings.
    unchanged
        Whether the portfolio is that of the plan, and everything went as planned.
    """

    portfolio: Portfolio
    plan: Plan
    now: int
    findings: tuple[Finding, ...]
    unchanged: bool


def situation_of(portfolio: Portfolio, plan: Plan, progress: Progress) -> Situation:
    """Return where a plan stands.

    Raises
    ------
    InvalidInput
        With every finding about the progress; or, where that is fine, about the portfolio
        that it makes.
    """
    require_valid(portfolio)
    notes = Notes()
    facts = Facts(portfolio, plan, progress, notes)
    _refuse(notes.findings)
    draft = Draft(portfolio, "progress")
    for number, entry in enumerate(progress.left):
        draft.begin(number)
        last = entry.last or portfolio.calendar.edge(facts.now) - timedelta(days=1)
        RemovePeople(
            people=(entry.person,), last=last, heads=entry.heads, references=References.DROP
        ).apply_to(draft)
    notes.findings += draft.findings
    _refuse(notes.findings)
    past = _Past(facts, plan, progress, draft.portfolio)
    changed = past.portfolio()
    _refuse(notes.findings)
    if changed != portfolio:
        changed = _checked(changed, portfolio)
    return Situation(
        portfolio=changed,
        plan=past.plan(changed),
        now=facts.now,
        findings=tuple(notes.findings),
        unchanged=progress.as_planned and portfolio.digest() == plan.digest,
    )


def _refuse(findings: Iterable[Finding]) -> None:
    found = tuple(findings)
    if any(finding.severity is Severity.ERROR for finding in found):
        raise InvalidInput(found)


def _checked(changed: Portfolio, base: Portfolio) -> Portfolio:
    """Return the portfolio; InvalidInput with what progress makes wrong in it."""
    changed = Portfolio.parse(changed.to_data())
    errors = [f for f in check(changed) if f.severity is Severity.ERROR]
    if errors:
        raise InvalidInput(
            tuple(
                Finding(f.severity, f.rule, f"progress/result/{f.path}", f.message, f.fix)
                for f in errors
            )
        )
    return changed


class _Past:
    """Makes the portfolio in which the past is fixed."""

    def __init__(self, facts: Facts, plan: Plan, progress: Progress, base: Portfolio) -> None:
        self._facts = facts
        self._plan = plan
        self._base = base
        self._calendar = base.calendar
        self._now = facts.now
        self._notes = facts.notes
        self._promised = {promise.project: promise for promise in progress.promised}
        self._people = _people_at_work(plan, base)

    def portfolio(self) -> Portfolio:
        """Return the base with the past fixed."""
        return self._base.model_copy(
            update={
                "projects": tuple(self._project(project) for project in self._base.projects),
                "links": tuple(self._links(self._base.links, "")),
            }
        )

    def plan(self, portfolio: Portfolio) -> Plan:
        """Return the plan as it has become, of a portfolio."""
        before = {entry.project: entry for entry in self._plan.projects}
        return self._plan.model_copy(
            update={
                "digest": portfolio.digest(),
                "projects": tuple(
                    self._entry(project, before.get(project.id)) for project in portfolio.projects
                ),
            }
        )

    def _entry(self, project: Project, was: ProjectPlan | None) -> ProjectPlan:
        out = ProjectPlan(project=project.id, selected=False)
        if project.state is State.DONE:
            return was or ProjectPlan(project=project.id, selected=True)
        facts = self._facts.phases.get(project.id, {})
        report = self._facts.reports.get(project.id)
        if report is not None and report.stopped:
            return out
        if was is None or not was.selected:
            if not facts:
                return out
            was = ProjectPlan(project=project.id, selected=True)
        if not project.phases:
            return was.model_copy(update={"phases": ()})
        planned = {part.phase: part for part in was.phases}
        phases = []
        for phase in project.phases:
            fact, part = facts.get(phase.id), planned.get(phase.id)
            if fact is not None:
                phases.append(
                    PhasePlan(phase=phase.id, mode=fact.mode.id, start=fact.start, end=fact.end)
                )
            elif part is not None and part.mode in {mode.id for mode in phase.modes}:
                phases.append(part)
        starts, ends = [p.start for p in phases], [p.end for p in phases]
        return ProjectPlan(
            project=project.id,
            selected=True,
            start=min(starts, default=was.start),
            finish=max(ends, default=was.finish),
            phases=tuple(phases),
        )

    # -- projects ------------------------------------------------------------------------------

    def _project(self, project: Project) -> Project:
        if project.state is State.DONE:
            return project
        report = self._facts.reports.get(project.id)
        if report is not None and report.stopped:
            return self._stopped(project)
        new = self._begun(project) if self._facts.begun(project) else self._open(project)
        promise = self._promised.get(project.id)
        return new if promise is None else self._kept(new, promise)

    def _stopped(self, project: Project) -> Project:
        if self._facts.begun(project) and project.state is State.PROPOSED:
            self._notes.warn(
                "progress-sunk",
                f"projects/{project.id}/stopped",
                f"What {project.id} has cost so far is no longer in any fund.",
                "Lower the funds by what it has spent.",
            )
        pinned = tuple(phase.model_copy(update={"pin": None}) for phase in project.phases)
        return project.model_copy(update={"decision": Decision.NEVER, "phases": pinned})

    def _begun(self, project: Project) -> Project:
        facts = self._facts.phases.get(project.id, {})
        update: dict[str, object] = {
            "phases": tuple(
                self._pinned(project, phase, facts[phase.id]) if phase.id in facts else phase
                for phase in project.phases
            )
        }
        if project.state is State.PROPOSED or project.stoppable:
            update["decision"] = Decision.MUST
        if facts:
            first = min(fact.start for fact in facts.values())
            if first < project.first_start(self._calendar):
                update["earliest_start"] = None
            if max(f.start for f in facts.values()) > project.last_start(self._calendar):
                update["latest_start"] = None
        links = self._inner_links(project, facts)
        if links != project.inner_links():
            update["links"] = links
        return project.model_copy(update=update)

    def _pinned(self, project: Project, phase: Phase, fact: Fact) -> Phase:
        """Return a phase that has begun: start, mode, people, and how long it takes."""
        pin = Pin(start=fact.start, mode=fact.mode.id, people=self._staff(project, phase, fact))
        length = fact.end - fact.start
        modes: tuple[Mode, ...] = phase.modes
        if length != fact.mode.duration:
            modes = tuple(
                with_duration(mode, length) if mode.id == fact.mode.id else mode
                for mode in phase.modes
            )
        return phase.model_copy(update={"pin": pin, "modes": modes})

    def _staff(self, project: Project, phase: Phase, fact: Fact) -> tuple[str, ...]:
        """Return who stays on a phase: all of a plan by name who are there to its end."""
        was = set() if phase.pin is None else set(phase.pin.people)
        there = {person.id: person for person in self._base.people}
        last = self._calendar.edge(fact.end) - timedelta(days=1)
        return tuple(
            name
            for name in sorted(self._people.get((project.id, phase.id), set()) | was)
            if name in there and ((until := there[name].available_until) is None or until >= last)
        )

    def _inner_links(self, project: Project, facts: dict[str, Fact]) -> tuple[Link, ...]:
        """Return links that the past allows, and by which nothing else starts in the past."""
        links = tuple(self._links(project.inner_links(), project.id))
        if not facts:
            return links
        anchor = min(facts, key=lambda name: (facts[name].start, name))
        more = []
        for phase in project.phases:
            least = self._not_before(project, phase.id)
            if phase.id in facts or self._implied(project, phase.id, links, least):
                continue
            more.append(
                Link(
                    id=f"past:{phase.id}",
                    source=anchor,
                    target=phase.id,
                    type=LinkType.SS,
                    min_lag=least - facts[anchor].start,
                )
            )
        return (*links, *more)

    def _implied(self, project: Project, phase: str, links: Iterable[Link], least: int) -> bool:
        """Return whether links alone keep a phase from starting before a period."""
        return any(
            self._after(project.id, link, links, least)
            for link in links
            if link.target == phase and link.type is LinkType.FS and (link.min_lag or 0) >= 0
        )

    def _after(self, owner: str, link: Link, links: Iterable[Link], least: int) -> bool:
        if link.min_lag is None:
            return False
        end = self._facts.event(f"{owner}/{link.source}", end=True)
        if end is not None:
            return end + link.min_lag >= least
        project = self._base.project_by_id[owner]
        if self._not_before(project, link.source) < least:
            return False
        return self._implied(project, link.source, links, least)

    def _not_before(self, project: Project, phase: str) -> int:
        """Return the first period in which a phase that has not begun may start."""
        report = self._facts.reports.get(project.id)
        dates = [self._now]
        if report is not None:
            said = [report.not_before, *(p.not_before for p in report.phases if p.phase == phase)]
            dates += [self._calendar.not_before(when) for when in said if when is not None]
        return max(dates)

    def _open(self, project: Project) -> Project:
        """Return a project that has not begun: it starts at the status date or later."""
        if project.state is not State.PROPOSED:
            return project
        least = self._now
        if project.phases:
            least = self._not_before(project, project.phases[0].id)
        elif project.id in self._facts.reports:
            least = self._not_before(project, "")
        self._later_phases(project)
        if project.first_start(self._calendar) >= least:
            return project
        over = project.last_start(self._calendar) < least
        over |= project.last_finish(self._calendar) < least + bool(project.phases)
        if over and project.decision is Decision.FREE and project.id not in self._promised:
            return project.model_copy(update={"decision": Decision.NEVER})
        return project.model_copy(update={"earliest_start": least})

    def _later_phases(self, project: Project) -> None:
        """Refuse dates of later phases, which would need a phase that has begun."""
        report = self._facts.reports.get(project.id)
        first = project.phases[0].id if project.phases else ""
        for part in () if report is None else report.phases:
            if part.not_before is not None and part.phase != first:
                self._notes.error(
                    "progress-conflict",
                    f"projects/{project.id}/phases/{part.phase}/not_before",
                    f"Project {project.id} has not begun, so only its first phase can have a date.",
                    "Give `not_before` for the project.",
                )

    def _kept(self, project: Project, promise: Promise) -> Project:
        """Return a project that is promised: it stays, and ends in time."""
        update: dict[str, object] = {"decision": Decision.MUST}
        if project.state is State.RUNNING and not project.stoppable:
            update = {}
        ends = [project.last_finish(self._calendar)]
        if promise.finish is not None:
            ends.append(self._calendar.end_not_after(promise.finish))
        planned = self._facts.planned.get(project.id)
        if promise.on_time and planned is not None and planned.finish is not None:
            ends.append(planned.finish)
        if min(ends) < ends[0]:
            update["latest_finish"] = min(ends)
        return project.model_copy(update=update)

    # -- links ---------------------------------------------------------------------------------

    def _links(self, links: Iterable[Link], owner: str) -> Iterable[Link]:
        """Yield links without those that the past has broken already."""
        for link in links:
            kept = self._link(link, owner)
            if kept is None:
                path = f"projects/{owner}/links/{link.id}" if owner else f"links/{link.id}"
                self._notes.warn(
                    "progress-link",
                    path,
                    f"{link.target} did not wait for {link.source} as the link asks.",
                    "Nothing, if it is so; the link no longer counts.",
                )
            else:
                yield kept

    def _link(self, link: Link, owner: str) -> Link | None:
        """Return a link as far as the past leaves it; None where the past has broken it.

        Of a choose-one group, any member that is in satisfies a link, or waits by it.
        """
        sources = (f"{owner}/{link.source}",) if owner else self._sources(link)
        targets = (f"{owner}/{link.target}",) if owner else self._targets(link)
        befores = [self._facts.event(x, end=link.type in FROM_END) for x in sources]
        events = [x for x in befores if x is not None]
        kept: Link | None = link
        for target in targets if sources else ():
            if kept is None:
                return None
            after = self._facts.event(target, end=link.type in TO_END)
            if after is not None:
                kept = _met(kept, events, after)
            elif link.type not in TO_END:
                kept = self._awaited(kept, events, target)
        return kept

    def _awaited(self, link: Link, events: Sequence[int], target: str) -> Link:
        """Return a link whose target may still come: not too late from the status date on."""
        if link.max_lag is None or not events:
            return link
        name, _, phase = target.partition("/")
        least = self._not_before(self._base.project_by_id[name], phase)
        return link.model_copy(update={"max_lag": max(link.max_lag, least - max(events))})

    def _sources(self, link: Link) -> tuple[str, ...]:
        """Return what the target waits for: in the plan, or begun; nothing beside what is done."""
        known = self._base.project_by_id
        ends = self._base.members(link.source)
        if any(known[owner_of(x)].state is State.DONE for x in ends):
            return ()
        return self._facts.in_hand(link.source)

    def _targets(self, link: Link) -> tuple[str, ...]:
        """Return what waits; of a group of which no member is in, any of them."""
        known = self._base.project_by_id
        ends = self._facts.in_hand(link.target) or self._base.members(link.target)
        return tuple(x for x in ends if known[owner_of(x)].state is not State.DONE)


def _met(link: Link, events: Sequence[int], after: int) -> Link | None:
    """Return a link whose target has begun; None where it did not wait."""
    low, high = link.min_lag, link.max_lag
    if not events:
        return None if low is not None else link
    lags = [after - event for event in events]
    if low is not None and max(lags) < low:
        return None
    broken = high is not None and min(lags) > high
    return link.model_copy(update={"max_lag": min(lags)}) if broken else link


def _people_at_work(plan: Plan, portfolio: Portfolio) -> dict[tuple[str, str], set[str]]:
    """Return the people of each phase of a plan by name."""
    names = {person.id for person in portfolio.people}
    out: dict[tuple[str, str], set[str]] = {}

    def entry_of(item: Allocation) -> str:
        return item.supplier.partition("#")[0]

    for item in plan.allocations:
        works = any(share > Decimal(0) for share in item.shares)
        if item.kind is SupplierKind.PERSON and entry_of(item) in names and works:
            out.setdefault((item.project, item.phase), set()).add(entry_of(item))
    return out
