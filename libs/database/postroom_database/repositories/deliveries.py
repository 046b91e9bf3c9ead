"""A worker's hold on an email: claimed under a lease, and every later write fenced by its token."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, delete, insert, select, update

from postroom_database.errors import LeaseLost
from postroom_database.models import Attachment, Email, Event, Recipient
from postroom_database.repositories import suppressions
from postroom_database.repositories.suppressions import Added, NewSuppression
from postroom_database.types import Now
from postroom_domain.addresses import bare_addresses
from postroom_domain.ids import new_id
from postroom_domain.states import State
from postroom_domain.suppressions import Origin


@dataclass(frozen=True, slots=True)
class ClaimedAttachment:
    part: int
    filename: str
    content_type: str
    content_id: str | None
    path: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """One email in one worker's hands."""

    email_id: UUID
    token: UUID
    workspace_id: UUID
    request_id: str
    attempt: int
    age_seconds: float
    """Since the first attempt was due."""
    sender: str
    to: list[str]
    cc: list[str]
    bcc: list[str]
    reply_to: list[str]
    subject: str
    headers: dict[str, str]
    written_at: datetime
    """When the client meant it to go out."""
    last_event: State
    attachments: tuple[ClaimedAttachment, ...]
    recipients: tuple[str, ...]
    """The envelope of this attempt: each address of To, Cc and Bcc once, but for those below."""
    suppressed: dict[str, Origin]
    """Addresses that the workspace does not send to, found by this attempt."""
    settled: dict[str, State]
    """Addresses that an earlier attempt sent to, was refused for good or found suppressed, and where they stand."""


@dataclass(frozen=True, slots=True)
class RecipientOutcome:
    address: str
    state: State
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NewEvent:
    type: str
    address: str | None = None
    data: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt changed."""

    state: State
    last_event: State
    message_id: str | None = None
    reason: str | None = None
    retry_in_seconds: float | None = None
    recipients: tuple[RecipientOutcome, ...] = ()
    events: tuple[NewEvent, ...] = ()
    suppressions: tuple[NewSuppression, ...] = ()


_CLAIMABLE = (State.QUEUED.value, State.UNKNOWN.value)


def claim(connection: Connection, email_id: UUID, *, lease_seconds: float) -> Claim | None:
    """Take an email that is due, or None when it is not there to be taken."""
    token = uuid4()
    taken = connection.execute(
        update(Email)
        .where(Email.id == email_id, Email.state.in_(_CLAIMABLE), Email.due_at <= Now())
        .values(
            state=State.SENDING.value,
            lease_token=token,
            lease_ends_at=Now(lease_seconds),
            attempts=Email.attempts + 1,
        )
    )
    if taken.rowcount != 1:
        return None
    return _read(connection, email_id, token)


def _read(connection: Connection, email_id: UUID, token: UUID) -> Claim:
    email = connection.execute(
        select(
            Email.workspace_id,
            Email.request_id,
            Email.attempts,
            Email.sender,
            Email.to_list,
            Email.cc_list,
            Email.bcc_list,
            Email.reply_to_list,
            Email.subject,
            Email.headers,
            Email.created_at,
            Email.scheduled_at,
            Email.last_event,
            Now().label("now"),
        ).where(Email.id == email_id, Email.lease_token == token)
    ).one()
    attachments = connection.execute(
        select(
            Attachment.part,
            Attachment.filename,
            Attachment.content_type,
            Attachment.content_id,
            Attachment.path,
        )
        .where(Attachment.email_id == email_id)
        .order_by(Attachment.part)
    )
    settled: dict[str, State] = {}
    if email.attempts > 1:
        settled = {
            address: State(state)
            for address, state in connection.execute(
                select(Recipient.address, Recipient.state).where(
                    Recipient.email_id == email_id, Recipient.state.not_in(_CLAIMABLE)
                )
            )
        }
    cc, bcc = email.cc_list or [], email.bcc_list or []
    unsettled = [address for address in bare_addresses((*email.to_list, *cc, *bcc)) if address not in settled]
    suppressed = suppressions.among(connection, email.workspace_id, unsettled)
    return Claim(
        email_id=email_id,
        token=token,
        workspace_id=email.workspace_id,
        request_id=email.request_id,
        attempt=email.attempts,
        age_seconds=(email.now - (email.scheduled_at or email.created_at)).total_seconds(),
        sender=email.sender,
        to=email.to_list,
        cc=cc,
        bcc=bcc,
        reply_to=email.reply_to_list or [],
        subject=email.subject,
        headers=email.headers or {},
        written_at=email.scheduled_at or email.created_at,
        last_event=State(email.last_event),
        attachments=tuple(ClaimedAttachment(*row) for row in attachments),
        recipients=tuple(address for address in unsettled if address not in suppressed),
        suppressed=suppressed,
        settled=settled,
    )


def finish(connection: Connection, claim: Claim, outcome: Outcome) -> list[Added]:
    """Write what came of an attempt, and give the email back; the addresses that are suppressed because of it.

    Raises:
        LeaseLost: nothing was written.
    """
    values: dict[str, Any] = {
        "state": outcome.state.value,
        "last_event": outcome.last_event.value,
        "reason": outcome.reason,
        "lease_token": None,
        "lease_ends_at": None,
    }
    if outcome.message_id is not None:
        values["message_id"] = outcome.message_id
    if outcome.retry_in_seconds is not None:
        values |= {"due_at": Now(outcome.retry_in_seconds), "hinted_at": None}
    written = connection.execute(
        update(Email).where(Email.id == claim.email_id, Email.lease_token == claim.token).values(values)
    )
    if written.rowcount != 1:
        raise LeaseLost("the lease ended before the outcome was written")
    _write_recipients(connection, claim, outcome)
    if outcome.events:
        connection.execute(
            insert(Event),
            [
                {
                    "id": new_id(),
                    "workspace_id": claim.workspace_id,
                    "email_id": claim.email_id,
                    "type": event.type,
                    "address": event.address,
                    "data": event.data,
                }
                for event in outcome.events
            ],
        )
    return suppressions.add(connection, claim.workspace_id, outcome.suppressions)


def _write_recipients(connection: Connection, claim: Claim, outcome: Outcome) -> None:
    if not outcome.recipients:
        return
    if claim.attempt > 1:
        connection.execute(
            delete(Recipient).where(
                Recipient.email_id == claim.email_id,
                Recipient.address.in_([recipient.address for recipient in outcome.recipients]),
            )
        )
    connection.execute(
        insert(Recipient),
        [
            {
                "email_id": claim.email_id,
                "address": recipient.address,
                "state": recipient.state.value,
                "reason": recipient.reason,
            }
            for recipient in outcome.recipients
        ],
    )
