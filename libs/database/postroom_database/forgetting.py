"""How long what is kept, and the batches in which it is forgotten: the same whoever forgets."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from postroom_database.repositories import retention
from postroom_database.repositories.retention import PARTS, Forgotten

Batch = Callable[[Connection], Forgotten]

_DAY_SECONDS = 86_400.0
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


def forget(some: Sequence[Batch], run: Callable[[Batch], Forgotten], *, seconds: float = math.inf) -> Iterator[int]:
    """Run batch after batch until there is no more, or the time is over; how many rows went with each.

    After each batch comes a pause as long as it took: half of the time, at least, the database is left to others.

    Args:
        some: batches of one kind.
        run: does one, in a transaction of its own.
        seconds: after so long no batch is begun.
    """
    until = time.monotonic() + seconds
    while some:
        going_on = []
        for batch in some:
            begun = time.monotonic()
            if begun > until:
                break
            done = run(batch)
            yield done.count
            if done.more:
                going_on.append(batch)
                time.sleep(time.monotonic() - begun)
        some = going_on


def _old(batch: Callable[..., Forgotten], days: int, limit: int) -> Batch:
    return partial(batch, age_seconds=days * _DAY_SECONDS, limit=limit)
