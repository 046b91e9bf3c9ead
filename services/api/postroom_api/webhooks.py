"""Webhooks as clients manage them."""

from dataclasses import dataclass
from uuid import UUID

from loguru import logger
from sqlalchemy import Connection

from postroom_api.asking import ask
from postroom_api.caller import Caller
from postroom_api.errors import NOT_FOUND, TOO_MANY_WEBHOOKS, ApiError, refuse
from postroom_api.webhook_answers import (
    WebhookDeleted,
    WebhookDetails,
    WebhookPage,
    WebhookReference,
    WebhookSecret,
    details,
    summary,
)
from postroom_api.webhook_check import check_change, check_new
from postroom_api.webhook_request import CreateWebhookRequest, UpdateWebhookRequest
from postroom_api.writing import write
from postroom_database.engine import Database
from postroom_database.paging import Slice
from postroom_database.repositories import webhooks
from postroom_database.types import AnyRow
from postroom_domain.sealing import CannotUnseal, Seal
from postroom_domain.webhook_signatures import new_secret
from postroom_egress.fetch import Egress


@dataclass(frozen=True, slots=True)
class Webhooks:
    """What is done with webhooks.

    Attributes:
        seal: for their secrets.
        egress: knows which endpoints may be reached.
    """

    database: Database
    seal: Seal
    egress: Egress

    def create(self, caller: Caller, asked: CreateWebhookRequest) -> WebhookSecret:
        endpoint, types = check_new(asked, self.egress)
        secret = new_secret()
        sealed = self.seal.seal(secret.encode())

        def add(connection: Connection) -> UUID:
            added = webhooks.add(connection, caller.workspace_id, endpoint=endpoint, types=types, secret=sealed)
            if added is None:
                raise refuse(TOO_MANY_WEBHOOKS)
            caller.note(connection, "webhook.created", added)
            return added

        webhook_id = write(self.database, add)
        _tell("webhook.created", caller.workspace_id, webhook_id)
        return WebhookSecret(str(webhook_id), secret)

    def page(self, workspace_id: UUID, wanted: Slice) -> WebhookPage:
        rows, has_more = ask(self.database, lambda connection: webhooks.page(connection, workspace_id, wanted))
        return WebhookPage(has_more=has_more, data=[summary(row) for row in rows])

    def one(self, workspace_id: UUID, webhook_id: UUID) -> WebhookDetails:
        row = ask(self.database, lambda connection: webhooks.get(connection, workspace_id, webhook_id))
        if row is None:
            raise not_found()
        return details(row, self._open(workspace_id, row))

    def change(self, caller: Caller, webhook_id: UUID, asked: UpdateWebhookRequest) -> WebhookReference:
        wanted = check_change(asked, self.egress)

        def change(connection: Connection) -> None:
            webhooks.change(connection, _hold(connection, caller.workspace_id, webhook_id), wanted)
            caller.note(connection, "webhook.changed", webhook_id)

        write(self.database, change)
        _tell("webhook.changed", caller.workspace_id, webhook_id)
        return WebhookReference(str(webhook_id))

    def rotate(self, caller: Caller, webhook_id: UUID) -> WebhookSecret:
        secret = new_secret()
        sealed = self.seal.seal(secret.encode())

        def rotate(connection: Connection) -> None:
            held = _hold(connection, caller.workspace_id, webhook_id)
            previous = None if self._open(caller.workspace_id, held) is None else held.secret
            webhooks.rotate(connection, held, sealed, previous=previous)
            caller.note(connection, "webhook.secret_rotated", webhook_id)

        write(self.database, rotate)
        _tell("webhook.secret_rotated", caller.workspace_id, webhook_id)
        return WebhookSecret(str(webhook_id), secret)

    def delete(self, caller: Caller, webhook_id: UUID) -> WebhookDeleted:
        def remove(connection: Connection) -> None:
            webhooks.remove(connection, _hold(connection, caller.workspace_id, webhook_id))
            caller.note(connection, "webhook.removed", webhook_id)

        write(self.database, remove)
        _tell("webhook.removed", caller.workspace_id, webhook_id)
        return WebhookDeleted(str(webhook_id))

    def _open(self, workspace_id: UUID, row: AnyRow) -> str | None:
        """The secret; None when POSTROOM_SECRET_KEY has lost the key that opens it."""
        try:
            return self.seal.unseal(row.secret).decode()
        except CannotUnseal as problem:
            logger.warning(
                "webhook.not_opened", workspace_id=str(workspace_id), webhook_id=str(row.id), reason=str(problem)
            )
            return None


def not_found() -> ApiError:
    return refuse(NOT_FOUND, what="Webhook")


def _hold(connection: Connection, workspace_id: UUID, webhook_id: UUID) -> AnyRow:
    held = webhooks.hold(connection, workspace_id, webhook_id)
    if held is None:
        raise not_found()
    return held


def _tell(event: str, workspace_id: UUID, webhook_id: UUID) -> None:
    logger.info(event, workspace_id=str(workspace_id), webhook_id=str(webhook_id))
