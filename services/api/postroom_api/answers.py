"""The bodies of successful answers, in Resend's shapes."""

from datetime import datetime
from typing import Any

import msgspec

from postroom_database.types import AnyRow


class EmailId(msgspec.Struct, frozen=True):
    id: str


class BatchError(msgspec.Struct, frozen=True):
    """Which email of a permissive batch was refused, counted from 0, and why."""

    index: int
    message: str


class BatchAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Ids in the order of the request; ``errors`` only for a permissive batch."""

    data: list[EmailId]
    errors: list[BatchError] | msgspec.UnsetType = msgspec.UNSET


class EmailReference(msgspec.Struct, frozen=True):
    id: str
    object: str = "email"


class EmailSummary(msgspec.Struct, frozen=True):
    """One email in a list."""

    id: str
    message_id: str | None
    from_: str = msgspec.field(name="from")
    to: list[str]
    cc: list[str] | None
    bcc: list[str] | None
    reply_to: list[str] | None
    subject: str
    created_at: str
    last_event: str
    scheduled_at: str | None


class EmailPage(msgspec.Struct, frozen=True):
    has_more: bool
    data: list[EmailSummary]
    object: str = "list"


class EmailDetails(EmailSummary, frozen=True):
    """One email with its bodies."""

    html: str | None
    text: str | None
    tags: list[dict[str, str]]
    object: str = "email"


def summary(row: AnyRow) -> EmailSummary:
    return EmailSummary(**_shown(row))


def details(row: AnyRow, *, html: bytes | None, text: bytes | None) -> EmailDetails:
    return EmailDetails(
        **_shown(row),
        html=None if html is None else html.decode(),
        text=None if text is None else text.decode(),
        tags=row.tags or [],
    )


def _shown(row: AnyRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "message_id": row.message_id,
        "from_": row.sender,
        "to": row.to_list,
        "cc": row.cc_list,
        "bcc": row.bcc_list,
        "reply_to": row.reply_to_list,
        "subject": row.subject,
        "created_at": timestamp(row.created_at),
        "last_event": row.last_event,
        "scheduled_at": None if row.scheduled_at is None else timestamp(row.scheduled_at),
    }


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds, always of one length."""
    return moment.isoformat(timespec="microseconds")
