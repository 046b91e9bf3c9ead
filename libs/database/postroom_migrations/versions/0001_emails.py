"""Workspaces, keys, emails with their bodies, outcomes and events, idempotency keys, and the captured inbox."""

import sqlalchemy as sa

from postroom_migrations.changes import create_index, create_table
from postroom_migrations.column_types import TABLE_OPTIONS, column_types

revision = "0001"
down_revision = None
oldest_served = "0001"


def upgrade() -> None:
    types = column_types()
    create_table(
        "workspaces",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, unique=True),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
    create_table(
        "api_keys",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("workspace_id", types.identity, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("token_hash", types.digest, nullable=False, unique=True),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        sa.Column("revoked_at", types.moment),
        **TABLE_OPTIONS,
    )
    create_index("ix_api_keys_workspace_id_id", "api_keys", ["workspace_id", "id"])
    create_table(
        "emails",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("workspace_id", types.identity, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("last_event", sa.String(20), nullable=False),
        sa.Column("lane", sa.String(12), nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("to_list", types.json, nullable=False),
        sa.Column("cc_list", types.json),
        sa.Column("bcc_list", types.json),
        sa.Column("reply_to_list", types.json),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("headers", types.json),
        sa.Column("tags", types.json),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        sa.Column("scheduled_at", types.moment),
        sa.Column("due_at", types.moment, nullable=False, server_default=types.now),
        sa.Column("hinted_at", types.moment, server_default=types.now),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease_token", types.identity),
        sa.Column("lease_ends_at", types.moment),
        sa.Column("message_id", sa.String(255)),
        sa.Column("reason", sa.Text),
        **TABLE_OPTIONS,
    )
    create_index("ix_emails_workspace_id_id", "emails", ["workspace_id", "id"])
    create_index("ix_emails_state_lane_due_at_hinted_at", "emails", ["state", "lane", "due_at", "hinted_at"])
    create_index("ix_emails_lease_ends_at", "emails", ["lease_ends_at"])
    create_table(
        "attachments",
        sa.Column("email_id", types.identity, primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", types.identity, nullable=False, unique=True),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("content_type", sa.Text, nullable=False),
        sa.Column("content_id", sa.String(255)),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("path", sa.Text),
        **TABLE_OPTIONS,
    )
    create_table(
        "content_chunks",
        sa.Column("email_id", types.identity, primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("data", types.chunk, nullable=False),
        **TABLE_OPTIONS,
    )
    create_table(
        "recipients",
        sa.Column("email_id", types.identity, primary_key=True),
        sa.Column("address", sa.String(320), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("updated_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
    create_table(
        "events",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("workspace_id", types.identity, nullable=False),
        sa.Column("email_id", types.identity, nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("address", sa.String(320)),
        sa.Column("data", types.json),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
    create_index("ix_events_email_id_id", "events", ["email_id", "id"])
    create_table(
        "idempotency_keys",
        sa.Column("workspace_id", types.identity, primary_key=True),
        sa.Column("endpoint", sa.String(16), primary_key=True),
        sa.Column("key_hash", types.digest, primary_key=True),
        sa.Column("fingerprint", types.digest, nullable=False),
        sa.Column("answer", types.chunk, nullable=False),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
    create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    create_table(
        "inbox_messages",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("email_id", types.identity, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("recipients", types.json, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("received_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
    create_table(
        "inbox_chunks",
        sa.Column("message_id", types.identity, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("data", types.chunk, nullable=False),
        **TABLE_OPTIONS,
    )
