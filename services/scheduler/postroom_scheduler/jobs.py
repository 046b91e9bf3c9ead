"""What the scheduler does, and how often: one table."""

from collections.abc import Callable
from dataclasses import dataclass

from loguru import logger

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable, is_contended
from postroom_jobs.broker import HintsUnavailable
from postroom_jobs.hints import Hints
from postroom_scheduler.sweeps import hint_missing, queue_due, queue_expired


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every_seconds: float
    run: Callable[[], None]


def jobs(database: Database, hints: Hints, *, sweep_seconds: float, hint_age_seconds: float) -> list[Job]:
    """The table of jobs over what main.py opened."""
    return [
        Job("queue_due", sweep_seconds, lambda: queue_due(database)),
        Job("queue_expired", sweep_seconds, lambda: queue_expired(database)),
        Job("hint_missing", sweep_seconds, lambda: hint_missing(database, hints, hint_age_seconds)),
    ]


def guarded(job: Job) -> Callable[[], None]:
    """A job that an outage postpones to its next round instead of ending in a stack trace."""
    postponed = False

    def run() -> None:
        nonlocal postponed
        try:
            job.run()
        except (DatabaseUnavailable, HintsUnavailable) as problem:
            if not postponed:
                logger.warning("job.postponed", job=job.name, reason=str(problem))
            postponed = True
        except Exception as problem:
            if not is_contended(problem):
                raise
            logger.info("job.contended", job=job.name)  # another scheduler was at the same rows
        else:
            if postponed:
                logger.info("job.resumed", job=job.name)
            postponed = False

    return run
