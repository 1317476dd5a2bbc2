"""What the plan decides: selected projects with their phases, read and checked for form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pmo_optimizer.model import (
    Decision,
    Mode,
    Phase,
    PhasePlan,
    Plan,
    Portfolio,
    Project,
    ProjectPlan,
    State,
)
from pmo_optimizer.referee.report import Code, Log


@dataclass(frozen=True, slots=True)
class PlacedPhase:
    """A phase of a selected project, in its mode, from ``start`` to ``end`` (exclusive)."""

    phase: Phase
    mode: Mode
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Active:
    """A selected project that is not done.

    Attributes
    ----------
    start, finish
        First start and last end (exclusive) of its phases; for a project without phases the
        first period of its window.
    phases
        Phases whose plan can be read, by id.
    """

    project: Project
    start: int
    finish: int
    phases: dict[str, PlacedPhase]


@dataclass(frozen=True, slots=True)
class Schedule:
    """The decisions about projects.

    Attributes
    ----------
    active
        Selected projects that are not done, by id.
    done
        Ids of done projects: selected and finished for relations, and in nothing else.
    stopped
        Running projects that the plan stops.
    """

    portfolio: Portfolio
    active: dict[str, Active]
    done: frozenset[str]
    stopped: tuple[Project, ...]

    @property
    def periods(self) -> int:
        """Number of periods of the grid."""
        return self.portfolio.calendar.periods

    def selected(self, project: str) -> bool:
        """Return whether a project counts as selected in relations, done ones included."""
        return project in self.active or project in self.done

    def on_grid(self, event: int) -> int:
        """Return a start or finish, moved to the edge where a faulty plan left the grid.

        Money and value of such a plan are of no use, but must be computable.
        """
        return min(max(event, 0), self.periods)

    def placed(self) -> Iterator[tuple[Active, PlacedPhase]]:
        """Yield every phase of every selected project."""
        for active in self.active.values():
            for phase in active.phases.values():
                yield active, phase


def read_schedule(portfolio: Portfolio, plan: Plan, log: Log) -> Schedule:
    """Return the decisions of a plan and note what is wrong with their form.

    Unknown, missing and repeated projects and phases, modes that do not exist, decisions that
    the portfolio forbids, and dates that do not fit the phases are violations; of repeated
    entries the first one counts.
    """
    entries = _entries(portfolio, plan, log)
    active: dict[str, Active] = {}
    stopped: list[Project] = []
    for project in portfolio.projects:
        entry = entries.get(project.id) or ProjectPlan(project=project.id, selected=False)
        path = f"projects/{project.id}"
        if project.state is State.DONE:
            if project.id in entries:
                _check_done(entry, path, log)
            continue
        _check_decision(project, entry.selected, path, log)
        if entry.selected:
            active[project.id] = _active(portfolio, project, entry, log)
            continue
        _check_idle(entry, path, log)
        if project.state is State.RUNNING:
            stopped.append(project)
    done = frozenset(p.id for p in portfolio.projects if p.state is State.DONE)
    return Schedule(portfolio, active, done, tuple(stopped))


def _entries(portfolio: Portfolio, plan: Plan, log: Log) -> dict[str, ProjectPlan]:
    entries: dict[str, ProjectPlan] = {}
    for entry in plan.projects:
        path = f"projects/{entry.project}"
        if entry.project not in portfolio.project_by_id:
            log.broken(Code.UNKNOWN_PROJECT, path, f"There is no project {entry.project}.")
        elif entry.project in entries:
            log.broken(Code.PROJECT_TWICE, path, f"The plan decides on {entry.project} twice.")
        else:
            entries[entry.project] = entry
    for name in portfolio.project_by_id:
        if name not in entries:
            message = f"The plan says nothing about project {name}."
            log.broken(Code.PROJECT_MISSING, f"projects/{name}", message)
    return entries


def _check_done(entry: ProjectPlan, path: str, log: Log) -> None:
    dated = entry.start is not None or entry.finish is not None
    if not entry.selected or entry.phases or dated:
        message = f"Project {entry.project} is done: it is selected, without phases and dates."
        log.broken(Code.DONE_DECISION, path, message)


def _check_decision(project: Project, selected: bool, path: str, log: Log) -> None:
    if project.decision is Decision.MUST and not selected:
        log.broken(Code.MUST, path, f"Project {project.id} must be selected.")
    if project.decision is Decision.NEVER and selected:
        log.broken(Code.NEVER, path, f"Project {project.id} must not be selected.")
    if project.state is State.RUNNING and not project.stoppable and not selected:
        message = f"Project {project.id} is running and may not be stopped."
        log.broken(Code.RUNNING_STOPPED, path, message)


def _check_idle(entry: ProjectPlan, path: str, log: Log) -> None:
    if entry.phases or entry.start is not None or entry.finish is not None:
        message = f"Project {entry.project} is not selected, yet it has phases or dates."
        log.broken(Code.UNSELECTED_PHASES, path, message)


def _active(portfolio: Portfolio, project: Project, entry: ProjectPlan, log: Log) -> Active:
    phases = _phases(project, entry, log)
    start = finish = project.first_start(portfolio.calendar)
    if phases:
        start = min(p.start for p in phases.values())
        finish = max(p.end for p in phases.values())
    if (entry.start, entry.finish) != (start, finish):
        message = (
            f"Project {project.id} runs from {start} to {finish}, "
            f"but the plan says from {entry.start} to {entry.finish}."
        )
        log.broken(Code.PROJECT_DATES, f"projects/{project.id}", message)
    return Active(project, start, finish, phases)


def _phases(project: Project, entry: ProjectPlan, log: Log) -> dict[str, PlacedPhase]:
    known = {phase.id: phase for phase in project.phases}
    seen: set[str] = set()
    placed: dict[str, PlacedPhase] = {}
    for item in entry.phases:
        path = f"projects/{project.id}/phases/{item.phase}"
        if item.phase not in known:
            log.broken(Code.UNKNOWN_PHASE, path, f"{project.id} has no phase {item.phase}.")
        elif item.phase in seen:
            log.broken(Code.PHASE_TWICE, path, f"{path} is planned twice.")
        else:
            seen.add(item.phase)
            phase = _placed(known[item.phase], item, path, log)
            if phase is not None:
                placed[item.phase] = phase
    for name in known.keys() - seen:
        path = f"projects/{project.id}/phases/{name}"
        log.broken(Code.PHASE_MISSING, path, f"{path} is not planned, yet its project is selected.")
    return placed


def _placed(phase: Phase, item: PhasePlan, path: str, log: Log) -> PlacedPhase | None:
    mode = next((m for m in phase.modes if m.id == item.mode), None)
    if mode is None:
        log.broken(Code.UNKNOWN_MODE, path, f"{path} has no mode {item.mode}.")
        return None
    end = item.start + mode.duration
    if item.end != end:
        message = (
            f"{path} starts at {item.start} and lasts {mode.duration}, yet ends at {item.end}."
        )
        log.broken(Code.PHASE_END, path, message)
    return PlacedPhase(phase, mode, item.start, end)
