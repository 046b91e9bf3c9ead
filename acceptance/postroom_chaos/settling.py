"""Waiting until nothing is under way any more, as the database says."""

import time
from collections.abc import Callable

from sqlalchemy import func, select

from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_domain.states import State

_UNDER_WAY = [state.value for state in (State.SCHEDULED, State.QUEUED, State.SENDING, State.UNKNOWN, State.SUSPECT)]
_PATIENCE_SECONDS = 120.0
"""Longer than the longest wait for the next attempt of an email that met many faults."""
_LOOK_SECONDS = 0.5
_SHOWN = 20


def wait_settled(database: Database, tell: Callable[[str], None]) -> list[str]:
    """Wait for it, as long as their number falls; what is still missing then is a problem, and is shown."""
    fewest, since = _count_under_way(database), time.monotonic()
    while waiting := _count_under_way(database):
        if waiting < fewest:
            fewest, since = waiting, time.monotonic()
        if time.monotonic() > since + _PATIENCE_SECONDS:
            return [f"{waiting} emails are still under way", *_show(database)]
        tell(f", {waiting} under way")
        time.sleep(_LOOK_SECONDS)
    return []


def read_states(database: Database) -> dict[str, str]:
    """The state of every email, by its id."""
    with database.read() as connection:
        return {str(email_id): state for email_id, state in connection.execute(select(Email.id, Email.state))}


def _count_under_way(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(
            select(func.count()).select_from(Email).where(Email.state.in_(_UNDER_WAY))
        ).scalar_one()


def _show(database: Database) -> list[str]:
    columns = (Email.id, Email.state, Email.lane, Email.attempts, Email.due_at, Email.hinted_at, Email.reason)
    with database.read() as connection:
        rows = connection.execute(select(*columns).where(Email.state.in_(_UNDER_WAY)).limit(_SHOWN)).all()
    return [" ".join(map(str, row)) for row in rows]
