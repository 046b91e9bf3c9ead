"""After a restore: mail that was on its way when the backup was made may have been sent since."""

from collections import Counter

from sqlalchemy import Connection, select, update

from postroom_database.models import Email
from postroom_database.repositories import audit, timelines
from postroom_database.types import Now
from postroom_domain.states import HeldBecause, State

ON_ITS_WAY = (State.QUEUED, State.SENDING, State.UNKNOWN, State.SUSPECT, State.SCHEDULED)
"""Of the scheduled, those whose time has come; the others nobody can have sent yet."""


def hold(connection: Connection, state: State, *, limit: int) -> int:
    """Hold emails that are on their way, in one state of ``ON_ITS_WAY``; how many, 0 when there are no more.

    The audit is told of each workspace's together: there may be very many.

    Args:
        connection: in a writing transaction.
        state: in which they were restored.
        limit: the most emails of one call.
    """
    which = Email.state == state.value
    if state is State.SCHEDULED:
        which &= Email.due_at <= Now()
    found = connection.execute(select(Email.id, Email.workspace_id).where(which).limit(limit).with_for_update()).all()
    if not found:
        return 0
    reason = f"it was {state.value} when the backup was made, and may have been sent since"
    connection.execute(
        update(Email)
        .where(Email.id.in_([email.id for email in found]))
        .values(
            state=State.HELD.value,
            held_because=HeldBecause.RESTORED.value,
            reason=reason,
            due_at=Now(),
            hinted_at=None,
            lease_token=None,
            lease_ends_at=None,
            **({"last_event": State.QUEUED.value} if state is State.SCHEDULED else {}),
        )
    )
    held = timelines.held(HeldBecause.RESTORED, reason)
    timelines.append_all(connection, [(email.workspace_id, email.id, held) for email in found])
    for workspace_id, count in Counter(email.workspace_id for email in found).items():
        what = {"count": count, "because": HeldBecause.RESTORED.value}
        audit.note(connection, workspace_id, audit.OPERATOR, "email.held", data=what)
    return len(found)
