"""Baselines name the ones they replace, moves name who made them, rejected plans may go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and take the foreign key to the plans off."""
    op.add_column("decision_events", sa.Column("actor_name", sa.Text(), nullable=True))
    op.add_column("decision_events", sa.Column("replaces", sa.Text(), nullable=True))
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint("fk_decisions_plan_id", "decisions", type_="foreignkey")
        op.add_column("decisions", sa.Column("replaced_by", sa.Text(), nullable=True))
        return
    _rebuild(sa.Column("replaced_by", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop the columns; fails where a rejected decision is about a plan that is gone."""
    if op.get_bind().dialect.name != "sqlite":
        op.drop_column("decisions", "replaced_by")
        op.create_foreign_key("fk_decisions_plan_id", "decisions", "plans", ["plan_id"], ["id"])
    else:
        _rebuild(
            sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name="fk_decisions_plan_id"),
        )
    op.drop_column("decision_events", "replaces")
    op.drop_column("decision_events", "actor_name")


def _rebuild(other: sa.schema.SchemaItem) -> None:
    """Make the table again with its rows: SQLite cannot change keys of one that is there."""
    # The events of decisions point nowhere until the rows are back.
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute(
        "CREATE TABLE decisions_before AS "
        "SELECT id, tenant, plan_id, title, state, created, updated FROM decisions"
    )
    op.drop_table("decisions")
    op.create_table(
        "decisions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        other,
    )
    op.execute(
        "INSERT INTO decisions (id, tenant, plan_id, title, state, created, updated) "
        "SELECT id, tenant, plan_id, title, state, created, updated FROM decisions_before"
    )
    op.drop_table("decisions_before")
    op.create_index("ix_decisions_plan_id", "decisions", ["plan_id"])
    op.create_index("ix_decisions_tenant_created_id", "decisions", ["tenant", "created", "id"])
