import sys

import click

from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, Section, json_option, print_one
from postroom_database.repositories import queues, quotas
from postroom_domain.quotas import UNLIMITED

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
    before it was told. Parked is mail whose next attempt lies in the future, by why that is, the most first.
    """
    with opened_database(patient=True) as database, database.read() as connection:
        reading = quotas.read(connection)
        parked = queues.parked(connection)
    if reading is None:
        click.echo("No quota is known: a worker asks for it, and only SES has one.", err=True)
        sys.exit(1)
    quota = reading.quota
    has_end = quota.day_left != UNLIMITED
    record = {
        "told_at": reading.read_at,
        "sending_enabled": quota.sending_enabled,
        "per_second": quota.per_second,
        "per_day": quota.per_day if has_end else None,
        "used_in_day": quota.sent_in_day,
        "left_in_day": quota.day_left if has_end else None,
        "parked": [row._asdict() for row in parked],
    }
    print_one(record, as_json=as_json, sections=_SECTIONS)
