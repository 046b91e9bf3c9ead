"""The audit as tests look at it: what was noted, and what is done when nothing can be noted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, event, select, text

from postroom_database.engine import Database
from postroom_database.models import ApiKey, AuditEntry
from postroom_database.models.base import Base
from postroom_database.types import AnyRow

_AUDIT = AuditEntry.__tablename__
_CHANGES = ("INSERT", "UPDATE", "DELETE")
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


@contextmanager
def noting_transactions() -> Iterator[list[list[str]]]:
    """Of each transaction that meanwhile was committed in this process, and noted something: what else it changed."""
    noting: list[list[str]] = []

    def executed(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(_CHANGES):
            connection.info.setdefault("changes", []).append(statement)

    def committed(connection: Connection) -> None:
        changes = connection.info.pop("changes", [])
        others = [change for change in changes if _AUDIT not in change]
        if len(others) < len(changes):
            noting.append(others)

    def rolled_back(connection: Connection) -> None:
        connection.info.pop("changes", None)

    listeners = (("after_cursor_execute", executed), ("commit", committed), ("rollback", rolled_back))
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield noting
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


def _rename(database: Database, old: str, new: str) -> None:
    with database.begin() as connection:
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))
