"""Removing a person: each pass goes through one table and deals with the rows that name them, a few at a time.

What is done stays done, and going through again finds what is left. Nothing that is written says who it was.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, false, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from postroom_database.models import (
    Email,
    Event,
    InboxMessage,
    ProviderJob,
    ProviderMessage,
    Recipient,
    Schedule,
    ScheduleSlot,
    Suppression,
    WebhookAttempt,
    WebhookDelivery,
)
from postroom_database.repositories import audit, removal
from postroom_database.repositories.erasure_of_mail import (
    Counts,
    erase_captured,
    erase_from_mail,
    may_name_in_captured,
    may_name_in_mail,
)
from postroom_database.repositories.erasure_search import Range, Scope, look, may_list, mentions
from postroom_domain.persons import Person

LEFT = frozenset({"being_sent", "being_read"})
"""What could not be dealt with, because a worker has it."""
_MAILBOXES = ("to", "cc", "bcc")


@dataclass(frozen=True, slots=True)
class Pass:
    """One table.

    Attributes:
        key: what it is ordered by.
        may_name: whether a row may name the person.
        erase: deals with the rows of some keys.
    """

    key: InstrumentedAttribute[Any]
    may_name: Callable[[Scope], ColumnElement[bool]]
    erase: Callable[[Connection, Scope, Sequence[Any]], Counts]

    @property
    def table(self) -> str:
        return str(self.key.class_.__tablename__)

    def look(self, connection: Connection, scope: Scope, after: Any, rows: int) -> Range:
        """The next rows; see erasure_search.look."""
        return look(connection, self.key, self.may_name(scope), after, rows)


def note(connection: Connection, counts: Counts) -> None:
    """Note in each workspace that somebody was erased, and how much there was of them."""
    for workspace_id in {workspace_id for workspace_id, _ in counts if workspace_id is not None}:
        done = {what: count for (where, what), count in counts.items() if where == workspace_id and what not in LEFT}
        if done:
            audit.note(connection, workspace_id, audit.OPERATOR, "person.erased", data=done)


def _erase_schedules(connection: Connection, scope: Scope, schedule_ids: Sequence[Any]) -> Counts:
    """Take them out of the recipients of schedules; one that writes to nobody else is removed."""
    counts: Counts = Counter()
    for schedule in connection.execute(
        select(Schedule.id, Schedule.workspace_id, Schedule.email)
        .where(Schedule.id.in_(schedule_ids))
        .with_for_update()
    ).all():
        email = {
            name: _without(scope.person, value) if name in _MAILBOXES else value
            for name, value in schedule.email.items()
        }
        if email == schedule.email:
            continue
        if email.get("to"):
            connection.execute(update(Schedule).where(Schedule.id == schedule.id).values(email=email))
            counts[schedule.workspace_id, "schedules_changed"] += 1
        else:
            connection.execute(delete(ScheduleSlot).where(ScheduleSlot.schedule_id == schedule.id))
            connection.execute(delete(Schedule).where(Schedule.id == schedule.id))
            counts[schedule.workspace_id, "schedules_removed"] += 1
    return counts


def _without(person: Person, mailboxes: Any) -> Any:
    """The others of To, Cc or Bcc, which a client may give as a text or a list."""
    if isinstance(mailboxes, str):
        return None if person.owns(mailboxes) else mailboxes
    return person.without(mailboxes) if person.is_among(mailboxes) else mailboxes


def _erase_suppressions(connection: Connection, _scope: Scope, ids: Sequence[Any]) -> Counts:
    mine = Suppression.id.in_(ids)
    counts = _by_workspace(connection, Suppression.workspace_id, mine, "suppressions_removed")
    connection.execute(delete(Suppression).where(mine))
    return counts


def _erase_provider_jobs(connection: Connection, _scope: Scope, ids: Sequence[Any]) -> Counts:
    mine = ProviderJob.id.in_(ids)
    counts = _by_workspace(connection, ProviderJob.workspace_id, mine, "provider_jobs_removed")
    connection.execute(delete(ProviderJob).where(mine))
    return counts


def _erase_events(connection: Connection, scope: Scope, ids: Sequence[Any]) -> Counts:
    """Of an email's timeline remains what happened and when; what happened to no email is removed."""
    mine = Event.id.in_(ids)
    counts = _by_workspace(connection, Event.workspace_id, mine, "events_changed")
    alone = connection.execute(select(Event.id).where(mine, Event.email_id.is_(None))).scalars().all()
    removal.remove_events(connection, alone)
    connection.execute(update(Event).where(mine).values(data=None))
    connection.execute(update(Event).where(mine, mentions(Event.address, scope.person)).values(address=None))
    return counts


def _erase_reasons(connection: Connection, scope: Scope, email_ids: Sequence[Any]) -> Counts:
    named = mentions(Recipient.reason, scope.person)
    connection.execute(update(Recipient).where(Recipient.email_id.in_(email_ids), named).values(reason=None))
    return Counter()


def _erase_responses(connection: Connection, _scope: Scope, ids: Sequence[Any]) -> Counts:
    connection.execute(update(WebhookAttempt).where(WebhookAttempt.id.in_(ids)).values(response=None))
    return Counter()


def _erase_messages(connection: Connection, _scope: Scope, ids: Sequence[Any]) -> Counts:
    mine = ProviderMessage.id.in_(ids)
    gone = connection.execute(delete(ProviderMessage).where(mine, ProviderMessage.due_at.is_(None)))
    left = connection.execute(select(func.count()).select_from(ProviderMessage).where(mine)).scalar_one()
    return Counter({(None, "messages_removed"): gone.rowcount, (None, "being_read"): left})


def _by_workspace(
    connection: Connection, workspace_id: InstrumentedAttribute[Any], which: ColumnElement[bool], what: str
) -> Counts:
    rows = connection.execute(select(workspace_id, func.count()).where(which).group_by(workspace_id))
    return Counter({(row[0], what): row[1] for row in rows})


def _in_responses(scope: Scope) -> ColumnElement[bool]:
    mine = exists().where(WebhookDelivery.id == WebhookAttempt.delivery_id, scope.holds(WebhookDelivery.workspace_id))
    return and_(mentions(WebhookAttempt.response, scope.person), mine)


def _in_reasons(scope: Scope) -> ColumnElement[bool]:
    mine = exists().where(Email.id == Recipient.email_id, scope.holds(Email.workspace_id))
    return and_(mentions(Recipient.reason, scope.person), mine)


def _in_messages(scope: Scope) -> ColumnElement[bool]:
    return mentions(ProviderMessage.body, scope.person) if scope.workspace_id is None else false()


PASSES = (
    # What would bring new mail goes first, and what is known by its email before that.
    Pass(
        Schedule.id,
        lambda scope: and_(scope.holds(Schedule.workspace_id), may_list(scope.person, Schedule.email)),
        _erase_schedules,
    ),
    Pass(InboxMessage.id, may_name_in_captured, erase_captured),
    Pass(Email.id, may_name_in_mail, erase_from_mail),
    Pass(Recipient.email_id, _in_reasons, _erase_reasons),
    Pass(
        Event.id,
        lambda scope: and_(
            scope.holds(Event.workspace_id),
            or_(mentions(Event.address, scope.person), mentions(Event.data, scope.person)),
        ),
        _erase_events,
    ),
    Pass(WebhookAttempt.id, _in_responses, _erase_responses),
    Pass(ProviderMessage.id, _in_messages, _erase_messages),
    Pass(
        ProviderJob.id,
        lambda scope: and_(scope.holds(ProviderJob.workspace_id), ProviderJob.subject == scope.person.form),
        _erase_provider_jobs,
    ),
    Pass(
        Suppression.id,
        lambda scope: and_(scope.holds(Suppression.workspace_id), Suppression.address == scope.person.form),
        _erase_suppressions,
    ),
)
