"""What the page of a plan says, as rows: decisions with reasons, and what is amiss."""

from __future__ import annotations

from dataclasses import dataclass

from pmo_optimizer.formats.answers import reasons
from pmo_optimizer.model import Plan, Portfolio, ProjectPlan, Status
from pmo_optimizer.report.header import broken
from pmo_optimizer.report.projects import least_cost, modes_text, remark
from pmo_optimizer.report.words import first_day, last_day
from pmo_optimizer.web.text import text


@dataclass(frozen=True)
class Decided:
    """One project and what the plan decides about it; money is in the portfolio's currency.

    Attributes
    ----------
    value
        Before risk and time, so that projects in and out of the plan can be compared.
    planned
        What it adds to the plan's value, after risk and time; None where it is not in.
    """

    id: str
    name: str
    selected: bool
    first: str
    last: str
    modes: str
    cost: float | None
    value: float | None
    planned: float | None
    remark: str
    reason: str


def decided(portfolio: Portfolio, plan: Plan) -> tuple[list[Decided], list[Decided]]:
    """Return what is in the plan, by start, and what is not, by value."""
    why = reasons(portfolio, plan, hints=False)
    kpis = {kpi.project: kpi for kpi in plan.kpis.projects}
    known = portfolio.project_by_id
    inside: list[Decided] = []
    outside: list[Decided] = []
    for entry in sorted(plan.projects, key=_order):
        project = known.get(entry.project)
        kpi = kpis.get(entry.project)
        cost = None if kpi is None else kpi.cost
        if project is not None and not entry.selected:
            cost = float(least_cost(portfolio, project))
        row = Decided(
            id=entry.project,
            name=entry.project if project is None else project.name or project.id,
            selected=entry.selected,
            first=first_day(portfolio.calendar, entry.start),
            last=last_day(portfolio.calendar, entry.start, entry.finish),
            modes=modes_text(project, entry.phases),
            cost=cost,
            value=None if project is None else float(portfolio.raw_value(project)),
            planned=kpi.value if kpi is not None and entry.selected else None,
            remark=remark(portfolio, entry) if entry.selected else "",
            reason=why[entry.project],
        )
        (inside if entry.selected else outside).append(row)
    outside.sort(key=lambda row: (-(row.value or 0.0), row.id))
    return inside, outside


def _order(entry: ProjectPlan) -> tuple[bool, int, str]:
    return entry.start is None, entry.start or 0, entry.project


def meaning(plan: Plan) -> str:
    """Return what the status says about the plan, in a sentence."""
    if plan.short:
        return text("plan.status.short")
    if plan.status is Status.FEASIBLE and plan.gap is None:
        return text("plan.status.feasible.nobound")
    return text(f"plan.status.{plan.status.value}")


def cost_of(plan: Plan) -> float:
    """Return what the selected projects cost, undiscounted."""
    return sum(kpi.cost for kpi in plan.kpis.projects)


def violation_rows(plan: Plan) -> list[tuple[str, str, str]]:
    """Return rule, place and message of each hard rule that the plan breaks."""
    return [(item.rule, item.path, item.message) for item in broken(plan)]


def breach_rows(plan: Plan) -> list[tuple[str, str, float, float]]:
    """Return limit, period, amount and what it takes off the first term."""
    return [
        (f"{item.kind} {item.id}", item.period, item.amount, item.penalty)
        for item in plan.kpis.breaches
    ]


def unmet_rows(portfolio: Portfolio, plan: Plan) -> list[tuple[str, str, str, float, str]]:
    """Return project, need, period, FTE and reason of each need that is left open."""
    calendar = portfolio.calendar
    return [
        (
            item.project,
            f"{item.phase}/{item.need}",
            text("plan.unmet.phase") if item.period is None else calendar.label(item.period),
            float(item.fte),
            item.message or item.reason.value.replace("_", " "),
        )
        for item in plan.unmet
    ]
