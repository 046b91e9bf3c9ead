"""Which releases the schema serves. Nothing that a release of 0004 uses is changed."""

import sqlalchemy as sa

from postroom_migrations.changes import create_table
from postroom_migrations.column_types import TABLE_OPTIONS

revision = "0005"
down_revision = "0004"
oldest_served = "0004"


def upgrade() -> None:
    create_table(
        "served_releases",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("oldest", sa.String(32), nullable=False),
        **TABLE_OPTIONS,
    )
