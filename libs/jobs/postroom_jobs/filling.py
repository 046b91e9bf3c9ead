"""Filling the windows in Redis with what waits in MySQL: one rule for every sweep, and for a Redis that lost all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from postroom_database.engine import Database
from postroom_database.repositories import provider_jobs, provider_messages, sweeps, webhook_hints
from postroom_database.repositories.unhinted import Unhinted
from postroom_domain.lanes import Lane
from postroom_jobs.hints import Hints
from postroom_jobs.names import ALONE, DELIVER, PROVIDER, PROVIDER_EVENTS, SLOW_WEBHOOKS, WEBHOOKS, Job

_ROUND = 1000
"""Rows a round at most: a sweep that fell behind catches up over rounds, and none takes long."""
_TOGETHER = 100
"""Rows claimed in one transaction."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the ids of a queue come from.

    Attributes:
        find: see postroom_database.repositories.unhinted.find.
        claim: takes the right to hint one of those that were found.
    """

    find: Callable[..., list[Unhinted]]
    claim: Callable[[Connection, Unhinted], bool]


SOURCES: Mapping[Job, Source] = {
    **{DELIVER[lane]: Source(partial(sweeps.missing_hints, lane=lane), sweeps.claim_hint) for lane in Lane},
    ALONE: Source(sweeps.missing_alone, sweeps.claim_hint),
    PROVIDER: Source(provider_jobs.missing_hints, provider_jobs.claim_hint),
    PROVIDER_EVENTS: Source(provider_messages.missing_hints, provider_messages.claim_hint),
    WEBHOOKS: Source(partial(webhook_hints.missing_hints, slow=False), webhook_hints.claim_hint),
    SLOW_WEBHOOKS: Source(partial(webhook_hints.missing_hints, slow=True), webhook_hints.claim_hint),
}
"""Of every queue."""


def fill(
    database: Database, hints: Hints, job: Job, *, age_seconds: float, hinted_before: datetime | None = None
) -> int:
    """Tell workers of what they are not known to know of, up to the mark of one queue; how many ids it was.

    Args:
        database: where it waits.
        hints: the windows.
        job: whose queue.
        age_seconds: a hint counts as lost when it is older by so much than any that still waits.
        hinted_before: of what was hinted since then, nothing counts as lost.

    Raises:
        HintsUnavailable: Redis does not answer; what was claimed is hinted again when its hint is old.
    """
    limit = min(_ROUND, hints.room_for(job))
    if limit == 0:
        return 0
    source = SOURCES[job]
    # Asked before the database is: what is hinted meanwhile is younger.
    in_redis = hints.next_from(job)
    with database.read() as connection:
        found = source.find(connection, older_than_seconds=age_seconds, limit=limit, in_redis=in_redis)
    if hinted_before is not None:
        found = [one for one in found if one.hinted_at is None or one.hinted_at < hinted_before]
    hinted = 0
    # Asked again for each group, because other schedulers and the api fill the same window.
    while found and (room := hints.room_for(job)):
        group, found = found[: min(room, _TOGETHER)], found[min(room, _TOGETHER) :]
        with database.begin() as connection:
            mine = [unhinted.id for unhinted in group if source.claim(connection, unhinted)]
        hints.give_to(job, mine)
        hinted += len(mine)
    return hinted
