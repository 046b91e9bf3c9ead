"""The scheduler's jobs. Each is one small function; each row is claimed, so any number of schedulers may run."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from loguru import logger
from sqlalchemy import Connection

from postroom_database.engine import Database
from postroom_database.repositories import provider_jobs, sweeps
from postroom_database.repositories.sweeps import Swept
from postroom_domain.lanes import Lane
from postroom_domain.states import State
from postroom_domain.unknowns import UnknownRules
from postroom_jobs.hints import Hints
from postroom_jobs.names import ALONE, DELIVER, PROVIDER, Job
from postroom_scheduler.metrics import SWEPT, UNKNOWN

_ROUND = 1000
"""Rows a round at most: a sweep that fell behind catches up over rounds, and none takes long."""
_TOGETHER = 100
"""Rows claimed in one transaction."""

_ENDS = {
    State.QUEUED: "email.resent",
    State.SUSPECT: "email.isolated",
    State.HELD: "email.held",
    State.SENT: "email.settled",
    State.FAILED: "email.settled",
    State.SUPPRESSED: "email.settled",
}

_Unhinted = TypeVar("_Unhinted")


def queue_due(database: Database) -> None:
    """Queue scheduled emails whose time has come."""
    _sweep(database, "due_scheduled", sweeps.due_scheduled, sweeps.queue_scheduled, "email.queued", "INFO")


def expire_leases(database: Database) -> None:
    """Say that nobody knows what came of emails whose worker has not come back before its lease ended."""
    _sweep(database, "expired_leases", sweeps.expired_leases, sweeps.expire, "lease.expired", "WARNING")


def end_unknowns(database: Database, rules: UnknownRules) -> None:
    """Send again, or hold, emails that the provider has not told of in time."""
    with database.read() as connection:
        found = sweeps.due_unknown(connection, _ROUND)
    for swept in found:
        with database.begin() as connection:
            ending = sweeps.end_unknown(connection, swept.email_id, rules)
        if ending is not None:
            state, because = ending
            UNKNOWN.labels(state.value).inc()
            _tell(swept, "WARNING", _ENDS[state], because=because and because.value)


def hint_missing(database: Database, hints: Hints, age_seconds: float) -> None:
    """Tell workers of due emails that they are not known to know of, up to the mark of each lane.

    Raises:
        HintsUnavailable: Redis does not answer; what was claimed is hinted again when its hint is old.
    """
    for lane in Lane:
        hinted = _hint(
            database,
            hints,
            DELIVER[lane],
            find=lambda connection, in_redis, limit, lane=lane: sweeps.missing_hints(  # type: ignore[misc]  # bound per lane
                connection, lane, older_than_seconds=age_seconds, limit=limit, in_redis=in_redis
            ),
            claim=lambda connection, unhinted: unhinted.email_id if sweeps.claim_hint(connection, unhinted) else None,
        )
        if hinted:
            SWEPT.labels("missing_hints").inc(hinted)
            logger.info("hints.given", lane=lane.value, count=hinted)


def hint_alone(database: Database, hints: Hints, age_seconds: float) -> None:
    """Tell workers of emails that are to be tried alone, up to the mark.

    Raises:
        HintsUnavailable: Redis does not answer; what was claimed is hinted again when its hint is old.
    """
    hinted = _hint(
        database,
        hints,
        ALONE,
        find=lambda connection, in_redis, limit: sweeps.missing_alone(
            connection, older_than_seconds=age_seconds, limit=limit, in_redis=in_redis
        ),
        claim=lambda connection, unhinted: unhinted.email_id if sweeps.claim_hint(connection, unhinted) else None,
    )
    if hinted:
        logger.info("hints.given", queue=ALONE.queue, count=hinted)


def hint_provider_jobs(database: Database, hints: Hints, age_seconds: float) -> None:
    """Tell workers of due jobs for the provider, up to the mark.

    Raises:
        HintsUnavailable: Redis does not answer; what was claimed is hinted again when its hint is old.
    """
    hinted = _hint(
        database,
        hints,
        PROVIDER,
        find=lambda connection, in_redis, limit: provider_jobs.missing_hints(
            connection, older_than_seconds=age_seconds, limit=limit, in_redis=in_redis
        ),
        claim=lambda connection, unhinted: unhinted.job_id if provider_jobs.claim_hint(connection, unhinted) else None,
    )
    if hinted:
        logger.info("hints.given", queue=PROVIDER.queue, count=hinted)


def _hint(
    database: Database,
    hints: Hints,
    job: Job,
    *,
    find: Callable[[Connection, list[UUID], int], list[_Unhinted]],
    claim: Callable[[Connection, _Unhinted], UUID | None],
) -> int:
    """Fill the window of one queue; how many ids went into it."""
    limit = min(_ROUND, hints.room_for(job))
    if limit == 0:
        return 0
    # Asked before the database is: what is hinted meanwhile is younger.
    in_redis = hints.next_from(job)
    with database.read() as connection:
        found = find(connection, in_redis, limit)
    hinted = 0
    # Asked again for each group, because other schedulers and the api fill the same window.
    while found and (room := hints.room_for(job)):
        group, found = found[: min(room, _TOGETHER)], found[min(room, _TOGETHER) :]
        with database.begin() as connection:
            mine = [one for unhinted in group if (one := claim(connection, unhinted)) is not None]
        hints.give_to(job, mine)
        hinted += len(mine)
    return hinted


def _sweep(
    database: Database,
    name: str,
    find: Callable[[Connection, int], list[Swept]],
    claim: Callable[[Connection, UUID], bool],
    event: str,
    level: str,
) -> None:
    with database.read() as connection:
        found = find(connection, _ROUND)
    for start in range(0, len(found), _TOGETHER):
        with database.begin() as connection:
            mine = [swept for swept in found[start : start + _TOGETHER] if claim(connection, swept.email_id)]
        SWEPT.labels(name).inc(len(mine))
        for swept in mine:
            _tell(swept, level, event)


def _tell(swept: Swept, level: str, event: str, **data: str | None) -> None:
    logger.log(
        level,
        event,
        request_id=swept.request_id,
        workspace_id=str(swept.workspace_id),
        email_id=str(swept.email_id),
        **data,
    )
