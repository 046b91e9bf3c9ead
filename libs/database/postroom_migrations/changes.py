"""Changes of the schema that can be asked for again.

MySQL commits every one of them by itself. So a migration that died in the middle has done some of them for good, and
is run again from its beginning: what is there already must be no trouble.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem


def create_table(name: str, *items: SchemaItem, **options: Any) -> None:
    if not sa.inspect(op.get_bind()).has_table(name):
        op.create_table(name, *items, **options)


def add_column(table: str, column: sa.Column[Any]) -> None:
    if all(there["name"] != column.name for there in sa.inspect(op.get_bind()).get_columns(table)):
        op.add_column(table, column)


def create_index(name: str, table: str, columns: list[str], *, unique: bool = False) -> None:
    if all(there["name"] != name for there in sa.inspect(op.get_bind()).get_indexes(table)):
        op.create_index(name, table, columns, unique=unique)
