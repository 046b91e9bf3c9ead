"""Mail that the ``inbox:`` transport captured. One inbox for the whole installation: it exists to try things out."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, insert, select

from postroom_database.models import InboxChunk, InboxMessage
from postroom_database.repositories.contents import CHUNK_BYTES
from postroom_database.types import AnyRow
from postroom_domain.ids import new_id

_SHOWN = (
    InboxMessage.id,
    InboxMessage.email_id,
    InboxMessage.sender,
    InboxMessage.recipients,
    InboxMessage.subject,
    InboxMessage.size,
    InboxMessage.received_at,
)


def add(
    connection: Connection,
    *,
    email_id: UUID,
    sender: str,
    recipients: Sequence[str],
    subject: str,
    raw: bytes,
) -> UUID:
    message_id = new_id()
    connection.execute(
        insert(InboxMessage),
        [
            {
                "id": message_id,
                "email_id": email_id,
                "sender": sender,
                "recipients": list(recipients),
                "subject": subject,
                "size": len(raw),
            }
        ],
    )
    for seq, start in enumerate(range(0, len(raw), CHUNK_BYTES)):
        connection.execute(
            insert(InboxChunk),
            [{"message_id": message_id, "seq": seq, "data": raw[start : start + CHUNK_BYTES]}],
        )
    return message_id


def newest(connection: Connection, limit: int) -> Sequence[AnyRow]:
    return connection.execute(select(*_SHOWN).order_by(InboxMessage.id.desc()).limit(limit)).all()


def get(connection: Connection, message_id: UUID) -> AnyRow | None:
    return connection.execute(select(*_SHOWN).where(InboxMessage.id == message_id)).one_or_none()


def raw(connection: Connection, message_id: UUID) -> bytes | None:
    """The message as it would have left; None when there is no such message."""
    chunks = connection.execute(
        select(InboxChunk.data).where(InboxChunk.message_id == message_id).order_by(InboxChunk.seq)
    ).scalars()
    pieces = [bytes(chunk) for chunk in chunks]
    return b"".join(pieces) if pieces else None
