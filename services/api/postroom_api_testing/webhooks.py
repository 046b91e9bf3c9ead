"""Webhooks of a running api, and what happens that they are told of."""

from typing import Any
from uuid import UUID

from sqlalchemy import insert, update

from postroom_api_testing.running import RunningApi
from postroom_database.models import Webhook, WebhookAttempt, WebhookDelivery
from postroom_database.repositories import timelines
from postroom_domain.ids import new_id
from postroom_domain.webhook_signatures import parse_message_id

WEBHOOK = {"endpoint": "http://127.0.0.1:9/hook", "events": ["domain.created", "email.sent"]}
DATA = {"id": "1", "name": "example.com"}


def create(api: RunningApi, **changes: Any) -> dict[str, Any]:
    """Make a webhook; what was answered."""
    answer = api.request("POST", "/webhooks", WEBHOOK | changes)
    if answer.status != 201:  # noqa: PLR2004 - HTTP's own number
        raise AssertionError(f"it was not made: {answer}")
    made: dict[str, Any] = answer.json()
    return made


def happen(api: RunningApi, webhook_id: str) -> str:
    """Something is told of a domain; the event's id at that webhook."""
    with api.database.begin() as connection:
        timelines.tell(connection, api.workspace_id, "domain.created", DATA)
    newest: str = api.request("GET", f"/webhooks/{webhook_id}/events?limit=1").json()["data"][0]["id"]
    return newest


def set_webhook(api: RunningApi, webhook_id: str, **values: Any) -> None:
    """As only a worker would write it."""
    with api.database.begin() as connection:
        connection.execute(update(Webhook).where(Webhook.id == UUID(webhook_id)).values(**values))


def set_delivery(api: RunningApi, event_id: str, **values: Any) -> None:
    with api.database.begin() as connection:
        connection.execute(
            update(WebhookDelivery).where(WebhookDelivery.id == parse_message_id(event_id)).values(**values)
        )


def attempted(api: RunningApi, event_id: str, *outcomes: tuple[int | None, str]) -> list[str]:
    """Attempts with their status and their response; their ids, newest first."""
    rows = [
        {
            "id": new_id(),
            "delivery_id": parse_message_id(event_id),
            "status_code": status,
            "response": response,
            "took_milliseconds": 1,
        }
        for status, response in outcomes
    ]
    with api.database.begin() as connection:
        connection.execute(insert(WebhookAttempt), rows)
    return [str(row["id"]) for row in rows][::-1]
