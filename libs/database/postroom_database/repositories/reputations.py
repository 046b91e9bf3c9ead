"""How a workspace's mail is received: which emails bounced for good or annoyed, among how many that were sent.

Only events of emails that were sent in the window count. Bounces and complaints come hours late: counted by the time
at which they come, those of yesterday's mail would stand against the little that was sent today.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, select, update
from sqlalchemy.orm import aliased
from sqlalchemy.sql import ColumnElement

from postroom_database.models import Event, Workspace
from postroom_database.types import Now
from postroom_domain.suppressions import Origin, origin_of

_HAPPENINGS = {Origin.BOUNCE: "bounced", Origin.COMPLAINT: "complained"}
_SENT = "email.sent"


@dataclass(frozen=True, slots=True)
class Judged:
    """A workspace whose mail goes out.

    Attributes:
        since: when its window begins.
    """

    workspace_id: UUID
    resumed_at: datetime | None
    since: datetime


def unsuspended(connection: Connection, *, window_seconds: float) -> list[Judged]:
    """Workspaces whose mail goes out; what was sent before one was resumed counts no more against it."""
    rows = connection.execute(
        select(Workspace.id, Workspace.resumed_at, Now(-window_seconds)).where(Workspace.suspended_at.is_(None))
    )
    return [Judged(workspace_id, resumed, max(start, resumed or start)) for workspace_id, resumed, start in rows]


def count_suspended(connection: Connection) -> int:
    suspended = select(func.count()).select_from(Workspace).where(Workspace.suspended_at.is_not(None))
    return connection.execute(suspended).scalar_one()


def count_troubled(connection: Connection, workspace_id: UUID, kind: Origin, since: datetime, *, rows: int) -> int:
    """How many emails sent since then bounced for good, or were complained about.

    Args:
        connection: to read.
        workspace_id: whose.
        kind: bounce or complaint.
        since: when the window begins.
        rows: so many of the newest events are looked at.
    """
    happening = _HAPPENINGS[kind]
    sent = aliased(Event)
    found = connection.execute(
        select(Event.email_id, Event.data)
        .join(sent, (sent.email_id == Event.email_id) & (sent.type == _SENT) & (sent.created_at >= since))
        .where(Event.workspace_id == workspace_id, Event.type == f"email.{happening}", Event.created_at >= since)
        .order_by(Event.created_at.desc())
        .limit(rows)
    )
    return len({email_id for email_id, data in found if origin_of(happening, data or {}) is not None})


def count_sent(connection: Connection, workspace_id: UUID, since: datetime, *, limit: int) -> int:
    """How many emails were sent since then; no more than the limit are looked at."""
    sent = select(Event.created_at).where(*_sent(workspace_id, since)).limit(limit).subquery()
    return connection.execute(select(func.count()).select_from(sent)).scalar_one()


def sent_at(connection: Connection, workspace_id: UUID, since: datetime, *, newest: int) -> datetime | None:
    """When the email was sent that is so many back from the newest one; None when there are not as many."""
    return connection.execute(
        select(Event.created_at)
        .where(*_sent(workspace_id, since))
        .order_by(Event.created_at.desc())
        .limit(1)
        .offset(newest - 1)
    ).scalar_one_or_none()


def suspend(connection: Connection, judged: Judged, reason: str) -> bool:
    """Suspend a workspace; False when somebody else did, or resumed it, since it was judged."""
    done = connection.execute(
        update(Workspace)
        .where(
            Workspace.id == judged.workspace_id,
            Workspace.suspended_at.is_(None),
            Workspace.resumed_at.is_not_distinct_from(judged.resumed_at),
        )
        .values(suspended_at=Now(), suspended_reason=reason)
    )
    return done.rowcount == 1


def _sent(workspace_id: UUID, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return Event.workspace_id == workspace_id, Event.type == _SENT, Event.created_at >= since
