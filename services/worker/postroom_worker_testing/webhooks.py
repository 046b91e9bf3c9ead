"""Posting to webhooks over a real database, and what it left there."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update

from postroom_database.engine import Database
from postroom_database.models import Webhook, WebhookAttempt, WebhookDelivery
from postroom_database.repositories import timelines
from postroom_database.types import Now
from postroom_domain.sealing import Seal
from postroom_egress.fetch import Egress
from postroom_health.backing_service import BackingService
from postroom_testing.webhooks import SECRET_KEYS, add_webhook
from postroom_worker.patience import Patience
from postroom_worker.webhook_work import WebhookWork

LOOPBACK = (IPv4Network("127.0.0.0/8"),)


@dataclass
class Posting:
    """A workspace with webhooks, and a worker that posts to them."""

    database: Database
    request_seconds: float = 2.0
    workspace_id: UUID = field(default_factory=uuid4)
    stopping: threading.Event = field(default_factory=threading.Event)

    def work(self, allow: Sequence[IPv4Network] = LOOPBACK) -> WebhookWork:
        return WebhookWork(
            self.database,
            Egress(allow=allow, timeout_seconds=self.request_seconds),
            Seal(SECRET_KEYS, "webhook"),
            Patience(BackingService("database"), self.stopping),
            self.stopping,
            self.request_seconds,
        )

    def add(self, endpoint: str, **changes: Any) -> UUID:
        return add_webhook(self.database, self.workspace_id, endpoint=endpoint, **changes)

    def tell(self, count: int = 1) -> None:
        """Have something happen that webhooks are told of."""
        with self.database.begin() as connection:
            for number in range(count):
                timelines.tell(connection, self.workspace_id, "domain.updated", {"object": "domain", "number": number})

    def webhook(self, webhook_id: UUID) -> Any:
        with self.database.read() as connection:
            return connection.execute(select(Webhook.__table__).where(Webhook.id == webhook_id)).one()

    def deliveries(self, webhook_id: UUID) -> list[Any]:
        """With `wait`: in how many seconds each is due."""
        with self.database.read() as connection:
            now = connection.execute(select(Now())).scalar_one()
            rows = connection.execute(
                select(WebhookDelivery.__table__).where(WebhookDelivery.webhook_id == webhook_id).order_by("id")
            )
            return [_Row(row, None if row.due_at is None else (row.due_at - now).total_seconds()) for row in rows]

    def attempts(self, delivery_id: UUID) -> list[Any]:
        with self.database.read() as connection:
            return list(
                connection.execute(
                    select(WebhookAttempt.__table__).where(WebhookAttempt.delivery_id == delivery_id).order_by("id")
                )
            )

    def change(self, webhook_id: UUID, **values: Any) -> None:
        with self.database.begin() as connection:
            connection.execute(update(Webhook).where(Webhook.id == webhook_id).values(**values))

    def change_deliveries(self, webhook_id: UUID, **values: Any) -> None:
        with self.database.begin() as connection:
            connection.execute(update(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id).values(**values))


class _Row:
    def __init__(self, row: Any, wait: float | None) -> None:
        self._row = row
        self.wait = wait

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)
