"""Runs as their tenants see them: create, list, watch, stop, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select

from pmo_optimizer.service.ids import Prefix, new_id
from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.decisions import pinning
from pmo_optimizer.service.store.errors import Conflict, LimitReached, NotFound
from pmo_optimizer.service.store.part import Part, make, named, owned, page
from pmo_optimizer.service.store.portfolios import MOST_REVISIONS
from pmo_optimizer.service.store.records import (
    ACTIVE,
    Audited,
    EventRecord,
    Once,
    Page,
    RunRecord,
    RunState,
    RunStatus,
    RunSummary,
)
from pmo_optimizer.service.store.transitions import (
    LIGHT,
    add_event,
    change,
    end_stopped,
    lock_ended_plan,
    run_of,
    status_of,
    summary_of,
)

RETRY_QUEUED = 30.0
"""Seconds after which a full queue is worth another try."""

MOST_EVENTS = 1000
"""Events that one call returns at most."""

_RUNS = tables.runs


class Runs(Part):
    """Runs as their tenants see them."""

    def create_run(
        self,
        tenant: str,
        kind: str,
        portfolio_id: str,
        revision: int,
        *,
        parameters: Mapping[str, Any],
        digest: str,
        queued_limit: int,
        scenario_id: str | None = None,
        scenario_document: str | None = None,
        start_plan_id: str | None = None,
        once: Once[RunRecord] | None = None,
        audited: Audited | None = None,
    ) -> RunRecord:
        """Put a run in the queue.

        Parameters
        ----------
        tenant : str
            Whose it is.
        kind : str
            ``solve`` or the name of a study.
        portfolio_id, revision
            What is planned.
        parameters : mapping
            Parameters of the kind, as JSON values.
        digest : str
            Digest of the portfolio with the scenario applied.
        queued_limit : int
            Runs that the tenant may have in the queue.
        scenario_id, scenario_document : str, optional
            The scenario and its JSON text at this moment; a document alone is one that is not
            stored.
        start_plan_id : str, optional
            Plan to start from.
        once : Once, optional
            Do it once for an idempotency key.
        audited : Audited, optional
            Who does it, for the audit log.

        Returns
        -------
        RunRecord
            State queued, attempt 0.

        Raises
        ------
        NotFound
            The tenant has no such portfolio, revision, scenario or plan.
        Conflict
            The run of the plan to start from has not ended (``not_ended``).
        LimitReached
            The tenant's queue is full (``queued``).
        Replayed, KeyReused
            The idempotency key was used before.
        """
        id = new_id(Prefix.RUN)
        with self._write() as connection:
            now = self._now(connection)
            self._seen(connection, tenant, once, now)
            self._database.lock(connection, "queue", tenant)
            portfolio = owned(
                connection, tables.portfolios, "portfolio", tenant, portfolio_id, lock=True
            )
            if portfolio.deleted is not None or not 0 < revision <= portfolio.revision:
                raise NotFound("portfolio", portfolio_id)
            if scenario_id is not None:
                scenarios = tables.scenarios
                scenario = owned(
                    connection,
                    scenarios,
                    "scenario",
                    tenant,
                    scenario_id,
                    columns=[scenarios.c.portfolio_id],
                )
                if scenario.portfolio_id != portfolio_id:
                    raise NotFound("scenario", scenario_id)
            if start_plan_id is not None:
                # Until the run is there, which then protects it, the lock keeps the plan.
                lock_ended_plan(connection, tenant, start_plan_id)
            queued = connection.scalar(
                select(func.count())
                .select_from(_RUNS)
                .where(_RUNS.c.tenant == tenant, _RUNS.c.state == RunState.QUEUED.value)
            )
            if (queued or 0) >= queued_limit:
                raise LimitReached("queued", RETRY_QUEUED)
            connection.execute(
                _RUNS.insert().values(
                    id=id,
                    tenant=tenant,
                    kind=kind,
                    state=RunState.QUEUED.value,
                    portfolio_id=portfolio_id,
                    revision=revision,
                    scenario_id=scenario_id,
                    scenario_document=scenario_document,
                    parameters=dict(parameters),
                    digest=digest,
                    attempt=0,
                    stop_requested=False,
                    start_plan_id=start_plan_id,
                    created=now,
                    last_event=0,
                )
            )
            add_event(connection, id, 0, "state", {"state": RunState.QUEUED.value}, now)
            record = run_of(owned(connection, _RUNS, "run", tenant, id))
            self._remember(connection, tenant, once, record, now)
            facts = {"kind": kind, "portfolio": portfolio_id, "digest": digest}
            self._audited(connection, tenant, audited, "run.create", id, facts)
        return record

    def runs(
        self,
        tenant: str,
        state: RunState | None = None,
        kind: str | None = None,
        portfolio_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[RunSummary]:
        """Return a page of the tenant's runs, newest first, that match every filter given.

        Raises
        ------
        BadCursor
            The cursor is not one of this list.
        """
        query = select(*LIGHT).where(_RUNS.c.tenant == tenant)
        if state is not None:
            query = query.where(_RUNS.c.state == RunState(state).value)
        if kind is not None:
            query = query.where(named(_RUNS.c.kind, kind))
        if portfolio_id is not None:
            query = query.where(named(_RUNS.c.portfolio_id, portfolio_id))
        with self._read() as connection:
            return page(connection, query, _RUNS, cursor, limit, summary_of)

    def run(self, tenant: str, id: str) -> RunRecord:
        """Return a run with its scenario and its result.

        Raises
        ------
        NotFound
            The tenant has no such run.
        """
        with self._read() as connection:
            return run_of(owned(connection, _RUNS, "run", tenant, id))

    def run_status(self, tenant: str, id: str) -> RunStatus:
        """Return a run without its scenario and its result: cheap to ask for often.

        Raises
        ------
        NotFound
            The tenant has no such run.
        """
        with self._read() as connection:
            columns = (*LIGHT, _RUNS.c.parameters)
            return status_of(owned(connection, _RUNS, "run", tenant, id, columns=columns))

    def events(
        self, tenant: str, run_id: str, after_seq: int = 0, limit: int = 100
    ) -> list[EventRecord]:
        """Return the events of a run after a sequence number, oldest first.

        Raises
        ------
        NotFound
            The tenant has no such run.
        """
        events = tables.run_events
        after = max(0, min(after_seq, MOST_REVISIONS))
        with self._read() as connection:
            owned(connection, _RUNS, "run", tenant, run_id, columns=[_RUNS.c.id])
            rows = connection.execute(
                select(events)
                .where(events.c.tenant == tenant, events.c.run_id == run_id, events.c.seq > after)
                .order_by(events.c.seq)
                .limit(max(1, min(limit, MOST_EVENTS)))
            ).all()
        return [make(EventRecord, row) for row in rows]

    def request_stop(self, tenant: str, id: str, *, audited: Audited | None = None) -> RunRecord:
        """Ask a run to end now and keep its best plan.

        A run in the queue ends at once: cancelled, or succeeded where an earlier attempt left a
        plan. One that has ended or is stopping stays as it is.

        Raises
        ------
        NotFound
            The tenant has no such run.
        """
        with self._write() as connection:
            row = owned(connection, _RUNS, "run", tenant, id, lock=True, columns=LIGHT)
            state = RunState(row.state)
            if state is RunState.QUEUED:
                end_stopped(connection, row, self._now(connection))
            elif state in {RunState.STARTING, RunState.RUNNING}:
                stopping = {"state": RunState.STOPPING.value, "stop_requested": True}
                change(connection, row, stopping, self._now(connection))
            else:
                return run_of(owned(connection, _RUNS, "run", tenant, id))
            record = run_of(owned(connection, _RUNS, "run", tenant, id))
            self._audited(connection, tenant, audited, "run.stop", id)
        return record

    def delete_run(self, tenant: str, id: str, *, audited: Audited | None = None) -> None:
        """Delete a run with its events and plans.

        Where it runs, its runner is fenced off and drops the work.

        Raises
        ------
        NotFound
            The tenant has no such run.
        Conflict
            A decision pins a plan of it (``pinned``), or a run that has not ended starts from one
            (``in_use``).
        """
        plans, events = tables.plans, tables.run_events
        with self._write() as connection:
            owned(connection, _RUNS, "run", tenant, id, lock=True, columns=[_RUNS.c.id])
            # Whoever wants to point to one of these plans waits for these locks.
            own = [
                row.id
                for row in connection.execute(
                    select(plans.c.id)
                    .where(plans.c.tenant == tenant, plans.c.run_id == id)
                    .with_for_update()
                )
            ]
            if pinning(connection, tenant, own):
                raise Conflict("pinned", "a decision pins a plan of this run")
            waiting = [RunState.QUEUED.value, *(state.value for state in ACTIVE)]
            used = select(_RUNS.c.id).where(
                _RUNS.c.tenant == tenant,
                _RUNS.c.start_plan_id.in_(own),
                _RUNS.c.state.in_(waiting),
                _RUNS.c.id != id,
            )
            if connection.execute(used.limit(1)).all():
                raise Conflict("in_use", "a run that has not ended starts from a plan of this run")
            for table in (plans, events):
                of_run = (table.c.tenant == tenant) & (table.c.run_id == id)
                connection.execute(delete(table).where(of_run))
            connection.execute(delete(_RUNS).where(_RUNS.c.tenant == tenant, _RUNS.c.id == id))
            self._audited(connection, tenant, audited, "run.delete", id)

    def metrics(self) -> dict[RunState, int]:
        """Return how many runs of all tenants are in each state."""
        query = select(_RUNS.c.state, func.count().label("amount")).group_by(_RUNS.c.state)
        with self._read() as connection:
            found = {row.state: row.amount for row in connection.execute(query)}
        return {state: found.get(state.value, 0) for state in RunState}
