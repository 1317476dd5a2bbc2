"""Portfolios in which something is forced, and what their checks prove about them."""

from __future__ import annotations

from pmo_optimizer import (
    Decision,
    Finding,
    InvalidInput,
    Method,
    Plan,
    Portfolio,
    Project,
    Severity,
    State,
    Status,
    Termination,
    check,
)
from pmo_scenarios.studies.stated import bound_to_run

CLASHES = frozenset(
    {
        "cycle",
        "must-need-too-large",
        "must-unschedulable",
        "running-never",
        "selection-conflict",
    }
)
"""Findings which prove that no plan exists: what is decided cannot be."""

UNFIT = frozenset(
    {
        "window-empty",
        "pin-outside",
        "pin-window",
        "pin-conflict",
        "phase-too-long",
        "phases-do-not-fit",
        "selection-impossible",
    }
)
"""Findings which prove that a project, which the path names, is in no plan."""

UNSERVABLE = "need-unservable"
"""Finding which proves that a mode is in no plan, and so a project without another mode."""

TOO_FEW = "rule-range"
"""Finding which proves, where projects were set to never, that a minimum cannot be reached."""


def settled(portfolio: Portfolio) -> tuple[Portfolio, str]:
    """Return a portfolio with the same plans that has no errors, and why there are none.

    Forcing, dropping or changing something makes errors of what is odd in a portfolio that
    people write: projects that can be in no plan are set to never, and where such a project
    must be in, or decisions contradict each other, there is no plan; the second part is then
    the proof in words, else empty.

    Raises
    ------
    InvalidInput
        Other errors are found.
    """
    barred = False
    while True:
        errors = [f for f in check(portfolio) if f.severity is Severity.ERROR]
        if not errors:
            return portfolio, ""
        for finding in errors:
            if finding.rule in CLASHES or (barred and finding.rule == TOO_FEW):
                return portfolio, finding.message
        unfit = {_project_of(f): f.message for f in errors if _bars(portfolio, f)}
        if any(not _bars(portfolio, finding) for finding in errors):
            raise InvalidInput(tuple(errors))
        for name, message in unfit.items():
            project = portfolio.project_by_id[name]
            if project.decision is Decision.MUST or bound_to_run(project):
                return portfolio, message
            portfolio = replaced(portfolio, _never(project))
        barred = True


def _bars(portfolio: Portfolio, finding: Finding) -> bool:
    """Return whether a finding proves that the project of its path is in no plan."""
    if finding.rule != UNSERVABLE:
        return finding.rule in UNFIT
    parts = finding.path.split("/")
    return len(portfolio.project_by_id[parts[1]].phase(parts[3]).modes) == 1


def _project_of(finding: Finding) -> str:
    return finding.path.split("/")[1]


def _never(project: Project) -> Project:
    """Return a project that is not selected; one that can be stopped for nothing is none."""
    update: dict[str, object] = {"decision": Decision.NEVER}
    if project.state is State.RUNNING and project.stoppable and not project.exit_cost:
        update["state"] = State.PROPOSED
    return project.model_copy(update=update)


def replaced(portfolio: Portfolio, project: Project) -> Portfolio:
    """Return the portfolio with another project of the same id."""
    projects = tuple(project if p.id == project.id else p for p in portfolio.projects)
    return portfolio.model_copy(update={"projects": projects})


def with_project(portfolio: Portfolio, name: str, *, selected: bool) -> Portfolio:
    """Return the portfolio with a project forced in or out; a running one may then stop."""
    project = portfolio.project_by_id[name]
    update: dict[str, object] = {"decision": Decision.MUST if selected else Decision.NEVER}
    if project.state is State.RUNNING and not selected:
        update["stoppable"] = True
    return replaced(portfolio, project.model_copy(update=update))


def leading(portfolio: Portfolio) -> Portfolio:
    """Return the portfolio with what decides: the first term alone, or the weighted sum."""
    goals = portfolio.objective
    if goals.method is Method.WEIGHTED or len(goals.terms) == 1:
        return portfolio
    first = goals.model_copy(update={"terms": goals.terms[:1]})
    return portfolio.model_copy(update={"objective": first})


def impossible(portfolio: Portfolio, proof: str) -> Plan:
    """Return the answer for a portfolio that is proved to have no plan."""
    return Plan(
        portfolio=portfolio.name,
        digest=portfolio.digest(),
        status=Status.INFEASIBLE,
        termination=Termination.PROVED,
        message=proof,
    )


def unanswered(portfolio: Portfolio, message: str) -> Plan:
    """Return the answer for a portfolio that has errors which prove nothing about plans."""
    return Plan(
        portfolio=portfolio.name,
        digest=portfolio.digest(),
        status=Status.FAILED,
        termination=Termination.CRASH,
        message=message,
    )
