"""Attachments of emails as clients read them back."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from postroom_api.answers import timestamp
from postroom_api.asking import ask
from postroom_api.bodies import AnyRequest
from postroom_api.errors import INVALID_LINK, NOT_FOUND, ApiError, refuse
from postroom_api.links import Links
from postroom_database.engine import Database
from postroom_database.paging import Slice
from postroom_database.repositories import contents
from postroom_database.types import AnyRow


class AttachmentSummary(msgspec.Struct, frozen=True):
    """One attachment. ``download_url`` needs no key and holds until ``expires_at``.

    One that was given as a URL is fetched when the email is sent, and not kept: its ``download_url`` is that URL, its
    size 0.
    """

    id: str
    filename: str
    size: int
    content_type: str
    content_disposition: str
    content_id: str | None
    download_url: str
    expires_at: str


class AttachmentDetails(AttachmentSummary, frozen=True):
    object: str = "attachment"


class AttachmentPage(msgspec.Struct, frozen=True):
    has_more: bool
    data: list[AttachmentSummary]
    object: str = "list"


@dataclass(frozen=True, slots=True)
class Attachments:
    database: Database
    links: Links

    def page(self, request: AnyRequest, workspace_id: UUID, email_id: UUID, wanted: Slice) -> AttachmentPage:
        """In the order of the email, which has few."""
        rows = ask(self.database, lambda connection: contents.attachments(connection, workspace_id, email_id))
        if rows is None:
            raise refuse(NOT_FOUND, what="Email")
        part, has_more = _slice(rows, wanted)
        return AttachmentPage(has_more, [AttachmentSummary(**self._shown(request, row)) for row in part])

    def one(self, request: AnyRequest, workspace_id: UUID, email_id: UUID, attachment_id: UUID) -> AttachmentDetails:
        rows = ask(self.database, lambda connection: contents.attachments(connection, workspace_id, email_id))
        found = next((row for row in rows or () if row.id == attachment_id), None)
        if found is None:
            raise _not_found()
        return AttachmentDetails(**self._shown(request, found))

    def linked(self, request: AnyRequest, attachment_id: UUID) -> AnyRow:
        """The attachment that a link names, whoever holds it."""
        if not self.links.holds(request, str(attachment_id)):
            raise refuse(INVALID_LINK)
        row = ask(self.database, lambda connection: contents.attachment(connection, attachment_id))
        if row is None or row.path is not None:
            raise _not_found()
        return row

    async def pieces(self, row: AnyRow) -> AsyncIterator[bytes]:
        """The bytes, read from the database piece by piece as the client takes them."""
        seq = 0
        while piece := await asyncio.to_thread(self._piece, row, seq):
            yield piece
            seq += 1

    def _piece(self, row: AnyRow, seq: int) -> bytes | None:
        return ask(self.database, lambda connection: contents.piece(connection, row.email_id, row.part, seq))

    def _shown(self, request: AnyRequest, row: AnyRow) -> dict[str, Any]:
        url, expires = self.links.make(request, str(row.id))
        return {
            "id": str(row.id),
            "filename": row.filename,
            "size": row.size,
            "content_type": row.content_type,
            "content_disposition": "inline" if row.content_id else "attachment",
            "content_id": row.content_id,
            "download_url": row.path or url,
            "expires_at": timestamp(datetime.fromtimestamp(expires, UTC)),
        }


def _slice(rows: Sequence[AnyRow], wanted: Slice) -> tuple[Sequence[AnyRow], bool]:
    """The part of a short list, and whether there is more of it in the direction that was asked."""
    ids = [row.id for row in rows]
    if wanted.before is not None:
        end = ids.index(wanted.before) if wanted.before in ids else 0
        begin = 0 if wanted.limit is None else max(0, end - wanted.limit)
        return rows[begin:end], begin > 0
    begin = 0
    if wanted.after is not None:
        begin = ids.index(wanted.after) + 1 if wanted.after in ids else len(ids)
    end = len(ids) if wanted.limit is None else begin + wanted.limit
    return rows[begin:end], end < len(ids)


def _not_found() -> ApiError:
    return refuse(NOT_FOUND, what="Attachment")
