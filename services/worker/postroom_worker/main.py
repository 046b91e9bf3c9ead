"""The worker: one process, N threads for each lane; more cores means more replicas."""

import sys

from loguru import logger

from postroom_config.command_line import answer_arguments
from postroom_config.errors import EX_CONFIG
from postroom_config.load import load_or_exit
from postroom_config.version import VERSION
from postroom_config.worker import SPARE_SECONDS
from postroom_database.engine import Database
from postroom_database.inbox_store import DatabaseInboxStore
from postroom_database.schema import look_at_schema
from postroom_domain.sealing import Seal
from postroom_egress.fetch import Egress
from postroom_health.backing_service import BackingService
from postroom_health.checks import Check, Readiness
from postroom_health.liveness import Liveness
from postroom_health.server import HealthServer
from postroom_health.stopping import Stopping
from postroom_jobs.broker import check_broker, open_broker
from postroom_logging.setup import configure, flush
from postroom_tracing.traces import TRACES
from postroom_transport.factory import open_provider, open_transport
from postroom_transport.message import Transport
from postroom_worker.actors import declare_actors
from postroom_worker.delivery import Delivery
from postroom_worker.domain_look import DomainLook
from postroom_worker.event_work import EventWork
from postroom_worker.lanes import Lanes, count_threads
from postroom_worker.letters import Letters
from postroom_worker.mail_work import MailWork
from postroom_worker.outcomes import RetryRules
from postroom_worker.pace import Pace
from postroom_worker.patience import Patience
from postroom_worker.provider_work import CALLS_PER_JOB, ProviderWork
from postroom_worker.settings import WorkerServiceSettings
from postroom_worker.webhook_work import WebhookWork

_LAST_TRACES_SECONDS = 2.0
_REDIS_SECONDS = 5.0
_SILENCE_SECONDS = 60.0


def main() -> None:
    answer_arguments("worker", sys.argv[1:])
    settings = load_or_exit(WorkerServiceSettings)
    stopping = Stopping(settings.drain.seconds)
    configure(
        service="worker",
        release=settings.release.release,
        level=settings.log.level,
        format=settings.log.format,
        buffer_lines=settings.log.buffer_lines,
    )
    TRACES.start(settings.tracing, service="worker", version=VERSION, release=settings.release.release)
    database_service, redis_service = BackingService("database"), BackingService("redis")
    schema_service = BackingService("schema")
    database = Database(
        settings.database.url.get_secret_value(),
        pool_size=max(settings.database.pool_size, count_threads(settings.worker.threads)),
        timeout_seconds=settings.database.timeout_seconds,
        note=database_service.note,
    )
    transport = _open_transport(settings, database)
    provider = open_provider(settings.mail.url.get_secret_value(), timeout_seconds=settings.mail.timeout_seconds)
    broker = open_broker(settings.redis.url.get_secret_value(), timeout_seconds=_REDIS_SECONDS, note=redis_service.note)
    delivery = Delivery(
        database,
        transport,
        Letters(database, Egress(allow=settings.egress.allow, timeout_seconds=settings.egress.timeout_seconds)),
        RetryRules(
            settings.worker.retry_age_seconds,
            settings.worker.unknown_wait_seconds if transport.settles else 0,
        ),
        lease_seconds=settings.worker.lease_seconds,
        call_seconds=settings.mail.longest_call_seconds,
    )
    provider_work = ProviderWork(
        database,
        provider,
        DomainLook(database, provider, Seal(settings.secrets.read(), "dkim")),
        lease_seconds=CALLS_PER_JOB * settings.mail.longest_call_seconds + SPARE_SECONDS,
    )
    patience = Patience(database_service, stopping.asked)
    pace = None
    if provider is not None:
        pace = Pace(database, settings.redis.url.get_secret_value(), settings.pace.interactive_share)
    mail_work = MailWork(database, delivery, pace, patience, stopping.asked, hint_seconds=settings.hints.age_seconds)
    webhook_work = WebhookWork(
        database,
        Egress(allow=settings.egress.allow, timeout_seconds=settings.webhooks.timeout_seconds),
        Seal(settings.secrets.read(), "webhook"),
        patience,
        request_seconds=settings.webhooks.timeout_seconds,
    )
    declare_actors(broker, mail_work, provider_work, EventWork(database), webhook_work, patience)
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
        service="worker",
        version=VERSION,
        release=settings.release.release,
        commit=settings.release.commit,
    )
    health.start()
    lanes = Lanes(broker, redis_service, settings.worker.threads, pace)
    lanes.start()
    logger.info("service.started", threads=settings.worker.threads, transport=transport.name)
    while not stopping.asked.wait(1.0):
        if lanes.are_alive():
            liveness.beat()
    logger.info("service.drain_started")
    lanes.stop()
    health.stop()
    transport.close()
    if provider is not None:
        provider.close()
    database.close()
    TRACES.stop(_LAST_TRACES_SECONDS)
    logger.info("service.stopped")
    flush(2.0)


def _open_transport(settings: WorkerServiceSettings, database: Database) -> Transport:
    try:
        return open_transport(
            settings.mail.url.get_secret_value(),
            timeout_seconds=settings.mail.timeout_seconds,
            inbox_store=DatabaseInboxStore(database),
        )
    except ValueError as problem:
        sys.stderr.write(f"POSTROOM_MAIL_URL: {problem}\n")  # noqa: TID251 - a report on the configuration
    sys.exit(EX_CONFIG)


if __name__ == "__main__":
    main()
