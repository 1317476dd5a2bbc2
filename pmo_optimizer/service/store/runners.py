"""Runs as their runners see them: claim, beat, report, finish, requeue.

These methods take run ids across tenants, so nothing reaches them over HTTP. Each write is fenced:
it checks in one UPDATE that the attempt still owns the run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, select, update

from pmo_optimizer.service.ids import Prefix, new_id
from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.errors import Fenced, LimitReached
from pmo_optimizer.service.store.part import Part
from pmo_optimizer.service.store.records import (
    TERMINAL,
    Failure,
    FailureCode,
    PlanFacts,
    RunRecord,
    RunState,
    RunSummary,
)
from pmo_optimizer.service.store.transitions import (
    ACTIVE_STATES,
    LIGHT,
    add_event,
    change,
    end_failed,
    end_stopped,
    failure_data,
    fenced_update,
    holds,
    kept_plan,
    queue_again,
    state_event,
    summary_of,
    whole_run,
)

RETRY_RUNNING = 5.0
"""Seconds after which a tenant that runs as much as it may is worth another try."""

LOST = Failure(FailureCode.LOST, "its worker was lost, and so were those of the tries before")

TICK = timedelta(microseconds=1)

_RUNS = tables.runs
_PLANS = tables.plans


@dataclass(frozen=True, slots=True)
class FinalPlan:
    """A plan that an answer consists of; its id is made by the caller: see `Runners.finish`."""

    id: str
    document: str
    facts: PlanFacts


class Runners(Part):
    """Runs as their runners see them."""

    def claim(self, worker: str, running_limit_per_tenant: int) -> RunRecord | None:
        """Take the oldest run in the queue whose tenant may run one more.

        Parameters
        ----------
        worker : str
            Who takes it.
        running_limit_per_tenant : int
            Runs of one tenant that may be starting, running or stopping.

        Returns
        -------
        RunRecord or None
            State starting, attempt one more than before; None where there is nothing to do.
        """
        full: set[str] = set()
        with self._write() as connection:
            while True:
                row = connection.execute(_oldest(full)).one_or_none()
                if row is None:
                    return None
                if not self._has_room(connection, row.tenant, running_limit_per_tenant):
                    full.add(row.tenant)
                    continue
                self._take(connection, row, worker)
                return whole_run(connection, row.id)

    def claim_run(
        self, run_id: str, attempt: int, worker: str, running_limit_per_tenant: int | None = None
    ) -> RunRecord:
        """Take the run that a job names.

        Parameters
        ----------
        run_id : str
            The run.
        attempt : int
            The run's attempt when the job was made, so one less than it will be.
        worker : str
            Who takes it.
        running_limit_per_tenant : int, optional
            As for `claim`.

        Returns
        -------
        RunRecord
            State starting, attempt one more than before.

        Raises
        ------
        Fenced
            The run is gone, or was taken, ended or tried again since: the job is old.
        LimitReached
            The tenant runs as much as it may (``running``): try the job later.
        """
        query = select(*LIGHT).where(
            _RUNS.c.id == run_id,
            _RUNS.c.attempt == attempt,
            _RUNS.c.state == RunState.QUEUED.value,
        )
        with self._write() as connection:
            row = connection.execute(query.with_for_update()).one_or_none()
            if row is None:
                raise Fenced(run_id, attempt)
            limit = running_limit_per_tenant
            if limit is not None and not self._has_room(connection, row.tenant, limit):
                raise LimitReached("running", RETRY_RUNNING)
            self._take(connection, row, worker)
            return whole_run(connection, run_id)

    def _has_room(self, connection: Connection, tenant: str, limit: int) -> bool:
        # Claims follow each other: two that count at once would both see room. One lock for all
        # tenants, since claims look at several and would wait for each other in a circle.
        self._database.lock(connection, "running")
        running = connection.scalar(
            select(func.count())
            .select_from(_RUNS)
            .where(_RUNS.c.tenant == tenant, _RUNS.c.state.in_(ACTIVE_STATES))
        )
        return (running or 0) < limit

    def _take(self, connection: Connection, row: Row[Any], worker: str) -> Row[Any]:
        now = self._now(connection)
        values = {
            "state": RunState.STARTING.value,
            "attempt": row.attempt + 1,
            "worker": worker,
            "heartbeat": now,
        }
        return change(connection, row, values, now)

    def started(self, run_id: str, attempt: int) -> bool:
        """Say that the work began; return whether a stop was requested meanwhile.

        Raises
        ------
        Fenced
            The attempt does not own the run.
        """
        with self._write() as connection:
            now = self._now(connection)
            row = fenced_update(connection, run_id, attempt, {"heartbeat": now})
            values: dict[str, Any] = {"started": now if row.started is None else row.started}
            if row.state == RunState.STARTING.value:
                change(connection, row, values | {"state": RunState.RUNNING.value}, now)
            else:
                fenced_update(connection, run_id, attempt, values)
            return bool(row.stop_requested)

    def heartbeat(self, run_id: str, attempt: int) -> bool:
        """Say that the runner lives; return whether a stop was requested.

        Raises
        ------
        Fenced
            The attempt does not own the run: it was given to another, or deleted.
        """
        with self._write() as connection:
            row = connection.execute(
                update(_RUNS)
                .where(holds(run_id, attempt))
                .values(heartbeat=self._now(connection))
                .returning(_RUNS.c.stop_requested)
            ).one_or_none()
        if row is None:
            raise Fenced(run_id, attempt)
        return bool(row.stop_requested)

    def progress(
        self,
        run_id: str,
        attempt: int,
        type: str,
        data: Mapping[str, Any],
        *,
        objective: float | None = None,
        bound: float | None = None,
        gap: float | None = None,
        solves_done: int | None = None,
        solves_total: int | None = None,
    ) -> int:
        """Append an event, and note the figures that are given; it counts as a heartbeat.

        Parameters
        ----------
        type : str
            Kind of event: ``progress``, ``log``, ...; ``state`` is the store's own.
        data : mapping
            JSON values; NaN and infinities become null.
        objective, bound, gap, solves_done, solves_total
            Figures of the run; None leaves one as it is.

        Returns
        -------
        int
            Sequence number of the event.

        Raises
        ------
        Fenced
            The attempt does not own the run.
        """
        figures = {
            "objective": objective,
            "bound": bound,
            "gap": gap,
            "solves_done": solves_done,
            "solves_total": solves_total,
        }
        given = {name: value for name, value in figures.items() if value is not None}
        with self._write() as connection:
            now = self._now(connection)
            fenced_update(connection, run_id, attempt, given | {"heartbeat": now})
            return add_event(connection, run_id, attempt, type, data, now)

    def keep_plan(
        self,
        run_id: str,
        attempt: int,
        plan_json: str,
        facts: PlanFacts,
        *,
        final: bool = False,
        id: str | None = None,
    ) -> str:
        """Store a plan of a run.

        Parameters
        ----------
        plan_json : str
            The plan, as JSON text.
        facts : PlanFacts
            What must be known of it.
        final : bool, default False
            A plan that is not final is the best so far: it replaces the one before unless it is
            worse. A final one is an answer, of which a study may have several; the best so far
            and what earlier attempts left go.
        id : str, optional
            Id of the plan, from `new_id`, for who may have to try again without knowing whether
            the first try was done: a plan that is there already is not stored again.

        Returns
        -------
        str
            Id of the plan that is kept: the one before, where that is better.

        Raises
        ------
        Fenced
            The attempt does not own the run.
        """
        id = new_id(Prefix.PLAN) if id is None else id
        with self._write() as connection:
            now = self._now(connection)
            run = fenced_update(connection, run_id, attempt, {"heartbeat": now})
            if _stored(connection, run_id, id):
                return id
            before = kept_plan(connection, run_id)
            if before is not None and not final:
                if before.final and before.attempt == attempt:
                    return str(before.id)
                if _worse(facts, before.objective):
                    return str(before.id)
            old = _PLANS.c.run_id == run_id
            if final:
                old &= (_PLANS.c.attempt < attempt) | _PLANS.c.final.is_(False)
            connection.execute(delete(_PLANS).where(old))
            _insert(connection, run, FinalPlan(id, plan_json, facts), now, final=final)
            values = {"plan_id": id, "warm_plan_id": None}
            fenced_update(connection, run_id, attempt, values)
        return id

    def finish(
        self,
        run_id: str,
        attempt: int,
        state: RunState,
        *,
        status: str | None = None,
        termination: str | None = None,
        objective: float | None = None,
        bound: float | None = None,
        gap: float | None = None,
        result: str | None = None,
        failure: Failure | None = None,
        plan_id: str | None = None,
        plans: Sequence[FinalPlan] = (),
    ) -> RunRecord:
        """End a run, with the plans of its answer, all in one transaction.

        Parameters
        ----------
        state : RunState
            A terminal state.
        status, termination, objective, bound, gap
            Those of the plan. Figures that are None stay as the last progress left them.
        result : str, optional
            JSON text of a study's answer.
        failure : Failure, optional
            Why it failed.
        plan_id : str, optional
            The run's plan; by default the first of `plans`, or else the one it kept last, which
            becomes final.
        plans : sequence of FinalPlan, optional
            The answer, of which a study may have several plans; what was kept before goes.

        Raises
        ------
        Fenced
            The attempt does not own the run, or the run has ended.
        ValueError
            The state is not terminal, or a failure is missing or out of place.
        """
        state = RunState(state)
        if state not in TERMINAL:
            raise ValueError(f"{state} does not end a run")
        if (failure is not None) != (state is RunState.FAILED):
            raise ValueError("a failed run, and no other, has a failure")
        figures = {"objective": objective, "bound": bound, "gap": gap}
        with self._write() as connection:
            now = self._now(connection)
            run = fenced_update(connection, run_id, attempt, {"heartbeat": None})
            if plans:
                connection.execute(delete(_PLANS).where(_PLANS.c.run_id == run_id))
            for number, plan in enumerate(plans):
                # Plans are listed by time, and these keep the order that they are given in.
                _insert(connection, run, plan, now + number * TICK, final=True)
            if plan_id is None:
                plan_id = plans[0].id if plans else run.plan_id
            if plan_id is not None:
                own = (_PLANS.c.id == plan_id) & (_PLANS.c.run_id == run_id)
                connection.execute(update(_PLANS).where(own).values(final=True))
            values: dict[str, Any] = {
                "state": state.value,
                "status": status,
                "termination": termination,
                "result": result,
                "failure": None if failure is None else failure_data(failure),
                "plan_id": plan_id,
                "completed": now,
            }
            values |= {name: value for name, value in figures.items() if value is not None}
            row = fenced_update(connection, run_id, attempt, values)
            state_event(connection, row, now)
            return whole_run(connection, run_id)

    def retry(self, run_id: str, attempt: int, max_attempts: int, failure: Failure) -> RunRecord:
        """Give a run back whose solve broke: to the queue, or to its end.

        It is tried again with its last stored plan, unless the attempts are used up (then it has
        failed with this failure) or somebody asked it to stop (then it ends as stopped).

        Raises
        ------
        Fenced
            The attempt does not own the run.
        """
        with self._write() as connection:
            now = self._now(connection)
            row = fenced_update(connection, run_id, attempt, {"heartbeat": now})
            _again(connection, row, max_attempts, failure, now)
            return whole_run(connection, run_id)

    def give_back(self, run_id: str, attempt: int) -> RunRecord:
        """Put a run back into the queue because its runner ends in good order.

        The attempt does not count. Where somebody asked it to stop, it ends as stopped.

        Raises
        ------
        Fenced
            The attempt does not own the run.
        """
        with self._write() as connection:
            now = self._now(connection)
            row = fenced_update(connection, run_id, attempt, {"heartbeat": now})
            if row.stop_requested:
                end_stopped(connection, row, now)
            else:
                queue_again(connection, row, now, counts=False)
            return whole_run(connection, run_id)

    def active(self) -> list[RunSummary]:
        """Return the runs that a runner holds, oldest first."""
        query = select(*LIGHT).where(_RUNS.c.state.in_(ACTIVE_STATES))
        with self._read() as connection:
            rows = connection.execute(query.order_by(_RUNS.c.created, _RUNS.c.id))
            return [summary_of(row) for row in rows]

    def requeue_stale(
        self, older_than: float | None, max_attempts: int, *, spare: Collection[str] = ()
    ) -> list[str]:
        """Take runs from runners that do not beat any more.

        Each goes back to the queue, to start from its last stored plan; where the attempts are
        used up it has failed as lost; where a stop was requested it ends as stopped.

        Parameters
        ----------
        older_than : float or None
            Seconds since the last heartbeat; None takes runs whatever their heartbeat.
        max_attempts : int
            How often a run is tried.
        spare : collection of str, optional
            Ids of runs that are not taken: whoever sweeps knows that their runners live.

        Returns
        -------
        list of str
            Ids of the runs that were taken, oldest first.
        """
        taken = []
        with self._write() as connection:
            now = self._now(connection)
            lost: ColumnElement[bool] = _RUNS.c.state.in_(ACTIVE_STATES)
            if older_than is not None:
                lost &= _RUNS.c.heartbeat < now - timedelta(seconds=older_than)
            if spare:
                lost &= _RUNS.c.id.not_in(sorted(spare))
            stale = (
                select(*LIGHT)
                .where(lost)
                .order_by(_RUNS.c.created, _RUNS.c.id)
                .with_for_update(skip_locked=True)
            )
            for row in connection.execute(stale).all():
                _again(connection, row, max_attempts, LOST, now)
                taken.append(str(row.id))
        return taken

    def undeferred(
        self, older_than: float, limit: int = 100, *, again_after: float | None = None
    ) -> list[RunSummary]:
        """Return runs in the queue, oldest first, for which no job was noted.

        Parameters
        ----------
        older_than : float
            Seconds since the run was created; spares those whose job is just being made.
        again_after : float, optional
            Seconds after which a job that was noted, and has not been begun, may be lost: such
            runs are among them too.
        """
        with self._read() as connection:
            now = self._now(connection)
            before = now - timedelta(seconds=older_than)
            open_: ColumnElement[bool] = _RUNS.c.deferred.is_(None)
            if again_after is not None:
                open_ |= _RUNS.c.deferred < now - timedelta(seconds=again_after)
            query = _waiting().where(open_, _RUNS.c.created <= before)
            return [summary_of(row) for row in connection.execute(query.limit(limit))]

    def mark_deferred(self, run_id: str, attempt: int, *, deferred: bool = True) -> bool:
        """Note that a job for a run in the queue was made, or (False) that it was lost.

        Returns
        -------
        bool
            Whether the run still waits at this attempt; if not, nothing was noted.
        """
        with self._write() as connection:
            noted = connection.execute(
                update(_RUNS)
                .where(
                    _RUNS.c.id == run_id,
                    _RUNS.c.attempt == attempt,
                    _RUNS.c.state == RunState.QUEUED.value,
                )
                .values(deferred=self._now(connection) if deferred else None)
            )
            return noted.rowcount == 1

    def expire_queued(self, older_than: float) -> list[str]:
        """Fail runs that waited too long in the queue; return their ids.

        Parameters
        ----------
        older_than : float
            Seconds since the run was put into the queue last.
        """
        ended = []
        with self._write() as connection:
            now = self._now(connection)
            since = func.coalesce(_RUNS.c.queued_at, _RUNS.c.created, type_=_RUNS.c.created.type)
            before = since < now - timedelta(seconds=older_than)
            query = _waiting().where(before).with_for_update(skip_locked=True)
            for row in connection.execute(query).all():
                failure = Failure(FailureCode.QUEUE_TIMEOUT, "it waited too long in the queue")
                end_failed(connection, row, failure, "time_limit", now)
                ended.append(str(row.id))
        return ended


def _waiting() -> Select[Any]:
    return (
        select(*LIGHT)
        .where(_RUNS.c.state == RunState.QUEUED.value)
        .order_by(_RUNS.c.created, _RUNS.c.id)
    )


def _oldest(full: set[str]) -> Select[Any]:
    """Return the query of the oldest waiting run of tenants that are not known to be full."""
    query = _waiting()
    if full:
        others: ColumnElement[bool] = _RUNS.c.tenant.not_in(sorted(full))
        query = query.where(others)
    return query.limit(1).with_for_update(skip_locked=True)


def _again(
    connection: Connection, row: Row[Any], max_attempts: int, failure: Failure, now: datetime
) -> Row[Any]:
    if row.stop_requested:
        return end_stopped(connection, row, now)
    if row.attempt - row.given_back >= max_attempts:
        return end_failed(connection, row, failure, "crash", now)
    return queue_again(connection, row, now)


def _stored(connection: Connection, run_id: str, id: str) -> bool:
    query = select(_PLANS.c.id).where(_PLANS.c.id == id, _PLANS.c.run_id == run_id)
    return connection.scalar(query) is not None


def _insert(
    connection: Connection, run: Row[Any], plan: FinalPlan, now: datetime, *, final: bool
) -> None:
    """Store a plan of a run that the attempt in its row owns."""
    facts = plan.facts
    connection.execute(
        _PLANS.insert().values(
            id=plan.id,
            tenant=run.tenant,
            run_id=run.id,
            attempt=run.attempt,
            portfolio_id=run.portfolio_id,
            revision=run.revision,
            digest=facts.digest,
            document=plan.document,
            status=facts.status,
            objective=facts.objective,
            bound=facts.bound,
            gap=facts.gap,
            final=final,
            created=now,
        )
    )


def _worse(facts: PlanFacts, before: float | None) -> bool:
    if before is None or facts.objective is None:
        return before is not None
    if facts.maximise:
        return facts.objective < before
    return facts.objective > before
