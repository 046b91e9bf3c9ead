"""Delivery into a captured inbox, for development and tests: nothing leaves the house."""

from typing import Protocol
from uuid import UUID

from postroom_transport.message import MAX_RAW_BYTES, Happening, Message, Result, Verdict, same_for_all

DELIVERED = ("delivered",)
# What each test address does, as the services that define them document it:
# Resend, "Send test emails"; AWS, "Using the mailbox simulator in Amazon SES".
BEHAVIOURS: dict[tuple[str, str], tuple[str, ...]] = {
    ("bounced", "resend.dev"): ("bounced",),
    ("complained", "resend.dev"): ("delivered", "complained"),
    ("bounce", "simulator.amazonses.com"): ("bounced",),
    ("complaint", "simulator.amazonses.com"): ("delivered", "complained"),
    ("suppressionlist", "simulator.amazonses.com"): ("refused",),
}
HARD_BOUNCE: dict[str, object] = {
    "bounceType": "Permanent",
    "bounceSubType": "General",
    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
}
REFUSED_BOUNCE: dict[str, object] = {
    "bounceType": "Permanent",
    "bounceSubType": "OnAccountSuppressionList",
    "diagnosticCode": "not sent: the address is on the suppression list of the account",
}


class InboxStore(Protocol):
    def save(self, *, email_id: UUID, sender: str, recipients: tuple[str, ...], raw: bytes) -> str:
        """Keep one message; return its message id."""
        ...


class InboxTransport:
    name = "inbox"
    max_bytes = MAX_RAW_BYTES
    settles = False

    def __init__(self, store: InboxStore) -> None:
        self._store = store

    def send(self, message: Message) -> Result:
        """Save the message once, whoever its recipients are. What the store raises, this raises."""
        if len(message.raw) > self.max_bytes:
            return Result(None, same_for_all(message, Verdict.PERMANENT, "the message is larger than 40 MB"))
        message_id = self._store.save(
            email_id=message.email_id,
            sender=message.sender,
            recipients=message.recipients,
            raw=message.raw,
        )
        happenings = tuple(happening for address in message.recipients for happening in foresee(address))
        return Result(message_id, same_for_all(message, Verdict.SENT), happenings)

    def check(self) -> str:
        return "inbox: mail is captured, none is sent"

    def close(self) -> None:
        """Nothing is held open."""


def foresee(address: str) -> list[Happening]:
    """Return what will be told about a recipient, in order; a `+label` and upper case do not matter."""
    local, _, domain = address.lower().rpartition("@")
    label_free, _, _ = local.partition("+")
    return [_happen(word, address) for word in BEHAVIOURS.get((label_free, domain), DELIVERED)]


def _happen(word: str, address: str) -> Happening:
    match word:
        case "bounced":
            return Happening("bounced", address, dict(HARD_BOUNCE))
        case "refused":
            return Happening("bounced", address, dict(REFUSED_BOUNCE))
        case "complained":
            return Happening("complained", address, {"complaintFeedbackType": "abuse"})
        case _:
            return Happening("delivered", address)
