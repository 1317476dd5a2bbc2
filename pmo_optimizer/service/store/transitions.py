"""Changes of a run's state, each one UPDATE that checks what it changes, and its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update

from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.errors import Conflict, Fenced, NotFound
from pmo_optimizer.service.store.part import make, owned
from pmo_optimizer.service.store.records import (
    ACTIVE,
    Failure,
    FailureCode,
    RunRecord,
    RunState,
    RunStatus,
    RunSummary,
)

_RUNS = tables.runs
_PLANS = tables.plans

_HEAVY = frozenset(field.name for field in fields(RunRecord)) - frozenset(
    field.name for field in fields(RunSummary)
)

LIGHT = tuple(column for column in _RUNS.c if column.name not in _HEAVY)
"""Columns of the runs without the documents: what every query but that of one whole run reads."""

ACTIVE_STATES = tuple(sorted(state.value for state in ACTIVE))
"""States in which an attempt owns the run."""


def summary_of(row: Row[Any]) -> RunSummary:
    """Return the summary of a row of the runs, whole or light."""
    return make(RunSummary, row, _changes(row))


def status_of(row: Row[Any]) -> RunStatus:
    """Return the status of a row of the runs that has the parameters."""
    return make(RunStatus, row, _changes(row))


def run_of(row: Row[Any]) -> RunRecord:
    """Return the record of a whole row of the runs."""
    return make(RunRecord, row, _changes(row))


def whole_run(connection: Connection, run_id: str) -> RunRecord:
    """Return the record of a run that is there, with its documents."""
    return run_of(connection.execute(select(_RUNS).where(_RUNS.c.id == run_id)).one())


def _changes(row: Row[Any]) -> dict[str, object]:
    failure = row.failure
    return {
        "state": RunState(row.state),
        "failure": failure and Failure(code=FailureCode(failure["code"]), detail=failure["detail"]),
    }


def holds(run_id: str, attempt: int) -> ColumnElement[bool]:
    """Return the condition that an attempt owns a run: the fence of every write of a runner."""
    return (_RUNS.c.id == run_id) & (_RUNS.c.attempt == attempt) & _RUNS.c.state.in_(ACTIVE_STATES)


def fenced_update(
    connection: Connection, run_id: str, attempt: int, values: Mapping[str, Any]
) -> Row[Any]:
    """Change a run that an attempt owns, and return its row after the change.

    Raises
    ------
    Fenced
        The attempt does not own it.
    """
    query = update(_RUNS).where(holds(run_id, attempt)).values(**values).returning(*LIGHT)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise Fenced(run_id, attempt)
    return row


def change(
    connection: Connection, row: Row[Any], values: Mapping[str, Any], now: datetime
) -> Row[Any]:
    """Move a run from the state and attempt of a row to another state, with its event.

    Raises
    ------
    Fenced
        It is not in that state of that attempt any more.
    """
    query = (
        update(_RUNS)
        .where(_RUNS.c.id == row.id, _RUNS.c.attempt == row.attempt, _RUNS.c.state == row.state)
        .values(**values)
        .returning(*LIGHT)
    )
    after = connection.execute(query).one_or_none()
    if after is None:
        raise Fenced(row.id, row.attempt)
    state_event(connection, after, now)
    return after


def add_event(
    connection: Connection,
    run_id: str,
    attempt: int,
    type: str,
    data: Mapping[str, Any],
    now: datetime,
) -> int:
    """Append an event to a run and return its sequence number.

    The counter lies in the run's row, so that two writers cannot take the same number.
    """
    taken = connection.execute(
        update(_RUNS)
        .where(_RUNS.c.id == run_id)
        .values(last_event=_RUNS.c.last_event + 1)
        .returning(_RUNS.c.last_event, _RUNS.c.tenant)
    ).one()
    connection.execute(
        tables.run_events.insert().values(
            tenant=taken.tenant,
            run_id=run_id,
            seq=taken.last_event,
            attempt=attempt,
            at=now,
            type=type,
            data=dict(data),
        )
    )
    return int(taken.last_event)


def state_event(connection: Connection, row: Row[Any], now: datetime) -> int:
    """Append the event that tells the state of a run after a change."""
    run = summary_of(row)
    data: dict[str, Any] = {"state": run.state.value}
    if run.state.terminal:
        data |= {
            "status": run.status,
            "termination": run.termination,
            "objective": run.objective,
            "bound": run.bound,
            "gap": run.gap,
            "plan_id": run.plan_id,
            "failure": row.failure,
        }
    return add_event(connection, run.id, run.attempt, "state", data, now)


def lock_ended_plan(connection: Connection, tenant: str, plan_id: str) -> Row[Any]:
    """Return a tenant's plan and keep it, and its run, from changing in this transaction.

    Raises
    ------
    NotFound
        The tenant has no such plan.
    Conflict
        Its run has not ended (``not_ended``), so that the plan may still be replaced.
    """
    found = owned(connection, _PLANS, "plan", tenant, plan_id)
    # The run first, as everywhere: two that lock in different orders would wait for each other.
    query = (
        select(_RUNS.c.state)
        .where(_RUNS.c.tenant == tenant, _RUNS.c.id == found.run_id)
        .with_for_update()
    )
    run = connection.execute(query).one_or_none()
    if run is None:
        raise NotFound("plan", plan_id)
    plan = owned(connection, _PLANS, "plan", tenant, plan_id, lock=True)
    if not RunState(run.state).terminal:
        raise Conflict("not_ended", "the run of this plan has not ended, so it may be replaced")
    return plan


def kept_plan(connection: Connection, run_id: str) -> Row[Any] | None:
    """Return the last plan that a run stored, or None."""
    return connection.execute(
        select(*(column for column in _PLANS.c if column.name != "document"))
        .where(_PLANS.c.run_id == run_id)
        .order_by(_PLANS.c.attempt.desc(), _PLANS.c.created.desc(), _PLANS.c.id.desc())
        .limit(1)
    ).one_or_none()


def end_with_kept(
    connection: Connection, row: Row[Any], values: Mapping[str, Any], now: datetime
) -> Row[Any]:
    """End a run without its runner; the last plan it stored becomes its plan."""
    plan = kept_plan(connection, row.id)
    ending: dict[str, Any] = {"completed": now, "heartbeat": None, "deferred": None}
    if plan is not None:
        connection.execute(update(_PLANS).where(_PLANS.c.id == plan.id).values(final=True))
        ending |= {
            "plan_id": plan.id,
            "status": plan.status,
            "objective": plan.objective,
            "bound": plan.bound,
            "gap": plan.gap,
        }
    return change(connection, row, ending | dict(values), now)


def end_stopped(connection: Connection, row: Row[Any], now: datetime) -> Row[Any]:
    """End a run that somebody stopped and that no runner will end.

    With a plan it has succeeded; without, it is cancelled.
    """
    found = kept_plan(connection, row.id) is not None
    state = RunState.SUCCEEDED if found else RunState.CANCELLED
    values = {"state": state.value, "termination": "stopped", "stop_requested": True}
    return end_with_kept(connection, row, values, now)


def end_failed(
    connection: Connection, row: Row[Any], failure: Failure, termination: str, now: datetime
) -> Row[Any]:
    """End a run that will not be tried again; it keeps its best plan if it has one."""
    values = {
        "state": RunState.FAILED.value,
        "termination": termination,
        "failure": failure_data(failure),
    }
    return end_with_kept(connection, row, values, now)


def queue_again(
    connection: Connection, row: Row[Any], now: datetime, *, counts: bool = True
) -> Row[Any]:
    """Put a run back into the queue, to start from the last plan it stored.

    Parameters
    ----------
    counts : bool, default True
        Whether the attempt is one of those that a run has.
    """
    plan = kept_plan(connection, row.id)
    values = {
        "state": RunState.QUEUED.value,
        "worker": None,
        "heartbeat": None,
        "deferred": None,
        "queued_at": now,
        "warm_plan_id": None if plan is None else plan.id,
    }
    if not counts:
        values["given_back"] = row.given_back + 1
    return change(connection, row, values, now)


def failure_data(failure: Failure) -> dict[str, str]:
    """Return a failure as it is stored."""
    return {"code": FailureCode(failure.code).value, "detail": failure.detail}
