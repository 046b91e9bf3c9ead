import click

from postroom_admin.opening import opened_database
from postroom_database.engine import Database
from postroom_database.repositories import fences
from postroom_database.writing import write
from postroom_domain.states import State

_ROWS = 500
_TOLD_EVERY = 10_000


@click.command("fence")
def fence_command() -> None:
    """Hold the mail of a restored database that may have been sent since the backup was made.

    Run it after a restore and before any service starts on the database. It holds all that is queued or being sent,
    and scheduled mail whose time has come, until you decide with `dead`. Recurring schedules go on with their next slot
    after now: those before it may have fired. Running it again is safe; while services run it would hold the mail that
    they are sending.
    """
    with opened_database(patient=True) as database:
        held = {state: _hold(database, state) for state in fences.ON_ITS_WAY}
        passed = _pass_slots(database)
    if passed:
        click.echo(f"Schedules moved beyond now: {passed}. Each shows the slot that it skipped.")
    total = sum(held.values())
    if not total:
        click.echo("No mail was on its way: nothing to hold.")
        return
    counts = ", ".join(f"{count} {state.value}" for state, count in held.items() if count)
    click.echo(f"Held: {total} ({counts}).")
    click.echo("`dead list --because restored` shows them.")
    click.echo("`dead retry` sends them, again if they were sent. `dead discard` ends them.")


def _hold(database: Database, state: State) -> int:
    count = 0
    while some := write(database, lambda connection: fences.hold(connection, state, limit=_ROWS)):
        count += some
        if count % _TOLD_EVERY < some:
            click.echo(f"{count} {state.value} so far", err=True)
    return count


def _pass_slots(database: Database) -> int:
    count = 0
    while some := write(database, lambda connection: fences.pass_slots(connection, limit=_ROWS)):
        count += some
    return count
