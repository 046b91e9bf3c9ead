"""The bodies of successful answers about what happened to an email. Postroom's own, in the style of Resend's lists."""

from typing import Any

import msgspec

from postroom_api.answers import timestamp
from postroom_database.types import AnyRow


class TimelineEvent(msgspec.Struct, frozen=True):
    """``data`` is under the provider's own names where the provider told it; ``created_at`` is when it was noted.

    ``recipient`` is null where it happened to the email as a whole.
    """

    id: str
    type: str
    created_at: str
    recipient: str | None
    data: dict[str, Any] | None


class TimelinePage(msgspec.Struct, frozen=True):
    has_more: bool
    data: list[TimelineEvent]
    object: str = "list"


def timeline_event(row: AnyRow) -> TimelineEvent:
    return TimelineEvent(
        id=str(row.id),
        type=row.type,
        created_at=timestamp(row.created_at),
        recipient=row.address,
        data=row.data,
    )
