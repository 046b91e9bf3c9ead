"""Removing a person from emails: wholly where they are alone, else from its recipients."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, delete, exists, func, or_, select, update
from sqlalchemy.sql import ColumnElement

from postroom_database.models import Email, Event, InboxMessage, Recipient
from postroom_database.repositories import recipients, removal
from postroom_database.repositories.erasure_search import Scope, may_list, mentions
from postroom_database.types import AnyRow, Now
from postroom_domain.persons import Person
from postroom_domain.states import ENDS, State, ended

_LISTS = (Email.to_list, Email.cc_list, Email.bcc_list)

Counts = Counter[tuple[UUID | None, str]]
"""What was done, by workspace; None: in what belongs to none."""


def may_name_in_mail(scope: Scope) -> ColumnElement[bool]:
    """Of emails."""
    named = or_(may_list(scope.person, *_LISTS), mentions(Email.reason, scope.person))
    return and_(scope.holds(Email.workspace_id), named)


def erase_from_mail(connection: Connection, scope: Scope, email_ids: Sequence[UUID]) -> Counts:
    """Deal with some emails; those that are being sent are left, and counted as such."""
    counts: Counts = Counter()
    alone: list[UUID] = []
    for email in connection.execute(
        select(Email.id, Email.workspace_id, Email.state, Email.reason, *_LISTS)
        .where(Email.id.in_(email_ids))
        .with_for_update()
    ).all():
        if not _names(scope.person, email):
            if any(spelling in (email.reason or "").lower() for spelling in scope.person.spellings):
                connection.execute(update(Email).where(Email.id == email.id).values(reason=None))
        elif email.state == State.SENDING.value:
            counts[email.workspace_id, "being_sent"] += 1
        elif all(scope.person.owns(address) for address in recipients.envelope(email)):
            alone.append(email.id)
            counts[email.workspace_id, "emails_removed"] += 1
        else:
            _take_out(connection, scope.person, email)
            counts[email.workspace_id, "emails_changed"] += 1
    removal.remove_emails(connection, alone)
    return counts


def _names(person: Person, email: AnyRow) -> bool:
    return any(person.is_among(mailboxes) for mailboxes in (email.to_list, email.cc_list, email.bcc_list))


def _take_out(connection: Connection, person: Person, email: AnyRow) -> None:
    """Take one of several recipients out of an email. What it says may be about them, too.

    What has ended loses its content. What is still to be sent keeps it: it is the mail of the others.
    """
    values: dict[str, Any] = {
        "to_list": person.without(email.to_list),
        "cc_list": person.without(email.cc_list) or None,
        "bcc_list": person.without(email.bcc_list) or None,
        "reason": None,
    }
    theirs = func.lower(Recipient.address) == person.form
    connection.execute(delete(Recipient).where(Recipient.email_id == email.id, theirs))
    if email.state in ENDS:
        values |= {"subject": "", "headers": None, "tags": None}
        removal.remove_bodies(connection, [email.id])
        # Who opened it or clicked, and from where: nobody knows which of them it was.
        anybodys = (Event.email_id == email.id, Event.address.is_(None))
        connection.execute(update(Event).where(*anybodys).values(data=None))
    elif email.state != State.SCHEDULED.value:
        known = recipients.settled(connection, email.id)
        others = person.without(recipients.envelope(email))
        state = ended([known.get(address, State.QUEUED) for address in others])
        if state is not None:  # they were the last who had not got it
            values |= {"state": state.value, "held_because": None, "due_at": Now()}
    connection.execute(update(Email).where(Email.id == email.id).values(values))


def may_name_in_captured(scope: Scope) -> ColumnElement[bool]:
    """Of messages of the captured inbox: by their envelope, or by what their email says."""
    named = or_(may_list(scope.person, *_LISTS), may_list(scope.person, InboxMessage.recipients))
    its_email = exists().where(Email.id == InboxMessage.email_id, scope.holds(Email.workspace_id), named)
    if scope.workspace_id is not None:
        return its_email
    return or_(its_email, may_list(scope.person, InboxMessage.recipients))


def erase_captured(connection: Connection, scope: Scope, message_ids: Sequence[UUID]) -> Counts:
    """Remove messages of the captured inbox whole: their header names all recipients."""
    counts: Counts = Counter()
    named: list[UUID] = []
    for message in connection.execute(
        select(InboxMessage.id, InboxMessage.recipients, Email.workspace_id, *_LISTS)
        .outerjoin(Email, Email.id == InboxMessage.email_id)
        .where(InboxMessage.id.in_(message_ids))
    ):
        if scope.person.is_among(message.recipients) or _names(scope.person, message):
            named.append(message.id)
            counts[message.workspace_id, "captured_removed"] += 1
    removal.remove_captured(connection, named)
    return counts
