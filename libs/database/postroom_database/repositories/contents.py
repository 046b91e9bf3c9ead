"""Bodies in chunks, so that a message of any size passes through a server's default max_allowed_packet."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select

from postroom_database.drafts import Content, Draft
from postroom_database.models import Attachment, ContentChunk, Email
from postroom_database.types import AnyRow

TEXT_PART = 0
HTML_PART = 1
FIRST_ATTACHMENT_PART = 2

_ATTACHMENT = (
    Attachment.id,
    Attachment.email_id,
    Attachment.part,
    Attachment.filename,
    Attachment.content_type,
    Attachment.content_id,
    Attachment.size,
    Attachment.path,
)

CHUNK_BYTES = 1_000_000
_STATEMENT_BYTES = 1_000_000
"""Rows are sent together up to this size: one round trip for many small bodies, one for each large chunk."""


def add(connection: Connection, drafts: Iterable[Draft]) -> None:
    drafts = tuple(drafts)
    attachments = [row for draft in drafts for row in _attachment_rows(draft)]
    if attachments:
        connection.execute(insert(Attachment), attachments)
    rows: list[dict[str, Any]] = []
    waiting = 0
    for row in _chunk_rows(drafts):
        rows.append(row)
        waiting += len(row["data"])
        if waiting >= _STATEMENT_BYTES:
            connection.execute(insert(ContentChunk), rows)
            rows, waiting = [], 0
    if rows:
        connection.execute(insert(ContentChunk), rows)


def load(connection: Connection, email_id: UUID, part: int) -> bytes | None:
    """One body whole; None when the email has none of it."""
    chunks = connection.execute(
        select(ContentChunk.data)
        .where(ContentChunk.email_id == email_id, ContentChunk.part == part)
        .order_by(ContentChunk.seq)
    ).scalars()
    pieces = [bytes(chunk) for chunk in chunks]
    return b"".join(pieces) if pieces else None


def load_all(connection: Connection, email_id: UUID, parts: Iterable[int]) -> dict[int, bytes | None]:
    """The text, the HTML and those other parts, each whole; None for what the email has none of."""
    wanted = (TEXT_PART, HTML_PART, *parts)
    pieces: dict[int, list[bytes]] = {}
    for part, data in connection.execute(
        select(ContentChunk.part, ContentChunk.data)
        .where(ContentChunk.email_id == email_id)
        .order_by(ContentChunk.part, ContentChunk.seq)
    ):
        pieces.setdefault(part, []).append(bytes(data))
    return {part: b"".join(pieces[part]) if part in pieces else None for part in wanted}


def attachments(connection: Connection, workspace_id: UUID, email_id: UUID) -> Sequence[AnyRow] | None:
    """The attachments of an email, in its order, without their bytes; None when the workspace has no such email."""
    mine = select(Email.id).where(Email.id == email_id, Email.workspace_id == workspace_id)
    if connection.execute(mine).one_or_none() is None:
        return None
    return connection.execute(
        select(*_ATTACHMENT).where(Attachment.email_id == email_id).order_by(Attachment.part)
    ).all()


def attachment(connection: Connection, attachment_id: UUID) -> AnyRow | None:
    """One attachment of any workspace, without its bytes: for whoever was given a link to it."""
    return connection.execute(select(*_ATTACHMENT).where(Attachment.id == attachment_id)).one_or_none()


def piece(connection: Connection, email_id: UUID, part: int, seq: int) -> bytes | None:
    """One piece of a body; None behind the last one."""
    data = connection.execute(
        select(ContentChunk.data).where(
            ContentChunk.email_id == email_id, ContentChunk.part == part, ContentChunk.seq == seq
        )
    ).scalar_one_or_none()
    return None if data is None else bytes(data)


def _attachment_rows(draft: Draft) -> Iterator[dict[str, Any]]:
    for part, attachment in enumerate(draft.attachments, start=FIRST_ATTACHMENT_PART):
        yield {
            "email_id": draft.id,
            "part": part,
            "id": attachment.id,
            "filename": attachment.filename,
            "content_type": attachment.content_type,
            "content_id": attachment.content_id,
            "size": attachment.content.size if attachment.content else 0,
            "path": attachment.path,
        }


def _chunk_rows(drafts: Iterable[Draft]) -> Iterator[dict[str, Any]]:
    for draft in drafts:
        bodies: list[tuple[int, Content | None]] = [(TEXT_PART, draft.text), (HTML_PART, draft.html)]
        bodies += enumerate((attachment.content for attachment in draft.attachments), start=FIRST_ATTACHMENT_PART)
        for part, content in bodies:
            if content is None:
                continue
            seq = -1
            for seq, data in enumerate(content.pieces()):
                yield {"email_id": draft.id, "part": part, "seq": seq, "data": data}
            if seq < 0:  # an empty body is a body
                yield {"email_id": draft.id, "part": part, "seq": 0, "data": b""}
