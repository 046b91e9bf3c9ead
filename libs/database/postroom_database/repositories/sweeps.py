"""What the scheduler finds: due, left behind, or not hinted.

Each row is claimed by a conditional UPDATE, so any number of schedulers may sweep at once and each row is handed to
one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select, update

from postroom_database.models import Email
from postroom_database.repositories import recipients, timelines, unhinted
from postroom_database.repositories.unhinted import Unhinted
from postroom_database.types import Now
from postroom_domain import unknowns
from postroom_domain.lanes import Lane
from postroom_domain.states import WAITING, HeldBecause, State, ended
from postroom_domain.unknowns import Unknown, UnknownRules

_SWEPT = (Email.id, Email.workspace_id, Email.request_id)
_WAITING = [state.value for state in WAITING]


@dataclass(frozen=True, slots=True)
class Swept:
    """An email that a sweep moved, and the request that caused it."""

    email_id: UUID
    workspace_id: UUID
    request_id: str


def due_scheduled(connection: Connection, limit: int) -> list[Swept]:
    """Scheduled emails whose time has come, oldest first."""
    return _due(connection, State.SCHEDULED, limit)


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
    rows = connection.execute(
        select(*_SWEPT).where(Email.lease_ends_at <= Now()).order_by(Email.lease_ends_at).limit(limit)
    )
    return [Swept(*row) for row in rows]


def expire(connection: Connection, email_id: UUID) -> bool:
    """Say that nobody knows what came of one of them; False when it was finished, or another scheduler was first.

    Its due time is left as the claim set it: the provider has until then to tell.
    """
    moved = connection.execute(
        update(Email)
        .where(Email.id == email_id, Email.lease_ends_at <= Now())
        .values(
            state=State.UNKNOWN.value,
            hinted_at=None,
            lease_token=None,
            lease_ends_at=None,
            crashes=Email.crashes + 1,
            unknowns=Email.unknowns + 1,
            reason="the worker that was sending it stopped",
        )
    )
    return moved.rowcount == 1


def due_unknown(connection: Connection, limit: int) -> list[Swept]:
    """Emails whose outcome is unknown, and that the provider has not told of in time; oldest first."""
    return _due(connection, State.UNKNOWN, limit)


def end_unknown(connection: Connection, email_id: UUID, rules: UnknownRules) -> tuple[State, HeldBecause | None] | None:
    """Move one of them on; None when the provider told after all, or another scheduler was first."""
    email = connection.execute(
        select(
            Email.workspace_id,
            Email.to_list,
            Email.cc_list,
            Email.bcc_list,
            Email.crashes,
            Email.unknowns,
            Email.reason,
        )
        .where(Email.id == email_id, Email.state == State.UNKNOWN.value, Email.due_at <= Now())
        .with_for_update()
    ).one_or_none()
    if email is None:
        return None
    known = recipients.settled(connection, email_id)
    settled = ended([known.get(address, State.UNKNOWN) for address in recipients.envelope(email)])
    state, because = unknowns.end_unknown(Unknown(email.crashes, email.unknowns, settled), rules)
    connection.execute(
        update(Email)
        .where(Email.id == email_id)
        .values(state=state.value, held_because=because and because.value, due_at=Now(), hinted_at=None)
    )
    if because is not None:
        held = timelines.held(because, email.reason)
        timelines.append(connection, email.workspace_id, email_id, [held])
    return state, because


def missing_hints(
    connection: Connection, lane: Lane, *, older_than_seconds: float, limit: int, in_redis: Sequence[UUID] = ()
) -> list[Unhinted]:
    """Due emails of a lane that were never hinted, or whose hint must be lost; see unhinted.find."""
    which = (Email.state == State.QUEUED.value, Email.lane == lane.value)
    return unhinted.find(
        connection, Email, *which, older_than_seconds=older_than_seconds, limit=limit, in_redis=in_redis
    )


def missing_alone(
    connection: Connection, *, older_than_seconds: float, limit: int, in_redis: Sequence[UUID] = ()
) -> list[Unhinted]:
    """The same of emails of both lanes that are to be tried alone."""
    which = Email.state == State.SUSPECT.value
    return unhinted.find(
        connection, Email, which, older_than_seconds=older_than_seconds, limit=limit, in_redis=in_redis
    )


def claim_hint(connection: Connection, found: Unhinted) -> bool:
    """Take the right to hint one email; False when another sweep was first."""
    return unhinted.claim(connection, Email, found, Email.state.in_(_WAITING))


def _due(connection: Connection, state: State, limit: int) -> list[Swept]:
    """Emails of one state that are due, oldest first.

    One query for each lane, because the index has the lane before the time: without it every email of that state would
    be read, and most are due only later.
    """
    rows = [
        row
        for lane in Lane
        for row in connection.execute(
            select(*_SWEPT, Email.due_at)
            .where(Email.state == state.value, Email.lane == lane.value, Email.due_at <= Now())
            .order_by(Email.due_at)
            .limit(limit)
        )
    ]
    rows.sort(key=lambda row: row.due_at)
    return [Swept(row.id, row.workspace_id, row.request_id) for row in rows[:limit]]
