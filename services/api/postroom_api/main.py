"""The api: reads its settings, opens what it needs, listens until it is told to stop."""

import sys

from loguru import logger

from postroom_api.app import create_app
from postroom_api.hinter import Hinter
from postroom_api.intake import GroupIntake
from postroom_api.listening import choose_host
from postroom_api.resources import Resources
from postroom_api.routes.hooks import hook_routes
from postroom_api.routes.inbox import inbox_routes
from postroom_api.routes.operations import Version, operations_routes
from postroom_api.server import make_server
from postroom_api.ses_hook import SesHook
from postroom_api.settings import ApiSettings
from postroom_api.terms import expects_events, read_terms
from postroom_config.command_line import answer_arguments
from postroom_config.load import load_or_exit
from postroom_config.version import VERSION
from postroom_database.engine import Database
from postroom_database.schema import look_at_schema
from postroom_egress.fetch import Egress
from postroom_health.backing_service import BackingService
from postroom_health.checks import Check, Readiness
from postroom_health.stopping import Stopping
from postroom_jobs.broker import open_broker
from postroom_jobs.hints import Hints
from postroom_logging.setup import configure, flush
from postroom_tracing.traces import TRACES

_SWITCH_SECONDS = 0.0005
"""The event loop gets the interpreter back this soon from the thread that commits; Python's own default is 5 ms,
which every answer would wait for."""

_HINT_SECONDS = 0.5
"""How long Redis may take to answer; nobody waits for it, but the circuit should open soon."""

_LAST_TRACES_SECONDS = 2.0
_SNS_SECONDS = 8.0
"""The longest that a certificate or a confirmation may take: SNS waits 15 seconds for an answer to its message."""


def main() -> None:
    answer_arguments("api", sys.argv[1:])
    sys.setswitchinterval(_SWITCH_SECONDS)
    settings = load_or_exit(ApiSettings)
    stopping = Stopping(settings.drain.seconds)
    configure(
        service="api",
        release=settings.release.release,
        level=settings.log.level,
        format=settings.log.format,
        buffer_lines=settings.log.buffer_lines,
    )
    TRACES.start(settings.tracing, service="api", version=VERSION, release=settings.release.release)
    terms = read_terms(settings)
    host = choose_host(settings.listen, uses_inbox=terms.uses_inbox)
    database_service, redis_service = BackingService("database"), BackingService("redis")
    schema_service = BackingService("schema")
    database = Database(
        settings.database.url.get_secret_value(),
        pool_size=settings.database.pool_size,
        timeout_seconds=settings.database.timeout_seconds,
        note=database_service.note,
    )
    redis_url = settings.redis.url.get_secret_value()
    broker = open_broker(redis_url, timeout_seconds=_HINT_SECONDS, note=redis_service.note)
    hints = Hints(broker, settings.hints.mark)
    hinter = Hinter(database, hints)
    resources = Resources(database, redis_url, hinter, GroupIntake(database, hinter), terms, redis_service)
    readiness = Readiness(
        [
            Check(database_service, probe=lambda: look_at_schema(database, schema_service.note), required=True),
            Check(redis_service, probe=hints.check, required=False),
        ],
        told=[schema_service],
    )
    version = Version("api", VERSION, settings.release.release, settings.release.commit)
    operations = [operations_routes(readiness, version)]
    if terms.uses_inbox:
        operations.append(inbox_routes(database, exposed=settings.listen.inbox_exposed))
    if topics := settings.ses_events.topics:
        seconds = min(settings.egress.timeout_seconds, _SNS_SECONDS)
        operations.append(hook_routes(SesHook(database, hinter, Egress(settings.egress.allow, seconds), topics)))
    elif expects_events(settings):
        logger.warning("hook.disabled", missing="POSTROOM_SES_TOPICS")
    app = create_app(resources, operations=operations, remaining_seconds=stopping.remaining_seconds)
    server = make_server(
        app,
        host=host,
        port=settings.listen.port,
        drain_seconds=settings.drain.seconds,
        stop_asked=stopping.asked,
    )
    logger.info("service.started", host=host, port=settings.listen.port)
    server.run()
    database.close()
    TRACES.stop(_LAST_TRACES_SECONDS)
    logger.info("service.stopped")
    flush(2.0)
    sys.exit(0 if server.started else 1)


if __name__ == "__main__":
    main()
