"""What goes to a mail provider and what comes back. Light: these types need no provider's library."""

import enum
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

# SES takes 40 MB for the whole encoded message (AWS, "Service quotas in Amazon SES"); the others follow it,
# so that a message does not pass in development and fail in production.
MAX_RAW_BYTES = 40 * 1024 * 1024
MAX_REASON_CHARACTERS = 500


class Verdict(enum.Enum):
    SENT = "sent"
    """The provider has taken responsibility for the message."""
    TRANSIENT = "transient"
    """Surely not sent; the same call may succeed later."""
    PARKED = "parked"
    """Surely not sent, and no fault of this message: the account, or its configuration, lets nothing out now."""
    PERMANENT = "permanent"
    """Surely not sent; the same call will never succeed."""
    UNKNOWN = "unknown"
    """Perhaps sent: the request went out whole, the answer did not come."""


@dataclass(frozen=True, slots=True)
class Message:
    """One call to a provider.

    Attributes:
        sender: bare envelope address.
        recipients: envelope: bare addresses of To, Cc and Bcc together.
        raw: the whole RFC 5322 message, lines ended by CRLF.
    """

    email_id: UUID
    sender: str
    recipients: tuple[str, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """What the provider said about one recipient; `reason` in its own words, one line."""

    address: str
    verdict: Verdict
    reason: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", " ".join(self.reason.split())[:MAX_REASON_CHARACTERS])


@dataclass(frozen=True, slots=True)
class Happening:
    """What a provider usually tells later, and the inbox at once.

    Attributes:
        type: "delivered", "bounced", "complained" or "delivery_delayed".
        data: for a bounce SES's own field names: bounceType, bounceSubType, diagnosticCode.
    """

    type: str
    address: str
    data: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """Attributes: message_id is the provider's, None when it took no recipient or did not answer."""

    message_id: str | None
    recipients: tuple[RecipientResult, ...]
    happenings: tuple[Happening, ...] = ()


class Transport(Protocol):
    """A way to send mail. Used by many threads at once."""

    name: str
    max_bytes: int
    """Limit of `Message.raw`."""
    settles: bool
    """Whether the provider later tells by itself what it took."""

    def send(self, message: Message) -> Result:
        """Call the provider once. Expected trouble is a verdict of each recipient, never an exception."""
        ...

    def check(self) -> str:
        """Ask the provider whether we may send; one line for an operator. Raises TransportError."""
        ...

    def close(self) -> None:
        """Give back connections; can be called twice."""
        ...


def same_for_all(message: Message, verdict: Verdict, reason: str = "") -> tuple[RecipientResult, ...]:
    return tuple(RecipientResult(address, verdict, reason) for address in message.recipients)
