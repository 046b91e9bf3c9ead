"""The audit as tests look at it: what was noted, and what is done when nothing can be noted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select, text

from postroom_database.engine import Database
from postroom_database.models import ApiKey, AuditEntry
from postroom_database.models.base import Base
from postroom_database.types import AnyRow

_AUDIT = AuditEntry.__tablename__
_SPARED = {ApiKey.__table__.c.last_used_at}
"""Written behind every request, whatever it does."""


def entries(database: Database) -> dict[UUID, AnyRow]:
    with database.read() as connection:
        return {row.id: row for row in connection.execute(select(AuditEntry.__table__)).all()}


def all_but_audit(database: Database) -> dict[str, list[str]]:
    """Every row of every other table, so that nothing can change unseen."""
    with database.read() as connection:
        return {
            name: sorted(map(repr, connection.execute(select(*_columns(table))).all()))
            for name, table in Base.metadata.tables.items()
            if name != _AUDIT
        }


def _columns(table: Table) -> list[Any]:
    return [column for column in table.columns if column not in _SPARED]


@contextmanager
def audit_is_gone(database: Database) -> Iterator[None]:
    """Whatever would note an action fails."""
    _rename(database, _AUDIT, "audit_gone")
    try:
        yield
    finally:
        _rename(database, "audit_gone", _AUDIT)


def _rename(database: Database, old: str, new: str) -> None:
    with database.begin() as connection:
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))
