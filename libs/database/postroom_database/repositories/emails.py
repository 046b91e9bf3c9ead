"""Emails as clients see them. Every query asks for the workspace."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from postroom_database.drafts import Draft
from postroom_database.models import Email
from postroom_database.paging import Slice, read_slice
from postroom_database.repositories import contents, timelines
from postroom_database.repositories.timelines import NewEvent
from postroom_database.types import AnyRow, Now
from postroom_domain.states import WAITING, State

_SHOWN = (
    Email.id,
    Email.message_id,
    Email.sender,
    Email.to_list,
    Email.cc_list,
    Email.bcc_list,
    Email.reply_to_list,
    Email.subject,
    Email.created_at,
    Email.last_event,
    Email.scheduled_at,
)


def add(connection: Connection, drafts: Iterable[Draft], *, hinted: bool) -> None:
    """Store emails in as few statements as there are kinds of rows.

    Args:
        connection: of a writing transaction.
        drafts: of any number of workspaces.
        hinted: whether workers will be told after the commit; the sweep tells them otherwise.
    """
    drafts = tuple(drafts)
    due_now: list[dict[str, Any]] = []
    scheduled: list[dict[str, Any]] = []
    for draft in drafts:
        row = _row(draft)
        if draft.scheduled_at is not None:
            row |= {"scheduled_at": draft.scheduled_at, "due_at": draft.scheduled_at, "hinted_at": None}
            scheduled.append(row)
        else:
            # due_at and hinted_at are left to the column's default, the database's clock: an expression in
            # VALUES would keep PyMySQL from sending many rows as one statement.
            if not hinted:
                row["hinted_at"] = None
            due_now.append(row)
    for rows in (due_now, scheduled):
        if rows:
            connection.execute(insert(Email), rows)
    contents.add(connection, drafts)
    told = NewEvent("email.scheduled")
    timelines.append_all(connection, [(row["workspace_id"], row["id"], told) for row in scheduled])


def _row(draft: Draft) -> dict[str, Any]:
    state = State.QUEUED if draft.scheduled_at is None else State.SCHEDULED
    return {
        "id": draft.id,
        "workspace_id": draft.workspace_id,
        "state": state.value,
        "last_event": state.value,
        "lane": draft.lane.value,
        "sender": draft.sender,
        "to_list": draft.to,
        "cc_list": draft.cc,
        "bcc_list": draft.bcc,
        "reply_to_list": draft.reply_to,
        "subject": draft.subject,
        "headers": draft.headers,
        "tags": draft.tags,
        "request_id": draft.request_id,
        "key_id": draft.key_id,
        "attempts": 0,
    }


def get(connection: Connection, workspace_id: UUID, email_id: UUID) -> AnyRow | None:
    """What a client is shown of one email, without its bodies."""
    return connection.execute(
        select(*_SHOWN, Email.tags).where(Email.id == email_id, Email.workspace_id == workspace_id)
    ).one_or_none()


def page(connection: Connection, workspace_id: UUID, wanted: Slice) -> tuple[Sequence[AnyRow], bool]:
    """Emails, newest first, and whether there are more."""
    return read_slice(connection, select(*_SHOWN).where(Email.workspace_id == workspace_id), Email.id, wanted)


def newest(connection: Connection, *, workspace_id: UUID | None, state: State | None, limit: int) -> Sequence[AnyRow]:
    """Emails as an operator lists them, newest first: where they stand, and of whom they are, not whom they are for.

    Args:
        connection: any.
        workspace_id: only of this one.
        state: only those that stand so; rare ones are looked for among all.
        limit: the most rows.
    """
    query = select(
        Email.id,
        Email.workspace_id,
        Email.state,
        Email.last_event,
        Email.lane,
        Email.created_at,
        Email.due_at,
        Email.attempts,
        Email.reason,
    )
    if state is not None:
        query = query.where(Email.state == state.value)
    if workspace_id is None:
        return connection.execute(query.order_by(Email.id.desc()).limit(limit)).all()
    rows, _ = read_slice(connection, query.where(Email.workspace_id == workspace_id), Email.id, Slice(limit))
    return rows


def reschedule(connection: Connection, workspace_id: UUID, email_id: UUID, at: datetime) -> bool:
    """Move a scheduled email to another time. False when it is not there or not scheduled any more."""
    moved = connection.execute(
        update(Email)
        .where(Email.id == email_id, Email.workspace_id == workspace_id, Email.state == State.SCHEDULED.value)
        .values(scheduled_at=at, due_at=at)
    )
    return moved.rowcount == 1


def cancel(connection: Connection, workspace_id: UUID, email_id: UUID) -> bool:
    """Cancel a scheduled email. False when it is not there or not scheduled any more."""
    canceled = connection.execute(
        update(Email)
        .where(Email.id == email_id, Email.workspace_id == workspace_id, Email.state == State.SCHEDULED.value)
        .values(state=State.CANCELED.value, last_event=State.CANCELED.value, due_at=Now())
    )
    if canceled.rowcount != 1:
        return False
    timelines.append(connection, workspace_id, email_id, [NewEvent("email.canceled")])
    return True


def existing(connection: Connection, email_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Which of these are stored."""
    return frozenset(connection.execute(select(Email.id).where(Email.id.in_(tuple(email_ids)))).scalars())


def forget_hints(connection: Connection, email_ids: Iterable[UUID]) -> None:
    """Say that workers were not told of these after all, so that the next sweep tells them."""
    ids = tuple(email_ids)
    waiting = [state.value for state in WAITING]
    connection.execute(update(Email).where(Email.id.in_(ids), Email.state.in_(waiting)).values(hinted_at=None))
