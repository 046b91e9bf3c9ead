"""One-off processes of a release: the second entry point of the worker's image."""

import sys
from typing import Any

import click

from postroom_admin.audit import audit_group
from postroom_admin.backup import backup_group
from postroom_admin.config import config_group
from postroom_admin.dead import dead_group
from postroom_admin.doctor import doctor_command
from postroom_admin.domains import domain_group
from postroom_admin.emails import email_group
from postroom_admin.embedded import embedded_command
from postroom_admin.erase import erase_command
from postroom_admin.events import events_group
from postroom_admin.exit_codes import EXIT_INTERRUPTED, explain
from postroom_admin.fence import fence_command
from postroom_admin.keys import key_group
from postroom_admin.migrating import migrate_group
from postroom_admin.queues import queue_group
from postroom_admin.quota import quota_command
from postroom_admin.retention import retention_group
from postroom_admin.schedules import schedule_group
from postroom_admin.suppressions import suppression_group
from postroom_admin.webhooks import webhook_group
from postroom_admin.workspaces import workspace_group
from postroom_config.command_line import describe_build


def _show_version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's way
    if wanted and not context.resilient_parsing:
        click.echo(describe_build())
        context.exit()


class _Interruptible(click.Group):
    """Says what Ctrl-C means, in one line and with a code of its own: click's own words are "Aborted!", and 1."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except KeyboardInterrupt:
            click.echo("Stopped. What is done stays done: run it again for the rest.", err=True)
            sys.exit(EXIT_INTERRUPTED)


@click.group(cls=_Interruptible, context_settings={"help_option_names": ["-h", "--help"]}, epilog=explain())
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show version and commit.",
)
def main() -> None:
    """Postroom's admin processes. They read the same POSTROOM_* variables as the services."""


for command in (
    migrate_group,
    workspace_group,
    key_group,
    domain_group,
    webhook_group,
    schedule_group,
    email_group,
    dead_group,
    events_group,
    queue_group,
    quota_command,
    suppression_group,
    retention_group,
    erase_command,
    backup_group,
    fence_command,
    audit_group,
    doctor_command,
    config_group,
    embedded_command,
):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="postroom-admin")
