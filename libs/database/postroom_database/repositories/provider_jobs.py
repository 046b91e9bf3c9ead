"""What the provider must be told or asked beside mail: kept until it is done, claimed by one worker at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, delete, insert, select, update

from postroom_database.errors import LeaseLost
from postroom_database.models import ProviderJob
from postroom_database.repositories import unhinted
from postroom_database.repositories.unhinted import Unhinted
from postroom_database.types import Now
from postroom_domain.ids import new_id
from postroom_domain.provider_jobs import ProviderJobKind, RemovedDomain

_QUOTA_JOB = UUID(int=1)
_QUOTA_REQUEST = "quota"
_NOBODY = UUID(int=0)
"""The workspace of what concerns the whole account."""


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """One job in one worker's hands.

    Attributes:
        attempt: from 1, since it last went well.
    """

    id: UUID
    token: UUID
    workspace_id: UUID
    kind: ProviderJobKind
    subject: str
    request_id: str
    attempt: int


def add(connection: Connection, kind: ProviderJobKind, *, workspace_id: UUID, subject: str, request_id: str) -> UUID:
    """Note a job in the transaction of what makes it necessary; it is due at once."""
    job_id = new_id()
    _insert(connection, _row(job_id, kind, workspace_id, subject, request_id))
    return job_id


def look_at_domain(connection: Connection, *, workspace_id: UUID, domain_id: UUID, request_id: str) -> None:
    """Note that a domain's verification is to be looked at now; called with the domain held.

    A domain has one such job, with the domain's own id, however often it is asked for. A worker that holds it loses
    its lease: what it is about to write was found before the client asked again.
    """
    mine = ProviderJob.id == domain_id
    if connection.execute(select(ProviderJob.id).where(mine).with_for_update()).one_or_none() is None:
        kind = ProviderJobKind.VERIFY_DOMAIN
        _insert(connection, _row(domain_id, kind, workspace_id, str(domain_id), request_id))
        return
    connection.execute(
        update(ProviderJob)
        .where(mine)
        .values(due_at=Now(), hinted_at=None, attempts=0, lease_token=None, request_id=request_id)
    )


def leave_domain(connection: Connection, domain_id: UUID) -> None:
    """Look at a domain no more; called with the domain held."""
    connection.execute(delete(ProviderJob).where(ProviderJob.id == domain_id))


def remove_domain(
    connection: Connection, removed: RemovedDomain, *, workspace_id: UUID, domain_id: UUID, request_id: str
) -> None:
    """Note that the provider is to forget a domain, and look at it no more; called with the domain held.

    A worker that is just about to register it must come to its end first.
    """
    held_until = connection.execute(
        select(ProviderJob.due_at).where(ProviderJob.id == domain_id, ProviderJob.lease_token.is_not(None))
    ).scalar_one_or_none()
    row = _row(new_id(), ProviderJobKind.REMOVE_DOMAIN, workspace_id, str(removed), request_id)
    _insert(connection, row if held_until is None else row | {"due_at": held_until})
    leave_domain(connection, domain_id)


def is_removing(connection: Connection, removed: RemovedDomain) -> bool:
    """Whether the provider is still to be told to forget this."""
    asked = select(ProviderJob.id).where(
        ProviderJob.kind == ProviderJobKind.REMOVE_DOMAIN.value, ProviderJob.subject == str(removed)
    )
    return connection.execute(asked.limit(1)).one_or_none() is not None


def read_quota(connection: Connection) -> None:
    """Note that the provider's quota is to be read now. There is one such job, however often it is asked for.

    Raises:
        IntegrityError: a worker reads it at this moment, or another one has just noted it; that is as good.
    """
    noted = connection.execute(
        update(ProviderJob)
        .where(ProviderJob.id == _QUOTA_JOB, ProviderJob.lease_token.is_(None))
        .values(due_at=Now(), hinted_at=None, attempts=0)
    )
    if noted.rowcount == 0:
        _insert(connection, _row(_QUOTA_JOB, ProviderJobKind.READ_QUOTA, _NOBODY, "", _QUOTA_REQUEST))


def claim(connection: Connection, job_id: UUID, *, lease_seconds: float) -> ClaimedJob | None:
    """Take a job that is due, or None when it is not there to be taken."""
    token = uuid4()
    taken = connection.execute(
        update(ProviderJob)
        .where(ProviderJob.id == job_id, ProviderJob.due_at <= Now())
        .values(due_at=Now(lease_seconds), hinted_at=None, attempts=ProviderJob.attempts + 1, lease_token=token)
    )
    if taken.rowcount != 1:
        return None
    row = connection.execute(
        select(
            ProviderJob.workspace_id,
            ProviderJob.kind,
            ProviderJob.subject,
            ProviderJob.request_id,
            ProviderJob.attempts,
        ).where(ProviderJob.id == job_id, ProviderJob.lease_token == token)
    ).one()
    return ClaimedJob(
        id=job_id,
        token=token,
        workspace_id=row.workspace_id,
        kind=ProviderJobKind(row.kind),
        subject=row.subject,
        request_id=row.request_id,
        attempt=row.attempts,
    )


def finish(connection: Connection, job: ClaimedJob) -> None:
    """The job is done: forget it.

    Raises:
        LeaseLost: it is somebody else's, or gone.
    """
    ended = connection.execute(
        delete(ProviderJob).where(ProviderJob.id == job.id, ProviderJob.lease_token == job.token)
    )
    if ended.rowcount != 1:
        raise LeaseLost("the lease ended before the job was done")


def postpone(connection: Connection, job: ClaimedJob, *, seconds: float, went_well: bool) -> None:
    """Give the job back until later.

    Args:
        connection: in a transaction.
        job: in the caller's hands.
        seconds: until it is due.
        went_well: whether the attempts are counted anew.

    Raises:
        LeaseLost: it is somebody else's, or gone.
    """
    values: dict[str, Any] = {"due_at": Now(seconds), "hinted_at": None, "lease_token": None}
    given_back = connection.execute(
        update(ProviderJob)
        .where(ProviderJob.id == job.id, ProviderJob.lease_token == job.token)
        .values(values | ({"attempts": 0} if went_well else {}))
    )
    if given_back.rowcount != 1:
        raise LeaseLost("the lease ended before the job was given back")


def missing_hints(
    connection: Connection, *, older_than_seconds: float, limit: int, in_redis: Sequence[UUID] = ()
) -> list[Unhinted]:
    """Due jobs that were never hinted, or whose hint must be lost; see unhinted.find."""
    return unhinted.find(connection, ProviderJob, older_than_seconds=older_than_seconds, limit=limit, in_redis=in_redis)


def claim_hint(connection: Connection, found: Unhinted) -> bool:
    """Take the right to hint one job; False when another sweep was first, or a worker has it."""
    return unhinted.claim(connection, ProviderJob, found, ProviderJob.due_at <= Now())


def forget_hint(connection: Connection, job_id: UUID) -> None:
    """Say that no worker was told of this job after all, so that the next sweep tells one."""
    connection.execute(
        update(ProviderJob).where(ProviderJob.id == job_id, ProviderJob.due_at <= Now()).values(hinted_at=None)
    )


def _row(job_id: UUID, kind: ProviderJobKind, workspace_id: UUID, subject: str, request_id: str) -> dict[str, Any]:
    return {
        "id": job_id,
        "workspace_id": workspace_id,
        "kind": kind.value,
        "subject": subject,
        "request_id": request_id,
        "attempts": 0,
    }


def _insert(connection: Connection, row: dict[str, Any]) -> None:
    connection.execute(insert(ProviderJob), [row])
