"""What was sent to a webhook, is being sent, and will be: as its client reads it, and has it sent once more.

Whoever asks has found the webhook in the client's workspace; all that is found here belongs to that webhook.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, case, select, update

from postroom_database.models import Webhook, WebhookAttempt, WebhookDelivery
from postroom_database.paging import Slice, read_slice
from postroom_database.types import AnyRow, Now
from postroom_domain.webhook_events import DeliveryState, WebhookStatus

ATTEMPTING = "attempting"
"""Shown instead of pending while a worker has it."""

_IS_ATTEMPTED = and_(
    WebhookDelivery.state == DeliveryState.PENDING.value,
    WebhookDelivery.lease_token.is_not(None),
    WebhookDelivery.due_at > Now(),
)
_SHOWN = (
    WebhookDelivery.id,
    WebhookDelivery.type,
    WebhookDelivery.created_at,
    case((_IS_ATTEMPTED, ATTEMPTING), else_=WebhookDelivery.state).label("status"),
)


def page(connection: Connection, webhook_id: UUID, wanted: Slice) -> tuple[Sequence[AnyRow], bool]:
    """Deliveries, newest first, and whether there are more."""
    listed = select(*_SHOWN).where(WebhookDelivery.webhook_id == webhook_id)
    return read_slice(connection, listed, WebhookDelivery.id, wanted, within="webhook_id")


def get(connection: Connection, webhook_id: UUID, delivery_id: UUID) -> AnyRow | None:
    """One delivery, with ``next_attempt_at``: None when no attempt is to come, or one is being made."""
    is_to_come = and_(
        WebhookDelivery.state == DeliveryState.PENDING.value,
        ~_IS_ATTEMPTED,
        Webhook.status == WebhookStatus.ENABLED.value,
    )
    return connection.execute(
        select(*_SHOWN, case((is_to_come, WebhookDelivery.due_at)).label("next_attempt_at"))
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(*_of(webhook_id, delivery_id))
    ).one_or_none()


def attempts(connection: Connection, delivery_id: UUID, wanted: Slice) -> tuple[Sequence[AnyRow], bool]:
    """Attempts of a delivery that get has found, newest first, and whether there are more."""
    columns = (WebhookAttempt.id, WebhookAttempt.status_code, WebhookAttempt.response, WebhookAttempt.sent_at)
    listed = select(*columns).where(WebhookAttempt.delivery_id == delivery_id)
    return read_slice(connection, listed, WebhookAttempt.id, wanted, within="delivery_id")


def replay(connection: Connection, webhook_id: UUID, delivery_id: UUID) -> None:
    """Have a delivery attempted now and, should that fail, as often again as a new one.

    One that is being attempted at this moment is left to that attempt.
    """
    # The webhook first, as workers lock it. A hint that was given before knew of nothing to do.
    connection.execute(update(Webhook).where(Webhook.id == webhook_id).values(hinted_at=None))
    connection.execute(
        update(WebhookDelivery)
        .where(*_of(webhook_id, delivery_id), ~_IS_ATTEMPTED)
        .values(state=DeliveryState.PENDING.value, attempts=0, due_at=Now(), lease_token=None)
    )


def _of(webhook_id: UUID, delivery_id: UUID) -> tuple[Any, Any]:
    return WebhookDelivery.id == delivery_id, WebhookDelivery.webhook_id == webhook_id
