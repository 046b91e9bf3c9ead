"""Column types that mean the same on MySQL, MariaDB and SQLite."""

from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import DateTime, Dialect, Float, LargeBinary, Row, String, Text, TypeDecorator, literal
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row whose columns are read by name."""


class Id(TypeDecorator[UUID]):
    """A UUID as BINARY(16): in order of time, because ids are UUIDv7."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(LargeBinary(16))
        return dialect.type_descriptor(mysql.BINARY(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else value.bytes

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> UUID | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else UUID(bytes=bytes(value))


class Moment(TypeDecorator[datetime]):
    """A time in UTC with microseconds: aware in Python, DATETIME(6) in MySQL, sortable text in SQLite."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(26))
        return dialect.type_descriptor(mysql.DATETIME(fsp=6))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        plain = value.astimezone(UTC).replace(tzinfo=None)
        if dialect.name == "sqlite":
            return plain.isoformat(sep=" ", timespec="microseconds")
        return plain

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        plain = datetime.fromisoformat(value) if isinstance(value, str) else value
        return plain.replace(tzinfo=UTC)


class Json(TypeDecorator[Any]):
    """JSON text: read and written whole, never asked about in SQL, so no JSON column type is needed."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(mysql.MEDIUMTEXT())

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else msgspec.json.decode(value)


def binary(length: int) -> LargeBinary:
    """Fixed-length bytes: a hash."""
    return LargeBinary(length).with_variant(mysql.BINARY(length), "mysql", "mariadb")


def chunk() -> LargeBinary:
    """One piece of a large body, at most 1 MB by rule of the repository."""
    return LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


def long_text() -> Text:
    """Up to 16 MB of text on MySQL, whose own TEXT ends at 64 KB."""
    return Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


class Now(FunctionElement[datetime]):
    """The database's clock, shifted by whole or partial seconds: leases and due times never trust a host's."""

    type = Moment()
    inherit_cache = True
    name = "postroom_now"

    def __init__(self, shift_seconds: float = 0.0) -> None:
        super().__init__(literal(float(shift_seconds), Float()))


@compiles(Now)
def _now_mysql(element: Now, compiler: SQLCompiler, **options: Any) -> str:
    shift = compiler.process(element.clauses, **options)
    return f"(UTC_TIMESTAMP(6) + INTERVAL {shift} SECOND)"


@compiles(Now, "sqlite")
def _now_sqlite(element: Now, compiler: SQLCompiler, **options: Any) -> str:
    shift = compiler.process(element.clauses, **options)
    # SQLite's clock counts milliseconds; the zeros keep every stored time the same length.
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', ({shift}) || ' seconds') || '000')"


class CurrentMoment(FunctionElement[datetime]):
    """The default of a column that the database fills in: its own clock, in UTC (see connect in engine)."""

    type = Moment()
    inherit_cache = True
    name = "postroom_current"


@compiles(CurrentMoment)
def _current_mysql(element: CurrentMoment, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ARG001 - SQLAlchemy's signature
    return "CURRENT_TIMESTAMP(6)"


@compiles(CurrentMoment, "sqlite")
def _current_sqlite(element: CurrentMoment, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ARG001 - SQLAlchemy's signature
    return "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"
