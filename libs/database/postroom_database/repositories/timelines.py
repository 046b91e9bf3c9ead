"""What became of an email: its recipients and its events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select

from postroom_database.models import Email, Event, Recipient
from postroom_database.paging import Slice, read_slice
from postroom_database.repositories import outbox
from postroom_database.types import AnyRow
from postroom_domain.ids import new_id
from postroom_domain.states import HeldBecause


@dataclass(frozen=True, slots=True)
class NewEvent:
    type: str
    address: str | None = None
    data: dict[str, Any] | None = None


def held(because: HeldBecause, reason: str | None) -> NewEvent:
    """An email was set aside for an operator."""
    return NewEvent("email.held", data={"because": because.value, "reason": reason})


def parked(reason: str | None, *, now: datetime, seconds: float) -> NewEvent:
    """An email waits, through no fault of its own; the time is the database's."""
    until = (now + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
    return NewEvent("email.parked", data={"reason": reason, "until": until})


def append(connection: Connection, workspace_id: UUID, email_id: UUID, news: Sequence[NewEvent]) -> None:
    """Say what happened to an email."""
    append_all(connection, [(workspace_id, email_id, event) for event in news])


def append_all(connection: Connection, news: Sequence[tuple[UUID, UUID, NewEvent]]) -> None:
    """Say what happened to emails: workspace, email, event."""
    _append(connection, [_row(workspace_id, email_id, event) for workspace_id, email_id, event in news])


def tell(connection: Connection, workspace_id: UUID, type_: str, data: dict[str, Any]) -> None:
    """Say what happened to a resource that is no email; webhooks are told the data as it is."""
    tell_all(connection, workspace_id, [NewEvent(type_, data=data)])


def tell_all(connection: Connection, workspace_id: UUID, news: Sequence[NewEvent]) -> None:
    """The same of several; an address is kept beside the data for those who look for it."""
    _append(connection, [_row(workspace_id, None, event) for event in news])


def _append(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(Event), rows)
        outbox.write(connection, rows)


def _row(workspace_id: UUID, email_id: UUID | None, event: NewEvent) -> dict[str, Any]:
    return {
        "id": new_id(),
        "workspace_id": workspace_id,
        "email_id": email_id,
        "type": event.type,
        "address": event.address,
        "data": event.data,
    }


def email(connection: Connection, email_id: UUID) -> AnyRow | None:
    """An email with the fields of Postroom's own work, of any workspace: for operators."""
    return connection.execute(select(Email.__table__).where(Email.id == email_id)).one_or_none()


def recipients(connection: Connection, email_id: UUID) -> Sequence[AnyRow]:
    return connection.execute(
        select(Recipient.address, Recipient.state, Recipient.reason, Recipient.updated_at)
        .where(Recipient.email_id == email_id)
        .order_by(Recipient.address)
    ).all()


def events(connection: Connection, email_id: UUID) -> Sequence[AnyRow]:
    return connection.execute(
        select(Event.type, Event.address, Event.data, Event.created_at)
        .where(Event.email_id == email_id)
        .order_by(Event.id)
    ).all()


def page(
    connection: Connection, workspace_id: UUID, email_id: UUID, wanted: Slice
) -> tuple[Sequence[AnyRow], bool] | None:
    """Events of an email, newest first, and whether there are more; None: the workspace has no such email."""
    email = select(Email.id).where(Email.id == email_id, Email.workspace_id == workspace_id)
    if connection.execute(email).one_or_none() is None:
        return None
    shown = select(Event.id, Event.type, Event.address, Event.data, Event.created_at).where(Event.email_id == email_id)
    return read_slice(connection, shown, Event.id, wanted, within="email_id")
