"""Webhooks to store in tests."""

from typing import Any
from uuid import UUID

from sqlalchemy import insert

from postroom_database.engine import Database
from postroom_database.models import Webhook
from postroom_domain.ids import new_id
from postroom_domain.sealing import Seal
from postroom_domain.webhook_events import WebhookStatus
from postroom_domain.webhook_signatures import new_secret

SECRET_KEYS = ["secret-key-of-the-tests-with-32-characters"]


def seal(secret: str) -> str:
    return Seal(SECRET_KEYS, "webhook").seal(secret.encode())


def add_webhook(database: Database, workspace_id: UUID, **changes: Any) -> UUID:
    """Store a webhook that wants every event; its id."""
    row: dict[str, Any] = {
        "id": new_id(),
        "workspace_id": workspace_id,
        "endpoint": "http://127.0.0.1:9/",
        "types": None,
        "status": WebhookStatus.ENABLED.value,
        "secret": seal(new_secret()),
    }
    row |= changes
    with database.begin() as connection:
        connection.execute(insert(Webhook), [row])
    webhook_id: UUID = row["id"]
    return webhook_id
