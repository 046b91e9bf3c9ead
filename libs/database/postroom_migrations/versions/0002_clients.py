"""What clients manage: permissions of keys, domains, templates, suppressions; and the provider's jobs."""

from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

revision = "0002"
down_revision = "0001"

_OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


class _Types(NamedTuple):
    identity: TypeEngine[Any]
    moment: TypeEngine[Any]
    json: TypeEngine[Any]
    long_text: TypeEngine[Any]
    now: sa.TextClause


def _types() -> _Types:
    if op.get_bind().dialect.name == "sqlite":
        now = sa.text("(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')")
        return _Types(sa.LargeBinary(16), sa.String(26), sa.Text(), sa.Text(), now)
    return _Types(
        mysql.BINARY(16), mysql.DATETIME(fsp=6), mysql.MEDIUMTEXT(), mysql.MEDIUMTEXT(), sa.text("CURRENT_TIMESTAMP(6)")
    )


def upgrade() -> None:
    identity, moment, json, long_text, now = _types()
    op.add_column("api_keys", sa.Column("permission", sa.String(20), nullable=False, server_default="full_access"))
    op.add_column("api_keys", sa.Column("domain_id", identity))
    op.add_column("api_keys", sa.Column("last_used_at", moment))
    op.create_table(
        "domains",
        sa.Column("id", identity, primary_key=True),
        sa.Column("workspace_id", identity, nullable=False),
        sa.Column("name", sa.String(253), nullable=False, unique=True),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("dkim_status", sa.String(20), nullable=False),
        sa.Column("return_path_status", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("declared", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("custom_return_path", sa.String(63), nullable=False),
        sa.Column("tracking_subdomain", sa.String(63)),
        sa.Column("open_tracking", sa.Boolean, nullable=False),
        sa.Column("click_tracking", sa.Boolean, nullable=False),
        sa.Column("tls", sa.String(16), nullable=False),
        sa.Column("sending", sa.String(10), nullable=False),
        sa.Column("receiving", sa.String(10), nullable=False),
        sa.Column("dkim_selector", sa.String(63), nullable=False),
        sa.Column("dkim_public_key", sa.Text, nullable=False),
        sa.Column("dkim_private_key", sa.Text, nullable=False),
        sa.Column("verify_asked_at", moment),
        sa.Column("created_at", moment, nullable=False, server_default=now),
        **_OPTIONS,
    )
    op.create_index("ix_domains_workspace_id_id", "domains", ["workspace_id", "id"])
    op.create_table(
        "templates",
        sa.Column("id", identity, primary_key=True),
        sa.Column("workspace_id", identity, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("alias", sa.String(100)),
        sa.Column("draft_version_id", identity, nullable=False),
        sa.Column("published_version_id", identity),
        sa.Column("published_at", moment),
        sa.Column("created_at", moment, nullable=False, server_default=now),
        sa.Column("updated_at", moment, nullable=False, server_default=now),
        sa.UniqueConstraint("workspace_id", "alias", name="uq_templates_workspace_id_alias"),
        **_OPTIONS,
    )
    op.create_index("ix_templates_workspace_id_id", "templates", ["workspace_id", "id"])
    op.create_table(
        "template_versions",
        sa.Column("id", identity, primary_key=True),
        sa.Column("template_id", identity, nullable=False),
        sa.Column("sender", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("reply_to_list", json),
        sa.Column("html", long_text),
        sa.Column("text", long_text),
        sa.Column("variables", json, nullable=False),
        sa.Column("created_at", moment, nullable=False, server_default=now),
        **_OPTIONS,
    )
    op.create_index("ix_template_versions_template_id_id", "template_versions", ["template_id", "id"])
    op.create_table(
        "suppressions",
        sa.Column("id", identity, primary_key=True),
        sa.Column("workspace_id", identity, nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("origin", sa.String(12), nullable=False),
        sa.Column("source_id", identity),
        sa.Column("created_at", moment, nullable=False, server_default=now),
        sa.UniqueConstraint("workspace_id", "address", name="uq_suppressions_workspace_id_address"),
        **_OPTIONS,
    )
    op.create_index("ix_suppressions_workspace_id_id", "suppressions", ["workspace_id", "id"])
    op.create_table(
        "provider_jobs",
        sa.Column("id", identity, primary_key=True),
        sa.Column("workspace_id", identity, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("subject", sa.String(320), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("due_at", moment, nullable=False, server_default=now),
        sa.Column("hinted_at", moment),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease_token", identity),
        sa.Column("created_at", moment, nullable=False, server_default=now),
        **_OPTIONS,
    )
    op.create_index("ix_provider_jobs_due_at", "provider_jobs", ["due_at"])
