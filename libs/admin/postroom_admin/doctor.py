"""Is everything that is attached there, and fit for the work?"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import click
from redis import Redis, RedisError
from sqlalchemy.exc import DBAPIError

from postroom_admin.refusals import describe_refusal
from postroom_admin.settings import EveryResource
from postroom_config.load import load_or_exit
from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable
from postroom_database.inbox_store import DatabaseInboxStore
from postroom_database.schema import Standing, read_schema
from postroom_migrations.migrate import head
from postroom_transport.errors import TransportError
from postroom_transport.factory import open_transport

_SECONDS = 5.0
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and how to mend it."""

    problem: str
    mend: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    about: str
    findings: tuple[Finding, ...] = ()


def examine_database(database: Database) -> Diagnosis:
    version, release = database.check(), head()
    with database.read() as connection:
        schema = read_schema(connection)
    about = f"{version}, schema {schema.found or 'empty'}"
    standing = schema.standing(release)
    if standing is Standing.AHEAD:
        about += f": ahead, compatible with this release's {release}"
    problem = schema.describe_trouble(release)
    if problem is None:
        return Diagnosis(about)
    mend = "run `migrate`" if standing is Standing.BEHIND else "run a release that it serves, or restore a backup"
    return Diagnosis(about, (Finding(problem, mend),))


def examine_redis(client: "Redis") -> Diagnosis:
    version = f"Redis {client.info('server')['redis_version']}"
    policy = client.info("memory").get("maxmemory_policy", "unknown")
    if policy == "noeviction":
        return Diagnosis(version)
    finding = Finding(
        f"maxmemory-policy is {policy}: under memory pressure Redis drops hints, and mail waits for the sweep",
        "set maxmemory-policy to noeviction",
    )
    return Diagnosis(version, (finding,))


@click.command("doctor")
def doctor_command() -> None:
    """Look at each attached resource: reachable, which version, how far away, what is wrong and how to mend it."""
    settings = load_or_exit(EveryResource)
    database = Database(settings.database.url.get_secret_value(), pool_size=1, timeout_seconds=_SECONDS)
    redis = Redis.from_url(
        settings.redis.url.get_secret_value(), socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
    )
    healthy = [
        _report(
            "database",
            lambda: examine_database(database),
            "check POSTROOM_DATABASE_URL, and that the server runs",
        ),
        _report("redis", lambda: examine_redis(redis), "check POSTROOM_REDIS_URL, and that the server runs"),
        _report("mail", lambda: _examine_mail(settings, database), "check POSTROOM_MAIL_URL"),
    ]
    database.close()
    redis.close()
    sys.exit(0 if all(healthy) else 1)


def _examine_mail(settings: EveryResource, database: Database) -> Diagnosis:
    transport = open_transport(
        settings.mail.url.get_secret_value(),
        timeout_seconds=_SECONDS,
        inbox_store=DatabaseInboxStore(database),
    )
    try:
        about = transport.check()
    finally:
        transport.close()
    if transport.name == "ses" and "configuration_set=" not in settings.mail.url.get_secret_value():
        finding = Finding(
            "no configuration set is named: SES's events do not come back, and attempts whose outcome is unknown"
            " are settled by sending again",
            "add ?configuration_set=NAME to POSTROOM_MAIL_URL",
        )
        return Diagnosis(about, (finding,))
    return Diagnosis(about)


def _report(name: str, examine: Callable[[], Diagnosis], mend: str) -> bool:
    started = time.monotonic()
    try:
        diagnosis = examine()
    except (DatabaseUnavailable, DBAPIError, RedisError, TransportError, ValueError) as problem:
        click.echo(f"FAIL  {name:<9} {_describe(problem)}")
        click.echo(f"      {'':<9} to mend it: {mend}")
        return False
    milliseconds = (time.monotonic() - started) * 1000
    mark = "warn" if diagnosis.findings else "ok"
    click.echo(f"{mark:<5} {name:<9} {diagnosis.about} ({milliseconds:.0f} ms)")
    for finding in diagnosis.findings:
        click.echo(f"      {'':<9} {finding.problem}; to mend it: {finding.mend}")
    return not diagnosis.findings


def _describe(problem: Exception) -> str:
    cause = problem.__cause__ if isinstance(problem, DatabaseUnavailable) else problem
    text = describe_refusal(cause) if isinstance(cause, DBAPIError) else str(cause or problem)
    return " ".join(text.split())[:_LONGEST]
