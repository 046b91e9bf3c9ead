"""What is old enough to be forgotten: one short transaction takes a batch of it.

A batch reads no more than it takes, whatever stands there that must stay. Ages count by the database's clock. Any
number of schedulers may take batches: of a row that two of them found, the first has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, and_, delete, exists, select, tuple_
from sqlalchemy.sql import ColumnElement

from postroom_database.models import (
    AuditEntry,
    Email,
    Event,
    IdempotencyKey,
    InboxMessage,
    ProviderMessage,
    Schedule,
    ScheduleSlot,
)
from postroom_database.repositories import removal, retention_marks
from postroom_database.repositories.idempotency import KEPT_SECONDS
from postroom_database.types import Now
from postroom_domain.ids import first_id
from postroom_domain.lanes import Lane
from postroom_domain.provider_messages import KEPT
from postroom_domain.states import ENDS, State

_UNACCOUNTED = tuple(sorted(result.value for result in KEPT))

Part = tuple[State, Lane]
PARTS: tuple[Part, ...] = tuple((state, lane) for state in ENDS for lane in Lane)
"""Ended emails by what their index begins with: of one part, they stand in order of when they ended."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A batch.

    Attributes:
        count: rows, or emails.
        more: whether there may be another batch.
    """

    count: int
    more: bool


def bodies(connection: Connection, part: Part, age_seconds: float, limit: int) -> Forgotten:
    """Texts, HTML and attachments of emails that ended so long ago. A mark says how far that was done."""
    name = f"bodies:{part[0].value}:{part[1].value}"
    mark = retention_marks.take(connection, name)
    found = _next_ended(connection, part, mark, age_seconds, limit)
    if found is None:
        return Forgotten(0, more=False)
    taken = removal.light(connection, found.email_ids)
    count = removal.remove_bodies(connection, _hold(connection, taken, part, age_seconds))
    # What was found and is not so any more is done with here: it ends again later, after the mark.
    if len(taken) < len(found.email_ids):
        return Forgotten(count, more=True)
    retention_marks.move(connection, name, found.until)
    return Forgotten(count, more=found.more)


def emails(connection: Connection, part: Part, age_seconds: float, limit: int) -> Forgotten:
    """Emails that ended so long ago, with all that belongs to them."""
    old = (*_of(part), Email.due_at <= Now(-age_seconds))
    found = connection.execute(select(Email.id).where(*old).order_by(Email.due_at).limit(limit)).scalars().all()
    if not found:
        return Forgotten(0, more=False)
    light = removal.light(connection, found)
    email_ids = _hold(connection, light, part, age_seconds)
    removal.remove_emails(connection, email_ids)
    return Forgotten(len(email_ids), more=len(light) < len(found) or len(found) == limit)


def other_events(connection: Connection, age_seconds: float, limit: int) -> Forgotten:
    """Events that happened to no email: those of emails go with them."""
    old = (Event.email_id.is_(None), Event.id < _first_id(connection, age_seconds))
    found = connection.execute(select(Event.id).where(*old).order_by(Event.id).limit(limit)).scalars().all()
    removal.remove_events(connection, found)
    return Forgotten(len(found), more=len(found) == limit)


def captured(connection: Connection, age_seconds: float, limit: int) -> Forgotten:
    """Messages of the captured inbox."""
    old = InboxMessage.id < _first_id(connection, age_seconds)
    found = connection.execute(select(InboxMessage.id).where(old).order_by(InboxMessage.id).limit(limit))
    message_ids = found.scalars().all()
    removal.remove_captured(connection, message_ids)
    return Forgotten(len(message_ids), more=len(message_ids) == limit)


def audit_entries(connection: Connection, age_seconds: float, limit: int) -> Forgotten:
    """Entries of the audit."""
    old = AuditEntry.id < _first_id(connection, age_seconds)
    found = connection.execute(select(AuditEntry.id).where(old).order_by(AuditEntry.id).limit(limit)).scalars().all()
    gone = connection.execute(delete(AuditEntry).where(AuditEntry.id.in_(found)))
    return Forgotten(gone.rowcount, more=len(found) == limit)


def idempotency_keys(connection: Connection, limit: int) -> Forgotten:
    """Keys that hold no more; their age is the contract's."""
    name = (IdempotencyKey.workspace_id, IdempotencyKey.endpoint, IdempotencyKey.key_hash)
    old = IdempotencyKey.created_at < Now(-KEPT_SECONDS)
    found = connection.execute(select(*name).where(old).order_by(IdempotencyKey.created_at).limit(limit)).all()
    if not found:
        return Forgotten(0, more=False)
    # Asked again: a key may have been used anew.
    gone = connection.execute(delete(IdempotencyKey).where(tuple_(*name).in_([tuple(key) for key in found]), old))
    return Forgotten(gone.rowcount, more=len(found) == limit)


def accounted_messages(connection: Connection, age_seconds: float, limit: int) -> Forgotten:
    """Messages of the provider with which there is nothing left to do; that they came has been kept long enough."""
    results = connection.execute(select(ProviderMessage.result).distinct()).scalars().all()
    return _messages(connection, [one for one in results if one not in _UNACCOUNTED], age_seconds, limit)


def unaccounted_messages(connection: Connection, age_seconds: float, limit: int) -> Forgotten:
    """Messages of the provider that are kept whole, because they could not be accounted."""
    return _messages(connection, _UNACCOUNTED, age_seconds, limit)


def slots(connection: Connection, age_seconds: float, limit: int) -> Forgotten:
    """Slots of schedules, but for those that their schedule has not left behind: without its row one would fire."""
    found = connection.execute(
        select(ScheduleSlot.schedule_id, ScheduleSlot.slot)
        .where(
            ScheduleSlot.slot_at < Now(-age_seconds),
            ~exists().where(Schedule.id == ScheduleSlot.schedule_id, Schedule.next_at <= ScheduleSlot.slot_at),
        )
        .order_by(ScheduleSlot.slot_at)
        .limit(limit)
    ).all()
    if found:
        name = tuple_(ScheduleSlot.schedule_id, ScheduleSlot.slot)
        connection.execute(delete(ScheduleSlot).where(name.in_([tuple(slot) for slot in found])))
    return Forgotten(len(found), more=len(found) == limit)


def _of(part: Part) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    state, lane = part
    return Email.state == state.value, Email.lane == lane.value


def _hold(connection: Connection, email_ids: Sequence[UUID], part: Part, age_seconds: float) -> list[UUID]:
    """Lock emails that were found without a lock, before anything that belongs to them; those of which it still holds.

    By primary key, as everybody else locks an email: a small table would be read by another index, and deadlock with
    them. An operator may have had one retried since.
    """
    still = and_(*_of(part), Email.due_at <= Now(-age_seconds)).label("still")
    held: list[UUID] = []
    for piece in removal.pieces(email_ids):
        found = select(Email.id, still).where(Email.id.in_(piece)).with_for_update()
        rows = connection.execute(found.with_hint(Email, "FORCE INDEX (PRIMARY)", "mysql"))
        held += [row.id for row in rows if row.still]
    return held


@dataclass(frozen=True, slots=True)
class _Ended:
    """Attributes: until is when the last of them ended."""

    email_ids: Sequence[UUID]
    until: datetime
    more: bool


def _next_ended(connection: Connection, part: Part, mark: datetime, age_seconds: float, limit: int) -> _Ended | None:
    """The next emails that ended after a mark; of those that ended at one moment all or none."""
    which = _of(part)
    rows = connection.execute(
        select(Email.id, Email.due_at)
        .where(*which, Email.due_at > mark, Email.due_at <= Now(-age_seconds))
        .order_by(Email.due_at)
        .limit(limit + 1)
    ).all()
    if not rows:
        return None
    last = rows[-1].due_at
    if len(rows) <= limit:
        return _Ended([row.id for row in rows], last, more=False)
    if before := [row for row in rows if row.due_at < last]:
        return _Ended([row.id for row in before], before[-1].due_at, more=True)
    at_once = connection.execute(select(Email.id).where(*which, Email.due_at == last)).scalars().all()
    return _Ended(at_once, last, more=True)


def _messages(connection: Connection, results: Sequence[str | None], age_seconds: float, limit: int) -> Forgotten:
    """Of the first of these results of which there are old ones: their index has them in order of age."""
    for result in results:
        old = (
            ProviderMessage.result == result,
            ProviderMessage.received_at < Now(-age_seconds),
            ProviderMessage.due_at.is_(None),
        )
        found = select(ProviderMessage.id).where(*old).order_by(ProviderMessage.received_at).limit(limit)
        if ids := connection.execute(found).scalars().all():
            gone = connection.execute(delete(ProviderMessage).where(ProviderMessage.id.in_(ids), *old))
            return Forgotten(gone.rowcount, more=True)
    return Forgotten(0, more=False)


def _first_id(connection: Connection, age_seconds: float) -> UUID:
    return first_id(connection.execute(select(Now(-age_seconds))).scalar_one())
