"""What a provider says of an email."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from postroom_domain.states import State


class Occurrence(StrEnum):
    """What happens to an email and moves none of its recipients: whoever opened it still has it delivered."""

    OPENED = "opened"
    CLICKED = "clicked"
    RENDERING_FAILED = "rendering_failed"
    SUBSCRIPTION_CHANGED = "subscription_changed"


@dataclass(frozen=True, slots=True)
class Happening:
    """What the provider says of one recipient.

    Attributes:
        address: bare, as the provider writes it.
        reason: why it did not arrive, or not yet.
        data: for the timeline, under the provider's own names.
    """

    address: str
    reason: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What the provider says of an email.

    Attributes:
        message_id: the provider's, of the email.
        told: which state its recipients reached: sent, delivered, bounced ..., or failed.
        happenings: one for each recipient that it is said of.
        sent_to: all recipients of that message, as the provider writes them.
    """

    email_id: UUID
    message_id: str
    told: State
    happenings: tuple[Happening, ...]
    sent_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something else that the provider says of an email, as a whole: it does not know which recipient it was.

    Attributes:
        message_id: the provider's, of the email.
        data: for the timeline, under the provider's own names.
        sent_to: as of a report.
    """

    email_id: UUID
    message_id: str
    seen: Occurrence
    data: dict[str, Any]
    sent_to: tuple[str, ...] = ()
