"""The tables. Every row has a tenant, and every query of a tenant names it.

The migrations create them; a test holds that both agree.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from pmo_optimizer.service.store.columns import Json, Plain, Real, Utc

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("tenant", Plain, nullable=False),
    Column("name", Plain, nullable=False),
    Column("hash", Plain, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created", Utc, nullable=False),
    Column("expires", Utc),
    Column("revoked", Utc),
    Column("last_used", Utc),
    Index(None, "tenant", "created", "id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", Plain, primary_key=True),
    Column("tenant", Plain, nullable=False),
    Column("key_id", Plain, ForeignKey("api_keys.id"), nullable=False),
    Column("created", Utc, nullable=False),
    Column("expires", Utc, nullable=False),
    Index(None, "key_id"),
    Index(None, "expires"),
)

portfolios = Table(
    "portfolios",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("tenant", Plain, nullable=False),
    Column("name", Plain, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created", Utc, nullable=False),
    Column("updated", Utc, nullable=False),
    Column("deleted", Utc),
    Index(None, "tenant", "created", "id"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("tenant", Plain, nullable=False),
    Column("portfolio_id", Plain, ForeignKey("portfolios.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("digest", Plain, nullable=False),
    Column("document", Plain, nullable=False),
    Column("created", Utc, nullable=False),
    Column("actor", Plain, nullable=False),
    PrimaryKeyConstraint("portfolio_id", "revision"),
)

scenarios = Table(
    "scenarios",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("tenant", Plain, nullable=False),
    Column("portfolio_id", Plain, ForeignKey("portfolios.id"), nullable=False),
    Column("name", Plain, nullable=False),
    Column("document", Plain, nullable=False),
    Column("created", Utc, nullable=False),
    Column("updated", Utc, nullable=False),
    Index(None, "portfolio_id", "created", "id"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("tenant", Plain, nullable=False),
    Column("kind", Plain, nullable=False),
    Column("state", Plain, nullable=False),
    Column("portfolio_id", Plain, nullable=False),
    Column("revision", Integer, nullable=False),
    # No foreign keys on the next ones: the run holds a copy of the scenario, and the store
    # refuses to delete a plan that a waiting run starts from.
    Column("scenario_id", Plain),
    Column("scenario_document", Plain),
    Column("parameters", Json, nullable=False),
    Column("digest", Plain, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("worker", Plain),
    Column("heartbeat", Utc),
    Column("stop_requested", Boolean, nullable=False),
    Column("warm_plan_id", Plain),
    Column("start_plan_id", Plain),
    Column("created", Utc, nullable=False),
    Column("started", Utc),
    Column("completed", Utc),
    Column("status", Plain),
    Column("termination", Plain),
    Column("objective", Real),
    Column("bound", Real),
    Column("gap", Real),
    Column("solves_done", Integer),
    Column("solves_total", Integer),
    Column("result", Plain),
    Column("failure", Json),
    Column("plan_id", Plain),
    Column("deferred", Utc),
    Column("last_event", Integer, nullable=False),
    # Null until the run goes back to the queue: before, it waits since it was created.
    Column("queued_at", Utc),
    # Attempts that do not count, as their runner ended in good order.
    Column("given_back", Integer, nullable=False, server_default="0"),
    ForeignKeyConstraint(
        ["portfolio_id", "revision"], ["revisions.portfolio_id", "revisions.revision"]
    ),
    Index(None, "tenant", "created", "id"),
    Index(None, "state", "created", "id"),
    Index(None, "tenant", "state"),
    Index(None, "portfolio_id", "revision"),
    Index(None, "start_plan_id"),
)

run_events = Table(
    "run_events",
    metadata,
    Column("tenant", Plain, nullable=False),
    Column("run_id", Plain, ForeignKey("runs.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("type", Plain, nullable=False),
    Column("data", Json, nullable=False),
    PrimaryKeyConstraint("run_id", "seq"),
)

plans = Table(
    "plans",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("tenant", Plain, nullable=False),
    Column("run_id", Plain, ForeignKey("runs.id"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("portfolio_id", Plain, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("digest", Plain, nullable=False),
    Column("document", Plain, nullable=False),
    Column("status", Plain, nullable=False),
    Column("objective", Real),
    Column("bound", Real),
    Column("gap", Real),
    Column("final", Boolean, nullable=False),
    Column("created", Utc, nullable=False),
    Index(None, "run_id", "created", "id"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("tenant", Plain, nullable=False),
    # No foreign key: a decision that was rejected outlives its plan.
    Column("plan_id", Plain, nullable=False),
    Column("title", Plain, nullable=False),
    Column("state", Plain, nullable=False),
    Column("created", Utc, nullable=False),
    Column("updated", Utc, nullable=False),
    Column("replaced_by", Plain),
    Index(None, "tenant", "created", "id"),
    Index(None, "plan_id"),
)

decision_events = Table(
    "decision_events",
    metadata,
    Column("tenant", Plain, nullable=False),
    Column("decision_id", Plain, ForeignKey("decisions.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("from_state", Plain),
    Column("to_state", Plain, nullable=False),
    Column("actor", Plain, nullable=False),
    Column("at", Utc, nullable=False),
    Column("why", Plain, nullable=False),
    Column("overrides", Json, nullable=False),
    Column("pins", Json, nullable=False),
    Column("actor_name", Plain),
    Column("replaces", Plain),
    PrimaryKeyConstraint("decision_id", "seq"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("tenant", Plain, nullable=False),
    Column("route", Plain, nullable=False),
    Column("key", Plain, nullable=False),
    Column("body_hash", Plain, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Json, nullable=False),
    Column("body", Plain, nullable=False),
    Column("created", Utc, nullable=False),
    UniqueConstraint("tenant", "route", "key"),
    Index(None, "created"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("tenant", Plain, nullable=False),
    Column("actor", Plain, nullable=False),
    Column("file", Plain, nullable=False),
    # No foreign key: what waits here must not keep a portfolio from being deleted.
    Column("portfolio_id", Plain),
    Column("findings", Json, nullable=False),
    Column("document", Plain),
    Column("digest", Plain),
    Column("source", LargeBinary),
    Column("created", Utc, nullable=False),
    Column("expires", Utc, nullable=False),
    Index(None, "tenant", "created", "id"),
    Index(None, "expires"),
)

audit = Table(
    "audit",
    metadata,
    Column("tenant", Plain, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("actor", Plain, nullable=False),
    Column("action", Plain, nullable=False),
    Column("object", Plain, nullable=False),
    Column("request_id", Plain, nullable=False),
    Column("detail", Json, nullable=False),
    Column("previous_hash", Plain, nullable=False),
    Column("hash", Plain, nullable=False),
    PrimaryKeyConstraint("tenant", "seq"),
)
