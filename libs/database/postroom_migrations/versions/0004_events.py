"""Events in and out: webhooks and their outbox, the provider's messages as jobs, schedules, the audit."""

import sqlalchemy as sa
from alembic import op

from postroom_migrations.changes import add_column, create_index, create_table
from postroom_migrations.column_types import TABLE_OPTIONS, ColumnTypes, column_types

revision = "0004"
down_revision = "0003"
oldest_served = "0004"


def upgrade() -> None:
    types = column_types()
    add_column("emails", sa.Column("key_id", types.identity))
    with op.batch_alter_table("events") as events:
        events.alter_column("email_id", existing_type=types.identity, nullable=True)
    _keep_provider_messages(types)
    _add_webhooks(types)
    _add_schedules(types)
    create_table(
        "audit_entries",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("workspace_id", types.identity, nullable=False),
        sa.Column("key_id", types.identity),
        sa.Column("actor", sa.String(10), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("resource_id", sa.String(64)),
        sa.Column("request_id", sa.String(64)),
        sa.Column("data", types.json),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
    create_index("ix_audit_entries_workspace_id_id", "audit_entries", ["workspace_id", "id"])
    create_table(
        "retention_marks",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("moment", types.moment, nullable=False),
        **TABLE_OPTIONS,
    )


def _keep_provider_messages(types: ColumnTypes) -> None:
    for column in (
        sa.Column("job_id", types.identity),
        sa.Column("request_id", sa.String(64)),
        sa.Column("body", types.long_text),
        sa.Column("due_at", types.moment),
        sa.Column("hinted_at", types.moment),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease_token", types.identity),
        sa.Column("result", sa.String(16)),
    ):
        add_column("provider_messages", column)
    create_index("uq_provider_messages_job_id", "provider_messages", ["job_id"], unique=True)
    create_index("ix_provider_messages_due_at", "provider_messages", ["due_at"])
    create_index("ix_provider_messages_result_received_at", "provider_messages", ["result", "received_at"])
    create_index("ix_provider_messages_received_at", "provider_messages", ["received_at"])


def _add_webhooks(types: ColumnTypes) -> None:
    create_table(
        "webhooks",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("workspace_id", types.identity, nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("types", types.json),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("previous_secret", sa.Text),
        sa.Column("previous_secret_ends_at", types.moment),
        sa.Column("failing_since", types.moment),
        sa.Column("is_slow", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("hinted_at", types.moment),
        sa.Column("lease_token", types.identity),
        sa.Column("lease_ends_at", types.moment),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
    create_index("ix_webhooks_workspace_id_id", "webhooks", ["workspace_id", "id"])
    create_table(
        "webhook_deliveries",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("workspace_id", types.identity, nullable=False),
        sa.Column("webhook_id", types.identity, nullable=False),
        sa.Column("event_id", types.identity, nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_at", types.moment, server_default=types.now),
        sa.Column("lease_token", types.identity),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
    create_index("ix_webhook_deliveries_webhook_id_due_at", "webhook_deliveries", ["webhook_id", "due_at"])
    create_index("ix_webhook_deliveries_webhook_id_id", "webhook_deliveries", ["webhook_id", "id"])
    create_index("ix_webhook_deliveries_event_id", "webhook_deliveries", ["event_id"])
    create_table(
        "webhook_attempts",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("delivery_id", types.identity, nullable=False),
        sa.Column("status_code", sa.Integer),
        sa.Column("response", sa.Text),
        sa.Column("took_milliseconds", sa.Integer, nullable=False),
        sa.Column("sent_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
    create_index("ix_webhook_attempts_delivery_id_id", "webhook_attempts", ["delivery_id", "id"])


def _add_schedules(types: ColumnTypes) -> None:
    create_table(
        "schedules",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("workspace_id", types.identity, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("cron", sa.String(100), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("email", types.json, nullable=False),
        sa.Column("starts_at", types.moment),
        sa.Column("ends_at", types.moment),
        sa.Column("catch_up", sa.String(8), nullable=False),
        sa.Column("catch_up_limit", sa.Integer, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("next_slot", sa.String(32)),
        sa.Column("next_at", types.moment),
        sa.Column("key_id", types.identity),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        sa.Column("updated_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
    create_index("ix_schedules_workspace_id_id", "schedules", ["workspace_id", "id"])
    create_index("ix_schedules_next_at", "schedules", ["next_at"])
    create_table(
        "schedule_slots",
        sa.Column("schedule_id", types.identity, primary_key=True),
        sa.Column("slot", sa.String(32), primary_key=True),
        sa.Column("slot_at", types.moment, nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("email_id", types.identity),
        sa.Column("reason", sa.Text),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
    create_index("ix_schedule_slots_slot_at", "schedule_slots", ["slot_at"])
