"""Waiting until nothing is under way any more, as the database says."""

import time
from collections.abc import Callable

from sqlalchemy import Select, func, select

from postroom_database.engine import Database
from postroom_database.models import Email, ProviderMessage, WebhookDelivery
from postroom_domain.states import State

_UNDER_WAY = [state.value for state in (State.SCHEDULED, State.QUEUED, State.SENDING, State.UNKNOWN, State.SUSPECT)]
_PATIENCE_SECONDS = 120.0
"""Longer than the longest wait for the next attempt of an email that met many faults."""
_LOOK_SECONDS = 0.5
_SHOWN = 20


def wait_settled(database: Database, tell: Callable[[str], None]) -> list[str]:
    """Wait until no email is under way; what is still missing then is a problem, and is shown."""
    waiting = _wait_none(lambda: _count_under_way(database), "emails under way", tell)
    return [f"{waiting} emails are still under way", *_show(database)] if waiting else []


def wait_told(database: Database, tell: Callable[[str], None]) -> list[str]:
    """The same of what the provider told, and then of what webhooks are told."""
    problems = []
    for what, waits in (
        ("messages of the provider", select(func.count()).where(ProviderMessage.due_at.is_not(None))),
        ("webhook deliveries", select(func.count()).where(WebhookDelivery.due_at.is_not(None))),
    ):
        waiting = _wait_none(lambda waits=waits: _count(database, waits), what, tell)  # type: ignore[misc]  # bound per kind
        if waiting:
            problems.append(f"{waiting} {what} still wait")
    return problems


def _wait_none(count: Callable[[], int], what: str, tell: Callable[[str], None]) -> int:
    """Wait as long as their number falls; how many are left."""
    fewest, since = count(), time.monotonic()
    while waiting := count():
        if waiting < fewest:
            fewest, since = waiting, time.monotonic()
        if time.monotonic() > since + _PATIENCE_SECONDS:
            return waiting
        tell(f", {waiting} {what}")
        time.sleep(_LOOK_SECONDS)
    return 0


def _count(database: Database, question: Select[int]) -> int:
    with database.read() as connection:
        return connection.execute(question).scalar_one()


def read_states(database: Database) -> dict[str, str]:
    """The state of every email, by its id."""
    with database.read() as connection:
        return {str(email_id): state for email_id, state in connection.execute(select(Email.id, Email.state))}


def _count_under_way(database: Database) -> int:
    return _count(database, select(func.count()).select_from(Email).where(Email.state.in_(_UNDER_WAY)))


def _show(database: Database) -> list[str]:
    columns = (Email.id, Email.state, Email.lane, Email.attempts, Email.due_at, Email.hinted_at, Email.reason)
    with database.read() as connection:
        rows = connection.execute(select(*columns).where(Email.state.in_(_UNDER_WAY)).limit(_SHOWN)).all()
    return [" ".join(map(str, row)) for row in rows]
