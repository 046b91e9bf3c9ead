"""What clients manage: permissions of keys, domains, templates, suppressions; and the provider's jobs."""

import sqlalchemy as sa

from postroom_migrations.changes import add_column, create_index, create_table
from postroom_migrations.column_types import TABLE_OPTIONS, column_types

revision = "0002"
down_revision = "0001"
oldest_served = "0002"


def upgrade() -> None:
    types = column_types()
    add_column("api_keys", sa.Column("permission", sa.String(20), nullable=False, server_default="full_access"))
    add_column("api_keys", sa.Column("domain_id", types.identity))
    add_column("api_keys", sa.Column("last_used_at", types.moment))
    create_table(
        "domains",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("workspace_id", types.identity, nullable=False),
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
        sa.Column("verify_asked_at", types.moment),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
    create_index("ix_domains_workspace_id_id", "domains", ["workspace_id", "id"])
    create_table(
        "templates",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("workspace_id", types.identity, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("alias", sa.String(100)),
        sa.Column("draft_version_id", types.identity, nullable=False),
        sa.Column("published_version_id", types.identity),
        sa.Column("published_at", types.moment),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        sa.Column("updated_at", types.moment, nullable=False, server_default=types.now),
        sa.UniqueConstraint("workspace_id", "alias", name="uq_templates_workspace_id_alias"),
        **TABLE_OPTIONS,
    )
    create_index("ix_templates_workspace_id_id", "templates", ["workspace_id", "id"])
    create_table(
        "template_versions",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("template_id", types.identity, nullable=False),
        sa.Column("sender", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("reply_to_list", types.json),
        sa.Column("html", types.long_text),
        sa.Column("text", types.long_text),
        sa.Column("variables", types.json, nullable=False),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
    create_index("ix_template_versions_template_id_id", "template_versions", ["template_id", "id"])
    create_table(
        "suppressions",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("workspace_id", types.identity, nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("origin", sa.String(12), nullable=False),
        sa.Column("source_id", types.identity),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        sa.UniqueConstraint("workspace_id", "address", name="uq_suppressions_workspace_id_address"),
        **TABLE_OPTIONS,
    )
    create_index("ix_suppressions_workspace_id_id", "suppressions", ["workspace_id", "id"])
    create_table(
        "provider_jobs",
        sa.Column("id", types.identity, primary_key=True),
        sa.Column("workspace_id", types.identity, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("subject", sa.String(320), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("due_at", types.moment, nullable=False, server_default=types.now),
        sa.Column("hinted_at", types.moment),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease_token", types.identity),
        sa.Column("created_at", types.moment, nullable=False, server_default=types.now),
        **TABLE_OPTIONS,
    )
    create_index("ix_provider_jobs_due_at", "provider_jobs", ["due_at"])
