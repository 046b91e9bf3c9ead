"""Emails that workers were told of and have not begun: looked at together, put off together."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select, update

from postroom_database.models import Email, Workspace
from postroom_database.repositories import recipients, timelines
from postroom_database.types import Now
from postroom_domain.states import WAITING

_WAITS = Email.state.in_([state.value for state in WAITING])


@dataclass(frozen=True, slots=True)
class Waiting:
    """One email as it waits.

    Attributes:
        recipients: in its envelope, suppressed ones too.
        suspended: why its workspace may not send; None: it may.
    """

    recipients: int
    suspended: str | None


def look(connection: Connection, email_ids: Sequence[UUID]) -> dict[UUID, Waiting]:
    """Those of these emails that are due and that nobody holds."""
    rows = connection.execute(
        select(
            Email.id,
            Email.to_list,
            Email.cc_list,
            Email.bcc_list,
            Workspace.suspended_at,
            Workspace.suspended_reason,
        )
        .outerjoin(Workspace, Workspace.id == Email.workspace_id)
        .where(Email.id.in_(email_ids), _WAITS, Email.due_at <= Now())
    )
    return {
        row.id: Waiting(
            len(recipients.envelope(row)),
            None if row.suspended_at is None else row.suspended_reason or "",
        )
        for row in rows
    }


def park(connection: Connection, email_ids: Sequence[UUID], *, seconds: float, reason: str) -> int:
    """Put emails off; how many those were: one that somebody else took meanwhile is not among them.

    The timeline tells each reason once: mail that waits for days does not fill it.
    """
    rows = connection.execute(
        select(Email.id, Email.workspace_id, Email.reason, Now().label("now"))
        .where(Email.id.in_(email_ids), _WAITS, Email.due_at <= Now())
        .order_by(Email.id)
        .with_for_update()
    ).all()
    connection.execute(
        update(Email)
        .where(Email.id.in_([row.id for row in rows]))
        .values(due_at=Now(seconds), hinted_at=None, reason=reason)
    )
    if rows:
        parked = timelines.parked(reason, now=rows[0].now, seconds=seconds)
        timelines.append_all(connection, [(row.workspace_id, row.id, parked) for row in rows if row.reason != reason])
    return len(rows)


def keep_hints(connection: Connection, email_ids: Sequence[UUID]) -> None:
    """Say that a worker still knows of these: a hint that is old counts as lost."""
    connection.execute(update(Email).where(Email.id.in_(email_ids), _WAITS).values(hinted_at=Now()))
