"""Webhook deliveries, written in the transaction of the events that they tell of."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from postroom_database.models import Webhook, WebhookDelivery
from postroom_domain.ids import new_id
from postroom_domain.webhook_events import EVENT_TYPES, DeliveryState, WebhookStatus

# Built once: every email that is delivered asks this.
_ENABLED = select(Webhook.id, Webhook.workspace_id, Webhook.types).where(
    Webhook.workspace_id.in_(bindparam("workspaces", expanding=True)),
    Webhook.status == WebhookStatus.ENABLED.value,
)


def write(connection: Connection, events: Sequence[Mapping[str, Any]]) -> None:
    """Have each event told to the webhooks that want it.

    Args:
        connection: of the transaction that appends the events.
        events: rows of theirs.
    """
    told = [event for event in events if event["type"] in EVENT_TYPES]
    if not told:
        return
    webhooks = connection.execute(_ENABLED, {"workspaces": list({event["workspace_id"] for event in told})}).all()
    rows = [
        {
            "id": new_id(),
            "workspace_id": event["workspace_id"],
            "webhook_id": webhook.id,
            "event_id": event["id"],
            "type": event["type"],
            "state": DeliveryState.PENDING.value,
            "attempts": 0,
        }
        for event in told
        for webhook in webhooks
        if webhook.workspace_id == event["workspace_id"] and (webhook.types is None or event["type"] in webhook.types)
    ]
    if rows:
        connection.execute(insert(WebhookDelivery), rows)
