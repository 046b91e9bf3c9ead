"""The ledger of events: from what SES took to what each webhook was told of it. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

TYPES = ("email.sent", "email.delivered")
"""What SES tells of each mail that it takes."""


@dataclass(frozen=True, slots=True)
class Told:
    """One post that a webhook answered with success.

    Attributes:
        message_id: the same in every attempt of one delivery.
        verified: whether its signature was right.
    """

    webhook: str
    message_id: str
    type: str
    email_id: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Untold:
    """An event that a webhook never got."""

    webhook: str
    type: str
    email_id: str


@dataclass(frozen=True, slots=True)
class EventsLedger:
    """Attributes: repeated are posts of what was told before, which may happen."""

    expected: int
    posts: int
    repeated: int
    forged: int
    untold: tuple[Untold, ...]

    def problems(self) -> list[str]:
        found = {"events that a webhook was never told": len(self.untold), "posts with a wrong signature": self.forged}
        return [f"{count} {what}" for what, count in found.items() if count]


def draw_up_events(taken: Collection[str], told: Iterable[Told], webhooks: Collection[str]) -> EventsLedger:
    """Set off what SES took, by the ids of emails, against what webhooks were told."""
    posts = list(told)
    known = {(one.webhook, one.type, one.email_id) for one in posts}
    wanted = [(webhook, kind, email_id) for webhook in webhooks for kind in TYPES for email_id in taken]
    return EventsLedger(
        expected=len(wanted),
        posts=len(posts),
        repeated=len(posts) - len({(one.webhook, one.message_id) for one in posts}),
        forged=sum(not one.verified for one in posts),
        untold=tuple(Untold(*one) for one in sorted(wanted) if one not in known),
    )
