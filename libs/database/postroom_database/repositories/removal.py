"""Taking away what is known of emails: for retention, and for the erasure of a person."""

from collections.abc import Iterator, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection, delete, func, select

from postroom_database.models import (
    Attachment,
    ContentChunk,
    Email,
    Event,
    InboxChunk,
    InboxMessage,
    Recipient,
    WebhookAttempt,
    WebhookDelivery,
)

_PIECE = 500
"""Ids in one statement."""
MOST_CHUNKS = 100
"""Pieces of bodies, each up to 1 MB, that one transaction takes away, unless a single email has more."""

_Item = TypeVar("_Item")


def light(connection: Connection, email_ids: Sequence[UUID]) -> list[UUID]:
    """As many of these emails, in their order, as one transaction should take the bodies of; one at least."""
    taken: list[UUID] = []
    weight = 0
    for piece in pieces(email_ids):
        counted = connection.execute(
            select(ContentChunk.email_id, func.count())
            .where(ContentChunk.email_id.in_(piece))
            .group_by(ContentChunk.email_id)
        )
        weights: dict[UUID, int] = {row[0]: row[1] for row in counted}
        for email_id in piece:
            weight += weights.get(email_id, 0)
            if taken and weight > MOST_CHUNKS:
                return taken
            taken.append(email_id)
    return taken


def remove_bodies(connection: Connection, email_ids: Sequence[UUID]) -> int:
    """Take away their texts, HTML and attachments; how many pieces of them there were."""
    count = 0
    for piece in pieces(email_ids):
        count += connection.execute(delete(ContentChunk).where(ContentChunk.email_id.in_(piece))).rowcount
        connection.execute(delete(Attachment).where(Attachment.email_id.in_(piece)))
    return count


def remove_emails(connection: Connection, email_ids: Sequence[UUID]) -> None:
    """Take away all of them, and that they were ever sent. The caller holds their rows."""
    remove_bodies(connection, email_ids)
    for piece in pieces(email_ids):
        event_ids = connection.execute(select(Event.id).where(Event.email_id.in_(piece))).scalars().all()
        remove_events(connection, event_ids)
        connection.execute(delete(Recipient).where(Recipient.email_id.in_(piece)))
        connection.execute(delete(Email).where(Email.id.in_(piece)))


def remove_events(connection: Connection, event_ids: Sequence[UUID]) -> None:
    """Take away events, and that webhooks were told of them."""
    for piece in pieces(event_ids):
        # Locked before their attempts go: a worker that is about to write another one waits, and then finds none.
        told = select(WebhookDelivery.id).where(WebhookDelivery.event_id.in_(piece)).with_for_update()
        for deliveries in pieces(connection.execute(told).scalars().all()):
            connection.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(deliveries)))
            connection.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(deliveries)))
        connection.execute(delete(Event).where(Event.id.in_(piece)))


def remove_captured(connection: Connection, message_ids: Sequence[UUID]) -> None:
    """Take away messages of the captured inbox."""
    for piece in pieces(message_ids):
        connection.execute(delete(InboxChunk).where(InboxChunk.message_id.in_(piece)))
        connection.execute(delete(InboxMessage).where(InboxMessage.id.in_(piece)))


def pieces(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """The items, as many at a time as one statement names."""
    for start in range(0, len(items), _PIECE):
        yield items[start : start + _PIECE]
