"""Plans: read, checked by the referee, exported."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from pmo_optimizer import referee
from pmo_optimizer.formats.tables import safe_text
from pmo_optimizer.model import Calendar, Plan
from pmo_optimizer.service import examples, openapi
from pmo_optimizer.service.dependencies import Reader
from pmo_optimizer.service.planned import planned_portfolio
from pmo_optimizer.service.routes.shared import JSON
from pmo_optimizer.service.runs.messages import document
from pmo_optimizer.service.schemas import (
    CheckOut,
    PlanFull,
    PlanId,
    PlanOut,
    PlanPage,
    RunId,
    ViolationOut,
)
from pmo_optimizer.service.store.records import PlanRecord

router = APIRouter(prefix="/v1/plans", tags=["plans"])

Id = Annotated[PlanId, Path(examples=[examples.PLAN_ID])]


class Format(StrEnum):
    """In which form a plan is exported."""

    JSON = "json"
    CSV = "csv"


class Table(StrEnum):
    """What a CSV export holds: a row per phase, or a row per person, need and period."""

    SCHEDULE = "schedule"
    STAFFING = "staffing"


@router.get(
    "",
    operation_id="list_plans",
    summary="List the plans of a run",
    responses=openapi.problems(404, 422),
)
def index(caller: Reader, run_id: Annotated[RunId, Query(description="The run.")]) -> PlanPage:
    """List the plans of a run, oldest first."""
    return PlanPage(items=[PlanOut.of(plan) for plan in caller.store.plans(caller.tenant, run_id)])


@router.get(
    "/{plan_id}",
    operation_id="get_plan",
    summary="Read a plan",
    responses=openapi.problems(404),
)
def read(caller: Reader, plan_id: Id) -> PlanFull:
    """Read a plan with its document: decisions, certificate, proof and key figures."""
    return PlanFull.full(caller.store.plan(caller.tenant, plan_id))


@router.get(
    "/{plan_id}/check",
    operation_id="check_plan",
    summary="Have the referee check a plan",
    responses=openapi.problems(404, 422, 429),
)
def check(caller: Reader, plan_id: Id) -> CheckOut:
    """Compute a plan's figures again from portfolio and decisions, and compare its claims."""
    record = caller.store.plan(caller.tenant, plan_id)
    plan = plan_of(record)
    with caller.service.heavy.place():
        report = referee.check(planned_portfolio(caller.store, caller.tenant, record), plan)
    found = (*report.violations, *referee.disagreements(plan, report))
    return CheckOut(
        accepted=not found,
        violations=[ViolationOut.model_validate(violation) for violation in found],
        kpis=report.kpis.model_dump(mode="json"),
        fully_staffed=report.fully_staffed,
        unmet=[item.model_dump(mode="json") for item in report.unmet],
    )


@router.get(
    "/{plan_id}/export",
    operation_id="export_plan",
    summary="Export a plan",
    response_class=Response,
    responses={
        200: {
            "description": "The plan as a file.",
            "content": {
                JSON: {"schema": {"type": "object"}},
                "text/csv": {"schema": {"type": "string"}},
            },
            "headers": {"Content-Disposition": openapi.header("Name of the file.", "attachment")},
        },
        **openapi.problems(404, 422),
    },
)
def export(
    caller: Reader,
    plan_id: Id,
    form: Annotated[Format, Query(alias="format", description="Form of the file.")] = Format.JSON,
    table: Annotated[Table, Query(description="Of a CSV file.")] = Table.SCHEDULE,
) -> Response:
    """Export a plan: as JSON, which the command line reads, or a table of it as CSV.

    Texts that a spreadsheet would take for formulas begin with an apostrophe in CSV.
    """
    record = caller.store.plan(caller.tenant, plan_id)
    name = f"{plan_id}.json" if form is Format.JSON else f"{plan_id}-{table.value}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if form is Format.JSON:
        return Response(record.document, headers=headers, media_type=JSON)
    calendar = planned_portfolio(caller.store, caller.tenant, record).calendar
    plan = plan_of(record)
    rows = schedule(plan, calendar) if table is Table.SCHEDULE else staffing(plan, calendar)
    return Response(as_csv(rows), headers=headers, media_type="text/csv; charset=utf-8")


def plan_of(record: PlanRecord) -> Plan:
    """Return a stored plan."""
    return Plan.parse(document(record.document, "plan"))


def schedule(plan: Plan, calendar: Calendar) -> Iterable[Sequence[object]]:
    """Return the head and one row per phase; one per project without phases.

    Periods are 0-based and their end is exclusive, and so is the end date.
    """
    yield "project", "selected", "phase", "mode", "start", "end", "start_date", "end_date"
    for project in plan.projects:
        if not project.phases:
            yield project.project, project.selected, "", "", *_dates(project.start, calendar)
        for phase in project.phases:
            begin, end = phase.start, phase.end
            days = calendar.edge(begin), calendar.edge(end)
            yield project.project, True, phase.phase, phase.mode, begin, end, *days


def _dates(start: int | None, calendar: Calendar) -> tuple[object, ...]:
    if start is None:
        return "", "", "", ""
    return start, start, calendar.edge(start), calendar.edge(start)


def staffing(plan: Plan, calendar: Calendar) -> Iterable[Sequence[object]]:
    """Return the head and one row per supplier, need and period (0-based); shares are FTE."""
    yield "kind", "supplier", "project", "phase", "need", "period", "date", "share"
    for item in plan.allocations:
        for period, share in enumerate(item.shares, item.start):
            if share:
                who = item.kind.value, item.supplier, item.project, item.phase, item.need
                yield *who, period, calendar.edge(period), f"{share:f}"


def as_csv(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV (RFC 4180) in which no text is a formula."""
    out = io.StringIO()
    csv.writer(out).writerows([[_cell(value) for value in row] for row in rows])
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return safe_text(value) if isinstance(value, str) else value
