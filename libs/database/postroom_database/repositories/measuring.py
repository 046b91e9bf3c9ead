"""How much waits, and for how long: figures for metrics, each read from a bounded part of one index.

Counts end at `MOST`: that it is so many or more is all that an alert needs, and nobody waits for a count of millions.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, literal, select, union_all

from postroom_database.models import Email, Webhook, WebhookDelivery
from postroom_database.types import Now
from postroom_domain.lanes import Lane
from postroom_domain.states import WAITING, State
from postroom_domain.webhook_events import WebhookStatus

MOST = 10_000
"""Rows counted for one figure."""
MOST_WEBHOOKS = 1000
"""That are asked for what is due, one look into an index each."""
DUE, PUT_OFF = "due", "put_off"
"""What is queued, apart: a worker may take it now, or later (parked, or to be tried again)."""
COUNTED = (State.SUSPECT, State.SENDING, State.UNKNOWN, State.HELD, State.SCHEDULED)
WEBHOOK_STATES = ("healthy", "slow", "failing", "disabled")
_TOGETHER = 100


@dataclass(frozen=True, slots=True)
class WaitingWebhooks:
    """For how long the delivery has been due that has been due longest, in seconds; 0: none is.

    Attributes:
        healthy: over webhooks that take what they are told.
        troubled: over those that failed the last time, or took long.
    """

    healthy: float
    troubled: float


def oldest_seconds(connection: Connection, lane: Lane) -> float:
    """How long the email has been due that workers have left waiting longest; 0: none is due."""
    oldest = 0.0
    for state in WAITING:
        row = connection.execute(
            select(Email.due_at, Now().label("now"))
            .where(Email.state == state.value, Email.lane == lane.value, Email.due_at <= Now())
            .order_by(Email.due_at)
            .limit(1)
        ).one_or_none()
        if row is not None:
            oldest = max(oldest, (row.now - row.due_at).total_seconds())
    return oldest


def depth(connection: Connection, lane: Lane) -> dict[str, int]:
    """Emails of a lane that are not ended, by state, each counted up to `MOST`."""
    queued = (Email.state == State.QUEUED.value, Email.lane == lane.value)
    wanted = {
        DUE: select(Email.due_at).where(*queued, Email.due_at <= Now()),
        PUT_OFF: select(Email.due_at).where(*queued, Email.due_at > Now()),
    }
    for state in COUNTED:
        wanted[state.value] = select(Email.due_at).where(Email.state == state.value, Email.lane == lane.value)
    return {name: _count(connection, rows) for name, rows in wanted.items()}


def webhooks(connection: Connection) -> dict[str, int]:
    """Webhooks by state, of `MOST` at most."""
    some = select(Webhook.status, Webhook.failing_since, Webhook.is_slow).limit(MOST).subquery()
    columns = (some.c.status, some.c.failing_since.is_not(None), some.c.is_slow)
    counts = dict.fromkeys(WEBHOOK_STATES, 0)
    for status, fails, is_slow, count in connection.execute(select(*columns, func.count()).group_by(*columns)):
        is_enabled = status == WebhookStatus.ENABLED.value
        counts["disabled" if not is_enabled else "failing" if fails else "slow" if is_slow else "healthy"] += count
    return counts


def waiting_webhooks(connection: Connection) -> WaitingWebhooks:
    """For how long webhooks have waited to be told, over `MOST_WEBHOOKS` at most."""
    rows = connection.execute(
        select(Webhook.id, Webhook.failing_since, Webhook.is_slow)
        .where(Webhook.status == WebhookStatus.ENABLED.value)
        .order_by(Webhook.id)
        .limit(MOST_WEBHOOKS)
    ).all()
    oldest = {False: 0.0, True: 0.0}
    for start in range(0, len(rows), _TOGETHER):
        # One look into the index for each: MySQL looks a range up for a constant only.
        looks = [
            select(
                literal(row.failing_since is not None or row.is_slow).label("is_troubled"),
                func.min(WebhookDelivery.due_at).label("due_at"),
                Now().label("now"),
            ).where(WebhookDelivery.webhook_id == row.id, WebhookDelivery.due_at <= Now())
            for row in rows[start : start + _TOGETHER]
        ]
        for found in connection.execute(union_all(*looks)):
            if found.due_at is not None:
                seconds = (found.now - found.due_at).total_seconds()
                oldest[bool(found.is_troubled)] = max(oldest[bool(found.is_troubled)], seconds)
    return WaitingWebhooks(healthy=oldest[False], troubled=oldest[True])


def _count(connection: Connection, rows: Select[Any]) -> int:
    some = rows.limit(MOST).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()
