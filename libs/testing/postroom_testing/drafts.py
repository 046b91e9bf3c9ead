"""Emails to store in tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from postroom_database.drafts import Draft, DraftAttachment
from postroom_database.engine import Database
from postroom_database.repositories import emails
from postroom_domain.ids import new_id
from postroom_domain.lanes import Lane


@dataclass
class Bytes:
    data: bytes
    piece: int = 1_000_000

    @property
    def size(self) -> int:
        return len(self.data)

    def pieces(self) -> Iterator[bytes]:
        for start in range(0, len(self.data), self.piece):
            yield self.data[start : start + self.piece]


def draft(workspace_id: UUID | None = None, **changes: Any) -> Draft:
    values: dict[str, Any] = {
        "id": new_id(),
        "workspace_id": workspace_id or uuid4(),
        "lane": Lane.INTERACTIVE,
        "sender": "Sender <from@example.com>",
        "to": ["to@example.com"],
        "cc": None,
        "bcc": None,
        "reply_to": None,
        "subject": "Hello 世界",
        "text": Bytes(b"text"),
        "html": None,
        "headers": None,
        "tags": None,
        "scheduled_at": None,
        "request_id": "request-1",
        "attachments": (),
    }
    return Draft(**(values | changes))


def attachment(content: Bytes | None, **changes: Any) -> DraftAttachment:
    values: dict[str, Any] = {
        "id": new_id(),
        "filename": "a.bin",
        "content_type": "application/octet-stream",
        "content_id": None,
        "content": content,
        "path": None,
    }
    return DraftAttachment(**(values | changes))


def store(database: Database, *drafts: Draft, hinted: bool = True) -> None:
    with database.begin() as connection:
        emails.add(connection, drafts, hinted=hinted)
