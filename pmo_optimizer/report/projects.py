"""Which projects are in, when and at what cost, and which are out."""

from __future__ import annotations

from decimal import Decimal

from rich.console import RenderableType

from pmo_optimizer.model import (
    CostLine,
    Decision,
    Mode,
    PhasePlan,
    Plan,
    Portfolio,
    Project,
    ProjectKpi,
    ProjectPlan,
    State,
)
from pmo_optimizer.report.tables import section
from pmo_optimizer.report.words import (
    ABSENT,
    amount,
    first_day,
    last_day,
    score,
    title_of,
)


def selected(portfolio: Portfolio, plan: Plan, limit: int | None) -> list[RenderableType]:
    """Return the selected projects by start: dates, modes, cost, value, score and remarks."""
    kpis = {kpi.project: kpi for kpi in plan.kpis.projects}
    chosen = sorted(
        (p for p in plan.projects if p.selected),
        key=lambda p: (p.start is None, p.start or 0, p.project),
    )
    columns = [
        ("project", "name"),
        ("first day", "text"),
        ("last day", "text"),
        ("mode", "name"),
        (f"cost {portfolio.currency}", "number"),
        ("value", "number"),
        ("score", "number"),
        ("", "text"),
    ]
    rows = [_selected_row(portfolio, entry, kpis.get(entry.project)) for entry in chosen]
    return section(f"Selected projects ({len(rows)})", columns, rows, limit, "selected projects")


def _selected_row(
    portfolio: Portfolio, entry: ProjectPlan, kpi: ProjectKpi | None
) -> tuple[str, ...]:
    return (
        title_of(portfolio, entry.project),
        first_day(portfolio.calendar, entry.start),
        last_day(portfolio.calendar, entry.start, entry.finish),
        modes_text(portfolio.project_by_id.get(entry.project), entry.phases),
        amount(kpi.cost if kpi else None),
        score(kpi.value if kpi else None),
        raw_score(portfolio, entry.project),
        remark(portfolio, entry),
    )


def modes_text(project: Project | None, phases: tuple[PhasePlan, ...]) -> str:
    """Return the modes that were chosen, in order and each once; a dash where none had a choice."""
    choices = {p.id for p in project.phases if len(p.modes) > 1} if project else set()
    return ", ".join(dict.fromkeys(p.mode for p in phases if p.phase in choices)) or ABSENT


def raw_score(portfolio: Portfolio, project: str) -> str:
    """Return the strategic value, neither discounted nor adjusted for risk."""
    known = portfolio.project_by_id.get(project)
    return score(None if known is None else float(portfolio.raw_value(known)))


def remark(portfolio: Portfolio, entry: ProjectPlan) -> str:
    """Return what else a reader should know about a selected project."""
    project = portfolio.project_by_id.get(entry.project)
    if project is None:
        return "not in the portfolio"
    words = []
    if project.state is not State.PROPOSED:
        words.append(project.state.value)
    if project.decision is Decision.MUST:
        words.append("must")
    due = project.due_period(portfolio.calendar)
    if due is not None and entry.finish is not None and entry.finish > due:
        words.append(f"late by {entry.finish - due}")
    return ", ".join(words)


def rejected(portfolio: Portfolio, plan: Plan, limit: int | None) -> list[RenderableType]:
    """Return the projects that are not selected, best score first, with the least they cost."""
    out = [p.project for p in plan.projects if not p.selected]
    known = [portfolio.project_by_id[name] for name in out if name in portfolio.project_by_id]
    known.sort(key=lambda p: (-portfolio.raw_value(p), p.id))
    columns = [
        ("project", "name"),
        (f"least cost {portfolio.currency}", "number"),
        ("score", "number"),
        ("", "text"),
    ]
    rows = [
        (
            title_of(portfolio, project.id),
            amount(float(least_cost(portfolio, project))),
            raw_score(portfolio, project.id),
            _why_out(project),
        )
        for project in known
    ]
    return section(f"Rejected projects ({len(rows)})", columns, rows, limit, "rejected projects")


def _why_out(project: Project) -> str:
    stopped = project.state is State.RUNNING
    exit_cost = f"stopped, exit cost {amount(float(project.exit_cost))}" if stopped else ""
    never = "never" if project.decision is Decision.NEVER else ""
    return ", ".join(filter(None, (exit_cost, never)))


def least_cost(portfolio: Portfolio, project: Project) -> Decimal:
    """Return the cost of a project in its cheapest modes, undiscounted.

    Lines of the project that are paid per period are counted over its shortest duration
    without idle periods (a lower estimate where its links force waiting).
    """
    rates = {skill.id: skill.rate for skill in portfolio.skills}
    total = Decimal(0)
    shortest: list[int] = []
    for phase in project.phases:
        modes = project.allowed_modes(phase)
        total += min((_mode_cost(mode, rates) for mode in modes), default=Decimal(0))
        shortest.append(min((mode.duration for mode in modes), default=0))
    periods = sum(shortest) if not project.links else max(shortest, default=0)
    own = max(periods, 1) if not project.phases else periods
    return total + sum((_line_cost(line, own) for line in project.costs), Decimal(0))


def _mode_cost(mode: Mode, rates: dict[str, Decimal]) -> Decimal:
    lines = sum((_line_cost(line, mode.duration) for line in mode.costs), Decimal(0))
    charged = (need for need in mode.needs if need.charge_to is not None)
    charges = (
        rates.get(need.skill, Decimal(0)) * need.rate(offset)
        for need in charged
        if need.fte is not None or need.profile is not None
        for offset in range(mode.duration)
    )
    return lines + sum(charges, Decimal(0))


def _line_cost(line: CostLine, periods: int) -> Decimal:
    if line.per_period is not None:
        return line.per_period * periods
    if line.profile is not None:
        return sum(line.profile, Decimal(0))
    return line.lump or Decimal(0)
