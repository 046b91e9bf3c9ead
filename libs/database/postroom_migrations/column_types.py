"""Column types of the migrations: what the models' types are on each server."""

from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

TABLE_OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


class ColumnTypes(NamedTuple):
    identity: TypeEngine[Any]
    moment: TypeEngine[Any]
    json: TypeEngine[Any]
    long_text: TypeEngine[Any]
    digest: TypeEngine[Any]
    chunk: TypeEngine[Any]
    now: sa.TextClause


def column_types() -> ColumnTypes:
    """Those of the server that is being migrated."""
    if op.get_bind().dialect.name == "sqlite":
        return ColumnTypes(
            identity=sa.LargeBinary(16),
            moment=sa.String(26),
            json=sa.Text(),
            long_text=sa.Text(),
            digest=sa.LargeBinary(32),
            chunk=sa.LargeBinary(),
            now=sa.text("(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"),
        )
    return ColumnTypes(
        identity=mysql.BINARY(16),
        moment=mysql.DATETIME(fsp=6),
        json=mysql.MEDIUMTEXT(),
        long_text=mysql.MEDIUMTEXT(),
        digest=mysql.BINARY(32),
        chunk=mysql.MEDIUMBLOB(),
        now=sa.text("CURRENT_TIMESTAMP(6)"),
    )
