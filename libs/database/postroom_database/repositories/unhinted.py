"""What workers are not known to know of: emails, jobs, messages and webhooks, each claimed before it is hinted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Connection, func, or_, select, update
from sqlalchemy.sql import ColumnElement

from postroom_database.models import Email, ProviderJob, ProviderMessage, Webhook
from postroom_database.types import Now

Due: TypeAlias = type[Email] | type[ProviderJob] | type[ProviderMessage]
Hinted: TypeAlias = Due | type[Webhook]


@dataclass(frozen=True, slots=True)
class Unhinted:
    """An email, a job, a message or a webhook, as it was found."""

    id: UUID
    hinted_at: datetime | None


def find(
    connection: Connection,
    model: Due,
    *which: ColumnElement[bool],
    older_than_seconds: float,
    limit: int,
    in_redis: Sequence[UUID],
) -> list[Unhinted]:
    """Due rows that were never hinted, or whose hint must be lost; the longest due first.

    Args:
        connection: to read on.
        model: of the rows.
        which: of them.
        older_than_seconds: by so much a lost hint is older than any that still waits; without such, than now.
        limit: the most rows.
        in_redis: ids that workers will get next.
    """
    lost = is_lost(connection, model, older_than_seconds=older_than_seconds, in_redis=in_redis)
    rows = connection.execute(
        select(_id(model), model.hinted_at)
        .where(*which, model.due_at <= Now(), lost)
        .order_by(model.due_at)
        .limit(limit)
    )
    return [Unhinted(*row) for row in rows]


def is_lost(
    connection: Connection,
    model: Hinted,
    *,
    older_than_seconds: float,
    in_redis: Sequence[UUID],
) -> ColumnElement[bool]:
    """Which rows were never hinted, or must have lost their hint; the arguments are find's."""
    lost: Now | datetime = Now(-older_than_seconds)
    if in_redis:
        oldest = connection.execute(select(func.min(model.hinted_at)).where(_id(model).in_(in_redis))).scalar_one()
        if oldest is not None:
            lost = oldest - timedelta(seconds=older_than_seconds)
    return or_(model.hinted_at.is_(None), model.hinted_at < lost)


def claim(
    connection: Connection,
    model: Hinted,
    unhinted: Unhinted,
    which: ColumnElement[bool],
) -> bool:
    """Take the right to hint one that still stands so; False when another sweep was first, or a worker has it."""
    taken = connection.execute(
        update(model)
        .where(_id(model) == unhinted.id, which, model.hinted_at.is_not_distinct_from(unhinted.hinted_at))
        .values(hinted_at=Now())
    )
    return taken.rowcount == 1


def _id(model: Hinted) -> ColumnElement[Any]:
    """What hints carry."""
    return ProviderMessage.job_id.expression if model is ProviderMessage else model.id.expression
