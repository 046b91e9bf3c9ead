"""The scheduler's jobs. Each is one small function; each row is claimed, so any number of schedulers may run."""

from collections.abc import Callable
from uuid import UUID

from loguru import logger
from sqlalchemy import Connection

from postroom_database.engine import Database
from postroom_database.repositories import sweeps
from postroom_database.repositories.sweeps import Swept
from postroom_domain.lanes import Lane
from postroom_domain.states import State
from postroom_domain.unknowns import UnknownRules
from postroom_jobs.filling import fill
from postroom_jobs.hints import Hints
from postroom_jobs.names import ALONE, DELIVER, PROVIDER, PROVIDER_EVENTS, SLOW_WEBHOOKS, WEBHOOKS, Job
from postroom_scheduler.metrics import SWEPT, UNKNOWN
from postroom_tracing.identity import Origin
from postroom_tracing.traces import TRACES

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
for _state in _ENDS:  # of a series that begins at one, Prometheus sees no increase
    UNKNOWN.labels(_state.value)


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
        began_at = TRACES.now()
        with database.begin() as connection:
            ending = sweeps.end_unknown(connection, swept.email_id, rules)
        if ending is not None:
            state, because = ending
            UNKNOWN.labels(state.value).inc()
            _tell(swept, "WARNING", _ENDS[state], began_at, because=because and because.value)


def hint_missing(database: Database, hints: Hints, age_seconds: float) -> None:
    """Tell workers of due emails that they are not known to know of, up to the mark of each lane.

    Raises:
        HintsUnavailable: Redis does not answer; what was claimed is hinted again when its hint is old.
    """
    for lane in Lane:
        hinted = _hint(database, hints, DELIVER[lane], age_seconds, lane=lane.value)
        SWEPT.labels("missing_hints").inc(hinted)


def hint_alone(database: Database, hints: Hints, age_seconds: float) -> None:
    """The same of emails that are to be tried alone."""
    _hint(database, hints, ALONE, age_seconds, queue=ALONE.queue)


def hint_provider_jobs(database: Database, hints: Hints, age_seconds: float) -> None:
    """The same of due jobs for the provider."""
    _hint(database, hints, PROVIDER, age_seconds, queue=PROVIDER.queue)


def hint_provider_events(database: Database, hints: Hints, age_seconds: float) -> None:
    """The same of what the provider told."""
    _hint(database, hints, PROVIDER_EVENTS, age_seconds, queue=PROVIDER_EVENTS.queue)


def hint_webhooks(database: Database, hints: Hints, age_seconds: float) -> None:
    """The same of webhooks that have something to be told; those that failed or took long have a queue of their own."""
    for job in (WEBHOOKS, SLOW_WEBHOOKS):
        _hint(database, hints, job, age_seconds, queue=job.queue)


def _hint(database: Database, hints: Hints, job: Job, age_seconds: float, **about: str) -> int:
    """Fill the window of one queue, and tell it; how many ids went into it."""
    hinted = fill(database, hints, job, age_seconds=age_seconds)
    if hinted:
        logger.info("hints.given", **about, count=hinted)
    return hinted


def _sweep(
    database: Database,
    name: str,
    find: Callable[[Connection, int], list[Swept]],
    claim: Callable[[Connection, UUID], bool],
    event: str,
    level: str,
) -> None:
    counted = SWEPT.labels(name)
    with database.read() as connection:
        found = find(connection, _ROUND)
    for start in range(0, len(found), _TOGETHER):
        began_at = TRACES.now()
        with database.begin() as connection:
            mine = [swept for swept in found[start : start + _TOGETHER] if claim(connection, swept.email_id)]
        counted.inc(len(mine))
        for swept in mine:
            _tell(swept, level, event, began_at)


def _tell(swept: Swept, level: str, event: str, began_at: int, **data: str | None) -> None:
    attributes = {"postroom.email_id": str(swept.email_id), "postroom.because": data.get("because")}
    TRACES.tell(event, attributes, began_at=began_at, of=Origin(swept.request_id, swept.email_id))
    logger.log(
        level,
        event,
        request_id=swept.request_id,
        workspace_id=str(swept.workspace_id),
        email_id=str(swept.email_id),
        **data,
    )
