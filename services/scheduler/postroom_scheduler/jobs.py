"""What the scheduler does, and how often: one table."""

import time
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
from postroom_scheduler.measuring import measure_hints, measure_queues, measure_webhooks
from postroom_scheduler.metrics import JOB_INTERVAL, JOB_LATENESS, JOB_RUNS, JOB_SECONDS, JOB_SUCCEEDED
from postroom_scheduler.retention import forget
from postroom_scheduler.sweeps import (
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
_MEASURE_SECONDS = 15.0
_REVIEW_SECONDS = 3600.0
_FORGET_SECONDS = 5.0
_OUTCOMES = ("succeeded", "contended", "postponed", "failed")


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
        Job("measure_queues", _MEASURE_SECONDS, lambda: measure_queues(database)),
        Job("measure_webhooks", _MEASURE_SECONDS, lambda: measure_webhooks(database)),
        Job("measure_hints", _MEASURE_SECONDS, lambda: measure_hints(hints)),
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
    pulse = _Pulse(job)

    def run() -> None:
        nonlocal trouble, away
        pulse.begin()
        if away is not None and away.pause_seconds() > 0:
            pulse.end("postponed")
            return
        before = trouble
        try:
            job.run()
        except (DatabaseUnavailable, HintsUnavailable) as problem:
            pulse.end("postponed")
            away = database if isinstance(problem, DatabaseUnavailable) else redis
            trouble = None if _is_down(away) else str(problem)
            if trouble not in {None, before}:
                logger.warning("job.postponed", job=job.name, reason=trouble)
        except Exception as problem:  # a fault in one job must not keep it, or others, from going on
            if is_contended(problem):
                pulse.end("contended")
                logger.info("job.contended", job=job.name)  # another scheduler was at the same rows
                return
            pulse.end("failed")
            trouble = type(problem).__name__
            if trouble != before:
                logger.exception("job.failed", job=job.name)
        else:
            pulse.end("succeeded")
            trouble = None
            if before is not None:
                logger.info("job.resumed", job=job.name)

    return run


class _Pulse:
    """What metrics tell of the runs of one job. Not for two threads at once, and no job is run by two."""

    def __init__(self, job: Job) -> None:
        self._every_seconds = job.every_seconds
        self._began_at: float | None = None
        self._lateness, self._seconds = JOB_LATENESS.labels(job.name), JOB_SECONDS.labels(job.name)
        self._succeeded = JOB_SUCCEEDED.labels(job.name)
        self._runs = {outcome: JOB_RUNS.labels(job.name, outcome) for outcome in _OUTCOMES}
        JOB_INTERVAL.labels(job.name).set(job.every_seconds)

    def begin(self) -> None:
        now = time.monotonic()
        if self._began_at is not None:
            self._lateness.observe(max(0.0, now - self._began_at - self._every_seconds))
        self._began_at = now

    def end(self, outcome: str) -> None:
        if self._began_at is not None:
            self._seconds.observe(time.monotonic() - self._began_at)
        self._runs[outcome].inc()
        if outcome == "succeeded":
            self._succeeded.set_to_current_time()


def _is_down(service: BackingService | None) -> bool:
    return service is not None and not service.is_up
