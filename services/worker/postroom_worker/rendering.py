"""From an email to the bytes that travel: MIME as RFC 2045 to 2049 and 2387 describe it.

All headers are ASCII and folded, all lines end in CRLF, nothing needs 8BITMIME. Bcc is nowhere in it.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.generator import BytesGenerator
from email.message import Message as MimeMessage
from email.policy import compat32
from email.utils import format_datetime
from io import BytesIO
from typing import Any, TypeAlias
from uuid import UUID

from postroom_domain.addresses import Mailbox
from postroom_worker.headers import disposition, encode_mailboxes, encode_words
from postroom_worker.text_encoding import encode_text

_Part: TypeAlias = "MimeMessage[Any, Any]"
"""Headers are text or Header objects, which the generator folds."""

_POLICY = compat32.clone(linesep="\r\n", max_line_length=None)


@dataclass(frozen=True, slots=True)
class File:
    """An attachment with its bytes; with a content id it can be shown inside the HTML."""

    filename: str
    content_type: str
    content_id: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything that a recipient will see."""

    email_id: UUID
    written_at: datetime
    sender: Mailbox
    to: Sequence[Mailbox]
    cc: Sequence[Mailbox]
    reply_to: Sequence[Mailbox]
    subject: str
    headers: dict[str, str]
    text: bytes | None
    html: bytes | None
    files: Sequence[File]
    text_is_made: bool = False
    """Whether the text was made from the HTML: the email is whole without it."""


def render(letter: Letter) -> bytes:
    """The whole message."""
    root = _body(letter)
    message = _new_part()
    message["From"] = encode_mailboxes([letter.sender], "From")
    for name, mailboxes in (("To", letter.to), ("Cc", letter.cc), ("Reply-To", letter.reply_to)):
        if mailboxes:
            message[name] = encode_mailboxes(mailboxes, name)
    message["Subject"] = encode_words(letter.subject, "Subject")
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = f"<{letter.email_id}@{letter.sender.domain}>"
    for name, value in letter.headers.items():
        message[name] = encode_words(value, name)
    message["MIME-Version"] = "1.0"
    for name, value in root.items():
        message[name] = value
    message.set_payload(root.get_payload())
    target = BytesIO()
    BytesGenerator(target, mangle_from_=False, policy=_POLICY).flatten(message)
    return target.getvalue()


def _new_part() -> _Part:
    return MimeMessage(policy=_POLICY)


def _body(letter: Letter) -> _Part:
    """The parts; an empty body is none of them where there is the other."""
    inline = [file for file in letter.files if file.content_id and letter.html]
    attached = [file for file in letter.files if file not in inline]
    alternatives: list[_Part] = []
    if letter.text or not letter.html:
        alternatives.append(_text_part("plain", letter.text or b""))
    if letter.html:
        html = _text_part("html", letter.html)
        images = [_file_part("inline", file) for file in inline]
        alternatives.append(_multipart("related", [html, *images]) if images else html)
    body = alternatives[0] if len(alternatives) == 1 else _multipart("alternative", alternatives)
    if not attached:
        return body
    return _multipart("mixed", [body, *(_file_part("attachment", file) for file in attached)])


def _multipart(kind: str, parts: Sequence[_Part]) -> _Part:
    part = _new_part()
    # Random and given here: the generator would otherwise search every body for the one it makes up.
    part["Content-Type"] = f'multipart/{kind};\r\n boundary="=_{secrets.token_hex(16)}"'
    part.set_payload(list(parts))
    return part


def _text_part(kind: str, body: bytes) -> _Part:
    encoded = encode_text(body)
    part = _new_part()
    part["Content-Type"] = f"text/{kind}; charset=utf-8"
    part["Content-Transfer-Encoding"] = encoded.transfer_encoding
    part.set_payload(encoded.lines.decode("ascii"))
    return part


def _file_part(kind: str, file: File) -> _Part:
    part = _new_part()
    part["Content-Type"] = encode_words(file.content_type, "Content-Type")
    part["Content-Transfer-Encoding"] = "base64"
    part["Content-Disposition"] = disposition(kind, file.filename)
    if file.content_id:
        part["Content-ID"] = f"<{file.content_id}>"
    part.set_payload(base64.encodebytes(file.content).decode("ascii"))
    return part
