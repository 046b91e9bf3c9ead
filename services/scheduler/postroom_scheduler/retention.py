"""What is old enough is forgotten: in small batches, and half of the time at most."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from loguru import logger
from sqlalchemy import Connection

from postroom_database.engine import Database
from postroom_database.repositories import retention
from postroom_database.repositories.retention import PARTS, Forgotten
from postroom_scheduler.metrics import FORGOTTEN

Batch = Callable[[Connection], Forgotten]

_DAY_SECONDS = 86_400.0
_ROUND_SECONDS = 4.0
"""Less than there is between two: one that stops waits for the round that it is in."""
_EMAILS = 50
"""In one transaction: with them go their bodies, recipients, events and webhook deliveries."""
_MESSAGES = 20
_ROWS = 500
_REDELIVERED_DAYS = 15
"""SQS keeps what SNS could not deliver for 14 days at most (SQS, MessageRetentionPeriod)."""


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """How long records are kept, in days; 0: forever."""

    bodies_days: int
    emails_days: int
    audit_days: int


def batches(rules: RetentionRules) -> Mapping[str, Sequence[Batch]]:
    """What is forgotten, by name: each batch may be asked for again as long as it says that there is more."""
    found: dict[str, Sequence[Batch]] = {
        "idempotency_keys": [partial(retention.idempotency_keys, limit=_ROWS)],
        "accounted_messages": [_old(retention.accounted_messages, _REDELIVERED_DAYS, _ROWS)],
    }
    if days := rules.bodies_days:
        found["bodies"] = [_old(partial(retention.bodies, part=part), days, _EMAILS) for part in PARTS]
        found["captured"] = [_old(retention.captured, days, _MESSAGES)]
    if days := rules.emails_days:
        found["emails"] = [_old(partial(retention.emails, part=part), days, _EMAILS) for part in PARTS]
        found["other_events"] = [_old(retention.other_events, days, _ROWS)]
        found["unaccounted_messages"] = [_old(retention.unaccounted_messages, days, _ROWS)]
        found["slots"] = [_old(retention.slots, days, _ROWS)]
    if days := rules.audit_days:
        found["audit_entries"] = [_old(retention.audit_entries, days, _ROWS)]
    return found


def forget(database: Database, what: str, some: Sequence[Batch], round_seconds: float = _ROUND_SECONDS) -> None:
    """Delete what is old enough: batch after batch until there is no more, or the round is over.

    After each batch comes a pause as long as it took: half of the time, at least, the database is left to others.
    """
    until = time.monotonic() + round_seconds
    count = 0
    try:
        while some:
            going_on = []
            for batch in some:
                begun = time.monotonic()
                if begun > until:
                    break
                with database.begin() as connection:
                    done = batch(connection)
                FORGOTTEN.labels(what).inc(done.count)
                count += done.count
                if done.more:
                    going_on.append(batch)
                    time.sleep(time.monotonic() - begun)
            some = going_on
    finally:
        # What one batch did stays done when the next one meets another scheduler, or a database that is away.
        if count:
            logger.info("records.forgotten", what=what, count=count)


def _old(batch: Callable[..., Forgotten], days: int, limit: int) -> Batch:
    return partial(batch, age_seconds=days * _DAY_SECONDS, limit=limit)
