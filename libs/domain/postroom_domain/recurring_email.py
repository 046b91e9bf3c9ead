"""The email of a schedule: stored as fields of ``POST /emails``, and written anew for each slot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from postroom_domain.addresses import parse_mailbox
from postroom_domain.errors import NotSendable
from postroom_domain.headers import has_control
from postroom_domain.limits import MAX_MESSAGE_BYTES, MAX_RECIPIENTS, MAX_SUBJECT
from postroom_domain.templates import Rendering, TemplateContent

_BASE64 = 78 / 57
"""Bytes on the wire for each byte."""


@dataclass(frozen=True, slots=True)
class Written:
    """What comes from the email itself or from its template."""

    sender: str
    subject: str
    reply_to: list[str] | None
    html: str | None
    text: str | None


def write(email: Mapping[str, Any]) -> Written:
    """An email that names no template."""
    return Written(email["from"], email["subject"], email.get("reply_to"), email.get("html"), email.get("text"))


def write_from(email: Mapping[str, Any], content: TemplateContent) -> Written:
    """An email that says what its template says now, where it does not say something else itself.

    Raises:
        DomainError: a value is missing or wrong, or what comes out cannot be sent.
    """
    rendering = Rendering(content)
    values = rendering.values(email["template"].get("variables") or {})
    if rendering.size(values) * _BASE64 > MAX_MESSAGE_BYTES:
        raise NotSendable(f"The email would be larger than {MAX_MESSAGE_BYTES // 1024 // 1024} MB.")
    rendered = rendering.render(values)
    sender = email.get("from") or rendered.sender
    subject = email.get("subject")
    subject = rendered.subject if subject is None else subject
    reply_to = email.get("reply_to") or list(rendered.reply_to)
    if not sender:
        raise NotSendable("There is no `from`, neither in the email nor in the template.")
    if subject is None:
        raise NotSendable("There is no `subject`, neither in the email nor in the template.")
    if len(subject) > MAX_SUBJECT or has_control(subject):
        raise NotSendable("The `subject` is too long, or holds a line break or a control character.")
    if len(reply_to) > MAX_RECIPIENTS:
        raise NotSendable(f"There are more than {MAX_RECIPIENTS} addresses in `reply_to`.")
    for address in (sender, *reply_to):
        parse_mailbox(address)
    return Written(sender, subject, reply_to or None, rendered.html, rendered.text)
