"""What waits, and for how long: read for the metrics. Every scheduler reads the same, so the largest is the figure."""

from postroom_database.engine import Database
from postroom_database.repositories import measuring
from postroom_domain.lanes import Lane
from postroom_jobs.hints import Hints
from postroom_jobs.names import ALL, SLOW_WEBHOOKS, WEBHOOKS
from postroom_scheduler.metrics import DEPTH, HINTS, OLDEST, OLDEST_DELIVERY, WEBHOOK_STATES


def measure_queues(database: Database) -> None:
    """How many emails wait in each lane, and for how long one has been due."""
    for lane in Lane:
        with database.read() as connection:
            oldest = measuring.oldest_seconds(connection, lane)
            depth = measuring.depth(connection, lane)
        OLDEST.labels(lane.value).set(oldest)
        for state, count in depth.items():
            DEPTH.labels(lane.value, state).set(count)


def measure_webhooks(database: Database) -> None:
    """How webhooks stand, and for how long one has waited to be told."""
    with database.read() as connection:
        states = measuring.webhooks(connection)
        oldest = measuring.waiting_webhooks(connection)
    for state, count in states.items():
        WEBHOOK_STATES.labels(state).set(count)
    OLDEST_DELIVERY.labels(WEBHOOKS.queue).set(oldest.healthy)
    OLDEST_DELIVERY.labels(SLOW_WEBHOOKS.queue).set(oldest.troubled)


def measure_hints(hints: Hints) -> None:
    """How much of what waits is in Redis.

    Raises:
        HintsUnavailable: Redis does not answer.
    """
    for job in ALL:
        HINTS.labels(job.queue).set(hints.count(job))
