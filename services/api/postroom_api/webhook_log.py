"""The events of a webhook as its client reads them, and has one sent once more."""

from dataclasses import dataclass
from uuid import UUID

from loguru import logger
from sqlalchemy import Connection

from postroom_api.asking import ask
from postroom_api.caller import Caller
from postroom_api.errors import FORGOTTEN_EVENT, NOT_FOUND, refuse
from postroom_api.webhook_answers import (
    WebhookAttemptPage,
    WebhookEventDetails,
    WebhookEventPage,
    WebhookEventReference,
    WebhookPayload,
    attempt,
    event_details,
    event_summary,
)
from postroom_api.webhooks import not_found
from postroom_api.writing import write
from postroom_database.engine import Database
from postroom_database.paging import Slice
from postroom_database.repositories import webhook_deliveries, webhook_log, webhooks
from postroom_database.repositories.webhook_deliveries import Told
from postroom_database.types import AnyRow
from postroom_domain.webhook_payloads import build
from postroom_domain.webhook_signatures import message_id


@dataclass(frozen=True, slots=True)
class WebhookLog:
    """An event is named by the id of its delivery to this webhook; None: it was given a name that no delivery has."""

    database: Database

    def page(self, workspace_id: UUID, webhook_id: UUID, wanted: Slice) -> WebhookEventPage:
        def read(connection: Connection) -> WebhookEventPage:
            _find_webhook(connection, workspace_id, webhook_id)
            rows, has_more = webhook_log.page(connection, webhook_id, wanted)
            return WebhookEventPage(has_more=has_more, data=[event_summary(row) for row in rows])

        return ask(self.database, read)

    def one(self, workspace_id: UUID, webhook_id: UUID, event_id: UUID | None) -> WebhookEventDetails:
        def read(connection: Connection) -> WebhookEventDetails:
            row = _find(connection, workspace_id, webhook_id, event_id)
            told = _told(connection, row.id)
            payload = None if told is None else WebhookPayload(**build(told.event, told.email))
            return event_details(row, payload)

        return ask(self.database, read)

    def attempts(
        self, workspace_id: UUID, webhook_id: UUID, event_id: UUID | None, wanted: Slice
    ) -> WebhookAttemptPage:
        def read(connection: Connection) -> WebhookAttemptPage:
            row = _find(connection, workspace_id, webhook_id, event_id)
            rows, has_more = webhook_log.attempts(connection, row.id, wanted)
            return WebhookAttemptPage(has_more=has_more, data=[attempt(one) for one in rows])

        return ask(self.database, read)

    def replay(self, caller: Caller, webhook_id: UUID, event_id: UUID | None) -> WebhookEventReference:
        def replay(connection: Connection) -> UUID:
            row = _find(connection, caller.workspace_id, webhook_id, event_id)
            told = _told(connection, row.id)
            if told is None or (told.event.email_id is not None and told.email is None):
                raise refuse(FORGOTTEN_EVENT)
            webhook_log.replay(connection, webhook_id, row.id)
            caller.note(connection, "webhook.event_replayed", webhook_id, {"event_id": message_id(row.id)})
            delivery_id: UUID = row.id
            return delivery_id

        delivery_id = write(self.database, replay)
        logger.info(
            "webhook.event_replayed",
            workspace_id=str(caller.workspace_id),
            webhook_id=str(webhook_id),
            event_id=message_id(delivery_id),
        )
        return WebhookEventReference(message_id(delivery_id))


def _find_webhook(connection: Connection, workspace_id: UUID, webhook_id: UUID) -> None:
    if webhooks.get(connection, workspace_id, webhook_id) is None:
        raise not_found()


def _find(connection: Connection, workspace_id: UUID, webhook_id: UUID, event_id: UUID | None) -> AnyRow:
    _find_webhook(connection, workspace_id, webhook_id)
    row = None if event_id is None else webhook_log.get(connection, webhook_id, event_id)
    if row is None:
        raise refuse(NOT_FOUND, what="Webhook event")
    return row


def _told(connection: Connection, delivery_id: UUID) -> Told | None:
    """What is posted; None when the event has been forgotten."""
    return webhook_deliveries.told(connection, [delivery_id]).get(delivery_id)
