"""What is old enough is forgotten: in small batches, and half of the time at most."""

from collections.abc import Sequence

from loguru import logger

from postroom_database import forgetting
from postroom_database.engine import Database
from postroom_database.forgetting import Batch
from postroom_database.repositories.retention import Forgotten
from postroom_scheduler.metrics import FORGOTTEN

_ROUND_SECONDS = 4.0
"""Less than there is between two: one that stops waits for the round that it is in."""


def forget(database: Database, what: str, some: Sequence[Batch], round_seconds: float = _ROUND_SECONDS) -> None:
    """Delete what is old enough: batch after batch until there is no more, or the round is over."""

    def run(batch: Batch) -> Forgotten:
        with database.begin() as connection:
            return batch(connection)

    count = 0
    try:
        for forgotten in forgetting.forget(some, run, seconds=round_seconds):
            FORGOTTEN.labels(what).inc(forgotten)
            count += forgotten
    finally:
        # What one batch did stays done when the next one meets another scheduler, or a database that is away.
        if count:
            logger.info("records.forgotten", what=what, count=count)
