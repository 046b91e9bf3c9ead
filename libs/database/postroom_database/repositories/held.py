"""Mail that was set aside until an operator decides, who is noted in the audit as the one who did."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, case, select, update

from postroom_database.models import Email
from postroom_database.repositories import audit, recipients, timelines
from postroom_database.repositories.timelines import NewEvent
from postroom_database.types import AnyRow, Now
from postroom_domain.states import HeldBecause, State, climb, ended, highest

_HELD = Email.state == State.HELD.value
_DISCARDED = "discarded by an operator"


def page(connection: Connection, *, because: HeldBecause | None, after: UUID | None, limit: int) -> Sequence[AnyRow]:
    """Held emails in order of age: id, workspace, why and since when they are held, and what happened last.

    Args:
        connection: to read on.
        because: only those; None: all.
        after: the id that the page before ended with.
        limit: the most rows.
    """
    query = select(
        Email.id,
        Email.workspace_id,
        Email.held_because,
        Email.due_at.label("held_at"),
        Email.attempts,
        Email.reason,
    ).where(_HELD)
    if because is not None:
        query = query.where(Email.held_because == because.value)
    if after is not None:
        query = query.where(Email.id > after)
    return connection.execute(query.order_by(Email.id).limit(limit)).all()


def retry(connection: Connection, email_id: UUID) -> bool:
    """Have an email tried again, alone if it took its workers down; False when it is not held."""
    crashed = Email.held_because == HeldBecause.CRASHED.value
    moved = connection.execute(
        update(Email)
        .where(Email.id == email_id, _HELD)
        .values(
            # MySQL sets columns one after the other: what is asked here must be asked before it changes.
            state=case((crashed, State.SUSPECT.value), else_=State.QUEUED.value),
            held_because=None,
            due_at=Now(),
            hinted_at=None,
            crashes=0,
            unknowns=0,
        )
    )
    if moved.rowcount == 0:
        return False
    workspace_id = connection.execute(select(Email.workspace_id).where(Email.id == email_id)).scalar_one()
    audit.note(connection, workspace_id, audit.OPERATOR, "email.retried", email_id)
    return True


def discard(connection: Connection, email_id: UUID) -> bool:
    """End an email: recipients that are not known to have it fail; False when it is not held."""
    email = connection.execute(
        select(Email.workspace_id, Email.to_list, Email.cc_list, Email.bcc_list, Email.last_event)
        .where(Email.id == email_id, _HELD)
        .with_for_update()
    ).one_or_none()
    if email is None:
        return False
    known = recipients.settled(connection, email_id)
    addresses = recipients.envelope(email)
    failed = [address for address in addresses if address not in known]
    states = [known.get(address, State.FAILED) for address in addresses]
    connection.execute(
        update(Email)
        .where(Email.id == email_id)
        .values(
            state=(ended(states) or State.FAILED).value,
            last_event=climb(State(email.last_event), highest(states)).value,
            held_because=None,
            due_at=Now(),
            reason=_DISCARDED,
        )
    )
    recipients.write(connection, email_id, [(address, State.FAILED, _DISCARDED) for address in failed], may_stand=True)
    news = [NewEvent("email.failed", address, {"reason": _DISCARDED}) for address in failed]
    timelines.append(connection, email.workspace_id, email_id, news)
    audit.note(connection, email.workspace_id, audit.OPERATOR, "email.discarded", email_id)
    return True
