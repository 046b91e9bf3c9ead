import sys
from typing import Any

import click

from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, Section, json_option, print_one
from postroom_database.repositories import queues, quotas
from postroom_database.repositories.quotas import Reading
from postroom_domain.quotas import UNLIMITED

_FIELDS = ("told_at", "sending_enabled", "per_second", "per_day", "used_in_day", "left_in_day")
_SECTIONS = {
    "parked": Section(
        (Column("emails", 8), Column("next_at", 24), Column("reason")), "no mail waits for a later attempt"
    )
}


@click.command("quota")
@json_option
def quota_command(as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Show how much mail the provider takes from this account, how much of it is used, and which mail waits for what.

    It is what a worker was told last, and when: nobody is asked now. Counted in recipients: those of the 24 hours
    before it was told. Parked is mail whose next attempt lies in the future, by why that is, the most first. It is
    shown though no quota is known; the exit code is 1 then.
    """
    with opened_database(patient=True) as database, database.read() as connection:
        reading = quotas.read(connection)
        parked = queues.parked(connection)
    waits = {"parked": [row._asdict() for row in parked]}
    known = dict.fromkeys(_FIELDS) if reading is None else dict(zip(_FIELDS, _values(reading), strict=True))
    # Fields without a value are for programs.
    print_one(known | waits if reading or as_json else waits, as_json=as_json, sections=_SECTIONS)
    if reading is None:
        click.echo("No quota is known: no worker was answered by SES yet, or mail does not go through it.", err=True)
        sys.exit(1)


def _values(reading: Reading) -> tuple[Any, ...]:
    """Of the fields, in their order."""
    quota = reading.quota
    per_day, left = (None, None) if quota.day_left == UNLIMITED else (quota.per_day, quota.day_left)
    return reading.read_at, quota.sending_enabled, quota.per_second, per_day, quota.sent_in_day, left
