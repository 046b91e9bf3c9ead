"""Where a person may be named: asked of the server, range after range of a table, because no index knows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from postroom_domain.persons import Person


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom to look for, and where; without a workspace: in all of them, and in what belongs to none."""

    person: Person
    workspace_id: UUID | None

    def holds(self, column: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
        """Whether that workspace is meant."""
        return true() if self.workspace_id is None else column == self.workspace_id


@dataclass(frozen=True, slots=True)
class Range:
    """A part of a table.

    Attributes:
        keys: of its rows that may name the person, each once.
        last: where it ends; None: with the table.
    """

    keys: Sequence[Any]
    last: Any


def look(
    connection: Connection, key: InstrumentedAttribute[Any], may_name: ColumnElement[bool], after: Any, rows: int
) -> Range:
    """Look through the next rows of a table.

    Args:
        connection: to read on.
        key: what the table is ordered by; rows that share one are looked at together.
        may_name: of a row.
        after: where the range before ended; None: at the beginning.
        rows: about how many.
    """
    behind = true() if after is None else key > after
    last = connection.execute(select(key).where(behind).order_by(key).offset(rows - 1).limit(1)).scalar_one_or_none()
    until = true() if last is None else key <= last
    keys = connection.execute(select(key).where(behind, until, may_name).distinct().order_by(key)).scalars().all()
    return Range(keys, last)


def mentions(column: InstrumentedAttribute[Any], person: Person) -> ColumnElement[bool]:
    """Whether a text holds the address, or a longer one that ends or begins alike: rather too much than too little."""
    return or_(*(_holds(column, spelling) for spelling in person.spellings))


def may_list(person: Person, *columns: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Whether one of these lists may hold a mailbox of theirs: their domain may be written in many ways."""
    return or_(*(_holds(column, mark) for column in columns for mark in person.marks))


def _holds(column: InstrumentedAttribute[Any], words: str) -> ColumnElement[bool]:
    # As it stands inside of JSON: a quoted local part may hold what JSON escapes.
    escaped = msgspec.json.encode(words)[1:-1].decode()
    needles = dict.fromkeys((words, escaped))
    return or_(*(func.coalesce(func.instr(func.lower(column), needle), 0) > 0 for needle in needles))
