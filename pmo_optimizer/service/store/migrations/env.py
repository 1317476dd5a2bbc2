"""Alembic's environment: it runs in the transaction of whoever asks for a revision."""

from __future__ import annotations

from alembic import context

from pmo_optimizer.service.store.tables import metadata


def _ours(name: str | None, type_: str, parent_names: object) -> bool:
    """Return whether a comparison with the tables looks at this: the queue is procrastinate's."""
    return type_ != "table" or name is None or not name.startswith("procrastinate_")


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite cannot change a column in place: its tables are written again.
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
    include_name=_ours,
)
context.run_migrations()
