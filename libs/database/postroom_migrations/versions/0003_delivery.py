"""What delivery survives on: crashes, held mail, suspended workspaces, the provider's quota and messages."""

import sqlalchemy as sa
from alembic import op

from postroom_migrations.column_types import TABLE_OPTIONS, column_types

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    types = column_types()
    op.add_column("emails", sa.Column("first_tried_at", types.moment))
    op.add_column("emails", sa.Column("crashes", sa.Integer, nullable=False, server_default="0"))
    op.add_column("emails", sa.Column("unknowns", sa.Integer, nullable=False, server_default="0"))
    op.add_column("emails", sa.Column("held_because", sa.String(12)))
    op.add_column("workspaces", sa.Column("suspended_at", types.moment))
    op.add_column("workspaces", sa.Column("suspended_reason", sa.Text))
    op.add_column("workspaces", sa.Column("resumed_at", types.moment))
    op.create_index("ix_events_workspace_id_type_created_at", "events", ["workspace_id", "type", "created_at"])
    op.create_table(
        "provider_quotas",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("per_second", sa.Double, nullable=False),
        sa.Column("per_day", sa.Double, nullable=False),
        sa.Column("sent_in_day", sa.Double, nullable=False),
        sa.Column("sending_enabled", sa.Boolean, nullable=False),
        sa.Column("read_at", types.moment, nullable=False),
        **TABLE_OPTIONS,
    )
    op.create_table(
        "provider_messages",
        sa.Column("id", sa.String(100), primary_key=True),
        sa.Column("received_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
