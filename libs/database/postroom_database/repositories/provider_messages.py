"""What the provider published: kept when it comes, worked on once; what could not be accounted is for operators."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import ColumnElement

from postroom_database.errors import LeaseLost, is_duplicate
from postroom_database.models import ProviderMessage
from postroom_database.repositories import unhinted
from postroom_database.repositories.unhinted import Unhinted
from postroom_database.types import Now
from postroom_domain.ids import new_id
from postroom_domain.provider_messages import KEPT, MessageResult


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """One message in one worker's hands.

    Attributes:
        id: ours.
        body: what was published.
        attempt: from 1.
    """

    id: UUID
    token: UUID
    body: str
    request_id: str | None
    attempt: int


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """One that could not be accounted."""

    id: UUID
    message_id: str
    result: MessageResult
    received_at: datetime
    body: str


def keep(connection: Connection, message_id: str, body: str, *, request_id: str | None, hinted: bool) -> UUID | None:
    """Keep a message for a worker; our id of it, None when it came before.

    Args:
        connection: of a transaction of its own. Of two that keep one message at once, one waits for the other.
        message_id: the provider's.
        body: what was published.
        request_id: in which it came.
        hinted: whether workers will be told after the commit; the sweep tells them otherwise.
    """
    job_id = new_id()
    values = {
        "id": message_id,
        "job_id": job_id,
        "body": body,
        "request_id": request_id,
        "due_at": Now(),
        "hinted_at": Now() if hinted else None,
    }
    try:
        connection.execute(insert(ProviderMessage).values(values))
    except IntegrityError as problem:
        if not is_duplicate(problem):
            raise
        return None
    return job_id


def claim(connection: Connection, ids: Sequence[UUID], *, lease_seconds: float) -> list[ClaimedMessage]:
    """Take those that are due, oldest first."""
    token = uuid4()
    taken = connection.execute(
        update(ProviderMessage)
        .where(ProviderMessage.job_id.in_(ids), ProviderMessage.due_at <= Now())
        .values(due_at=Now(lease_seconds), hinted_at=None, attempts=ProviderMessage.attempts + 1, lease_token=token)
    )
    if not taken.rowcount:
        return []
    rows = connection.execute(
        select(ProviderMessage.job_id, ProviderMessage.body, ProviderMessage.request_id, ProviderMessage.attempts)
        .where(ProviderMessage.job_id.in_(ids), ProviderMessage.lease_token == token)
        .order_by(ProviderMessage.job_id)
    )
    return [ClaimedMessage(row.job_id, token, row.body or "", row.request_id, row.attempts) for row in rows]


def finish(connection: Connection, message: ClaimedMessage, result: MessageResult) -> None:
    """Say what became of it, in the transaction that accounts it. What could not be accounted keeps its body.

    Raises:
        LeaseLost: it is somebody else's.
    """
    values = {"result": result.value, "due_at": None, "lease_token": None}
    _write_held(connection, message, values if result in KEPT else values | {"body": None})


def postpone(connection: Connection, message: ClaimedMessage, *, seconds: float) -> None:
    """Give it back until later.

    Raises:
        LeaseLost: it is somebody else's.
    """
    _write_held(connection, message, {"due_at": Now(seconds), "lease_token": None})


def _write_held(connection: Connection, message: ClaimedMessage, values: Mapping[str, object]) -> None:
    written = connection.execute(
        update(ProviderMessage)
        .where(ProviderMessage.job_id == message.id, ProviderMessage.lease_token == message.token)
        .values(values)
    )
    if written.rowcount != 1:
        raise LeaseLost("the lease ended before the message was accounted")


def missing_hints(
    connection: Connection, *, older_than_seconds: float, limit: int, in_redis: Sequence[UUID] = ()
) -> list[Unhinted]:
    """Due messages that were never hinted, or whose hint must be lost; see unhinted.find."""
    return unhinted.find(
        connection, ProviderMessage, older_than_seconds=older_than_seconds, limit=limit, in_redis=in_redis
    )


def claim_hint(connection: Connection, found: Unhinted) -> bool:
    """Take the right to hint one; False when another sweep was first, or a worker has it."""
    return unhinted.claim(connection, ProviderMessage, found, ProviderMessage.due_at <= Now())


def forget_hints(connection: Connection, ids: Iterable[UUID]) -> None:
    """Say that no worker was told of these after all, so that the next sweep tells one."""
    connection.execute(
        update(ProviderMessage)
        .where(ProviderMessage.job_id.in_(list(ids)), ProviderMessage.due_at <= Now())
        .values(hinted_at=None)
    )


def page(connection: Connection, *, result: MessageResult | None, after: UUID | None, limit: int) -> list[KeptMessage]:
    """Some of those that could not be accounted, oldest first."""
    wanted: list[ColumnElement[bool]] = [_kept(result)]
    if after is not None:
        wanted.append(ProviderMessage.job_id > after)
    rows = connection.execute(
        select(
            ProviderMessage.job_id,
            ProviderMessage.id,
            ProviderMessage.result,
            ProviderMessage.received_at,
            ProviderMessage.body,
        )
        .where(*wanted)
        .order_by(ProviderMessage.job_id)
        .limit(limit)
    )
    return [KeptMessage(row.job_id, row.id, MessageResult(row.result), row.received_at, row.body or "") for row in rows]


def retry(connection: Connection, job_id: UUID) -> bool:
    """Have one worked on again that could not be accounted; False when there is none such."""
    retried = connection.execute(
        update(ProviderMessage)
        .where(ProviderMessage.job_id == job_id, _kept(None))
        .values(result=None, due_at=Now(), hinted_at=None, attempts=0)
    )
    return retried.rowcount == 1


def _kept(result: MessageResult | None) -> ColumnElement[bool]:
    results = KEPT if result is None else KEPT & {result}
    return ProviderMessage.result.in_(sorted(one.value for one in results))
