"""A worker's hold on a webhook and on what is due for it, and what came of its requests."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from postroom_database.errors import LeaseLost
from postroom_database.models import Webhook, WebhookAttempt, WebhookDelivery
from postroom_database.repositories import audit, timelines, webhook_deliveries
from postroom_database.repositories.webhook_deliveries import Told
from postroom_database.types import AnyRow, Now
from postroom_domain.ids import new_id
from postroom_domain.webhook_events import WEBHOOK_DISABLED, DeliveryState, WebhookStatus
from postroom_domain.webhook_retries import PATIENCE_SECONDS, retry_seconds

REASON = "every attempt failed for 5 days"
"""Why Postroom disables a webhook."""


@dataclass(frozen=True, slots=True)
class ClaimedWebhook:
    """One webhook in one worker's hands."""

    id: UUID
    token: UUID
    workspace_id: UUID


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """Attributes: attempt is from 1; told is None when its event was forgotten since."""

    id: UUID
    attempt: int
    told: Told | None


@dataclass(frozen=True, slots=True)
class Round:
    """What is to be posted now, together.

    Attributes:
        token: of the lease on its deliveries.
        secrets: sealed; the first is the newest, each of them signs.
    """

    token: UUID
    endpoint: str
    secrets: tuple[str, ...]
    deliveries: tuple[ClaimedDelivery, ...]


@dataclass(frozen=True, slots=True)
class Attempted:
    """One request that was made.

    Attributes:
        began_at: by the monotonic clock of this process.
        status_code: None: there was no answer.
        response: the beginning of the answer, or why there was none.
    """

    delivery: ClaimedDelivery
    began_at: float
    took_seconds: float
    status_code: int | None
    response: str

    @property
    def succeeded(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300  # noqa: PLR2004 - HTTP's own

    @property
    def retry_in_seconds(self) -> float | None:
        """After a failure; None: there is no other attempt."""
        return None if self.succeeded else retry_seconds(self.delivery.attempt)


@dataclass(frozen=True, slots=True)
class Written:
    """Attributes: is_failing says whether every attempt of the round failed, disabled whether it was the end of it."""

    is_failing: bool
    disabled: bool


def claim(connection: Connection, webhook_id: UUID, *, lease_seconds: float) -> ClaimedWebhook | None:
    """Take a webhook that is enabled and that nobody holds, or None."""
    token = uuid4()
    taken = connection.execute(
        update(Webhook)
        .where(
            Webhook.id == webhook_id,
            Webhook.status == WebhookStatus.ENABLED.value,
            or_(Webhook.lease_ends_at.is_(None), Webhook.lease_ends_at <= Now()),
        )
        .values(lease_token=token, lease_ends_at=Now(lease_seconds), hinted_at=None)
    )
    if taken.rowcount != 1:
        return None
    workspace_id = connection.execute(select(Webhook.workspace_id).where(Webhook.id == webhook_id)).scalar_one()
    return ClaimedWebhook(webhook_id, token, workspace_id)


def take(connection: Connection, webhook: ClaimedWebhook, count: int, *, lease_seconds: float) -> Round | None:
    """Take what is due, the longest due first, and hold the webhook on; None when there is nothing to do.

    Args:
        connection: in a transaction.
        webhook: in the caller's hands; None as well when it is not any more, or was disabled.
        count: the most deliveries.
        lease_seconds: from now, on the webhook and on each delivery.
    """
    held = connection.execute(
        update(Webhook)
        .where(
            Webhook.id == webhook.id,
            Webhook.lease_token == webhook.token,
            Webhook.status == WebhookStatus.ENABLED.value,
        )
        .values(lease_ends_at=Now(lease_seconds))
    )
    if held.rowcount != 1:
        return None
    due = (WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.due_at <= Now())
    rows = connection.execute(
        select(WebhookDelivery.id, WebhookDelivery.attempts)
        .where(*due)
        .order_by(WebhookDelivery.due_at, WebhookDelivery.id)
        .limit(count)
        .with_for_update()
    ).all()
    if not rows:
        return None
    ids = [row.id for row in rows]
    token = uuid4()
    connection.execute(
        update(WebhookDelivery).where(WebhookDelivery.id.in_(ids)).values(lease_token=token, due_at=Now(lease_seconds))
    )
    told = webhook_deliveries.told(connection, ids)
    deliveries = tuple(ClaimedDelivery(row.id, row.attempts + 1, told.get(row.id)) for row in rows)
    endpoint, secrets = _endpoint(connection, webhook.id)
    return Round(token, endpoint, secrets, deliveries)


def _endpoint(connection: Connection, webhook_id: UUID) -> tuple[str, tuple[str, ...]]:
    row = connection.execute(
        select(
            Webhook.endpoint,
            Webhook.secret,
            Webhook.previous_secret,
            (Webhook.previous_secret_ends_at > Now()).label("overlaps"),
        ).where(Webhook.id == webhook_id)
    ).one()
    return row.endpoint, (row.secret, row.previous_secret) if row.overlaps else (row.secret,)


def write(
    connection: Connection,
    webhook: ClaimedWebhook,
    round_: Round,
    attempted: Sequence[Attempted],
    *,
    is_slow: bool,
) -> Written:
    """Write what came of a round, and give its deliveries back.

    Args:
        connection: of a writing transaction.
        webhook: in the caller's hands.
        round_: of its deliveries; those that were not attempted have no event any more.
        attempted: the requests that were made.
        is_slow: whether one of them took long.

    Raises:
        LeaseLost: nothing was written.
    """
    row = connection.execute(
        select(
            Webhook.failing_since,
            and_(
                # A client may have disabled it itself since it was taken.
                Webhook.status == WebhookStatus.ENABLED.value,
                Webhook.failing_since < Now(-PATIENCE_SECONDS),
            ).label("exhausted"),
            Now().label("now"),
        )
        .where(Webhook.id == webhook.id, Webhook.lease_token == webhook.token)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise LeaseLost("the lease on the webhook ended before the outcome was written")
    _end_deliveries(connection, round_, attempted)
    _append_attempts(connection, row, attempted)
    if not attempted:
        return Written(is_failing=row.failing_since is not None, disabled=False)
    is_failing = not any(one.succeeded for one in attempted)
    connection.execute(
        update(Webhook)
        .where(Webhook.id == webhook.id)
        .values(
            is_slow=is_slow,
            failing_since=func.coalesce(Webhook.failing_since, Now(-_oldest(attempted))) if is_failing else None,
        )
    )
    disabled = is_failing and bool(row.exhausted)
    if disabled:
        _disable(connection, webhook)
    return Written(is_failing, disabled)


def _oldest(attempted: Sequence[Attempted]) -> float:
    """Seconds since the first of them began."""
    return time.monotonic() - min(one.began_at for one in attempted)


def _end_deliveries(connection: Connection, round_: Round, attempted: Sequence[Attempted]) -> None:
    """Only those that are still ours: one that a client wants sent again meanwhile has no lease any more."""
    made = {one.delivery.id for one in attempted}
    forgotten = [one.id for one in round_.deliveries if one.id not in made]
    ends: dict[tuple[DeliveryState, float | None], list[UUID]] = {}
    if forgotten:
        ends[DeliveryState.FAILED, None] = forgotten
    for one in attempted:
        retry = one.retry_in_seconds
        failed = DeliveryState.FAILED if retry is None else DeliveryState.PENDING
        state = DeliveryState.SUCCESS if one.succeeded else failed
        ends.setdefault((state, retry), []).append(one.delivery.id)
    for (state, retry), ids in ends.items():
        connection.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.id.in_(ids), WebhookDelivery.lease_token == round_.token)
            .values(
                state=state.value,
                due_at=None if retry is None else Now(retry),
                lease_token=None,
                attempts=WebhookDelivery.attempts + 1,
            )
        )


def _append_attempts(connection: Connection, row: AnyRow, attempted: Sequence[Attempted]) -> None:
    """Only of deliveries that are still there: with their event they may have been forgotten meanwhile."""
    ids = [one.delivery.id for one in attempted]
    there = select(WebhookDelivery.id).where(WebhookDelivery.id.in_(ids)).with_for_update()
    known = set(connection.execute(there).scalars())
    now = time.monotonic()
    rows = [
        {
            "id": new_id(),
            "delivery_id": one.delivery.id,
            "status_code": one.status_code,
            "response": one.response,
            "took_milliseconds": round(one.took_seconds * 1000),
            "sent_at": row.now - timedelta(seconds=now - one.began_at),
        }
        for one in attempted
        if one.delivery.id in known
    ]
    if rows:
        connection.execute(insert(WebhookAttempt), rows)


def _disable(connection: Connection, webhook: ClaimedWebhook) -> None:
    connection.execute(
        update(Webhook)
        .where(Webhook.id == webhook.id)
        .values(status=WebhookStatus.DISABLED.value, reason=REASON, lease_token=None, lease_ends_at=None)
    )
    told = {
        "object": "webhook",
        "id": str(webhook.id),
        "status": WebhookStatus.DISABLED.value,
        "reason": REASON,
    }
    timelines.tell(connection, webhook.workspace_id, WEBHOOK_DISABLED, told)
    audit.note(connection, webhook.workspace_id, audit.POSTROOM, WEBHOOK_DISABLED, webhook.id)


def give_back(connection: Connection, webhook: ClaimedWebhook) -> None:
    """Let others have the webhook, if it is still ours."""
    connection.execute(
        update(Webhook)
        .where(Webhook.id == webhook.id, Webhook.lease_token == webhook.token)
        .values(lease_token=None, lease_ends_at=None, hinted_at=None)
    )
