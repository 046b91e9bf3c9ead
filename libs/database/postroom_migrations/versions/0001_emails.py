"""Workspaces, keys, emails with their bodies, outcomes and events, idempotency keys, and the captured inbox."""

from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

revision = "0001"
down_revision = None

_OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


class _Types(NamedTuple):
    identity: TypeEngine[Any]
    moment: TypeEngine[Any]
    json: TypeEngine[Any]
    digest: TypeEngine[Any]
    chunk: TypeEngine[Any]
    now: sa.TextClause


def _types() -> _Types:
    if op.get_bind().dialect.name == "sqlite":
        now = sa.text("(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')")
        return _Types(sa.LargeBinary(16), sa.String(26), sa.Text(), sa.LargeBinary(32), sa.LargeBinary(), now)
    now = sa.text("CURRENT_TIMESTAMP(6)")
    return _Types(
        mysql.BINARY(16), mysql.DATETIME(fsp=6), mysql.MEDIUMTEXT(), mysql.BINARY(32), mysql.MEDIUMBLOB(), now
    )


def upgrade() -> None:
    identity, moment, json, digest, chunk, now = _types()
    op.create_table(
        "workspaces",
        sa.Column("id", identity, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, unique=True),
        sa.Column("created_at", moment, nullable=False, server_default=now),
        **_OPTIONS,
    )
    op.create_table(
        "api_keys",
        sa.Column("id", identity, primary_key=True),
        sa.Column("workspace_id", identity, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("token_hash", digest, nullable=False, unique=True),
        sa.Column("created_at", moment, nullable=False, server_default=now),
        sa.Column("revoked_at", moment),
        **_OPTIONS,
    )
    op.create_index("ix_api_keys_workspace_id_id", "api_keys", ["workspace_id", "id"])
    op.create_table(
        "emails",
        sa.Column("id", identity, primary_key=True),
        sa.Column("workspace_id", identity, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("last_event", sa.String(20), nullable=False),
        sa.Column("lane", sa.String(12), nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("to_list", json, nullable=False),
        sa.Column("cc_list", json),
        sa.Column("bcc_list", json),
        sa.Column("reply_to_list", json),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("headers", json),
        sa.Column("tags", json),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("created_at", moment, nullable=False, server_default=now),
        sa.Column("scheduled_at", moment),
        sa.Column("due_at", moment, nullable=False, server_default=now),
        sa.Column("hinted_at", moment, server_default=now),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease_token", identity),
        sa.Column("lease_ends_at", moment),
        sa.Column("message_id", sa.String(255)),
        sa.Column("reason", sa.Text),
        **_OPTIONS,
    )
    op.create_index("ix_emails_workspace_id_id", "emails", ["workspace_id", "id"])
    op.create_index("ix_emails_state_lane_due_at_hinted_at", "emails", ["state", "lane", "due_at", "hinted_at"])
    op.create_index("ix_emails_lease_ends_at", "emails", ["lease_ends_at"])
    op.create_table(
        "attachments",
        sa.Column("email_id", identity, primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", identity, nullable=False, unique=True),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("content_type", sa.Text, nullable=False),
        sa.Column("content_id", sa.String(255)),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("path", sa.Text),
        **_OPTIONS,
    )
    op.create_table(
        "content_chunks",
        sa.Column("email_id", identity, primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("data", chunk, nullable=False),
        **_OPTIONS,
    )
    op.create_table(
        "recipients",
        sa.Column("email_id", identity, primary_key=True),
        sa.Column("address", sa.String(320), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("updated_at", moment, nullable=False, server_default=now),
        **_OPTIONS,
    )
    op.create_table(
        "events",
        sa.Column("id", identity, primary_key=True),
        sa.Column("workspace_id", identity, nullable=False),
        sa.Column("email_id", identity, nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("address", sa.String(320)),
        sa.Column("data", json),
        sa.Column("created_at", moment, nullable=False, server_default=now),
        **_OPTIONS,
    )
    op.create_index("ix_events_email_id_id", "events", ["email_id", "id"])
    op.create_table(
        "idempotency_keys",
        sa.Column("workspace_id", identity, primary_key=True),
        sa.Column("endpoint", sa.String(16), primary_key=True),
        sa.Column("key_hash", digest, primary_key=True),
        sa.Column("fingerprint", digest, nullable=False),
        sa.Column("answer", chunk, nullable=False),
        sa.Column("created_at", moment, nullable=False, server_default=now),
        **_OPTIONS,
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.create_table(
        "inbox_messages",
        sa.Column("id", identity, primary_key=True),
        sa.Column("email_id", identity, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("recipients", json, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("received_at", moment, nullable=False, server_default=now),
        **_OPTIONS,
    )
    op.create_table(
        "inbox_chunks",
        sa.Column("message_id", identity, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("data", chunk, nullable=False),
        **_OPTIONS,
    )
