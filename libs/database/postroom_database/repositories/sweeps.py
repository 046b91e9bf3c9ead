"""What the scheduler finds: due, left behind, or not hinted.

Each row is claimed by a conditional UPDATE, so any number of schedulers may sweep at once and each row is handed to
one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.sql import ColumnElement

from postroom_database.models import Email
from postroom_database.types import Now
from postroom_domain.lanes import Lane
from postroom_domain.states import State

_WAITING = (State.QUEUED.value, State.UNKNOWN.value)


@dataclass(frozen=True, slots=True)
class Swept:
    """An email that a sweep moved, and the request that caused it."""

    email_id: UUID
    workspace_id: UUID
    request_id: str


@dataclass(frozen=True, slots=True)
class Unhinted:
    """An email that no worker is known to know of."""

    email_id: UUID
    hinted_at: datetime | None


def due_scheduled(connection: Connection, limit: int) -> list[Swept]:
    """Scheduled emails whose time has come, oldest first."""
    return _swept(connection, (Email.state == State.SCHEDULED.value, Email.due_at <= Now()), limit)


def queue_scheduled(connection: Connection, email_id: UUID) -> bool:
    """Queue one of them; False when another scheduler or the client was first."""
    moved = connection.execute(
        update(Email)
        .where(Email.id == email_id, Email.state == State.SCHEDULED.value, Email.due_at <= Now())
        .values(state=State.QUEUED.value, last_event=State.QUEUED.value, hinted_at=None)
    )
    return moved.rowcount == 1


def expired_leases(connection: Connection, limit: int) -> list[Swept]:
    """Emails whose worker has not come back in time."""
    return _swept(connection, (Email.lease_ends_at <= Now(),), limit)


def queue_expired(connection: Connection, email_id: UUID) -> bool:
    """Queue one of them again; False when it was finished, or another scheduler was first."""
    moved = connection.execute(
        update(Email)
        .where(Email.id == email_id, Email.lease_ends_at <= Now())
        .values(
            state=State.QUEUED.value,
            due_at=Now(),
            hinted_at=None,
            lease_token=None,
            lease_ends_at=None,
            reason="the worker that was sending it stopped",
        )
    )
    return moved.rowcount == 1


def missing_hints(connection: Connection, lane: Lane, *, older_than_seconds: float, limit: int) -> list[Unhinted]:
    """Due emails of a lane that were never hinted, or so long ago that the hint must be lost; oldest first."""
    rows = connection.execute(
        select(Email.id, Email.hinted_at)
        .where(
            Email.state.in_(_WAITING),
            Email.lane == lane.value,
            Email.due_at <= Now(),
            or_(Email.hinted_at.is_(None), Email.hinted_at < Now(-older_than_seconds)),
        )
        .order_by(Email.due_at)
        .limit(limit)
    )
    return [Unhinted(*row) for row in rows]


def claim_hint(connection: Connection, unhinted: Unhinted) -> bool:
    """Take the right to hint one email; False when another sweep was first."""
    taken = connection.execute(
        update(Email)
        .where(
            Email.id == unhinted.email_id,
            Email.state.in_(_WAITING),
            Email.hinted_at.is_not_distinct_from(unhinted.hinted_at),
        )
        .values(hinted_at=Now())
    )
    return taken.rowcount == 1


def _swept(connection: Connection, which: Sequence[ColumnElement[bool]], limit: int) -> list[Swept]:
    rows = connection.execute(
        select(Email.id, Email.workspace_id, Email.request_id).where(*which).order_by(Email.due_at).limit(limit)
    )
    return [Swept(*row) for row in rows]
