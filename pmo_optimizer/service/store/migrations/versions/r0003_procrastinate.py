"""The queue of the workers: procrastinate's own schema, on PostgreSQL only.

The text is that of the installed procrastinate. Where a later version changes its schema, a
revision of its own brings the change.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DROP = """
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT tablename AS name FROM pg_tables
        WHERE schemaname = current_schema() AND tablename LIKE 'procrastinate\\_%'
    LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', found.name);
    END LOOP;
    FOR found IN
        SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate\\_%'
    LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', found.name);
    END LOOP;
    FOR found IN
        SELECT typname AS name FROM pg_type
        WHERE typnamespace = current_schema()::regnamespace AND typname LIKE 'procrastinate\\_%'
    LOOP
        EXECUTE format('DROP TYPE IF EXISTS %I CASCADE', found.name);
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Create the queue, unless procrastinate's own command did so before."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql" or inspect(connection).has_table(
        "procrastinate_jobs"
    ):
        return
    from procrastinate.schema import SchemaManager

    # Many statements, with percent signs in them: they go to the server as they are.
    raw = connection.execution_options(no_parameters=True)
    raw.exec_driver_sql(SchemaManager.get_schema())


def downgrade() -> None:
    """Drop the queue."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.execution_options(no_parameters=True).exec_driver_sql(DROP)
