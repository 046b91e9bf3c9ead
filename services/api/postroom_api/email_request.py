"""The body of ``POST /emails`` as clients send it. Unknown fields are ignored, because SDKs send some."""

from typing import Annotated, Any

import msgspec

from postroom_api.bodies import EmptyList
from postroom_api.template_request import AnyValue

Address = Annotated[
    str,
    msgspec.Meta(
        description="`email@example.com` or `Name <email@example.com>`.",
        extra_json_schema={"format": "email"},
        examples=["Shop <orders@example.com>"],
    ),
]
Addresses = Address | list[Address] | None
_Moment = Annotated[
    str,
    msgspec.Meta(
        description="ISO 8601, or English such as `in 1 hour`; at most 30 days ahead.", examples=["in 1 hour"]
    ),
]


class AttachmentRequest(msgspec.Struct):
    """``content`` comes as base64 text, as an array of byte values, or as a Node Buffer; else ``path`` is fetched."""

    filename: str | None = None
    content: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    path: str | None = None
    content_type: str | None = None
    content_id: str | None = None
    inline_content_id: str | None = None
    content_type_camel: str | None = msgspec.field(default=None, name="contentType")


class TemplateUseRequest(msgspec.Struct):
    """A published template by its id or alias, and a value for each of its variables that has no fallback."""

    id: str | None = None
    variables: dict[str, AnyValue] | EmptyList | None = None


class EmailRequest(msgspec.Struct):
    """One email. Every field is optional here, so that a missing one can be named in the answer."""

    from_: Address | None = msgspec.field(default=None, name="from")
    to: Addresses = None
    subject: str | None = None
    cc: Addresses = None
    bcc: Addresses = None
    reply_to: Addresses = None
    reply_to_camel: Addresses = msgspec.field(default=None, name="replyTo")
    html: str | None = None
    text: str | None = None
    headers: dict[str, str | int | float] | EmptyList | None = None
    attachments: list[AttachmentRequest] | None = None
    tags: list[dict[str, Any]] | None = None
    scheduled_at: _Moment | None = None
    scheduled_at_camel: _Moment | None = msgspec.field(default=None, name="scheduledAt")
    template: TemplateUseRequest | None = None
    topic_id: str | None = None


class RescheduleRequest(msgspec.Struct):
    scheduled_at: _Moment | None = None
    scheduled_at_camel: _Moment | None = msgspec.field(default=None, name="scheduledAt")
