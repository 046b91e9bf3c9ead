"""Deliveries of the outbox: what each of them tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select

from postroom_database.models import Email, Event, WebhookDelivery
from postroom_database.types import AnyRow
from postroom_domain.webhook_payloads import ToldEmail, ToldEvent


@dataclass(frozen=True, slots=True)
class Told:
    """What a delivery tells.

    Attributes:
        email: None: it happened to none, or it was forgotten since.
        request_id: of the email.
    """

    event: ToldEvent
    email: ToldEmail | None
    request_id: str | None


def told(connection: Connection, delivery_ids: Sequence[UUID]) -> dict[UUID, Told]:
    """What each of these tells; one whose event was forgotten is left out."""
    rows = connection.execute(
        select(
            WebhookDelivery.id,
            Event.type,
            Event.email_id,
            Event.address,
            Event.data,
            Event.created_at,
            Email.id.label("found_email_id"),
            Email.message_id,
            Email.created_at.label("email_created_at"),
            Email.sender,
            Email.to_list,
            Email.subject,
            Email.headers,
            Email.tags,
            Email.request_id,
        )
        .join(Event, Event.id == WebhookDelivery.event_id)
        .outerjoin(Email, Email.id == Event.email_id)
        .where(WebhookDelivery.id.in_(delivery_ids))
    )
    return {row.id: _told(row) for row in rows}


def _told(row: AnyRow) -> Told:
    event = ToldEvent(row.type, row.created_at, row.email_id, row.address, row.data)
    if row.found_email_id is None:
        return Told(event, None, None)
    email = ToldEmail(
        message_id=row.message_id,
        created_at=row.email_created_at,
        sender=row.sender,
        to=row.to_list,
        subject=row.subject,
        headers=row.headers,
        tags=row.tags,
    )
    return Told(event, email, row.request_id)
