"""What delivery survives on: crashes, held mail, suspended workspaces, the provider's quota and messages."""

import sqlalchemy as sa

from postroom_migrations.changes import add_column, create_index, create_table
from postroom_migrations.column_types import TABLE_OPTIONS, column_types

revision = "0003"
down_revision = "0002"
oldest_served = "0003"


def upgrade() -> None:
    types = column_types()
    add_column("emails", sa.Column("first_tried_at", types.moment))
    add_column("emails", sa.Column("crashes", sa.Integer, nullable=False, server_default="0"))
    add_column("emails", sa.Column("unknowns", sa.Integer, nullable=False, server_default="0"))
    add_column("emails", sa.Column("held_because", sa.String(12)))
    add_column("workspaces", sa.Column("suspended_at", types.moment))
    add_column("workspaces", sa.Column("suspended_reason", sa.Text))
    add_column("workspaces", sa.Column("resumed_at", types.moment))
    create_index("ix_events_workspace_id_type_created_at", "events", ["workspace_id", "type", "created_at"])
    create_table(
        "provider_quotas",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("per_second", sa.Double, nullable=False),
        sa.Column("per_day", sa.Double, nullable=False),
        sa.Column("sent_in_day", sa.Double, nullable=False),
        sa.Column("sending_enabled", sa.Boolean, nullable=False),
        sa.Column("read_at", types.moment, nullable=False),
        **TABLE_OPTIONS,
    )
    create_table(
        "provider_messages",
        sa.Column("id", sa.String(100), primary_key=True),
        sa.Column("received_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
