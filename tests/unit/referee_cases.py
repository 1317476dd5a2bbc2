"""Portfolios and plans by hand for the tests of the referee."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pmo_optimizer.model import (
    Allocation,
    FundSplit,
    HireOrder,
    PhasePlan,
    Plan,
    Portfolio,
    ProjectPlan,
    Status,
    SupplierKind,
    Termination,
)
from pmo_optimizer.referee import Code, check

YEAR = {"start": "2027-01-01", "periods": 12}
"""Twelve months of 2027."""

PEOPLE = {
    "skills": [{"id": "dev", "rate": 5}, {"id": "test"}],
    "people": [
        {"id": "ann", "skills": {"dev": 1}},
        {"id": "bob", "skills": {"dev": 0.5, "test": 1}},
    ],
}
"""One full developer, and one full tester who is half a developer."""

ANN = "class:dev@1"
BOB = "class:dev@0.5+test@1"


def portfolio(**parts: Any) -> Portfolio:
    """Return a portfolio of the given parts on the months of 2027."""
    return Portfolio.parse({"calendar": YEAR, **parts})


def phase(name: str, start: int, end: int, mode: str = "normal") -> PhasePlan:
    """Return a planned phase."""
    return PhasePlan(phase=name, mode=mode, start=start, end=end)


def chosen(project: str, *phases: PhasePlan) -> ProjectPlan:
    """Return a selected project with dates that fit its phases."""
    start, finish = min(p.start for p in phases), max(p.end for p in phases)
    return ProjectPlan(project=project, selected=True, start=start, finish=finish, phases=phases)


def one_phase(project: str, start: int, end: int) -> ProjectPlan:
    """Return a selected project whose only phase has no name of its own."""
    return chosen(project, phase("phase-1", start, end))


def yes(project: str, period: int = 0) -> ProjectPlan:
    """Return a selected project without phases, or a done one where the period is negative."""
    if period < 0:
        return ProjectPlan(project=project, selected=True)
    return ProjectPlan(project=project, selected=True, start=period, finish=period)


def no(project: str) -> ProjectPlan:
    """Return a project that is not selected."""
    return ProjectPlan(project=project, selected=False)


def work(
    supplier: str,
    need: str,
    start: int,
    *shares: str,
    kind: SupplierKind = SupplierKind.CLASS,
) -> Allocation:
    """Return an allocation; the need is written ``project/phase/need``."""
    project, phase_id, need_id = need.split("/")
    return Allocation.model_validate(
        {
            "kind": kind,
            "supplier": supplier,
            "project": project,
            "phase": phase_id,
            "need": need_id,
            "start": start,
            "shares": shares,
        }
    )


def split(line: str, fund: str, period: int, amount: str | int) -> FundSplit:
    """Return what a fund pays of a line in a period."""
    return FundSplit.model_validate(
        {"line": line, "fund": fund, "period": period, "amount": amount}
    )


def plan_of(
    subject: Portfolio,
    *projects: ProjectPlan,
    work: Sequence[Allocation] = (),
    hires: Sequence[HireOrder] = (),
    splits: Sequence[FundSplit] = (),
) -> Plan:
    """Return a plan with these decisions for a portfolio; projects not named are out."""
    named = {entry.project for entry in projects}
    rest = tuple(no(p.id) for p in subject.projects if p.id not in named)
    return Plan(
        digest=subject.digest(),
        status=Status.FEASIBLE,
        termination=Termination.TIME_LIMIT,
        projects=(*projects, *rest),
        allocations=tuple(work),
        hires=tuple(hires),
        fund_splits=tuple(splits),
    )


def faults(subject: Portfolio, plan: Plan) -> set[tuple[str, str]]:
    """Return rule and path of every violation that the referee finds."""
    return {(v.rule, v.path) for v in check(subject, plan).violations}


def planted(subject: Portfolio, good: Plan, bad: Plan, *expected: tuple[Code, str]) -> None:
    """Assert that the good plan is clean and the bad one shows exactly the expected faults."""
    assert faults(subject, good) == set()
    assert faults(subject, bad) == {(code.value, path) for code, path in expected}


def replaced(plan: Plan, *projects: ProjectPlan, **parts: object) -> Plan:
    """Return a plan with other decisions on some projects, or with other parts."""
    new = {entry.project: entry for entry in projects}
    entries = tuple(new.get(entry.project, entry) for entry in plan.projects)
    return plan.model_copy(update={"projects": entries, **parts})


def base() -> tuple[Portfolio, Plan]:
    """Return a portfolio with a bit of everything, and a plan without fault.

    A has two phases, the first in two modes; B is a pure yes or no; C is done; D is running;
    E is not selected. ``main`` pays anything, ``side`` only capex.
    """
    first = {
        "id": "a1",
        "modes": [
            {
                "id": "normal",
                "duration": 2,
                "needs": [{"skill": "dev", "fte": 0.5}],
                "costs": [{"category": "capex", "per_period": 4}],
            },
            {"id": "fast", "duration": 1, "needs": [{"id": "rush", "skill": "dev", "fte": 1}]},
        ],
    }
    second = {"id": "a2", "duration": 2, "needs": [{"skill": "test", "fte": 1}]}
    subject = portfolio(
        **PEOPLE,
        hires=[
            {
                "id": "temp",
                "skill": "dev",
                "max_heads": 2,
                "lead_time": 1,
                "term": 3,
                "cost_once": 4,
                "cost_per_period": 2,
                "latest_order": 5,
                "fund": "main",
            }
        ],
        funds=[
            {"id": "main", "amounts": {"total": 200}},
            {"id": "side", "amounts": {"total": 50}, "categories": ["capex"]},
        ],
        projects=[
            {"id": "A", "value": 3, "phases": [first, second]},
            {"id": "B", "value": 1, "costs": [{"lump": 10, "fund": "main"}]},
            {"id": "C", "value": 9, "state": "done"},
            {"id": "D", "value": 2, "state": "running", "phases": [{"id": "d1", "duration": 2}]},
            {"id": "E", "value": 1, "phases": [{"id": "e1", "duration": 1}]},
        ],
    )
    plan = plan_of(
        subject,
        chosen("A", phase("a1", 0, 2), phase("a2", 2, 4)),
        yes("B"),
        yes("C", -1),
        chosen("D", phase("d1", 0, 2)),
        work=[work(ANN, "A/a1/dev", 0, "0.5", "0.5"), work(BOB, "A/a2/test", 2, "1", "1")],
        splits=[
            split("A/a1/normal/costs/capex", "side", 0, 4),
            split("A/a1/normal/costs/capex", "side", 1, 4),
        ],
    )
    return subject, plan
