"""Portfolios in which something is forced, and what their checks prove about them."""

from __future__ import annotations

from pmo_optimizer import (
    Decision,
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

PROOFS = frozenset(
    {
        "cycle",
        "must-need-too-large",
        "must-unschedulable",
        "need-unservable",
        "phase-too-long",
        "phases-do-not-fit",
        "selection-conflict",
        "window-empty",
    }
)
"""Findings which prove that no plan exists: what is decided cannot be."""

IMPOSSIBLE = "selection-impossible"
"""Finding which proves that a project is in no plan."""


def settled(portfolio: Portfolio) -> tuple[Portfolio, str]:
    """Return a portfolio with the same plans that has no errors, and why there are none.

    Forcing something makes errors of what is odd in a portfolio that people write: projects
    that can be in no plan are set to never, and where the decisions contradict each other
    there is no plan; the second part is then the proof in words, else empty.

    Raises
    ------
    InvalidInput
        Other errors are found.
    """
    while True:
        errors = [f for f in check(portfolio) if f.severity is Severity.ERROR]
        if not errors:
            return portfolio, ""
        proof = next((f.message for f in errors if f.rule in PROOFS), "")
        if proof:
            return portfolio, proof
        gone = {f.path.split("/")[1] for f in errors if f.rule == IMPOSSIBLE}
        if not gone:
            raise InvalidInput(tuple(errors))
        for name in gone:
            never = {"decision": Decision.NEVER}
            portfolio = replaced(portfolio, portfolio.project_by_id[name].model_copy(update=never))


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
