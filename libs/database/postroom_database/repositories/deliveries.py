"""A worker's hold on an email: claimed under a lease, and every later write fenced by its token."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, and_, func, or_, select, update

from postroom_database.errors import LeaseLost
from postroom_database.models import Attachment, Email
from postroom_database.repositories import recipients, suppressions, timelines
from postroom_database.repositories.suppressions import Added, NewSuppression
from postroom_database.repositories.timelines import NewEvent
from postroom_database.types import Now
from postroom_domain.lanes import Lane
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
    lane: Lane
    attempt: int
    claimed_at: datetime
    """By the database's clock."""
    age_seconds: float
    """Since the first attempt."""
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
    reason: str | None
    """Why the attempt before did not end in sent, or was not made."""
    attachments: tuple[ClaimedAttachment, ...]
    recipients: tuple[str, ...]
    """The envelope of this attempt: each address of To, Cc and Bcc once, but for those below."""
    suppressed: dict[str, Origin]
    """Addresses that the workspace does not send to, found by this attempt."""
    settled: dict[str, State]
    """Addresses whose outcome is known: by an earlier attempt, or because the provider has told."""
    message_id: str | None = None
    """The provider's: of an earlier attempt, or because the provider has told."""


@dataclass(frozen=True, slots=True)
class RecipientOutcome:
    address: str
    state: State
    reason: str | None = None


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


class Overtaken(Exception):  # noqa: N818 - it says what is wrong
    """While the attempt was made, the provider told something of it: the outcome must be judged again."""


def claim(
    connection: Connection,
    email_id: UUID,
    *,
    lease_seconds: float,
    settle_seconds: float = 0,
    alone: bool = False,
    token: UUID | None = None,
) -> Claim | None:
    """Take an email that is due, or None when it is not there to be taken.

    Args:
        connection: in a transaction of its own: the lease must be durable before anything is sent.
        email_id: which.
        lease_seconds: how long it is the caller's.
        settle_seconds: how long the provider is then given to tell what came of it, should the caller die.
        alone: take it although its last worker died; the caller holds no other email.
        token: of this caller for this email. Who was not answered claims again with it: the claim may have been
            committed, and is renewed then.
    """
    token = token or uuid4()
    claimable = State.SUSPECT if alone else State.QUEUED
    is_due = and_(Email.state == claimable.value, Email.due_at <= Now())
    taken = connection.execute(
        update(Email)
        .where(Email.id == email_id, or_(is_due, Email.lease_token == token))
        .values(
            state=State.SENDING.value,
            lease_token=token,
            lease_ends_at=Now(lease_seconds),
            due_at=Now(lease_seconds + settle_seconds),
            attempts=Email.attempts + 1,
            first_tried_at=func.coalesce(Email.first_tried_at, Now()),
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
            Email.lane,
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
            Email.message_id,
            Email.reason,
            Email.first_tried_at,
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
    settled = recipients.settled(connection, email_id) if email.attempts > 1 else {}
    cc, bcc = email.cc_list or [], email.bcc_list or []
    unsettled = [address for address in recipients.envelope(email) if address not in settled]
    suppressed = suppressions.among(connection, email.workspace_id, unsettled)
    return Claim(
        email_id=email_id,
        token=token,
        workspace_id=email.workspace_id,
        request_id=email.request_id,
        lane=Lane(email.lane),
        attempt=email.attempts,
        claimed_at=email.now,
        age_seconds=(email.now - email.first_tried_at).total_seconds(),
        sender=email.sender,
        to=email.to_list,
        cc=cc,
        bcc=bcc,
        reply_to=email.reply_to_list or [],
        subject=email.subject,
        headers=email.headers or {},
        written_at=email.scheduled_at or email.created_at,
        last_event=State(email.last_event),
        reason=email.reason,
        attachments=tuple(ClaimedAttachment(*row) for row in attachments),
        recipients=tuple(address for address in unsettled if address not in suppressed),
        suppressed=suppressed,
        settled=settled,
        message_id=email.message_id,
    )


def reread(connection: Connection, claim: Claim) -> Claim:
    """The claim with what the provider has told meanwhile; nobody else writes to the email until this transaction ends.

    Raises:
        LeaseLost: it is somebody else's.
    """
    found = connection.execute(
        select(Email.last_event, Email.message_id)
        .where(Email.id == claim.email_id, Email.lease_token == claim.token)
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise LeaseLost("the lease ended before the outcome was written")
    return replace(
        claim,
        last_event=State(found.last_event),
        message_id=found.message_id,
        settled=recipients.settled(connection, claim.email_id),
    )


def finish(connection: Connection, claim: Claim, outcome: Outcome) -> list[Added]:
    """Write what came of an attempt, and give the email back; the addresses that are suppressed because of it.

    Raises:
        LeaseLost: nothing was written.
        Overtaken: nothing was written; reread the claim.
    """
    values: dict[str, Any] = {
        "state": outcome.state.value,
        "last_event": outcome.last_event.value,
        "reason": outcome.reason,
        "lease_token": None,
        "lease_ends_at": None,
        "crashes": 0,
        "unknowns": Email.unknowns + 1 if outcome.state is State.UNKNOWN else 0,
    }
    if outcome.message_id is not None:
        values["message_id"] = outcome.message_id
    if outcome.retry_in_seconds is not None:
        values |= {"due_at": Now(outcome.retry_in_seconds), "hinted_at": None}
    # What the provider tells first changes what clients see or names its message, so that these spare a read.
    written = connection.execute(
        update(Email)
        .where(
            Email.id == claim.email_id,
            Email.lease_token == claim.token,
            Email.last_event == claim.last_event.value,
            Email.message_id.is_not_distinct_from(claim.message_id),
        )
        .values(values)
    )
    if written.rowcount != 1:
        reread(connection, claim)
        raise Overtaken
    recipients.write(
        connection,
        claim.email_id,
        [(one.address, one.state, one.reason) for one in outcome.recipients],
        may_stand=claim.attempt > 1 or bool(claim.settled),
    )
    timelines.append(connection, claim.workspace_id, claim.email_id, outcome.events)
    return suppressions.add(connection, claim.workspace_id, outcome.suppressions)
