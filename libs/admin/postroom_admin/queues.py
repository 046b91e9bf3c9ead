from collections.abc import Iterable
from typing import Any

import click

from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, Section, json_option, print_one
from postroom_admin.windows import opened_hints
from postroom_database.engine import Database
from postroom_database.repositories import queues, schedules, webhook_hints
from postroom_database.types import AnyRow
from postroom_domain.lanes import Lane
from postroom_domain.states import WAITING, State
from postroom_jobs.filling import SOURCES, fill
from postroom_jobs.names import ALONE, DELIVER, PROVIDER, PROVIDER_EVENTS, SLOW_WEBHOOKS, WEBHOOKS, Job

_SECTIONS = {
    "queues": Section(
        (
            Column("queue", 15),
            Column("due", 9, lambda record: f"due {record['due']}"),
            Column("unhinted", 14, lambda record: f"unhinted {_known(record['unhinted'])}"),
            Column("later", 11, lambda record: f"later {_known(record['later'])}"),
            Column("in redis", 13, lambda record: f"in redis {_known(record['in_redis'])}"),
            Column("oldest", 0, lambda record: record["oldest_due_at"]),
        ),
        "there are none",
    ),
    "mail": Section((Column("state", 9), Column("lane", 11), Column("emails")), "none is on its way"),
}


def _known(value: int | None) -> str:
    return "?" if value is None else str(value)


@click.group("queue")
def queue_group() -> None:
    """What waits for the workers: in MySQL, which knows all of it, and in Redis, which knows what comes next."""


@queue_group.command("stats")
@json_option
def stats(as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Count what waits, queue by queue, and mail that waits for something else than a worker.

    Due: may be worked at now, since when the oldest of it; of webhooks it is those that have something to be told.
    Unhinted: due, and no worker was told. Later: due in the future. In Redis: ids that no worker has fetched.
    """
    with opened_database(patient=True) as database:
        counted, mail = _count(database)
    records = [{"queue": job.queue, "in_redis": None, "room": None} | counted[job] for job in SOURCES]
    whole: dict[str, Any] = {"queues": records, "mail": mail}
    with opened_hints() as hints:
        try:
            for job, record in zip(SOURCES, records, strict=True):
                record["room"] = hints.room_for(job)
                record["in_redis"] = hints.count_ids(job)
        finally:
            # What MySQL knows is told all the same when Redis is away.
            print_one(whole, as_json=as_json, sections=_SECTIONS)


@queue_group.command("rebuild")
def rebuild() -> None:
    """Tell workers of all that is due after Redis has lost what it knew, without waiting until old hints count as lost.

    It fills each queue in Redis up to its mark, in order of due time; the scheduler tops it up from then on, as it
    always does. It may be run at any time, and again: what is told twice is worked at once.
    """
    with opened_database() as database, opened_hints() as hints:
        with database.read() as connection:
            begun = schedules.now(connection)
        hinted: dict[Job, int] = {}
        for job in SOURCES:
            hinted[job] = 0
            while some := fill(database, hints, job, age_seconds=0, hinted_before=begun):
                hinted[job] += some
                click.echo(f"{job.queue}: {hinted[job]} so far", err=True)
        click.echo(f"Hinted: {_sum_up(hinted)}.")
        full = [job.queue for job in SOURCES if not hints.room_for(job)]
        if full:
            click.echo(f"At its mark: {', '.join(full)}. The scheduler tops it up.")


def _sum_up(hinted: dict[Job, int]) -> str:
    counts = ", ".join(f"{count} {job.queue}" for job, count in hinted.items() if count)
    return f"{sum(hinted.values())} ({counts})" if counts else "0"


def _count(database: Database) -> tuple[dict[Job, dict[str, Any]], list[dict[str, Any]]]:
    with database.read() as connection:
        mail = queues.mail(connection)
        queued = [row for row in mail if row.state == State.QUEUED]
        counted = {
            **{DELIVER[lane]: _add(row for row in queued if row.lane == lane) for lane in Lane},
            ALONE: _add(row for row in mail if row.state == State.SUSPECT),
            PROVIDER: _add([queues.provider_jobs(connection)]),
            PROVIDER_EVENTS: _add([queues.provider_messages(connection)]),
        }
        for job, slow in ((WEBHOOKS, False), (SLOW_WEBHOOKS, True)):
            due = webhook_hints.count_due(connection, slow=slow)
            counted[job] = {"due": due, "unhinted": None, "later": None, "oldest_due_at": None}
    others = [row for row in mail if row.state not in WAITING]
    return counted, [{"state": row.state, "lane": row.lane, "emails": row.total} for row in others]


def _add(rows: Iterable[AnyRow]) -> dict[str, Any]:
    found = list(rows)
    due = sum(row.due for row in found)
    return {
        "due": due,
        "unhinted": sum(row.unhinted for row in found),
        "later": sum(row.total for row in found) - due,
        "oldest_due_at": min((row.oldest_due_at for row in found if row.due), default=None),
    }
