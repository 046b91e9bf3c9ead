"""What the SES of the tests takes and answers; shapes from the SESv2 API reference."""

import base64
import enum
import re
import time
from dataclasses import dataclass
from typing import Any

# AWS, "Service quotas in Amazon SES".
MAX_RECIPIENTS = 50
MAX_RAW_BYTES = 40 * 1024 * 1024
_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=(\w+)/")


class Behaviour(enum.Enum):
    """What the next SendEmail request meets."""

    ACCEPT = "accept"
    THROTTLE = "throttle"
    REJECT = "reject"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    UNVERIFIED = "unverified"
    NOT_FOUND = "not_found"
    DENY = "deny"
    FAIL = "fail"
    HANG = "hang"
    """Read the request, accept nothing, never answer: the client must go away."""
    HANG_AFTER = "hang_after"
    """Accept, never answer."""
    DROP = "drop"
    """Read the request, accept nothing, cut the connection."""
    DROP_AFTER = "drop_after"
    """Accept, cut the connection."""


@dataclass(slots=True)
class AcceptedMail:
    """What SES took.

    Attributes:
        recipients: the whole Destination, in the order To, Cc, Bcc.
        access_key: who asked.
        accepted_at: by time.monotonic().
        answered: the answer was written whole, to a client that was still there.
    """

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    tags: dict[str, str]
    configuration_set: str | None
    access_key: str = ""
    accepted_at: float = 0.0
    answered: bool = False


@dataclass(frozen=True, slots=True)
class FaultError(Exception):
    """An error as SESv2 answers it."""

    status: int
    name: str
    text: str


class HangError(Exception):
    """The client gets no answer until it goes away."""


FAULTS = {
    Behaviour.THROTTLE: FaultError(429, "TooManyRequestsException", "Maximum sending rate exceeded."),
    Behaviour.REJECT: FaultError(400, "MessageRejected", "Message content contains a virus."),
    Behaviour.PAUSED: FaultError(400, "SendingPausedException", "Sending is paused for this account."),
    Behaviour.SUSPENDED: FaultError(400, "AccountSuspendedException", "The account is suspended."),
    Behaviour.UNVERIFIED: FaultError(
        400, "MailFromDomainNotVerifiedException", "The MAIL FROM domain is not verified."
    ),
    Behaviour.NOT_FOUND: FaultError(404, "NotFoundException", "Configuration set <postroom> does not exist."),
    Behaviour.DENY: FaultError(403, "AccessDeniedException", "This user is not authorized to perform it."),
    Behaviour.FAIL: FaultError(500, "InternalFailure", "An internal failure occurred."),
}


def read_access_key(authorization: str) -> str:
    """The access key id of a signed request (AWS, "Signature Version 4"); raises FaultError where there is none."""
    found = _CREDENTIAL.match(authorization)
    if found is None:
        raise FaultError(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    return found[1]


def read_mail(body: dict[str, Any], *, access_key: str, message_id: str) -> AcceptedMail:
    """Parse a SendEmail body with raw content; raises FaultError where SES would refuse it."""
    try:
        raw = base64.b64decode(body["Content"]["Raw"]["Data"], validate=True)
    except (KeyError, ValueError):
        raise FaultError(400, "BadRequestException", "Raw content is missing or no base64") from None
    destination = body.get("Destination", {})
    recipients = tuple(
        address for field in ("ToAddresses", "CcAddresses", "BccAddresses") for address in destination.get(field, ())
    )
    if not recipients or len(recipients) > MAX_RECIPIENTS:
        raise FaultError(400, "BadRequestException", f"Recipient count is not between 1 and {MAX_RECIPIENTS}.")
    if len(raw) > MAX_RAW_BYTES:
        raise FaultError(400, "BadRequestException", "Message length is more than the maximum allowed.")
    if b"\r\n\r\n" not in raw:
        raise FaultError(400, "BadRequestException", "Missing final '\\r\\n\\r\\n' of the header.")
    return AcceptedMail(
        message_id=message_id,
        sender=body.get("FromEmailAddress", ""),
        recipients=recipients,
        raw=raw,
        tags={tag["Name"]: tag["Value"] for tag in body.get("EmailTags", ())},
        configuration_set=body.get("ConfigurationSetName"),
        access_key=access_key,
        accepted_at=time.monotonic(),
    )
