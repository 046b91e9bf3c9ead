"""Mail whose next attempt lies in the future."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select, update

from postroom_database.models import Email
from postroom_database.types import Now
from postroom_domain.lanes import Lane
from postroom_domain.states import WAITING, State

QUEUES = tuple((state, lane) for state in WAITING for lane in Lane)
"""Where mail waits; each is one range of an index."""


def wake(
    connection: Connection, workspace_id: UUID, queue: tuple[State, Lane], *, after: datetime | None, limit: int
) -> tuple[int, datetime | None]:
    """Make waiting mail of a workspace due at once; how many emails, and where to go on, None at the end.

    Args:
        connection: of a writing transaction.
        workspace_id: whose.
        queue: one of ``QUEUES``.
        after: what the call before returned.
        limit: the most emails of one call.
    """
    state, lane = queue
    waits = (Email.state == state.value, Email.due_at > Now())
    waiting = select(Email.id, Email.due_at).where(*waits, Email.lane == lane.value, Email.workspace_id == workspace_id)
    if after is not None:
        waiting = waiting.where(Email.due_at >= after)
    found = connection.execute(waiting.order_by(Email.due_at).limit(limit)).all()
    if not found:
        return 0, None
    woken = connection.execute(
        update(Email).where(Email.id.in_([row.id for row in found]), *waits).values(due_at=Now(), hinted_at=None)
    )
    return woken.rowcount, found[-1].due_at if len(found) == limit else None
