"""What webhooks can be told, and where a webhook and a delivery to it stand."""

from enum import StrEnum


class WebhookStatus(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"


class DeliveryState(StrEnum):
    """As it is stored: while an attempt is made, a pending delivery has a lease."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILED = "failed"


WEBHOOK_DISABLED = "webhook.disabled"

EVENT_TYPES = frozenset(
    (
        "email.scheduled",
        "email.sent",
        "email.delivered",
        "email.delivery_delayed",
        "email.bounced",
        "email.complained",
        "email.opened",
        "email.clicked",
        "email.failed",
        "email.suppressed",
        "domain.created",
        "domain.updated",
        "domain.deleted",
        "suppression.added",
        "suppression.removed",
        # Postroom's own.
        "email.canceled",
        "email.rendering_failed",
        "email.subscription_changed",
        WEBHOOK_DISABLED,
    )
)
"""What happens in Postroom and is told."""

NEVER_TOLD = frozenset(
    (
        "email.received",
        "contact.created",
        "contact.updated",
        "contact.deleted",
        "contact.topics.updated",
        "topic.created",
        "topic.updated",
        "topic.deleted",
    )
)
"""What Resend's clients may ask for as well; it does not happen here."""
