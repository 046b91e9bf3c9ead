"""What webhooks are told of an event, in Resend's shape (its documents, "Event types"); built when it is posted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

_UNDETERMINED = "Undetermined"
_NOT_SENT_TO = ("Suppressed", "OnAccountSuppressionList")
"""SES's bounceSubType of what it did not even try."""

# Some clients find the reason by the words "bounce message" and "suppressed sending".
_BOUNCED = {
    "Permanent": "The recipient's mail server answered with a hard bounce message; the address will not work later.",
    "Transient": "The recipient's mail server answered with a soft bounce message; the address may work later.",
}
_BOUNCED_SOMEHOW = "A bounce message came back that does not say why."
_SUPPRESSED = "The provider has suppressed sending to this address, because mail to it bounced before."

_PARTS: Mapping[str, tuple[str, Sequence[str]]] = {
    "email.opened": ("open", ("ipAddress", "timestamp", "userAgent")),
    "email.clicked": ("click", ("ipAddress", "link", "timestamp", "userAgent")),
    "email.failed": ("failed", ("reason",)),
    "email.suppressed": ("suppressed", ("message", "type", "reason")),
}
"""By type: the part of an email's event, and what it holds; named alike in the event's own data."""

_WHOLE_PARTS = {
    "email.rendering_failed": "rendering_failure",
    "email.subscription_changed": "subscription",
}
"""Postroom's own: told as the provider told it."""


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """What happened.

    Attributes:
        email_id: None: it happened to no email, and data is told as it is.
        address: the recipient that it happened to; None: to all of them.
        data: of an email's event, under the provider's own names.
    """

    type: str
    created_at: datetime
    email_id: UUID | None = None
    address: str | None = None
    data: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ToldEmail:
    """What is told of the email that it happened to.

    Attributes:
        message_id: the provider's; None before it was sent.
        to: as the client wrote them.
        tags: name and value of each.
    """

    message_id: str | None
    created_at: datetime
    sender: str
    to: Sequence[str]
    subject: str
    headers: Mapping[str, str] | None = None
    tags: Sequence[Mapping[str, str]] | None = None


def build(event: ToldEvent, email: ToldEmail | None) -> dict[str, Any]:
    """The payload.

    Args:
        event: what happened.
        email: to which; None also when it was forgotten since.
    """
    data = dict(event.data or {}) if event.email_id is None else _about_email(event.email_id, event, email)
    return {"type": event.type, "created_at": _moment(event.created_at), "data": data}


def _about_email(email_id: UUID, event: ToldEvent, email: ToldEmail | None) -> dict[str, Any]:
    data: dict[str, Any] = {"email_id": str(email_id)}
    if email is not None:
        if email.message_id is not None:
            data["message_id"] = email.message_id
        data |= {
            "created_at": _moment(email.created_at),
            "from": email.sender,
            "to": list(email.to),
            "subject": email.subject,
        }
        if email.headers:
            data["headers"] = [{"name": name, "value": value} for name, value in email.headers.items()]
        if email.tags:
            data["tags"] = {tag["name"]: tag["value"] for tag in email.tags}
    if event.address is not None:
        data["recipient"] = event.address
    return data | _part(event.type, event.data or {})


def _part(type_: str, found: Mapping[str, Any]) -> dict[str, Any]:
    if type_ == "email.bounced":
        return {"bounce": _bounce(found)}
    if type_ in _WHOLE_PARTS:
        return {_WHOLE_PARTS[type_]: dict(found)}
    if type_ not in _PARTS:
        return {}
    name, fields = _PARTS[type_]
    return {name: {field: found[field] for field in fields if found.get(field) is not None}}


def _bounce(found: Mapping[str, Any]) -> dict[str, Any]:
    kind = found.get("bounceType") or _UNDETERMINED
    sub_type = found.get("bounceSubType") or _UNDETERMINED
    message = _SUPPRESSED if sub_type in _NOT_SENT_TO else _BOUNCED.get(kind, _BOUNCED_SOMEHOW)
    bounce = {"message": message, "type": kind, "subType": sub_type}
    code = found.get("diagnosticCode")
    return bounce if code is None else bounce | {"diagnosticCode": [code]}


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
