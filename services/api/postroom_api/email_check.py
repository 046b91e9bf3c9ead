"""From what a client sent to a draft that can be stored, or to an error that names the field."""

from datetime import datetime
from typing import Any
from uuid import UUID

from postroom_api.attachment_check import make_attachments
from postroom_api.bodies import fields_of
from postroom_api.email_request import Addresses, EmailRequest
from postroom_api.errors import MISSING_CONTENT, MISSING_FIELD, invalid, refuse
from postroom_database.drafts import Draft, PlainContent
from postroom_domain.addresses import parse_mailbox
from postroom_domain.errors import InvalidAddress, InvalidHeader, InvalidTag, InvalidTime
from postroom_domain.headers import check_header, decode_words, has_control, unfold
from postroom_domain.ids import new_id
from postroom_domain.lanes import Lane
from postroom_domain.limits import (
    MAX_HEADERS,
    MAX_MESSAGE_BYTES,
    MAX_RECIPIENTS,
    MAX_SUBJECT,
    MAX_TAGS,
)
from postroom_domain.send_times import parse_send_time
from postroom_domain.tags import check_tag

_ADDRESS_FORM = "The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."
_BASE64_LINE = 78 / 57  # bytes on the wire for each byte: 76 characters and a line break for 57 bytes


def make_draft(
    request: EmailRequest, *, workspace_id: UUID, key_id: UUID | None, lane: Lane, request_id: str, now: datetime
) -> Draft:
    """Check one email.

    Args:
        request: as decoded, with what its template says in its place.
        workspace_id: whose it will be.
        key_id: the API key that sends it; None: no client does.
        lane: interactive, or bulk for a batch.
        request_id: which request caused it.
        now: aware; what a relative ``scheduled_at`` is relative to.

    Raises:
        ApiError: naming the first field that is missing or wrong.
    """
    _refuse_unsupported(request)
    sender = _required(request.from_, "from")
    to = _addresses(request.to, "to")
    if not to:
        raise refuse(MISSING_FIELD, field="to")
    cc = _addresses(request.cc, "cc")
    bcc = _addresses(request.bcc, "bcc")
    if len(to) + len(cc) + len(bcc) > MAX_RECIPIENTS:
        raise invalid(
            "to", f"An email can have at most {MAX_RECIPIENTS} recipients over `to`, `cc` and `bcc` together."
        )
    check_address(sender, "from")
    reply_to = _reply_to(request.reply_to or request.reply_to_camel)
    draft = Draft(
        id=new_id(),
        workspace_id=workspace_id,
        lane=lane,
        sender=sender,
        to=to,
        cc=cc or None,
        bcc=bcc or None,
        reply_to=reply_to,
        subject=_subject(request.subject),
        text=None if request.text is None else PlainContent(_encode(request.text, "text")),
        html=None if request.html is None else PlainContent(_encode(request.html, "html")),
        headers=_headers(request.headers, has_reply_to=bool(reply_to)),
        tags=_tags(request.tags),
        scheduled_at=send_time(request.scheduled_at or request.scheduled_at_camel, now),
        request_id=request_id,
        key_id=key_id,
        attachments=make_attachments(request.attachments),
    )
    if not request.text and not request.html:
        raise refuse(MISSING_CONTENT)
    _check_size(draft)
    return draft


def send_time(text: str | None, now: datetime) -> datetime | None:
    """When to send; None when now.

    Raises:
        ApiError: naming ``scheduled_at``.
    """
    if not text:
        return None
    try:
        return parse_send_time(text, now)
    except InvalidTime as problem:
        raise invalid("scheduled_at", problem) from None


def _refuse_unsupported(request: EmailRequest) -> None:
    # Ignoring it would send a customer something else than was meant.
    if request.topic_id is not None:
        raise invalid("topic_id", "This version of Postroom does not support it.")


def _required(value: str | None, name: str) -> str:
    if not value:
        raise refuse(MISSING_FIELD, field=name)
    return value


def _addresses(value: Addresses, name: str) -> list[str]:
    if not value:
        return []
    addresses = [value] if isinstance(value, str) else value
    for address in addresses:
        check_address(address, name)
    return addresses


def _reply_to(value: Addresses) -> list[str] | None:
    addresses = _addresses(value, "reply_to")
    if len(addresses) > MAX_RECIPIENTS:
        raise invalid("reply_to", f"There are more than {MAX_RECIPIENTS}.")
    return addresses or None


def check_address(address: str, name: str) -> None:
    """Refuse what mail cannot reach.

    Raises:
        ApiError: naming the field.
    """
    try:
        parse_mailbox(address)
    except InvalidAddress as problem:
        raise invalid(name, f"{_ADDRESS_FORM} {problem}") from None


def _subject(value: str | None) -> str:
    if value is None:
        raise refuse(MISSING_FIELD, field="subject")
    check_subject(value)
    return value


def check_subject(value: str) -> None:
    """Refuse one that could break the message.

    Raises:
        ApiError: naming ``subject``.
    """
    if len(value) > MAX_SUBJECT:
        raise invalid("subject", f"It is longer than {MAX_SUBJECT} characters.")
    if has_control(value):
        raise invalid("subject", "It holds a line break or a control character.")


def _encode(value: str, name: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise invalid(name, "It holds half of a surrogate pair.") from None


def _headers(given: dict[str, str | int | float] | list[Any] | None, *, has_reply_to: bool) -> dict[str, str] | None:
    value = fields_of(given, "headers")
    if not value:
        return None
    if len(value) > MAX_HEADERS:
        raise invalid("headers", f"There are more than {MAX_HEADERS}.")
    headers = {name: decode_words(unfold(str(content))) for name, content in value.items()}
    if has_reply_to:  # Symfony's bridge says it twice
        headers = {name: content for name, content in headers.items() if name.lower() != "reply-to"}
    seen: set[str] = set()
    for name, content in headers.items():
        try:
            check_header(name, content)
        except InvalidHeader as problem:
            raise invalid("headers", problem) from None
        if name.lower() in seen:
            raise invalid("headers", f"The header `{name}` is given twice.")
        seen.add(name.lower())
    return headers or None


def _tags(value: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    if not value:
        return None
    tags = [tag for given in value for tag in _tag(given)]
    if len(tags) > MAX_TAGS:
        raise invalid("tags", f"There are more than {MAX_TAGS}.")
    for tag in tags:
        try:
            check_tag(tag["name"], tag["value"])
        except InvalidTag as problem:
            raise invalid("tags", problem) from None
    return tags


def _tag(given: dict[str, Any]) -> list[dict[str, str]]:
    # Symfony's bridge sends {"X-Tag": "value"} instead of a name and a value.
    pairs = [(given.get("name"), given.get("value"))] if "name" in given else list(given.items())
    if not pairs or not all(isinstance(part, str) for pair in pairs for part in pair):
        raise invalid("tags", "Each tag needs a `name` and a `value`, both text.")
    return [{"name": str(name), "value": str(content)} for name, content in pairs]


def _check_size(draft: Draft) -> None:
    headers = sum(len(name) + len(value) for name, value in (draft.headers or {}).items())
    if draft.size * _BASE64_LINE + headers > MAX_MESSAGE_BYTES:
        field = "attachments" if draft.attachments else "html" if draft.html else "text"
        raise invalid(field, f"The email would be larger than {MAX_MESSAGE_BYTES // 1024 // 1024} MB.")
