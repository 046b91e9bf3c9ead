"""Ids are UUIDv7 (RFC 9562): ordered by time, so a page of emails is a range of the primary key."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id() -> UUID:
    return uuid7()


def parse_id(text: str) -> UUID | None:
    """Read the canonical 36-character form; anything else is None, because no row can have such an id."""
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None


def first_id(moment: datetime) -> UUID:
    """The smallest id that can be made at that moment, to the millisecond: what is older has a smaller one.

    RFC 9562, 5.7: 48 bits of milliseconds since 1970, the version, and the variant before what is random.
    """
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62)
