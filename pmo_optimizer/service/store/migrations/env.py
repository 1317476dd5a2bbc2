"""Alembic's environment: it runs in the transaction of whoever asks for a revision."""

from __future__ import annotations

from alembic import context

from pmo_optimizer.service.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite cannot change a column in place: its tables are written again.
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
context.run_migrations()
