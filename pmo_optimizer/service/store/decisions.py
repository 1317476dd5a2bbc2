"""Decisions about plans: who moved which plan where, when, why, and on what grounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, select, update

from pmo_optimizer.service.ids import Prefix, new_id
from pmo_optimizer.service.store import tables
from pmo_optimizer.service.store.errors import Conflict
from pmo_optimizer.service.store.part import Part, make, named, owned, page
from pmo_optimizer.service.store.records import (
    Audited,
    DecisionEvent,
    DecisionRecord,
    DecisionState,
    DecisionSummary,
    Once,
    Page,
    Pins,
)
from pmo_optimizer.service.store.transitions import lock_ended_plan

MOVES: Mapping[DecisionState, frozenset[DecisionState]] = MappingProxyType(
    {
        DecisionState.DRAFT: frozenset({DecisionState.PROPOSED, DecisionState.REJECTED}),
        DecisionState.PROPOSED: frozenset({DecisionState.APPROVED, DecisionState.REJECTED}),
        DecisionState.APPROVED: frozenset({DecisionState.BASELINE, DecisionState.REJECTED}),
        DecisionState.BASELINE: frozenset(),
        DecisionState.REJECTED: frozenset(),
    }
)
"""Where a decision may go from each state."""

_DECISIONS = tables.decisions
_EVENTS = tables.decision_events


class Decisions(Part):
    """Decisions; their events are only ever added."""

    def create_decision(
        self,
        tenant: str,
        plan_id: str,
        title: str,
        *,
        actor: str,
        why: str,
        versions: Mapping[str, str],
        overrides: Sequence[Mapping[str, Any]] = (),
        actor_name: str | None = None,
        once: Once[DecisionRecord] | None = None,
        audited: Audited | None = None,
    ) -> DecisionRecord:
        """Begin a decision about a plan, as a draft.

        From now on the plan and its run cannot be deleted, unless it is rejected and never was
        approved.

        Parameters
        ----------
        tenant : str
            Whose it is.
        plan_id : str
            A plan whose run has ended.
        title : str
            Title for lists.
        actor, why : str
            Who does it, and for what reason.
        versions : mapping
            Name of a package to its version, pinned with the digests, the bound and the gap.
        overrides : sequence of mappings
            What was decided against the plan, and what it costs, as JSON values.
        actor_name : str, optional
            Name of who does it, for people.
        once : Once, optional
            Do it once for an idempotency key.
        audited : Audited, optional
            Who does it, for the audit log.

        Raises
        ------
        NotFound
            The tenant has no such plan.
        Conflict
            The run of the plan has not ended (``not_ended``).
        Replayed, KeyReused
            The idempotency key was used before.
        """
        id = new_id(Prefix.DECISION)
        with self._write() as connection:
            now = self._now(connection)
            self._seen(connection, tenant, once, now)
            plan = lock_ended_plan(connection, tenant, plan_id)
            draft = DecisionState.DRAFT
            connection.execute(
                _DECISIONS.insert().values(
                    id=id,
                    tenant=tenant,
                    plan_id=plan_id,
                    title=title,
                    state=draft.value,
                    created=now,
                    updated=now,
                )
            )
            event = DecisionEvent(
                seq=1,
                from_state=None,
                to_state=draft,
                actor=actor,
                at=now,
                why=why,
                overrides=tuple(overrides),
                pins=_pins(plan, versions),
                actor_name=actor_name,
            )
            _append(connection, tenant, id, event)
            record = _record(connection, owned(connection, _DECISIONS, "decision", tenant, id))
            self._remember(connection, tenant, once, record, now)
            facts = {"plan": plan_id}
            self._audited(connection, tenant, audited, "decision.create", id, facts)
        return record

    def move_decision(
        self,
        tenant: str,
        id: str,
        to_state: DecisionState,
        *,
        actor: str,
        why: str,
        versions: Mapping[str, str],
        overrides: Sequence[Mapping[str, Any]] = (),
        actor_name: str | None = None,
        audited: Audited | None = None,
        seen: int | None = None,
    ) -> DecisionRecord:
        """Move a decision to another state; `MOVES` says which moves there are.

        One that becomes the baseline replaces the baseline of the same portfolio, if there is one:
        each then names the other.

        Parameters
        ----------
        to_state : DecisionState
            Where it goes.
        actor, why, versions, overrides, actor_name, audited
            As for `create_decision`.
        seen : int, optional
            How many moves whoever decides has seen.

        Raises
        ------
        NotFound
            The tenant has no such decision.
        Conflict
            It was moved since it was seen (``moved``), there is no such move (``illegal_move``),
            or the plan is not the one the decision was begun on (``plan_changed``).
        """
        to_state = DecisionState(to_state)
        with self._write() as connection:
            row = owned(connection, _DECISIONS, "decision", tenant, id, lock=True)
            from_state = DecisionState(row.state)
            events = _events(connection, tenant, id)
            if seen is not None and seen != len(events):
                raise Conflict(
                    "moved", f"it was decided in the meantime: the decision is {from_state} now"
                )
            if to_state not in MOVES[from_state]:
                raise Conflict(
                    "illegal_move", f"a decision cannot move from {from_state} to {to_state}"
                )
            plan = owned(connection, tables.plans, "plan", tenant, row.plan_id)
            pins = _pins(plan, versions)
            if pins.plan_digest != events[0].pins.plan_digest:
                raise Conflict("plan_changed", "the plan is not the one this decision is about")
            replaces = None
            if to_state is DecisionState.BASELINE:
                # Two that become the baseline at once follow each other.
                self._database.lock(connection, "baseline", tenant, plan.portfolio_id)
                replaces = _baseline(connection, tenant, plan.portfolio_id)
            now = self._now(connection)
            event = DecisionEvent(
                seq=events[-1].seq + 1,
                from_state=from_state,
                to_state=to_state,
                actor=actor,
                at=now,
                why=why,
                overrides=tuple(overrides),
                pins=pins,
                actor_name=actor_name,
                replaces=replaces,
            )
            _append(connection, tenant, id, event)
            connection.execute(
                update(_DECISIONS)
                .where(_DECISIONS.c.tenant == tenant, _DECISIONS.c.id == id)
                .values(state=to_state.value, updated=now)
            )
            if replaces is not None:
                connection.execute(
                    update(_DECISIONS)
                    .where(_DECISIONS.c.tenant == tenant, _DECISIONS.c.id == replaces)
                    .values(replaced_by=id)
                )
            record = _record(connection, owned(connection, _DECISIONS, "decision", tenant, id))
            facts = {"from": from_state.value, "to": to_state.value}
            if replaces is not None:
                facts["replaces"] = replaces
            self._audited(connection, tenant, audited, "decision.move", id, facts)
        return record

    def decisions(
        self,
        tenant: str,
        state: DecisionState | None = None,
        plan_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[DecisionSummary]:
        """Return a page of the tenant's decisions, newest first, that match every filter given.

        Raises
        ------
        BadCursor
            The cursor is not one of this list.
        """
        query = select(_DECISIONS).where(_DECISIONS.c.tenant == tenant)
        if state is not None:
            query = query.where(_DECISIONS.c.state == DecisionState(state).value)
        if plan_id is not None:
            query = query.where(named(_DECISIONS.c.plan_id, plan_id))
        with self._read() as connection:
            return page(connection, query, _DECISIONS, cursor, limit, _summary)

    def decision(self, tenant: str, id: str) -> DecisionRecord:
        """Return a decision with all its moves.

        Raises
        ------
        NotFound
            The tenant has no such decision.
        """
        with self._read() as connection:
            return _record(connection, owned(connection, _DECISIONS, "decision", tenant, id))


def pinning(connection: Connection, tenant: str, plan_ids: Sequence[str]) -> bool:
    """Return whether a decision keeps one of the plans; the caller holds the plans.

    One that was rejected before it was ever approved keeps nothing.
    """
    approved = select(_EVENTS.c.decision_id).where(
        _EVENTS.c.tenant == tenant,
        _EVENTS.c.decision_id == _DECISIONS.c.id,
        _EVENTS.c.to_state == DecisionState.APPROVED.value,
    )
    query = select(_DECISIONS.c.id).where(
        _DECISIONS.c.tenant == tenant,
        _DECISIONS.c.plan_id.in_(plan_ids),
        (_DECISIONS.c.state != DecisionState.REJECTED.value) | approved.exists(),
    )
    return connection.execute(query.limit(1)).one_or_none() is not None


def _baseline(connection: Connection, tenant: str, portfolio_id: str) -> str | None:
    """Return the decision that is the baseline of a portfolio now."""
    plans = tables.plans
    query = (
        select(_DECISIONS.c.id)
        .join_from(_DECISIONS, plans, plans.c.id == _DECISIONS.c.plan_id)
        .where(
            _DECISIONS.c.tenant == tenant,
            plans.c.portfolio_id == portfolio_id,
            _DECISIONS.c.state == DecisionState.BASELINE.value,
            _DECISIONS.c.replaced_by.is_(None),
        )
        .order_by(_DECISIONS.c.updated.desc(), _DECISIONS.c.id.desc())
        .limit(1)
    )
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def _pins(plan: Row[Any], versions: Mapping[str, str]) -> Pins:
    return Pins(
        input_digest=plan.digest,
        plan_digest=sha256(plan.document.encode()).hexdigest(),
        versions=dict(versions),
        bound=plan.bound,
        gap=plan.gap,
    )


def _append(connection: Connection, tenant: str, id: str, event: DecisionEvent) -> None:
    connection.execute(
        _EVENTS.insert().values(
            tenant=tenant,
            decision_id=id,
            seq=event.seq,
            from_state=None if event.from_state is None else event.from_state.value,
            to_state=event.to_state.value,
            actor=event.actor,
            at=event.at,
            why=event.why,
            overrides=[dict(override) for override in event.overrides],
            pins=asdict(event.pins),
            actor_name=event.actor_name,
            replaces=event.replaces,
        )
    )


def _events(connection: Connection, tenant: str, id: str) -> tuple[DecisionEvent, ...]:
    query = select(_EVENTS).where(_EVENTS.c.tenant == tenant, _EVENTS.c.decision_id == id)
    return tuple(_event(row) for row in connection.execute(query.order_by(_EVENTS.c.seq)))


def _event(row: Row[Any]) -> DecisionEvent:
    return make(
        DecisionEvent,
        row,
        {
            "from_state": None if row.from_state is None else DecisionState(row.from_state),
            "to_state": DecisionState(row.to_state),
            "overrides": tuple(row.overrides),
            "pins": Pins(**row.pins),
        },
    )


def _summary(row: Row[Any]) -> DecisionSummary:
    return make(DecisionSummary, row, {"state": DecisionState(row.state)})


def _record(connection: Connection, row: Row[Any]) -> DecisionRecord:
    events = _events(connection, row.tenant, row.id)
    return make(DecisionRecord, row, {"state": DecisionState(row.state), "events": events})
