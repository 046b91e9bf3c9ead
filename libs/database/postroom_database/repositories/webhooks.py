"""Webhooks as clients manage them. Every query asks for the workspace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from postroom_database.models import Webhook
from postroom_database.paging import Slice, read_slice
from postroom_database.repositories import timelines, workspaces
from postroom_database.types import AnyRow, Now
from postroom_domain.ids import new_id
from postroom_domain.limits import MAX_WEBHOOKS
from postroom_domain.webhook_events import WEBHOOK_DISABLED, WebhookStatus

ROTATION_SECONDS = 24 * 3600
"""How long the previous secret signs beside the new one."""

_LISTED = (Webhook.id, Webhook.endpoint, Webhook.types, Webhook.status, Webhook.reason, Webhook.created_at)
_SHOWN = (*_LISTED, Webhook.secret)
"""The secret leaves the database for one webhook only, and sealed."""
_FOUND = select(
    Webhook.workspace_id, *_LISTED, Webhook.failing_since, Webhook.is_slow, Webhook.hinted_at, Webhook.lease_ends_at
)


@dataclass(frozen=True, slots=True)
class WebhookChange:
    """What a client wants to be otherwise; None: as it is.

    Attributes:
        types: of events.
    """

    endpoint: str | None = None
    types: Sequence[str] | None = None
    status: WebhookStatus | None = None


def add(connection: Connection, workspace_id: UUID, *, endpoint: str, types: Sequence[str], secret: str) -> UUID | None:
    """Keep a webhook, enabled; None when the workspace has as many as it may have.

    Args:
        connection: of a writing transaction.
        workspace_id: whose events it is told.
        endpoint: checked.
        types: of the events that it wants.
        secret: sealed.
    """
    # One at a time: two that count at once would both find room.
    workspaces.lock(connection, workspace_id)
    count = connection.execute(
        select(func.count()).select_from(Webhook).where(Webhook.workspace_id == workspace_id)
    ).scalar_one()
    if count >= MAX_WEBHOOKS:
        return None
    webhook_id = new_id()
    connection.execute(
        insert(Webhook),
        [
            {
                "id": webhook_id,
                "workspace_id": workspace_id,
                "endpoint": endpoint,
                "types": list(types),
                "status": WebhookStatus.ENABLED.value,
                "secret": secret,
            }
        ],
    )
    return webhook_id


def page(connection: Connection, workspace_id: UUID, wanted: Slice) -> tuple[Sequence[AnyRow], bool]:
    """Webhooks without their secrets, newest first, and whether there are more."""
    return read_slice(connection, select(*_LISTED).where(Webhook.workspace_id == workspace_id), Webhook.id, wanted)


def get(connection: Connection, workspace_id: UUID, webhook_id: UUID) -> AnyRow | None:
    """One webhook with its sealed secret."""
    return connection.execute(select(*_SHOWN).where(*_mine(workspace_id, webhook_id))).one_or_none()


def hold(connection: Connection, workspace_id: UUID, webhook_id: UUID) -> AnyRow | None:
    """One webhook, as get gives it, that nobody else changes before this transaction ends."""
    return connection.execute(select(*_SHOWN).where(*_mine(workspace_id, webhook_id)).with_for_update()).one_or_none()


def change(connection: Connection, held: AnyRow, wanted: WebhookChange) -> None:
    """Change a held webhook.

    An endpoint that is new or enabled has not failed yet: what waits is due again as soon as it is seen.
    """
    values: dict[str, Any] = {}
    if wanted.types is not None:
        values["types"] = list(wanted.types)
    if wanted.endpoint is not None:
        values["endpoint"] = wanted.endpoint
    if wanted.status is not None:
        values |= {"status": wanted.status.value, "reason": None}
    if wanted.status is WebhookStatus.ENABLED or wanted.endpoint not in {None, held.endpoint}:
        values |= {"failing_since": None, "is_slow": False, "hinted_at": None}
    if values:
        _set(connection, held, values)


def find(connection: Connection, webhook_id: UUID) -> AnyRow | None:
    """One webhook of any workspace, with what Postroom noted of it and without its secret: for operators."""
    return connection.execute(_FOUND.where(Webhook.id == webhook_id)).one_or_none()


def of_workspace(connection: Connection, workspace_id: UUID) -> Sequence[AnyRow]:
    """Every webhook of a workspace, oldest first, as find gives it."""
    return connection.execute(_FOUND.where(Webhook.workspace_id == workspace_id).order_by(Webhook.id)).all()


def disable(connection: Connection, held: AnyRow, workspace_id: UUID, reason: str) -> None:
    """Tell a held webhook nothing more until it is enabled, and tell its workspace so; a round that began goes on."""
    disabled = WebhookStatus.DISABLED.value
    _set(connection, held, {"status": disabled, "reason": reason})
    told = {"object": "webhook", "id": str(held.id), "status": disabled, "reason": reason}
    timelines.tell(connection, workspace_id, WEBHOOK_DISABLED, told)


def rotate(connection: Connection, held: AnyRow, secret: str, *, previous: str | None) -> None:
    """Sign what is sent from now on with another secret, and for a day with the previous one as well.

    Args:
        connection: of a writing transaction.
        held: the webhook.
        secret: sealed.
        previous: the one that it had, sealed; None when nobody can open it any more.
    """
    ends_at = None if previous is None else Now(ROTATION_SECONDS)
    _set(connection, held, {"secret": secret, "previous_secret": previous, "previous_secret_ends_at": ends_at})


def remove(connection: Connection, held: AnyRow) -> None:
    """Forget a held webhook.

    Its deliveries, which may be a million, stay behind: nobody finds them without it, and retention forgets them.
    """
    connection.execute(delete(Webhook).where(Webhook.id == held.id))


def _set(connection: Connection, held: AnyRow, values: Mapping[str, Any]) -> None:
    connection.execute(update(Webhook).where(Webhook.id == held.id).values(dict(values)))


def _mine(workspace_id: UUID, webhook_id: UUID) -> tuple[Any, Any]:
    return Webhook.id == webhook_id, Webhook.workspace_id == workspace_id
