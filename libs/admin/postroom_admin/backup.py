import sys
from collections.abc import Iterator
from uuid import UUID

import click

from postroom_admin.exit_codes import EXIT_REFUSED
from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, Section, json_option, print_one
from postroom_database.engine import Database
from postroom_database.repositories import verification
from postroom_database.schema import Schema, Standing, read_schema
from postroom_migrations.migrate import head

_ROWS = 1000
_TOLD_EVERY = 100_000
_MOST = 20
"""Findings that are named, of each kind of look."""
_SECTIONS = {
    "tables": Section((Column("table", 20), Column("rows")), "there are none"),
    "findings": Section((Column("email_id", 36), Column("problem")), "it is whole"),
}


@click.group("backup")
def backup_group() -> None:
    """Backups are made with the database's own tools; docs/how-to/back-up-and-restore.md says how."""


@backup_group.command("verify")
@json_option
def verify(as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Look whether the database of this configuration, restored from a backup, is whole. Changes nothing.

    Shows its schema, its rows and its newest moment, and what is missing: tables, content of mail that is still to be
    sent, recipients of mail that was sent. Exit code 65 when something is, or when its schema serves this release no
    more. Give it a database that no service writes to.
    """
    with opened_database(patient=True) as database:
        with database.read() as connection:
            schema, missing = read_schema(connection), verification.missing_tables(connection)
        problems = _examine_schema(schema, missing)
        findings: list[dict[str, object]] = [{"email_id": None, "problem": problem} for problem in problems]
        tables, newest, broken = {}, None, 0
        if not findings:
            with database.read() as connection:
                tables, newest = verification.count_rows(connection), verification.newest(connection)
            for email_id, problem in _look_through(database):
                broken += 1
                if broken <= _MOST:
                    findings.append({"email_id": email_id, "problem": problem})
    if broken > _MOST:
        findings.append({"email_id": None, "problem": f"and {broken - _MOST} more like these"})
    record = {
        "schema": schema.found,
        "release": head(),
        "newest_at": newest,
        "tables": [{"table": name, "rows": count} for name, count in tables.items()],
        "findings": findings,
    }
    print_one(record, as_json=as_json, sections=_SECTIONS)
    sys.exit(EXIT_REFUSED if findings else 0)


def _examine_schema(schema: Schema, missing: list[str]) -> list[str]:
    standing = schema.standing(head())
    if standing is Standing.NOT_SERVED:
        return [str(schema.describe_trouble(head()))]
    if standing is Standing.BEHIND:
        return [f"{schema.describe_trouble(head())}: run `migrate` on it first"]
    return [f"the table {name} is missing" for name in missing]


def _look_through(database: Database) -> Iterator[tuple[UUID, str]]:
    after, count = None, 0
    while True:
        with database.read() as connection:
            page = verification.look(connection, after, _ROWS)
        yield from page.broken
        count += page.count
        if page.last is None:
            return
        after = page.last
        if count % _TOLD_EVERY == 0:
            click.echo(f"emails: {count} looked at", err=True)
