"""Whether a restored database is whole: what belongs together is there. Reads only, page by page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, func, inspect, select

from postroom_database.models import Attachment, AuditEntry, ContentChunk, Email, Event, Recipient
from postroom_database.models.base import Base
from postroom_database.types import AnyRow
from postroom_domain.states import ENDS, State

_ENDED = frozenset(state.value for state in ENDS)


def missing_tables(connection: Connection) -> list[str]:
    """Tables of this release that are not there."""
    return sorted(Base.metadata.tables.keys() - set(inspect(connection).get_table_names()))


def count_rows(connection: Connection) -> dict[str, int]:
    """Of every table of this release; each is counted through."""
    return {
        name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for name, table in sorted(Base.metadata.tables.items())
    }


def newest(connection: Connection) -> datetime | None:
    """When the newest email was accepted, event happened or change was noted; None: never."""
    found = [
        connection.execute(select(model.created_at).order_by(model.id.desc()).limit(1)).scalar_one_or_none()
        for model in (Email, Event, AuditEntry)
    ]
    return max((moment for moment in found if moment is not None), default=None)


@dataclass(frozen=True, slots=True)
class Page:
    """Some emails, looked at.

    Attributes:
        count: of them.
        last: where to go on; None at the end.
        broken: emails to which something is missing, and what.
    """

    count: int
    last: UUID | None
    broken: Sequence[tuple[UUID, str]]


def look(connection: Connection, after: UUID | None, limit: int) -> Page:
    """Look at the next emails after an id: those still to be sent need all of their content, sent ones recipients.

    Content of what has ended may be forgotten, so nobody can tell whether it should be there.
    """
    wanted = select(Email.id, Email.state).order_by(Email.id).limit(limit)
    rows = connection.execute(wanted if after is None else wanted.where(Email.id > after)).all()
    waiting = [row.id for row in rows if row.state not in _ENDED]
    sent = [row.id for row in rows if row.state == State.SENT]
    broken = [(one, "its text and HTML are missing") for one in _without(connection, ContentChunk.email_id, waiting)]
    broken += [(one, "an attachment is not whole") for one in _cut(connection, waiting)]
    broken += [(one, "its recipients are missing") for one in _without(connection, Recipient.email_id, sent)]
    return Page(len(rows), rows[-1].id if len(rows) == limit else None, broken)


def _without(connection: Connection, column: Any, email_ids: Sequence[UUID]) -> list[UUID]:
    """Those of which a table has no row."""
    if not email_ids:
        return []
    there = set(connection.execute(select(column).where(column.in_(email_ids)).distinct()).scalars())
    return [one for one in email_ids if one not in there]


def _cut(connection: Connection, email_ids: Sequence[UUID]) -> list[UUID]:
    """Those with an attachment whose pieces are not as long as it was."""
    if not email_ids:
        return []
    length: Callable[..., Any] = func.length
    mine = and_(ContentChunk.email_id == Attachment.email_id, ContentChunk.part == Attachment.part)
    rows: Sequence[AnyRow] = connection.execute(
        select(Attachment.email_id)
        .outerjoin(ContentChunk, mine)
        .where(Attachment.email_id.in_(email_ids), Attachment.path.is_(None))
        .group_by(Attachment.email_id, Attachment.part, Attachment.size)
        .having(func.coalesce(func.sum(length(ContentChunk.data)), -1) != Attachment.size)
    ).all()
    return sorted({row.email_id for row in rows})
