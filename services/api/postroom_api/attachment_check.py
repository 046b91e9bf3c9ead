"""From the attachments that a client sent to ones that can be stored, or to an error that names the field."""

import mimetypes
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from postroom_api.attachment_contents import InvalidContent, read_content
from postroom_api.email_request import AttachmentRequest
from postroom_api.errors import INVALID_ATTACHMENT, ApiError, refuse
from postroom_database.drafts import Content, DraftAttachment
from postroom_domain.headers import has_control
from postroom_domain.ids import new_id

_MAX_ATTACHMENTS = 250
"""SES takes 500 MIME parts in a message; no real email comes near this."""
_MAX_NAME = 255
"""What file systems and users of RFC 2392 keep to."""
_MAX_PATH = 2048
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+\s*(;[ -~\t]*)?")  # RFC 6838 4.2, parameters
_EMPTY = msgspec.Raw()


def make_attachments(given: Sequence[AttachmentRequest] | None) -> tuple[DraftAttachment, ...]:
    """Check the attachments of one email.

    Raises:
        ApiError: naming the first field that is wrong.
    """
    given = given or ()
    if len(given) > _MAX_ATTACHMENTS:
        raise _invalid("attachments", f"There are more than {_MAX_ATTACHMENTS}.")
    return tuple(_attachment(attachment, f"attachments[{index}]") for index, attachment in enumerate(given))


def _attachment(given: AttachmentRequest, where: str) -> DraftAttachment:
    filename = given.filename or _filename_of(given.path) or "attachment"
    content_id = given.content_id or given.inline_content_id
    content_type = given.content_type or given.content_type_camel or _guess_type(filename)
    for name, text in (("filename", filename), ("content_type", content_type), ("content_id", content_id or "")):
        if has_control(text) or len(text) > _MAX_NAME:
            raise _invalid(f"{where}.{name}", f"It must be at most {_MAX_NAME} characters without line breaks.")
    # A multipart type would make readers look for parts inside what is one file (RFC 2046 5.1).
    if not _MEDIA_TYPE.fullmatch(content_type) or content_type.lower().startswith("multipart/"):
        raise _invalid(f"{where}.content_type", "It must look like `type/subtype`.")
    content = _content(given, content_type, where)
    return DraftAttachment(
        id=new_id(),
        filename=filename,
        content_type=content_type,
        content_id=content_id.strip("<>") if content_id else None,
        content=content,
        path=None if content else _path(given.path, where),
    )


def _content(given: AttachmentRequest, content_type: str, where: str) -> Content | None:
    """The bytes that came with the request; None when there are none."""
    if given.content == _EMPTY or bytes(memoryview(given.content)[:4]) == b"null":
        return None
    try:
        return read_content(given.content, content_type)
    except InvalidContent as problem:
        raise _invalid(f"{where}.content", f"What is wrong: {problem}.") from None


def _path(path: str | None, where: str) -> str:
    if not path:
        raise _invalid(where, "It needs a `content` or a `path`.")
    if not _is_url(path):
        raise _invalid(f"{where}.path", "It must be an http or https URL.")
    return path


def _is_url(path: str) -> bool:
    if len(path) > _MAX_PATH or has_control(path) or any(character.isspace() for character in path):
        return False
    try:
        parts = urlsplit(path)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _filename_of(path: str | None) -> str:
    return (path or "").partition("?")[0].rstrip("/").rpartition("/")[2]


def _guess_type(filename: str) -> str:
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def _invalid(name: str, reason: str) -> ApiError:
    return refuse(INVALID_ATTACHMENT, field=name, reason=reason)
