"""Reading a captured message back: what a person wants to see of it."""

import base64
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

import msgspec

from postroom_database.types import AnyRow


class MessageSummary(msgspec.Struct, frozen=True):
    """One captured message in the list; ``to`` is the envelope, so that Bcc shows."""

    id: str
    email_id: str
    from_: str = msgspec.field(name="from")
    to: list[str]
    subject: str
    received_at: str


class MessageList(msgspec.Struct, frozen=True):
    data: list[MessageSummary]


class Header(msgspec.Struct, frozen=True):
    name: str
    value: str


class CapturedAttachment(msgspec.Struct, frozen=True):
    index: int
    filename: str
    content_type: str
    size: int
    content_id: str | None


class MessageDetails(MessageSummary, frozen=True):
    """One captured message with what a person wants to see of it."""

    size: int
    headers: list[Header]
    text: str | None
    has_html: bool
    attachments: list[CapturedAttachment]


@dataclass(frozen=True, slots=True)
class File:
    filename: str
    content_type: str
    content: bytes


class Captured:
    """A message parsed once."""

    def __init__(self, raw: bytes) -> None:
        parsed = BytesParser(policy=default).parsebytes(raw)
        if not isinstance(parsed, EmailMessage):
            raise TypeError("the default policy parses into EmailMessage")
        self._message = parsed

    def headers(self) -> list[Header]:
        return [Header(name, str(value)) for name, value in self._message.items()]

    def text(self) -> str | None:
        part = self._message.get_body(("plain",))
        return None if part is None else str(part.get_content())

    def html(self) -> str | None:
        """The HTML with its ``cid:`` images as data: they are part of the message, not remote."""
        part = self._message.get_body(("html",))
        if part is None:
            return None
        html = str(part.get_content())
        for file, content_id in self._files():
            if content_id and f"cid:{content_id}" in html:
                data = base64.b64encode(file.content).decode()
                html = html.replace(f"cid:{content_id}", f"data:{file.content_type};base64,{data}")
        return html

    def has_html(self) -> bool:
        return self._message.get_body(("html",)) is not None

    def attachments(self) -> list[CapturedAttachment]:
        return [
            CapturedAttachment(index, file.filename, file.content_type, len(file.content), content_id)
            for index, (file, content_id) in enumerate(self._files())
        ]

    def file(self, index: int) -> File | None:
        files = self._files()
        return files[index][0] if 0 <= index < len(files) else None

    def _files(self) -> list[tuple[File, str | None]]:
        bodies = [part for part in (self._message.get_body(("plain",)), self._message.get_body(("html",))) if part]
        files: list[tuple[File, str | None]] = []
        for part in self._message.walk():
            if part.is_multipart() or any(part is body for body in bodies):
                continue
            content = part.get_payload(decode=True)
            content_id = part.get("Content-ID")
            files.append(
                (
                    File(
                        part.get_filename() or "attachment",
                        part.get_content_type(),
                        content if isinstance(content, bytes) else b"",
                    ),
                    None if content_id is None else str(content_id).strip("<> "),
                )
            )
        return files


def summarize(row: AnyRow) -> MessageSummary:
    return MessageSummary(
        id=str(row.id),
        email_id=str(row.email_id),
        from_=row.sender,
        to=row.recipients,
        subject=row.subject,
        received_at=row.received_at.isoformat(timespec="microseconds"),
    )
