"""The scheduler: APScheduler only ticks; what is due is asked of the database, and every row is claimed."""

import sys
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from loguru import logger

from postroom_config.command_line import answer_arguments
from postroom_config.load import load_or_exit
from postroom_config.version import VERSION
from postroom_database.engine import Database
from postroom_database.forgetting import RetentionRules
from postroom_database.schema import look_at_schema
from postroom_domain.reputation import Brake
from postroom_domain.suppressions import Origin
from postroom_domain.unknowns import UnknownRules
from postroom_health.backing_service import BackingService
from postroom_health.checks import Check, Readiness
from postroom_health.liveness import Liveness
from postroom_health.server import HealthServer
from postroom_health.stopping import Stopping
from postroom_jobs.broker import check_broker, open_broker
from postroom_jobs.hints import Hints
from postroom_logging.setup import configure, flush
from postroom_scheduler.brake import BrakeRules
from postroom_scheduler.jobs import guarded, jobs
from postroom_scheduler.settings import SchedulerServiceSettings
from postroom_tracing.traces import TRACES

_LAST_TRACES_SECONDS = 2.0
_REDIS_SECONDS = 5.0
_FIRST_SECONDS = 5.0
_SILENCE_SECONDS = 60.0
_FLUSH_SECONDS = 2.0


def main() -> None:
    answer_arguments("scheduler", sys.argv[1:])
    settings = load_or_exit(SchedulerServiceSettings)
    stopping = Stopping(settings.drain.seconds)
    configure(
        service="scheduler",
        release=settings.release.release,
        level=settings.log.level,
        format=settings.log.format,
        buffer_lines=settings.log.buffer_lines,
    )
    TRACES.start(settings.tracing, service="scheduler", version=VERSION, release=settings.release.release)
    database_service, redis_service = BackingService("database"), BackingService("redis")
    schema_service = BackingService("schema")
    database = Database(
        settings.database.url.get_secret_value(),
        pool_size=settings.database.pool_size,
        timeout_seconds=settings.database.timeout_seconds,
        note=database_service.note,
    )
    broker = open_broker(settings.redis.url.get_secret_value(), timeout_seconds=_REDIS_SECONDS, note=redis_service.note)
    table = jobs(
        database,
        Hints(broker, settings.hints.mark),
        UnknownRules(
            hold=settings.outcomes.on_unknown == "hold",
            max_crashes=settings.outcomes.max_crashes,
            max_resends=settings.outcomes.max_resends,
        ),
        BrakeRules(
            {
                Origin.BOUNCE: Brake(settings.brake.bounce_percent, settings.brake.min_volume),
                Origin.COMPLAINT: Brake(settings.brake.complaint_percent, settings.brake.min_volume),
            },
            settings.brake.window_seconds,
        ),
        RetentionRules(
            bodies_days=settings.retention.bodies_days,
            emails_days=settings.retention.emails_days,
            audit_days=settings.retention.audit_days,
        ),
        sweep_seconds=settings.scheduler.sweep_seconds,
        hint_age_seconds=settings.hints.age_seconds,
        verified_only=settings.senders.verified_only,
    )
    liveness = Liveness(max_silence_seconds=_SILENCE_SECONDS)
    readiness = Readiness(
        [
            Check(database_service, probe=lambda: look_at_schema(database, schema_service.note), required=True),
            Check(redis_service, probe=lambda: check_broker(broker), required=True),
        ],
        told=[schema_service],
    )
    health = HealthServer(
        settings.health.host,
        settings.health.port,
        liveness,
        readiness,
        service="scheduler",
        version=VERSION,
        release=settings.release.release,
        commit=settings.release.commit,
    )
    # A thread for each job and one for the beat, so that a slow job never keeps the others from ticking.
    ticker = BackgroundScheduler(
        timezone="UTC",
        executors={"default": ThreadPoolExecutor(len(table) + 1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in table:
        ticker.add_job(
            guarded(job, database=database_service, redis=redis_service),
            "interval",
            seconds=job.every_seconds,
            id=job.name,
            # Soon: one that is started anew within each hour would never come to what is done every hour.
            next_run_time=datetime.now(UTC) + timedelta(seconds=min(job.every_seconds, _FIRST_SECONDS)),
        )
    # The sign of life goes through the ticker itself: when it stops ticking, so does this.
    ticker.add_job(liveness.beat, "interval", seconds=1, id="beat")
    health.start()
    logger.info("service.started", jobs=[job.name for job in table])
    ticker.start()
    stopping.asked.wait()
    logger.info("service.drain_started")
    ticker.shutdown()  # waits for the sweeps that have begun
    health.stop()
    database.close()
    TRACES.stop(_LAST_TRACES_SECONDS)
    logger.info("service.stopped", finished=True)
    flush(_FLUSH_SECONDS)


if __name__ == "__main__":
    main()
