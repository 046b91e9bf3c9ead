"""Is everything that is attached there, and fit for the work?"""

import dataclasses
import sys
import time
from collections.abc import Callable, Sequence

import click
from redis import Redis, RedisError
from sqlalchemy.exc import DBAPIError

from postroom_admin.doctor_ses import examine_ses
from postroom_admin.finding import Diagnosis, Finding
from postroom_admin.printing import encode, json_option
from postroom_admin.refusals import describe_refusal
from postroom_admin.settings import DoctorSettings
from postroom_config.load import load_or_exit
from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable
from postroom_database.inbox_store import DatabaseInboxStore
from postroom_database.repositories import domains
from postroom_database.schema import Standing, read_schema
from postroom_migrations.migrate import head
from postroom_transport.errors import TransportError
from postroom_transport.factory import open_inspection, open_transport

_SECONDS = 5.0
_LONGEST = 300
_MOST_SENDERS = 100
"""Domains that SES is asked for, one call and one second each."""


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
@json_option
def doctor_command(as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Look at each attached resource: reachable, which version, how far away, what is wrong and how to mend it.

    Of SES: credentials, production access, quota and reputation, the configuration set and where its events go,
    whether the api is subscribed to them, and whether SES lets each domain send that may be sent from here.
    """
    settings = load_or_exit(DoctorSettings)
    database = Database(settings.database.url.get_secret_value(), pool_size=1, timeout_seconds=_SECONDS)
    redis = Redis.from_url(
        settings.redis.url.get_secret_value(), socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
    )
    mend = "check POSTROOM_MAIL_URL"
    if settings.mail.url.get_secret_value().startswith("ses:"):
        mend += ", and the credentials of this process: a role, a profile, or AWS_* variables"
    healthy = [
        _report(
            "database",
            lambda: examine_database(database),
            "check POSTROOM_DATABASE_URL, and that the server runs",
            as_json=as_json,
        ),
        _report(
            "redis",
            lambda: examine_redis(redis),
            "check POSTROOM_REDIS_URL, and that the server runs",
            as_json=as_json,
        ),
        _report("mail", lambda: _examine_mail(settings, database), mend, as_json=as_json),
    ]
    database.close()
    redis.close()
    sys.exit(0 if all(healthy) else 1)


def _examine_mail(settings: DoctorSettings, database: Database) -> Diagnosis:
    url = settings.mail.url.get_secret_value()
    transport = open_transport(url, timeout_seconds=_SECONDS, inbox_store=DatabaseInboxStore(database))
    try:
        about = transport.check()
    finally:
        transport.close()
    opened = open_inspection(url, timeout_seconds=_SECONDS)
    if opened is None:
        return Diagnosis(about)
    ses, configuration_set = opened
    try:
        topics = [topic.arn for topic in settings.ses_events.topics]
        found = examine_ses(ses, configuration_set=configuration_set, topics=topics, senders=_senders(database))
        return Diagnosis(about, tuple(found))
    finally:
        ses.close()


def _senders(database: Database) -> Sequence[str]:
    try:
        with database.read() as connection:
            found = domains.senders(connection, limit=_MOST_SENDERS + 1)
    except (DatabaseUnavailable, DBAPIError):
        return ()  # told of as the database's own trouble
    if len(found) > _MOST_SENDERS:
        click.echo(f"There are more domains: SES is asked for the first {_MOST_SENDERS} only.", err=True)
    return found[:_MOST_SENDERS]


def _report(name: str, examine: Callable[[], Diagnosis], mend: str, *, as_json: bool) -> bool:
    started = time.monotonic()
    try:
        diagnosis = examine()
    except (DatabaseUnavailable, DBAPIError, RedisError, TransportError, ValueError) as problem:
        mark, diagnosis = "FAIL", Diagnosis("", (Finding(_describe(problem), mend),))
    else:
        mark = "warn" if diagnosis.findings else "ok"
    milliseconds = (time.monotonic() - started) * 1000
    if as_json:
        record = {"resource": name, "state": mark.lower(), "milliseconds": round(milliseconds)}
        click.echo(encode(record | dataclasses.asdict(diagnosis)))
    else:
        _print(name, mark, diagnosis, milliseconds)
    return not diagnosis.findings


def _print(name: str, mark: str, diagnosis: Diagnosis, milliseconds: float) -> None:
    if mark == "FAIL":
        [failure] = diagnosis.findings
        click.echo(f"FAIL  {name:<9} {failure.problem}")
        click.echo(f"      {'':<9} to mend it: {failure.mend}")
        return
    click.echo(f"{mark:<5} {name:<9} {diagnosis.about} ({milliseconds:.0f} ms)")
    for finding in diagnosis.findings:
        click.echo(f"      {'':<9} {finding.problem}; to mend it: {finding.mend}")


def _describe(problem: Exception) -> str:
    cause = problem.__cause__ if isinstance(problem, DatabaseUnavailable) else problem
    text = describe_refusal(cause) if isinstance(cause, DBAPIError) else str(cause or problem)
    return " ".join(text.split())[:_LONGEST]
