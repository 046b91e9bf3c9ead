"""How far something was forgotten. Whoever holds a mark's row is the only one who goes on from there."""

from datetime import UTC, datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import mysql, sqlite

from postroom_database.models import RetentionMark

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def take(connection: Connection, name: str) -> datetime:
    """The mark, which is held until the transaction ends."""
    mark = select(RetentionMark.moment).where(RetentionMark.name == name).with_for_update()
    found = connection.execute(mark).scalar_one_or_none()
    if found is not None:
        return found
    values = {"name": name, "moment": _BEGINNING}
    if connection.dialect.name == "sqlite":
        connection.execute(sqlite.insert(RetentionMark).values(values).on_conflict_do_nothing())
    else:
        new = mysql.insert(RetentionMark).values(values)
        connection.execute(new.on_duplicate_key_update(name=RetentionMark.name))
    return connection.execute(mark).scalar_one()


def move(connection: Connection, name: str, moment: datetime) -> None:
    connection.execute(update(RetentionMark).where(RetentionMark.name == name).values(moment=moment))
