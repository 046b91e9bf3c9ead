"""Ids are UUIDv7 (RFC 9562): ordered by time, so a page of emails is a range of the primary key."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()


def parse_id(text: str) -> UUID | None:
    """Read the canonical 36-character form; anything else is None, because no row can have such an id."""
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None
