"""What the scheduler does, and how often: one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from loguru import logger

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable, is_contended
from postroom_database.forgetting import RetentionRules, batches
from postroom_domain.unknowns import UnknownRules
from postroom_health.backing_service import BackingService
from postroom_jobs import names
from postroom_jobs.broker import HintsUnavailable
from postroom_jobs.hints import Hints
from postroom_jobs.names import ALONE, DELIVER, PROVIDER, PROVIDER_EVENTS, SLOW_WEBHOOKS, WEBHOOKS
from postroom_scheduler.brake import BrakeRules, brake_workspaces
from postroom_scheduler.firing import fire_slots, review_schedules
from postroom_scheduler.retention import forget
from postroom_scheduler.sweeps import (
    count_failing_webhooks,
    end_unknowns,
    expire_leases,
    hint_alone,
    hint_missing,
    hint_provider_events,
    hint_provider_jobs,
    hint_webhooks,
    queue_due,
)

_BRAKE_SECONDS = 60.0
_COUNT_SECONDS = 15.0
_REVIEW_SECONDS = 3600.0
_FORGET_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Job:
    """Attributes: hints are the queues into which it puts ids, for actors of the worker."""

    name: str
    every_seconds: float
    run: Callable[[], None]
    hints: Sequence[names.Job] = ()


def jobs(
    database: Database,
    hints: Hints,
    rules: UnknownRules,
    brake: BrakeRules,
    retention: RetentionRules,
    *,
    sweep_seconds: float,
    hint_age_seconds: float,
    verified_only: bool,
) -> list[Job]:
    """The table of jobs over what main.py opened."""
    age = hint_age_seconds
    return [
        Job("queue_due", sweep_seconds, lambda: queue_due(database)),
        Job("expire_leases", sweep_seconds, lambda: expire_leases(database)),
        Job("end_unknowns", sweep_seconds, lambda: end_unknowns(database, rules)),
        Job("hint_missing", sweep_seconds, lambda: hint_missing(database, hints, age), tuple(DELIVER.values())),
        Job("hint_alone", sweep_seconds, lambda: hint_alone(database, hints, age), (ALONE,)),
        Job("hint_provider_jobs", sweep_seconds, lambda: hint_provider_jobs(database, hints, age), (PROVIDER,)),
        Job(
            "hint_provider_events",
            sweep_seconds,
            lambda: hint_provider_events(database, hints, age),
            (PROVIDER_EVENTS,),
        ),
        Job("hint_webhooks", sweep_seconds, lambda: hint_webhooks(database, hints, age), (WEBHOOKS, SLOW_WEBHOOKS)),
        Job("count_failing_webhooks", _COUNT_SECONDS, lambda: count_failing_webhooks(database)),
        Job("fire_slots", sweep_seconds, lambda: fire_slots(database, verified_only=verified_only)),
        Job("review_schedules", _REVIEW_SECONDS, lambda: review_schedules(database)),
        Job("brake_workspaces", _BRAKE_SECONDS, lambda: brake_workspaces(database, brake)),
        *(
            Job(f"forget_{what}", _FORGET_SECONDS, partial(forget, database, what, some))
            for what, some in batches(retention).items()
        ),
    ]


def guarded(
    job: Job, *, database: BackingService | None = None, redis: BackingService | None = None
) -> Callable[[], None]:
    """A job whose trouble postpones it to its next round, and is told once instead of every second.

    Args:
        job: what is run.
        database: when it is away it tells so itself, and the job skips rounds until it is worth asking it again.
        redis: likewise.
    """
    trouble: str | None = None
    away: BackingService | None = None

    def run() -> None:
        nonlocal trouble, away
        if away is not None and away.pause_seconds() > 0:
            return
        before = trouble
        try:
            job.run()
        except (DatabaseUnavailable, HintsUnavailable) as problem:
            away = database if isinstance(problem, DatabaseUnavailable) else redis
            trouble = None if _is_down(away) else str(problem)
            if trouble not in {None, before}:
                logger.warning("job.postponed", job=job.name, reason=trouble)
        except Exception as problem:  # noqa: BLE001 - a fault in one job must not keep it, or others, from going on
            if is_contended(problem):
                logger.info("job.contended", job=job.name)  # another scheduler was at the same rows
                return
            trouble = type(problem).__name__
            if trouble != before:
                logger.exception("job.failed", job=job.name)
        else:
            trouble = None
            if before is not None:
                logger.info("job.resumed", job=job.name)

    return run


def _is_down(service: BackingService | None) -> bool:
    return service is not None and not service.is_up
