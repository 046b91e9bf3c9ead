"""Pages of a list, newest first: a range of ids, so that a page deep in the list costs what the first one costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select
from sqlalchemy.orm import InstrumentedAttribute

from postroom_database.types import AnyRow


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a list.

    Attributes:
        limit: rows at most; None: all of them.
        after: the part begins with the next older row than this id.
        before: the part ends with the next newer row than this id.
    """

    limit: int | None
    after: UUID | None = None
    before: UUID | None = None


def read_slice(
    connection: Connection,
    wanted: Select[*tuple[Any, ...]],
    id_column: InstrumentedAttribute[UUID],
    part: Slice,
    *,
    within: str = "workspace_id",
) -> tuple[Sequence[AnyRow], bool]:
    """Rows, newest first, and whether there are more beyond them in the direction that was asked.

    Args:
        connection: any.
        wanted: selects the whole list, restricted to one value of the column ``within``, without an order.
        id_column: what the list is ordered by; its table has the index ``ix_TABLE_WITHIN_id``.
        part: which part of it.
        within: what the list is of.
    """
    table = id_column.class_.__table__
    # Left to itself, MariaDB 10.11 walks from the newest row to where the part begins, or through other workspaces'
    # rows; told which index to use, it begins there. Counted by libs/database/tests/test_depth.py.
    wanted = wanted.with_hint(table, f"FORCE INDEX (ix_{table.name}_{within}_id)", "mysql")
    limited = wanted if part.limit is None else wanted.limit(part.limit + 1)
    if part.before is not None:
        rows = connection.execute(limited.where(id_column > part.before).order_by(id_column)).all()
        return rows[: part.limit][::-1], part.limit is not None and len(rows) > part.limit
    if part.after is not None:
        limited = limited.where(id_column < part.after)
    rows = connection.execute(limited.order_by(id_column.desc())).all()
    return rows[: part.limit], part.limit is not None and len(rows) > part.limit
