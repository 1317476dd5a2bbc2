"""When projects may run: their windows, and what is frozen."""

from __future__ import annotations

from typing import Literal

from pmo_optimizer import (
    BaselinePhase,
    BaselineProject,
    Decision,
    Id,
    Phase,
    Pin,
    Project,
    State,
    When,
)
from pmo_scenarios.changes.amounts import BaseChange
from pmo_scenarios.changes.draft import PROJECTS, Draft

DateField = Literal["earliest_start", "latest_start", "latest_finish", "due"]


class Dates(BaseChange):
    """Other dates of projects; what is not given stays.

    Attributes
    ----------
    projects
        Ids.
    earliest_start, latest_start, latest_finish, due
        As in a portfolio: a date, or a 0-based period.
    clear
        Names of dates that no longer hold.
    """

    change: Literal["dates"] = "dates"
    projects: tuple[Id, ...]
    earliest_start: When | None = None
    latest_start: When | None = None
    latest_finish: When | None = None
    due: When | None = None
    clear: tuple[DateField, ...] = ()

    def apply_to(self, draft: Draft) -> None:
        """Set or clear the dates of each project."""
        given: dict[str, When | None] = {
            name: getattr(self, name)
            for name in ("earliest_start", "latest_start", "latest_finish", "due")
            if getattr(self, name) is not None
        }
        both = [name for name in self.clear if name in given]
        for name in both:
            draft.error(
                "change-amount", name, f"`{name}` is given and cleared.", "Do only one of them."
            )
        if both:
            return
        given |= dict.fromkeys(self.clear)
        if not given:
            draft.idle("", "It gives no date.")
        for project in draft.find_each(PROJECTS, self.projects, "projects"):
            if given:
                draft.edit(PROJECTS, project, given, "")


class Freeze(BaseChange):
    """What the baseline starts before a date stays: start, mode and people of these phases.

    Their projects become musts.

    Attributes
    ----------
    until
        The date, or the 0-based period, before which nothing moves.
    baseline
        The plan that is kept; the portfolio's baseline where it is left out.
    closed
        Whether no other project may start before the date.
    """

    change: Literal["freeze"] = "freeze"
    until: When
    baseline: tuple[BaselineProject, ...] = ()
    closed: bool = False

    def apply_to(self, draft: Draft) -> None:
        """Pin the phases, and close the time before the date if wanted."""
        before, found = draft.portfolio, len(draft.findings)
        limit = before.calendar.not_before(self.until)
        kept = self.baseline or before.baseline
        if not kept and not self.closed:
            draft.error(
                "freeze-without-baseline",
                "",
                "The portfolio has no baseline, and the change gives none.",
                "Add `baseline`, for instance made of a plan by `baseline_of`.",
            )
            return
        frozen = set()
        for entry in kept:
            phases = [part for part in entry.phases if self._begun(draft, part, limit)]
            if entry.selected and phases:
                frozen.add(entry.project)
                project = draft.find(PROJECTS, entry.project, "baseline")
                if project is not None and project.state is not State.DONE:
                    _freeze(draft, project, phases)
        if self.closed:
            for project in draft.items(PROJECTS):
                _close(draft, project, limit, frozen)
        if draft.portfolio == before and len(draft.findings) == found:
            draft.idle("until", f"Nothing of the baseline starts before {self.until}.")

    def _begun(self, draft: Draft, part: BaselinePhase, limit: int) -> bool:
        return draft.portfolio.calendar.period_of(part.start) < limit


def _freeze(draft: Draft, project: Project, parts: list[BaselinePhase]) -> None:
    """Pin phases of a project, which stays selected."""
    if project.decision is Decision.NEVER:
        draft.error(
            "change-conflict",
            "",
            f"Project {project.id} has begun in the baseline, and must never be selected.",
            "Free its decision, or leave it out of the baseline.",
        )
        return
    known = {phase.id: phase for phase in project.phases}
    pinned: dict[str, Phase] = {}
    for part in parts:
        phase = known.get(part.phase)
        if phase is None:
            if project.state is not State.RUNNING:
                draft.unknown(f"phase of project {project.id}", part.phase, known, "baseline")
            continue
        if part.mode is not None and part.mode not in {mode.id for mode in phase.modes}:
            modes = [mode.id for mode in phase.modes]
            draft.unknown(f"mode of {project.id}/{phase.id}", part.mode, modes, "baseline")
            continue
        start = draft.portfolio.calendar.period_of(part.start)
        if start >= 0:  # what began before the grid is the matter of a running project
            pin = Pin(start=start, mode=part.mode, people=part.people)
            pinned[phase.id] = phase.model_copy(update={"pin": pin})
    update: dict[str, object] = {
        "phases": tuple(pinned.get(phase.id, phase) for phase in project.phases)
    }
    if project.state is State.PROPOSED or project.stoppable:
        update["decision"] = Decision.MUST
    draft.put(PROJECTS, project, project.model_copy(update=update))


def _close(draft: Draft, project: Project, limit: int, frozen: set[str]) -> None:
    calendar = draft.portfolio.calendar
    if (
        project.id not in frozen
        and project.state is State.PROPOSED
        and project.first_start(calendar) < limit
    ):
        draft.put(PROJECTS, project, project.model_copy(update={"earliest_start": limit}))
