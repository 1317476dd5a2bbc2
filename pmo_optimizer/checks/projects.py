"""States and decisions of projects that do not go together."""

from __future__ import annotations

from collections.abc import Iterator

from pmo_optimizer.checks.facts import Facts, Hit
from pmo_optimizer.model import Decision, Phase, Project, State


def no_projects(facts: Facts) -> Iterator[Hit]:
    """Find a portfolio in which there is nothing to plan."""
    if not facts.open_projects:
        yield Hit(
            ("projects",),
            "There is no project to plan: none is proposed or running.",
            "List the candidates under `projects`.",
        )


def phase_without_modes(facts: Facts) -> Iterator[Hit]:
    """Find phases that cannot be done in any way."""
    for path, phase in facts.every(Phase):
        if not phase.modes:
            yield Hit(
                (*path, "modes"),
                f"{facts.subject(path)} has no mode.",
                "Give it a `duration`, or at least one mode.",
            )


def running_never(facts: Facts) -> Iterator[Hit]:
    """Find running projects that are to be stopped and may not be."""
    for path, project in facts.every(Project):
        running = project.state is State.RUNNING and not project.stoppable
        if running and project.decision is Decision.NEVER:
            yield Hit(
                (*path, "decision"),
                f"{facts.subject(path)} is running, may not be stopped, and is set to never.",
                "Set `stoppable: true`, or leave the decision free.",
            )


def done_decided(facts: Facts) -> Iterator[Hit]:
    """Find done projects about which something is still decided."""
    for path, project in facts.every(Project):
        if project.state is State.DONE and project.decision is not Decision.FREE:
            yield Hit(
                (*path, "decision"),
                f"{facts.subject(path)} is done; being set to {project.decision} has no effect.",
                "Remove the decision, or correct the state.",
            )


def late_price_unused(facts: Facts) -> Iterator[Hit]:
    """Find prices of delay where nothing is due."""
    for path, project in facts.every(Project):
        if project.late_price is not None and project.due is None:
            yield Hit(
                (*path, "late_price"),
                f"{facts.subject(path)} has a price of delay but no due date.",
                "Give it a `due` date, or remove the price.",
            )


STOP_FIELDS = ("stoppable", "exit_cost", "exit_category", "exit_fund")
"""What may be said about stopping a project."""


def stop_unused(facts: Facts) -> Iterator[Hit]:
    """Find terms of stopping on projects that are not running, or that may not be stopped."""
    defaults = {name: Project.model_fields[name].default for name in STOP_FIELDS}
    for path, project in facts.every(Project):
        given = [name for name in STOP_FIELDS if getattr(project, name) != defaults[name]]
        running = project.state is State.RUNNING
        if not given or project.state is State.DONE or (running and project.stoppable):
            continue
        names = " and ".join(f"`{name}`" for name in given)
        if running:
            reason, mend = "is running and may not be stopped", "Set `stoppable: true`"
        else:
            reason, mend = "is not running, so it cannot be stopped", "Set `state: running`"
        yield Hit(
            (*path, given[0]),
            f"{facts.subject(path)} {reason}; {names} has no effect.",
            f"{mend}, or remove {names}.",
        )
