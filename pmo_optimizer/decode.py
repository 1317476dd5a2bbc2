"""Raw decisions -> plan, and plan -> decisions for a start: ids and exact decimals again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal, localcontext
from fractions import Fraction

from pmo_optimizer.backend import Decisions, Outcome, PhaseDecision, Share
from pmo_optimizer.model import (
    Allocation,
    FundSplit,
    HireOrder,
    PhasePlan,
    Plan,
    Portfolio,
    ProjectPlan,
    State,
    SupplierKind,
)
from pmo_optimizer.problem import Problem, ProjectData

NOTHING = Fraction(0)

DIGITS = 60
"""Precision of decimal divisions; more than any exact share or amount has."""


def decimal(value: Fraction) -> Decimal:
    """Return a fraction with a power of ten below it as an exact decimal."""
    return decimals([value])[0]


def decimals(values: Iterable[Fraction]) -> tuple[Decimal, ...]:
    """Return fractions with powers of ten below them as exact decimals."""
    with localcontext() as context:
        context.prec = DIGITS
        return tuple(Decimal(v.numerator) / Decimal(v.denominator) for v in values)


def projects_of(
    portfolio: Portfolio, problem: Problem, decisions: Decisions
) -> tuple[ProjectPlan, ...]:
    """Return the plan of every project, done ones included, sorted by id."""
    done = [
        ProjectPlan(project=p.id, selected=True)
        for p in portfolio.projects
        if p.state is State.DONE
    ]
    plans = [_project(project, decisions) for project in problem.projects]
    return tuple(sorted((*done, *plans), key=lambda p: p.project))


def _project(project: ProjectData, decisions: Decisions) -> ProjectPlan:
    if not decisions.selected[project.index]:
        return ProjectPlan(project=project.id, selected=False)
    if not project.phases:
        first = project.first_start
        return ProjectPlan(project=project.id, selected=True, start=first, finish=first)
    phases = tuple(
        PhasePlan(
            phase=phase.id,
            mode=phase.modes[decision.mode].id,
            start=decision.start,
            end=decision.start + phase.modes[decision.mode].duration,
        )
        for phase, decision in zip(project.phases, decisions.phases[project.index], strict=True)
    )
    return ProjectPlan(
        project=project.id,
        selected=True,
        start=min(p.start for p in phases),
        finish=max(p.end for p in phases),
        phases=phases,
    )


def allocations_of(problem: Problem, shares: tuple[Share, ...]) -> tuple[Allocation, ...]:
    """Return the shares as one run of periods per supplier and need."""
    runs: dict[tuple[SupplierKind, str, int, int, str], dict[int, Fraction]] = defaultdict(dict)
    for share in shares:
        key = (share.kind, share.supplier, share.project, share.phase, share.need)
        run = runs[key]
        known = run.get(share.period)
        run[share.period] = share.fte if known is None else known + share.fte
    out = []
    for (kind, supplier, project, phase, need), run in sorted(runs.items()):
        first, last = min(run), max(run)
        data = problem.projects[project]
        out.append(
            Allocation(
                kind=kind,
                supplier=supplier,
                project=data.id,
                phase=data.phases[phase].id,
                need=need,
                start=first,
                shares=decimals(run.get(t, NOTHING) for t in range(first, last + 1)),
            )
        )
    return tuple(out)


def plan_parts(portfolio: Portfolio, problem: Problem, outcome: Outcome) -> Plan:
    """Return a plan with decisions and certificate; figures and proof are added by the caller."""
    plan = Plan(
        portfolio=portfolio.name,
        digest=problem.digest,
        status=outcome.status,
        termination=outcome.termination,
        message=outcome.message,
    )
    if outcome.decisions is None:
        return plan
    decisions, certificate = outcome.decisions, outcome.certificate
    return plan.model_copy(
        update={
            "projects": projects_of(portfolio, problem, decisions),
            "allocations": allocations_of(problem, certificate.shares),
            "hires": tuple(
                HireOrder(hire=problem.hires[hire].id, period=period, heads=heads)
                for hire, period, heads in decisions.heads
            ),
            "fund_splits": tuple(
                FundSplit(
                    line=split.line,
                    fund=problem.funds[split.fund].id,
                    period=split.period,
                    amount=decimal(Fraction(split.amount, problem.money_scale)),
                )
                for split in certificate.splits
            ),
        }
    )


def start_of(problem: Problem, plan: Plan | None) -> Decisions | None:
    """Return a plan's decisions as far as they mean something for this problem.

    Projects, phases or modes that the problem does not know are left out; nothing is checked.
    """
    if plan is None or not plan.projects:
        return None
    by_id = {p.project: p for p in plan.projects}
    selected: list[bool] = []
    phases: list[tuple[PhaseDecision, ...]] = []
    for project in problem.projects:
        placed = _placed(project, by_id.get(project.id))
        selected.append(placed is not None)
        phases.append(placed or ())
    hires = {hire.id: i for i, hire in enumerate(problem.hires)}
    heads = (
        (hires[order.hire], order.period, order.heads)
        for order in plan.hires
        if order.hire in hires
    )
    return Decisions(tuple(selected), tuple(phases), tuple(sorted(heads)))


def _placed(project: ProjectData, plan: ProjectPlan | None) -> tuple[PhaseDecision, ...] | None:
    """Return a project's phases as indices, or None where it is out or does not fit."""
    if plan is None or not plan.selected:
        return None
    known = {p.phase: p for p in plan.phases}
    out = []
    for phase in project.phases:
        place = known.get(phase.id)
        modes = {mode.id: i for i, mode in enumerate(phase.modes)}
        if place is None or place.mode not in modes:
            return None
        out.append(PhaseDecision(modes[place.mode], place.start))
    return tuple(out)


def shares_of(problem: Problem, plan: Plan | None) -> tuple[Share, ...]:
    """Return a plan's allocations as far as its projects and phases are known here."""
    if plan is None:
        return ()
    phases = {
        (project.id, phase.id): (project.index, number)
        for project in problem.projects
        for number, phase in enumerate(project.phases)
    }
    shares = []
    for item in plan.allocations:
        place = phases.get((item.project, item.phase))
        if place is None:
            continue
        shares += [
            Share(item.kind, item.supplier, *place, item.need, period, Fraction(share))
            for period, share in enumerate(item.shares, item.start)
            if share > 0
        ]
    return tuple(shares)
