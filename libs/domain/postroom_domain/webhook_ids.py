"""What clients call an event on its way to one webhook: its ``svix-id``, and its id in the API."""

import re
from uuid import UUID

_SHAPE = re.compile(r"msg_(?P<hex>[0-9a-f]{32})")


def message_id(delivery_id: UUID) -> str:
    """``msg_`` and the delivery's id in 32 hex digits; the same in every attempt."""
    return f"msg_{delivery_id.hex}"


def parse_message_id(text: str) -> UUID | None:
    """The delivery that a text names; None: it names none, because message_id makes no such text."""
    found = _SHAPE.fullmatch(text)
    return None if found is None else UUID(found["hex"])
