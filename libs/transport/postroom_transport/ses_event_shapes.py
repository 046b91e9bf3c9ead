"""What SES publishes about an email (AWS, "Contents of event data that Amazon SES publishes to Amazon SNS").

Only what is used is read; everything else, headers above all, is passed over.
"""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec

from postroom_domain.addresses import parse_mailbox
from postroom_domain.errors import InvalidAddress
from postroom_domain.ids import parse_id
from postroom_domain.reports import Happening, Occurrence, Report, Sighting
from postroom_domain.states import State

_EMAIL_ID_TAG = "postroom_email_id"
"""What the transport names the id of an email in every call."""

_MAX_REASON_CHARACTERS = 500


class _Head(msgspec.Struct, rename="camel"):
    event_type: str = ""


class _Mail(msgspec.Struct, rename="camel"):
    message_id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    destination: list[str]
    tags: dict[str, list[str]] = {}

    def email_id(self) -> UUID | None:
        named = self.tags.get(_EMAIL_ID_TAG) or [""]
        return parse_id(named[0])

    def sent_to(self) -> tuple[str, ...]:
        return tuple(_bare(address) for address in self.destination)


class _Recipient(msgspec.Struct, rename="camel"):
    email_address: str
    diagnostic_code: str | None = None


class _Event(msgspec.Struct, rename="camel", tag_field="eventType"):
    mail: _Mail


class _Told(_Event):
    """Of recipients: a state that they reached."""

    told: ClassVar[State]

    def report(self, email_id: UUID) -> Report:
        return Report(email_id, self.mail.message_id, self.told, tuple(self.happenings()), self.mail.sent_to())

    def happenings(self) -> Iterable[Happening]:
        return [Happening(_bare(address)) for address in self.mail.destination]


class _Seen(_Event):
    """Of the email as a whole."""

    seen: ClassVar[Occurrence]

    def _sighting(self, email_id: UUID, part: msgspec.Struct) -> Sighting:
        data = msgspec.to_builtins(part)
        return Sighting(email_id, self.mail.message_id, self.seen, data, self.mail.sent_to())


class _Send(_Told, tag="Send"):
    told = State.SENT


class _DeliveryPart(msgspec.Struct, rename="camel", omit_defaults=True):
    recipients: list[str]
    smtp_response: str | None = None
    timestamp: str | None = None


class _Delivery(_Told, tag="Delivery"):
    told = State.DELIVERED
    delivery: _DeliveryPart

    def happenings(self) -> Iterable[Happening]:
        return [Happening(_bare(address), data=_data(self.delivery)) for address in self.delivery.recipients]


class _BouncePart(msgspec.Struct, rename="camel", omit_defaults=True):
    bounced_recipients: list[_Recipient]
    bounce_type: str
    bounce_sub_type: str | None = None
    timestamp: str | None = None


class _Bounce(_Told, tag="Bounce"):
    told = State.BOUNCED
    bounce: _BouncePart

    def happenings(self) -> Iterable[Happening]:
        return [_happening(one, self.bounce) for one in self.bounce.bounced_recipients]


class _ComplaintPart(msgspec.Struct, rename="camel", omit_defaults=True):
    complained_recipients: list[_Recipient]
    complaint_sub_type: str | None = None
    complaint_feedback_type: str | None = None
    timestamp: str | None = None


class _Complaint(_Told, tag="Complaint"):
    told = State.COMPLAINED
    complaint: _ComplaintPart

    def happenings(self) -> Iterable[Happening]:
        return [_happening(one, self.complaint) for one in self.complaint.complained_recipients]


class _DelayPart(msgspec.Struct, rename="camel", omit_defaults=True):
    delayed_recipients: list[_Recipient]
    delay_type: str | None = None
    expiration_time: str | None = None
    timestamp: str | None = None


class _DeliveryDelay(_Told, tag="DeliveryDelay"):
    told = State.DELIVERY_DELAYED
    delivery_delay: _DelayPart

    def happenings(self) -> Iterable[Happening]:
        return [_happening(one, self.delivery_delay) for one in self.delivery_delay.delayed_recipients]


class _RejectPart(msgspec.Struct):
    reason: str = "rejected"


class _Reject(_Told, tag="Reject"):
    told = State.FAILED
    reject: _RejectPart

    def happenings(self) -> Iterable[Happening]:
        reason = _line(self.reject.reason)
        return [Happening(_bare(address), reason, {"reason": reason}) for address in self.mail.destination]


class _OpenPart(msgspec.Struct, rename="camel", omit_defaults=True):
    ip_address: str | None = None
    user_agent: str | None = None
    timestamp: str | None = None


class _Open(_Seen, tag="Open"):
    seen = Occurrence.OPENED
    open: _OpenPart

    def report(self, email_id: UUID) -> Sighting:
        return self._sighting(email_id, self.open)


class _ClickPart(_OpenPart, rename="camel", omit_defaults=True):
    link: str | None = None
    link_tags: dict[str, list[str]] | None = None


class _Click(_Seen, tag="Click"):
    seen = Occurrence.CLICKED
    click: _ClickPart

    def report(self, email_id: UUID) -> Sighting:
        return self._sighting(email_id, self.click)


class _FailurePart(msgspec.Struct, rename="camel", omit_defaults=True):
    template_name: str | None = None
    error_message: str | None = None


class _RenderingFailure(_Seen, tag="Rendering Failure"):
    """SES renders its own templates only, and Postroom sends none: it comes of nothing that a worker sent."""

    seen = Occurrence.RENDERING_FAILED
    failure: _FailurePart

    def report(self, email_id: UUID) -> Sighting:
        return self._sighting(email_id, self.failure)


class _SubscriptionPart(msgspec.Struct, rename="camel", omit_defaults=True):
    contact_list: str | None = None
    timestamp: str | None = None
    source: str | None = None
    new_topic_preferences: dict[str, Any] | None = None
    old_topic_preferences: dict[str, Any] | None = None


class _Subscription(_Seen, tag="Subscription"):
    seen = Occurrence.SUBSCRIPTION_CHANGED
    subscription: _SubscriptionPart

    def report(self, email_id: UUID) -> Sighting:
        return self._sighting(email_id, self.subscription)


TYPES = {
    "Send": "send",
    "Delivery": "delivery",
    "Bounce": "bounce",
    "Complaint": "complaint",
    "DeliveryDelay": "delivery_delay",
    "Reject": "reject",
    "Open": "open",
    "Click": "click",
    "Rendering Failure": "rendering_failure",
    "Subscription": "subscription",
}
HEAD = msgspec.json.Decoder(_Head)
EVENT = msgspec.json.Decoder(
    _Send
    | _Delivery
    | _Bounce
    | _Complaint
    | _DeliveryDelay
    | _Reject
    | _Open
    | _Click
    | _RenderingFailure
    | _Subscription
)


def _happening(recipient: _Recipient, part: msgspec.Struct) -> Happening:
    code = recipient.diagnostic_code
    data = _data(part) | ({} if code is None else {"diagnosticCode": code})
    return Happening(_bare(recipient.email_address), None if code is None else _line(code), data)


def _data(part: msgspec.Struct) -> dict[str, Any]:
    """What it says of all its recipients."""
    fields: dict[str, Any] = msgspec.to_builtins(part)
    return {name: value for name, value in fields.items() if not isinstance(value, list)}


def _bare(text: str) -> str:
    try:
        return parse_mailbox(text).address
    except InvalidAddress:
        return text  # of no envelope


def _line(reason: str) -> str:
    return " ".join(reason.split())[:_MAX_REASON_CHARACTERS]
