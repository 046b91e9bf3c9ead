"""An email before it exists: what the api hands over to be stored."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from postroom_domain.lanes import Lane


class Content(Protocol):
    """Bytes of a body, given piece by piece so that a large one is never copied whole."""

    @property
    def size(self) -> int: ...

    def pieces(self) -> Iterator[bytes]:
        """The bytes in order, in pieces of at most 1 MB."""


class PlainContent:
    """Bytes that are there already."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def pieces(self) -> Iterator[bytes]:
        for start in range(0, len(self._data), 1_000_000):
            yield self._data[start : start + 1_000_000]


@dataclass(frozen=True, slots=True)
class DraftAttachment:
    id: UUID
    filename: str
    content_type: str
    content_id: str | None
    content: Content | None
    """None when the bytes are to be fetched from ``path``."""
    path: str | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked email, with the id it will have."""

    id: UUID
    workspace_id: UUID
    lane: Lane
    sender: str
    to: list[str]
    cc: list[str] | None
    bcc: list[str] | None
    reply_to: list[str] | None
    subject: str
    text: Content | None
    html: Content | None
    headers: dict[str, str] | None
    tags: list[dict[str, Any]] | None
    scheduled_at: datetime | None
    request_id: str
    key_id: UUID | None = None
    """The API key that sends it; None: no client did."""
    attachments: tuple[DraftAttachment, ...] = field(default=())

    @property
    def size(self) -> int:
        """Bytes of the bodies: what a group of commits is bounded by."""
        contents = (self.text, self.html, *(attachment.content for attachment in self.attachments))
        return sum(content.size for content in contents if content is not None)
