"""What an operator does to one email, whatever became of it, and who is noted in the audit as the one who did."""

from uuid import UUID

from sqlalchemy import Connection, delete, exists, select, update

from postroom_database.models import ContentChunk, Email, Recipient
from postroom_database.repositories import audit, emails, held, recipients, timelines
from postroom_database.repositories.timelines import NewEvent
from postroom_database.types import AnyRow, Now
from postroom_domain.states import WAITING, State, climb, ended, highest

_MISSED = (State.FAILED, State.SUPPRESSED)
"""It ended, and nobody was sent to."""
_CANCELED = "canceled by an operator"


class LeftAlone(Exception):  # noqa: N818 - it says what is so
    """Nothing was done to an email; the text says what it is or has."""


def retry(connection: Connection, email_id: UUID) -> None:
    """Have an email tried now: one that waits or is held, or, all anew, one that failed or was suppressed.

    Args:
        connection: of a writing transaction.
        email_id: of any workspace.

    Raises:
        LeftAlone: it is none of these, or its content is forgotten.
    """
    email = _hold(connection, email_id)
    if email.state == State.HELD:
        held.retry(connection, email_id)
        return
    if email.state in WAITING and email.is_due:
        # It is as it should be, save that a worker may have been told of it in vain.
        connection.execute(update(Email).where(Email.id == email_id).values(hinted_at=None))
        return
    if email.state in WAITING:
        values: dict[str, object] = {"due_at": Now(), "hinted_at": None}
    elif email.state in _MISSED:
        values = _anew(connection, email_id, email)
    else:
        raise LeftAlone(f"is {email.state}")
    connection.execute(update(Email).where(Email.id == email_id).values(values))
    audit.note(connection, email.workspace_id, audit.OPERATOR, "email.retried", email_id)


def cancel(connection: Connection, email_id: UUID) -> None:
    """End an email that is scheduled or waits: those who are not known to have it will not get it.

    Raises:
        LeftAlone: it is neither.
    """
    email = _hold(connection, email_id)
    if email.state == State.SCHEDULED:
        emails.cancel(connection, email.workspace_id, email_id)
    elif email.state in WAITING:
        _end(connection, email_id, email)
    elif email.state == State.HELD:
        raise LeftAlone("is held (`dead discard` ends it)")
    else:
        raise LeftAlone(f"is {email.state}")
    audit.note(connection, email.workspace_id, audit.OPERATOR, "email.canceled", email_id)


def _hold(connection: Connection, email_id: UUID) -> AnyRow:
    email = connection.execute(
        select(
            Email.workspace_id,
            Email.state,
            (Email.due_at <= Now()).label("is_due"),
            Email.last_event,
            Email.to_list,
            Email.cc_list,
            Email.bcc_list,
        )
        .where(Email.id == email_id)
        .with_for_update()
    ).one_or_none()
    if email is None:
        raise LeftAlone("is not there")
    return email


def _anew(connection: Connection, email_id: UUID, email: AnyRow) -> dict[str, object]:
    if not connection.execute(select(exists().where(ContentChunk.email_id == email_id))).scalar_one():
        raise LeftAlone(f"is {email.state}, and its content is forgotten")
    missed = [state.value for state in _MISSED]
    # A recipient with a row counts as settled.
    connection.execute(delete(Recipient).where(Recipient.email_id == email_id, Recipient.state.in_(missed)))
    return {
        "state": State.QUEUED.value,
        # The one step down that there is: what clients saw as the end was none.
        "last_event": State.QUEUED.value if email.last_event in missed else email.last_event,
        "due_at": Now(),
        "hinted_at": None,
        "first_tried_at": None,
        "crashes": 0,
        "unknowns": 0,
        "reason": None,
    }


def _end(connection: Connection, email_id: UUID, email: AnyRow) -> None:
    known = recipients.settled(connection, email_id)
    addresses = recipients.envelope(email)
    states = [known.get(address, State.CANCELED) for address in addresses]
    connection.execute(
        update(Email)
        .where(Email.id == email_id)
        .values(
            state=(ended(states) or State.CANCELED).value,
            last_event=climb(State(email.last_event), highest(states)).value,
            due_at=Now(),
            reason=_CANCELED,
        )
    )
    canceled = [address for address in addresses if address not in known]
    recipients.write(
        connection, email_id, [(address, State.CANCELED, _CANCELED) for address in canceled], may_stand=True
    )
    timelines.append(connection, email.workspace_id, email_id, [NewEvent("email.canceled")])
