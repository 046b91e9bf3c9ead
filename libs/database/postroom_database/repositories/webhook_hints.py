"""Which webhooks workers are to be told of: those with something due that nobody works at."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, and_, exists, literal, or_, select, union_all, update
from sqlalchemy.sql import ColumnElement

from postroom_database.models import Webhook, WebhookDelivery
from postroom_database.repositories import unhinted
from postroom_database.repositories.unhinted import Unhinted
from postroom_database.types import Id, Now
from postroom_domain.webhook_events import WebhookStatus

_PAGE = 100


def missing_hints(
    connection: Connection,
    *,
    slow: bool,
    older_than_seconds: float,
    limit: int,
    in_redis: Sequence[UUID] = (),
) -> list[Unhinted]:
    """Webhooks with something due that were never hinted, or whose hint must be lost; see unhinted.find.

    Args:
        connection: to read on.
        slow: whether those are wanted that failed or took long the last time, or all others.
        older_than_seconds: as in unhinted.find.
        limit: likewise.
        in_redis: likewise.
    """
    lost = unhinted.is_lost(connection, Webhook, older_than_seconds=older_than_seconds, in_redis=in_redis)
    wanted = select(Webhook.id, Webhook.hinted_at).where(_is_free(), _is_troubled() if slow else ~_is_troubled(), lost)
    wanted = wanted.order_by(Webhook.id).limit(_PAGE)
    found: list[Unhinted] = []
    page = connection.execute(wanted).all()
    while page and len(found) < limit:
        due = _with_something_due(connection, [row.id for row in page])
        found += [Unhinted(row.id, row.hinted_at) for row in page if row.id in due]
        page = connection.execute(wanted.where(Webhook.id > page[-1].id)).all()
    return found[:limit]


def claim_hint(connection: Connection, found: Unhinted) -> bool:
    """Take the right to hint one webhook; False when another sweep was first, or a worker has it."""
    return unhinted.claim(connection, Webhook, found, _is_free())


def forget_hint(connection: Connection, webhook_id: UUID) -> None:
    """Say that no worker was told of this webhook after all, so that the next sweep tells one."""
    connection.execute(update(Webhook).where(Webhook.id == webhook_id).values(hinted_at=None))


def count_due(connection: Connection, *, slow: bool) -> int:
    """Webhooks with something due that nobody works at; ``slow`` as in missing_hints."""
    wanted = select(Webhook.id).where(_is_free(), _is_troubled() if slow else ~_is_troubled())
    wanted = wanted.order_by(Webhook.id).limit(_PAGE)
    count = 0
    page = connection.execute(wanted).scalars().all()
    while page:
        count += len(_with_something_due(connection, page))
        page = connection.execute(wanted.where(Webhook.id > page[-1])).scalars().all()
    return count


def _with_something_due(connection: Connection, webhook_ids: Sequence[UUID]) -> set[UUID]:
    # One look into the index for each. Joined, or as one correlated question, MySQL would go over all that has ended:
    # it looks a range up for a constant only.
    looks = [
        select(literal(webhook_id, Id).label("id")).where(
            exists().where(WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.due_at <= Now())
        )
        for webhook_id in webhook_ids
    ]
    return set(connection.execute(union_all(*looks)).scalars())


def _is_free() -> ColumnElement[bool]:
    return and_(
        Webhook.status == WebhookStatus.ENABLED.value,
        or_(Webhook.lease_ends_at.is_(None), Webhook.lease_ends_at <= Now()),
    )


def _is_troubled() -> ColumnElement[bool]:
    return or_(Webhook.failing_since.is_not(None), Webhook.is_slow)
